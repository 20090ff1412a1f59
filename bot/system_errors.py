"""The system's errors in words, for operators: what happened, without numbers that one has to look up."""

import errno
import re
import socket
import ssl
from collections.abc import Mapping

import aiohttp

CLOSED = "the other side closed the connection"
NO_ANSWER = "no answer in time"
UNKNOWN_HOST = "no such host, or its name can't be looked up now"
# The others are clear in the system's own words, such as "Permission denied".
WORDS: Mapping[int, str] = {
    errno.ECONNREFUSED: "connection refused, so nothing listens there",
    errno.ECONNRESET: CLOSED,
    errno.EPIPE: CLOSED,
    errno.ETIMEDOUT: NO_ANSWER,
    errno.EHOSTUNREACH: "this machine finds no way to that host",
    errno.ENETUNREACH: "this machine finds no way to that network",
}
# asyncio's own words about an address, or about all that a name has; the number says what happened.
NUMBERED = re.compile(r"\[Errno (\d+)\]")
# Kinds of errors, the more special ones first: those of aiohttp are also the system's.
UNKNOWN = aiohttp.ClientConnectorDNSError, socket.gaierror, UnicodeError
ENDED = (
    *(aiohttp.ServerDisconnectedError, ConnectionResetError, BrokenPipeError, EOFError),
    *(ssl.SSLEOFError, ssl.SSLZeroReturnError),
)
NO_ENCRYPTION = "no encrypted connection"
# OpenSSL's names, by version, of an answer that isn't encrypted.
PLAIN_ANSWERS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})


def words_of(error: BaseException) -> str:
    """Return what an error of the system, of a connection or of TLS means; without a full stop.

    An error of another kind is returned in its own words.
    """
    cause = _cause_of(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate isn't valid ({cause.verify_message or cause.reason})"
    if isinstance(cause, aiohttp.WSServerHandshakeError):
        return f"it answered {cause.status}"
    if isinstance(cause, UnicodeDecodeError):  # in what came, not in a host's name
        return str(cause)
    kinds = {UNKNOWN: UNKNOWN_HOST, ENDED: CLOSED, (TimeoutError,): NO_ANSWER}
    words = next((words for kind, words in kinds.items() if isinstance(cause, kind)), None)
    if words is None and isinstance(cause, ssl.SSLError):
        return _of_encryption(cause)
    return words or (isinstance(cause, OSError) and _of_number(cause)) or str(cause) or type(cause).__name__


def _cause_of(error: BaseException) -> BaseException:
    """Return what kept aiohttp from connecting; its own errors are also of the kinds that they wrap."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return error
        case aiohttp.ClientConnectorCertificateError():
            return error.certificate_error
        case aiohttp.ClientConnectorError():
            return error.os_error
        case _:
            return error


def _of_encryption(error: ssl.SSLError) -> str:
    if error.reason in PLAIN_ANSWERS:
        return f"{NO_ENCRYPTION}; perhaps the address must begin with http or ws"
    return f"{NO_ENCRYPTION} ({error.reason or error.strerror or error})"


def _of_number(error: OSError) -> str:
    number, said = error.errno, error.strerror or str(error)
    if number is None and (found := NUMBERED.search(said)):
        number = int(found[1])
    return WORDS.get(number or 0, said)
