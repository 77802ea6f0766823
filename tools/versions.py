# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The combinations of versions that tools/matrix.py tests, and why these.

Five things vary: the controller's Python and ansible-core, the host's Python and pyroute2, and the backend of iptables.
All of them together would be hundreds of combinations, nearly all without new information. So there is a default, which
`make test ALL=--all` uses: the versions of requirements.txt, and the Python that the project is developed on. From
there:

- Each axis varies with the others at their default, so that a failure shows its cause. A combination runs only the
  tests that depend on its axis. pyroute2 is only used for bridges and their ports, since the rest of netlink is our
  own; ansible-core affects the role, the playbooks and the action plugin; the host's Python affects every module; the
  backend affects all modules that write rules.
- The diagonals vary everything at once, as versions meet on real hosts: old with old, new with new. They cover every
  ansible-core and all but one of the minor versions of the others, so a short run consists of them.

In each combination, plays create, use, check and remove a network (tests/integration/test_versions.py), and the
examples in the documentation of all modules run.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tools import interpreters

REPOSITORY = Path(__file__).resolve().parents[1]

PYROUTE2 = ("0.6.10", "0.6.13", "0.7.2", "0.7.12", "0.8.1", "0.9.1")
TARGET_PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
#: The Pythons that each ansible-core runs on.
CONTROLLERS = {
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.12", "3.13", "3.14"),
    "2.22": ("3.13", "3.14", "3.15"),
}

#: Versions without a final release; pip installs a release candidate only when told to.
UNRELEASED = ("2.22",)

EVERYWHERE = ("test_versions.py", "test_examples.py")
BRIDGES = ("test_bridge.py", "test_bridge_port.py")
RULES = ("test_bridge_forward.py", "test_masquerade.py", "test_dnat.py")
OTHERS = ("test_interface.py", "test_ip_forward.py", "test_netns.py", "test_netns_info.py", "test_veth.py")
MODULES = (*BRIDGES, *RULES, *OTHERS)
ROLE = ("test_role.py", "test_story.py", "test_one_call.py", "test_ways_to_a_host.py")
UNIT = "../unit"


@dataclass(frozen=True)
class Row:
    """One combination. tests: files below tests/integration, in addition to those that run for every row."""

    axis: str
    controller_python: str
    core: str
    target_python: str
    pyroute2: str
    backend: str = "nft"
    tests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        controller = f"ansible{self.core}-py{self.controller_python}"
        return f"{controller}-pyroute{self.pyroute2}-py{self.target_python}-{self.backend}"

    @property
    def files(self) -> list[str]:
        return [f"tests/integration/{name}" if name != UNIT else "tests/unit" for name in (*EVERYWHERE, *self.tests)]


def pins() -> dict[str, str]:
    """The versions in requirements.txt and requirements-dev.txt, for any Python."""
    text = "".join((REPOSITORY / f"requirements{part}.txt").read_text(encoding="utf-8") for part in ("", "-dev"))
    return dict(re.findall(r"^([\w-]+)==(\S+)$", text, re.MULTILINE))


def newest_pyroute2() -> str:
    return pins()["pyroute2"]


def core_requirement(core: str) -> str:
    """The requirement for the newest ansible-core of a minor version, for pip."""
    earlier = f",>={core}.0.dev0" if core in UNRELEASED else ""
    return f"ansible-core=={core}.*{earlier}"


def other_cores() -> list[str]:
    """The minor versions of ansible-core other than the installed one."""
    here = importlib.metadata.version("ansible-core")
    return [core for core in CONTROLLERS if not here.startswith(f"{core}.")]


def first_here(core: str) -> str:
    """The first Python that an ansible-core runs on and that this machine has; if there is none, the first one."""
    return next(filter(interpreters.find, CONTROLLERS[core]), CONTROLLERS[core][0])


def default() -> Row:
    return Row("default", "3.11", "2.19", "3.11", newest_pyroute2(), tests=(UNIT, *MODULES, *ROLE))


def rows() -> list[Row]:
    """All combinations, each once."""
    base = default()
    found = [base]
    found += [replace(base, axis="pyroute2", pyroute2=version, tests=BRIDGES) for version in PYROUTE2]
    found += [
        replace(base, axis="ansible-core", core=core, controller_python=python, tests=(UNIT, *ROLE))
        for core, pythons in CONTROLLERS.items()
        for python in pythons
    ]
    found += [replace(base, axis="target Python", target_python=version, tests=MODULES) for version in TARGET_PYTHONS]
    found.append(replace(base, axis="iptables", backend="legacy", tests=RULES))
    return list(_once([*found, *diagonals()]))


def diagonals() -> list[Row]:
    """The combinations of a short run."""
    newest = newest_pyroute2()
    return [
        Row("diagonal", "3.11", "2.19", "3.9", "0.6.10", "legacy", BRIDGES),
        Row("diagonal", "3.12", "2.20", "3.10", "0.7.2", "nft", BRIDGES),
        Row("diagonal", "3.12", "2.20", "3.11", "0.9.1", "nft", BRIDGES),
        Row("diagonal", "3.13", "2.21", "3.12", "0.7.12", "nft", BRIDGES),
        Row("diagonal", "3.13", "2.21", "3.13", "0.8.1", "legacy", BRIDGES),
        Row("diagonal", "3.13", "2.22", "3.13", newest, "nft", BRIDGES),
        Row("diagonal", "3.14", "2.22", "3.14", newest, "nft", BRIDGES),
    ]


def _once(found: Iterable[Row]) -> Iterable[Row]:
    """The first of each group of equal combinations; those that vary least come first and run the most tests."""
    seen = set()
    for row in found:
        if row.name not in seen:
            seen.add(row.name)
            yield row
