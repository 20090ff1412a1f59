"""A member's data, as they get it. Pure: rows in, JSON out.

Ids are strings, since JavaScript cannot hold Discord's; times are ISO 8601 in UTC.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.db.film_models import FilmRow
from bot.db.guild_models import AppealRow, ReportRow, StrikeRow
from bot.db.models import Generation, QuoteRow, is_own
from bot.db.review_models import ReviewRow, may_be_watched
from bot.money import usd
from bot.policy.documents import MemberPolicy, Rule

Json = dict[str, Any]


def export_all(
    user_id: int,
    now: datetime,
    *,
    requests: Sequence[Json],
    films: Sequence[Json],
    offers: Sequence[Json],
    reports: Sequence[Json],
    appeals: Sequence[Json],
    reviews: Sequence[Json],
    strikes: Sequence[Json],
    member_policies: Mapping[int, MemberPolicy],
    rules: Mapping[int, Sequence[Rule]],
) -> Json:
    """Return the whole export; `member_policies` and `rules` (the member's own) are by the server's ID."""
    servers = sorted({*member_policies, *rules})
    return {
        "user_id": str(user_id),
        "exported_at": _time(now),
        "requests": requests,
        "films": films,
        "offers": offers,
        "reports": reports,
        "appeals": appeals,
        "reviews": reviews,
        "strikes": strikes,
        "limits": [
            export_limits(server, member_policies.get(server, MemberPolicy()), rules.get(server, ()))
            for server in servers
        ],
    }


def export_request(generation: Generation) -> Json:
    """Return one request; what the program notes for its own work is left out."""
    return {
        "id": generation.id,
        "interaction_id": str(generation.interaction_id),
        "server_id": str(generation.guild_id),
        "channel_id": str(generation.channel_id),
        "locale": generation.locale,
        "created_at": _time(generation.created_at),
        "prompt": generation.prompt,
        "model": generation.model,
        "made_anew_from": generation.source_id,
        "continues": generation.continues_id,
        "film_id": generation.film_id,
        "shot": generation.shot,
        "review_id": generation.review_id,
        "waits_for_moderators_until": _time(generation.review_until),
        "without_their_decision": generation.unreviewed and generation.unreviewed.value,
        "options": dict(generation.options),
        "pictures": list(generation.picture_urls or ()),
        "placement": generation.placement.value,
        "status": generation.status.value,
        "failure": _failure(generation),
        "cancelled_by": _canceller(generation),
        "submitted_at": _time(generation.submitted_at),
        "finished_at": _time(generation.finished_at),
        "delivered_at": _time(generation.delivered_at),
        "cost": _cost(generation),
        "provider_id": generation.provider_id,
        "links": _links(generation),
        "earlier_results": [_link(generation.guild_id, *ids) for ids in generation.earlier_posts or []],
        "result_id": None if generation.result_id is None else str(generation.result_id),
        "removed_at": _time(generation.removed_at),
        "deletion_asked_at": _time(generation.erase_at),
        "deleted_at": _time(generation.erased_at),
    }


def export_film(row: FilmRow) -> Json:
    """Return one film, or the offer of one; its shots are among the requests once it's accepted."""
    return {
        "id": row.id,
        "interaction_id": str(row.interaction_id),
        "server_id": str(row.guild_id),
        "channel_id": str(row.channel_id),
        "locale": row.locale,
        "placement": row.placement.value,
        "title": row.title,
        "prompts": list(row.prompts),
        "model": row.model,
        "options": dict(row.options),
        "pictures": [dict(image) for image in row.pictures],
        "continuity": row.continuity.value,
        "transition": row.transition.value,
        "price_credits": row.price,
        "changes": row.revision - 1,
        "created_at": _time(row.created_at),
        "ends_at": _time(row.expires_at),
        "accepted_at": _time(row.accepted_at),
        "lost_shots": row.lost_shots,
        "joined_shots": row.joined_shots,
        "has_image": row.has_image,
        "has_references": row.has_references,
        "card": _link(row.guild_id, row.channel_id, row.card_id),
        "result": _link(row.guild_id, row.result_channel_id, row.result_id),
        "result_id": None if row.result_id is None else str(row.result_id),
        "delivered_at": _time(row.delivered_at),
        "removed_at": _time(row.removed_at),
        "deleted_at": _time(row.erased_at),
    }


def export_quote(quote_row: QuoteRow) -> Json:
    """Return one request that the member was told the price of; it is deleted soon after its end."""
    return {
        "id": quote_row.id,
        "interaction_id": str(quote_row.interaction_id),
        "server_id": str(quote_row.guild_id),
        "channel_id": str(quote_row.channel_id),
        "created_at": _time(quote_row.created_at),
        "ends_at": _time(quote_row.expires_at),
        "prompt": quote_row.prompt,
        "model": quote_row.model,
        "made_anew_from": quote_row.source_id,
        "continues": quote_row.continues_id,
        "options": dict(quote_row.options),
        "pictures": [dict(image) for image in quote_row.pictures],
        "price_credits": quote_row.price,
        "changes": quote_row.revision - 1,
        "redoes": quote_row.redo,
        "request_id": quote_row.generation_id,
    }


def export_report(report: ReportRow) -> Json:
    """Return one report that the member made; what happened to the other member is not theirs to know."""
    return {
        "id": report.id,
        "server_id": str(report.guild_id),
        "request_id": report.generation_id,
        "created_at": _time(report.created_at),
        "reason": report.reason,
        "video_deleted": report.deleted_by is not None,
        "dismissed": report.dismissed_by is not None,
    }


def export_appeal(row: AppealRow) -> Json:
    """Return what the member could ask a moderator about, or did; who decided is not theirs to know."""
    return {
        "id": row.id,
        "server_id": str(row.guild_id),
        "locale": row.locale,
        "created_at": _time(row.created_at),
        "prompt": row.prompt,
        "rule": row.rule,
        "asked_at": _time(row.asked_at),
        "why": row.why,
        "decision": row.decision and row.decision.value,
        "decided_at": _time(row.decided_at),
        "answer": row.words,
        "told_at": _time(row.told_at),
        "used_at": _time(row.used_at),
    }


def export_review(row: ReviewRow) -> Json:
    """Return what moderators decided about requests or finished videos; who did is not theirs to know."""
    return {
        "id": row.id,
        "server_id": str(row.guild_id),
        "before_it_is": row.stage.value,
        "created_at": _time(row.created_at),
        "ends_at": _time(row.ends_at),
        "decision": row.decision and row.decision.value,
        "decided_at": _time(row.decided_at),
        "answer": row.words,
    }


def export_strike(row: StrikeRow) -> Json:
    """Return one strike; it is deleted once no server's window can count it."""
    return {
        "server_id": str(row.guild_id),
        "kind": row.kind.value,
        "about": row.source,
        "created_at": _time(row.created_at),
        "fades_at": _time(row.fades_at),
        "forgiven_at": _time(row.forgiven_at),
    }


def export_limits(guild_id: int, member_policy: MemberPolicy, rules: Sequence[Rule]) -> Json:
    """Return what a server's moderators decided about the member."""
    block = member_policy.block
    return {
        "server_id": str(guild_id),
        "block": block and {"since": _time(block.since), "until": _time(block.until), "reason": block.reason},
        "grants": [
            {"videos": grant.amount, "since": _time(grant.since), "until": _time(grant.until)}
            for grant in member_policy.grants
        ],
        "counted_since": _time(member_policy.reset_at),
        "rules": [{"kind": rule.kind.value, "most": rule.most} for rule in rules],
    }


def _failure(generation: Generation) -> Json | None:
    if generation.failure_kind is None:
        return None
    return {"kind": generation.failure_kind.value, "reason": generation.failure_reason}


def _canceller(generation: Generation) -> str | None:
    if generation.cancelled_by is None:
        return None
    return "you" if is_own(generation) else "a moderator"


def _cost(generation: Generation) -> Json:
    used = generation.credits_used
    return {
        "credits": used,
        "usd": None if used is None else usd(used),
        "estimated_credits": generation.estimated_credits,
    }


def _links(generation: Generation) -> dict[str, str | None]:
    return {
        "card": _link(generation.guild_id, generation.channel_id, generation.card_id),
        "thread": _link(generation.guild_id, generation.thread_id),
        "result": _link(generation.guild_id, generation.result_channel_id, generation.result_id),
        "video": generation.video_url if may_be_watched(generation) else None,
    }


def _link(*ids: int | None) -> str | None:
    """Return where Discord shows a server's channel or message; None where a part is not known.

    The channel of a direct message is not recorded, so a result there has an id, but no link.
    """
    if None in ids:
        return None
    return "https://discord.com/channels/" + "/".join(map(str, ids))


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
