"""The shapes in which prompts cross the API."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from annotate.prompts.models import Prompt, Split
from annotate.prompts.services import HELDOUT_SHARE, ImportResult
from training.contracts import Message


class MessageSerializer(serializers.Serializer[Message]):
    """One turn of a conversation."""

    role = serializers.ChoiceField(choices=["system", "user", "assistant"])
    content = serializers.CharField()


class PromptSerializer(serializers.ModelSerializer[Prompt]):
    """A prompt in a list."""

    messages = MessageSerializer(many=True)
    split = serializers.ChoiceField(choices=Split.choices)

    class Meta:
        model = Prompt
        fields: ClassVar = ["id", "messages", "split", "external_id", "safety"]


class PromptQuerySerializer(serializers.Serializer[None]):
    """Which prompts to list."""

    split = serializers.ChoiceField(choices=Split.choices, required=False)
    q = serializers.CharField(max_length=200, required=False, help_text="Text that a turn contains.")


class ImportSerializer(serializers.Serializer[None]):
    """A prompt file to import."""

    file = serializers.FileField(allow_empty_file=True)
    heldout_share = serializers.FloatField(min_value=0, max_value=0.9, default=HELDOUT_SHARE)


class ImportResultSerializer(serializers.Serializer[ImportResult]):
    """What an import added, in all and by split, and how many rows were there before."""

    added = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    train = serializers.IntegerField()
    heldout = serializers.IntegerField()
