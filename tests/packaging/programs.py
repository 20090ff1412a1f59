"""The linters that come with the development packages, run as a developer runs them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_program(name: str, *arguments: str | Path) -> tuple[int, str]:
    """Run a program of the virtual environment in the repository; return its code and all that it said."""
    program = Path(sys.executable).with_name(name)
    done = subprocess.run(  # noqa: S603 our own linters on our own files
        [program, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def check_schema(schema: str, *paths: str | Path) -> tuple[int, str]:
    """Check files against a JSON schema that check-jsonschema brings along, without a network."""
    return run_program("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *paths)
