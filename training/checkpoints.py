"""Checkpoints as ordinary Hugging Face folders, with a meta.json that says where they come from."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from peft import PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from training.contracts import META_FILE, JobSpec, write_json

ADAPTER_FOLDER = "adapter"
CHECKPOINT_FOLDER = "checkpoint"


def weights_hash(folder: Path, *, below: bool = False) -> str:
    """SHA-256 over the names and bytes of the safetensors files in ``folder``, and ``below``, by name."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("**/*.safetensors" if below else "*.safetensors")):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def save_checkpoint(
    folder: Path,
    *,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    job: JobSpec,
    kind: str,
    adapters: PeftModel | None = None,
    merge: bool = True,
    extra: dict[str, Any] | None = None,
) -> None:
    """Write a model that loads by itself; ``kind`` is ``policy`` or ``reward``.

    With ``adapters`` (wrapping ``model``) they are kept as a PEFT folder in ``adapter/`` and merged into
    the weights beside it, unless they are several, of which none is the model (``merge`` is False).
    ``folder`` appears whole or not at all.
    """
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    if adapters is not None:
        adapters.save_pretrained(str(temporary / ADAPTER_FOLDER))
        model = adapters.merge_and_unload() if merge else adapters.unload()
    model.save_pretrained(temporary)
    tokenizer.save_pretrained(temporary)
    meta = {
        "kind": kind,
        "parent": job.policy,
        "hash": weights_hash(temporary, below=not merge),
        "job": asdict(job),
        **(extra or {}),
    }
    write_json(temporary / META_FILE, meta)
    temporary.rename(folder)
