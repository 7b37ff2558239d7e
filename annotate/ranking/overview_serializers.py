"""The shapes of a campaign with what every room below knows of it."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from annotate.accounts.models import Role
from annotate.campaigns.models import CampaignKind
from annotate.campaigns.serializers import ChatField, RecipeField, TaskField
from annotate.rounds.models import Round, RoundState
from annotate.rounds.serializers import CheckpointRefSerializer


class OpenRoundSerializer(serializers.ModelSerializer[Round]):
    """The round of a campaign that has not ended."""

    state = serializers.ChoiceField(choices=RoundState.choices)

    class Meta:
        model = Round
        fields: ClassVar = ["id", "number", "state"]


class MineSerializer(serializers.Serializer[dict[str, Any]]):
    """What a campaign has for the person who asks."""

    waiting = serializers.BooleanField()


class CampaignForMemberSerializer(serializers.Serializer[dict[str, Any]]):
    """A campaign as its annotators see it: blind."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=CampaignKind.choices)
    guidelines = serializers.CharField(allow_blank=True)
    task = TaskField()
    open_round = OpenRoundSerializer(allow_null=True)
    mine = MineSerializer()


class PromptCountsSerializer(serializers.Serializer[dict[str, int]]):
    """How many prompts each split has."""

    train = serializers.IntegerField()
    heldout = serializers.IntegerField()


class CampaignSerializer(CampaignForMemberSerializer):
    """A campaign as those who run its rounds see it."""

    model = serializers.CharField()
    recipe = RecipeField()
    chat = ChatField()
    created_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)
    champion = CheckpointRefSerializer(allow_null=True)
    prompts = PromptCountsSerializer()
    members = serializers.IntegerField()


class MemberSerializer(serializers.Serializer[Any]):
    """A member and how many of their annotations stand."""

    user_id = serializers.IntegerField()
    username = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    joined_at = serializers.DateTimeField()
    submitted = serializers.IntegerField()
