from django.urls import path

from annotate.datasets import views

urlpatterns = [
    path("campaigns/<int:campaign_id>/export", views.ExportView.as_view(), name="export"),
    path("campaigns/<int:campaign_id>/export/manifest", views.ManifestView.as_view(), name="manifest"),
]
