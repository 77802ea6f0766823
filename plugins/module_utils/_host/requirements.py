# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The dependencies that a host may lack, and its package manager."""

from __future__ import annotations

import importlib.util
import os
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import programs
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host

#: The program that shows whether a firewall is installed, by its name for users.
_PROGRAMS = {"iptables": "iptables-restore", "nftables": "nft"}
_LIBRARIES = ("pyroute2", "netaddr")
_PACKAGE_MANAGERS = {"apt": "apt-get", "dnf": "dnf"}
_SYSTEM_PYTHON = "/usr/bin/python3"
_ASK = "import importlib.util, sys; sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))"


def firewalls_there() -> list[str]:
    """The installed firewalls. Without rules, a network gets the first one."""
    return [name for name, program in _PROGRAMS.items() if programs.find(program)]


def has(firewall: str) -> bool:
    """Whether a firewall is installed."""
    return programs.find(_PROGRAMS[firewall]) is not None


def missing(firewalls: t.Iterable[str] = ("auto",)) -> list[str]:
    """The missing dependencies, for this Python interpreter and the search path of modules.

    :param firewalls: those that networks ask for; ``auto`` takes any
    """
    there = firewalls_there()
    needed = dict.fromkeys(name if name in _PROGRAMS else next(iter(there), "iptables") for name in firewalls)
    return [*_missing_libraries(), *(name for name in needed if name not in there)]


def lacking_for(rules: t.Iterable[t.Mapping[str, t.Any]], owner: str) -> str | None:
    """The firewall that rules of an owner are in and that is not installed, so that they could not be removed.

    :param rules: as ``netns_info`` returns them
    """
    tables = {str(rule["table"]) for rule in rules if rule["owner"] == owner}
    needed = {"iptables" if table in TABLES else "nftables" for table in tables}
    return next((name for name in sorted(needed) if not programs.find(_PROGRAMS[name])), None)


def better_python(host: Host, needed: t.Sequence[str] = _LIBRARIES) -> str | None:
    """The system's own Python if it has the libraries that this interpreter, maybe of a virtual environment, lacks."""
    lacking = [name for name in _missing_libraries() if name in needed]
    if not lacking or not os.path.exists(_SYSTEM_PYTHON):
        return None
    return None if host.command(None, [_SYSTEM_PYTHON, "-I", "-c", _ASK, *lacking]).rc else _SYSTEM_PYTHON


def _missing_libraries() -> list[str]:
    return [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]


def package_manager() -> str | None:
    """The package manager of this host, if the role knows it."""
    return next((name for name, program in _PACKAGE_MANAGERS.items() if programs.find(program)), None)
