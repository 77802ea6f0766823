# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the site of documentation in build/site: python -m docs.make.site

antsibull-docs writes the pages of docs/docsite and of every plugin and role, as it does for docs.ansible.com. The
Markdown pages in docs/ are added for this site alone. Warnings are errors, and nothing is downloaded.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.lab.paths import COLLECTION, COLLECTIONS, REPOSITORY, link_collection

SITE = REPOSITORY / "build/site"
HTML = SITE / "build/html"
_SOURCE = "https://github.com/netplumb/netplumb.linuxnet/blob/main"
#: Where pages show pictures from that stand on docs.ansible.com, which takes text alone.
_PICTURES = "https://raw.githubusercontent.com/netplumb/netplumb.linuxnet/main/docs/"
#: The Markdown pages in docs/ that belong to each kind. The others are reference.
PAGES = {
    "How-to": ("start", "inside", "persistence", "testing"),
    "Reference": ("content", "requirements", "rules", "nftables", "flush", "drift", "plan"),
    "Explanation": ("guarantees", "engines", "scale"),
}
_CONFIGURATION = """
extensions += ["myst_parser"]
myst_heading_anchors = 4
exclude_patterns = ["_build"]
# Offline: what the pages of plugins refer to in ansible-core's own documentation is not looked up.
intersphinx_mapping = {}
nitpick_ignore_regex = [
    ("std:ref", "^(ansible_collections\\\\.ansible\\\\.|(?!ansible_collections)).*$"),
    ("envvar", "^ANSIBLE_(PIPELINING|TRANSPORT|REMOTE_USER|BECOME_[A-Z]+)$"),
]
suppress_warnings = ["myst.header"]
html_show_sourcelink = False
"""
_MARKDOWN_LINK = re.compile(r"(\]\(|^\[[^]]+\]: )(?!https?://|#)([^)\s#]+)", re.MULTILINE)


def _run(name: str, *arguments: str) -> None:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_HOME": str(REPOSITORY / "build/ansible"),
    }
    command = [str(Path(sys.executable).parent / name), *arguments]
    subprocess.run(command, cwd=SITE, env=environment, stdout=subprocess.DEVNULL, check=True)


def _whole(page: str) -> str:
    """A Markdown page whose links to other files of the repository lead to them there."""

    def link(found: re.Match[str]) -> str:
        target = os.path.normpath(f"docs/{found[2]}")
        beside = Path(target).parent.name == "docs" and target.endswith((".md", ".svg"))
        return found[1] + (found[2] if beside else f"{_SOURCE}/{target}")

    return _MARKDOWN_LINK.sub(link, page)


def _add_pages(rst: Path) -> None:
    """Add the Markdown pages, and a list of them to the site's first page."""
    docs = REPOSITORY / "docs"
    others = {page.stem for page in docs.glob("*.md")} - {name for names in PAGES.values() for name in names}
    kinds = PAGES | {"Reference": (*PAGES["Reference"], *sorted(others))}
    for page in docs.glob("*.md"):
        (rst / page.name).write_text(_whole(page.read_text(encoding="utf-8")), encoding="utf-8")
    for picture in docs.glob("*.svg"):
        shutil.copy2(picture, rst)
    for page in (rst / "docsite").glob("*.rst"):
        page.write_text(page.read_text(encoding="utf-8").replace(_PICTURES, "../"), encoding="utf-8")
    index = rst / "index.rst"
    text = index.read_text(encoding="utf-8")
    for kind, names in kinds.items():
        entries = "".join(f"    {name}\n" for name in names)
        text += f"\n.. toctree::\n    :maxdepth: 1\n    :caption: {kind}: more pages\n\n{entries}"
    index.write_text(text, encoding="utf-8")


def build() -> None:
    link_collection()
    shutil.rmtree(SITE, ignore_errors=True)
    rst = SITE / "rst"
    rst.mkdir(parents=True, mode=0o755)
    SITE.chmod(0o755)
    rst.chmod(0o755)
    names = ("--project", COLLECTION, "--copyright", "the netplumb.linuxnet authors", "--title", COLLECTION)
    common = ("--use-current", "--squash-hierarchy", "--fail-on-error")
    _run("antsibull-docs", "sphinx-init", *common, *names, "--dest-dir", str(SITE), COLLECTION)
    configuration = SITE / "conf.py"
    configuration.write_text(configuration.read_text(encoding="utf-8") + _CONFIGURATION, encoding="utf-8")
    _run(
        "antsibull-docs", "--config-file", "antsibull-docs.cfg", "collection", "--cleanup", "everything", *common,
        "--dest-dir", str(rst), COLLECTION,
    )  # fmt: skip
    _add_pages(rst)
    strict = ("-W", "--keep-going", "--nitpicky", "--quiet")
    _run("sphinx-build", "-M", "html", str(rst), str(SITE / "build"), "-c", ".", *strict)


if __name__ == "__main__":
    build()
    sys.stdout.write(f"{HTML / 'index.html'}\n")
