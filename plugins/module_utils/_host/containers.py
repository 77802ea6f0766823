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


class _Container(t.NamedTuple):
    """What an engine reports about a container."""

    engine: str
    #: 0 if it is not running.
    process: int
    identifier: str


def processes(host: Host, wanted: t.Sequence[str], engine: str | None = None) -> dict[str, int]:
    """The PIDs of the first processes of containers, given by name or ID, with one call per engine.

    :param engine: the only one to ask
    :raises Refused: for a container that no engine knows, or both do, or that is not running
    """
    found, words = _found(host, wanted, engine)
    for name in wanted:
        there = found[name]
        if not there:
            none = f"{engine} is not installed" if engine else f"neither {' nor '.join(ENGINES)} is installed"
            raise Refused(f"container {name} was not found: {_reason(name, words) or none}")
        if len(there) > 1:
            one, other = (container.engine for container in there)
            raise Refused(f"container {name} is one of {one} and another one of {other}; set engine to the one meant")
        if not there[0].process:
            raise Refused(f"container {name} is not running, so it has no network namespace")
    return {name: there[0].process for name, there in found.items()}


def known(host: Host, wanted: t.Sequence[str], engine: str | None = None) -> dict[str, int]:
    """PIDs of the running containers, without those that several engines have."""
    found, _words = _found(host, wanted, engine)
    return {name: there[0].process for name, there in found.items() if len(there) == 1 and there[0].process}


def _found(
    host: Host, wanted: t.Sequence[str], only: str | None
) -> tuple[dict[str, list[_Container]], dict[str, list[str]]]:
    """The containers of each engine, and its errors. A ``docker`` that is Podman has the same containers."""
    found: dict[str, list[_Container]] = {name: [] for name in wanted}
    words: dict[str, list[str]] = {}
    for engine in (only,) if only else ENGINES:
        answer = _ask(host, engine, wanted) if wanted else None
        if answer:
            words[engine] = answer.err.splitlines()
            for name, container in _recognized(engine, answer.out, wanted).items():
                if container.identifier not in [other.identifier for other in found[name]]:
                    found[name].append(container)
    return found, words


def _reason(name: str, words: t.Mapping[str, t.Sequence[str]]) -> str:
    """The engines' errors about an unknown container: the line with its name, or else the last one."""
    about = {engine: [line for line in lines if name in line] or lines for engine, lines in words.items()}
    told = [f"{engine}: {lines[-1]}" for engine, lines in about.items() if lines]
    cure = "; a container of an ordinary user, whose engine only that user can ask, is attached by pid"
    return "; ".join(told) + cure if told else ""


def _ask(host: Host, engine: str, names: t.Sequence[str]) -> Completed | None:
    """What an engine knows about the containers; None if it is not installed."""
    try:
        return host.command(None, [engine, *_INSPECT, *names])
    except FileNotFoundError:
        return None


def _recognized(engine: str, text: str, wanted: t.Sequence[str]) -> dict[str, _Container]:
    """The containers by the name or ID that was given.

    A name takes precedence over the beginning of an ID, since ``db`` may be both.
    """
    by_name, by_identifier = {}, {}
    # Docker prints an empty line last if it does not know a container.
    for line in filter(str.strip, text.splitlines()):
        process, identifier, name = line.split()
        container = _Container(engine, int(process), identifier)
        by_name[name.lstrip("/")] = container
        by_identifier.update({word: container for word in wanted if identifier.startswith(word)})
    known = {**by_identifier, **by_name}
    return {word: known[word] for word in wanted if word in known}
