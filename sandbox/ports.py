"""A look at a port before it's used, with a sentence for who chose it."""

import socket

HOST = "127.0.0.1"


def why_not(port: int) -> str:
    """Return why nothing can listen on a port of this machine; empty: it can."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((HOST, port))
        except OSError as error:
            return f"{port} can't be used: {error.strerror}. With 0, any free port is taken."
        except OverflowError:
            return f"{port} isn't a port."
    return ""
