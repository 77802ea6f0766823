# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads the host, or a namespace treated as the host, and all named namespaces. Nothing is changed."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import namespace_path
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import survey
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    bridge_nf,
    capacity,
    dumps,
    link_managers,
    link_settings,
    listeners,
    looks,
    machine,
    namespace_records,
    namespaces,
    netns_files,
    policy_rules,
    port_records,
    published,
    requirements,
    service_files,
    sysctl,
    sysctl_files,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.namespace_records import Record
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.port_records import PortRecord
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks, switches
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.contents import Contents
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import by_index
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.resolver_file import Resolver
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import info_limits, info_views
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import witness

_FORWARDING = {"ipv4": "net/ipv4/ip_forward", "ipv6": "net/ipv6/conf/all/forwarding"}
_ACCEPT_RA = "net/ipv6/conf/IFNAME/accept_ra"

#: How many namespaces to keep open at once, below the limit of a process.
_AT_ONCE = 100

View = dict[str, t.Any]
Identity = tuple[int, int]


class Want(Value):
    """``netns`` is treated as the host; ``names`` limits the namespaces, ``owner`` the objects of this collection.

    Without ``contents``, no namespace is read, so peers inside have no name. ``brief`` is for the planner, which needs
    little of each namespace, whatever others have put there.
    """

    netns: str | None = None
    names: tuple[str, ...] | None = None
    owner: str | None = None
    contents: bool = True
    brief: bool = False


def wants(definitions: t.Iterable[tuple[str, t.Mapping[str, t.Any]]], brief: bool = False) -> list[Want]:
    """The validated wants; raises Invalid."""
    return [_want(prefix, options, brief) for prefix, options in definitions]


def _want(prefix: str, options: t.Mapping[str, t.Any], brief: bool) -> Want:
    given, owner = options["names"], options["owner"]
    return Want(
        netns=names.namespace_ref(f"{prefix}netns", options["netns"]),
        names=None
        if given is None
        else tuple(names.namespace_name(f"{prefix}names[{place}]", name) for place, name in enumerate(given)),
        owner=None if owner is None else names.owner_name(f"{prefix}owner", owner),
        brief=brief,
    )


def view(host: Host, wanted: Want) -> View:
    """``{"host": ..., "namespaces": [...]}``."""
    records = namespace_records.read_all(host)
    files = namespaces.names()
    contents = _Contents(host, wanted, files)
    told_by_links = witness.records(host, [name for name in namespace_records.names() if name not in records])
    known = {*files, *records} - contents.gone
    told = sorted(known if wanted.names is None else known & set(wanted.names))
    for name in told:
        there = contents.of.get(name)
        if there and there.trouble:
            host.warn(f"namespace {name} could not be read completely: {there.trouble}")
    users = namespaces.users()
    return {
        "host": _host(host, wanted, contents, records),
        "namespaces": [
            _namespace(name, contents, records.get(name) or told_by_links.get(name), users, wanted) for name in told
        ],
    }


class _Contents:
    """The contents of all namespaces. Each is visited once, and again only to match pairs between two of them.

    Namespaces are given by name; None is the one treated as the host.
    """

    def __init__(self, host: Host, wanted: Want, files: t.Sequence[str]) -> None:
        self._host = host
        self._host_ref = host_ref = wanted.netns
        self._brief = wanted.brief
        found = ((name, namespaces.identity(name)) for name in files)
        #: Namespaces that were removed after they had been listed.
        self.gone: set[str] = set()
        self.identities = {name: identity for name, identity in found if identity}
        self.of: dict[str | None, Contents] = {None: host.run(host_ref, looks.whole)}
        host_identity = host.identity(host_ref)
        host.learn(host_identity, self.of[None])
        # The namespace treated as the host may have a name as well.
        self.of.update({name: self.of[None] for name, one in self.identities.items() if one == host_identity})
        others = [name for name in self.identities if name not in self.of]
        if wanted.contents:
            self._visit(others)
            others = [name for name in others if name not in self.gone]
        self._by_index = {where: by_index(contents.links) for where, contents in self.of.items()}
        #: The peer of each end, as (namespace, index).
        self._peers: dict[tuple[str | None, int], tuple[str | None, int]] = {}
        self._join(None, host_ref, others)
        if wanted.contents:
            for name in others:
                self._join(name, name, others)

    def _visit(self, others: t.Sequence[str]) -> None:
        look = looks.brief if self._brief else looks.tolerant
        for first in range(0, len(others), _AT_ONCE):
            batch = others[first : first + _AT_ONCE]
            some = [name for name in batch if self._host.hold(name)]
            self.gone.update(set(batch) - set(some))
            self.identities.update((name, t.cast(Identity, self._host.identity(name))) for name in some)
            for name, contents in zip(some, self._host.tour((name, look) for name in some)):
                self.of[name] = looks.of_veths(contents) if self._brief else contents
                if self._brief:
                    self._host.learn(self.identities[name], contents)
                self._host.forget(name)

    def _join(self, where: str | None, ref: str | None, others: t.Sequence[str]) -> None:
        """Find the peers of this namespace's veth ends that are in the host or in other namespaces."""
        lost = [
            link
            for link in self.of[where].links.values()
            if link.kind == "veth"
            and link.peer_nsid is not None
            and link.peer_index
            and (where, link.index) not in self._peers
        ]
        if not lost or (ref is not None and not self._host.hold(ref)):
            return

        def ask() -> dict[int | None, str | None]:
            with Reader() as reader:
                return {self._number(reader, other): other for other in (None, *others) if other != where}

        numbers = self._host.run(ref, ask)
        for link in lost:
            if link.peer_nsid in numbers:
                there = (numbers[link.peer_nsid], t.cast(int, link.peer_index))
                self._peers[where, link.index] = there
                self._peers[there] = (where, link.index)

    def _number(self, reader: Reader, other: str | None) -> int | None:
        """The nsid of another namespace. Its file is opened only briefly: a thousand at once may exceed the limit."""
        if other is None:
            return dumps.nsid(reader, self._host.fd(self._host_ref))
        fd = namespaces.open_live(other)
        if fd is None:
            return None
        try:
            return dumps.nsid(reader, fd)
        finally:
            os.close(fd)

    def peer(self, where: str | None, index: int) -> View | None:
        """The peer of a veth end, by name; None for other links, or if the peer is in a namespace without a name."""
        link = self._by_index[where][index]
        if link.kind != "veth":
            return None
        there = (where, link.peer_index) if link.peer_nsid is None else self._peers.get((where, index))
        if there is None:
            return None
        if there[0] not in self._by_index:
            return {"netns": there[0], "name": None}
        other = self._by_index[there[0]].get(there[1] or 0)
        return {"netns": there[0], "name": other.name} if other else None


def _host(host: Host, wanted: Want, contents: _Contents, records: t.Mapping[str, Record]) -> View:
    there = contents.of[None]
    owners = _known_owners(wanted, contents, records)
    own = host.identity(wanted.netns) == host.identity(None)
    ports = {**port_records.of(there.links), **_told_by_bridges(host, there)} if own else {}
    persistent = [name for name in service_files.networks() if _ours(name, wanted)] if own else []
    unmanaged = link_managers.files() if own else {}
    files = netns_files.read_all(host) if own else {}
    named = info_views.names(files)
    remembered = published.read_all() if own else {}
    settings = host.run(wanted.netns, lambda: _settings(there))
    firewall = survey.chosen()
    told = firewall.told(host, wanted.netns)
    shown = info_views.interfaces(there, lambda index: contents.peer(None, index))
    limited = info_limits.read(host, wanted.netns, there.links)
    for interface in shown:
        link = there.links[interface["name"]]
        mark = marks.parse_alias(link.alias)
        interface["owner"] = _ours(link.owner(*owners), wanted)
        interface["endpoint"] = mark.namespace or None if mark and link.kind != "ifb" else None
        interface["bandwidth"] = limited.get(link.name)
        interface["port_owner"] = _ours(_port_owner(interface, ports.get(link.name)), wanted)
        interface["accept_ra"] = settings["accept_ra"].get(link.name)
    return {
        "interfaces": shown,
        "routes": info_views.routes(there),
        "neighbours": info_views.neighbours(there),
        "proxy_neighbours": info_views.proxies(there),
        "rules": [rule for rule in told.rules if _ours(rule["owner"], wanted)],
        "rules_complete": not told.unread,
        "rules_unread": told.unread,
        "empty_chains": told.empty,
        "emptied": told.emptied,
        "other_rules": firewall.others(host, wanted.netns, _own_addresses(there), _beyond(there)),
        "ip_forward": settings["ip_forward"],
        "bridge_nf": settings["bridge_nf"],
        "limits": settings["limits"],
        "policy_rules": settings["policy_rules"],
        "firewalls": requirements.firewalls_there(),
        "settings_writable": settings["settings_writable"],
        "listeners": _listeners(host, wanted.netns),
        "published": {owner: sorted(them) for owner, them in remembered.items() if _ours(owner, wanted)},
        "persistent": {name: _persistent(name) for name in persistent},
        "machine_id": machine.identity(),
        "unmanaged_links": {owner: found for owner, found in unmanaged.items() if _ours(owner, wanted)},
        "resolvers": info_views.resolvers(files),
        "resolver": _resolver(own),
        "names_left_alone": {name: one.trouble for name, one in sorted(files.items()) if one.trouble},
        "names": {owner: found for owner, found in named.items() if _ours(owner, wanted)},
        "missing": requirements.missing(),
        "better_python": requirements.better_python(host),
        "package_manager": requirements.package_manager(),
    }


def _resolver(own: bool) -> View:
    """The host's resolver, and the servers behind it."""
    found = netns_files.resolver() if own else Resolver()
    upstream = netns_files.upstream() if own else Resolver()
    return {
        "servers": list(found.servers),
        "search": list(found.search),
        "options": list(found.options),
        "upstream": list(upstream.servers),
    }


def _own_addresses(there: Contents) -> set[IPAddress]:
    return {entry.address.ip for entry in there.addresses}


def _beyond(there: Contents) -> set[str]:
    """The interfaces but for the bridges of our networks."""
    return {name for name, link in there.links.items() if link.kind != "bridge" or not marks.parse_alias(link.alias)}


def _told_by_bridges(host: Host, there: Contents) -> dict[str, PortRecord]:
    return witness.ports_by_bridges(there.links, witness.damaged_ports(host, there.links))


def _persistent(network: str) -> View:
    """A persistent network's recorded addresses and forwarding switches."""
    switched = [family for family in FAMILIES if sysctl_files.read(switches.File(network, family, None).name)]
    return {"leases": service_files.leases(network), "switches": switched}


def _listeners(host: Host, ref: str | None) -> list[View]:
    """The listening sockets. A process in another PID namespace is unknown."""
    found = host.run(ref, listeners.read)
    users = listeners.processes({listener.inode for listener in found})
    views = []
    for listener in found:
        pid, name = users.get(listener.inode, (None, None))
        place = {"protocol": listener.protocol, "address": str(listener.address), "port": listener.port}
        views.append({**place, "process": name, "pid": pid})
    return views


def _ours(owner: str | None, wanted: Want) -> str | None:
    return owner if wanted.owner in (None, owner) else None


def _known_owners(wanted: Want, contents: _Contents, records: t.Mapping[str, Record]) -> list[str]:
    """The owners to recognise by link group, for links whose alias was edited by hand."""
    found = {wanted.owner} if wanted.owner else set()
    found.update(owner for record in records.values() for owner in record.owners)
    found.update(
        mark.owner for mark in (marks.parse_alias(link.alias) for link in contents.of[None].links.values()) if mark
    )
    return sorted(found)


def _port_owner(interface: View, record: PortRecord | None) -> str | None:
    """The owner that added the interface to its bridge, if the record is about this interface and this bridge."""
    if record and record.ifindex == interface["index"] and record.bridge == interface["bridge"]:
        return record.owner
    return None


def _settings(there: Contents) -> View:
    """The host's settings; None for those that do not exist."""
    forwarding = {family: sysctl.read(path) for family, path in _FORWARDING.items()}
    accept_ra = {name: link_settings.read(link, _ACCEPT_RA) for name, link in there.links.items()}
    shown = bridge_nf.families()
    with Reader() as reader:
        limits = capacity.read(reader)
        chosen = policy_rules.read(reader)
    return {
        "ip_forward": {family: None if value is None else value != "0" for family, value in forwarding.items()},
        "bridge_nf": {family: family in shown for family in FAMILIES},
        "accept_ra": {name: int(value) for name, value in accept_ra.items() if value is not None},
        "limits": limits,
        "policy_rules": chosen,
        "settings_writable": sysctl.writable(),
    }


def _namespace(
    name: str,
    contents: _Contents,
    record: Record | None,
    users: t.Mapping[tuple[int, int], t.Sequence[int]],
    wanted: Want,
) -> View:
    """One namespace, live or not. A claim is void if the namespace was replaced, but not if it was lost."""
    identity = contents.identities.get(name)
    there = contents.of.get(name) if identity else None
    valid = record is not None and identity in (None, record.identity)
    return {
        "name": name,
        "path": namespace_path(name),
        "live": identity is not None,
        "device": identity[0] if identity else None,
        "inode": identity[1] if identity else None,
        "owners": [owner for owner in record.owners if _ours(owner, wanted)] if record and valid else [],
        "attached": bool(record and valid and record.attached),
        "leases": {owner: leased for owner, leased in record.addresses.items() if _ours(owner, wanted)}
        if record
        else {},
        "pids": sorted(users.get(identity, ())) if identity else [],
        "interfaces": info_views.interfaces(there, lambda index: contents.peer(name, index)) if there else [],
        "routes": info_views.routes(there) if there else [],
        "neighbours": info_views.neighbours(there) if there else [],
    }
