"""Warnings about what a server's settings name, as far as the gateway has told; also below a change.

The moderators' channel is looked at for more: whether the bot can write there, and where its messages are.
"""

from collections.abc import Iterator

import discord

from bot.admission.blocklist import forbidden_in
from bot.db.review_models import ReviewStage
from bot.doctor.check_result import CheckResult
from bot.errors import DatabaseBusyError
from bot.i18n import N_, _
from bot.jobs.ports import Posted
from bot.moderation.decisions import Moderator
from bot.policy.documents import Policy, Reviewed, ReviewRule
from bot.policy.phrases import quote_words
from bot.services import Services
from cogs.moderation.ladder import still_blocked
from cogs.moderation.settings_text import shown_word
from cogs.ui.items import post_link
from cogs.ui.permissions import ATTACH_FILES, MODERATOR_CHANNEL_NEEDS, REVIEW_NEEDS, Need, missing, names

UNUSABLE = N_(
    "⚠️ The moderators' channel {channel} is gone, or I can't write there. Nobody sees new reports, "
    "questions and requests that need your approval. Choose another one with `/veo-admin settings "
    "moderators_channel`, or allow my role to write there."
)
UNREAD = N_(
    "I can't check right now whether anything needs your attention. `/veo-admin settings` and `/veo-admin "
    "strikes` will show it in a minute."
)
ALLOW = N_("Allow it for my role there.")


def is_usable(guild: discord.Guild | None, channel_id: int | None) -> bool:
    """Whether the bot can write there; yes, where no channel is set or the server isn't known (None)."""
    if guild is None or channel_id is None:
        return True
    channel = guild.get_channel(channel_id)
    return channel is not None and not missing(channel.permissions_for(guild.me), MODERATOR_CHANNEL_NEEDS)


def link_in(guild: discord.Guild | None, guild_id: int, post: Posted | None) -> str | None:
    """Return the address of a moderators' message; None: there's none, or its channel is known to be gone."""
    if post is None or post.channel_id is None:
        return None
    is_gone = guild is not None and guild.get_channel(post.channel_id) is None
    return None if is_gone else post_link(guild_id, post)


def find_warnings(guild: discord.Guild | None, policy: Policy) -> list[str]:
    """Return what moderators should mend, one sentence or two each; nothing where the server isn't known."""
    unusable = _(UNUSABLE, channel=f"<#{policy.moderators_channel_id}>")
    is_closed = not is_usable(guild, policy.moderators_channel_id)
    of_channels, of_reviews = channel_troubles(guild, policy), review_troubles(guild, policy)
    return [*map(_in_line, of_channels), *[unusable] * is_closed, *map(_in_line, of_reviews)]


def _in_line(trouble: CheckResult) -> str:
    return f"⚠️ {trouble.what} {trouble.advice}"


def channel_troubles(guild: discord.Guild | None, policy: Policy) -> list[CheckResult]:
    """Return that /veo works nowhere, since all channels that the settings name were deleted, if so."""
    if guild is None or not policy.channels or any(map(guild.get_channel, policy.channels)):
        return []
    what = _("None of the channels where members can request videos exists anymore, so nobody can.")
    advice = _("Choose others with `/veo-admin settings channels`.")
    return [CheckResult(is_good=False, what=what, advice=advice)]


def review_troubles(guild: discord.Guild | None, policy: Policy) -> list[CheckResult]:
    """Return why requests don't wait for moderators as the settings say, or aren't shown to them as a whole.

    Whether they're shown at all is told elsewhere.
    """
    troubles: list[CheckResult] = []
    if is_role_gone(guild, policy.review):
        what = _("The role whose requests need your approval is gone, so nobody's requests do.")
        advice = _("Choose again with `/veo-admin settings review`.")
        troubles.append(CheckResult(is_good=False, what=what, advice=advice))
    elif policy.review is not None and (lacking := _lacking(guild, policy.moderators_channel_id)):
        what = _(
            "I'm missing {permissions} in the moderators' channel {channel}, so some images or words of "
            "requests that need your approval can be missing there.",
            permissions=names(lacking),
            channel=f"<#{policy.moderators_channel_id}>",
        )
        if policy.review_stage is ReviewStage.POSTED and ATTACH_FILES in lacking:
            what = f"{what} {_('Finished videos are shown there as links.')}"
        troubles.append(CheckResult(is_good=False, what=what, advice=_(ALLOW)))
    return troubles


def is_role_gone(guild: discord.Guild | None, rule: ReviewRule | None) -> bool:
    """Whether a rule names a role that was deleted; no, where the server isn't known."""
    if guild is None or rule is None or rule.who is not Reviewed.ROLE:
        return False
    return guild.get_role(rule.role_id) is None


def _lacking(guild: discord.Guild | None, channel_id: int | None) -> list[Need]:
    """Return what the bot may not do in a channel where it can write."""
    channel = None if guild is None or channel_id is None else guild.get_channel(channel_id)
    if guild is None or channel is None or not is_usable(guild, channel_id):
        return []
    return missing(channel.permissions_for(guild.me), REVIEW_NEEDS)


async def find_remarks(
    services: Services,
    by: Moderator,
    guild: discord.Guild | None,
    *,
    settings_changed: bool,
    strikes_off: bool,
    allowed: str | None = None,
) -> list[str]:
    """Return what an import or an undo leaves to be mended, and who's still blocked without strikes.

    `allowed`: a word that isn't on the list any more. It's written down already, so what can't be read now
    is said, and never raised.
    """
    remarks: list[str] = []
    try:
        if settings_changed:
            remarks += find_warnings(guild, await services.moderation.read(by.guild_id))
        if allowed is not None:
            remarks += still_forbidden(allowed, await services.moderation.read(by.guild_id))
        if strikes_off and (blocked := (await services.strikes.change(by)).blocked):
            remarks.append(still_blocked(blocked))
    except DatabaseBusyError:
        remarks.append(_(UNREAD))
    return remarks


def still_forbidden(word: str, policy: Policy) -> Iterator[str]:
    """Yield which entries of the list forbid a word that isn't on it itself, if any do."""
    if found := [*forbidden_in(word, policy.words)]:
        yield _(
            "ℹ️ Prompts still can't contain “{word}”, because of what else is on the list: {words}.",
            word=shown_word(word),
            words=quote_words(found),
        )
