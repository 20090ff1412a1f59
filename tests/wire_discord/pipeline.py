"""What every request goes through: it is read, written down, made to fail if scripted, and checked."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tests.wire_discord.bodies import BODY, read_body
from tests.wire_discord.channel_routes import API
from tests.wire_discord.faults import Faults
from tests.wire_discord.gateway import PATH
from tests.wire_discord.refusals import RefusalError, invalid_form, json_answer, unauthorized
from tests.wire_discord.requests import Request, record, route_of
from tests.wire_discord.state import State

TOO_LARGE_PAGE = "<html><head><title>413 Request Entity Too Large</title></head></html>"
# From a request's method, path and body to the field that is wrong and why; None: all is right.
CheckBody = Callable[[str, str, object], tuple[str, str] | None]
WRONG = web.RequestKey("WRONG", tuple[str, str])
# These are authorised by what is in their path, or by the first message.
WITHOUT_TOKEN = (f"{API}/interactions/", f"{API}/webhooks/", "/attachments/", PATH)


class Pipeline:
    """The server's middlewares.

    Args:
        requests: where they write requests down.
        request_limit: bytes of a body above which a request is cut off unread; None: however large.

    Attributes:
        check_body: says what Discord's schema refuses; the tests, which have the schema, put it here.
    """

    check_body: CheckBody = staticmethod(lambda *_: None)

    def __init__(
        self,
        state: State,
        faults: Faults,
        token: str,
        requests: list[Request],
        request_limit: int | None = None,
    ) -> None:
        self._state = state
        self._faults = faults
        self._authorization = f"Bot {token}"
        self._requests = requests
        self._request_limit = request_limit

    @property
    def middlewares(self) -> list[Middleware]:
        """The middlewares, the outermost first."""
        return [self._show_refusals, self._cut_off, self._record, self._misbehave, self._check]

    @web.middleware
    async def _show_refusals(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except RefusalError as error:
            return json_answer(error.form, error.status)
        except web.HTTPException as error:
            return json_answer({"message": f"{error.status}: {error.reason}", "code": 0}, error.status)

    @web.middleware
    async def _cut_off(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._request_limit is None or (request.content_length or 0) <= self._request_limit:
            return await handler(request)
        answer = web.Response(text=TOO_LARGE_PAGE, status=413, content_type="text/html")
        answer.force_close()
        await answer.prepare(request)
        await answer.write_eof()
        if request.transport:
            request.transport.close()  # what still comes meets a closed socket
        return answer

    @web.middleware
    async def _record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        request[BODY] = await read_body(request)
        self._requests.append(record(request))
        wrong = self.check_body(request.method, request.path.removeprefix(API), request[BODY].json)
        if wrong is not None:  # found out now, since a fault may answer
            request[WRONG] = wrong
        self._state.notify()
        return await handler(request)

    @web.middleware
    async def _misbehave(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = self._faults.take(route_of(request), request.match_info)
        return await (fault.answer(request, handler) if fault else handler(request))

    @web.middleware
    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        is_open = request.path.startswith(WITHOUT_TOKEN) or request.match_info.http_exception
        if not is_open and request.headers.get("Authorization") != self._authorization:
            raise unauthorized()
        if WRONG in request:
            raise invalid_form(*request[WRONG])
        return await handler(request)
