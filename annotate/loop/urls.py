from django.urls import path

from annotate.loop import views

urlpatterns = [
    path("campaigns/<int:campaign_id>/rounds", views.RoundsView.as_view(), name="rounds"),
    path("rounds/<int:round_id>", views.RoundView.as_view(), name="round"),
    path("rounds/<int:round_id>/cancel", views.CancelView.as_view(), name="cancel"),
    path("rounds/<int:round_id>/retry", views.RetryView.as_view(), name="retry"),
    path("rounds/<int:round_id>/finish-collecting", views.FinishCollectingView.as_view(), name="finish"),
    path("rounds/<int:round_id>/promote", views.PromoteView.as_view(), name="promote"),
    path("rounds/<int:round_id>/reject", views.RejectView.as_view(), name="reject"),
    path("rounds/<int:round_id>/samples", views.SamplesView.as_view(), name="samples"),
    path("rounds/<int:round_id>/evaluation", views.EvaluationView.as_view(), name="evaluation"),
    path("runs/<int:run_id>/metrics", views.RunMetricsView.as_view(), name="run-metrics"),
    path("runs/<int:run_id>/log", views.RunLogView.as_view(), name="run-log"),
]
