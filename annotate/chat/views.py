"""Chatting: begin, write, try again, take back, finish. Ranking is that of any comparison."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.accounts.models import User
from annotate.campaigns.access import campaign_or_404
from annotate.campaigns.chat import Chat
from annotate.chat import conversations
from annotate.chat.models import Conversation
from annotate.chat.serializers import (
    ConversationSerializer,
    MessageTextSerializer,
    MyChatSerializer,
    PromptDraftSerializer,
)
from annotate.chat.shapes import conversation_shape
from annotate.chat.throttles import TurnThrottle
from annotate.ranking.progress import open_round, progress_of


class ChatView(APIView):
    """One's conversation in a campaign."""

    @extend_schema(responses=MyChatSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """The open conversation, if there is one, and how far the round is."""
        user = person(request)
        campaign = campaign_or_404(campaign_id, user)
        found = conversations.open_conversation(campaign=campaign, user=user)
        chat = Chat.parse(campaign.chat)
        shape = {
            "conversation": conversation_shape(found) if found else None,
            "progress": progress_of(round=open_round(campaign), user=user),
            "turn_limit": chat.turns,
            "prompt_min": chat.prompt_min,
            "prompt_max": chat.prompt_max,
        }
        return Response(MyChatSerializer(shape).data)

    @extend_schema(request=None, responses={201: ConversationSerializer, 200: ConversationSerializer})
    def post(self, request: Request, campaign_id: int) -> Response:
        """Begin a conversation: 201, or 200 with the one that is open."""
        user = person(request)
        campaign = campaign_or_404(campaign_id, user)
        found, is_new = conversations.start_conversation(campaign=campaign, user=user)
        return _answer(found, user, status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class ConversationView(APIView):
    """One conversation of one's own."""

    @extend_schema(responses=ConversationSerializer)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """The conversation as it is now."""
        user = person(request)
        return _answer(conversations.find_conversation(user=user, uid=uid), user)


class TurnsView(APIView):
    """Saying something."""

    throttle_classes = [TurnThrottle]

    @extend_schema(
        request=MessageTextSerializer, responses={201: ConversationSerializer, 200: ConversationSerializer}
    )
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Write the next message: 201, or 200 when this one was written before."""
        said = MessageTextSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        user = person(request)
        turn, is_new = conversations.write_turn(user=user, uid=uid, **said.validated_data)
        return _answer(turn.conversation, user, status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class RetryTurnView(APIView):
    """Trying again."""

    throttle_classes = [TurnThrottle]

    @extend_schema(request=None, responses=ConversationSerializer)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Have the last message answered again after that failed."""
        user = person(request)
        conversations.retry_turn(user=user, uid=uid)
        return _answer(conversations.find_conversation(user=user, uid=uid), user)


class TakeBackView(APIView):
    """Putting it otherwise."""

    @extend_schema(request=None, responses=ConversationSerializer)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Take back the last message, which could not be answered; it becomes the draft."""
        user = person(request)
        conversations.take_back_turn(user=user, uid=uid)
        return _answer(conversations.find_conversation(user=user, uid=uid), user)


class FinishView(APIView):
    """Ending a conversation."""

    @extend_schema(request=None, responses=ConversationSerializer)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Finish it; what was ranked stays."""
        user = person(request)
        conversations.finish_conversation(user=user, uid=uid)
        return _answer(conversations.find_conversation(user=user, uid=uid), user)


class PromptDraftView(APIView):
    """The message that one is writing."""

    @extend_schema(request=PromptDraftSerializer, responses={204: None})
    def put(self, request: Request, uid: uuid.UUID) -> Response:
        """Keep it, so that another tab or device finds it."""
        draft = PromptDraftSerializer(data=request.data)
        draft.is_valid(raise_exception=True)
        conversations.save_prompt_draft(user=person(request), uid=uid, **draft.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _answer(found: Conversation, user: User, code: int = status.HTTP_200_OK) -> Response:
    fresh = Conversation.objects.select_related("round__campaign").get(pk=found.pk, annotator=user)
    return Response(ConversationSerializer(conversation_shape(fresh)).data, status=code)
