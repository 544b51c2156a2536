"""Hook of mkdocs: adds pages that lie outside ``docs/``, and turns links.

The pages are written for readers of the repository, where links are relative to the file. On the site, a link to a page
leads to that page, a link to a picture stays, and any other link leads to the file in the repository.
"""

from __future__ import annotations

import os.path
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

CHECKOUT = Path(__file__).resolve().parents[1]
ADDED = {
    "index.md": "README.md",
    "neovim.md": "clients/nvim/README.md",
    "vscode.md": "clients/vscode/README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "architecture.md": "ARCHITECTURE.md",
    "security.md": "SECURITY.md",
    "conduct.md": "CODE_OF_CONDUCT.md",
}
MEDIA = "clients/vscode/media/"
"""The pictures of the extension's page lie in its package. On the site they lie beside the others."""
ASSETS = {
    "pictures/logo.png": f"{MEDIA}icon.png",
    "site.css": "release/site.css",
    **{f"pictures/vscode/{path.name}": f"{MEDIA}{path.name}" for path in sorted((CHECKOUT / MEDIA).glob("*.png"))},
}
PAGES = {source: page for page, source in ADDED.items()}

_LINK = re.compile(r"(?<!`)(\]\()((?!https?:|mailto:|#)[^)\s]+)(\))")
_FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    for page, source in ADDED.items():
        files.append(File.generated(config, page, content=(CHECKOUT / source).read_text(encoding="utf-8")))
    for target, source in ASSETS.items():
        files.append(File.generated(config, target, content=(CHECKOUT / source).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001 - mkdocs names them
    source = ADDED.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def turned(match: re.Match[str]) -> str:
        return match[1] + _target(match[2], os.path.dirname(source), config["repo_url"]) + match[3]  # noqa: PTH120

    raw = config["repo_url"].replace("github.com", "raw.githubusercontent.com") + "/main/docs/"
    parts = (part if part.startswith("```") else _LINK.sub(turned, part) for part in _FENCE.split(markdown))
    return "".join(parts).replace(f"]({raw}", "](")  # a page that is also one of another repository names addresses


def _target(link: str, folder: str, repository: str) -> str:
    """Where a link of a page in ``folder`` of the repository leads on the site. All pages lie in one folder there."""
    path, mark, anchor = link.partition("#")
    place = os.path.normpath(os.path.join(folder, path))  # noqa: PTH118 - a path of the repository, not of a system
    if place in PAGES:
        return PAGES[place] + mark + anchor
    if place.startswith(MEDIA):
        return place.replace(MEDIA, "pictures/vscode/")
    if place.startswith("docs/"):
        return place.removeprefix("docs/") + mark + anchor
    kind = "tree" if (CHECKOUT / place).is_dir() else "blob"
    return f"{repository}/{kind}/main/{place}{mark}{anchor}"


def on_page_content(html: str, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001 - mkdocs names them
    """Tables that scroll by keyboard; the empty corner of a table is no heading."""
    html = html.replace("<th></th>", "<td></td>")
    html = html.replace("<table>", '<div class="scroll" tabindex="0"><table class="plain">')
    return html.replace("</table>", "</table></div>")
