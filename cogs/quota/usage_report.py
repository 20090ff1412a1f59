"""A server's use as moderators read it: the totals, and a page of models and members. Pure."""

from collections.abc import Mapping
from typing import LiteralString

from bot.i18n import N_, _, ngettext
from bot.money import show_money
from bot.policy.phrases import count_videos
from bot.provider.catalogue import get_model
from bot.usage.service import Tally, UsagePeriod, UsageReport
from cogs.ui.paging import Page, paginate

FORGOTTEN = N_("members who deleted their data")  # user id 0
HEADS: Mapping[UsagePeriod, LiteralString] = {
    UsagePeriod.DAY: N_("**Usage of the last 24 hours** (since {since})"),
    UsagePeriod.WEEK: N_("**Usage of the last 7 days** (since {since})"),
    UsagePeriod.MONTH: N_("**Usage of the last 30 days** (since {since})"),
    UsagePeriod.YEAR: N_("**Usage of the last 365 days** (since {since})"),
}


def report_page(report: UsageReport, number: int) -> Page:
    """Return page `number` of the report, or its last one."""
    since = f"<t:{int(report.start.timestamp())}:f>"
    head = _(HEADS[report.period], since=since)
    if not report.total.requests:
        return Page(f"{head}\n{_('Nobody requested a video.')}", 0, 1)
    models = [f"- {_model_name(model)}: {_words(tally)}" for model, tally in report.by_model]
    members = [f"- {_member_name(user_id)}: {_words(tally)}" for user_id, tally in report.by_member]
    lines = [_("By model:"), *models, _("By member, highest spending first:"), *members]
    total = _("Total: {use}", use=_words(report.total))
    if report.total.credits:
        total = f"{total}\n{_confirmed(report.total)}"
    return paginate(f"{head}\n{total}", lines, _foot(report), number)


def _confirmed(total: Tally) -> str:
    """Return the part that stands in the provider's ledger, which may not have been read yet."""
    if not total.confirmed:
        return _("The video service hasn't confirmed these costs yet.")
    return _("Confirmed by the video service: {money}", money=show_money(total.confirmed))


def _words(tally: Tally) -> str:
    """Return what became of some requests, such as "12 videos, 2 failed, $1.56 (3,120,000 credits)"."""
    counts = [
        ngettext("{count} failed", "{count} failed", tally.failed) if tally.failed else "",
        ngettext("{count} cancelled", "{count} cancelled", tally.cancelled) if tally.cancelled else "",
        ngettext("{count} in progress", "{count} in progress", tally.open) if tally.open else "",
    ]
    return ", ".join(filter(None, [count_videos(tally.videos), *counts, show_money(tally.credits)]))


def _foot(report: UsageReport) -> str:
    foot = f"-# {_('The attached file has all numbers.')}"
    if not report.total.open:
        return foot
    return f"{foot} {_('Totals include money reserved for videos in progress.')}"


def _model_name(model_id: str) -> str:
    model = get_model(model_id)
    return model.label if model else model_id


def _member_name(user_id: int) -> str:
    return f"<@{user_id}>" if user_id else _(FORGOTTEN)
