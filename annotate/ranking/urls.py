from django.urls import path

from annotate.ranking import draft_views, history_views, overview_views, own_page_views, rankings, views

urlpatterns = [
    path("campaigns", overview_views.CampaignsView.as_view(), name="campaigns"),
    path("campaigns/<int:campaign_id>", overview_views.CampaignView.as_view(), name="campaign"),
    path("campaigns/<int:campaign_id>/members", overview_views.MembersView.as_view(), name="members"),
    path(
        "campaigns/<int:campaign_id>/members/<int:user_id>",
        overview_views.MemberView.as_view(),
        name="member",
    ),
    path("campaigns/<int:campaign_id>/lease", views.LeaseView.as_view(), name="lease"),
    path("campaigns/<int:campaign_id>/annotations/mine", history_views.MineView.as_view(), name="mine"),
    path("campaigns/<int:campaign_id>/me", own_page_views.OwnPageView.as_view(), name="own-page"),
    path("assignments/<uuid:uid>/extend", views.ExtendView.as_view(), name="extend"),
    path("assignments/<uuid:uid>/skip", views.SkipView.as_view(), name="skip"),
    path("assignments/<uuid:uid>/submit", views.SubmitView.as_view(), name="submit"),
    path("assignments/<uuid:uid>/draft", draft_views.DraftView.as_view(), name="draft"),
    path("annotations/<uuid:uid>", history_views.AnnotationView.as_view(), name="annotation"),
    path("annotations/<uuid:uid>/amend", views.AmendView.as_view(), name="amend"),
    path("annotations/<uuid:uid>/undo", views.UndoView.as_view(), name="undo"),
    path("rounds/<int:round_id>/rankings", rankings.RankingsView.as_view(), name="rankings"),
]
