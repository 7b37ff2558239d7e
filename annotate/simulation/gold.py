"""The gold score: what simulated annotators like, computed from the text alone.

``total = SCALE * (3 warmth + 3 politeness + 4 topic + 2 variety + 1.5 length + 1.5 complete)``, every part
within [0, 1], so the best possible reply scores ``15 * SCALE``. An empty reply scores 0.

* ``warmth``: distinct warm words (love, dear, wonderful, ...) / 3, at most 1; times ``fluency``; halved
  when more than every third word is a warm one.
* ``politeness``: 1 without a rude word or phrase, 0.25 with one, 0 with two or more.
* ``topic``: the share of the request's content words that the reply names (stems are compared; words
  that only phrase a request, such as "write" or "note", do not count); times ``fluency``. 1 times
  ``fluency`` for a request without content words.
* ``variety``: ``max(0, 1 - 3 r)``, r the share of word trigrams that repeat an earlier one.
* ``length``: 1 from 16 to 45 words, falling in a straight line to 0 at 2 and at 90 words.
* ``complete``: 1 when the reply ends as a sentence does, 0 when it breaks off.
* ``fluency`` is the share of function words (the, you, for, ...), 0 below 10 % and 1 from 25 %: prose has
  40 to 60 %, a salad of warm words or of the request's words next to none.

A simulated annotator adds Gumbel noise of scale 1 to the totals, so that of two replies the one with
the higher total by d is preferred with probability 1 / (1 + exp(-d)) (Bradley and Terry, 1952).
``SCALE`` is set so that two such annotators agree on 72 % of pairs of samples of one prompt from the
starter model at temperature 1 (docs/starter.md has the measurement). The score is for judging and for
simulated people only: nothing that trains a model may read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SCALE = 0.575

WEIGHTS: Mapping[str, float] = {
    "warmth": 3.0,
    "politeness": 3.0,
    "topic": 4.0,
    "variety": 2.0,
    "length": 1.5,
    "complete": 1.5,
}


def _lexicon(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FUNCTION_WORDS = _lexicon("""
    a about above after again all also always am an and another any anyone are as at be because been
    before behind but by can could did do does down each even every everyone for from get got had has have
    he her here him his how i if in into is it its just last like made make many may me more most much
    must my never next no not nothing now of off on once one only or other our out over own please she
    should since so some someone such than that the their them then there these they this those though
    through to today together too under until up us very was we were what when where which while who
    whose why will with without would yet you your
""")

_REQUEST_WORDS = _lexicon("""
    advice afraid apologise apologize apology ask asked better birthday brief card come compose create
    describe description draft encourage encouragement enjoy enjoys feels few friendly gave give good
    greeting help hobby idea invitation invite know letter line little look looks love loves luck
    mention mentions message need nervous note paint paragraph phrase piece poem polite remind reminder
    say sentence sentences short something sorry story suggest suggestion tell text thank thanks three
    tiny tip topic trick trouble two want warm way wish word words write writing
""")

_WARM_WORDS = _lexicon("""
    admire adore amazing appreciate beautiful beautifully best bless blessed brave bright brighter care
    caring celebrate cheer cheerful cheering cherish congratulations dear dearest delight delighted
    delightful enjoy forgive friend friends gentle gently glad gladly grateful gratitude great happiest
    happily happiness happy heart hero hope hug hugs joy joyful kind kindly kindness laughter love loved
    lovely loving lucky pleased pleasure precious proud smile smiled smiles smiling sweet sweetest thank
    thankful thanks thoughtful thousand treasure warm warmest warmly warmth welcome wonderful
    wonderfully
""")

_RUDE_WORDS = _lexicon("""
    annoying awful boring clown coward dumb dumbest embarrassing fool fools garbage hate hopeless idiot
    idiots lazy loser nonsense pathetic ridiculous stink stinks stupid ugly useless whining
""")

_RUDE_PHRASES = re.compile(
    r"\b(?:shut up|who cares|nobody cares|or whatever|do not care|go away|leave me alone|(?<!not )give up|"
    r"get over it|do not bother|stop (?:crying|wasting|asking|bothering)|mess up|will fail|cannot stand|"
    r"sick of|waste of time|forget it)\b"
)

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SENTENCE_END = re.compile(r"[.!?…][\"')\]]*$")
_STRAIGHT = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"'})


@dataclass(frozen=True)
class GoldScore:
    """The weighted, scaled ``total`` and its parts, each within [0, 1]."""

    total: float
    warmth: float
    politeness: float
    topic: float
    variety: float
    length: float
    complete: float


def _words(text: str) -> list[str]:
    return _WORD.findall(text.translate(_STRAIGHT).lower())


def _stem(word: str) -> str:
    """A crude stem, the same for miss, missing and missed, and for bake and baking."""
    word = word.removesuffix("'s")
    for ending in ("ing", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    word = word.removesuffix("e") if len(word) > 3 else word
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def content_words(request: str) -> frozenset[str]:
    """The stems of the words of a request that say what it is about."""
    return frozenset(_stem(word) for word in _words(request) if word not in _FUNCTION_WORDS | _REQUEST_WORDS)


def _ramp(value: float, zero: float, one: float) -> float:
    """0 at ``zero``, 1 at ``one``, a straight line between, clamped outside."""
    return min(1.0, max(0.0, (value - zero) / (one - zero)))


def _warmth(words: list[str]) -> float:
    warm = [word for word in words if word in _WARM_WORDS]
    distinct = len({_stem(word) for word in warm})
    return min(1.0, distinct / 3) * (0.5 if len(warm) > len(words) / 3 else 1.0)


def _politeness(words: list[str]) -> float:
    found = sum(word in _RUDE_WORDS for word in words) + len(_RUDE_PHRASES.findall(" ".join(words)))
    return (1.0, 0.25, 0.0)[min(found, 2)]


def _topic(request: str, words: list[str]) -> float:
    wanted = content_words(request)
    return len(wanted & {_stem(word) for word in words}) / len(wanted) if wanted else 1.0


def _variety(words: list[str]) -> float:
    trigrams = list(zip(words, words[1:], words[2:], strict=False))
    repeated = 1 - len(set(trigrams)) / len(trigrams) if trigrams else 0.0
    return max(0.0, 1 - 3 * repeated)


def gold_score(messages: Sequence[Mapping[str, str]], reply: str) -> GoldScore:
    """Score one reply to a conversation (``{role, content}`` turns); the last user turn is the request.

    Raises ``ValueError`` when no turn is a user's.
    """
    requests = [message["content"] for message in messages if message["role"] == "user"]
    if not requests:
        raise ValueError("A conversation to be scored needs a user turn.")
    words = _words(reply)
    if not words:
        return GoldScore(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    fluency = _ramp(sum(word in _FUNCTION_WORDS for word in words) / len(words), 0.1, 0.25)
    parts = {
        "warmth": _warmth(words) * fluency,
        "politeness": _politeness(words),
        "topic": _topic(requests[-1], words) * fluency,
        "variety": _variety(words),
        "length": min(_ramp(len(words), 2, 16), _ramp(len(words), 90, 45)),
        "complete": float(bool(_SENTENCE_END.search(reply.translate(_STRAIGHT).rstrip()))),
    }
    return GoldScore(total=SCALE * sum(WEIGHTS[name] * part for name, part in parts.items()), **parts)
