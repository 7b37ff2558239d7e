from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "annotate.accounts"
    label = "accounts"

    def ready(self) -> None:
        # Extensions of the API's description register themselves when they are imported, and that
        # must wait until the REST framework has loaded its authentication classes from here.
        import_module("annotate.accounts.schema")
