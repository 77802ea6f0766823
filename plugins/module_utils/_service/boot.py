# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The program that a network's service runs, without Ansible: ``network.pyz up NETWORK`` and so on.

It applies the same definitions with the same code as the modules, so whichever of the service and the role runs second
finds nothing to do.
"""

from __future__ import annotations

import os
import sys
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Outcome, Resource, sentence, unforeseen
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, LinuxnetError, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    atomic_files,
    containers,
    lock,
    namespaces,
    programs,
    refusals,
    service_files,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import network_document
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.carry_out import carry_out, definitions_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.endpoints import EndpointsFailed
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import NEEDED, RESOURCES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.teardown import end_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._service import unit

_USAGE = """\
usage: network.pyz up NETWORK                    apply /etc/linuxnet/NETWORK.json
       network.pyz attach NETWORK NAMESPACE PID  attach the namespace of a process, and apply what is about it there
       network.pyz started ENGINE                the same for all containers of docker or podman that networks have
       network.pyz started ENGINE ID NAME        the same for one that was started; nothing if no network has it
       network.pyz hook                          the same as a hook of podman, with the state on the standard input
       network.pyz down NETWORK                  remove the network
       network.pyz stop NETWORK                  for systemd: the same, except for a restart or a shutdown
"""
#: Line prefixes that systemd's journal takes for priorities.
_WARNING, _ERROR = "<4>", "<3>"


def main(arguments: t.Sequence[str]) -> int:
    """Run a command. Returns 0 if done, 1 if refused, 2 for a usage error."""
    given = dict(enumerate(arguments))
    verbs: dict[tuple[str | None, int], t.Callable[[], None]] = {
        ("up", 2): lambda: _up(given[1]),
        ("attach", 4): lambda: _attach(given[1], given[2], _process(given[3]), space),
        ("down", 2): lambda: _down(given[1]),
        ("stop", 2): lambda: _stop(given[1]),
    }
    verb = verbs.get((given.get(0), len(given)))
    if verb is None:
        sys.stderr.write(_USAGE)
        return 2
    try:
        names.network_name("NETWORK", given[1])
        space = _space(given.get(3))
        with lock.held():
            verb()
    except LinuxnetError as error:
        _tell(str(error), _ERROR)
        return 1
    except OSError as error:
        _tell(f"network {given[1]}: {refusals.reason(error)}", _ERROR)
        return 1
    return 0


def _process(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or int(text) < 1:
        raise Invalid("PID", text, "the ID of a running process")
    return int(text)


def _space(process: str | int | None) -> tuple[int, int] | None:
    """Identifies the network namespace of a process; None if there is no such process."""
    try:
        found = os.stat(f"/proc/{process}/ns/net")
    except OSError:
        return None
    return found.st_dev, found.st_ino


def running(engine: str, wanted: t.Sequence[str]) -> dict[str, int]:
    """The PIDs of an engine's running containers, by name."""
    with Host(check_mode=True) as host:
        return containers.known(host, wanted, engine)


def _attach(network: str, namespace: str, process: int, space: tuple[int, int] | None) -> None:
    """Attach a namespace and apply its endpoints, and nothing else.

    Refused in a service's own namespaces, where nothing of ours may be created.

    :param space: the namespace before this waited for other runs, since the PID may belong to another process by now
    """
    for kind in ("net", "mnt"):
        if os.readlink(f"/proc/self/ns/{kind}") != os.readlink(f"/proc/1/ns/{kind}"):
            raise Refused("attach: this process has namespaces of its own; run it with systemd-run --wait ...")
    found = _whole(network)
    if namespace not in found["guests"]:
        known = ", ".join(sorted(found["guests"])) or "none"
        place = service_files.definitions(network)
        raise Invalid("NAMESPACE", namespace, f"one that {place} has for a guest: {known}")
    if space is None or _space(process) != space:
        raise Refused(f"network {network}: namespace {namespace} is not attached, since process {process} is gone")
    if not os.path.exists(f"/sys/class/net/{network}"):
        unit_name = unit.name(network)
        raise Refused(f"network {network} is not up, so namespace {namespace} is not attached; start {unit_name} first")
    modules, away = _standing(found, {namespace: process})
    present = network_document.without(modules, set(away), RESOURCES)
    mine = network_document.only(present, namespace, RESOURCES)
    changed = _carry_out(found["owner"], "present", available(mine, ()))
    _tell(f"network {network}: namespace {namespace} is attached, {changed} of its parts were changed")


def _tell(line: str, priority: str = "") -> None:
    """Print a line, with its priority if it goes to the journal."""
    sys.stdout.write(f"{priority if 'JOURNAL_STREAM' in os.environ else ''}{printable(line)}\n")
    sys.stdout.flush()


def _up(network: str) -> None:
    """Apply the network's file. Definitions that belong to absent guests are left out."""
    found = _whole(network)
    modules, away = _standing(found, {})
    for name in away:
        _tell(f"namespace {name} does not exist yet and is left out until: attach {network} {name} PID", _WARNING)
    changed = _carry_out(found["owner"], "present", available(modules, set(away)))
    _tell(f"network {network} is up, {changed} of its parts were changed")


def _whole(network: str) -> network_document.Document:
    """The network's file. Raises Refused if it does not exist."""
    found = _read(network)
    if found is None:
        path = service_files.definitions(network)
        raise Refused(f"network {network}: there is no {path}; run the role with bridge_network_persistent: true")
    return found


def _standing(
    found: network_document.Document, joining: t.Mapping[str, int]
) -> tuple[dict[str, list[network_document.Element]], list[str]]:
    """The definitions with the current locations of guests, and the absent guests.

    :param joining: namespaces to attach now, each with the PID of a process in it
    """
    modules = definitions_of(found["modules"])
    by_name = {one["name"]: one for one in modules["netns"]}
    away = []
    for name, lasting in found["guests"].items():
        if name in joining:
            by_name[name]["pid"] = joining[name]
        elif lasting is not None and namespaces.alive(lasting):
            by_name[name]["path"] = lasting
        elif not namespaces.alive(name):
            away.append(name)
    return modules, away


def _read(network: str) -> network_document.Document | None:
    """The network's file, None if it does not exist."""
    path = service_files.definitions(network)
    atomic_files.trust(str(service_files.DIRECTORY))
    written = service_files.read(path)
    return (
        None
        if written is None
        else network_document.parse(written.decode("utf-8", "surrogateescape"), str(path), NEEDED)
    )


def available(modules: network_document.Modules, away: t.Collection[str]) -> dict[str, list[network_document.Element]]:
    """The definitions that can be applied now: without those of absent guests and missing network cards."""
    present = network_document.without(modules, away, RESOURCES)
    missing = {
        name
        for name in network_document.foreign_ports(present, RESOURCES)
        if not os.path.exists(f"/sys/class/net/{name}")
    }
    for name in sorted(missing):
        _tell(f"interface {name} does not exist and is left out", _WARNING)
    return {
        kind.name: [one for one in present[kind.name] if missing.isdisjoint(_interfaces(kind, one))]
        for kind in RESOURCES.values()
    }


def _interfaces(kind: Resource, definition: network_document.Element) -> list[str | None]:
    """The interfaces of the host that a definition needs."""
    netns, name = kind.link_of(definition) or (None, None)
    return [kind.needs(definition), name if netns is None else None]


def _carry_out(owner: str, state: str, modules: network_document.Modules) -> int:
    """Apply definitions as the role does. Returns how many objects changed."""
    host = Host(check_mode=False)
    failed: EndpointsFailed | None = None
    try:
        with host:
            host.drop_option = "bridge_network_forward_policy: drop"
            outcomes = carry_out(host, owner, state, modules)
    except EndpointsFailed as error:
        failed, outcomes = error, dict(error.outcomes)
    except refusals.LibraryMissing as error:
        cure = "install it there, or run the role again, which looks for a Python that has it"
        raise _told(host, LinuxnetError(f"{error}; {cure}")) from error
    except LinuxnetError as error:
        raise _told(host, error) from error
    except refusals.refusals() as error:
        raise _told(host, unforeseen(host, error)) from error
    _tell_warnings(host)
    changes = [one for outcome in outcomes.values() for one in _changed(outcome)]
    for label, change in changes:
        _tell(f"{label}: {change}")
    if failed:
        raise failed
    return len(changes)


def _told(host: Host, error: LinuxnetError) -> LinuxnetError:
    """The error, including what was done before it. Prints the warnings first."""
    _tell_warnings(host)
    return LinuxnetError(sentence(host, error))


def _changed(outcome: Outcome) -> list[tuple[str, str]]:
    """What was changed, as label and verb."""
    return [
        (label, "made" if not change.before else "changed" if change.after else "removed")
        for label, change in zip(outcome.labels, outcome.changes)
        if change.changed
    ]


def _tell_warnings(host: Host) -> None:
    for warning in host.warnings:
        _tell(warning, _WARNING)


def _down(network: str) -> None:
    """Remove everything that carries the network's mark, as the role does with state absent."""
    owner = _owner(network)
    with Host(check_mode=False) as host:
        end = end_of(host, owner)
        _tell_warnings(host)
    # Forwarding is switched by a file that applies at boot; that file is not the service's to remove.
    changed = _carry_out(owner, "absent", {**end.modules, "ip_forward": []})
    _tell(f"network {network} is down, {changed} of its parts were removed; forwarding stays as it is")


def _owner(network: str) -> str:
    """The owner of the network; its name if the file is missing or damaged."""
    try:
        found = _read(network)
    except Invalid:
        return network
    return str(found["owner"]) if found else network


def _stop(network: str) -> None:
    """Remove the network, unless systemd is restarting the service, which must not interrupt it, or shutting down."""
    if _asked("list-jobs", "--no-legend", "--plain", unit.name(network)).split()[2:3] == ["restart"]:
        _tell(f"network {network} is restarted and stays up meanwhile")
    elif _asked("is-system-running").strip() == "stopping":
        _tell(f"network {network} goes down with the machine")
    else:
        _down(network)


def _asked(*words: str) -> str:
    """The output of systemctl; empty if it is not installed."""
    try:
        return programs.run(["systemctl", *words]).out
    except OSError:
        return ""
