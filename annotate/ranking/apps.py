from django.apps import AppConfig
from django.db.models.signals import post_migrate

from annotate.ranking import functions


class RankingConfig(AppConfig):
    name = "annotate.ranking"
    label = "ranking"

    def ready(self) -> None:
        post_migrate.connect(functions.install, sender=self, dispatch_uid="ranking.functions")
