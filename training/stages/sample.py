"""Sample: K replies to each prompt from the policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from transformers import PreTrainedModel

from training.contracts import (
    COMPLETIONS_FILE,
    PARTIAL_COMPLETIONS_FILE,
    CompletionRow,
    ContractError,
    PromptRow,
    read_prompts,
    write_rows,
)
from training.data import Encoder
from training.decoding import Reply, Request, reply_seed, sample_replies
from training.models import encoder_for, load_policy, stop_tokens
from training.params import SampleParams, parse_params
from training.run import Run, StageOutput


def run(run: Run) -> StageOutput:
    """Sample every prompt of ``job.prompts``; what an earlier attempt drew is kept."""
    job = run.job
    params = parse_params(SampleParams, job.params)
    prompts = read_prompts(Path(job.prompts))
    if not prompts:
        raise ContractError(f"The prompts file {job.prompts} holds no prompt.")
    partial = run.work / PARTIAL_COMPLETIONS_FILE
    rows = _resume(partial, job.k)
    done = {row.prompt_id for row in rows}
    missing = [prompt for prompt in prompts if prompt.prompt_id not in done]
    if missing:
        policy = load_policy(job.policy, job)
        encoder = encoder_for(policy, job.policy)
        run.reporter.start("sample", total=len(prompts) * job.k, unit="reply", step=len(rows))
        size = max(1, params.batch_rows // job.k)
        for start in range(0, len(missing), size):
            batch = sample_prompts(run, policy, encoder, missing[start : start + size], job.k, done=len(rows))
            with partial.open("a", encoding="utf-8") as handle:
                handle.writelines(json.dumps(asdict(row)) + "\n" for row in batch)
            rows += batch
    order = {prompt.prompt_id: number for number, prompt in enumerate(prompts)}
    rows.sort(key=lambda row: (order[row.prompt_id], row.index))
    write_rows(run.output / COMPLETIONS_FILE, rows)
    return StageOutput(_metrics(rows), {"completions": COMPLETIONS_FILE})


def sample_prompts(
    run: Run,
    policy: PreTrainedModel,
    encoder: Encoder,
    prompts: Sequence[PromptRow],
    k: int,
    *,
    seed: int | None = None,
    done: int | None = 0,
) -> list[CompletionRow]:
    """Draw ``k`` replies to each prompt as one batch, under ``seed`` or that of the job.

    ``done`` replies of the phase were drawn before; None where the phase counts something else.
    """
    spec, seed = run.job.sampling, run.job.seed if seed is None else seed
    ids = [_prompt_ids(encoder, prompt, spec.max_new_tokens) for prompt in prompts]
    requests = [
        Request(
            number, reply_seed(seed, prompt.prompt_id, index), _dealt(spec.temperatures, index), spec.top_p
        )
        for number, prompt in enumerate(prompts)
        for index in range(k)
    ]
    stops = stop_tokens(policy, encoder.tokenizer)
    replies: list[Reply] = []
    steps = sample_replies(policy, ids, requests, max_new_tokens=spec.max_new_tokens, stop=stops)
    for drawn in steps:
        run.stop.check()
        if isinstance(drawn, list):
            replies = drawn
        elif done is None:
            run.reporter.beat(drawn)
        else:
            run.reporter.update(done + len(requests) - drawn, tokens=drawn)
    if done is not None:
        run.reporter.update(done + len(requests))
    owners = [(prompt.prompt_id, index) for prompt in prompts for index in range(k)]
    return [
        CompletionRow(
            prompt_id=prompt_id,
            index=index,
            text=encoder.text(reply.token_ids),
            token_ids=reply.token_ids,
            logprobs=reply.logprobs,
            temperature=request.temperature,
            top_p=request.top_p,
            seed=request.seed,
            finish="stop" if reply.stopped else "length",
        )
        for (prompt_id, index), request, reply in zip(owners, requests, replies, strict=True)
    ]


def _dealt(temperatures: Sequence[float], index: int) -> float:
    return temperatures[index % len(temperatures)]


def _prompt_ids(encoder: Encoder, prompt: PromptRow, max_new_tokens: int) -> list[int]:
    ids = encoder.prompt(prompt.messages)
    if len(ids) + max_new_tokens > encoder.context:
        raise ContractError(
            f"The prompt {prompt.prompt_id} is {len(ids)} tokens; with {max_new_tokens} new ones it exceeds "
            f"the model's context of {encoder.context}."
        )
    return ids


def _resume(path: Path, k: int) -> list[CompletionRow]:
    """What an earlier attempt drew, prompts that have all their ``k`` replies; the file is cut to those."""
    rows: dict[str, list[CompletionRow]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            row = CompletionRow(**json.loads(line))
        except ValueError:  # the line that a kill cut
            break
        rows.setdefault(row.prompt_id, []).append(row)
    whole = [row for group in rows.values() if len(group) == k for row in group]
    write_rows(path, whole)
    return whole


def _metrics(rows: Sequence[CompletionRow]) -> dict[str, float]:
    lengths = [len(row.token_ids) for row in rows]
    return {
        "completions": len(rows),
        "tokens": sum(lengths),
        "length_mean": sum(lengths) / len(rows),
        "stopped": sum(row.finish == "stop" for row in rows) / len(rows),
        "distinct_texts": len({(row.prompt_id, row.text) for row in rows}) / len(rows),
    }
