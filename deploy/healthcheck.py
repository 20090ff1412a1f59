"""The container's health check: exit code 0 while the bot says at /healthz that it is well.

It imports nothing of the bot, so that it starts quickly and works while the bot does not.
"""

import http.client
import os
import sys

SECONDS = 5  # a bot whose event loop is blocked does not answer at all


def ask(host: str, port: int) -> tuple[int, str]:
    """Return the status and the words of the bot's answer.

    Raises:
        OSError, http.client.HTTPException: there is none in time.
    """
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def main() -> str | None:
    """Return what is wrong, for `sys.exit`; None while all is well or nothing can be asked."""
    port = os.environ.get("HTTP_PORT")
    if not port:
        return None
    host = os.environ.get("HTTP_HOST") or "127.0.0.1"  # 0.0.0.0 and :: reach this host as well
    try:
        status, words = ask(host, int(port))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"no answer from {host}, port {port}: {error!r}"
    return None if status == http.client.OK else f"{status}: {words}"


if __name__ == "__main__":
    sys.exit(main())
