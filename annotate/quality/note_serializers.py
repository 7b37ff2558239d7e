"""The shapes of notes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotate.prompts.serializers import MessageSerializer
from annotate.quality.notes import Thread, is_unread

MAX_NOTE = 4_000


class NewNoteSerializer(serializers.Serializer[None]):
    """A note to write."""

    text = serializers.CharField(max_length=MAX_NOTE)


class NoteSerializer(serializers.Serializer[Any]):
    """One note, as its reader sees it."""

    uid = serializers.UUIDField()
    author = serializers.CharField()
    is_mine = serializers.BooleanField()
    is_unread = serializers.BooleanField()
    text = serializers.CharField()
    written_at = serializers.DateTimeField()


class ThreadSerializer(serializers.Serializer[Any]):
    """The notes about one annotation, oldest first."""

    annotation = serializers.UUIDField(source="annotation.uid")
    annotator = serializers.CharField(source="annotation.assignment.annotator.username")
    round = serializers.IntegerField(source="annotation.assignment.comparison.round.number")
    prompt = MessageSerializer(source="annotation.assignment.comparison.prompt.messages", many=True)
    unread = serializers.IntegerField()
    notes = serializers.SerializerMethodField()

    @extend_schema_field(NoteSerializer(many=True))
    def get_notes(self, thread: Thread) -> list[dict[str, Any]]:
        """The notes, oldest first."""
        shown = [
            {
                "uid": note.uid,
                "author": note.author.username,
                "is_mine": note.author_id == thread.reader.pk,
                "is_unread": is_unread(note, thread.annotation, thread.reader),
                "text": note.text,
                "written_at": note.written_at,
            }
            for note in thread.notes
        ]
        return list(NoteSerializer(shown, many=True).data)


class UnreadSerializer(serializers.Serializer[dict[str, int]]):
    """How many notes one has not read."""

    unread = serializers.IntegerField()
