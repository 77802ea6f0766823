# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds the main processes of systemd services; that is all we ask systemd about them."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host

_SHOW = ("systemctl", "show", "--property=LoadState,MainPID", "--")


def known(host: Host, wanted: t.Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """The main PIDs of known services, with 0 for one that is not running, and why others are not known."""
    try:
        answer = host.command(None, [*_SHOW, *(_unit(name) for name in wanted)])
    except FileNotFoundError:
        return {}, ["systemctl is not installed"]
    if answer.rc:
        return {}, answer.err.splitlines()[-1:]
    found = {}
    for name, block in zip(wanted, answer.out.strip().split("\n\n")):
        values = dict(line.split("=", 1) for line in block.splitlines())
        if values.get("LoadState") == "loaded":
            found[name] = int(values.get("MainPID", 0))
    return found, ["systemd has no such service"]


def processes(host: Host, wanted: t.Sequence[str]) -> dict[str, int]:
    """The main PIDs of services that all have to run; raises Refused."""
    found, words = known(host, wanted)
    for name in wanted:
        if name not in found:
            raise Refused(f"service {name} was not found: {'; '.join(words)}")
        if not found[name]:
            raise Refused(f"service {name} does not run, so that it has no network namespace")
    return found


def _unit(name: str) -> str:
    return name if name.endswith(".service") else f"{name}.service"
