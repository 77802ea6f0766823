# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds the first processes of containers of Docker and Podman."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.programs import Completed

ENGINES = ("docker", "podman")
_INSPECT = ("inspect", "--type", "container", "--format", "{{.State.Pid}} {{.Id}} {{.Name}}")


def processes(host: Host, wanted: t.Sequence[str], engine: str | None = None) -> dict[str, int]:
    """The PIDs of the first processes of containers, given by name or ID, with one call per engine.

    :param engine: the only one to ask
    :raises Refused: for a container that no engine knows, or that is not running
    """
    found, words = known(host, wanted, engine)
    for name in wanted:
        if name not in found:
            none = f"{engine} is not installed" if engine else f"neither {' nor '.join(ENGINES)} is installed"
            reason = "; ".join(words) or none
            raise Refused(f"container {name} was not found: {reason}")
        if not found[name]:
            raise Refused(f"container {name} is not running, so it has no network namespace")
    return found


def known(host: Host, wanted: t.Sequence[str], only: str | None = None) -> tuple[dict[str, int], list[str]]:
    """PIDs of the known containers, 0 for one that is not running, and the errors of the engines for the others."""
    found: dict[str, int] = {}
    words: list[str] = []
    for engine in (only,) if only else ENGINES:
        missing = [name for name in wanted if name not in found]
        answer = _ask(host, engine, missing) if missing else None
        if answer:
            found.update(_recognized(answer.out, missing))
            words += [f"{engine}: {line}" for line in answer.err.splitlines()[-1:]]
    return found, words


def _ask(host: Host, engine: str, names: t.Sequence[str]) -> Completed | None:
    """What an engine knows about the containers; None if it is not installed."""
    try:
        return host.command(None, [engine, *_INSPECT, *names])
    except FileNotFoundError:
        return None


def _recognized(text: str, wanted: t.Sequence[str]) -> dict[str, int]:
    """PIDs by the name or ID that was given; 0 for a container that is not running.

    A name takes precedence over a prefix of an ID, since ``db`` may be both.
    """
    by_name, by_identifier = {}, {}
    # Docker prints an empty line last if it does not know a container.
    for line in filter(str.strip, text.splitlines()):
        process, identifier, name = line.split()
        by_name[name.lstrip("/")] = int(process)
        by_identifier.update({word: int(process) for word in wanted if identifier.startswith(word)})
    known = {**by_identifier, **by_name}
    return {word: known[word] for word in wanted if word in known}
