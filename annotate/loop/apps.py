from django.apps import AppConfig


class LoopConfig(AppConfig):
    name = "annotate.loop"
    label = "loop"
