"""The error of everything that breaks the contract."""

from __future__ import annotations


class ContractError(ValueError):
    """A job, row or result that breaks the contract; the message is one sentence for a person."""
