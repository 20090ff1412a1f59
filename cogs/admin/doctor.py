"""The report of /veo-admin doctor: everything that a video needs, in one list."""

from collections.abc import Sequence

import discord

from bot.admission.availability import allows_channel, possible_models
from bot.doctor.check_result import CheckResult, bounded_all
from bot.i18n import N_, _, ngettext, number
from bot.policy.documents import Policy
from bot.provider.catalogue import Model
from cogs.moderation.server_settings import SETTINGS
from cogs.moderation.server_warnings import ALLOW, channel_troubles, review_troubles
from cogs.moderation.targets import UNKNOWN_SERVER, known_guild
from cogs.ui.interaction import Interaction
from cogs.ui.permissions import MODERATOR_CHANNEL_NEEDS, find_permissions, missing, names

MAX_CHANNELS = 5  # that are named
WITHOUT_THREADS = (discord.VoiceChannel, discord.StageChannel)
CHOOSE_CHANNEL = N_("Choose one with `/veo-admin settings`, option `moderators_channel`.")


async def examine(interaction: Interaction) -> str:
    """Check everything once and return the report; each check that hangs is given up after a while.

    The permissions are Discord's own word for this very channel, from the interaction.
    """
    has_threads = not isinstance(interaction.channel, WITHOUT_THREADS)
    permissions = find_permissions(interaction.app_permissions, has_threads=has_threads)
    findings = await interaction.client.services.checkup.run(interaction.guild_id or 0)
    of_server = await bounded_all(_("The settings of this server"), _check_settings(interaction))
    return render_report([*permissions, *of_server, *findings])


def render_report(findings: list[CheckResult]) -> str:
    """Return the findings as one list, what is bad first."""
    bad = sum(not finding.is_good for finding in findings)
    heading = (
        ngettext(
            "🩺 **{count} of {total} checks found a problem.** It's at the top.",
            "🩺 **{count} of {total} checks found problems.** They're at the top.",
            bad,
            total=number(len(findings)),
        )
        if bad
        else _("🩺 **Everything works.**")
    )
    return "\n".join([heading, *map(_line, sorted(findings, key=lambda finding: finding.is_good))])


def _line(finding: CheckResult) -> str:
    if finding.is_good:
        return _("✅ OK: {finding}", finding=finding.what)
    return _("❌ **Problem:** {finding}", finding=f"{finding.what} {finding.advice}".rstrip())


async def _check_settings(interaction: Interaction) -> list[CheckResult]:
    services, guild = interaction.client.services, known_guild(interaction)
    policy = await services.moderation.read(interaction.guild_id or 0)
    nowhere = channel_troubles(guild, policy)
    return [
        *(nowhere or _check_place(interaction, policy)),
        *_check_possible(services.models, policy),
        _check_channel(guild, policy.moderators_channel_id),
        *review_troubles(guild, policy),
    ]


def _check_place(interaction: Interaction, policy: Policy) -> list[CheckResult]:
    """Return that members can't request videos in this very channel, if the settings say so."""
    channel = interaction.channel
    parent_id = channel.parent_id if isinstance(channel, discord.Thread) else None
    if allows_channel(policy, interaction.channel_id or 0, parent_id):
        return []
    what = _(
        "The settings don't let members request videos in this channel. They can in {channels}.",
        channels=SETTINGS["channels"].in_words(policy.channels, MAX_CHANNELS),
    )
    advice = _("`/veo-admin settings channels` changes that.")
    return [CheckResult(is_good=False, what=what, advice=advice)]


def _check_possible(models: Sequence[Model], policy: Policy) -> list[CheckResult]:
    """Return that the settings leave no video, if so, such as once a model is gone."""
    if possible_models(models, policy):
        return []
    what = _("No video is possible with the settings of this server.")
    return [CheckResult(is_good=False, what=what, advice=_("Change them with `/veo-admin settings`."))]


def _check_channel(guild: discord.Guild | None, channel_id: int | None) -> CheckResult:
    if channel_id is None:
        return CheckResult(
            is_good=False,
            what=_("There's no moderators' channel, so nobody sees reports from members."),
            advice=_(CHOOSE_CHANNEL),
        )
    if guild is None:
        return CheckResult(is_good=False, what=_(UNKNOWN_SERVER))
    channel = guild.get_channel(channel_id)
    if channel is None:
        return CheckResult(
            is_good=False, what=_("The moderators' channel no longer exists."), advice=_(CHOOSE_CHANNEL)
        )
    return _check_access(channel, guild)


def _check_access(channel: discord.abc.GuildChannel, guild: discord.Guild) -> CheckResult:
    mention = f"<#{channel.id}>"
    if lacking := missing(channel.permissions_for(guild.me), MODERATOR_CHANNEL_NEEDS):
        return CheckResult(
            is_good=False,
            what=_(
                "I can't write in the moderators' channel {channel}: I'm missing {permissions}.",
                channel=mention,
                permissions=names(lacking),
            ),
            advice=_(ALLOW),
        )
    if channel.permissions_for(guild.default_role).view_channel:
        return CheckResult(
            is_good=False,
            what=_(
                "Everyone can read the moderators' channel {channel}, so reports aren't private.",
                channel=mention,
            ),
            advice=_("Remove View Channel from @\u200beveryone there."),
        )
    return CheckResult(
        is_good=True, what=_("I can write in the moderators' channel {channel}.", channel=mention)
    )
