"""The shapes in which a campaign's settings cross the API."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from annotate.campaigns.chat import Chat
from annotate.campaigns.declared import Declared, openapi
from annotate.campaigns.models import Campaign, CampaignKind
from annotate.campaigns.recipe import Recipe
from annotate.campaigns.task import Task


class DeclaredField(serializers.JSONField):
    """Settings of a :class:`Declared` class: taken in as they are, for its ``parse`` to check.

    They are given out whole: what was stored before a setting was there has its default.
    """

    declared: ClassVar[type[Declared]]

    def to_representation(self, value: Any) -> Any:
        return self.declared.parse(value).as_dict()


class RecipeField(DeclaredField):
    """A recipe, whole or in part."""

    declared = Recipe


class TaskField(DeclaredField):
    """The settings of the ranking page, whole or in part."""

    declared = Task


class ChatField(DeclaredField):
    """How a chat campaign talks, whole or in part."""

    declared = Chat


class DeclaredFieldSchema(OpenApiSerializerFieldExtension):
    """Gives each settings class its own named component in the API's description."""

    target_class = DeclaredField
    match_subclasses = True

    def get_name(self) -> str:
        return str(self.target.declared.__name__)

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        return openapi(self.target.declared)


class NewCampaignSerializer(serializers.Serializer[None]):
    """A campaign to create."""

    name = serializers.CharField(max_length=120)
    guidelines = serializers.CharField(max_length=50_000, required=False, allow_blank=True)
    model = serializers.CharField(max_length=500, required=False)
    kind = serializers.ChoiceField(choices=CampaignKind.choices, required=False)
    task = TaskField(required=False)
    recipe = RecipeField(required=False)
    chat = ChatField(required=False)


class CampaignChangeSerializer(serializers.Serializer[None]):
    """What may change of a campaign. Its kind and first policy may not: what is collected belongs to them."""

    name = serializers.CharField(max_length=120, required=False)
    guidelines = serializers.CharField(max_length=50_000, required=False, allow_blank=True)
    task = TaskField(required=False)
    recipe = RecipeField(required=False)
    chat = ChatField(required=False)
    archived = serializers.BooleanField(required=False)


class MemberNameSerializer(serializers.Serializer[None]):
    """Who shall become a member."""

    username = serializers.CharField(max_length=150)


class CampaignNameSerializer(serializers.ModelSerializer[Campaign]):
    """A campaign where only its name matters."""

    class Meta:
        model = Campaign
        fields: ClassVar = ["id", "name"]
