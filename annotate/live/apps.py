from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "annotate.live"
    label = "live"
