"""A server's use as words and as a table. Pure."""

import csv
from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import LiteralString

from bot.i18n import N_, _, date, number
from bot.money import CREDIT_DIGITS, CREDITS_PER_USD, show_money
from bot.policy.phrases import count_videos
from bot.provider.catalogue import get_model
from bot.text import shorten
from bot.usage.service import DayUse, Tally, UsagePeriod, UsageReport

NO_REQUESTS = N_("Nobody requested a video")
SHOWN: Mapping[str, LiteralString] = {
    "hour": N_("Bars show videos and the line shows spending per hour of the last {period}."),
    "day": N_("Bars show videos and the line shows spending per day of the last {period}."),
    "month": N_("Bars show videos and the line shows spending per month of the last {period}."),
}
BUSIEST: Mapping[str, LiteralString] = {
    "hour": N_("Most in one hour: {videos} ({time}, UTC)."),
    "day": N_("Most in one day: {videos} ({time}, UTC)."),
    "month": N_("Most in one month: {videos} ({time}, UTC)."),
}
DESCRIPTION_LENGTH = 999  # characters; Discord takes 1,024

# A cell that begins so is a formula for a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("kind", "id", "videos", "failed", "cancelled", "open", "credits", "usd", "confirmed_usd")


def describe_usage(report: UsageReport) -> str:
    """Return what the chart shows in under 1,000 characters, for those who cannot see it."""
    parts = [_(SHOWN[report.period.bucket], period=report.period.label), _altogether(report.total)]
    made = [
        f"{model_label(model)} {number(tally.videos)}" for model, tally in report.by_model if tally.videos
    ]
    if made:
        best = max(report.days, key=lambda day: day.tally.videos)
        parts += [
            _("Videos by model: {models}.", models=", ".join(made)),
            _(
                BUSIEST[report.period.bucket],
                videos=number(best.tally.videos),
                time=_bucket_name(report, best),
            ),
        ]
    return shorten(" ".join(parts), DESCRIPTION_LENGTH)


def _altogether(total: Tally) -> str:
    if not total.requests:
        return _(NO_REQUESTS) + "."
    videos = _(
        "Total: {videos} made, {failed} failed, {cancelled} cancelled, {open} in progress.",
        videos=count_videos(total.videos),
        failed=number(total.failed),
        cancelled=number(total.cancelled),
        open=number(total.open),
    )
    return f"{videos} " + _("Spent or reserved: {money}.", money=show_money(total.credits))


def usage_csv(report: UsageReport) -> bytes:
    """Return all numbers as a table in UTF-8 with a header.

    Members' ids are written as `member:…`: a spreadsheet would round a bare one. There is no byte order
    mark, since nothing but ASCII is in it and programs stumble over one.
    """
    text = StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerow(_row("total", f"{report.start.isoformat()}/{report.end.isoformat()}", report.total))
    for user_id, tally in report.by_member:
        table.writerow(_row("member", f"member:{user_id}" if user_id else "forgotten", tally))
    for model, tally in report.by_model:
        table.writerow(_row("model", model, tally))
    for day in report.days:
        table.writerow(_row(report.period.bucket, day.start.isoformat(), day.tally))
    return text.getvalue().encode()


def _row(kind: str, name: str, tally: Tally) -> Sequence[str | int]:
    return (
        kind,
        f"'{name}" if name.startswith(FORMULA) else name,
        tally.videos,
        tally.failed,
        tally.cancelled,
        tally.open,
        _plain(credits_used := _exact(tally.credits)),
        _plain(credits_used / CREDITS_PER_USD),
        _plain(_exact(tally.confirmed) / CREDITS_PER_USD),
    )


def _exact(amount: float) -> Decimal:
    """Return credits without noise, so that the dollars of some rows sum up to those of their total."""
    return Decimal(f"{amount:.{CREDIT_DIGITS}f}")


def _plain(amount: Decimal) -> str:
    """Return an amount without an exponent, which spreadsheets may take for a text, and without zeros."""
    digits = f"{amount:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def model_label(model_id: str) -> str:
    """Return our name of a model, or the provider's where it is no longer in the catalogue."""
    model = get_model(model_id)
    return model_id if model is None else model.label


def _bucket_name(report: UsageReport, day: DayUse) -> str:
    match report.period:
        case UsagePeriod.DAY:
            return _("from {time}", time=f"{day.start:%H:%M}")
        case UsagePeriod.YEAR:
            return date(day.start, "yMMMM")
        case UsagePeriod.WEEK | UsagePeriod.MONTH:
            return date(day.start, "MMMMd")
