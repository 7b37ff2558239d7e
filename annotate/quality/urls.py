from django.urls import path

from annotate.quality import gold_views, note_views

urlpatterns = [
    path("comparisons/<uuid:uid>/gold", gold_views.ComparisonGoldView.as_view(), name="comparison-gold"),
    path("campaigns/<int:campaign_id>/gold", gold_views.CampaignGoldView.as_view(), name="gold"),
    path("campaigns/<int:campaign_id>/gold/scores", gold_views.GoldScoresView.as_view(), name="gold-scores"),
    path("campaigns/<int:campaign_id>/me/gold", gold_views.OwnGoldView.as_view(), name="own-gold"),
    path("annotations/<uuid:uid>/notes", note_views.NotesView.as_view(), name="notes"),
    path("annotations/<uuid:uid>/notes/read", note_views.NotesReadView.as_view(), name="notes-read"),
    path("campaigns/<int:campaign_id>/feedback", note_views.FeedbackView.as_view(), name="feedback"),
    path(
        "campaigns/<int:campaign_id>/me/feedback", note_views.OwnFeedbackView.as_view(), name="own-feedback"
    ),
    path(
        "campaigns/<int:campaign_id>/me/feedback/unread",
        note_views.OwnUnreadView.as_view(),
        name="own-unread",
    ),
]
