from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "annotate.campaigns"
    label = "campaigns"
