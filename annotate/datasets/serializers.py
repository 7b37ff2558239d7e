"""The shapes of an export."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from annotate.campaigns.serializers import CampaignNameSerializer
from annotate.datasets.exports import FORMATS


class ExportQuerySerializer(serializers.Serializer[None]):
    """What to export."""

    format = serializers.ChoiceField(choices=list(FORMATS), default="trl")
    round = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class SourceCheckpointSerializer(serializers.Serializer[Any]):
    """Who wrote a round's completions."""

    name = serializers.CharField()
    digest = serializers.CharField()


class ExportedRoundSerializer(serializers.Serializer[Any]):
    """A round in an export; ``snapshot`` is its hash, null while the round still collects."""

    number = serializers.IntegerField()
    snapshot = serializers.CharField(allow_null=True)
    checkpoint = SourceCheckpointSerializer()


class ManifestSerializer(serializers.Serializer[Any]):
    """What an export holds; ``sha256`` is of its bytes."""

    campaign = CampaignNameSerializer()
    format = serializers.CharField()
    rows = serializers.IntegerField()
    sha256 = serializers.CharField()
    rankings = serializers.IntegerField()
    pairs = serializers.IntegerField()
    margin_levels = serializers.DictField(child=serializers.IntegerField())
    safety_bins = serializers.DictField(child=serializers.IntegerField())
    edits = serializers.IntegerField()
    thumbs = serializers.DictField(child=serializers.IntegerField())
    folds = serializers.DictField(child=serializers.IntegerField())
    annotators = serializers.IntegerField()
    rounds = ExportedRoundSerializer(many=True)
