# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What modules need that a host may lack, and what it installs packages with."""

from __future__ import annotations

import importlib.util
import os
import shutil

#: By what is told to the user the program that shows whether it is there.
_PROGRAMS = {"iptables": "iptables-restore", "iproute2": "ip"}
_LIBRARIES = ("pyroute2",)
_PACKAGE_MANAGERS = {"apt": "apt-get", "dnf": "dnf"}


def missing() -> list[str]:
    """What is not here, for this Python and for programs that are looked for where modules do."""
    libraries = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    return [*libraries, *(name for name, program in _PROGRAMS.items() if not _find(program))]


def package_manager() -> str | None:
    """The one that this host has, of those that the role knows the names of packages for."""
    return next((name for name, program in _PACKAGE_MANAGERS.items() if _find(program)), None)


def _find(program: str) -> str | None:
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin")
