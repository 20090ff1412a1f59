"""Members' texts about their appeals: that moderators were asked, and what was decided. Pure text."""

from datetime import datetime

from bot.admission.appeals import DELETION, PAUSE, RELEASE_TIME, deleted_by
from bot.db.guild_models import AppealDecision, AppealRow
from bot.escape import plain
from bot.i18n import N_, _, ngettext
from bot.markup import absolute_time, relative_time
from bot.moderation.appeal_decisions import Appeal
from bot.policy.phrases import block_end
from cogs.appeals.appeal_text import WHY_LENGTH, prompt_of
from cogs.cards.card import QUOTE_MARK

NAME_LENGTH = 100  # of a server

ASKED = N_(
    "✅ **I asked the moderators.** I'll send you their answer in a direct message. The question expires "
    "{when}. Nothing was requested, and this didn't count toward your limit."
)
ASKED_ABOUT_VIDEO = N_(
    "✅ **I asked the moderators.** I'll send you their answer in a direct message. The question expires "
    "{when}. The video stays deleted."
)
ASKED_ABOUT_FILM = N_(
    "✅ **I asked the moderators.** I'll send you their answer in a direct message. The question expires "
    "{when}. The film stays deleted."
)
UNANSWERED = N_(
    "⌛ **No moderator of {server} answered you in time.** To ask again, send the request once more "
    "within 24 hours."
)
UNANSWERED_ABOUT_VIDEO = N_(
    "⌛ **No moderator of {server} answered you in time.** Your video stays deleted. You can ask again with "
    "the button under its card."
)
UNANSWERED_ABOUT_ERASED_VIDEO = N_(
    "⌛ **No moderator of {server} answered you in time.** Your video stays deleted."
)
UNANSWERED_ABOUT_FILM = N_(
    "⌛ **No moderator of {server} answered you in time.** Your film stays deleted. You can ask again with "
    "the button under its card."
)
UNANSWERED_ABOUT_ERASED_FILM = N_(
    "⌛ **No moderator of {server} answered you in time.** Your film stays deleted."
)
ENDS_SOONER = N_("The permission expires before the block ends.")
UNBLOCK_FIRST = N_("Ask a moderator there to unblock you first.")


def render_asked(row: AppealRow, ends_at: datetime) -> str:
    """Return what the member reads who asked; `ends_at`: when the question ends without an answer."""
    about_deletion = ASKED_ABOUT_FILM if _is_about_film(row) else ASKED_ABOUT_VIDEO
    text = about_deletion if row.rule.startswith(DELETION) else ASKED
    return _(text, when=relative_time(ends_at))


def _is_about_film(row: AppealRow) -> bool:
    return row.rule.startswith(DELETION) and deleted_by(row.rule)[1] is not None


def render_decision(appeal: Appeal, server: str) -> str:
    """Return what the member is told; `server`: its name."""
    row, name = appeal.row, plain(server, NAME_LENGTH)
    lines = [_decision_line(row, name), *_forgiven_line(appeal), *_still_blocked_line(appeal)]
    if row.words:
        lines.append(_("They say: “{words}”", words=plain(row.words, WHY_LENGTH)))
    if row.prompt:
        lines.append(f"{QUOTE_MARK}{prompt_of(row)}")
    return "\n".join(lines)


def _decision_line(row: AppealRow, server: str) -> str:
    at, is_deletion = row.decided_at or row.created_at, row.rule.startswith(DELETION)
    match row.decision:
        case AppealDecision.ALLOW if is_deletion:
            return _extra_line(row, server, absolute_time(at + RELEASE_TIME))
        case AppealDecision.ALLOW:
            return _(
                "✅ **A moderator of {server} allowed this request once.** You can send it again, exactly "
                "as it was, until {date}.",
                server=server,
                date=absolute_time(at + RELEASE_TIME),
            )
        case AppealDecision.LIFT:
            return _(
                "✅ **A moderator of {server} lifted the rule that stopped this request.** You can send it "
                "again.",
                server=server,
            )
        case AppealDecision.LAPSE if is_deletion:
            return _unanswered(row, server)
        case AppealDecision.LAPSE:
            return _(UNANSWERED, server=server)
        case _ if _is_about_film(row):
            return _(
                "❌ **A moderator of {server} decided that your film stays deleted.** You can't ask about "
                "anything else until {date}.",
                server=server,
                date=absolute_time(at + PAUSE),
            )
        case _ if is_deletion:
            return _(
                "❌ **A moderator of {server} decided that your video stays deleted.** You can't ask "
                "about anything else until {date}.",
                server=server,
                date=absolute_time(at + PAUSE),
            )
        case _:
            return _(
                "❌ **A moderator of {server} declined this request.** You can't ask about another one until "
                "{date}.",
                server=server,
                date=absolute_time(at + PAUSE),
            )


def _unanswered(row: AppealRow, server: str) -> str:
    if _is_about_film(row):
        return _(UNANSWERED_ABOUT_FILM if row.prompt else UNANSWERED_ABOUT_ERASED_FILM, server=server)
    return _(UNANSWERED_ABOUT_VIDEO if row.prompt else UNANSWERED_ABOUT_ERASED_VIDEO, server=server)


def _extra_line(row: AppealRow, server: str, ends: str) -> str:
    shots = deleted_by(row.rule)[1]
    if shots is not None:
        return ngettext(
            "✅ **A moderator of {server} is letting you make your deleted film again.** I can't bring it "
            "back, but you have {count} extra video until {date}.",
            "✅ **A moderator of {server} is letting you make your deleted film again.** I can't bring it "
            "back, but you have {count} extra videos until {date}.",
            shots,
            server=server,
            date=ends,
        )
    return _(
        "✅ **A moderator of {server} is letting you make your deleted video again.** I can't bring it "
        "back, but you have one extra video until {date}.",
        server=server,
        date=ends,
    )


def _still_blocked_line(appeal: Appeal) -> list[str]:
    """Say that what was decided for the member has to wait, since a block of theirs holds."""
    if appeal.block is None or appeal.row.decision not in (AppealDecision.ALLOW, AppealDecision.LIFT):
        return []
    parts = [_("🚫 **Not yet, though:** you're still blocked from /veo there.")]
    is_too_short = appeal.is_too_short and appeal.row.decision is AppealDecision.ALLOW
    if not is_too_short or appeal.block.until is not None:
        parts.append(block_end(appeal.block.until))
    if is_too_short:
        parts += [_ends_sooner(appeal.row), _(UNBLOCK_FIRST)]
    return [" ".join(parts)]


def _ends_sooner(row: AppealRow) -> str:
    if not row.rule.startswith(DELETION):
        return _(ENDS_SOONER)
    return ngettext(
        "The extra video expires before the block ends.",
        "The extra videos expire before the block ends.",
        deleted_by(row.rule)[1] or 1,
    )


def _forgiven_line(appeal: Appeal) -> list[str]:
    if not appeal.forgiven:
        return []
    return [
        ngettext(
            "The strike that it gave you no longer counts.",
            "The {count} strikes that it gave you no longer count.",
            appeal.forgiven,
        )
    ]
