"""A server's use as words and as a table. Pure."""

import csv
from collections.abc import Sequence
from io import StringIO

from bot.money import CREDIT_DIGITS, show_money, usd
from bot.text import shorten
from bot.usage.service import DayUse, Tally, UsagePeriod, UsageReport
from bot.veo.catalogue import get_model
from bot.wording import count_videos

NOBODY = "Nobody asked for a video"
DESCRIPTION_LENGTH = 999  # characters; Discord takes 1,024

# A cell that begins so is a formula for a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("kind", "id", "videos", "failed", "cancelled", "open", "credits", "usd")


def describe_usage(report: UsageReport) -> str:
    """Return what the chart shows in under 1,000 characters, for those who cannot see it."""
    total, bucket = report.total, report.period.bucket
    parts = [
        f"Bars of the videos and a line of the spending for each {bucket} of the last {report.period.label}."
    ]
    if total.requests:
        parts.append(
            f"Altogether: {count_videos(total.videos)} made, {total.failed:,} failed,"
            f" {total.cancelled:,} cancelled, {total.open:,} under way."
            f" Spent or reserved: {show_money(total.credits)}."
        )
    else:
        parts.append(f"{NOBODY}.")
    made = [f"{model_label(model)} {tally.videos:,}" for model, tally in report.by_model if tally.videos]
    if made:
        parts.append(f"Videos by model: {', '.join(made)}.")
        best = max(report.days, key=lambda day: day.tally.videos)
        parts.append(f"Most in one {bucket}: {best.tally.videos:,} ({_bucket_name(report, best)}, UTC).")
    return shorten(" ".join(parts), DESCRIPTION_LENGTH)


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
        _decimal(tally.credits),
        _decimal(usd(tally.credits)),
    )


def _decimal(number: float) -> str:
    return f"{number:.{CREDIT_DIGITS}f}".rstrip("0").rstrip(".")


def model_label(model_id: str) -> str:
    """Return our name of a model, or the provider's where it is not in the catalogue any more."""
    model = get_model(model_id)
    return model_id if model is None else model.label


def _bucket_name(report: UsageReport, day: DayUse) -> str:
    match report.period:
        case UsagePeriod.DAY:
            return f"from {day.start:%H:%M}"
        case UsagePeriod.YEAR:
            return f"{day.start:%B %Y}"
        case _:
            return f"{day.start.day} {day.start:%B}"
