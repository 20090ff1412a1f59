"""Planted bugs: each takes one safeguard out of the real code, and the simulation has to notice."""

# pyright: reportPrivateUsage=false, reportUnknownLambdaType=false
# ruff: noqa: ARG001
# A bug has the form of what it replaces, and uses what that uses.

import copy
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import ContextVar
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.admission import check_request, limits
from bot.admission.check_request import Admission
from bot.db.models import OPEN, Generation, Status
from bot.jobs import cancellation, endings, fair_order, retirement
from bot.jobs.queue import GenerationQueue, InTransaction
from bot.jobs.retirement import Retirement
from bot.jobs.steps import lost_call, signs, submission
from bot.jobs.steps.base import StepPostponedError
from bot.jobs.steps.deliver import Deliver
from bot.jobs.steps.late import LateWatch
from bot.jobs.steps.preparation import Readiness
from bot.jobs.steps.signs import Ending
from bot.jobs.steps.submission import Submission
from bot.library.takedowns import Takedowns
from bot.media.files import VideoStore
from bot.metrics.spending import Spending
from bot.policy.documents import MemberPolicy
from bot.preview import service as previews
from bot.privacy import retention
from bot.provider import transport
from bot.requests import confirmation, rows, service
from bot.requests.quotes import Quotes
from cogs.delivery.unanswered_posts import UnansweredPosts
from tests.simulation import discord
from tests.simulation.delivery import SimulatedDelivery
from tests.simulation.film_bugs import FILM_BUGS
from tests.simulation.held_bugs import HELD_BUGS
from tests.simulation.planting import Bug, all_of, instead

_is_confirming: ContextVar[bool] = ContextVar("_is_confirming", default=False)


async def _write_whatever_status(
    self: GenerationQueue,
    generation: Generation,
    expected: Collection[Status],
    values: dict[str, object],
    spending: Spending,
    also: InTransaction | None,
) -> Generation | None:
    row = update(Generation).where(Generation.id == generation.id)
    return await self._database.write(
        lambda session: session.scalar(row.values(values).returning(Generation))
    )


async def _move_to_sending(self: GenerationQueue, generation: Generation, **values: Any) -> Generation:
    return await self.move(generation, Status.SUBMITTING, **values)


async def _send_again_unseen(self: Submission, generation: Generation) -> Generation:
    await self._requeue(generation)
    raise StepPostponedError("sent again without a look", timedelta(seconds=1))


async def _post_unseen(
    self: Deliver, generation: Generation, post: Callable[[Generation], Awaitable[Any]]
) -> Any:
    return await post(generation)


async def _deliver_before_posting(self: Deliver, generation: Generation, post: Any) -> Generation:
    generation = await self._queue.update(generation, delivered_at=self._clock())
    if generation.result_id is None and (posted := await self._post_in_time(generation, post)):
        return await self._queue.update(
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


def _fetch_confirmed(session: Session, _: Any, quote_id: str, __: Any, *, way: Any = None) -> Any:
    """Take a click on an offer that was clicked on before."""
    return session.get_one(confirmation.QuoteRow, quote_id)


def _is_as_unread(quote_row: Any) -> Any:
    return confirmation.QuoteRow.id == quote_row.id


async def _stop_asking(self: LateWatch, generation: Generation) -> Generation:
    return await self.close(generation)


def _grants_for_ever(self: MemberPolicy, _: Any) -> int:
    return sum(grant.amount for grant in self.grants)


def _same_file(self: VideoStore, _: str) -> Path:
    return self._folder / "video.mp4"


async def _claim_by_an_old_clock(self: GenerationQueue, max_rows: int) -> list[Generation]:
    """Go by the moment at which the wait for the database began."""
    late, now = copy.copy(self), self._clock()
    late._clock = lambda: now
    return await _real_claim(late, max_rows)


_real_claim = GenerationQueue.claim


async def _adopt_no_card(_: Deliver, generation: Generation) -> Generation:
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
    "a change asks neither for the owner nor for the status": instead(
        GenerationQueue, "_write", _write_whatever_status
    ),
    "slots at the provider are not counted": instead(fair_order, "count_running", lambda *_: 0),
    "a slot is not counted again before it is used": instead(GenerationQueue, "take_slot", _move_to_sending),
    "a lost create call is sent again": instead(Submission, "look_up", _send_again_unseen),
    "an earlier post is not looked for": instead(Deliver, "_post_once", _post_unseen),
    "a post is not written down before": instead(Deliver, "_begin_posting", _begin_posting_unwritten),
    "delivered is written before the post": instead(Deliver, "_deliver", _deliver_before_posting),
    "messages carry no nonce": instead(discord, "NONCE_SECONDS", 0.0),
    "a lost card is posted again unseen": instead(Readiness, "_show_card", _post_card_unseen),
    "no grace for the answer": instead(rows, "ANSWER_GRACE", timedelta()),
    "the same interaction counts twice": instead(service, "ensure_new", _nothing),
    "a confirmed offer is not checked again": all_of(
        instead(Quotes, "confirm", _confirm_unchecked),
        instead(Admission, "decide", _decide_unless_confirming),
    ),
    "an offer is taken twice": all_of(
        instead(confirmation, "fetch_open", _fetch_confirmed),
        instead(confirmation, "_is_as", _is_as_unread),
    ),
    "limits forget what is being made": instead(check_request, "fetch_use", _use_of_finished),
    "budgets forget what is bound": instead(check_request, "fetch_spent", _spent_without_reserved),
    "grants never end": instead(MemberPolicy, "granted", _grants_for_ever),
    "what is finished can be cancelled": instead(cancellation, "_close", _close_finished),
    "late videos are not asked for": instead(LateWatch, "look", _stop_asking),
    "what fails costs what was told of it": instead(endings, "NOT_CHARGED", {}),
    "one failed answer is believed": all_of(
        instead(
            signs,
            "ENDINGS",
            {sign: Ending(end.kind, 1, stays_open=False) for sign, end in signs.ENDINGS.items()},
        ),
        instead(signs.Evidence, "_window", lambda *_: timedelta()),
    ),
    "an answer about another video is taken": instead(transport, "about", lambda found, _: found),
    "all videos have one file": instead(VideoStore, "path", _same_file),
    "a lost card is not adopted": instead(Deliver, "_with_card", _adopt_no_card),
    "all tries of a create call have one name": all_of(
        *(instead(place, "call_name", _name_without_number) for place in (submission, lost_call))
    ),
    "leases are not renewed": instead(GenerationQueue, "renew", _nothing_later),
    "a claim that waited has a lease that is over": instead(GenerationQueue, "claim", _claim_by_an_old_clock),
    "what may still arrive elsewhere is not waited for": instead(UnansweredPosts, "find", _nothing),
    "two clicks below a video are two wishes": instead(service, "ensure_first_click", _nothing),
    "what was removed can be continued": instead(service, "fetch_continuable", _nothing),
    "a preview is saved at each click": instead(previews, "take", _nothing),
    "what waits for a model that is gone goes on waiting": instead(Retirement, "end", _nothing_later),
    "a model that is gone ends what was sent, too": instead(retirement, "WAITING", OPEN),
    "what a kill left posted is not deleted": instead(Takedowns, "look", _nothing_later),
    "a server that removed the bot is served": all_of(
        instead(SimulatedDelivery, "is_gone", _never),
        instead(SimulatedDelivery, "is_removed_from", _never),
    ),
    "what was under way is not forgotten later": instead(retention, "erase_batch", lambda *_: 0),
    **FILM_BUGS,
    **HELD_BUGS,
}
