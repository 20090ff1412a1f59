"""A server's use as moderators read it: the totals, and a page of models and members. Pure."""

from bot.money import show_money
from bot.usage.service import Tally, UsageReport
from bot.veo.catalogue import get_model
from bot.wording import count_videos
from cogs.ui.paging import Page, paginate

FORGOTTEN = "members who asked to be forgotten"  # user id 0


def report_page(report: UsageReport, number: int) -> Page:
    """Return page `number` of the report, or its last one."""
    since = f"<t:{int(report.start.timestamp())}:f>"
    head = f"**Use of the last {report.period.label}** (since {since})"
    if not report.total.requests:
        return Page(f"{head}\nNobody asked for a video.", 0, 1)
    models = [f"- {_model_name(model)}: {_words(tally)}" for model, tally in report.by_model]
    members = [f"- {_member_name(user_id)}: {_words(tally)}" for user_id, tally in report.by_member]
    lines = ["By model:", *models, "By member, the most expensive first:", *members]
    return paginate(f"{head}\nIn all: {_words(report.total)}", lines, _foot(report), number)


def _words(tally: Tally) -> str:
    """Return what became of some requests, such as "12 videos, 2 failed, $1.56 (3,120,000 credits)"."""
    others = ((tally.failed, "failed"), (tally.cancelled, "cancelled"), (tally.open, "being made"))
    counts = [f"{number:,} {word}" for number, word in others if number]
    return ", ".join([count_videos(tally.videos), *counts, show_money(tally.credits)])


def _foot(report: UsageReport) -> str:
    reserved = " Sums include what is reserved for those being made." if report.total.open else ""
    return f"-# All numbers are in the file.{reserved}"


def _model_name(model_id: str) -> str:
    model = get_model(model_id)
    return model.label if model else model_id


def _member_name(user_id: int) -> str:
    return f"<@{user_id}>" if user_id else FORGOTTEN
