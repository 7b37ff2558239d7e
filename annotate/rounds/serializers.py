"""The shapes in which the record crosses the API."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from annotate.rounds.models import Checkpoint, RoundEvent


class CheckpointRefSerializer(serializers.ModelSerializer[Checkpoint]):
    """A checkpoint where only its name matters."""

    class Meta:
        model = Checkpoint
        fields: ClassVar = ["id", "name", "digest"]


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    """A checkpoint with where it comes from; ``parent`` and ``round`` are ids."""

    champion = serializers.SerializerMethodField()
    metrics = serializers.DictField(read_only=True)

    class Meta:
        model = Checkpoint
        fields: ClassVar = [
            "id", "kind", "name", "parent", "round", "path", "digest", "metrics", "created_at", "champion",
        ]  # fmt: skip

    def get_champion(self, checkpoint: Checkpoint) -> bool:
        """Whether the next round starts from it."""
        return checkpoint.pk == self.context["champion_id"]


class RoundEventSerializer(serializers.ModelSerializer[RoundEvent]):
    """One move of a round; ``actor`` is a username, null for the loop itself."""

    actor = serializers.CharField(source="actor.username", allow_null=True, default=None)

    class Meta:
        model = RoundEvent
        fields: ClassVar = ["from_state", "to_state", "actor", "reason", "at"]
