"""Silver rankings: fresh replies of the policy, ranked by the reward model instead of by a person.

A few hundred rankings by people teach a reward model more than they teach a policy directly; it then ranks
as many fresh replies as are wanted (discriminator-guided DPO, "silver" labels; the best and the worst of
several replies make the pair, as in iterative DPO of RLHFlow). They are marked by their source, and weigh as
``silver_weight`` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import PreTrainedModel

from training.contracts import (
    MAX_MARGIN,
    CompletionRow,
    PromptRow,
    RankedCompletion,
    RankingRow,
    read_prompts,
    read_rankings,
    write_rows,
)
from training.data import Encoder
from training.params import DpoParams
from training.run import Run
from training.scoring import Scorer
from training.stages.sample import sample_prompts

SILVER_FILE = "silver.jsonl"
STATE_FILE = "state-silver.jsonl"
SOURCE = "reward_model"


def silver_rankings(run: Run, policy: PreTrainedModel, encoder: Encoder, params: DpoParams) -> Path:
    """Draw ``silver_k`` replies to each prompt of the job, and write the best and worst of each as a ranking.

    Returns the file; what an earlier attempt wrote is kept.
    """
    path = run.work / STATE_FILE
    if not path.exists():
        prompts = read_prompts(Path(run.job.prompts))
        run.reporter.start("silver", total=len(prompts) * params.silver_k, unit="reply")
        samples: list[CompletionRow] = []
        size = max(1, params.batch_rows // params.silver_k)
        for start in range(0, len(prompts), size):
            batch = prompts[start : start + size]
            samples += sample_prompts(run, policy, encoder, batch, params.silver_k, done=len(samples))
        write_rows(path, _extremes(prompts, samples, Scorer(run.job.reward_model, run.job), params))
    write_rows(run.output / SILVER_FILE, read_rankings(path))
    return path


def _extremes(
    prompts: Sequence[PromptRow], samples: Sequence[CompletionRow], scorer: Scorer, params: DpoParams
) -> list[RankingRow]:
    """The best and the worst reply of each prompt, where they differ."""
    k = params.silver_k
    replies = [
        [RankedCompletion(row.text, row.token_ids, row.finish) for row in samples[start : start + k]]
        for start in range(0, len(samples), k)
    ]
    groups = [
        scorer.encoder.group(prompt.prompt_id, prompt.messages, own)
        for prompt, own in zip(prompts, replies, strict=True)
    ]
    scores = scorer.rewards(groups, params.micro_tokens, [prompt.safety for prompt in prompts])
    rows = []
    for prompt, own, rewards in zip(prompts, replies, scores, strict=True):
        best, worst = int(torch.argmax(rewards)), int(torch.argmin(rewards))
        if rewards[best] > rewards[worst]:
            rows.append(
                RankingRow(
                    prompt_id=prompt.prompt_id,
                    messages=prompt.messages,
                    completions=[own[best], own[worst]],
                    gaps=[MAX_MARGIN],
                    source=SOURCE,
                )
            )
    return rows
