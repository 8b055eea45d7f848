"""A hook of MkDocs: the pages that are kept outside ``docs/`` join the site.

README, CONTRIBUTING and the like are written for the root of the repository; here they become pages
of the site, and links between them and ``docs/`` are rewritten. A link to a file that is no page of
the site stays as text, since there is no address to point at.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": "index.md",
    "README.zh.md": "zh.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    "CHANGELOG.md": "changelog.md",
    "examples/README.md": "examples.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def rewritten(text: str, source: str, page: str) -> str:
    """``text`` of the file ``source`` (from the root) with the links that ``page`` needs."""

    def link(found: re.Match[str]) -> str:
        image, label, target, anchor = found.groups()
        if ":" in target:
            return found[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        inside = PAGES.get(path)
        if inside is None and path.startswith("docs/"):
            inside = path.removeprefix("docs/")
        if inside is None:
            return label
        relative = posixpath.relpath(inside, posixpath.dirname(page) or ".")
        return f"{image}[{label}]({relative}{anchor or ''})"

    return _LINK.sub(link, text)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages of the root to the site."""
    from mkdocs.structure.files import File

    for source, page in PAGES.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, page, content=rewritten(text, source, page)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite the links of the pages in ``docs/`` that lead out of it."""
    name: str = page.file.src_uri
    return markdown if name in PAGES.values() else rewritten(markdown, f"docs/{name}", name)
