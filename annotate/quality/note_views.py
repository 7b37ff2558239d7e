"""Notes of reviewers, and answers of annotators."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.accounts.permissions import RunsRounds
from annotate.campaigns.access import campaign_or_404
from annotate.quality import notes
from annotate.quality.note_serializers import NewNoteSerializer, ThreadSerializer, UnreadSerializer


class NotesView(APIView):
    """The notes about one annotation, for its annotator and those who run rounds."""

    @extend_schema(responses=ThreadSerializer)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """All of them, oldest first."""
        return Response(ThreadSerializer(notes.read_thread(user=person(request), annotation_uid=uid)).data)

    @extend_schema(request=NewNoteSerializer, responses={201: ThreadSerializer})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Write one, or answer; what the other side wrote before counts as read."""
        sent = NewNoteSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        thread = notes.write_note(user=person(request), annotation_uid=uid, **sent.validated_data)
        return Response(ThreadSerializer(thread).data, status=status.HTTP_201_CREATED)


class NotesReadView(APIView):
    """Having read them."""

    @extend_schema(request=None, responses=ThreadSerializer)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """What the other side wrote about this annotation is read."""
        return Response(ThreadSerializer(notes.mark_read(user=person(request), annotation_uid=uid)).data)


class OwnFeedbackView(APIView):
    """What reviewers wrote about one's own annotations."""

    @extend_schema(responses=ThreadSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """Newest first."""
        campaign = campaign_or_404(campaign_id, person(request))
        threads = notes.own_threads(campaign=campaign, user=person(request))
        return Response(ThreadSerializer(threads, many=True).data)


class OwnUnreadView(APIView):
    """Whether somebody has written."""

    @extend_schema(responses=UnreadSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """How many notes about one's own annotations one has not read."""
        campaign = campaign_or_404(campaign_id, person(request))
        return Response({"unread": notes.count_unread(campaign=campaign, user=person(request))})


class FeedbackView(APIView):
    """What was written about the annotations of a campaign."""

    permission_classes = [RunsRounds]

    @extend_schema(responses=ThreadSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """Newest first; ``unread`` counts the annotators' answers that no reviewer has read."""
        campaign = campaign_or_404(campaign_id, person(request))
        threads = notes.campaign_threads(campaign=campaign, user=person(request))
        return Response(ThreadSerializer(threads, many=True).data)
