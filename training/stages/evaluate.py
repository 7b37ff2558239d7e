"""Evaluate: the challenger against the policy its round started from and against the campaign's base."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from training.contracts import (
    EVALUATION_FILE,
    CompletionRow,
    ContractError,
    EvaluatedSample,
    EvaluationRow,
    PromptRow,
    RankedCompletion,
    read_prompts,
    write_rows,
)
from training.data import Encoder
from training.logprobs import sequence_kl
from training.models import check_same_vocabulary, encoder_for, load_policy
from training.params import EvaluateParams, parse_params
from training.run import Run, StageOutput
from training.scoring import Scorer
from training.segments import Group, by_token_budget
from training.stages.sample import sample_prompts
from training.stats import bootstrap_interval, distinct


def run(run: Run) -> StageOutput:
    """Sample held-out prompts from all three with the same seeds, score the replies, compare."""
    job = run.job
    params = parse_params(EvaluateParams, job.params)
    prompts = read_prompts(Path(job.prompts))
    if not prompts:
        raise ContractError(f"The prompts file {job.prompts} holds no prompt.")
    scorer = Scorer(job.reward_model, job)
    sources = {"challenger": job.policy, "start": job.reference or job.policy}
    sources["base"] = job.base or sources["start"]
    samples, kl = _sample_all(run, params, prompts, sources, scorer)
    run.reporter.start("score", total=len(samples), unit="model")
    judged = {}
    for number, (source, replies) in enumerate(samples.items(), start=1):
        judged[source] = _judge(scorer, prompts, replies, params)
        run.stop.check()
        run.reporter.update(number)
    per_prompt = params.samples_per_prompt
    rows = [
        EvaluationRow(
            prompt_id=prompt.prompt_id,
            messages=prompt.messages,
            index=index,
            **{who: judged[source][number * per_prompt + index] for who, source in sources.items()},
        )
        for index in range(per_prompt)
        for number, prompt in enumerate(prompts)
    ]
    write_rows(run.output / EVALUATION_FILE, rows)
    metrics = compare(rows, bootstrap=params.bootstrap, seed=job.seed)
    metrics |= {"kl_to_start": kl[sources["start"]], "kl_to_base": kl[sources["base"]]}
    return StageOutput(metrics, {"evaluation": EVALUATION_FILE})


def _sample_all(
    run: Run,
    params: EvaluateParams,
    prompts: Sequence[PromptRow],
    sources: dict[str, str],
    scorer: Scorer,
) -> tuple[dict[str, list[CompletionRow]], dict[str, float]]:
    """Replies of each different model, and the challenger's KL to each, by source; two are loaded at most."""
    job = run.job
    challenger = load_policy(job.policy, job)
    encoder = encoder_for(challenger, job.policy)
    scorer.check_tokens(encoder, f"the policy {job.policy}")
    samples = {job.policy: _sample(run, params, challenger, encoder, prompts, "challenger")}
    groups = _groups(encoder, prompts, samples[job.policy], params.samples_per_prompt)
    kl = {job.policy: 0.0}
    for who, source in sources.items():
        if source not in samples:
            other = load_policy(source, job, who)
            check_same_vocabulary(challenger, other, who)
            own_encoder = encoder_for(other, source, who)
            scorer.check_tokens(own_encoder, f"the {who} {source}")
            samples[source] = _sample(run, params, other, own_encoder, prompts, who)
            kl[source] = _mean_kl(run, challenger, other, groups, params.micro_tokens, who)
    return samples, kl


def _sample(
    run: Run,
    params: EvaluateParams,
    policy: PreTrainedModel,
    encoder: Encoder,
    prompts: Sequence[PromptRow],
    who: str,
) -> list[CompletionRow]:
    per_prompt = params.samples_per_prompt
    run.reporter.start(f"sample {who}", total=len(prompts) * per_prompt, unit="reply")
    rows: list[CompletionRow] = []
    size = max(1, params.batch_rows // per_prompt)
    for start in range(0, len(prompts), size):
        batch = prompts[start : start + size]
        rows += sample_prompts(run, policy, encoder, batch, per_prompt, done=len(rows))
    return rows


def _groups(
    encoder: Encoder, prompts: Sequence[PromptRow], rows: Sequence[CompletionRow], per_prompt: int
) -> list[Group]:
    return [
        encoder.group(
            prompt.prompt_id,
            prompt.messages,
            [
                RankedCompletion(row.text, row.token_ids, row.finish)
                for row in rows[number * per_prompt : (number + 1) * per_prompt]
            ],
        )
        for number, prompt in enumerate(prompts)
    ]


def _mean_kl(
    run: Run, policy: PreTrainedModel, other: PreTrainedModel, groups: Sequence[Group], budget: int, who: str
) -> float:
    """KL of the policy to ``other`` on the policy's own replies, in nats a reply."""
    run.reporter.start(f"kl to {who}", total=len(groups), unit="prompt")
    values: list[float] = []
    done = 0
    for batch in by_token_budget(groups, lambda group: group.tokens, budget):
        run.stop.check()
        values += sequence_kl(policy, other, batch).tolist()
        done += len(batch)
        run.reporter.update(done)
    return sum(values) / len(values)


def _judge(
    scorer: Scorer, prompts: Sequence[PromptRow], rows: Sequence[CompletionRow], params: EvaluateParams
) -> list[EvaluatedSample]:
    groups = _groups(scorer.encoder, prompts, rows, params.samples_per_prompt)
    about_safety = [prompt.safety for prompt in prompts]
    scores, chances = scorer.judged(groups, params.micro_tokens, about_safety)
    rewards = [value for own in scores for value in own.tolist()]
    safe = [value for own in chances for value in own.tolist()] if chances else [None] * len(rows)
    return [
        EvaluatedSample(row.text, reward, len(row.token_ids), row.finish, chance)
        for row, reward, chance in zip(rows, rewards, safe, strict=True)
    ]


def compare(rows: Sequence[EvaluationRow], *, bootstrap: int, seed: int) -> dict[str, Any]:
    """Mean rewards, win rates (a tie is half a win), lengths and distinct-n; intervals over prompts."""
    metrics: dict[str, Any] = {"prompts": len({row.prompt_id for row in rows}), "samples": len(rows)}
    by_who: dict[str, list[EvaluatedSample]] = {
        "challenger": [row.challenger for row in rows],
        "start": [row.start for row in rows],
        "base": [row.base for row in rows],
    }
    for who, samples in by_who.items():
        prefix = "" if who == "challenger" else f"{who}_"
        rewards = _by_prompt(rows, [sample.reward for sample in samples])
        texts = [sample.text for sample in samples]
        metrics |= {
            f"{prefix}reward_mean": sum(rewards) / len(rewards),
            f"{prefix}reward_mean_interval": bootstrap_interval(rewards, bootstrap, seed),
            f"{prefix}length_mean": sum(sample.length for sample in samples) / len(samples),
            f"{prefix}stopped": sum(sample.finish == "stop" for sample in samples) / len(samples),
            f"{prefix}distinct_1": distinct(texts, 1),
            f"{prefix}distinct_2": distinct(texts, 2),
        }
        if unsafe := [sample.safe < 0.5 for sample in samples if sample.safe is not None]:
            shares = _by_prompt(rows, unsafe)
            metrics[f"{prefix}unsafe"] = sum(shares) / len(shares)
            metrics[f"{prefix}unsafe_interval"] = bootstrap_interval(shares, bootstrap, seed)
    for who in ("start", "base"):
        wins = _by_prompt(
            rows, [_win(ours, theirs) for ours, theirs in zip(by_who["challenger"], by_who[who], strict=True)]
        )
        metrics[f"win_rate_vs_{who}"] = sum(wins) / len(wins)
        metrics[f"win_rate_vs_{who}_interval"] = bootstrap_interval(wins, bootstrap, seed)
    return metrics


def _win(ours: EvaluatedSample, theirs: EvaluatedSample) -> float:
    return 0.5 if ours.reward == theirs.reward else float(ours.reward > theirs.reward)


def _by_prompt(rows: Sequence[EvaluationRow], values: Sequence[float]) -> list[float]:
    """Mean of ``values`` over the samples of each prompt, which are what is independent."""
    found: dict[str, list[float]] = {}
    for row, value in zip(rows, values, strict=True):
        found.setdefault(row.prompt_id, []).append(value)
    return [sum(own) / len(own) for own in found.values()]
