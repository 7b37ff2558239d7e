"""Annotating: lease, extend, skip, submit, amend, undo. Every payload to an annotator is blind."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.ranking import leases, submissions
from annotate.ranking.progress import Progress
from annotate.ranking.serializers import (
    DeadlineSerializer,
    LeasedSerializer,
    LeaseSerializer,
    SkipSerializer,
    SubmitSerializer,
    SubmittedSerializer,
    UndoneSerializer,
    as_answer,
)
from annotate.rendering import JsonView, json_response

# Made once: a serializer's fields are copied each time it is made, which costs more than the check.
_LEASE, _SUBMIT = LeaseSerializer(), SubmitSerializer()


class LeaseView(JsonView):
    """Getting comparisons to rank."""

    @extend_schema(request=LeaseSerializer, responses=LeasedSerializer)
    def post(self, request: Request, campaign_id: int) -> HttpResponse:
        """One's live leases, oldest first, topped up to ``want``; the same again until they are answered."""
        wanted = _LEASE.run_validation(request.data)
        tasks, progress = leases.lease(campaign_id=campaign_id, user=person(request), **wanted)
        return json_response({"assignments": tasks, "progress": progress})


class ExtendView(JsonView):
    """Keeping a lease."""

    @extend_schema(request=None, responses=DeadlineSerializer)
    def post(self, request: Request, uid: uuid.UUID) -> HttpResponse:
        """Hold a live lease for longer."""
        deadline = leases.extend(user=person(request), uid=uid)
        return json_response({"deadline": deadline})


class SkipView(APIView):
    """Giving a comparison back."""

    @extend_schema(request=SkipSerializer, responses={204: None})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Give it back for good."""
        wanted = SkipSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        leases.skip(user=person(request), uid=uid, **wanted.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SubmitView(JsonView):
    """Answering."""

    @extend_schema(request=SubmitSerializer, responses={201: SubmittedSerializer, 200: SubmittedSerializer})
    def post(self, request: Request, uid: uuid.UUID) -> HttpResponse:
        """Record a ranking: 201, or 200 when this ``client_id`` was recorded before."""
        return _answer(request, uid, submissions.submit)


class AmendView(APIView):
    """Changing an answer."""

    @extend_schema(request=SubmitSerializer, responses={201: SubmittedSerializer, 200: SubmittedSerializer})
    def post(self, request: Request, uid: uuid.UUID) -> HttpResponse:
        """Put another answer in its place while the round collects: 201, or 200 when recorded before."""
        return _answer(request, uid, submissions.amend)


class UndoView(APIView):
    """Taking an answer back."""

    @extend_schema(request=None, responses=UndoneSerializer)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Withdraw one's newest annotation while its round collects."""
        undone = submissions.undo(user=person(request), uid=uid)
        answer = undone.answer
        body = {
            "assignment": undone.assignment,
            "ranking": answer.ranking,
            "gaps": answer.gaps,
            "all_bad": answer.all_bad,
            "rationale": answer.rationale,
            "completions": answer.completions,
        }
        return Response(UndoneSerializer(body).data)


def _answer(
    request: Request, uid: uuid.UUID, record: Callable[..., tuple[uuid.UUID, Progress, bool]]
) -> HttpResponse:
    client_id, answer = as_answer(_SUBMIT.run_validation(request.data))
    made, progress, is_new = record(user=person(request), uid=uid, client_id=client_id, answer=answer)
    return json_response({"uid": made, "progress": progress}, status=201 if is_new else 200)
