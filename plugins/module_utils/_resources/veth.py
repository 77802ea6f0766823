# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A veth pair, with each end given by name and namespace. The first end has the mark."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    alternative_names,
    namespace_records,
    udev,
    veth_peers,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host, Identity
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import (
    Element,
    EndpointKey,
    Ends,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.simulated_pairs import Draft, End, Pairs
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over, veth_options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.veth_options import Want
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.veth_steps import (
    Delete,
    Make,
    Put,
    Set,
    Where,
)


class State(Value):
    """The pairs, and the namespace of each reference of the wants; a missing one has none."""

    spaces: t.Mapping[str | None, Identity]
    pairs: Pairs
    #: The owners of each namespace, read if a link of the host has the group of an owner but not the alias.
    claims: t.Mapping[Identity, t.Collection[str]] = NOTHING


class Veth(Resource):
    options: t.ClassVar[Options] = veth_options.OPTIONS
    identified_by: t.ClassVar[tuple[str, ...]] = ("name",)
    name: t.ClassVar[str] = "veth"
    order: t.ClassVar[Order] = Order(present=70, absent=30)
    of_endpoints: t.ClassVar[bool] = True
    needed: t.ClassVar[tuple[str, ...]] = ("name", "peer_name", "peer_netns")

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        return veth_options.want(options)

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"netns": want.end.netns, "name": want.end.name}

    def label(self, want: Want) -> str:
        return f"veth {want.end}"

    def identity(self, definition: Element) -> t.Hashable:
        return (definition["peer_netns"], definition["peer_name"])

    def link_of(self, definition: Element) -> tuple[str | None, str]:
        return (definition.get("netns"), definition["name"])

    def endpoint_of(self, definition: Element, ends: Ends) -> EndpointKey | None:
        peer = definition.get("peer_netns")
        return (peer, definition["peer_name"]) if peer else ends.of_link(*self.link_of(definition))

    def makes(self, definition: Element) -> str | None:
        return None if definition.get("netns") else str(definition["name"])

    def left(self, view: Marked) -> list[Element]:
        return left_over.veth(view, sorted(str(end["name"]) for end in view.our_ends()), ())

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        spaces, found = veth_peers.read(host, _wanted(host, wants))
        for space, named in _named(wants, spaces).items():
            alternative_names.refuse_links(found.links.get(space, {}), named)
        groups = {marks.group(want.owner) for want in wants}
        every = (link for links in found.links.values() for link in links.values())
        in_doubt = any(link.group in groups and not marks.parse_alias(link.alias) for link in every)
        return State(spaces, found, _claims(host, found) if in_doubt else {})

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        _refuse_shared_ends(wants, state)
        planner = _Planner(state)
        changes = [planner.absent(want) if want.state == "absent" else planner.present(want) for want in wants]
        made = [end for step in planner.steps if isinstance(step, Make) for end in (step.end, step.peer)]
        settling = udev.settling(end.name for end in made if end.netns is None)
        return Plan(changes, [*_joined(planner.steps), *settling], links=planner.links() if planner.steps else {})


def _named(wants: t.Sequence[Want], spaces: t.Mapping[str | None, Identity]) -> dict[Identity, list[tuple[str, str]]]:
    """The options with the names of wanted ends, by namespace."""
    named: dict[Identity, list[tuple[str, str]]] = {}
    for want in wants:
        if want.state == "present" and want.peer:
            for option, end in (("name", want.end), ("peer_name", want.peer)):
                if end.netns in spaces:
                    named.setdefault(spaces[end.netns], []).append((option, end.name))
    return named


def _claims(host: Host, found: Pairs) -> dict[Identity, t.Collection[str]]:
    names_of = {space: ref for space, ref in found.refs.items() if ref and "/" not in ref}
    records = {space: namespace_records.read(host, ref) for space, ref in names_of.items()}
    return {space: record.owners for space, record in records.items() if record and record.identity == space}


def _wanted(host: Host, wants: t.Sequence[Want]) -> dict[str | None, list[veth_peers.Wanted]]:
    """The ends to look for, first ends first: reading them takes few visits and reveals most peers.

    Namespaces of present pairs are included even if they do not exist, so that missing ones are reported.
    """
    needed = {end.netns for want in wants if want.state == "present" for end in (want.end, want.peer) if end}
    ends = [(want.end, want.peer or want.end) for want in wants] + [
        (want.peer, want.end) for want in wants if want.peer
    ]
    wanted: dict[str | None, list[veth_peers.Wanted]] = {}
    for end, other in ends:
        if end.netns in needed or host.exists(end.netns):
            expected = other.netns if other.netns in needed or host.exists(other.netns) else end.netns
            wanted.setdefault(end.netns, []).append((end.name, expected))
    return wanted


def _refuse_shared_ends(wants: t.Sequence[Want], state: State) -> None:
    """Refuse two pairs with the same end, however its namespace is written."""
    seen: dict[tuple[Identity, str], Want] = {}
    for want in wants:
        for end in (want.end, want.second) if want.state == "present" else ():
            other = seen.setdefault((state.spaces[end.netns], end.name), want)
            if other is not want:
                raise Refused(f"veth {other.end} and veth {want.end} both claim the end {end}")


def _joined(steps: t.Sequence[t.Any]) -> list[t.Any]:
    """The steps, with consecutive deletions in a namespace merged into one, which is as fast as a single one."""
    joined: list[t.Any] = []
    for step in steps:
        last = joined[-1] if joined else None
        if isinstance(step, Delete) and isinstance(last, Delete) and last.netns == step.netns:
            joined[-1] = Delete(step.netns, last.ends + step.ends)
        else:
            joined.append(step)
    return joined


class _Planner:
    """Plans the wants in turn, on a simulation of the steps so far."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._draft = Draft(state.pairs)
        self.steps: list[t.Any] = []

    def _find(self, where: Where | None, by_any_name: bool = False) -> End | None:
        if where is None or where.netns not in self._state.spaces:
            return None
        return self._draft.find(self._state.spaces[where.netns], where.name, by_any_name)

    def links(self) -> dict[Identity, Links]:
        return self._draft.links()

    def _refuse_alternative(self, where: Where) -> None:
        links = self._state.pairs.links.get(self._state.spaces.get(where.netns, ""), {})
        alternative_names.refuse_links(links, [("name", where.name)])

    def _where(self, end: End, *wanted: Where | None) -> Where:
        """The place of an end, with the namespace as written in the want if it is there."""
        refs = [where.netns for where in wanted if where and self._state.spaces.get(where.netns) == end.space]
        return Where(refs[0] if refs else self._state.pairs.refs[end.space], end.link.name)

    def _owner(self, end: End, want: Want) -> str | None:
        """The owner of the pair, by its first end. If the alias was edited by hand or never written, the link group
        counts if the name of the other end, the bridge or the namespace of the peer confirms it, since anybody can
        set groups."""
        marked = end.link.owner()
        if marked or end.link.owner(want.owner) is None:
            return marked
        if end.peer and end.peer is self._find(want.peer):
            return want.owner
        links = self._state.pairs.links[end.space].values()
        witnesses = {link.owner() for link in links if end.link.master and link.index == end.link.master}
        if end.peer:
            witnesses.update(self._state.claims.get(end.peer.space, ()))
        return want.owner if want.owner in witnesses else None

    def present(self, want: Want) -> Change:
        first, second = self._find(want.end), self._find(want.second)
        for end, where in ((first, want.end), (second, want.second)):
            if end and end.link.kind != "veth":
                raise Refused(
                    f"interface {where} exists and is not a veth but {end.link.kind or 'a physical interface'}; "
                    f"choose another name"
                )
        if first and second and first.peer is not second:
            raise Refused(self._no_pair(first, second, want))
        if second and not first:
            first = second.peer
            if first is None:
                raise Refused(
                    f"veth {want.second} exists and its other end is in a namespace without a name; "
                    f"delete it: {_command(want.second)}"
                )
        if first is None:
            self._make(want)
            return Change({}, self._wanted(want, ours=True))
        return self._existing(want, first)

    def _existing(self, want: Want, first: End) -> Change:
        found = self._owner(first, want)
        if found not in (None, want.owner):
            raise Refused(
                f"veth {self._where(first, want.end)} belongs to owner {found}; pass owner: {found} to change it"
            )
        after = self._wanted(want, ours=found is not None)
        before = self._current(want, first, after)
        if before == after:
            return Change(before, after)
        if found is None:
            place = self._where(first, want.end)
            hand_over = (
                f"{_in(place.netns)}ip link set {place.name} alias {marks.alias(want.owner, want.second.netns or '')}"
            )
            differing = ", ".join(word for word in after if before.get(word) != after[word])
            raise Refused(
                f"veth {place} was not created by this collection and differs in {differing}; delete it, or hand "
                f"it over with: {hand_over}"
            )
        if first.peer is None:
            self.steps.append(Delete(self._where(first, want.end).netns, (first.link.name,)))
            self._draft.remove(first)
            self._make(want)
            return Change(before, after)
        self._repair(want, first, first.peer)
        return Change(before, after)

    def _make(self, want: Want) -> None:
        values, peer_values = _values(want, ours=True), _peer_values(want)
        self.steps.append(Make(want.end, want.second, values, peer_values))
        spaces = self._state.spaces
        self._draft.add(
            End(spaces[want.end.netns], Link(index=0, name=want.end.name, kind="veth", **values)),
            End(spaces[want.second.netns], Link(index=0, name=want.second.name, kind="veth", **peer_values)),
        )

    def _repair(self, want: Want, first: End, second: End) -> None:
        """Move and rename both ends as needed, and set what differs."""
        ours = self._owner(first, want) is not None
        for end, to, values in ((first, want.end, _values(want, ours)), (second, want.second, _peer_values(want))):
            if self._find(to) is not end:
                self.steps.append(Put(self._where(end, want.end, want.second), to))
                self._draft.put(end, self._state.spaces[to.netns], to.name)
            differing = {word: value for word, value in values.items() if getattr(end.link, word) != value}
            if differing:
                self.steps.append(Set(to, differing))
                end.link = end.link.but(**differing)

    def absent(self, want: Want) -> Change:
        first, second = self._find(want.end), self._find(want.peer, by_any_name=True)
        # If the first end was renamed or moved by hand, its peer shows where it is.
        other = second.peer if second else None
        if other and self._owner(other, want) != want.owner:
            other = None
        if first and second and other and other is not first:
            raise Refused(self._no_pair(first, second, want))
        first = first or other
        if first is None:
            self._refuse_alternative(want.end)
            return Change({}, {})
        found = self._owner(first, want)
        where = self._where(first, want.end)
        if found not in (None, want.owner):
            raise Refused(f"veth {where} belongs to owner {found}; pass owner: {found} to remove it")
        if first.link.kind != "veth" or found is None:
            raise Refused(
                f"interface {where} was not made by this collection and is left alone; remove it with: "
                f"{_command(where)}"
            )
        before = self._current(want, first, {"alias": None})
        self.steps.append(Delete(where.netns, (first.link.name,)))
        self._draft.remove(first)
        return Change(before, {})

    def _wanted(self, want: Want, ours: bool) -> dict[str, t.Any]:
        """The managed attributes as wanted."""
        peer_values = {f"peer_{word}": value for word, value in _peer_values(want).items()}
        return {**_view(want.end, want.second), **_values(want, ours), **peer_values}

    def _current(self, want: Want, first: End, words: t.Iterable[str]) -> dict[str, t.Any]:
        """The managed attributes as they are, without those of a peer that cannot be found."""
        second = first.peer
        places = (want.end, want.peer)
        shown = _view(self._where(first, *places), self._where(second, *reversed(places)) if second else None)
        for word in words:
            end = second if word.startswith("peer_") else first
            if word not in shown and end:
                shown[word] = getattr(end.link, word.replace("peer_", "", 1) if end is second else word)
        return shown

    def _no_pair(self, first: End, second: End, want: Want) -> str:
        told = [
            f"that of {where} is {self._where(end.peer) if end.peer else 'in a namespace without a name'}"
            for end, where in ((first, want.end), (second, want.peer))
        ]
        return (
            f"veth {want.end} and veth {want.peer} both exist but are not a pair: the other end of {told[0][8:]}, "
            f"{told[1]}; delete one of them"
        )


def _view(end: Where, peer: Where | None) -> dict[str, t.Any]:
    shown = {"name": end.name, "netns": end.netns}
    return {**shown, "peer_name": peer.name, "peer_netns": peer.netns} if peer else shown


def _values(want: Want, ours: bool) -> dict[str, t.Any]:
    """The wanted attributes of the first end, by their names in Link."""
    values: dict[str, t.Any] = dict(want.both)
    if want.mac_address is not None:
        values["mac_address"] = want.mac_address
    if ours:
        values["alias"] = marks.alias(want.owner, (want.peer.netns if want.peer else None) or "")
        values["group"] = marks.group(want.owner)
    return values


def _peer_values(want: Want) -> dict[str, t.Any]:
    """The wanted attributes of the other end, by their names in Link."""
    values: dict[str, t.Any] = dict(want.both)
    if want.peer_mac_address is not None:
        values["mac_address"] = want.peer_mac_address
    return values


def _in(netns: str | None) -> str:
    return f"ip netns exec {netns} " if netns else ""


def _command(where: Where) -> str:
    return f"{_in(where.netns)}ip link del {where.name}"
