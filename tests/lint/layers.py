"""The layers: a package imports from those below it, never from one beside or above it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.lint.findings import Check, File, Findings, modules

# From the bottom to the top; what stands in one line knows nothing of its neighbours.
LAYERS: tuple[tuple[str, ...], ...] = (
    (
        *("bot.clock", "bot.file_modes", "bot.i18n", "bot.roles", "bot.sharding", "bot.text"),
        *("bot.system_errors", "bot.written_values"),
    ),
    ("bot.log", "bot.markup", "bot.outages"),
    ("bot.errors", "bot.escape", "bot.failures", "bot.money"),
    ("bot.provider", "bot.signals"),
    ("bot.db", "bot.provider_settings"),
    ("bot.eta", "bot.media", "bot.policy"),
    ("bot.admission", "bot.settings"),
    ("bot.metrics", "bot.privacy"),
    ("bot.jobs", "bot.usage"),
    ("bot.library", "bot.moderation", "bot.monitoring", "bot.requests"),
    ("bot.doctor", "bot.films", "bot.home", "bot.preview"),
    ("bot.services",),
    ("bot.discord_client",),
    ("cogs.ui",),
    ("cogs.moderation", "cogs.privacy", "cogs.usage"),
    ("cogs.cards", "cogs.quota"),
    ("cogs.appeals", "cogs.reviews"),
    ("cogs.reports", "cogs.veo"),
    ("cogs.admin", "cogs.films", "cogs.videos"),
    ("cogs.delivery",),
    ("bot.app",),
    ("bot.cli",),
    ("bot.__main__",),
)
HEIGHTS = {package: height for height, layer in enumerate(LAYERS) for package in layer}


def every_package_has_a_layer(root: Path) -> Findings:
    """Find a module that stands in no layer, and a layer of nothing."""
    found = {_package_of(module) for module in modules(root, "bot", "cogs")} - {"bot", "cogs"}
    file = File(root, "tests/lint/layers.py")
    for package in sorted(found ^ HEIGHTS.keys()):
        yield file.found(f"{package} is {'in no layer' if package in found else 'nowhere'}.", "LAYERS")


def a_package_imports_from_below(root: Path) -> Findings:
    """Find an import from a package beside or above."""
    for module in modules(root, "bot", "cogs"):
        own = _package_of(module)
        for line, package in _imported(module.tree):
            if package != own and HEIGHTS.get(package, -1) >= HEIGHTS.get(own, len(LAYERS)):
                yield module.found(f"{own} is not above {package}, so it can't import it.", line)


def every_package_is_in_the_table_of_folders(root: Path) -> Findings:
    """Find a folder with a layer that CONTRIBUTING doesn't explain."""
    page = File(root, "CONTRIBUTING.md")
    rows = [line for line in page.text.splitlines() if line.startswith("| `")]
    for package in sorted(HEIGHTS):
        top, _, name = package.partition(".")
        own = [row for row in rows if f"`{top}/{name}/`" in row]
        listed = [row for row in rows if row.startswith(f"| `{top}/` ") and f"`{name}`" in row]
        if (root / top / name).is_dir() and not own and not listed:
            yield page.found(f"The table of folders lacks {top}/{name}/.", "| folder |")


def _package_of(module: File) -> str:
    """Return what a module stands in: a folder, or itself where it is loose."""
    return _shortened(module.name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))


def _shortened(name: str) -> str:
    return ".".join(name.split(".")[:2])


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="bot" | "cogs" as top):
                yield from ((node.lineno, f"{top}.{alias.name}") for alias in node.names)
            case ast.ImportFrom(module=str(name)):
                yield node.lineno, _shortened(name)
            case ast.Import():
                yield from ((node.lineno, _shortened(alias.name)) for alias in node.names)
            case _:
                pass


CHECKS: tuple[Check, ...] = (
    every_package_has_a_layer,
    a_package_imports_from_below,
    every_package_is_in_the_table_of_folders,
)
