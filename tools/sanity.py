# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-test sanity` on the current work tree, without containers.

ansible-test requires the collection at .../ansible_collections/NAMESPACE/NAME and its files listed by git, so the tree,
including uncommitted files, is copied into build/. It creates its own virtual environments and downloads pip for them
from a host that is often unreachable. A file in its cache prevents that and installs the pip bundled with Python.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import interpreters, tree

_BOOTSTRAP = """import subprocess, sys
subprocess.check_call([sys.executable, '-m', 'ensurepip'])
subprocess.check_call([sys.executable, '-m', 'pip', 'install', '-q', 'pip=={version}'])
"""


_NOT_THERE = "WARNING: Required program"


@dataclass
class Result:
    """notes: what was skipped and why. lacking: what this machine lacks to run everything."""

    passed: int
    failed: int
    notes: list[str]
    errors: list[str]
    lacking: list[str]


@dataclass(frozen=True)
class Ansible:
    """An environment with ansible-core. python: the version to run its tests on, empty for all it supports."""

    prefix: Path
    name: str = "sanity"
    python: str = ""

    @property
    def package(self) -> Path:
        return next(self.prefix.glob("lib/python*/site-packages/ansible_test"))


def run(build: Path, environment: dict[str, str], pip: str, tests: Sequence[str], ansible: Ansible) -> Result:
    """Run all sanity tests on every Python that ansible-test supports, or on this one if some are missing.

    :param pip: pip's settings, which it gets as a file
    :param tests: only these tests, if any
    :param ansible: what runs the tests, and the Python if only one is to be used
    """
    place = tree.copy(build / ansible.name / "ansible_collections" / "netplumb" / "linuxnet")
    home = _home(ansible, build / "sanity" / "home", f"{pip}cache-dir = {environment['PIP_CACHE_DIR']}\n")
    directories, missing = ([], []) if ansible.python else _interpreters(ansible)
    command = ["ansible-test", "sanity", "--color", "no", *(word for name in tests for word in ("--test", name))]
    if ansible.python or missing:
        command += ["--python", ansible.python or f"{sys.version_info[0]}.{sys.version_info[1]}"]
    path = ":".join([str(ansible.prefix / "bin"), *directories, "/usr/bin:/bin:/usr/sbin:/sbin"])
    done = subprocess.run(
        command,
        cwd=place,
        env=environment | {"HOME": str(home), "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    (build / f"{ansible.name}.log").write_text(done.stdout, encoding="utf-8")
    return _read(done.returncode, done.stdout, missing)


def take_from_index(ansible: Ansible) -> None:
    """Make its tests install from pip's index what 2.22.0rc1 takes from GitHub, which is often unreachable too.

    That is a dill for Python 3.15 which is not released yet. The environment has to be ours, and of another Python.
    """
    for path in sorted((ansible.package / "_data" / "requirements").glob("sanity.*.txt")):
        text = path.read_text(encoding="utf-8")
        changed = re.sub(r"^([\w-]+) @ https://\S+$", r"\1", text, flags=re.MULTILINE)
        if changed != text:
            path.write_text(changed, encoding="utf-8")


def _read(code: int, output: str, missing: list[str]) -> Result:
    ran = len(re.findall(r"^Running sanity test ", output, re.MULTILINE))
    match = re.search(r"The (\d+) sanity test\(s\) listed below", output)
    failed = int(match.group(1)) if match else int(bool(code))
    errors = [line for line in output.splitlines() if line.startswith(("ERROR:", "FATAL:"))] if code else []
    if code:
        print("\n".join(errors or [output]), flush=True)
    notes = [line.removeprefix("WARNING: ") for line in output.splitlines() if line.startswith("WARNING: Skipping")]
    lacking = [line.removeprefix("WARNING: ") for line in output.splitlines() if line.startswith(_NOT_THERE)]
    if missing:
        lacking.insert(
            0, f"not on Python {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed"
        )
    return Result(ran - failed, failed, notes, errors, lacking)


def _home(ansible: Ansible, home: Path, settings: str) -> Path:
    """A home for ansible-test, with the bootstrap and with pip's settings, since it hides the variables."""
    requirements = ansible.package / "_internal" / "python_requirements.py"
    bootstrap = ansible.package / "_util" / "target" / "setup"
    version = re.search(r"pip='([\d.]+)'", requirements.read_text(encoding="utf-8"))
    if version is None:
        raise SystemExit(f"no version of pip in {requirements}; {bootstrap} has changed")
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    name = f"get_pip_{version.group(1).replace('.', '_')}.py"
    (cache / name).write_text(_BOOTSTRAP.format(version=version.group(1)), encoding="utf-8")
    configuration = home / ".config" / "pip" / "pip.conf"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text(settings, encoding="utf-8")
    return home


def _interpreters(ansible: Ansible) -> tuple[list[str], list[str]]:
    """The directories of the Pythons that ansible-test would use, and the versions that are missing."""
    constants = (ansible.package / "_util" / "target" / "common" / "constants.py").read_text(encoding="utf-8")
    versions = [v for v in re.findall(r"'(3\.\d+)'", constants) if int(v.split(".")[1]) >= 9]
    directories, missing = [], []
    for version in versions:
        interpreter = interpreters.find(version)
        if interpreter:
            directories.append(str(interpreter.parent))
        else:
            missing.append(version)
    return directories, missing
