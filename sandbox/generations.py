"""The calls that make a video: create, retrieve, and the CDN that delivers the file."""

import re
from typing import Literal

import structlog
from aiohttp import web

from sandbox.jobs import Job, Jobs
from sandbox.keys import is_bots_key
from sandbox.ledger import Ledger
from sandbox.offers import usd
from sandbox.refusals import OUT_OF_CREDITS, RefusalError
from sandbox.request_log import RequestLog
from sandbox.schema import Order, check_body, fields_of
from sandbox.terms import Terms

CostAnswer = Literal["create", "header", "poll"]  # an answer that tells the cost

# As the documents recorded it: 30 of 39 create answers tell it, and not one of about 100 finished tasks.
SIGNATURE = "Signature=qZ0AR%2BPP2%2Fg%3D&tilde=%7E"  # of any file; holds as it is written only
COST_ANSWERS: frozenset[CostAnswer] = frozenset({"create", "header"})
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Generations:
    """Handlers; the same ones serve the universal and the legacy address.

    Attributes:
        cost_answers: which answers tell what a generation costs; of "poll" all do, before it is charged and
            also if it never is.
        unnamed: fields of accepted orders that no schema names; the bot sends none.
    """

    def __init__(self, jobs: Jobs, ledger: Ledger, log: RequestLog, terms: Terms) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._log = log
        self.cost_answers = COST_ANSWERS
        self.unnamed: list[str] = []
        self._terms = terms

    async def create(self, request: web.Request) -> web.Response:
        """Accept an order; the answer's headers carry the ids."""
        client_request_id = _client_request_id(request)
        body = await _json(request)
        try:
            order = self._check(body)
        except RefusalError:
            self._log.add(_model_name(body), None, client_request_id, is_ours=is_bots_key(request))
            raise
        if order.unnamed:
            self.unnamed += order.unnamed
            log.warning("took fields that no schema names", fields=order.unnamed)
        job = self._jobs.create(order)
        is_ours = is_bots_key(request)
        self._log.add(order.model.provider_name, job, client_request_id, is_ours=is_ours)
        headers = {"x-inference-id": job.id}
        if "header" in self.cost_answers:
            headers["x-aimlapi-credits-used"] = str(job.cost)
            headers["x-aimlapi-usd-spent"] = f"{usd(job.cost):g}"
        if client_request_id:
            headers["x-client-request-id"] = client_request_id
        task = {"id": job.id, "status": "queued", **self._meta(job, "create")}
        return web.json_response(task, headers=headers)

    async def retrieve(self, request: web.Request) -> web.Response:
        """Say how a generation stands."""
        job_id = request.query.get("generation_id")
        if job_id is None:
            raise RefusalError(
                400, "Query validation error! generation_id: Expected string, Received undefined"
            )
        job = self._jobs.get(job_id)
        if job is None:
            raise RefusalError(404, f"Generation {job_id} not found")
        return web.json_response(self._task(job, str(request.url.origin())))

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Deliver a finished file; needs no key, like a CDN."""
        query = request.raw_path.partition("?")[2]
        if query.startswith("Signature=") and query != SIGNATURE:
            raise RefusalError(403, "SignatureDoesNotMatch")
        path = self._jobs.video_file(request.match_info["file_name"])
        if path is None:
            raise RefusalError(404, "Not Found")
        return web.FileResponse(path, headers={"Content-Type": "video/mp4"})

    def _check(self, body: object) -> Order:
        order = check_body(body)
        self._terms.check(order.model.provider_name, self._ledger)
        if self._ledger.credits <= 0:
            raise RefusalError(403, OUT_OF_CREDITS)
        return order

    def _task(self, job: Job, origin: str) -> dict[str, object]:
        status = self._jobs.status(job)
        if not job.is_success:
            return {
                "id": job.id,
                "status": status,
                "video": None,
                "error": job.error if job.is_failure else None,
                **self._meta(job, "poll"),
            }
        video: dict[str, object] = {
            "url": f"{origin}/cdn/{job.file_name}",
            "content_type": "video/mp4",
            "file_name": "output.mp4",
            "file_size": job.video.result().stat().st_size,
        }
        return {"id": job.id, "status": status, "video": video, "error": None, **self._meta(job, "poll")}

    def _meta(self, job: Job, answer: CostAnswer) -> dict[str, object]:
        if answer not in self.cost_answers:
            return {}
        return {"meta": {"usage": {"credits_used": job.cost, "usd_spent": usd(job.cost)}}}


def _client_request_id(request: web.Request) -> str | None:
    """Return the caller's own name for the request; a malformed one is dropped without a word."""
    name = request.headers.get("X-Client-Request-Id", "")
    return name if CLIENT_REQUEST_ID.fullmatch(name) else None


def _model_name(body: object) -> str:
    name = fields_of(body).get("model")
    return name if isinstance(name, str) else ""


async def _json(request: web.Request) -> object:
    try:
        return await request.json()
    except ValueError:
        raise RefusalError(400, "Body validation error! body: Expected JSON, Received invalid JSON") from None
