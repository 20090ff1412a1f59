"""REST: the answer to an interaction, and the webhook that its token opens for 15 minutes."""

import time
from collections.abc import Callable

from aiohttp import web

from tests.wire_discord import refusals
from tests.wire_discord.bodies import BODY, Body
from tests.wire_discord.channel_routes import API
from tests.wire_discord.interactions import Interaction, Interactions
from tests.wire_discord.messages import Messages
from tests.wire_discord.payloads import message_payload
from tests.wire_discord.refusals import json_answer
from tests.wire_discord.state import EPHEMERAL, LOADING, Json, Message, State

CALLBACK = API + "/interactions/{interaction_id}/{token}/callback"
WEBHOOK = API + "/webhooks/{application_id}/{token}"
ORIGINAL = "@original"
COMMAND_ANSWER = 20  # a message's type
FOLLOW_UP = 19  # the same; Discord shows it as a reply to the answer
NEW, NEW_LATER, UPDATE_LATER, UPDATE = 4, 5, 6, 7  # callback types that concern messages


class InteractionRoutes:
    """Answers what comes with an interaction's token; the bot's own token is not asked for.

    Args:
        answer_seconds: how long an interaction waits for its answer.
        token_seconds: how long its token lives.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        state: State,
        interactions: Interactions,
        messages: Messages,
        answer_seconds: float,
        token_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._state = state
        self._interactions = interactions
        self._messages = messages
        self._answer_seconds = answer_seconds
        self._token_seconds = token_seconds
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        message = f"{WEBHOOK}/messages/{{message_id}}"
        return [
            web.post(CALLBACK, self._answer),
            web.post(WEBHOOK, self._follow_up),
            web.get(message, self._get),
            web.patch(message, self._edit),
            web.delete(message, self._delete),
        ]

    async def _answer(self, request: web.Request) -> web.Response:
        arrived_at = time.perf_counter()
        interaction = self._interactions.get(request.match_info["token"])
        if interaction is None or str(interaction.id) != request.match_info["interaction_id"]:
            raise refusals.unknown_interaction()
        if interaction.callback is not None:
            raise refusals.already_acknowledged()
        if self._clock() - interaction.started_at > self._answer_seconds:
            raise refusals.unknown_interaction()
        callback = request[BODY].form
        interaction.message = await self._carry_out(interaction, callback, request[BODY])
        interaction.callback = callback
        interaction.seconds = arrived_at - interaction.sent_at
        interaction.is_answered.set()
        self._state.notify()
        if request.query.get("with_response") not in {"1", "true"}:
            return web.Response(status=204)
        return json_answer(self._response(interaction, int(callback["type"])))

    async def _carry_out(self, interaction: Interaction, callback: Json, body: Body) -> Message | None:
        content = Body(callback.get("data") or {}, body.uploads)
        match callback["type"]:
            case 4 | 5 as kind:
                flags = LOADING if kind == NEW_LATER else 0
                return await self._messages.create(
                    interaction.channel, content, kind=COMMAND_ANSWER, flags=flags
                )
            case 6 | 7 as kind:
                shown: Json = interaction.payload["message"]
                message = interaction.channel.messages[int(shown["id"])]
                return await self._messages.edit(message, content) if kind == UPDATE else message
            case 8 | 9:  # autocomplete and modal
                return None
            case _:
                raise refusals.invalid_form(
                    "type", "Value is not a possible callback type.", "BASE_TYPE_CHOICES"
                )

    def _response(self, interaction: Interaction, kind: int) -> Json:
        response: Json = {
            "interaction": {"id": str(interaction.id), "type": interaction.payload["type"]},
            "resource": {"type": kind},
        }
        message = interaction.message
        if message is not None:
            response["interaction"] |= {
                "response_message_id": str(message.id),
                "response_message_loading": bool(message.flags & LOADING),
                "response_message_ephemeral": bool(message.flags & EPHEMERAL),
            }
        if message is not None and kind in {NEW, UPDATE}:
            response["resource"]["message"] = message_payload(message, self._state)
        return response

    async def _follow_up(self, request: web.Request) -> web.Response:
        interaction = self._living(request)
        first = interaction.message
        if first is not None and first.flags & LOADING:  # "the first follow-up edits the original"
            message = await self._messages.edit(first, request[BODY])
        else:
            message = await self._messages.create(interaction.channel, request[BODY], kind=FOLLOW_UP)
            interaction.followups.append(message.id)
        return json_answer(message_payload(message, self._state))

    async def _get(self, request: web.Request) -> web.Response:
        return json_answer(message_payload(self._message(request), self._state))

    async def _edit(self, request: web.Request) -> web.Response:
        message = await self._messages.edit(self._message(request), request[BODY])
        return json_answer(message_payload(message, self._state))

    async def _delete(self, request: web.Request) -> web.Response:
        self._messages.delete(self._message(request))
        return web.Response(status=204)

    def _living(self, request: web.Request) -> Interaction:
        interaction = self._interactions.get(request.match_info["token"])
        if interaction is None:
            raise refusals.expired_token()
        if self._clock() - interaction.started_at > self._token_seconds:
            raise refusals.expired_token()
        if interaction.callback is None:
            raise refusals.unknown_webhook()
        return interaction

    def _message(self, request: web.Request) -> Message:
        interaction, name = self._living(request), request.match_info["message_id"]
        answer = interaction.message.id if interaction.message else 0
        number = answer if name == ORIGINAL else int(name)
        own = {answer, *interaction.followups}
        message = interaction.channel.messages.get(number)
        if message is None or number not in own:
            raise refusals.unknown_message()
        return message
