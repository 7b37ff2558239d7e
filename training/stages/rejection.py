"""Rejection sampling: the policy learns the best reply to each prompt among those of all rounds so far.

Best by the reward model, over every completions file of the job: with the last round's alone Llama 2's
policies forgot what earlier ones could do.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from training.contracts import (
    CompletionRow,
    ContractError,
    PromptRow,
    RankedCompletion,
    read_completions,
    read_prompts,
)
from training.data import Encoder
from training.imitation import Lesson, imitate, save_policy
from training.models import encoder_for, load_policy
from training.params import RejectionParams, parse_params
from training.run import Run, StageOutput
from training.scoring import Scorer


def run(run: Run) -> StageOutput:
    """Score ``job.completions`` with ``job.reward_model``, keep each prompt's best, fine-tune on those."""
    job = run.job
    params = parse_params(RejectionParams, job.params)
    replies = _replies_by_prompt(job.prompts, job.completions)
    policy = load_policy(job.policy, job, train=job.lora is None)
    encoder = encoder_for(policy, job.policy)
    chosen, rewards, everything = _best(run, encoder, replies, params)
    log, adapters = imitate(run, policy, chosen, params, "rejection")
    metrics = {
        "first_loss": log.steps[0]["loss"],
        "loss": log.mean("loss", last=10),
        "prompts": len(chosen),
        "completions": len(everything),
        "reward_mean": sum(everything) / len(everything),
        "chosen_reward_mean": sum(rewards) / len(rewards),
        "tokens": log.tokens,
    }
    return StageOutput(metrics, save_policy(run, policy, encoder, adapters, metrics))


def _replies_by_prompt(prompts: str, files: list[str]) -> list[tuple[PromptRow, list[CompletionRow]]]:
    known = {row.prompt_id: row for row in read_prompts(Path(prompts))}
    found: dict[str, list[CompletionRow]] = defaultdict(list)
    for path in files:
        for row in read_completions(Path(path)):
            if row.prompt_id not in known:
                raise ContractError(
                    f"The completions {path} answer {row.prompt_id}, which {prompts} has not."
                )
            found[row.prompt_id].append(row)
    if not found:
        raise ContractError(f"The {len(files)} completions files hold no reply.")
    return [(known[prompt_id], rows) for prompt_id, rows in found.items()]


def _best(
    run: Run, encoder: Encoder, replies: list[tuple[PromptRow, list[CompletionRow]]], params: RejectionParams
) -> tuple[list[Lesson], list[float], list[float]]:
    """The lessons, their rewards, and the rewards of all replies."""
    scorer = Scorer(run.job.reward_model, run.job)
    scorer.check_tokens(encoder, f"the policy {run.job.policy}")
    lessons: list[Lesson] = []
    chosen: list[float] = []
    everything: list[float] = []
    run.reporter.start("score", total=len(replies), unit="prompt")
    for number, (prompt, rows) in enumerate(replies, start=1):
        own = [RankedCompletion(row.text, row.token_ids, row.finish) for row in rows]
        group = scorer.encoder.group(prompt.prompt_id, prompt.messages, own)
        rewards = scorer.rewards([group], params.micro_tokens, [prompt.safety])[0].tolist()
        best = max(range(len(rewards)), key=rewards.__getitem__)
        everything += rewards
        if rewards[best] >= params.least_reward:
            lessons.append(Lesson(encoder.group(prompt.prompt_id, prompt.messages, [own[best]])))
            chosen.append(rewards[best])
        run.stop.check()
        run.reporter.update(number)
    if not lessons:
        raise ContractError(f"No prompt has a reply that scores {params.least_reward} or more.")
    return lessons, chosen, everything
