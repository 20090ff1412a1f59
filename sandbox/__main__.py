"""`python -m sandbox`: the fake provider alone, until it is told to stop."""

import argparse
import asyncio
import signal
from collections.abc import Sequence

from sandbox.ports import why_not
from sandbox.provider import Provider


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM; both end the program without an error."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--key", help="the API key; default: a random one")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long a generation takes")
    options = parser.parse_args(arguments)
    if problem := why_not(options.port):
        parser.error(f"argument --port: {problem}")
    asyncio.run(_serve(Provider(port=options.port, key=options.key, generation_seconds=options.seconds)))


async def _serve(provider: Provider) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with provider:
        print(f"{provider.url} key={provider.key}", flush=True)  # noqa: T201  # the command's output
        await stopping.wait()


if __name__ == "__main__":
    main()
