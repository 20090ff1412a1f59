"""Limits, budgets and slots at the provider, counted apart from the bot's code after each commit."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.db.models import Unreviewed
from bot.db.review_models import ReviewStage
from bot.policy.documents import Reviewed
from tests.simulation.rows import FREE
from tests.simulation.visits import EPOCH

if TYPE_CHECKING:
    from tests.simulation.process import Process
    from tests.simulation.world import World

WINDOWS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
UNPAID = (
    "late_until IS NULL AND ((status IN ('failed', 'cancelled') AND submitted_at IS NULL)"
    " OR (status = 'failed' AND coalesce(failure_kind, '') NOT IN ('file_lost', 'broken')))"
)
BOUND = f"coalesce(credits_used, CASE WHEN {UNPAID} THEN 0 ELSE estimated_credits END, 0)"
CLOCK_SKEW = timedelta(minutes=1)
RETIRED_SECONDS = 1200.0  # after which it is known, whatever goes wrong: two looks at the provider's list
ENDED_SECONDS = 800.0  # after which what waits is ended: two more looks, and a pause
CENT = 1.0  # credits; sums of floats differ


class RuleWatch:
    """Looks at every row that is new, in the moment in which it was written."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._known: set[str] = set()
        self._last = 0
        self._decisions = 0

    def look(self, process: "Process") -> None:
        """Check what was just committed."""
        books = self._world.books
        is_changed, self._decisions = books.execute(
            "SELECT count(*), coalesce(max(id), ?1) FROM audit WHERE id > ?1 AND actor_id IS NOT NULL",
            (self._decisions,),
        ).fetchone()
        rows = books.execute("SELECT rowid, id FROM generations WHERE rowid >= ?", (self._last,)).fetchall()
        for number, name in rows:
            self._last = max(self._last, number)
            if name not in self._known:
                self._known.add(name)
                if not is_changed and not self._world.skew:
                    self._check(name, process)
        self._check_places()

    def _check_places(self) -> None:
        """Count what is at the provider as the bot sees it."""
        count = self._world.books.execute(
            "SELECT count(*) FROM generations"
            " WHERE delivered_at IS NULL AND status IN ('submitting', 'running')"
        ).fetchone()[0]
        if count > self._world.scenario.max_running:
            self._world.broken(f"{count} requests are at the provider at once")

    def _check(self, name: str, process: "Process") -> None:
        guild, user, created = self._world.books.execute(
            "SELECT guild_id, user_id, created_at FROM generations WHERE id = ?", (name,)
        ).fetchone()
        now = datetime.fromisoformat(created)
        self._check_continued(name)
        policy, standing = self._document("guilds", guild), self._document("members", guild, user)
        if policy.get("pause") is not None:
            self._world.broken(f"{name} was accepted by {process.name} though the server is paused")
        self._check_seen_first(name, policy)
        block = standing.get("block")
        if block and (block["until"] is None or _moment(block["until"]) > now):
            self._world.broken(f"{name} was accepted though its member is blocked")
        self._check_limits(name, guild, user, now, policy, standing)
        self._check_budgets(name, guild, now, policy)

    def _check_seen_first(self, name: str, policy: Any) -> None:
        """Moderators who see everything first see this before it's sent, or before its video is posted."""
        review, unreviewed, film = self._world.books.execute(
            "SELECT review_id, unreviewed, film_id FROM generations WHERE id = ?", (name,)
        ).fetchone()
        rule, stage = policy.get("review"), policy.get("review_stage", ReviewStage.MADE)
        is_for_all = rule is not None and rule["who"] == Reviewed.EVERYBODY
        is_late = stage == ReviewStage.POSTED and film is None
        if is_for_all and (
            unreviewed != policy.get("review_timeout", Unreviewed.END) if is_late else not review
        ):
            self._world.broken(f"{name} was accepted without moderators, who are to see everything first")
        if unreviewed and (review or not is_late):
            self._world.broken(f"{name} waits for moderators who did not want that")

    def _check_continued(self, name: str) -> None:
        """What is continued was neither removed nor forgotten, and moderators have let it be posted."""
        gone = self._world.books.execute(
            "SELECT 1 FROM generations AS it JOIN generations AS source ON source.id = it.continues_id"
            " WHERE it.id = ? AND it.source_id = it.continues_id"
            " AND (source.removed_at IS NOT NULL OR source.erased_at IS NOT NULL"
            " OR source.delivered_at IS NULL)",
            (name,),
        ).fetchone()
        if gone:
            self._world.broken(f"{name} continues a video that is not there any more")

    def check_retired(self, model: str, since: float) -> None:
        """Nothing waits for long for a model that was sold no more from `since` on, in the loop's seconds."""
        now = self._world.loop.time()
        if now < since + RETIRED_SECONDS or self._world.skew or not self._is_served():
            return
        early = _text(EPOCH + timedelta(seconds=now - ENDED_SECONDS))
        waiting = self._world.books.execute(
            "SELECT id FROM generations WHERE model = ? AND status IN ('preparing', 'queued')"
            " AND created_at < ?",
            (model, early),
        )
        for (name,) in waiting:
            self._world.broken(f"{name} still waits for {model}, which is gone")

    def _is_served(self) -> bool:
        """Whether a process has run long enough to have seen the provider's list twice."""
        began = self._world.loop.time() - RETIRED_SECONDS
        return any(process.opened is not None and process.began < began for process in self._world.processes)

    def _check_limits(
        self, name: str, guild: int, user: int, now: datetime, policy: Any, standing: Any
    ) -> None:
        granted = sum(
            grant["amount"] for grant in standing.get("grants", []) if _moment(grant["until"]) > now
        )
        for kind, window in WINDOWS.items():
            most = self._most(policy, kind, user)
            since = now - window
            if standing.get("reset_at"):
                since = max(since, _moment(standing["reset_at"]))
            used = self._world.books.execute(
                f"SELECT count(*) FROM generations WHERE guild_id = ? AND user_id = ? AND created_at > ?"
                f" AND created_at <= ? AND NOT {FREE}",
                (guild, user, _text(since), _text(now + CLOCK_SKEW)),
            ).fetchone()[0]
            if most is not None and used > most + granted:
                self._world.broken(f"{name} is number {used} of a {kind}, and {most + granted} are allowed")
        open_ones = self._world.books.execute(
            "SELECT count(*), sum(status IN ('queued', 'preparing')) FROM generations WHERE guild_id = ? AND"
            " user_id = ? AND status IN ('preparing', 'queued', 'submitting', 'running')",
            (guild, user),
        ).fetchone()
        most = self._most(policy, "at_once", user)
        if most is not None and open_ones[0] > most:
            self._world.broken(f"{name} is number {open_ones[0]} at once, and {most} are allowed")
        if open_ones[1] > self._world.settings.max_waiting:
            self._world.broken(f"{name} is number {open_ones[1]} of its member in the queue")

    def _check_budgets(self, name: str, guild: int, now: datetime, policy: Any) -> None:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        for period, budget in policy.get("budgets", {}).items():
            since = midnight if period == "day" else midnight.replace(day=1)
            spent = self._world.books.execute(
                f"SELECT sum({BOUND}) FROM generations WHERE guild_id = ? AND created_at >= ?"
                " AND created_at <= ?",
                (guild, _text(since), _text(now + CLOCK_SKEW)),
            ).fetchone()[0]
            if spent > budget["credits"] + CENT:
                self._world.broken(f"{name} makes {spent} spent of a {period}'s {budget['credits']}")

    def _most(self, policy: Any, kind: str, user: int) -> int | None:
        """Return what a member may have; there are no roles here."""
        rules = [rule for rule in policy.get("rules", []) if rule["kind"] == kind]
        for scope, subject in (("member", user), ("server", 0)):
            for rule in rules:
                if rule["scope"] == scope and rule["subject_id"] == subject:
                    return rule["most"]
        return self._world.settings.default_daily_limit if kind == "day" else None

    def _document(self, table: str, guild: int, user: int | None = None) -> Any:
        column = "policy" if user is None else "standing"
        where = "guild_id = ?" if user is None else "guild_id = ? AND user_id = ?"
        values = (guild,) if user is None else (guild, user)
        found = self._world.books.execute(
            f"SELECT {column} FROM {table} WHERE {where}",
            values,
        ).fetchone()
        return json.loads(found[0]) if found else {}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
