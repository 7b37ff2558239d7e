"""The shapes of a draft."""

from __future__ import annotations

from rest_framework import serializers

from annotate.ranking.drafts import Draft, Standing
from annotate.ranking.models import AssignmentState


class DraftSerializer(serializers.Serializer[Draft]):
    """An answer that is not submitted yet."""

    content = serializers.DictField()
    version = serializers.IntegerField()
    at = serializers.DateTimeField()


class NewDraftSerializer(serializers.Serializer[None]):
    """A draft to keep: over which version (0: there was none), and when by the page's clock."""

    content = serializers.DictField()
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    at = serializers.DateTimeField()


class DraftStandsSerializer(serializers.Serializer[Standing]):
    """The draft as it stands, and how its assignment does: answered elsewhere, it takes none any more."""

    state = serializers.ChoiceField(choices=AssignmentState.choices)
    draft = DraftSerializer(allow_null=True)


class DraftConflictSerializer(DraftStandsSerializer):
    """Another tab or device wrote meanwhile: this is what it wrote."""

    detail = serializers.CharField()
