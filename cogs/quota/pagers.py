"""The pages of /quota rules and /quota usage. A button's id holds all it needs, so it outlives a restart."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import ClassVar, LiteralString

import discord

from bot.i18n import N_, _, ngettext
from bot.money import show_money
from bot.policy.phrases import count_videos
from bot.provider.catalogue import get_model
from bot.usage.service import Tally, UsagePeriod, UsageReport
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import moderator_of
from cogs.quota.quota_text import RANKING
from cogs.quota.rules_text import rule_lines
from cogs.ui.interaction import Interaction
from cogs.ui.items import Content, Item, Parts, view_of
from cogs.ui.lists import Page, edit_with_files, page_buttons, paginate

FORGOTTEN = N_("members who deleted their data")  # user id 0
HEADS: Mapping[UsagePeriod, LiteralString] = {
    UsagePeriod.DAY: N_("**Usage of the last 24 hours** (since {since})"),
    UsagePeriod.WEEK: N_("**Usage of the last 7 days** (since {since})"),
    UsagePeriod.MONTH: N_("**Usage of the last 30 days** (since {since})"),
    UsagePeriod.YEAR: N_("**Usage of the last 365 days** (since {since})"),
}
COMMAND = "quota"
WITHOUT_FILES = N_("Discord rejected the chart and the file in this channel.")


def report_page(report: UsageReport, number: int, *, has_files: bool = True) -> Page:
    """Return page `number` of the report, or its last one; `has_files`: the chart and the table are there."""
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
    return paginate(f"{head}\n{total}", lines, _foot(report, has_files=has_files), number)


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


def _foot(report: UsageReport, *, has_files: bool) -> str:
    foot = f"-# {_('The attached file has all numbers.') if has_files else _(WITHOUT_FILES)}"
    if not report.total.open:
        return foot
    return f"{foot} {_('Totals include money reserved for videos in progress.')}"


def _model_name(model_id: str) -> str:
    model = get_model(model_id)
    return model.label if model else model_id


def _member_name(user_id: int) -> str:
    return f"<@{user_id}>" if user_id else _(FORGOTTEN)


class RulesButton(Item):
    """Leads to a page of the rules."""

    action = "rules"
    pattern = r"(?P<page>[0-9]{1,4})"
    parts: ClassVar[Parts] = {"page": int}

    def __init__(self, page: int, label: str = "") -> None:
        super().__init__(page, label=label)
        self._page = page

    async def act(self, interaction: Interaction) -> None:
        """Show the page as the rules are now."""
        await interaction.response.defer()
        await ensure_moderator(interaction, COMMAND)
        page = await _read_rules(interaction, self._page)
        await _show_page(interaction, page, RulesButton)


class UsageButton(Item):
    """Leads to a page of a server's use."""

    action = "usage"
    pattern = rf"(?P<period>{'|'.join(UsagePeriod)}):(?P<page>[0-9]{{1,4}})"
    parts: ClassVar[Parts] = {"period": UsagePeriod, "page": int}

    def __init__(self, period: UsagePeriod, page: int, label: str = "") -> None:
        super().__init__(period, page, label=label)
        self._period = period
        self._page = page

    async def act(self, interaction: Interaction) -> None:
        """Show the page as the numbers are now; the image and the file stay as they were."""
        await interaction.response.defer()
        await ensure_moderator(interaction, COMMAND)
        guild_id = moderator_of(interaction).guild_id
        report = await interaction.client.services.usage.read(guild_id, self._period)
        has_files = interaction.message is not None and bool(interaction.message.attachments)
        page = report_page(report, self._page, has_files=has_files)
        await _show_page(interaction, page, lambda number, label: UsageButton(self._period, number, label))


async def rules_content(interaction: Interaction) -> Content:
    """Return the first page of the server's rules."""
    page = await _read_rules(interaction, 0)
    return Content(content=page.content, view=_view(page, RulesButton))


async def show_usage(interaction: Interaction, period: UsagePeriod) -> None:
    """Answer with a server's usage."""
    await interaction.response.defer(ephemeral=True)  # a first chart may take longer than Discord waits
    await fill_with_usage(interaction, period)


async def fill_with_usage(interaction: Interaction, period: UsagePeriod) -> None:
    """Let the answer, so far "thinking", be a server's use: totals, a page of the table, a chart, a file."""
    report = await interaction.client.services.usage.read(moderator_of(interaction).guild_id, period)
    page = report_page(report, 0)
    view = _view(page, lambda number, label: UsageButton(period, number, label))
    files = await _draw(interaction, report) if report.total.requests else []
    without = report_page(report, 0, has_files=False).content
    await edit_with_files(interaction, page.content, files, view, without=without)


async def _draw(interaction: Interaction, report: UsageReport) -> list[discord.File]:
    server = interaction.guild.name if interaction.guild else ""
    drawn = await interaction.client.services.usage.render(report, server)
    name = f"usage-{report.period}"
    return [
        discord.File(BytesIO(drawn.png), f"{name}.png", description=drawn.description),
        discord.File(BytesIO(drawn.csv), f"{name}.csv", description=_("All numbers, for a spreadsheet")),
    ]


async def _read_rules(interaction: Interaction, number: int) -> Page:
    book = await interaction.client.services.rules.read(moderator_of(interaction).guild_id)
    # A server that the gateway has not told about has no roles here, though each has @everyone.
    role_ids = {role.id for role in interaction.guild.roles} if interaction.guild else set[int]()
    lines = rule_lines(book, role_ids or None)
    foot = f"{_(RANKING)} {_('Add a member to `/quota rules` to see their limits.')}"
    return paginate(_("**Limits on this server**"), lines, foot, number)


async def _show_page(interaction: Interaction, page: Page, make: Callable[[int, str], Item]) -> None:
    await interaction.edit_original_response(content=page.content, view=_view(page, make))


def _view(page: Page, make: Callable[[int, str], Item]) -> discord.ui.View:
    """Return the buttons to the pages before and after, where there are such."""
    return view_of(*page_buttons(page.number, page.count, make))
