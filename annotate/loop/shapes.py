"""The shapes in which rounds and their runs cross the API and the websocket."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotate.campaigns.serializers import CampaignNameSerializer, RecipeField
from annotate.live.events import last_seq, round_topic
from annotate.loop.collecting import collecting_shape
from annotate.loop.models import RunMetric, RunState, TrainingRun
from annotate.prompts.serializers import MessageSerializer
from annotate.rounds.models import CheckpointKind, Round
from annotate.rounds.serializers import CheckpointRefSerializer, RoundEventSerializer
from annotate.rounds.services import checkpoint_of


class ProgressSerializer(serializers.Serializer[None]):
    """How far a stage is: ``step`` of ``total`` in ``unit``; times in seconds; empty before it began."""

    phase = serializers.CharField(required=False)
    step = serializers.IntegerField(required=False)
    total = serializers.IntegerField(required=False)
    unit = serializers.CharField(required=False)
    seconds = serializers.FloatField(required=False)
    eta_seconds = serializers.FloatField(required=False)
    tokens_per_second = serializers.FloatField(required=False)
    metrics = serializers.DictField(child=serializers.FloatField(), required=False)


class RunSerializer(serializers.ModelSerializer[TrainingRun]):
    """A run of a stage; ``metrics`` are those of its result, null before it has one."""

    progress = ProgressSerializer()
    metrics = serializers.SerializerMethodField()

    class Meta:
        model = TrainingRun
        fields: ClassVar = [
            "id", "stage", "state", "attempt", "progress", "error", "metrics",
            "queued_at", "started_at", "ended_at",
        ]  # fmt: skip

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_metrics(self, run: TrainingRun) -> dict[str, Any] | None:
        """The numbers of the result."""
        return run.result["metrics"] if run.result else None


class RunMetricSerializer(serializers.ModelSerializer[RunMetric]):
    """The numbers of one step."""

    values = serializers.DictField(child=serializers.FloatField())

    class Meta:
        model = RunMetric
        fields: ClassVar = ["step", "values", "at"]


class CollectingSerializer(serializers.Serializer[None]):
    """How the collection stands. ``wanted`` and ``submitted`` count annotations, the others comparisons
    (``retired``: given up) and live leases; ``per_minute`` is over the last five minutes."""

    comparisons = serializers.IntegerField()
    wanted = serializers.IntegerField()
    submitted = serializers.IntegerField()
    leased = serializers.IntegerField()
    retired = serializers.IntegerField()
    per_minute = serializers.FloatField()


class EvaluationMetricsSerializer(serializers.Serializer[None]):
    """What the evaluation measured."""

    metrics = serializers.DictField()


class RoundSerializer(serializers.ModelSerializer[Round]):
    """A round with all that its page shows. Events after ``last_seq`` are not in it yet."""

    # Declared first, and so read first: what happens while the rest is read is told again rather than missed.
    last_seq = serializers.SerializerMethodField()
    campaign = CampaignNameSerializer()
    recipe = RecipeField()
    start_policy = CheckpointRefSerializer()
    challenger = serializers.SerializerMethodField()
    reward_model = serializers.SerializerMethodField()
    safety_model = serializers.SerializerMethodField()
    collecting = serializers.SerializerMethodField()
    runs = serializers.SerializerMethodField()
    events = serializers.SerializerMethodField()
    evaluation = serializers.SerializerMethodField()

    class Meta:
        model = Round
        fields: ClassVar = [
            "last_seq", "id", "campaign", "number", "state", "recipe", "start_policy", "challenger",
            "reward_model", "safety_model", "failed_in", "failure", "created_at", "entered_at", "collecting",
            "runs", "events", "evaluation",
        ]  # fmt: skip

    def get_last_seq(self, round: Round) -> int:
        """The number of the newest event that this shape includes."""
        return last_seq(round_topic(round.pk))

    @extend_schema_field(CheckpointRefSerializer(allow_null=True))
    def get_challenger(self, round: Round) -> dict[str, Any] | None:
        """The policy that this round trained."""
        return _checkpoint_shape(round, CheckpointKind.POLICY)

    @extend_schema_field(CheckpointRefSerializer(allow_null=True))
    def get_reward_model(self, round: Round) -> dict[str, Any] | None:
        """The reward model that this round trained."""
        return _checkpoint_shape(round, CheckpointKind.REWARD)

    @extend_schema_field(CheckpointRefSerializer(allow_null=True))
    def get_safety_model(self, round: Round) -> dict[str, Any] | None:
        """The safety model that this round trained, if it was asked for and there was what to learn."""
        return _checkpoint_shape(round, CheckpointKind.SAFETY)

    @extend_schema_field(CollectingSerializer)
    def get_collecting(self, round: Round) -> dict[str, Any]:
        """How the collection stands."""
        return collecting_shape(round)

    @extend_schema_field(RunSerializer(many=True))
    def get_runs(self, round: Round) -> list[dict[str, Any]]:
        """Every run, oldest first."""
        return [run_shape(run) for run in round.runs.order_by("pk")]

    @extend_schema_field(RoundEventSerializer(many=True))
    def get_events(self, round: Round) -> list[dict[str, Any]]:
        """Every move, oldest first."""
        return list(RoundEventSerializer(round.events.select_related("actor").order_by("pk"), many=True).data)

    @extend_schema_field(EvaluationMetricsSerializer(allow_null=True))
    def get_evaluation(self, round: Round) -> dict[str, Any] | None:
        """What the evaluation measured, null before it has."""
        run = round.runs.filter(stage="evaluate", state=RunState.SUCCEEDED).first()
        return {"metrics": run.result["metrics"]} if run and run.result else None


class EvaluatedReplySerializer(serializers.Serializer[None]):
    """A held-out reply with its normalised reward; ``length`` in tokens.

    ``safe`` is the chance that it is safe, by the safety model; null without one.
    """

    text = serializers.CharField()
    reward = serializers.FloatField()
    length = serializers.IntegerField()
    finish = serializers.ChoiceField(choices=["stop", "length"])
    safe = serializers.FloatField(required=False, allow_null=True)


class EvaluatedPromptSerializer(serializers.Serializer[None]):
    """One held-out prompt answered by the challenger, the round's start and the first policy."""

    messages = MessageSerializer(many=True)
    challenger = EvaluatedReplySerializer()
    start = EvaluatedReplySerializer()
    base = EvaluatedReplySerializer()


class EvaluationSerializer(EvaluationMetricsSerializer):
    """The whole evaluation."""

    samples = EvaluatedPromptSerializer(many=True)


class SampleSerializer(serializers.Serializer[None]):
    """A sampled reply with the last turn of its prompt."""

    prompt = serializers.CharField()
    text = serializers.CharField()
    temperature = serializers.FloatField()
    finish = serializers.ChoiceField(choices=["stop", "length"])


class ReasonSerializer(serializers.Serializer[None]):
    """Why."""

    reason = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class RetrySerializer(serializers.Serializer[None]):
    """What the stages that are still to run are told from now on, in place of the recipe's params."""

    params = serializers.JSONField(required=False)


class SampleQuerySerializer(serializers.Serializer[None]):
    """How many samples to show."""

    limit = serializers.IntegerField(min_value=1, max_value=200, default=20)


def run_shape(run: TrainingRun) -> dict[str, Any]:
    """A run as the API and the websocket show it."""
    return dict(RunSerializer(run).data)


def _checkpoint_shape(round: Round, kind: CheckpointKind) -> dict[str, Any] | None:
    checkpoint = checkpoint_of(round, kind)
    return dict(CheckpointRefSerializer(checkpoint).data) if checkpoint else None
