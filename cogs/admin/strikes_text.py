"""The answers to `/veo-admin strikes` and `forgive`. Pure text."""

from bot.i18n import _, ngettext
from bot.moderation.strikes import Forgiven, StrikesNow
from bot.policy.documents import Block, StrikeRules
from bot.timestamps import absolute_time
from cogs.moderation.ladder import ladder_sentence, still_blocked


def rules_text(strikes: StrikesNow) -> str:
    """Return the answer to `strikes`: the ladder, and what gives a strike."""
    rules = strikes.rules
    if rules is None:
        return _off_text(strikes.blocked)
    safety = _("a prompt that the video service's safety filter rejects")
    lines = [
        " ".join([_("⚖️ **Strikes are on:** {ladder}.", ladder=ladder_sentence(rules)), _fading(rules)]),
        _("A member gets a strike for each of these:"),
        f"- {_('a request with a blocked word')}",
        f"- {safety}",
        f"- {_('a video that a moderator deletes after a report')}",
        _("Members see their strikes in `/usage`. `/veo-admin forgive` removes them."),
    ]
    return "\n".join(lines)


def _fading(rules: StrikeRules) -> str:
    """Say how long strikes count: those from before a change, as it was when they were given."""
    return ngettext(
        "A new strike fades after {count} day.", "A new strike fades after {count} days.", rules.days
    )


def _off_text(blocked: int) -> str:
    off = _("**Strikes are off.** Use `/veo-admin strikes enabled: True` to turn them on.")
    return f"{off}\n{still_blocked(blocked)}" if blocked else off


def forgiven_text(user_id: int, forgiven: Forgiven) -> str:
    """Return the answer to `forgive`."""
    who = f"<@{user_id}>"
    lines = [_forgiven_line(who, forgiven.strikes)]
    if forgiven.is_unblocked:
        lines.append(_("They can request videos again, within the limits."))
    if forgiven.block is not None:
        lines.append(_block_line(forgiven.block))
    return " ".join(lines)


def _forgiven_line(who: str, strikes: int) -> str:
    if not strikes:
        return _("{member} has no strikes that count.", member=who)
    return ngettext(
        "✅ **Forgiven.** {count} strike of {member} no longer counts.",
        "✅ **Forgiven.** {count} strikes of {member} no longer count.",
        strikes,
        member=who,
    )


def _block_line(block: Block) -> str:
    if block.until is None:
        return _("A moderator's block still holds, until `/veo-admin unblock`.")
    return _("A moderator's block still holds, until {date}.", date=absolute_time(block.until))
