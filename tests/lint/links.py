"""Where documents lead: every link and anchor, the README's length, and that no page is lost."""

from pathlib import Path

from tests.lint.findings import Check, Findings
from tests.lint.pages import Page, pages

MAX_WORDS = 1500  # of the README: what a newcomer reads
ELSEWHERE = ("https://", "http://", "mailto:")
BACK = "[Back to the README](../README.md)"


def every_link_leads_to_a_file_and_a_heading(root: Path) -> Findings:
    """Find a link to a file that is not there, or to a heading that its page does not have."""
    for page in pages(root):
        for link in page.links():
            if link.text.startswith(ELSEWHERE):
                continue
            path, _, heading = link.text.partition("#")
            target = (page.path.parent / path).resolve() if path else page.path
            if not target.is_relative_to(root.resolve()) or not target.exists():
                yield page.found(f"There is no file {path}.", link.line)
            elif heading and (target.suffix != ".md" or heading not in Page(root, target).headings()):
                yield page.found(f"There is no heading for {link.text}.", link.line)


def the_readme_is_short(root: Path) -> Findings:
    """Find a README that nobody would read to the end."""
    page = Page(root, "README.md")
    if (words := len(page.text.split())) > MAX_WORDS:
        yield page.found(f"{words:,} words are more than {MAX_WORDS:,}: move some to docs/.")


def every_page_names_its_readers_and_leads_back(root: Path) -> Findings:
    """Find a page in docs/ that begins otherwise, or that the README does not lead to."""
    readme = Page(root, "README.md")
    for page in pages(root):
        if page.path.parent != root / "docs":
            continue
        opening = page.text.split("\n\n")[1:2]
        if not opening or not (opening[0].startswith("For ") and opening[0].endswith(BACK)):
            yield page.found(f"The page must begin with its readers (“For …”), and then {BACK}.", 3)
        if not any(link.text.partition("#")[0] == page.name for link in readme.links()):
            yield readme.found(f"Nothing leads to {page.name}.")


CHECKS: tuple[Check, ...] = (
    every_link_leads_to_a_file_and_a_heading,
    the_readme_is_short,
    every_page_names_its_readers_and_leads_back,
)
