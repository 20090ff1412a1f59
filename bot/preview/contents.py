"""What a change of blocked words or settings would have refused: requests are judged by what they were.

Neither depends on what was asked before, so each is judged by itself; only a film is accepted whole or not at
all. Where it isn't known whether the change refuses a request, since its words were deleted, say, the request
is left out.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, select

from bot.admission.availability import allows_place
from bot.admission.blocklist import forbidden_in, searched_texts
from bot.admission.check_request import check_settings
from bot.admission.replay import PastRequest
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.models import Generation
from bot.policy.documents import Policy
from bot.preview.comparison import Comparison
from bot.preview.daily import days_of
from bot.preview.history import MOST, SPAN, Page, read_pages
from bot.preview.proposal import REFUSING, Proposal
from bot.provider.catalogue import OptionValue, VideoRequest, get_model

# The channels and threads that are known: what each is a thread of; None: of nothing.
Places = Mapping[int, int | None]

PAGE = 500  # requests that are read and judged at once: prompts are long, and others wait for their turn

NO_TURN: AbstractAsyncContextManager[None] = nullcontext()

_TABLE = cast("Table", Generation.__table__)
_COLUMNS: tuple[Any, ...] = (
    _TABLE.c.channel_id,
    _TABLE.c.model,
    _TABLE.c.options,
    _TABLE.c.prompt,
    _TABLE.c.erased_at,
    _TABLE.c.film_id,
    select(FilmRow.title).where(FilmRow.id == _TABLE.c.film_id).scalar_subquery(),
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a request was made from, as its row has it.

    Attributes:
        texts: those that are searched for blocked words; None: they aren't kept any more.
        whole: what it was accepted together with, or not at all; None: it was alone.
    """

    channel_id: int
    model: str
    options: Mapping[str, OptionValue]
    texts: Sequence[str] | None
    whole: Hashable | None = None

    @classmethod
    def of_row(cls, request: PastRequest, row: Sequence[Any]) -> "Content":
        """Return what a row of `_COLUMNS` says."""
        channel_id, model, options, prompt, erased_at, film_id, title = row
        texts = (*searched_texts(prompt, options), title or "")
        whole = None if film_id is None else (film_id, request.created_at)
        return cls(channel_id, model, options, None if erased_at else texts, whole)


class Verdict(NamedTuple):
    """Whether a request is refused now, with the change, and by the change alone; None: nobody knows."""

    now: bool | None
    then: bool | None
    alone: bool | None


UNKNOWN = Verdict(None, None, None)
Judge = Callable[[Content], Verdict]
Judged = tuple[PastRequest, Hashable | None, Verdict]  # with what it was accepted together with


def judge_of(proposal: Proposal, policy: Policy, changed: Policy, places: Places) -> Judge:
    """Return what judges by a change of words or settings; `changed`: the server's document with it."""
    if proposal.word is not None:
        return judge_word(proposal.word, policy)
    fields = proposal.settings.fields if proposal.settings is not None else ()
    return judge_settings(fields, policy, changed, places)


def judge_word(word: str, policy: Policy) -> Judge:
    """Return what judges by a word that would be blocked, and by those that are."""
    words = frozenset({word, *policy.words})

    def judge(content: Content) -> Verdict:
        if content.texts is None:
            return UNKNOWN
        found = {each for text in content.texts for each in forbidden_in(text, words)}
        now, alone = not found.isdisjoint(policy.words), word in found
        return Verdict(now, now or alone, alone)

    return judge


def judge_settings(fields: Collection[str], policy: Policy, changed: Policy, places: Places) -> Judge:
    """Return what judges by all settings that refuse, and by these `fields` alone, as they would be."""
    alone = _only([field for field in REFUSING if field in fields], changed)
    policies = (_only(REFUSING, policy), _only(REFUSING, changed), alone)
    now, then, by_change = (_settings_judge(each, places) for each in policies)
    return lambda content: Verdict(now(content), then(content), by_change(content))


async def compare_contents(
    database: Database,
    guild_id: int,
    judge: Judge,
    now: datetime,
    turn: AbstractAsyncContextManager[None] = NO_TURN,
) -> Comparison:
    """Return what a change would have refused of a server's last 30 days.

    `turn`: is taken for each page, so that others can have theirs in between.

    Raises:
        DatabaseBusyError: nothing can be read now.
    """
    judged: list[Judged] = []
    pages = read_pages(database, guild_id, now - SPAN, now, _COLUMNS, size=PAGE)
    page: Page | None = []
    while page is not None:
        async with turn:
            page = await anext(pages, None)
            judged += await asyncio.to_thread(_judge_page, page or [], judge)
    is_cut = len(judged) >= MOST
    start = judged[-1][0].created_at if is_cut else now - SPAN
    async with turn:
        return await asyncio.to_thread(comparison_of, judged, start, now, is_cut=is_cut)


def comparison_of(
    judged: Sequence[Judged], start: datetime, now: datetime, *, is_cut: bool = False
) -> Comparison:
    """Return what verdicts come to; what nobody knows about is counted apart."""
    verdicts = _whole(judged)
    known = [(request, verdict) for request, verdict in verdicts if verdict.alone is not None]
    sure = [(request, verdict) for request, verdict in known if None not in verdict]
    refused_now = {request.id for request, verdict in sure if verdict.now}
    refused_then = {request.id for request, verdict in sure if verdict.then}
    refused = [request for request, verdict in known if verdict.alone]
    return Comparison(
        start=start,
        requests=len(known),
        refused=refused,
        refused_now=len(refused_now),
        refused_twice=sum(request.id in refused_now for request in refused),
        unsaved={request.id for request in refused} - (refused_then - refused_now),
        unknown=len(verdicts) - len(known),
        unsure=len(known) - len(sure),
        is_cut=is_cut,
        days=days_of([request for request, _ in sure], refused_now, refused_then, start, now),
    )


def _judge_page(page: Page, judge: Judge) -> list[Judged]:
    found: list[Judged] = []
    for request, row in page:
        content = Content.of_row(request, row)
        found.append((request, content.whole, judge(content)))
    return found


def _whole(judged: Sequence[Judged]) -> list[tuple[PastRequest, Verdict]]:
    """Return each request with the verdict about all that it was accepted together with."""
    groups: dict[Hashable, list[Verdict]] = defaultdict(list)
    for _, whole, verdict in judged:
        if whole is not None:
            groups[whole].append(verdict)
    of_groups = {whole: Verdict(*map(_any, zip(*each, strict=True))) for whole, each in groups.items()}
    return [(request, verdict if whole is None else of_groups[whole]) for request, whole, verdict in judged]


def _any(answers: Collection[bool | None]) -> bool | None:
    """Return whether one of them is a yes; None: nobody knows."""
    return True if True in answers else None if None in answers else False


def _only(fields: Sequence[str], policy: Policy) -> Policy:
    return Policy().model_copy(update={field: getattr(policy, field) for field in fields})


def _settings_judge(policy: Policy, places: Places) -> Callable[[Content], bool | None]:
    """Return what tells whether settings refuse a request; what many have in common is decided once."""

    @cache
    def is_elsewhere(channel_id: int) -> bool | None:
        if allows_place(policy, channel_id, None):
            return False
        return not allows_place(policy, channel_id, places[channel_id]) if channel_id in places else None

    @cache
    def is_too_much(
        model_id: str, duration: OptionValue | None, resolution: OptionValue | None
    ) -> bool | None:
        model = get_model(model_id)
        if model is None:
            return _judge_unknown_model(model_id, policy)
        chosen = {"duration": duration, "resolution": resolution}
        options = {name: value for name, value in chosen.items() if value is not None}
        return check_settings(VideoRequest(model, "", options), policy, ()) is not None

    def judge(content: Content) -> bool | None:
        options = content.options
        too_much = is_too_much(content.model, options.get("duration"), options.get("resolution"))
        return _any([is_elsewhere(content.channel_id), too_much])

    return judge


def _judge_unknown_model(model_id: str, policy: Policy) -> bool | None:
    """Judge a request for a model that isn't in the catalogue any more, so that its defaults aren't known."""
    if policy.models and model_id not in policy.models:
        return True
    return None if policy.longest_duration is not None or policy.highest_resolution is not None else False
