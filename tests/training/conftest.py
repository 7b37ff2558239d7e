"""Shared by the tests of training: one thread, and models made once a session."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from tests.training.tiny import save_model


@pytest.fixture(scope="session", autouse=True)
def _single_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A function from architecture (llama, qwen2, gpt2) to the folder of its tiny model."""
    made: dict[str, str] = {}

    def make(kind: str) -> str:
        if kind not in made:
            made[kind] = save_model(kind, tmp_path_factory.mktemp(kind))
        return made[kind]

    return make
