"""Where a wheel that carries a server was installed; found without importing it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from annotate.runtime.errors import RuntimeProblem


def wheel_folder(package: str) -> Path:
    """The package's folder; raises :class:`RuntimeProblem` when it is not installed."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeProblem(f"The package {package} is missing: run `pip install -r requirements.txt`.")
    return Path(spec.origin).parent
