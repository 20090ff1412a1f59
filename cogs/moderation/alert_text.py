"""The texts of alerts: the problem, what it means for members, and what to do."""

from collections.abc import Mapping
from typing import LiteralString

from bot.doctor.provider_text import WORDS_LENGTH, model_names
from bot.escape import plain
from bot.i18n import N_, _, dollars, ngettext, number
from bot.markup import relative_time
from bot.media.upload_sizes import MIB
from bot.monitoring.alert_rules import WARNINGS, AlertKind, AlertState, Value
from bot.monitoring.alerts import Announcement

BEGUN: Mapping[AlertKind, LiteralString] = {
    AlertKind.KEY_REFUSED: N_(
        "The provider rejects the bot's key. Requests wait until it accepts the key again. "
        "Check `AIMLAPI_KEY` and the account."
    ),
    AlertKind.CREDITS_EMPTY: N_(
        "The provider account is out of credits{balance}. Requests wait. Add credits, and they "
        "continue on their own."
    ),
    AlertKind.CREDITS_LOW: N_(
        "The provider account has {balance_usd}, less than {limit_usd} (`ALERT_BALANCE_USD`). "
        "Add credits before requests have to wait."
    ),
    AlertKind.PROVIDER_DOWN: N_(
        "The provider hasn't answered for {minutes} minutes. Requests wait and continue on "
        "their own. Check its status page and this host's network."
    ),
    AlertKind.PROVIDER_REFUSING: N_(
        "The provider has rejected requests{models} for {minutes} minutes{words}. They wait, "
        "and I try one of them every minute. Check the account, and the key's limit and scopes."
    ),
    AlertKind.DELIVERIES_FAILING: N_(
        "I couldn't post {results} in {servers}. I'll keep retrying for a while; see the log (`not "
        "posted yet`, `nowhere left`)."
    ),
    AlertKind.DATABASE_UNWRITABLE: N_(
        "I can't write to the database, so I can't accept requests. Is its disk full, or is "
        "another program locking it?"
    ),
    AlertKind.DATABASE_DAMAGED: N_(
        "The database file is damaged, and some requests may fail. Stop the bot, keep the "
        "file, and restore the latest backup. `veo-bot doctor` says more."
    ),
    AlertKind.DISK_FULL: N_(
        "Only {free} is left on the disk of `DATA_DIR`. Free up space before the database and "
        "the videos stop."
    ),
    AlertKind.CHANNEL_CLOSED: N_(
        "I can't post alerts in the channel set in `OPERATOR_CHANNEL_ID`. "
        "Check its ID and my permissions there."
    ),
}
BEGUN_HERE: Mapping[AlertKind, LiteralString] = {
    AlertKind.DELIVERIES_FAILING: N_(
        "I couldn't post {results} of this server. Use `/veo-admin doctor` in the channel "
        "where they were requested to see which permission is missing. I'll keep retrying for "
        "a while."
    ),
}
OVER: Mapping[AlertKind, LiteralString] = {
    AlertKind.KEY_REFUSED: N_("The provider accepts the bot's key again."),
    AlertKind.CREDITS_EMPTY: N_("The provider account has credits again{balance}."),
    AlertKind.CREDITS_LOW: N_("The provider account has {balance_usd} now."),
    AlertKind.PROVIDER_DOWN: N_("The provider answers again."),
    AlertKind.PROVIDER_REFUSING: N_("The provider accepts requests again."),
    AlertKind.DELIVERIES_FAILING: N_("I can post results again."),
    AlertKind.DATABASE_UNWRITABLE: N_("I can write to the database again."),
    AlertKind.DATABASE_DAMAGED: N_("The database is fine again."),
    AlertKind.DISK_FULL: N_("The disk of `DATA_DIR` has space again: {free}."),
    AlertKind.CHANNEL_CLOSED: N_("I can post alerts in this channel again."),
}


def render_alert(announcement: Announcement) -> str:
    """Return the message. It has no words of members in it, and the video service's only as a quotation."""
    kind, state = announcement.key.kind, announcement.state
    facts = _shown(state.facts)
    if announcement.transition == "over":
        return _("✅ **Resolved:** {what}", what=_(OVER[kind], **facts))
    is_here = announcement.key.guild_id is not None
    text = _((BEGUN_HERE if is_here and kind in BEGUN_HERE else BEGUN)[kind], **facts)
    head = _("⚠️ **Warning:**") if kind in WARNINGS else _("🚨 **Alert:**")
    return f"{head} {text}{_since(state)}"


def render_here(kind: AlertKind, state: AlertState, *, with_start: bool = False) -> str:
    """Return what is wrong with a server at this moment, and what to do; `with_start`: and since when."""
    text = _(BEGUN_HERE[kind], **_shown(state.facts))
    return f"{text}{_since(state)}" if with_start else text


def _since(state: AlertState) -> str:
    return " " + _("Started {when}.", when=relative_time(state.since)) if state.since else ""


def _shown(facts: Mapping[str, Value]) -> dict[str, str]:
    models = str(facts.get("models", ""))
    words = plain(str(facts.get("words", "")), WORDS_LENGTH)
    balance, limit = float(facts.get("balance", 0)), float(facts.get("limit", 0))
    return {
        "balance": f": {_usd(balance)}" if "balance" in facts else "",
        "balance_usd": _usd(balance),
        "limit_usd": _usd(limit),
        "minutes": number(int(facts.get("minutes", 0))),
        "words": f": “{words}”" if words else "",
        "models": f" ({model_names(tuple(models.split(', ')))})" if models else "",
        "results": ngettext("{count} result", "{count} results", int(facts.get("results", 0))),
        "servers": ngettext("{count} server", "{count} servers", int(facts.get("servers", 0))),
        "free": f"{number(int(facts.get('free', 0)) // MIB)} MiB",
    }


def _usd(amount: float) -> str:
    return _("minus {amount}", amount=dollars(-amount)) if amount < 0 else dollars(amount)
