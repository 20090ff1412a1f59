"""The linters that come with the development packages, run as a developer runs them."""

import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from check_jsonschema.cli.main_command import main as check_jsonschema  # pyright: ignore[reportMissingTypeStubs]


def run_program(root: Path, name: str, *arguments: str | Path) -> tuple[int, str]:
    """Run a program of the virtual environment in the repository; return its code and all that it said."""
    program = Path(sys.executable).with_name(name)
    done = subprocess.run(  # noqa: S603 our own linters on our own files
        [program, *arguments],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def check_schema(schema: str, *paths: Path) -> str:
    """Return what is wrong by a JSON schema that check-jsonschema brings along, without a network.

    In this process, since its start takes longer than its work.
    """
    arguments = ["--builtin-schema", f"vendor.{schema}", *map(str, paths)]
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code: int | None = check_jsonschema(arguments, standalone_mode=False)
    return said.getvalue().strip() if code else ""
