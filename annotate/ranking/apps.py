from django.apps import AppConfig


class RankingConfig(AppConfig):
    name = "annotate.ranking"
    label = "ranking"
