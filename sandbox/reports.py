"""The calls that report: the log, the bill, the models' prices and how long they take.

Source: "Usage logs", "Account balance", "Models catalogue" and "Model metrics" in the provider's
API reference.
"""

import hashlib
import json
import math
import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiohttp import web

from bot.provider.catalogue import ALL_MODELS, Model
from sandbox.calls import UNIVERSAL_PATH
from sandbox.jobs import Jobs
from sandbox.keys import is_bots_key
from sandbox.ledger import Ledger
from sandbox.offers import offer_of, usd
from sandbox.refusals import RefusalError, iso
from sandbox.request_log import RequestLog
from sandbox.terms import Terms

PERIOD = re.compile(r"([1-9][0-9]{0,5})([hd])")
LONGEST_WINDOW = timedelta(days=92)
LEDGER_PARAMETERS = frozenset({"from", "to", "direction", "type", "limit", "cursor"})
LOG_CALLS, LOG_SECONDS = 200, 60.0  # how often the log may be asked in how many seconds
METRICS_WINDOW = 300  # seconds
PERCENTILES = (50, 75, 90, 99)


class Reports:
    """Handlers of everything that only tells.

    Attributes:
        charge_delay: how late a charge appears in the ledger.
    """

    def __init__(
        self, jobs: Jobs, ledger: Ledger, log: RequestLog, terms: Terms, clock: Callable[[], float]
    ) -> None:
        self._jobs = jobs
        self._terms = terms
        self._ledger = ledger
        self._log = log
        self._clock = clock
        self.charge_delay = timedelta()
        self._log_calls = deque[float](maxlen=LOG_CALLS)

    async def logs(self, request: web.Request) -> web.Response:
        """List create calls, newest first."""
        self._count_log_call()
        query = request.query
        limit = _whole_number(query.get("limit", "50"), "limit", 1, 100)
        offset = _whole_number(query.get("offset", "0"), "offset", 0, None)
        models, statuses = query.getall("model", []), query.getall("status", [])
        if not set(statuses) <= {"succeeded", "failed"}:
            raise RefusalError(400, "Query validation error! status: Expected 'succeeded' | 'failed'")
        start, end = _window(query.get("period"), query.get("start"), query.get("end"))
        is_ours = is_bots_key(request)
        rows = [
            row
            for row in self._log.rows(start, end)
            if row.is_ours is is_ours  # "the requests made with the key you are authenticating with"
            and (not models or row.model in models)
            and (not statuses or row.status in statuses)
        ]
        page = rows[offset : offset + limit]
        has_more = offset + limit < len(rows)
        pagination = {"limit": limit, "offset": offset, "total": len(rows), "has_more": has_more}
        return web.json_response({"data": [row.wire for row in page], "pagination": pagination})

    def _count_log_call(self) -> None:
        now = self._clock()
        if len(self._log_calls) == LOG_CALLS and now - self._log_calls[0] < LOG_SECONDS:
            raise RefusalError(429, "Too many requests")
        self._log_calls.append(now)

    async def balance(self, _: web.Request) -> web.Response:
        """Say how much money is left."""
        return web.json_response({"current_balance": usd(self._ledger.credits), "currency": "USD"})

    async def transactions(self, request: web.Request) -> web.Response:
        """List the movements of money, newest first."""
        query = request.query
        if unknown := set(query) - LEDGER_PARAMETERS:
            raise RefusalError(400, f"Query validation error! Unrecognized parameter: {min(unknown)}")
        limit = _whole_number(query.get("limit", "50"), "limit", 1, 100)
        start = _whole_number(query.get("cursor", "0"), "cursor", 0, None)
        oldest = _read_time(query["from"]) if "from" in query else datetime.min.replace(tzinfo=UTC)
        rows = [row for row in self._ledger.visible(self.charge_delay) if row.created_at >= oldest]
        has_more = start + limit < len(rows)
        pagination = {"next_cursor": str(start + limit) if has_more else None, "has_more": has_more}
        data = [row.wire for row in rows[start : start + limit]]
        return web.json_response({"data": data, "pagination": pagination})

    async def key(self, request: web.Request) -> web.Response:
        """Say what the key may do."""
        key = request.headers["Authorization"].removeprefix("Bearer ")
        return web.json_response(self._terms.wire(key, self._ledger))

    async def models(self, request: web.Request) -> web.Response:
        """List the models that `id` names, or all; with prices where `include` asks for them."""
        names = {name for value in request.query.getall("id", []) for name in value.split(",")}
        has_pricing = "pricing" in request.query.get("include", "").split(",")
        rows = [
            _model_row(name, model, has_pricing=has_pricing)
            for name, model in _sold().items()
            if (not names or names & {name, offer_of(name).alias}) and name not in self._terms.sold_out
        ]
        text = json.dumps({"object": "list", "data": rows})
        etag = f'W/"{hashlib.sha256(text.encode()).hexdigest()[:27]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=text, content_type="application/json", headers={"ETag": etag})

    async def metrics(self, request: web.Request) -> web.Response:
        """Say how long recent successful generations took, per model."""
        if unknown := set(request.query) - {"aliases"}:
            raise RefusalError(400, f"Query validation error! Unrecognized parameter: {min(unknown)}")
        aliases = request.query.getall("aliases", [])
        names = [name for name in _sold() if not aliases or name in aliases]
        rows = [
            {"alias": name, "endpoint": UNIVERSAL_PATH, "metrics": {"duration_ms": _percentiles(durations)}}
            for name in names
            if (durations := self._durations(name))
        ]
        generated_at = iso(datetime.now(UTC))
        return web.json_response(
            {"window_seconds": METRICS_WINDOW, "generated_at": generated_at, "models": rows}
        )

    def _durations(self, model_id: str) -> list[float]:
        """Return how many milliseconds the model's recent successes took, shortest first."""
        oldest = self._clock() - METRICS_WINDOW
        return sorted(
            (job.finished_at - job.created_at) * 1000
            for job in self._jobs.all()
            if job.is_success
            and job.finished_at is not None
            and job.finished_at >= oldest
            and job.order.model.provider_name == model_id
        )


def _percentiles(values: list[float]) -> dict[str, float]:
    """Return the nearest-rank percentiles of sorted, non-empty `values`."""
    return {f"p{share}": values[math.ceil(len(values) * share / 100) - 1] for share in PERCENTILES}


def _sold() -> dict[str, Model]:
    """Return the models by their names, each once and in the first of its rows."""
    sold: dict[str, Model] = {}
    for model in ALL_MODELS:
        sold.setdefault(model.provider_name, model)
    return sold


def _model_row(name: str, model: Model, *, has_pricing: bool) -> dict[str, object]:
    offer = offer_of(name)
    row: dict[str, object] = {
        "id": name,
        "aliases": [offer.alias],
        "type": "video",
        "info": {"name": model.label, "developer": "Google"},
        "tags": ["playground:video"],
    }
    if has_pricing:
        variants = [
            {
                "when": {"generate_audio": has_audio},
                "price": usd(offer.credits_per_second(has_audio=has_audio)),
                "unit": "second",
                "per": 1,
            }
            for has_audio in (True, False)
        ]
        row["pricing"] = {"kind": "variants", "dimensions": ["generate_audio"], "variants": variants}
    return row


def _whole_number(text: str, name: str, minimum: int, maximum: int | None) -> int:
    number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1
    if number < minimum or (maximum is not None and number > maximum):
        raise RefusalError(400, f"Query validation error! {name}: Expected integer, Received '{text}'")
    return number


def _window(period: str | None, start: str | None, end: str | None) -> tuple[datetime, datetime]:
    """Return the window that either `period` or `start` and `end` describe."""
    if period is not None and start is None and end is None:
        match = PERIOD.fullmatch(period)
        if match is None:
            raise RefusalError(
                400, f"Query validation error! period: Expected <n>h | <n>d, Received '{period}'"
            )
        unit = timedelta(hours=1) if match[2] == "h" else timedelta(days=1)
        now = datetime.now(UTC)
        return _checked_window(now - int(match[1]) * unit, now)
    if period is not None or start is None or end is None:
        raise RefusalError(400, "Query validation error! Provide either period or both start and end")
    return _checked_window(_read_time(start), _read_time(end))


def _read_time(text: str) -> datetime:
    """Return an ISO-8601 time; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise RefusalError(400, f"Query validation error! Expected ISO-8601, Received '{text}'") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _checked_window(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    if end < start or end - start > LONGEST_WINDOW:
        raise RefusalError(400, "Query validation error! Expected start <= end, at most 92 days apart")
    return start, end
