from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "annotate.runtime"
    label = "runtime"
