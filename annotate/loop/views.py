"""Launching, watching and deciding rounds. For admins and researchers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.accounts.models import User
from annotate.accounts.permissions import RunsRounds
from annotate.campaigns.access import campaign_or_404
from annotate.loop.evaluation import evaluation_of
from annotate.loop.jobs import log_file
from annotate.loop.models import TrainingRun
from annotate.loop.samples import newest_samples
from annotate.loop.shapes import (
    EvaluationSerializer,
    ReasonSerializer,
    RetrySerializer,
    RoundSerializer,
    RunMetricSerializer,
    SampleQuerySerializer,
    SampleSerializer,
)
from annotate.loop.steps import finish_collecting
from annotate.rounds import services
from annotate.rounds.models import Round

LOG_BYTES = 200_000
PART_OF_RECIPE = {"application/json": {"$ref": "#/components/schemas/Recipe"}}


class RoundsView(APIView):
    """The rounds of a campaign."""

    permission_classes = [RunsRounds]

    @extend_schema(responses=RoundSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """Every round of the campaign, newest first."""
        campaign = campaign_or_404(campaign_id, person(request))
        rounds = campaign.rounds.select_related("campaign", "start_policy").order_by("-number")
        return Response(RoundSerializer(rounds, many=True).data)

    @extend_schema(request=PART_OF_RECIPE, responses={201: RoundSerializer})
    def post(self, request: Request, campaign_id: int) -> Response:
        """Launch a round; the body overrides parts of the campaign's recipe."""
        actor = person(request)
        campaign = campaign_or_404(campaign_id, actor)
        round = services.launch_round(campaign=campaign, overrides=request.data, actor=actor)
        return Response(RoundSerializer(round).data, status=status.HTTP_201_CREATED)


class RoundView(APIView):
    """One round."""

    permission_classes = [RunsRounds]

    @extend_schema(responses=RoundSerializer)
    def get(self, request: Request, round_id: int) -> Response:
        """The round with its runs, moves, counts and evaluation."""
        return Response(RoundSerializer(_round(round_id)).data)


class RoundActionView(APIView):
    """Something that a person does to a round; each address names its own."""

    permission_classes = [RunsRounds]
    act: Callable[..., Round]

    @extend_schema(request=None, responses=RoundSerializer)
    def post(self, request: Request, round_id: int) -> Response:
        """Do it; 409 when the round's state does not allow it."""
        round = type(self).act(round=_round(round_id), actor=person(request))
        return Response(RoundSerializer(round).data)


class CancelView(RoundActionView):
    """End a round for good."""

    act = staticmethod(services.cancel)


class RetryView(APIView):
    """Take a failed round back to the state it failed in."""

    permission_classes = [RunsRounds]

    @extend_schema(request=RetrySerializer, responses=RoundSerializer)
    def post(self, request: Request, round_id: int) -> Response:
        """Try again, with other ``params`` if they are given; 409 unless the round has failed."""
        body = RetrySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        round = services.retry(round=_round(round_id), actor=person(request), **body.validated_data)
        return Response(RoundSerializer(round).data)


class FinishCollectingView(RoundActionView):
    """End the collection early."""

    act = staticmethod(finish_collecting)


class DecisionView(APIView):
    """What a person decides about a challenger."""

    permission_classes = [RunsRounds]
    decide: Callable[..., Round]

    @extend_schema(request=ReasonSerializer, responses=RoundSerializer)
    def post(self, request: Request, round_id: int) -> Response:
        """Decide; 409 unless the round waits for a decision."""
        body = ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        actor: User = person(request)
        round = type(self).decide(round=_round(round_id), actor=actor, reason=body.validated_data["reason"])
        return Response(RoundSerializer(round).data)


class PromoteView(DecisionView):
    """Make the challenger the champion."""

    decide = staticmethod(services.promote)


class RejectView(DecisionView):
    """Keep the champion."""

    decide = staticmethod(services.reject)


class SamplesView(APIView):
    """The newest sampled replies of a round."""

    permission_classes = [RunsRounds]

    @extend_schema(parameters=[SampleQuerySerializer], responses=SampleSerializer(many=True))
    def get(self, request: Request, round_id: int) -> Response:
        """The newest replies, newest first."""
        query = SampleQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        return Response(newest_samples(_round(round_id), limit=query.validated_data["limit"]))


class EvaluationView(APIView):
    """The evaluation of a round's challenger."""

    permission_classes = [RunsRounds]

    @extend_schema(responses=EvaluationSerializer)
    def get(self, request: Request, round_id: int) -> Response:
        """Metrics and judged replies; 404 before there are any."""
        evaluation = evaluation_of(_round(round_id))
        if evaluation is None:
            raise NotFound("This round has not been evaluated yet.")
        return Response(evaluation)


class RunMetricsView(APIView):
    """The curves of a run."""

    permission_classes = [RunsRounds]

    @extend_schema(responses=RunMetricSerializer(many=True))
    def get(self, request: Request, run_id: int) -> Response:
        """Every step that was measured, in order."""
        metrics: Any = _run(run_id).metrics.order_by("step")
        return Response(RunMetricSerializer(metrics, many=True).data)


class RunLogView(APIView):
    """What a run's process said."""

    permission_classes = [RunsRounds]

    @extend_schema(responses={(200, "text/plain"): OpenApiResponse(OpenApiTypes.STR)})
    def get(self, request: Request, run_id: int) -> HttpResponse:
        """The last 200 kB of the log."""
        path = log_file(_run(run_id))
        text = b""
        if path.exists():
            with path.open("rb") as handle:
                handle.seek(max(0, path.stat().st_size - LOG_BYTES))
                text = handle.read()
        return HttpResponse(text.decode("utf-8", "replace"), content_type="text/plain; charset=utf-8")


def _round(round_id: int) -> Round:
    round = Round.objects.select_related("campaign", "start_policy").filter(pk=round_id).first()
    if round is None:
        raise NotFound("There is no such round.")
    return round


def _run(run_id: int) -> TrainingRun:
    run = TrainingRun.objects.select_related("round").filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such run.")
    return run
