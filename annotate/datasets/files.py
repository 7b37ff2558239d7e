"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path


def write_lines(lines: Iterable[bytes], *, folder: Path, name: Callable[[str], str]) -> tuple[Path, str]:
    """Write ``lines`` to ``folder / name(sha256)``; returns the path and the SHA-256 of the content.

    The bytes are on disk before the name is. Raises :class:`OSError` when they cannot be, and leaves
    nothing behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{os.getpid()}.{os.urandom(4).hex()}.tmp"
    digest = hashlib.sha256()
    try:
        with temporary.open("wb") as handle:
            for line in lines:
                digest.update(line)
                handle.write(line)
            handle.flush()
            os.fsync(handle.fileno())
        path = folder / name(digest.hexdigest())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path, digest.hexdigest()
