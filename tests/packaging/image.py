"""The image's contents in a folder: the Dockerfile's steps run here, without a container engine.

What is made is read-only, and run by a user who has no rights to change it: where the tests run as root, in a
user namespace that has the image's user and no privileges, so that files' rights hold as in a container.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.packaging.dockerfile import ROOT, copied_from_context, last_words, read_steps

# Folders at the image's root that the Dockerfile makes; here they are inside another one.
FOLDER = re.compile(r"(?<![\w./-])/(?:build|venv|app|data)\b")


UNSHARE = shutil.which("unshare")
NO_WRITING = ~0o222  # of a file's mode


def why_not() -> str | None:
    """Return why nobody can be the image's user here, if so."""
    if os.geteuid() != 0:
        return None
    if UNSHARE is None:
        return "there is no unshare (Debian: util-linux) by which root would become an ordinary user"
    done = subprocess.run([UNSHARE, "--map-user=1", "true"], capture_output=True, text=True, check=False)  # noqa: S603
    return None if done.returncode == 0 else f"root may make no user namespace here: {done.stderr.strip()}"


class Image:
    """What the Dockerfile makes. The commands of its second stage, which need root, are left out."""

    def __init__(self, root: Path) -> None:
        self.steps = read_steps()
        self.root = root
        self.data = root / "data"

    def build(self) -> None:
        """Copy what is copied, run the first stage's commands, and make all but /data read-only."""
        context = self.root / "build"
        for folder in (context, self.data):
            folder.mkdir()
        for source, target in copied_from_context(self.steps):
            place = context / self._placed(target)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, place)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        for step in self.steps:
            if (step.stage, step.word) == (1, "RUN"):
                shell = ["/bin/sh", "-c", self._placed(step.rest)]
                environment = {**os.environ, "PATH": path}
                done = subprocess.run(  # noqa: S603
                    shell, cwd=context, env=environment, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, f"RUN {step.rest}\n{done.stdout}{done.stderr}"
        for path in (self.root, *self.files()):
            if not path.is_symlink():  # that would be somebody else's file
                path.chmod(path.stat().st_mode & NO_WRITING)

    @property
    def command(self) -> list[str]:
        """What a container runs."""
        return last_words(self.steps, "ENTRYPOINT") + last_words(self.steps, "CMD")

    @property
    def health_check(self) -> list[str]:
        """What an engine runs to see whether the container is well."""
        (step,) = (step for step in self.steps if step.word == "HEALTHCHECK")
        words: list[str] = json.loads(step.rest[step.rest.index("[") :])
        return [self._placed(word) for word in words]

    def environment(self) -> dict[str, str]:
        """Return what the image sets, and nothing of this process's own."""
        pairs = (self._placed(pair).partition("=") for pair in last_words(self.steps, "ENV"))
        return {name: value.replace("$PATH", os.defpath) for name, _, value in pairs}

    def files(self) -> set[Path]:
        """Return everything that lies outside the volume."""
        return {path for path in self.root.rglob("*") if not path.is_relative_to(self.data)}

    @asynccontextmanager
    async def started(self, *command: str, **settings: str) -> AsyncGenerator[asyncio.subprocess.Process]:
        """Run a program as a container would; it is killed at the end if it still runs."""
        process = await asyncio.create_subprocess_exec(
            *self._as_user(),
            *command,
            cwd=self._placed(last_words(self.steps, "WORKDIR")[0]),
            env=self.environment() | settings,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def run(self, *command: str, **settings: str) -> tuple[int | None, str]:
        """Run a program to its end; return its code and what it said."""
        async with self.started(*command, **settings) as process:
            output, _ = await process.communicate()
        return process.returncode, output.decode()

    def _as_user(self) -> list[str]:
        """Return what makes a command run as the image's user where the tests run as root."""
        if os.geteuid() != 0:
            return []
        user, group = last_words(self.steps, "USER")[0].split(":")
        return [UNSHARE or "unshare", f"--map-user={user}", f"--map-group={group}"]

    def _placed(self, text: str) -> str:
        return FOLDER.sub(lambda match: f"{self.root}{match[0]}", text)
