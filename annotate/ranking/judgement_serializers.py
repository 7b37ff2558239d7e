"""The shape of what is said of one completion."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotate.campaigns.attributes import MAX_ATTRIBUTES, MAX_WORDS
from annotate.campaigns.task import MAX_REASONS

MAX_NOTE = 1_000
MAX_EDIT = 32_000
_VALUES = [{"type": "integer"}, {"type": "string"}, {"type": "array", "items": {"type": "string"}}]


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses what it does not know: a misspelt key would otherwise be an answer that is lost."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = (
            sorted(str(key) for key in data.keys() - self.fields.keys()) if isinstance(data, dict) else []
        )
        if unknown:
            raise serializers.ValidationError(
                {unknown[0][:80]: [f"There are only {', '.join(self.fields)}."]}
            )
        return super().to_internal_value(data)


class FlagSerializer(StrictSerializer):
    """What is wrong with a completion: one of the campaign's reasons, and a note."""

    reason = serializers.CharField(max_length=MAX_WORDS)
    note = serializers.CharField(max_length=MAX_NOTE, allow_blank=True, default="")


@extend_schema_field({"oneOf": _VALUES})
class AttributeValueField(serializers.JSONField):
    """A level, an option, or options; which of them, the campaign's task says."""


class AttributesField(serializers.DictField):
    """Values by the attribute's name."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > MAX_ATTRIBUTES:
            raise serializers.ValidationError(f"There are at most {MAX_ATTRIBUTES} attributes.")
        return super().to_internal_value(data)


class JudgementSerializer(StrictSerializer):
    """What is said of the completion at a position: safety, attributes, thumb, flags, a better text."""

    position = serializers.IntegerField(min_value=0)
    safe = serializers.BooleanField(allow_null=True, default=None)
    attributes = AttributesField(child=AttributeValueField(), required=False)
    thumb = serializers.ChoiceField(choices=["up", "down"], allow_null=True, default=None)
    flags: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=FlagSerializer(), max_length=MAX_REASONS, required=False
    )
    edit = serializers.CharField(max_length=MAX_EDIT, trim_whitespace=False, allow_null=True, default=None)

    def validate_edit(self, value: str | None) -> str | None:
        """Refuse an empty text: nobody writes a better answer of nothing."""
        if value is not None and not value.strip():
            raise serializers.ValidationError("This must be a text; leave it out where there is no edit.")
        return value
