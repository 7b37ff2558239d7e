"""Logging in and out, people, and their tokens."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import ensure_csrf_cookie
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts import services
from annotate.accounts.authentication import SessionAuthentication, person
from annotate.accounts.models import ApiToken, User
from annotate.accounts.permissions import IsAdmin, RunsRounds
from annotate.accounts.serializers import (
    CreatedTokenSerializer,
    CreatedUserSerializer,
    LoginSerializer,
    NewUserSerializer,
    SessionSerializer,
    TokenSerializer,
    UserChangeSerializer,
    UserSerializer,
)
from annotate.accounts.sessions import SessionStore
from annotate.accounts.throttles import FailedLoginThrottle


@method_decorator(ensure_csrf_cookie, name="get")
class SessionView(APIView):
    """The browser's login."""

    permission_classes = [AllowAny]
    authentication_classes = [SessionAuthentication]

    @extend_schema(responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        """Who is logged in, if anybody; sets the CSRF cookie."""
        user = request.user if request.user.is_authenticated else None
        return Response(SessionSerializer({"user": user}).data)

    @extend_schema(request=LoginSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        """Log in."""
        SessionAuthentication().enforce_csrf(request)
        throttle = FailedLoginThrottle()
        if not throttle.allow_request(request, self):
            self.throttled(request, throttle.wait())
        credentials = LoginSerializer(data=request.data)
        credentials.is_valid(raise_exception=True)
        user = authenticate(request, **credentials.validated_data)
        if user is None:
            throttle.count_failure(request)
            raise AuthenticationFailed("This name and password do not match an active account.")
        SessionStore.clear_expired()
        login(request, user)
        return Response(SessionSerializer({"user": user}).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Log out."""
        logout(request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class UsersView(APIView):
    """Everybody."""

    def get_permissions(self) -> list[BasePermission]:
        return [RunsRounds() if self.request.method == "GET" else IsAdmin()]

    @extend_schema(responses=UserSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All people, by name."""
        return Response(UserSerializer(User.objects.order_by("username"), many=True).data)

    @extend_schema(request=NewUserSerializer, responses={201: CreatedUserSerializer})
    def post(self, request: Request) -> Response:
        """Create a person; the password is in this answer and nowhere else."""
        wanted = NewUserSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        user, password = services.create_user(**wanted.validated_data)
        created = {"id": user.pk, "username": user.username, "role": user.role, "password": password}
        return Response(CreatedUserSerializer(created).data, status=status.HTTP_201_CREATED)


class UserView(APIView):
    """One person."""

    permission_classes = [IsAdmin]

    @extend_schema(request=UserChangeSerializer, responses=UserSerializer)
    def patch(self, request: Request, user_id: int) -> Response:
        """Change role or password, or switch an account off."""
        changes = UserChangeSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        user = get_object_or_404(User, pk=user_id)
        return Response(UserSerializer(services.update_user(user=user, **changes.validated_data)).data)


class TokensView(APIView):
    """One's own API tokens."""

    @extend_schema(responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """One's tokens, without their values."""
        tokens = ApiToken.objects.filter(user=person(request)).order_by("pk")
        return Response(TokenSerializer(tokens, many=True).data)

    @extend_schema(request=TokenSerializer, responses={201: CreatedTokenSerializer})
    def post(self, request: Request) -> Response:
        """Make a token; its value is in this answer and nowhere else."""
        wanted = TokenSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        token, value = services.create_token(user=person(request), name=wanted.validated_data["name"])
        created = {"id": token.pk, "name": token.name, "token": value}
        return Response(CreatedTokenSerializer(created).data, status=status.HTTP_201_CREATED)


class TokenView(APIView):
    """One of one's tokens."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke it."""
        get_object_or_404(ApiToken, pk=token_id, user=person(request)).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
