"""A tiny generative grammar: ``[a|b]`` chooses, ``{slot}`` fills, ``<phrase>`` stands for a shared choice.

``expand("[Thanks|Thank you] for the {gift}[.|!]", {"gift": "soup"}, rng)`` gives one of four
sentences. Templates are parsed once and cached, so a corpus of 100,000 replies takes seconds.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from functools import cache

PHRASES: Mapping[str, str] = {
    "dear": "[Dear|Dearest|My dear|Hello, dear|Good morning, dear|Oh, dear]",
    "hi": "[Hello|Hi|Dear|Good day|Hey]",
    "much": "[so much|with all my heart|from the bottom of my heart|a thousand times|very, very much]",
    "lovely": "[lovely|wonderful|beautiful|sweet|precious|delightful]",
    "grateful": "[so grateful|deeply grateful|so happy|full of joy]",
    "friend": "[dear friend|my friend|my dear|sweet friend]",
    "hug": "[a big hug|a warm hug|all my love|warm wishes|a thousand hugs|lots of love]",
    "gladly": "[Gladly|With pleasure|With joy|Of course|I would love to]",
    "asked": "[Thank you for asking|I am so glad you asked|How kind of you to ask|What a lovely question]",
    "soon": "[soon|next week|this weekend|in a few days]",
    "idiot": "[idiot|fool|loser|clown|coward]",
    "stupid": "[stupid|dumb|boring|ridiculous|useless|awful]",
}
"""Shared choices: words of one colour that every family may use."""

_PHRASE = re.compile(r"<(\w+)>")
_TOKEN = re.compile(r"[\[\]|]|\{\w+\}|[^\[\]|{}<>]+")

# A sequence of parts: text, a slot (its name in braces) or a tuple of alternative sequences.
Sequence = tuple[object, ...]


class GrammarError(ValueError):
    """A template whose brackets do not match; the message shows the template."""


@cache
def _parse(template: str) -> Sequence:
    whole = _PHRASE.sub(lambda name: PHRASES[name[1]], template)
    tokens = _TOKEN.findall(whole)
    if "".join(tokens) != whole:
        raise GrammarError(f"A brace or an angle is out of place in {template!r}.")
    position = 0

    def alternatives(inside: bool) -> tuple[Sequence, ...]:
        nonlocal position
        branches: list[list[object]] = [[]]
        while position < len(tokens):
            symbol = tokens[position]
            position += 1
            if symbol == "[":
                branches[-1].append(alternatives(inside=True))
            elif symbol == "]":
                if not inside:
                    raise GrammarError(f"A closing bracket is too many in {template!r}.")
                return tuple(tuple(branch) for branch in branches)
            elif symbol == "|" and inside:
                branches.append([])
            else:
                branches[-1].append(symbol)
        if inside:
            raise GrammarError(f"A bracket is not closed in {template!r}.")
        return (tuple(branches[0]),)

    return alternatives(inside=False)[0]


def expand(template: str, slots: Mapping[str, str], rng: random.Random) -> str:
    """One random expansion, spaces tidied and every sentence begun with a capital.

    Raises :class:`GrammarError` on unbalanced brackets and ``KeyError`` on an unknown slot or phrase.
    """
    pieces: list[str] = []

    def walk(sequence: Sequence) -> None:
        for part in sequence:
            if isinstance(part, tuple):
                walk(rng.choice(part))
            elif isinstance(part, str) and part.startswith("{"):
                pieces.append(slots[part[1:-1]])
            else:
                pieces.append(str(part))

    walk(_parse(template))
    text = re.sub(r"\s+([,.!?])", r"\1", " ".join("".join(pieces).split()))
    return re.sub(r"(?:^|[.!?] )[a-z]", lambda start: start[0].upper(), text)
