# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments for tools/matrix.py, created once below build/matrix and kept."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from tools import interpreters
from tools.versions import REPOSITORY, Row, core_requirement, pins

PLACE = REPOSITORY / "build" / "matrix"
#: What the tests import besides Ansible and the collection's requirements.
_TESTS = ("hypothesis", "jsonschema", "netaddr", "pyroute2", "pytest", "pytest-xdist")


class Missing(Exception):
    """An environment that this machine cannot have; the text says why."""


def controller(row: Row) -> Path:
    """The Python that runs the tests, with ansible-core."""
    wanted = [core_requirement(row.core), *(f"{name}=={pins()[name]}" for name in _TESTS)]
    return _make(f"controller-{row.core}-py{row.controller_python}", row.controller_python, wanted)


def target(row: Row) -> Path:
    """The Python that runs the modules, with nothing but what they need."""
    wanted = [f"pyroute2=={row.pyroute2}", f"netaddr=={pins()['netaddr']}"]
    return _make(f"target-{row.pyroute2}-py{row.target_python}", row.target_python, wanted)


def old_ansible(core: str, python: str) -> Path:
    """The Python with an ansible-core that is too old for the collection."""
    return _make(f"old-{core}-py{python}", python, [f"ansible-core=={core}.*", f"netaddr=={pins()['netaddr']}"])


def ansible(core: str, python: str) -> Path:
    """The Python with an ansible-core and nothing else."""
    return _make(f"ansible-{core}-py{python}", python, [core_requirement(core)])


def version(python: Path, package: str) -> str:
    """The version of a package in an environment."""
    command = [str(python), "-c", f"import importlib.metadata; print(importlib.metadata.version({package!r}))"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _make(name: str, python: str, requirements: list[str]) -> Path:
    """The interpreter of a virtual environment. It is complete when it contains the list of its packages."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / f"{name}.lock").open("w") as lock:
        # Tests that run in parallel need the same environment.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _made(PLACE / name, python, requirements)


def _made(place: Path, python: str, requirements: list[str]) -> Path:
    interpreter, done = place / "bin" / "python", place / "requirements.txt"
    wanted = "\n".join(requirements) + "\n"
    if interpreter.exists() and done.exists() and done.read_text(encoding="utf-8") == wanted:
        return interpreter
    base = interpreters.find(python)
    if base is None:
        raise Missing(f"no Python {python} on this machine")
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([base, "-m", "venv", "--without-pip", place], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(interpreter), "--disable-pip-version-check"]
    made = subprocess.run([*pip, "install", "--quiet", *requirements], capture_output=True, text=True, check=False)
    if made.returncode:
        raise Missing(f"pip: {_last_error(made.stderr)}")
    done.write_text(wanted, encoding="utf-8")
    return interpreter


def _last_error(text: str) -> str:
    errors = [line.removeprefix("ERROR: ") for line in text.splitlines() if line.startswith("ERROR: ")]
    return errors[-1] if errors else "it failed and does not say why"
