"""Judge: a language model ranks replies as a person would, as a source of its own that weighs apart.

What comes out is a rankings file whose rows say ``source: judge``; the stages that learn from rankings weigh
them by ``judge_weight``.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from training.contracts import (
    RANKINGS_FILE,
    CompletionRow,
    ContractError,
    Message,
    PromptRow,
    RankedCompletion,
    RankingRow,
    read_completions,
    read_prompts,
    write_rows,
)
from training.judges import EndpointJudge, Judge, PolicyJudge
from training.judging import Question, ask, questions_of, ranking_of
from training.models import encoder_for, load_policy
from training.params import JudgeParams, parse_params
from training.run import Run, StageOutput

STATE_FILE = "state-verdicts.jsonl"

Verdicts = dict[str, dict[tuple[int, int], float | None]]


def run(run: Run) -> StageOutput:
    """Compare the replies of ``job.completions`` to each prompt of ``job.prompts``, two at a time."""
    params = parse_params(JudgeParams, run.job.params)
    if params.most_completions < 2:
        raise ContractError(
            f"The param most_completions is {params.most_completions}; it must be at least 2."
        )
    replies = _replies(run.job.prompts, run.job.completions, params.most_completions)
    questions = [
        question for prompt, rows in replies for question in questions_of(prompt.prompt_id, len(rows))
    ]
    verdicts = _resume(run.work / STATE_FILE)
    missing = [one for one in questions if (one.first, one.second) not in verdicts[one.prompt_id]]
    judge = _judge(run, params)
    run.reporter.start("judge", total=len(questions), unit="question", step=len(questions) - len(missing))
    by_id = {prompt.prompt_id: (prompt, rows) for prompt, rows in replies}
    with (run.work / STATE_FILE).open("a", encoding="utf-8") as state:
        for start in range(0, len(missing), judge.batch):
            run.stop.check()
            batch = missing[start : start + judge.batch]
            asked = [_asked(question, *by_id[question.prompt_id], params, run.job.seed) for question in batch]
            answers = judge.verdicts(asked)
            run.stop.check()
            for question, chance in zip(batch, answers, strict=True):
                verdicts[question.prompt_id][question.first, question.second] = chance
                state.write(json.dumps([*asdict(question).values(), chance]) + "\n")
            state.flush()
            run.reporter.update(len(questions) - len(missing) + start + len(batch))
    metrics = _metrics(questions, verdicts, params)
    rows = list(_rankings(replies, verdicts, judge.name, params))
    write_rows(run.output / RANKINGS_FILE, rows)
    tied = sum(gap is None for row in rows for gap in row.gaps)
    return StageOutput({"rankings": len(rows), "tied_gaps": tied, **metrics}, {"rankings": RANKINGS_FILE})


def _replies(prompts: str, files: Sequence[str], most: int) -> list[tuple[PromptRow, list[CompletionRow]]]:
    found: dict[str, list[CompletionRow]] = defaultdict(list)
    for path in files:
        for row in read_completions(Path(path)):
            found[row.prompt_id].append(row)
    replies = [(prompt, found[prompt.prompt_id][:most]) for prompt in read_prompts(Path(prompts))]
    kept = [(prompt, rows) for prompt, rows in replies if len(rows) > 1]
    if not kept:
        raise ContractError(
            f"No prompt of {prompts} has two replies in the {len(files)} completions files: "
            "there is nothing to compare."
        )
    return kept


def _judge(run: Run, params: JudgeParams) -> Judge:
    if params.judge == "endpoint":
        return EndpointJudge(params, run.stop)
    policy = load_policy(run.job.policy, run.job)
    return PolicyJudge(policy, encoder_for(policy, run.job.policy), params)


def _asked(
    question: Question, prompt: PromptRow, rows: Sequence[CompletionRow], params: JudgeParams, seed: int
) -> list[Message]:
    nonce = hashlib.sha256(f"{seed}/{question}".encode()).hexdigest()[:6]
    first, second = rows[question.first].text, rows[question.second].text
    return ask(prompt.messages, first, second, params.criteria, nonce)


def _resume(path: Path) -> Verdicts:
    """What an earlier attempt was told; the line that a kill cut is asked again."""
    verdicts: Verdicts = defaultdict(dict)
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            prompt_id, first, second, chance = json.loads(line)
        except ValueError:
            break
        verdicts[prompt_id][first, second] = chance
        kept.append(line + "\n")
    path.write_text("".join(kept), encoding="utf-8")
    return verdicts


def _metrics(questions: Sequence[Question], verdicts: Verdicts, params: JudgeParams) -> dict[str, float]:
    """How much the judge said, and how far it can be believed.

    ``consistent`` is the share of pairs, of those with a verdict in both orders, that it called the same
    way; ``first_preferred`` how often it was for what it was shown first, 0.5 without a bias. Raises
    :class:`ContractError` when too few questions have a verdict.
    """
    said = {one: verdicts[one.prompt_id][one.first, one.second] for one in questions}
    known = {one: chance for one, chance in said.items() if chance is not None}
    if len(known) < params.least_answered * len(questions) or not known:
        raise ContractError(
            f"The judge gave a verdict on {len(known)} of {len(questions)} questions; the others it did not "
            "answer with A, B or TIE, or they were longer than it can read. Its rankings are not used."
        )
    turned = [
        (chance, known[other])
        for one, chance in known.items()
        if one.first < one.second and (other := Question(one.prompt_id, one.second, one.first)) in known
    ]
    same = sum((one - 0.5) * (other - 0.5) < 0 or one == other == 0.5 for one, other in turned)
    return {
        "questions": len(questions),
        "answered": len(known) / len(questions),
        "consistent": same / len(turned) if turned else 0.0,
        "first_preferred": sum(known.values()) / len(known),
    }


def _rankings(
    replies: Sequence[tuple[PromptRow, list[CompletionRow]]],
    verdicts: Verdicts,
    name: str,
    params: JudgeParams,
) -> Iterator[RankingRow]:
    """A ranking of each prompt about which anything was said."""
    for prompt, rows in replies:
        chances = {pair: chance for pair, chance in verdicts[prompt.prompt_id].items() if chance is not None}
        if chances:
            order, gaps = ranking_of(len(rows), chances, params.tie_below)
            yield RankingRow(
                prompt_id=prompt.prompt_id,
                messages=prompt.messages,
                completions=[
                    RankedCompletion(rows[place].text, rows[place].token_ids, rows[place].finish)
                    for place in order
                ],
                gaps=gaps,
                round=params.round,
                annotator=f"judge {name}",
                source="judge",
            )
