"""The shapes of chatting. They go to annotators: no field here may name a model."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from annotate.campaigns.chat import MAX_CHARS, MAX_TURNS
from annotate.ranking.serializers import (
    RankingProgressSerializer,
    ShownCompletionSerializer,
    TaskItemSerializer,
)

TURN_STATES = ["waiting", "writing", "ready", "ranked", "skipped", "failed"]
NEXT = ["write", "wait", "rank", "mend", "finish", "over"]


class TurnSerializer(serializers.Serializer[Any]):
    """What was written, and the replies to it as far as they are; ``chosen`` is the position gone on with."""

    number = serializers.IntegerField()
    attempt = serializers.IntegerField()
    text = serializers.CharField()
    state = serializers.ChoiceField(choices=TURN_STATES)
    replies = ShownCompletionSerializer(many=True)
    chosen = serializers.IntegerField(allow_null=True)
    failure = serializers.CharField(allow_blank=True)
    may_retry = serializers.BooleanField()
    task = TaskItemSerializer(allow_null=True)


class ConversationSerializer(serializers.Serializer[Any]):
    """One's conversation. ``next`` is what one is to do; ``reason`` says why one cannot write."""

    uid = serializers.UUIDField()
    campaign = serializers.IntegerField()
    round = serializers.IntegerField()
    turns = TurnSerializer(many=True)
    draft = serializers.CharField(allow_blank=True)
    ended = serializers.BooleanField()
    next = serializers.ChoiceField(choices=NEXT)
    reason = serializers.CharField(allow_blank=True)


class MyChatSerializer(serializers.Serializer[Any]):
    """One's open conversation, null while there is none, what holds for all, and how far the round is."""

    conversation = ConversationSerializer(allow_null=True)
    progress = RankingProgressSerializer()
    turn_limit = serializers.IntegerField()
    prompt_min = serializers.IntegerField()
    prompt_max = serializers.IntegerField()


class MessageTextSerializer(serializers.Serializer[None]):
    """What one says; ``number`` is the turn's, so that saying it twice counts once."""

    number = serializers.IntegerField(min_value=1, max_value=MAX_TURNS)
    text = serializers.CharField(max_length=MAX_CHARS, trim_whitespace=False)


class PromptDraftSerializer(serializers.Serializer[None]):
    """A message that is being written."""

    text = serializers.CharField(max_length=MAX_CHARS, trim_whitespace=False, allow_blank=True)
