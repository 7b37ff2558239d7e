"""Where unix sockets go: the kernel refuses paths longer than about 100 bytes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from annotate.runtime.errors import RuntimeProblem

# 108 bytes with the closing NUL on Linux, 104 on macOS; the longest name in the folder is PostgreSQL's
# ".s.PGSQL.5432.lock".
_LONGEST_FOLDER = 104 - 1 - len("/.s.PGSQL.5432.lock")


def socket_folder(data: Path, name: str) -> Path:
    """A private folder for sockets: ``data/run/name``, or a short path when that one is too long.

    The short path is made of the user and of the hash of ``data``, so the same data folder always finds
    the same one. Raises :class:`RuntimeProblem` if somebody else put something in its place.
    """
    folder = data / "run" / name
    if len(os.fsencode(folder)) > _LONGEST_FOLDER:
        digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
        parent = Path(tempfile.gettempdir()) / f"plumbline-{os.getuid()}-{digest}"
        if len(os.fsencode(parent / name)) > _LONGEST_FOLDER:
            parent = Path("/tmp") / parent.name  # noqa: S108 - checked below to be ours alone
        parent.mkdir(mode=0o711, exist_ok=True)
        if parent.is_symlink() or parent.stat().st_uid != os.getuid():
            raise RuntimeProblem(f"{parent} belongs to somebody else: remove it, or choose a shorter --data.")
        folder = parent / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
