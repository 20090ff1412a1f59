"""Faults of the shape: answers that the schema does not foresee, as they were recorded or reported.

Source: the answers recorded in the provider's documentation of its video endpoints.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.faults import JOBS, LOG, Fault
from sandbox.generations import SIGNATURE
from sandbox.refusals import error_response

Change = Callable[[dict[str, Any]], dict[str, Any] | list[Any]]


@dataclass(frozen=True, slots=True)
class Reshaped(Fault):
    """Carry the call out, and change the JSON of its answer."""

    change: Change

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer in the other shape."""
        response = await handler(request)
        return _with_text(response, json.dumps(self.change(json.loads(_text(response)))).encode())


@dataclass(frozen=True, slots=True)
class Spoilt(Fault):
    """Carry the call out, and put these bytes into a field of the answer that nobody needs."""

    stray: bytes

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer with the stray bytes."""
        response = await handler(request)
        return _with_text(response, b'{"note": "' + self.stray + b'", ' + _text(response).encode()[1:])


@dataclass(frozen=True, slots=True)
class CutOff(Fault):
    """Carry the call out, and send the headers and half of the JSON, as if that were all.

    `breaks`: the whole was announced, and then the connection breaks.
    """

    breaks: bool

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Send the half."""
        whole = await handler(request)
        text = _text(whole).encode()
        half = text[: len(text) // 2]
        if not self.breaks:
            return _with_text(whole, half)
        own = {name: value for name, value in whole.headers.items() if name.startswith("x-")}
        response = web.StreamResponse(headers={**own, "Content-Length": str(len(text))})
        await response.prepare(request)
        await response.write(half)
        if request.transport:
            request.transport.abort()
        return response


@dataclass(frozen=True, slots=True)
class Refusal(Fault):
    """Refuse the call with any body: bytes as they are, everything else as JSON."""

    status_code: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:  # noqa: ARG002 the interface names it
        """Refuse."""
        is_raw = isinstance(self.body, bytes)
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        kind = "text/plain" if is_raw else "application/json"
        return web.Response(status=self.status_code, body=body, content_type=kind, headers=self.headers)


@dataclass(frozen=True, slots=True)
class Mistaken(Fault):
    """Retrieve: answer with another generation's task, the oldest there is, like a cache that errs."""

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer about another one."""
        asked = request.query["generation_id"]
        other = next((job.id for job in request.app[JOBS].all() if job.id != asked), asked)
        return await handler(request.clone(rel_url=request.rel_url.with_query(generation_id=other)))


@dataclass(frozen=True, slots=True)
class Repeated(Fault):
    """Create: accept the order, and answer with the id of the oldest generation."""

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer with an id that was given before."""
        task = json.loads(_text(await handler(request)))
        oldest = request.app[JOBS].all()[0].id
        return web.json_response({**task, "id": oldest}, headers={"x-inference-id": oldest})


def once_done(change: Change) -> Fault:
    """Change answers that have a video, and leave the others as they are."""
    return Reshaped(lambda task: change(task) if task.get("video") else task)


@dataclass(frozen=True, slots=True)
class Stumble(Fault):
    """Create: do not take the order, say 503, and write it down in the log as failed."""

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:  # noqa: ARG002 the interface names it
        """Stumble."""
        name = request.headers.get("X-Client-Request-Id")
        request.app[LOG].add(str((await request.json())["model"]), None, name)
        return error_response(request, 503, "Your request is valid - try again a bit later.")


def without(task: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a task that lacks these fields."""
    return {name: value for name, value in task.items() if name not in names}


def zero_cost(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task that is told to have cost nothing: the charge is booked later."""
    return {**task, "meta": {"usage": {"credits_used": 0, "usd_spent": 0}}}


def dead_address(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task with an address at which nothing is, or not any more."""
    return {**task, "video": {"url": f"{task['video']['url']}.dead"}}


def signed(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task with an address that is signed, as those of storages are."""
    return {**task, "video": {"url": f"{task['video']['url']}?{SIGNATURE}"}}


def says(**fields: object) -> Fault:
    """Answer a question with these fields, and without a file."""
    return Reshaped(lambda task: {"id": task["id"], "video": None, **fields})


# How a finished task may say so.
DONE_SHAPES: Mapping[str, Change] = {
    "succeeded": lambda task: {**task, "status": "succeeded"},
    "COMPLETED": lambda task: {**task, "status": "COMPLETED"},
    "an unknown word": lambda task: {**task, "status": "ripe"},
    "still generating": lambda task: {**task, "status": "generating"},
    "no status": lambda task: without(task, "status"),
    "a status that is a number": lambda task: {**task, "status": 3},
    "a list of addresses": lambda task: {**task, "video": [task["video"]["url"]]},
    "a list of objects": lambda task: {**task, "video": [None, {"url": ""}, task["video"]]},
    "a string": lambda task: {**task, "video": task["video"]["url"]},
    "a list in the object": lambda task: {**task, "video": {"url": [task["video"]["url"]]}},
    "a list by another name": lambda task: {**without(task, "video"), "videos": [task["video"]]},
    "a string by another name": lambda task: {**task, "video": None, "video_url": task["video"]["url"]},
    "another service's words": lambda task: {
        **without(task, "video"),
        "status": "SUCCESS",
        "output": [{"downloadUrl": task["video"]["url"]}],
    },
    "an address in the result": lambda task: {**task, "video": None, "result": task["video"]["url"]},
    "another service's form": lambda task: {
        **without(task, "video"),
        "response": {"generatedVideos": [{"video": {"uri": task["video"]["url"]}}]},
    },
    "a task in an object": lambda task: {"status": "ok", "data": task},
    "a task in a list": lambda task: [task],
    "an output": lambda task: {**without(task, "video"), "output": {"video": {"uri": task["video"]["url"]}}},
    "no id": lambda task: without(task, "id"),
    "an id that is null": lambda task: {**task, "id": None},
    "generation_id": lambda task: {**without(task, "id"), "generation_id": task["id"]},
    "an error of a template": lambda task: {**task, "error": {"name": "<name>", "message": "<message>"}},
    "ill-typed details": lambda task: {**task, "error": 0, "meta": [], "model": {}, "progress": "x"},
    "an ill-typed size": lambda task: {**task, "video": {**task["video"], "file_size": "big", "url2": 5}},
}

# How a task may say that it failed, and its reason.
FAILED_SHAPES: Mapping[str, tuple[dict[str, Any], str]] = {
    "a string": ({"status": "error", "error": "No faces."}, "No faces."),
    "failed": ({"status": "failed", "error": {"name": "X", "message": "No faces."}}, "No faces."),
    "canceled": ({"status": "canceled", "error": {"message": "No faces."}}, "No faces."),
    "an unknown word": ({"status": "rejected", "error": {"message": "No faces."}}, "No faces."),
    "still generating": ({"status": "generating", "error": {"message": "No faces."}}, "No faces."),
    "a list of details": (
        {
            "status": "error",
            "error": {"detail": [{"loc": ["body", "image_url"], "msg": "No faces.", "type": "face"}]},
        },
        "No faces.",
    ),
    "a list of texts": ({"status": "ripe", "error": ["No faces."]}, "No faces."),
    "a list of errors": ({"status": "ripe", "errors": [{"msg": "No faces."}]}, "No faces."),
    "another field": ({"status": "ripe", "failureReason": "No faces."}, "No faces."),
    "a number alone": ({"status": "ripe", "error": 422}, "It gave no reason."),
    "a reason in JSON": ({"status": "error", "error": '{"error": {"message": "No faces."}}'}, "No faces."),
    "a numeric name": ({"status": "error", "error": {"name": 422, "message": "No faces."}}, "No faces."),
    "an error in an error": ({"status": "error", "error": {"error": {"message": "No faces."}}}, "No faces."),
    "no id": ({"id": None, "status": "error", "error": {"message": "No faces."}}, "No faces."),
}


def _text(response: web.StreamResponse) -> str:
    return (response.text or "") if isinstance(response, web.Response) else ""


def _with_text(response: web.StreamResponse, body: bytes) -> web.Response:
    kept = {name: value for name, value in response.headers.items() if name.lower().startswith("x-")}
    return web.Response(status=response.status, body=body, content_type="application/json", headers=kept)
