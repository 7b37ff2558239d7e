"""What stops Plumbline from running on this machine."""

from __future__ import annotations


class RuntimeProblem(Exception):
    """One sentence that says what is wrong and what to do."""
