"""The Django project. Importing it binds the Celery application, so that tasks reach the broker."""

from annotate.celery import app as celery_app

__all__ = ["celery_app"]
