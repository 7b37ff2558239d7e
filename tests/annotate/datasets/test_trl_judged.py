"""Demonstrations and labels train in TRL as they are."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests.annotate.datasets.test_judged_rows import judged_round
from tests.annotate.datasets.test_trl import ONE_STEP
from tests.training.tiny import save_model

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _artifacts(settings: Settings, tmp_path: Path) -> None:
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"


def exported(format: str, folder: Path) -> Any:
    from datasets import load_dataset  # noqa: PLC0415 - takes seconds, and most test runs leave this out

    out = folder / f"{format}.jsonl"
    call_command(
        "export", judged_round().campaign.name, "--format", format, "--out", str(out), stdout=io.StringIO()
    )
    return load_dataset("json", data_files=str(out), split="train", cache_dir=str(folder / "cache"))


def test_it_trains_a_step_on_demonstrations(tmp_path: Path) -> None:
    # Imported here: it takes seconds, and most test runs leave this out.
    from trl.trainer.sft_config import SFTConfig  # noqa: PLC0415 - see above
    from trl.trainer.sft_trainer import SFTTrainer  # noqa: PLC0415 - see above

    rows = exported("sft", tmp_path)
    assert rows.column_names == ["messages"]
    config = SFTConfig(output_dir=str(tmp_path / "sft"), **ONE_STEP)
    trainer = SFTTrainer(model=save_model("llama", tmp_path / "model"), args=config, train_dataset=rows)
    assert math.isfinite(trainer.train().training_loss)


def test_it_trains_a_step_on_labels(tmp_path: Path) -> None:
    # Imported here: it takes seconds, and most test runs leave this out.
    from trl.trainer.kto_config import KTOConfig  # noqa: PLC0415 - see above
    from trl.trainer.kto_trainer import KTOTrainer  # noqa: PLC0415 - see above

    rows = exported("kto", tmp_path)
    assert rows.column_names == ["prompt", "completion", "label"]
    assert sorted(rows["label"]) == [False, True]
    config = KTOConfig(output_dir=str(tmp_path / "kto"), **ONE_STEP)
    trainer = KTOTrainer(model=save_model("llama", tmp_path / "model"), args=config, train_dataset=rows)
    # The loss of an untrained policy is 1/2: of each example 1 - sigmoid(0).
    assert trainer.train().training_loss == pytest.approx(0.5, abs=1e-4)
