"""KTO's loss and gradients against TRL's own, on the token ids and mismatched pairs that TRL prepared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from trl.trainer.kto_config import KTOConfig
from trl.trainer.kto_trainer import KTOTrainer

from tests.training.test_trl_oracle import QUIET, ROWS, causal, prepared, same_gradients
from tests.training.tiny import make_tokenizer
from training.attention import NAME
from training.logprobs import completion_logprobs
from training.losses import kto
from training.segments import Group

pytestmark = pytest.mark.slow

LABELS = [True, False, True, True, False, True]


@pytest.mark.parametrize("scale", [1.0, 1.3])
def test_it_pays_what_trl_pays_for_kto(
    tmp_path: Path, model_folder: Callable[[str], str], scale: float
) -> None:
    folder = model_folder("llama")
    policy = causal(folder, attention="eager", scale=scale)
    trainer = KTOTrainer(
        model=policy,
        ref_model=causal(folder, attention="eager"),
        args=KTOConfig(
            output_dir=str(tmp_path), beta=0.1, desirable_weight=1.0, undesirable_weight=1.6, **QUIET
        ),
        train_dataset=Dataset.from_dict(
            {"prompt": ROWS["prompt"], "completion": ROWS["chosen"], "label": LABELS}
        ),
        processing_class=make_tokenizer(template=False),
    )
    rows = prepared(trainer)
    theirs = trainer.compute_loss(policy, trainer.data_collator(rows))
    theirs.backward()

    matched = [Group(row["prompt_ids"], [row["completion_ids"]]) for row in rows]
    mismatched = [Group(row["prompt_ids"], [row["KL_completion_ids"]]) for row in rows]
    ours_policy, start = causal(folder, attention=NAME, scale=scale), causal(folder, attention=NAME)
    with torch.no_grad():
        zero = (
            completion_logprobs(ours_policy, mismatched).sums()
            - completion_logprobs(start, mismatched).sums()
        ).mean()
        before = completion_logprobs(start, matched).sums()
    ratios = completion_logprobs(ours_policy, matched).sums() - before
    ours = kto(ratios, torch.tensor(LABELS), zero, 0.1, (1.0, 1.6)).mean()
    ours.backward()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    same_gradients(ours_policy, policy)
