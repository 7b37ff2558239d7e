"""``manage.py create_user NAME --role admin [--token LABEL]``: a first login, or one for a program."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import APIException

from annotate.accounts import services
from annotate.accounts.models import Role


class Command(BaseCommand):
    """Prints one JSON object with the generated password, and the token where one was asked for."""

    help = "Create a person; prints their generated password (and API token) as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=Role.values, default=Role.ANNOTATOR.value)
        parser.add_argument("--token", metavar="LABEL", help="also make an API token with this label")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user, password = services.create_user(username=options["username"], role=options["role"])
        except APIException as problem:
            raise CommandError(str(problem.detail)) from problem
        created = {"username": user.username, "role": user.role, "password": password}
        if options["token"]:
            created["token"] = services.create_token(user=user, name=options["token"])[1]
        self.stdout.write(json.dumps(created))
