"""Secrets are generated on first use and kept in the data folder, readable by their owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def load_or_create_secret(path: Path, *, nbytes: int = 48) -> str:
    """The secret in ``path``; made of ``nbytes`` random bytes if the file is not there yet.

    Processes that start together agree: the file appears whole (by link) and the first one wins. Raises
    :class:`ImproperlyConfigured` when the folder cannot be written.
    """
    try:
        return _load_or_create(path, nbytes)
    except OSError as problem:
        raise ImproperlyConfigured(
            f"The data folder {path.parent} cannot be used ({problem.strerror}): choose another with "
            "PLUMBLINE_DATA, or --data."
        ) from problem


def _load_or_create(path: Path, nbytes: int) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(nbytes))
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text().strip()
