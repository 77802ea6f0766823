# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version, the changelog and the documentation agree about what was released when."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from tests.lab.paths import REPOSITORY

GALAXY = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text(encoding="utf-8"))
RELEASES = yaml.safe_load((REPOSITORY / "changelogs/changelog.yaml").read_text(encoding="utf-8"))["releases"]
NEWEST = max(map(Version, RELEASES))
_ADDED = re.compile(r"^ *version_added: (\S+)$", re.MULTILINE)
_KINDS = ("become", "connection", "filter", "inventory", "modules")


def _added(path: Path) -> list[Version]:
    return [Version(found) for found in _ADDED.findall(path.read_text(encoding="utf-8"))]


def test_the_version_is_that_of_the_newest_release_or_a_later_one() -> None:
    assert Version(GALAXY["version"]) >= NEWEST


def test_the_changelog_begins_with_the_newest_release() -> None:
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8").replace("\\", "")
    headings = re.findall(r"^## v(\S+)$", text, re.MULTILINE)
    assert headings == [str(one) for one in sorted(map(Version, RELEASES), reverse=True)]


def test_nothing_was_added_in_a_version_that_never_was() -> None:
    known = {*map(Version, RELEASES), Version(GALAXY["version"])}
    paths = [*REPOSITORY.glob("plugins/**/*.py"), REPOSITORY / "roles/bridge_network/meta/argument_specs.yml"]
    added = {version for path in paths for version in _added(path)}
    assert added
    assert added <= known


@pytest.mark.parametrize("kind", _KINDS)
def test_the_changelog_names_what_came_with_each_release(kind: str) -> None:
    for version, release in RELEASES.items():
        listed = release.get("modules", []) if kind == "modules" else release.get("plugins", {}).get(kind, [])
        there = {
            path.stem
            for path in REPOSITORY.glob(f"plugins/{kind}/*.py")
            if path.stem != "__init__" and _added(path)[0] == Version(version)
        }
        assert {one["name"] for one in listed} == there
