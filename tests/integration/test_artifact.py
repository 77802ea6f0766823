# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of `ansible-galaxy collection build` in a work tree in which everything was run, and whether it works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.integration.artifact import install
from tests.lab.paths import COLLECTION
from tools import tree

#: What makes documents stays behind.
NOT_SHIPPED = "docs/make/"
SHIPPED = (
    *("CHANGELOG.md", "COPYING", "README.md", "bindep.txt"),
    *("changelogs/", "docs/", "meta/", "playbooks/", "plugins/", "roles/"),
)
#: What tests, tools and users leave in a work tree.
LEFT = (
    *(".DS_Store", ".ansible/tmp", ".cache/file", ".hypothesis/examples/0", ".mypy_cache/3.11/file"),
    *(".pytest_cache/README.md", ".venv/bin/python", ".ruff_cache/file", "__pycache__/file.pyc", "build/summary.txt"),
    "tests/output/file",
    *("netplumb-linuxnet-0.0.1.tar.gz", "plugins/modules/__pycache__/veth.cpython-311.pyc"),
    *("plugins/modules/.veth.py.swp", "roles/bridge_network/.ansible/tmp"),
)
_LINK = re.compile(r"\]\(([^)\s#]*)[^)]*\)|^\[[^]]+\]: (\S+)", re.MULTILINE)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact, built and installed."""
    place = tmp_path_factory.mktemp("artifact")
    checkout = tree.copy(place / "checkout")
    for name in LEFT:
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("left behind\n", encoding="utf-8")
    return install(place, checkout)


def _files(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


@pytest.mark.long
def test_what_is_shipped_is_what_hosts_and_readers_need(artifact: Path) -> None:
    wanted = {
        name
        for name in tree.names()
        if name.startswith(SHIPPED) and not name.startswith(NOT_SHIPPED) and "/." not in name
    }
    assert _files(artifact) == wanted | {"FILES.json", "MANIFEST.json"}


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        ("module", "plugins/modules/*.py"),
        ("become", "plugins/become/*.py"),
        ("connection", "plugins/connection/*.py"),
        ("filter", "plugins/filter/*.py"),
        ("inventory", "plugins/inventory/*.py"),
        ("role", "roles/*"),
    ],
)
def test_ansible_doc_shows_every_plugin_and_role(artifact: Path, kind: str, files: str) -> None:
    names = sorted(f"{COLLECTION}.{path.stem}" for path in artifact.glob(files))
    place = artifact.parents[2]
    environment = os.environ | {"ANSIBLE_HOME": str(place / "home"), "ANSIBLE_COLLECTIONS_PATH": str(place)}
    command = [str(Path(sys.executable).with_name("ansible-doc")), "--json", "--type", kind, *names]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    shown = json.loads(done.stdout)
    assert sorted(shown) == names
    assert all(one.get("doc") or one.get("entry_points") for one in shown.values())


def _links(page: Path) -> set[str]:
    found = {first or second for first, second in _LINK.findall(page.read_text(encoding="utf-8"))}
    return {link for link in found if link and not link.startswith(("https://", "http://"))}


def test_every_link_of_a_page_leads_to_what_is_shipped_too(artifact: Path) -> None:
    broken = [
        f"{page.relative_to(artifact)}: {link}"
        for page in sorted(artifact.rglob("*.md"))
        for link in sorted(_links(page))
        if not (page.parent / link).exists()
    ]
    assert broken == []


def test_the_pages_that_galaxy_shows_elsewhere_have_whole_addresses(artifact: Path) -> None:
    for page in ("README.md", "roles/bridge_network/README.md"):
        assert _links(artifact / page) == set()


def test_the_addresses_of_our_own_pages_lead_to_files(artifact: Path) -> None:
    base = yaml.safe_load((tree.REPOSITORY / "galaxy.yml").read_text(encoding="utf-8"))["repository"] + "/blob/main/"
    pages = [page.read_text(encoding="utf-8") for page in artifact.rglob("*.md")]
    ours = {link for text in pages for link in re.findall(re.escape(base) + r"([^)\s#]+)", text)}
    assert ours
    assert sorted(link for link in ours if not (tree.REPOSITORY / link).exists()) == []


def test_an_execution_environment_gets_nothing_more_and_no_version_of_ours(artifact: Path) -> None:
    definition = yaml.safe_load((artifact / "meta/execution-environment.yml").read_text(encoding="utf-8"))
    assert definition == {"version": 1, "dependencies": {}}
    assert not (artifact / "requirements.txt").exists()  # which would count where the definition is not read
