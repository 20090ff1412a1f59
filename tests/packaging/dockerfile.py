"""The Dockerfile, read as far as this project's needs it: one step per instruction."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: its word, such as RUN, and the rest of its line. Stages count from 1."""

    stage: int
    word: str
    rest: str

    def words(self) -> list[str]:
        """Return the rest as words: the items of its JSON form, or as a shell would split it."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


def read_steps(root: Path = ROOT) -> list[Step]:
    """Return all steps, in order."""
    lines = (root / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    steps: list[Step] = []
    stage = 0
    for line in filter(None, text.splitlines()):
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        steps.append(Step(stage, word, rest.strip()))
    return steps


def last_words(steps: list[Step], word: str) -> list[str]:
    """Return the words of the last instruction of this kind: the one that holds for the image."""
    return [step for step in steps if step.word == word][-1].words()


def copied_from_context(steps: list[Step]) -> list[tuple[str, str]]:
    """Return (source, target) of what comes out of the repository, not out of another stage."""
    copies = [step.words() for step in steps if step.word == "COPY" and "--from=" not in step.rest]
    return [(source, words[-1]) for words in copies for source in words[:-1]]
