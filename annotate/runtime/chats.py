"""Whether this Plumbline has chats: the process that answers in them is started with the first one."""

from __future__ import annotations

import logging

import psycopg

log = logging.getLogger(__name__)


def has_chats(database_url: str) -> bool:
    """Whether a chat campaign is in use; False as well while the database does not answer."""
    try:
        with psycopg.connect(database_url, connect_timeout=2, autocommit=True) as connection:
            chats = "SELECT 1 FROM campaigns_campaign WHERE kind = 'chat' AND archived_at IS NULL LIMIT 1"
            return connection.execute(chats).fetchone() is not None
    except psycopg.Error as problem:
        log.info("Cannot look for chats: %s", problem)
        return False
