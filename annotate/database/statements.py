"""The statements that run all day: bound and prepared by the server, which then plans them once a connection.

Django binds parameters in Python, and PostgreSQL parses and plans each statement anew. For the few that every
request of an annotator needs, that would be a good part of the cost.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from psycopg import Cursor


def row_of(statement: str, *parameters: Any) -> tuple[Any, ...] | None:
    """The first row that a statement gives; None where there is none."""
    # As Django's own cursors do.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        return cursor.execute(statement, parameters, prepare=True).fetchone()
