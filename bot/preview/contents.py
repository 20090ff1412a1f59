"""The effect of a change of blocked words or settings: requests are checked by what they were.

Neither depends on what was asked before, so each is checked by itself; only a film is accepted whole or not
at all. Where it isn't known whether the change refuses a request, since its words were deleted, say, the
request is left out.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, Text, select
from sqlalchemy import cast as cast_in_sql

from bot.admission.availability import allows_channel
from bot.admission.blocklist import forbidden_in
from bot.admission.check_request import check_settings
from bot.admission.replay import wholes
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.models import Generation
from bot.policy.documents import Policy
from bot.preview.comparison import Comparison, Counting, Verdict
from bot.preview.history import Page, find_span, process_pages, read_pages
from bot.preview.proposal import REFUSING, Proposal
from bot.provider.catalogue import OptionValue, VideoRequest, get_model
from bot.provider.options import words_in

# The channels and threads that are known: what each is a thread of; None: of nothing.
KnownChannels = Mapping[int, int | None]

PAGE = 500  # requests that are read and checked at once: prompts are long, and others wait for the lock

NO_LOCK: AbstractAsyncContextManager[None] = nullcontext()

_TABLE = cast("Table", Generation.__table__)
_OPTIONS = cast_in_sql(_TABLE.c.options, Text)  # `_options_reader` reads it
_TITLE = select(FilmRow.title).where(FilmRow.id == _TABLE.c.film_id).scalar_subquery()


class ContentCheck(NamedTuple):
    """Returns the verdict on a request by some columns of its row."""

    columns: Sequence[Any]
    verdict: Callable[[Sequence[Any]], Verdict]


UNKNOWN = Verdict(None, None, None)
Option = OptionValue | None


def content_check(
    proposal: Proposal, policy: Policy, changed: Policy, channels: KnownChannels
) -> ContentCheck:
    """Return the check of a change of words or settings; `changed`: the server's document with it."""
    if proposal.word is not None:
        return word_check(proposal.word, policy)
    fields = proposal.settings.fields if proposal.settings is not None else ()
    return settings_check(fields, policy, changed, channels)


def word_check(word: str, policy: Policy) -> ContentCheck:
    """Return the check by a word that would be blocked, and by those that are."""
    words, read_options = frozenset({word, *policy.words}), _options_reader()

    def verdict_on(row: Sequence[Any]) -> Verdict:
        prompt, options, title, erased_at = row
        if erased_at is not None:
            return UNKNOWN
        texts = (*words_in(prompt, read_options(options)), title)
        found = {each for text in texts if text for each in forbidden_in(text, words)}
        now, alone = not found.isdisjoint(policy.words), word in found
        return Verdict(now, now or alone, alone)

    return ContentCheck((_TABLE.c.prompt, _OPTIONS, _TITLE, _TABLE.c.erased_at), verdict_on)


def settings_check(
    fields: Collection[str], policy: Policy, changed: Policy, channels: KnownChannels
) -> ContentCheck:
    """Return the check by all settings that refuse, and by these `fields` alone, as they would be."""
    alone = _only([field for field in REFUSING if field in fields], changed)
    policies = (_only(REFUSING, policy), _only(REFUSING, changed), alone)
    now, then, by_change = (_refusal_by(each, channels) for each in policies)
    read_options = _options_reader()

    @cache  # many have all of this in common
    def verdict(channel_id: int, model: str, duration: Option, resolution: Option) -> Verdict:
        values = (channel_id, model, duration, resolution)
        return Verdict(now(*values), then(*values), by_change(*values))

    def verdict_on(row: Sequence[Any]) -> Verdict:
        channel_id, model, text = row
        options = read_options(text)
        return verdict(channel_id, model, options.get("duration"), options.get("resolution"))

    return ContentCheck((_TABLE.c.channel_id, _TABLE.c.model, _OPTIONS), verdict_on)


async def compare_contents(
    database: Database,
    guild_id: int,
    check: ContentCheck,
    now: datetime,
    lock: AbstractAsyncContextManager[None] = NO_LOCK,
) -> Comparison:
    """Return what a change would have refused of a server's last 30 days.

    `lock`: is held for each page, so that others get it in between.

    Raises:
        DatabaseBusyError: nothing can be read now.
    """
    span = await find_span(database, guild_id, (), now)
    counting = Counting(span)
    pages = read_pages(database, guild_id, span, check.columns, size=PAGE)
    await process_pages(lock, pages, lambda page: asyncio.to_thread(_count_page, page, check, counting))
    return counting.result()


def _count_page(page: Page, check: ContentCheck, counting: Counting) -> None:
    verdicts = {request.id: check.verdict(row) for request, row in page}
    for whole in wholes(request for request, _ in page):
        counting.add(whole, _together([verdicts[request.id] for request in whole]))


def _options_reader() -> Callable[[str], Mapping[str, OptionValue]]:
    """Return what reads options as the database has them; nearly all requests have the same few.

    It is one preview's: members' words aren't kept after it.
    """
    return lru_cache(maxsize=1024)(json.loads)


def _together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict about all that are accepted or refused together."""
    return verdicts[0] if len(verdicts) == 1 else Verdict(*map(_any, zip(*verdicts, strict=True)))


def _any(answers: Collection[bool | None]) -> bool | None:
    """Return whether one of them is a yes; None: nobody knows."""
    return True if True in answers else None if None in answers else False


def _only(fields: Sequence[str], policy: Policy) -> Policy:
    return Policy().model_copy(update={field: getattr(policy, field) for field in fields})


def _refusal_by(policy: Policy, channels: KnownChannels) -> Callable[[int, str, Option, Option], bool | None]:
    """Return a test of whether settings refuse a request, by its channel, model, duration and resolution."""

    def is_elsewhere(channel_id: int) -> bool | None:
        if allows_channel(policy, channel_id, None):
            return False
        if channel_id not in channels:
            return None
        return not allows_channel(policy, channel_id, channels[channel_id])

    def is_too_much(model_id: str, duration: Option, resolution: Option) -> bool | None:
        model = get_model(model_id)
        if model is None:
            return _refuses_unknown_model(model_id, policy)
        chosen = {"duration": duration, "resolution": resolution}
        options = {name: value for name, value in chosen.items() if value is not None}
        return check_settings(VideoRequest(model, "", options), policy, ()) is not None

    def refuses(channel_id: int, model_id: str, duration: Option, resolution: Option) -> bool | None:
        return _any([is_elsewhere(channel_id), is_too_much(model_id, duration, resolution)])

    return refuses


def _refuses_unknown_model(model_id: str, policy: Policy) -> bool | None:
    """Whether they refuse a model that isn't in the catalogue any more, so that its defaults aren't known."""
    if policy.models and model_id not in policy.models:
        return True
    return None if policy.longest_duration is not None or policy.highest_resolution is not None else False
