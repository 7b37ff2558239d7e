from django.urls import path

from annotate.accounts import views

urlpatterns = [
    path("session", views.SessionView.as_view(), name="session"),
    path("users", views.UsersView.as_view(), name="users"),
    path("users/<int:user_id>", views.UserView.as_view(), name="user"),
    path("tokens", views.TokensView.as_view(), name="tokens"),
    path("tokens/<int:token_id>", views.TokenView.as_view(), name="token"),
]
