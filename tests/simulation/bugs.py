"""Planted bugs: each takes one safeguard out of the real code, and the simulation has to notice."""

# pyright: reportPrivateUsage=false, reportUnknownLambdaType=false
# ruff: noqa: ARG001
# A bug has the form of what it replaces, and uses what that uses.

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractContextManager, ExitStack
from contextvars import ContextVar
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.admission import check_request, limits
from bot.admission.check_request import Admission
from bot.db.models import OPEN, Generation, Status
from bot.jobs import cancellation, claims, retirement
from bot.jobs.queue import GenerationQueue
from bot.jobs.retirement import Retirement
from bot.jobs.steps import lost_call, polling, signs, submission
from bot.jobs.steps.deliver import Deliver
from bot.jobs.steps.errors import StepPostponedError
from bot.jobs.steps.late import LateWatch
from bot.jobs.steps.readiness import Readiness
from bot.jobs.steps.signs import Ending
from bot.jobs.steps.submission import Submission
from bot.jobs.workflow import Workflow
from bot.media.files import VideoStore
from bot.policy.documents import MemberPolicy
from bot.preview import service as previews
from bot.privacy import retention
from bot.provider import transport
from bot.requests import confirmation, rows, service
from bot.requests.quotes import Quotes
from tests.simulation import discord
from tests.simulation.delivery import SimulatedDelivery

_is_confirming: ContextVar[bool] = ContextVar("_is_confirming", default=False)

Bug = Callable[[], AbstractContextManager[Any]]


def _instead(place: Any, name: str, other: Any) -> Bug:
    return lambda: patch.object(place, name, other)


def _all(*bugs: Bug) -> Bug:
    def plant() -> AbstractContextManager[Any]:
        stack = ExitStack()
        for bug in bugs:
            stack.enter_context(bug())
        return stack

    return plant


async def _write_whatever_status(
    self: GenerationQueue,
    generation_id: str,
    expected: Collection[Status],
    values: dict[str, object],
) -> Generation | None:
    row = update(Generation).where(Generation.id == generation_id)
    return await self._database.write(
        lambda session: session.scalar(row.values(values).returning(Generation))
    )


async def _send_again_unseen(self: Submission, generation: Generation) -> Generation:
    await self._requeue(generation)
    raise StepPostponedError("sent again without a look", timedelta(seconds=1))


async def _post_unseen(
    self: Deliver, generation: Generation, post: Callable[[Generation], Awaitable[Any]]
) -> Any:
    return await post(generation)


async def _deliver_before_posting(self: Deliver, generation: Generation, post: Any) -> Generation:
    generation = await self._queue.note(generation, delivered_at=self._clock())
    if generation.result_id is None and (posted := await self._post_in_time(generation, post)):
        return await self._queue.note(
            generation, result_id=posted.message_id, result_channel_id=posted.channel_id
        )
    return generation


async def _begin_posting_unwritten(self: Deliver, generation: Generation) -> Generation:
    return generation


async def _post_card_unseen(self: Readiness, generation: Generation) -> int:
    return await self._delivery.post_card(generation)


async def _confirm_unchecked(self: Quotes, *arguments: Any) -> Any:
    _is_confirming.set(True)
    return await _real_confirm(self, *arguments)


def _decide_unless_confirming(self: Admission, *arguments: Any) -> Any:
    return None if _is_confirming.get() else _real_decide(self, *arguments)


_real_confirm, _real_decide = Quotes.confirm, Admission.decide


def _use_of_finished(session: Session, guild_id: int, user_id: int, *_: Any) -> limits.Use:
    """Count what succeeded, and forget what is still being made."""
    done = select(Generation.created_at).where(
        Generation.guild_id == guild_id, Generation.user_id == user_id, Generation.status == Status.SUCCEEDED
    )
    return limits.Use(counted=sorted(session.scalars(done)))


def _spent_without_reserved(session: Session, guild_id: int, since: Mapping[Any, Any], _: Any = None) -> Any:
    """Sum up what was charged, and forget what is bound."""
    paid = session.scalars(
        select(Generation.credits_used).where(
            Generation.guild_id == guild_id, Generation.status == Status.SUCCEEDED
        )
    )
    total = sum(cost for cost in paid if cost)
    return dict.fromkeys(since, total)


def _close_finished(
    session: Session, guild_id: int, generation_id: str, actor_id: int, now: Any
) -> Generation:
    place = (Generation.id == generation_id, Generation.guild_id == guild_id)
    closed = update(Generation).where(*place).values(**cancellation._ended(actor_id, now))
    return session.scalars(closed.returning(Generation)).one()


def _fetch_confirmed(session: Session, _: Any, quote_id: str, __: Any) -> Any:
    """Take a click on an offer that was clicked on before."""
    return session.get_one(confirmation.QuoteRow, quote_id)


def _is_as_unread(quote_row: Any) -> Any:
    return confirmation.QuoteRow.id == quote_row.id


async def _stop_asking(self: LateWatch, generation: Generation) -> Generation:
    return await self._close(generation)


def _grants_for_ever(self: MemberPolicy, _: Any) -> int:
    return sum(grant.amount for grant in self.grants)


def _same_file(self: VideoStore, _: str) -> Path:
    return self._folder / "video.mp4"


async def _adopt_no_card(_: Workflow, generation: Generation) -> Generation:
    return generation


def _name_without_number(generation: Generation) -> str:
    return generation.id


async def _nothing_later(*_: Any, **__: Any) -> None:
    """Do nothing."""


async def _never(*_: Any) -> bool:
    return False


def _nothing(*_: Any, **__: Any) -> None:
    """Do nothing."""


BUGS: Mapping[str, Bug] = {
    "a change asks neither for the owner nor for the status": _instead(
        GenerationQueue, "_write", _write_whatever_status
    ),
    "places at the provider are not counted": _instead(claims, "count_running", lambda *_: 0),
    "a lost create call is sent again": _instead(Submission, "look_up", _send_again_unseen),
    "an earlier post is not looked for": _instead(Deliver, "_post_once", _post_unseen),
    "a post is not written down before": _instead(Deliver, "_begin_posting", _begin_posting_unwritten),
    "delivered is written before the post": _instead(Deliver, "_deliver", _deliver_before_posting),
    "messages carry no nonce": _instead(discord, "NONCE_SECONDS", 0.0),
    "a lost card is posted again unseen": _instead(Readiness, "_show_card", _post_card_unseen),
    "no grace for the answer": _instead(rows, "ANSWER_GRACE", timedelta()),
    "the same interaction counts twice": _instead(service, "ensure_new", _nothing),
    "a confirmed offer is not checked again": _all(
        _instead(Quotes, "confirm", _confirm_unchecked),
        _instead(Admission, "decide", _decide_unless_confirming),
    ),
    "an offer is taken twice": _all(
        _instead(confirmation, "fetch_open", _fetch_confirmed),
        _instead(confirmation, "_is_as", _is_as_unread),
    ),
    "limits forget what is being made": _instead(check_request, "fetch_use", _use_of_finished),
    "budgets forget what is bound": _instead(check_request, "fetch_spent", _spent_without_reserved),
    "grants never end": _instead(MemberPolicy, "granted", _grants_for_ever),
    "what is finished can be cancelled": _instead(cancellation, "_close", _close_finished),
    "late videos are not asked for": _instead(LateWatch, "look", _stop_asking),
    "one failed answer is believed": _all(
        _instead(
            signs,
            "ENDINGS",
            {sign: Ending(end.kind, 1, stays_open=False) for sign, end in signs.ENDINGS.items()},
        ),
        _instead(signs.Evidence, "_window", lambda *_: timedelta()),
        _instead(
            polling,
            "ENDINGS",
            {sign: Ending(end.kind, 1, stays_open=False) for sign, end in signs.ENDINGS.items()},
        ),
    ),
    "an answer about another video is taken": _instead(transport, "about", lambda found, _: found),
    "all videos have one file": _instead(VideoStore, "path", _same_file),
    "a lost card is not adopted": _instead(Workflow, "_adopt_card", _adopt_no_card),
    "all tries of a create call have one name": _all(
        *(_instead(place, "call_name", _name_without_number) for place in (submission, lost_call))
    ),
    "leases are not renewed": _instead(GenerationQueue, "renew", _nothing_later),
    "two clicks below a video are two wishes": _instead(service, "ensure_first_click", _nothing),
    "what was removed can be continued": _instead(service, "fetch_continuable", _nothing),
    "a preview is saved at each click": _instead(previews, "take", _nothing),
    "what waits for a model that is gone goes on waiting": _instead(Retirement, "end", _nothing_later),
    "a model that is gone ends what was sent, too": _instead(retirement, "WAITING", OPEN),
    "a server that removed the bot is served": _all(
        _instead(SimulatedDelivery, "is_gone", _never),
        _instead(SimulatedDelivery, "is_removed_from", _never),
    ),
    "what was under way is not forgotten later": _instead(retention, "erase_batch", lambda *_: 0),
}
