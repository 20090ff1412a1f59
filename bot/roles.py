"""The role of a process."""

from enum import StrEnum


class Role(StrEnum):
    """A process's part of the work."""

    ALL = "all"
    GATEWAY = "gateway"
    WORKER = "worker"
