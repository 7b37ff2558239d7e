from django.urls import path

from annotate.prompts import views

urlpatterns = [
    path("campaigns/<int:campaign_id>/prompts", views.PromptsView.as_view(), name="prompts"),
    path("campaigns/<int:campaign_id>/prompts/import", views.ImportView.as_view(), name="prompts-import"),
]
