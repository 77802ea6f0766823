# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts of the lab have installed, if it differs from what the tests use themselves.

LAB_TARGET_PYTHON is the interpreter that runs modules, in every way of running them; by default it is that of the
tests. Like a real host, it need not have Ansible. LAB_IPTABLES is the backend of iptables, nft or legacy; by default it
is the machine's.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

from tests.lab.paths import COLLECTIONS, REPOSITORY

PYTHON = os.environ.get("LAB_TARGET_PYTHON", sys.executable)
BACKEND = os.environ.get("LAB_IPTABLES", "")


@functools.cache
def prefixes() -> list[str]:
    """The directories in which the interpreter keeps its files."""
    if sys.executable == PYTHON:
        return [sys.prefix, sys.base_prefix]
    command = [PYTHON, "-c", "import sys; print(sys.prefix); print(sys.base_prefix)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@functools.cache
def search_path() -> list[str]:
    """Where the interpreter finds the collection and, of the tests' packages, only ansible."""
    return [str(COLLECTIONS)] if sys.executable == PYTHON else [str(COLLECTIONS), str(_ansible_alone())]


def _ansible_alone() -> Path:
    """A directory that links to this Ansible but not to the packages beside it, which may be for another Python."""
    import ansible
    from ansible.release import __version__

    link = REPOSITORY / "build" / "ansible-alone" / __version__ / "ansible"
    package = str(Path(ansible.__path__[0]))
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink() or os.readlink(link) != package:
        temporary = link.with_name(f".ansible.{os.getpid()}")
        temporary.symlink_to(package)
        temporary.replace(link)
    return link.parent
