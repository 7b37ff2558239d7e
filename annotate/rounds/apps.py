from django.apps import AppConfig


class RoundsConfig(AppConfig):
    name = "annotate.rounds"
    label = "rounds"
