"""The shapes in which people and tokens cross the API."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from annotate.accounts.models import ApiToken, Role, User


class MeSerializer(serializers.ModelSerializer[User]):
    """The person who is logged in."""

    role = serializers.ChoiceField(choices=Role.choices)
    runs_rounds = serializers.BooleanField(read_only=True)

    class Meta:
        model = User
        fields: ClassVar = ["id", "username", "role", "runs_rounds"]


class SessionSerializer(serializers.Serializer[dict[str, User | None]]):
    """Who this browser is logged in as."""

    user = MeSerializer(allow_null=True)


class LoginSerializer(serializers.Serializer[None]):
    """A name and a password."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=256, trim_whitespace=False)


class UserSerializer(serializers.ModelSerializer[User]):
    """A person as admins and researchers see them."""

    role = serializers.ChoiceField(choices=Role.choices)

    class Meta:
        model = User
        fields: ClassVar = ["id", "username", "role", "is_active"]


class NewUserSerializer(serializers.Serializer[None]):
    """A person to create."""

    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=Role.choices)
    password = serializers.CharField(max_length=256, required=False, trim_whitespace=False)


class UserChangeSerializer(serializers.Serializer[None]):
    """What an admin may change of a person."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = serializers.BooleanField(required=False)
    password = serializers.CharField(max_length=256, required=False, trim_whitespace=False)


class CreatedUserSerializer(serializers.Serializer[dict[str, object]]):
    """A person just created, with the password that is shown this once."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    password = serializers.CharField()


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token, without its value."""

    class Meta:
        model = ApiToken
        fields: ClassVar = ["id", "name", "created_at", "last_used_at"]
        read_only_fields: ClassVar = ["created_at", "last_used_at"]


class CreatedTokenSerializer(serializers.Serializer[dict[str, object]]):
    """A token just created, with the value that is shown this once."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    token = serializers.CharField()
