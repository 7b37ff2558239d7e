from django.urls import path

from annotate.rounds import views

urlpatterns = [
    path("campaigns/<int:campaign_id>/checkpoints", views.CheckpointsView.as_view(), name="checkpoints"),
]
