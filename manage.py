#!/usr/bin/env python
"""Plumbline's command line: ``python manage.py help`` lists the commands."""

import argparse
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotate.settings")
    # The settings lie in the data folder in part, so it must be known before they are read.
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--data")
    data = parser.parse_known_args()[0].data
    if data:
        os.environ["PLUMBLINE_DATA"] = data
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"error: {problem}")
