"""The checks of `/veo-admin doctor` and `veo-bot doctor` beside permissions: each is defined once, here.

The second (`bot.doctor.examine`) only makes those that make sense from outside the running program.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.db.state import keep_state
from bot.db.words import cause_of
from bot.doctor.check_result import (
    CHECK_PATIENCE,
    IF_IT_STAYS_SO,
    TELL_OPERATOR,
    CheckResult,
    bounded,
    bounded_all,
)
from bot.doctor.provider_text import (
    REMEDIES,
    advise_unreachable,
    describe_limit,
    describe_pause,
    describe_trouble,
    quote_on_discord,
)
from bot.errors import DatabaseBusyError
from bot.i18n import _, dollars, ngettext
from bot.jobs.closures import RefusalScope
from bot.jobs.pause_state import fetch_pause
from bot.markup import relative_time
from bot.money import usd
from bot.monitoring.alert_rules import AlertKey, AlertKind
from bot.monitoring.alert_store import AlertStore
from bot.policy.store import fetch_policy
from bot.provider.catalogue import Model, VideoRequest, build_request
from bot.provider.client import VeoClient
from bot.provider.errors import AccountError, ForbiddenError, UnreachableError, VeoError
from bot.provider.keys import KeyStatus
from bot.provider.pricing import duration_of, quote

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

SILENCE = timedelta(minutes=5)  # without an answered poll while videos are being made: something is wrong
LOW_BALANCE = 1.0  # USD, below which an account is called nearly empty whatever a video costs


async def check_pause(database: Database, guild_id: int) -> CheckResult:
    """Find out whether moderators of a server have paused /veo."""
    policy = await database.read(lambda session: fetch_policy(session, guild_id))
    if policy.pause is None:
        return CheckResult(is_good=True, what=_("/veo isn't paused."))
    return CheckResult(
        is_good=False,
        what=_("/veo was paused on this server {when}.", when=relative_time(policy.pause.since)),
        advice=_("Resume it with `/veo-admin resume`."),
        remedy="Its moderators can resume it with `/veo-admin resume`.",
    )


async def check_writing(database: Database, clock: Clock = utc_now) -> CheckResult:
    """Find out whether the database takes writes, by one small write."""
    try:
        await keep_state(database, "doctor", clock().isoformat())
    except DatabaseBusyError as error:
        return CheckResult(
            is_good=False,
            what=_("I can't write to the database, so I can't accept requests."),
            advice=_(
                "Tell the people who run the bot: the disk may be full, or another "
                "program may be locking the file."
            ),
            remedy=f"{cause_of(error)}Usually its disk is full, or another program locks it: mend that.",
        )
    return CheckResult(is_good=True, what=_("I can write to the database."))


async def check_alerts(database: Database) -> CheckResult:
    """Find out whether alerts reach the operator's channel, as far as the running program has noticed."""
    state = (await AlertStore(database).read()).get(AlertKey(AlertKind.CHANNEL_CLOSED))
    if state is None or not state.is_active:
        return CheckResult(is_good=True, what=_("Alerts reach the people who run the bot."))
    return CheckResult(
        is_good=False,
        what=_("I can't post alerts for the people who run the bot."),
        advice=_("Tell them to set `OPERATOR_CHANNEL_ID` to a channel I can write in."),
        remedy="Set `OPERATOR_CHANNEL_ID` to a channel the bot can write in.",
    )


def sample_of(models: Sequence[Model]) -> VideoRequest:
    """Return a request as most people make it, with the first of the models that the bot offers."""
    return build_request(models[0].id, "a video as most people ask for", {})


async def check_account(veo: VeoClient, sample: VideoRequest, patience: float) -> CheckResult:
    """Find out whether the provider takes the key, and for how many of `sample` its money is enough."""
    try:
        balance = await veo.fetch_balance()
    except AccountError:
        return _refused_key()
    except ForbiddenError:
        return await _check_silent_key(veo, patience / 2)
    except UnreachableError as error:
        return CheckResult(
            is_good=False,
            what=_("I can't reach the video service."),
            advice=_("Requests wait until I can.") + " " + _(IF_IT_STAYS_SO),
            remedy=advise_unreachable(error.__cause__),
        )
    except VeoError as error:
        log.warning("could not read the balance", reason=str(error))
        return CheckResult(
            is_good=False,
            what=_("The video service has a problem and doesn't show the balance."),
            advice=_("Requests wait until it works again."),
        )
    price, key = await asyncio.gather(_fetch_price(veo, sample, patience / 2), fetch_key(veo, patience / 2))
    if (trouble := _trouble_of(key)) is not None:
        return trouble
    finding = _check_balance(balance, sample, price)
    limit = describe_limit(key) if key is not None and key.is_ours else ""
    return replace(finding, what=f"{finding.what} {limit}".rstrip())


def _refused_key() -> CheckResult:
    return CheckResult(
        is_good=False,
        what=_("The video service rejects the bot's key."),
        advice=_("Tell the people who run the bot to check `AIMLAPI_KEY` and its account."),
        remedy="Check `AIMLAPI_KEY` and its account.",
    )


async def _check_silent_key(veo: VeoClient, patience: float) -> CheckResult:
    """Check a key that may not ask for the balance, as one that is for videos alone."""
    key = await fetch_key(veo, patience)
    if key is None or not key.is_ours:
        return _refused_key()
    good = CheckResult(is_good=True, what=_("The key works, but it can't read the account's balance."))
    return _trouble_of(key) or good


def _trouble_of(key: KeyStatus | None) -> CheckResult | None:
    if key is None or not key.is_ours or key.trouble is None:
        return None
    return CheckResult(
        is_good=False,
        what=describe_trouble(key, key.trouble),
        advice=_("Requests wait until that's fixed.") + " " + _(TELL_OPERATOR),
        remedy=REMEDIES[key.trouble],
    )


async def check_submitting(
    database: Database, quote: Callable[[str], str] = quote_on_discord
) -> list[CheckResult]:
    """Find out whether the provider refuses requests; nothing is found where it does not."""
    pause = await fetch_pause(database)
    if pause is None or pause.scope is RefusalScope.REQUEST:
        return []
    refused = CheckResult(
        is_good=False,
        what=describe_pause(pause, quote),
        advice=_("Requests wait and continue once the video service accepts them.") + " " + _(IF_IT_STAYS_SO),
        remedy="Requests wait, and the bot tries one of them every minute. Check the account, and the key's "
        "limit and scopes.",
    )
    return [refused]


async def fetch_key(veo: VeoClient, patience: float) -> KeyStatus | None:
    """Return what the provider says about the key; None: nothing, or not soon enough."""
    try:
        async with asyncio.timeout(patience):
            return await veo.fetch_key()
    except (VeoError, TimeoutError):
        return None


async def _fetch_price(veo: VeoClient, sample: VideoRequest, patience: float) -> float | None:
    """Return what `sample` costs, in credits; None: that cannot be found out soon enough."""
    try:
        async with asyncio.timeout(patience):
            pricing = (await veo.fetch_listing(sample.model.id)).pricing
    except (VeoError, TimeoutError):
        return None
    return pricing and quote(pricing, sample)


class Checkup:
    """Looks at the parts that every request needs.

    Args:
        sample: what the account's money is counted in.
        patience: seconds that one check may take.
    """

    def __init__(
        self,
        database: Database,
        veo: VeoClient,
        clock: Clock = utc_now,
        *,
        sample: VideoRequest,
        patience: float = CHECK_PATIENCE,
    ) -> None:
        self._sample = sample
        self._database = database
        self._veo = veo
        self._clock = clock
        self._patience = patience
        self._opened_at = clock()

    async def run(self, guild_id: int) -> list[CheckResult]:
        """Check everything once; never raises for what is checked."""
        submitting = bounded_all(_("The video service"), check_submitting(self._database), self._patience)
        *checks, refused = await asyncio.gather(
            self.bounded(_("Whether /veo is paused"), check_pause(self._database, guild_id)),
            self.bounded(_("The database"), check_writing(self._database, self._clock)),
            self.bounded(_("The video service"), check_account(self._veo, self._sample, self._patience)),
            self.bounded(_("Running videos"), self._check_polls()),
            submitting,
        )
        # Most servers have nothing to do with that channel, so only its trouble is worth a line.
        alerts = await self.bounded(_("The operator's alerts"), check_alerts(self._database))
        return [*checks, *refused, *([] if alerts.is_good else [alerts])]

    async def bounded(self, what: str, check: Awaitable[CheckResult]) -> CheckResult:
        """Return what `check` finds, as `bounded` above."""
        return await bounded(what, check, self._patience)

    async def _check_polls(self) -> CheckResult:
        query = select(func.count(), func.min(Generation.submitted_at)).where(
            Generation.delivered_at.is_(None), Generation.status == Status.RUNNING
        )
        running, since = await self._database.read(lambda session: session.execute(query).one())
        if not running:
            return CheckResult(is_good=True, what=_("No videos are in progress."))
        return _check_silence(
            self._veo.answered_at, max(since or self._opened_at, self._opened_at), self._clock()
        )


def _check_balance(balance: float, sample: VideoRequest, price: float | None) -> CheckResult:
    """Check an account of `balance` USD; `price`: of `sample`, in credits."""
    money = dollars(abs(balance))
    if balance < 0:
        money = _("minus {amount}", amount=money)
    videos = max(0, int(balance / usd(price))) if price else None
    if videos is not None:
        money = ngettext(
            "{money}, enough for about {count} video of {seconds} seconds",
            "{money}, enough for about {count} videos of {seconds} seconds",
            videos,
            money=money,
            seconds=duration_of(sample),
        )
    if balance < LOW_BALANCE or videos == 0:
        return CheckResult(
            is_good=False,
            what=_("The key works, but its account is nearly empty: {money}.", money=money),
            advice=_("Ask the people who run the bot to add credits. Without them, requests wait."),
            remedy="Add credits. Without them, requests wait.",
        )
    return CheckResult(is_good=True, what=_("The key works. Its account has {money}.", money=money))


def _check_silence(answered_at: datetime | None, waiting_since: datetime, now: datetime) -> CheckResult:
    """Check the silence; `waiting_since`: from when on there was something to ask about."""
    if now - max(answered_at or waiting_since, waiting_since) > SILENCE:
        last = (
            _("The last answer came {when}.", when=relative_time(answered_at))
            if answered_at
            else _("There has been no answer since I started.")
        )
        silent = _("Videos are in progress, but the video service isn't reporting on them.")
        return CheckResult(
            is_good=False,
            what=f"{silent} {last}",
            advice=_("I'll keep checking until they're finished.") + " " + _(IF_IT_STAYS_SO),
        )
    if answered_at is None:
        return CheckResult(
            is_good=True, what=_("Videos are in progress; I'm waiting for the first answer about them.")
        )
    when = relative_time(answered_at)
    return CheckResult(
        is_good=True,
        what=_("Videos are in progress; the last answer about them came {when}.", when=when),
    )
