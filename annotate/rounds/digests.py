"""Where a checkpoint's files are, and their fingerprint."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings

STARTER = "starter"
LARGEST_HASHED = 2 * 1024**3
"""Bytes: a first policy that is larger is not hashed, since a request waits for it."""


def model_location(path: str) -> str:
    """What a stage is told to load: an absolute folder, or a Hugging Face id as it is."""
    if path == STARTER:
        return str(settings.STARTER_MODEL)
    if (settings.ARTIFACTS_DIR / path).is_dir():
        return str(settings.ARTIFACTS_DIR / path)
    return str(Path(path).expanduser())


def model_digest(path: str) -> str:
    """SHA-256 over the names and bytes of a local model's safetensors; empty for a remote or huge one."""
    folder = Path(model_location(path))
    weights = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if not weights or sum(file.stat().st_size for file in weights) > LARGEST_HASHED:
        return ""
    digest = hashlib.sha256()
    for file in weights:
        digest.update(file.name.encode())
        with file.open("rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
