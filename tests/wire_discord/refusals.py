"""Refusals in Discord's form, `{"message", "code"}`, with the codes of "Opcodes and Status Codes"."""

import json

from aiohttp import web


class RefusalError(Exception):
    """Ends a request with an HTTP `status` and Discord's own `code`."""

    def __init__(self, status: int, code: int, message: str, errors: dict[str, object] | None = None) -> None:
        """`errors`: which fields of the body are wrong, in Discord's nested form."""
        super().__init__(message)
        self.status = status
        self.form: dict[str, object] = {"message": message, "code": code}
        if errors is not None:
            self.form["errors"] = errors


def json_answer(content: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return `content` as Discord does: the content type names no charset, and discord.py insists on it."""
    body = json.dumps(content).encode()
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


def unauthorized() -> RefusalError:
    """Say that the bot's token is missing or wrong."""
    return RefusalError(401, 0, "401: Unauthorized")


def unknown_channel() -> RefusalError:
    """Say that there is no such channel or thread, or no longer."""
    return RefusalError(404, 10003, "Unknown Channel")


def unknown_guild() -> RefusalError:
    """Say that there is no such server, or the bot is not in it."""
    return RefusalError(404, 10004, "Unknown Guild")


def missing_access() -> RefusalError:
    """Say that the bot is not where this is."""
    return RefusalError(403, 50001, "Missing Access")


def unknown_message() -> RefusalError:
    """Say that there is no such message, or it is ephemeral and the caller comes with the bot's token."""
    return RefusalError(404, 10008, "Unknown Message")


def unknown_webhook() -> RefusalError:
    """Say that no interaction has such a token, or it is not answered yet."""
    return RefusalError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> RefusalError:
    """Say that the interaction was not answered within 3 seconds, or never was one."""
    return RefusalError(404, 10062, "Unknown interaction")


def already_acknowledged() -> RefusalError:
    """Say that the interaction has been answered before."""
    return RefusalError(400, 40060, "Interaction has already been acknowledged.")


def expired_token() -> RefusalError:
    """Say that the interaction is older than 15 minutes."""
    return RefusalError(401, 50027, "Invalid Webhook Token")


def too_large() -> RefusalError:
    """Say that a file is over the upload limit."""
    return RefusalError(413, 40005, "Request entity too large")


def too_many_files() -> RefusalError:
    """Say that a message has more than 10 files."""
    return RefusalError(400, 30015, "Maximum number of attachments in a message reached (10)")


def closed_direct_messages() -> RefusalError:
    """Say that the member takes no direct messages from the bot."""
    return RefusalError(403, 50007, "Cannot send messages to this user")


def empty_message() -> RefusalError:
    """Say that a message has neither text nor anything else."""
    return RefusalError(400, 50006, "Cannot send an empty message")


def wrong_channel_type() -> RefusalError:
    """Say that a thread cannot hang on a message in such a place."""
    return RefusalError(400, 50024, "Cannot execute action on this channel type")


def thread_exists() -> RefusalError:
    """Say that the message has its thread already."""
    return RefusalError(400, 160004, "A thread has already been created for this message")


def archived_thread() -> RefusalError:
    """Say that nothing in a thread can be edited or deleted while it is archived."""
    return RefusalError(400, 50083, "Thread is archived")


def invalid_form(field: str, reason: str, code: str = "BASE_TYPE_INVALID") -> RefusalError:
    """Say that a field of the body has a value that is not possible; dots in `field` lead into objects."""
    errors: dict[str, object] = {"_errors": [{"code": code, "message": reason}]}
    for name in reversed(field.split(".")):
        errors = {name: errors}
    return RefusalError(400, 50035, "Invalid Form Body", errors)
