"""The queue's SQL functions: what annotators do all day is one statement each, in ``sql/``.

They are code and not data, so they are put in place after every ``migrate``, whether or not there was
anything to migrate: what the database runs is always what stands in the files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from django.db import connections, transaction

from annotate.database.statements import row_of

_FILES = Path(__file__).with_name("sql")


def install(*, using: str, **_: Any) -> None:
    """Put every function in place of what there was; the receiver of ``post_migrate``."""
    with transaction.atomic(using), connections[using].cursor() as cursor:
        # Two who migrate at once come one after the other.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ranking functions'))")
        cursor.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname = current_schema() AND starts_with(p.proname, 'ranking_')"
        )
        for (signature,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {signature}")
        for path in sorted(_FILES.glob("*.sql")):
            # Without parameters there are no placeholders: a % stands for itself.
            cursor.execute(path.read_text())


def call(name: str, *arguments: Any) -> Any:
    """What a function returns."""
    places = ", ".join(["%s"] * len(arguments))
    row = row_of(f"SELECT {name}({places})", *arguments)
    return row and row[0]


def call_json(name: str, *arguments: Any) -> Any:
    """What a function returns that returns JSON, parsed; None for NULL."""
    places = ", ".join(["%s"] * len(arguments))
    row = row_of(f"SELECT {name}({places})::text", *arguments)
    return orjson.loads(row[0]) if row and row[0] is not None else None
