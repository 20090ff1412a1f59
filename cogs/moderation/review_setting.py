"""Whose requests moderators look at first, and when: what moderators type for it, and how it's told. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, LiteralString

from discord.app_commands import Choice

from bot.db.models import Unreviewed
from bot.db.review_models import ReviewStage
from bot.errors import BadInputError
from bot.i18n import N_, _, format_or, ngettext, pgettext
from bot.moderation.portable import OF_REVIEW
from bot.policy.documents import MAX_NEW_DAYS, MAX_NEW_VIDEOS, Policy, Reviewed, ReviewRule
from bot.policy.phrases import count_videos

NOBODY, NEWCOMERS, EVERYBODY = "nobody", "newcomers", "everybody"
WORDS: Mapping[str, str] = {
    **dict.fromkeys((NOBODY, "none", "off", "no"), NOBODY),
    **dict.fromkeys((EVERYBODY, "everyone", "@everyone", "all"), EVERYBODY),
}
# Before what requests wait, and what becomes of finished videos that nobody decides about.
STAGES: Mapping[str, LiteralString] = {
    ReviewStage.MADE.value: N_("before they're made"),
    ReviewStage.POSTED.value: N_("before the video is posted; films before they're made"),
}
TIMEOUTS: Mapping[str, LiteralString] = {
    Unreviewed.END.value: N_("they aren't posted"),
    Unreviewed.POST.value: N_("I post them"),
}
OWN_WAIT = N_("Your own requests can wait, too. Another moderator then has to approve them.")
# The settings on which it depends what becomes of requests that wait for approval.
OF_APPROVAL = OF_REVIEW | {"moderators_channel_id"}
LONGEST = 100  # characters
ROLE = re.compile(r"<@&([0-9]{15,20})>|([0-9]{15,20})")  # a mention, or a copied id
NEW = re.compile(
    r"newcomers?:?(?: (?:under )?(?P<days>[0-9]{1,4}) ?d(?:ays?)?(?: here)?)?(?:,?(?: or| and)?)?"
    r"(?: (?:under )?(?P<videos>[0-9]{1,4}) ?videos?)?"
)


def parse_review(text: str, guild_id: int, role_ids: Collection[int]) -> ReviewRule | None:
    """Return whose requests wait for moderators, such as of "newcomers 7 days 3 videos"; None: nobody's.

    `role_ids`: the server's.

    Raises:
        BadInputError: something else is said.
    """
    typed = " ".join(text.casefold().split())
    if (word := WORDS.get(typed)) is not None:
        return None if word == NOBODY else ReviewRule(who=Reviewed.EVERYBODY)
    if (role := ROLE.fullmatch(typed)) is not None:
        return _of_role(int(role[1] or role[2]), guild_id, role_ids)
    if (new := NEW.fullmatch(typed)) is not None:
        return _of_newcomers(new)
    raise BadInputError(
        # Translators: the examples stay English: nothing else is understood
        _(
            "Enter `nobody`, `everybody`, a @role, or newcomers such as `newcomers 7 days 3 videos`. Nothing "
            "changed."
        )
    )


def review_text(value: Any) -> str:
    """Return the rule in words; `value`: as the document or its JSON has it."""
    rule = ReviewRule.model_validate(value)
    match rule.who:
        case Reviewed.EVERYBODY:
            return pgettext("review", "everybody")
        case Reviewed.ROLE:
            return f"<@&{rule.role_id}>"
        case Reviewed.NEWCOMERS:
            days = ngettext("under {count} day here", "under {count} days here", rule.days)
            videos = _("under {videos}", videos=count_videos(rule.videos))
            found = [days] * (rule.days > 0) + [videos] * (rule.videos > 0)
            return _("newcomers: {bounds}", bounds=format_or(found))


def stage_text(value: Any = ReviewStage.MADE) -> str:
    """Return before what requests wait; `value`: as the document or its JSON has it."""
    return _(STAGES[ReviewStage(value).value])


def timeout_text(value: Any = Unreviewed.END) -> str:
    """Return what becomes of finished videos that nobody decides about; `value`: as `stage_text`."""
    return _(TIMEOUTS[Unreviewed(value).value])


def nobody_approves(policy: Policy) -> str:
    """Return what follows where requests wait and there's no channel for moderators."""
    if policy.review_stage is ReviewStage.POSTED and policy.review_timeout is Unreviewed.POST:
        return _(
            "⚠️ Without a moderators' channel, nobody can approve requests. After 24 hours, finished "
            "videos are posted, and films expire. Set one with `/veo-admin settings moderators_channel`."
        )
    return _(
        "⚠️ Without a moderators' channel, nobody can approve requests, and they expire after 24 hours. "
        "Set one with `/veo-admin settings moderators_channel`."
    )


def review_notes(before: Policy, changed: Policy) -> Iterator[str]:
    """Yield what follows from a change of the settings for requests that wait for approval."""
    if changed.review is None:
        return
    if changed.review != before.review:
        yield f"ℹ️ {_(OWN_WAIT)}"
    is_changed = any(getattr(changed, field) != getattr(before, field) for field in OF_APPROVAL)
    if changed.moderators_channel_id is None and is_changed:
        yield nobody_approves(changed)


def typed_review(rule: ReviewRule | None) -> str:
    """Return the rule as it is typed."""
    if rule is None:
        return NOBODY
    match rule.who:
        case Reviewed.EVERYBODY:
            return EVERYBODY
        case Reviewed.ROLE:
            return str(rule.role_id)
        case Reviewed.NEWCOMERS:
            bounds = [f"{rule.days} days"] * (rule.days > 0) + [f"{rule.videos} videos"] * (rule.videos > 0)
            return " ".join([NEWCOMERS, *bounds])


def complete_review(typed: str) -> list[Choice[str]]:
    """Return what can stand in the option, given its beginning."""
    offers = {
        NOBODY: pgettext("review", "nobody"),
        NEWCOMERS: review_text(ReviewRule(who=Reviewed.NEWCOMERS)),
        EVERYBODY: pgettext("review", "everybody"),
    }
    begun = typed.strip().casefold()
    return [
        Choice(name=name, value=value)
        for value, name in offers.items()
        if begun in name.casefold() or begun in value
    ]


def _of_role(role_id: int, guild_id: int, role_ids: Collection[int]) -> ReviewRule:
    if role_id == guild_id:
        return ReviewRule(who=Reviewed.EVERYBODY)
    if role_id not in role_ids:
        raise BadInputError(_("This server has no role `{role}`. Nothing changed.", role=role_id))
    return ReviewRule(who=Reviewed.ROLE, role_id=role_id)


def _of_newcomers(typed: re.Match[str]) -> ReviewRule:
    days, videos = typed["days"], typed["videos"]
    if days is None and videos is None:
        return ReviewRule(who=Reviewed.NEWCOMERS)
    rule = ReviewRule(who=Reviewed.NEWCOMERS, days=int(days or 0), videos=int(videos or 0))
    if rule.days > MAX_NEW_DAYS or rule.videos > MAX_NEW_VIDEOS or not (rule.days or rule.videos):
        raise BadInputError(
            _(
                "Use 1 to {days} days and 1 to {videos} videos. Nothing changed.",
                days=MAX_NEW_DAYS,
                videos=MAX_NEW_VIDEOS,
            )
        )
    return rule
