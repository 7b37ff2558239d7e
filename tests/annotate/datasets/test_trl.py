"""The export trains in TRL as it is."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests.annotate.collecting import collecting_round, members_of
from tests.annotate.datasets.test_snapshots import rank_all
from tests.training.tiny import save_model

ONE_STEP: dict[str, Any] = {
    "max_steps": 1,
    "per_device_train_batch_size": 2,
    "report_to": "none",
    "save_strategy": "no",
    "use_cpu": True,
    # On by default in TRL; a CPU and so small a model do without.
    "bf16": False,
    "gradient_checkpointing": False,
}


@pytest.fixture
def exported(db: None, settings: Settings, tmp_path: Path) -> Any:
    from datasets import load_dataset  # noqa: PLC0415 - takes seconds, and most test runs leave this out

    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    round = collecting_round(comparisons=4, k=4)
    rank_all(round, members_of(round)[0], [3, 1, None])
    out = tmp_path / "pairs.jsonl"
    call_command("export", round.campaign.name, "--out", str(out), stdout=io.StringIO())
    return load_dataset("json", data_files=str(out), split="train", cache_dir=str(tmp_path / "cache"))


@pytest.mark.slow
def test_it_loads_in_datasets(exported: Any) -> None:
    assert exported.column_names == ["prompt", "chosen", "rejected", "margin"]
    # Gaps 3, 1, equal: six pairs less the tie of the last two, of levels 3, 3, 3, 1, 1.
    assert len(exported) == 4 * 5
    assert sorted(exported["margin"]) == [1.0] * 8 + [3.0] * 12
    assert exported[0]["chosen"][0]["role"] == "assistant"


@pytest.mark.slow
def test_it_trains_a_step_of_dpo(exported: Any, tmp_path: Path) -> None:
    # Imported here: it takes seconds, and most test runs leave this out.
    from trl.trainer.dpo_config import DPOConfig  # noqa: PLC0415 - see above
    from trl.trainer.dpo_trainer import DPOTrainer  # noqa: PLC0415 - see above

    config = DPOConfig(output_dir=str(tmp_path / "dpo"), **ONE_STEP)
    trainer = DPOTrainer(model=save_model("llama", tmp_path / "model"), args=config, train_dataset=exported)
    # The loss of an untrained policy is ln 2.
    assert trainer.train().training_loss == pytest.approx(math.log(2), abs=1e-4)


@pytest.mark.slow
def test_it_trains_a_step_of_a_reward_model(exported: Any, tmp_path: Path) -> None:
    # Imported here: it takes seconds, and most test runs leave this out.
    from trl.trainer.reward_config import RewardConfig  # noqa: PLC0415 - see above
    from trl.trainer.reward_trainer import RewardTrainer  # noqa: PLC0415 - see above

    config = RewardConfig(output_dir=str(tmp_path / "reward"), **ONE_STEP)
    trainer = RewardTrainer(
        model=save_model("llama", tmp_path / "model"), args=config, train_dataset=exported
    )
    assert "margin" in next(iter(trainer.get_train_dataloader()))
    assert math.isfinite(trainer.train().training_loss)
