"""Looking for words in conversations."""

from __future__ import annotations

from django.db.models import Func, TextField


class Turns(Func):
    """The texts of a conversation's turns, without their roles."""

    template = "jsonb_path_query_array(%(expressions)s, '$[*].content')::text"
    output_field = TextField()
