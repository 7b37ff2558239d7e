from django.urls import path

from annotate.chat import views

urlpatterns = [
    path("campaigns/<int:campaign_id>/chat", views.ChatView.as_view(), name="chat"),
    path("conversations/<uuid:uid>", views.ConversationView.as_view(), name="conversation"),
    path("conversations/<uuid:uid>/turns", views.TurnsView.as_view(), name="turns"),
    path("conversations/<uuid:uid>/retry", views.RetryTurnView.as_view(), name="retry-turn"),
    path("conversations/<uuid:uid>/take-back", views.TakeBackView.as_view(), name="take-back-turn"),
    path("conversations/<uuid:uid>/finish", views.FinishView.as_view(), name="finish-conversation"),
    path("conversations/<uuid:uid>/draft", views.PromptDraftView.as_view(), name="prompt-draft"),
]
