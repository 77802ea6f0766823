# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The forwarding switch of a host or of one interface."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS, OWNER, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    advertised,
    alternative_names,
    bridge_nf,
    dumps,
    forward_chain,
    link_settings,
    sysctl,
    sysctl_files,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Aside, Session
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import WriteSetting
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks, switches, sysctls
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.contents import Contents
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import Element
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over

_VALUE = {"enabled": "1", "disabled": "0"}


#: How many interfaces to name in a warning at most.
_NAMED = 4


class Want(Value):
    state: str
    netns: str | None
    owner: str
    ip_version: str
    interface: str | None
    persistent: bool

    @property
    def families(self) -> tuple[str, ...]:
        return FAMILIES if self.ip_version == "both" else (self.ip_version,)

    @property
    def value(self) -> str:
        return _VALUE[self.state]

    def file(self, family: str) -> switches.File:
        return switches.File(self.owner, family, self.interface)


class Space(Value):
    """What was read of one namespace."""

    #: The switches by family and interface, None for all of them.
    switches: dict[tuple[str, str | None], str]
    #: accept_ra of the interfaces with a route by router advertisement.
    accept_ra: dict[str, str]
    #: Interfaces whose own setting is off, so their packets are not forwarded although IPv4 forwarding is on.
    stuck: tuple[str, ...]
    #: Families whose FORWARD chain accepts by default; read only if forwarding will be turned on.
    open: frozenset[str]
    #: Families in which iptables sees bridged frames.
    bridge_nf: frozenset[str]
    #: Interfaces of others, between which the host would forward as well.
    others: tuple[str, ...]


class State(Value):
    spaces: t.Mapping[str | None, Space]
    #: For each reference, the first one to the same namespace.
    same: t.Mapping[str | None, str | None]
    files: t.Mapping[str, str | None]
    #: How the user can set the policy of FORWARD to DROP, for a warning.
    remedy: str


class WriteFile(Value, Aside):
    """Write the file or, without a text, remove it."""

    name: str
    text: str | None

    def __str__(self) -> str:
        return f"{'remove' if self.text is None else 'write'} {sysctl_files.DIRECTORY / self.name}"

    def do(self, _session: Session) -> None:
        if self.text is None:
            sysctl_files.remove(self.name)
        else:
            sysctl_files.write(self.name, self.text)


class IpForward(Resource):
    options: t.ClassVar[Options] = {
        "state": {"type": "str", "choices": ["enabled", "disabled"], "default": "enabled"},
        "ip_version": {"type": "str", "choices": ["ipv4", "ipv6", "both"], "default": "ipv4"},
        "interface": {"type": "str"},
        "persistent": {"type": "bool", "default": False},
        **NETNS,
        **OWNER,
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ()
    name: t.ClassVar[str] = "ip_forward"
    order: t.ClassVar[Order] = Order(present=100, absent=90)

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        want = Want(
            state=options["state"],
            netns=names.namespace_ref("netns", options["netns"]),
            owner=names.owner_name("owner", options["owner"]),
            ip_version=options["ip_version"],
            interface=None if options["interface"] is None else names.one_interface("interface", options["interface"]),
            persistent=options["persistent"],
        )
        if want.persistent and want.netns is not None:
            raise Invalid(
                "persistent",
                True,
                "false inside a namespace, since files in /etc/sysctl.d only apply to the host",
            )
        return want

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"netns": want.netns, "ip_version": want.ip_version, "interface": want.interface}

    def label(self, want: Want) -> str:
        version = {"ipv4": "IPv4", "ipv6": "IPv6", "both": "IPv4 and IPv6"}[want.ip_version]
        return f"ip_forward {version}{f' of {want.interface}' if want.interface else ''}{within(want.netns)}"

    def left(self, view: Marked) -> list[Element]:
        return left_over.ip_forward(view)

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        identities: dict[t.Any, str | None] = {}
        same = {want.netns: identities.setdefault(host.identity(want.netns), want.netns) for want in wants}
        spaces = {
            ref: _read_space(host, ref, [want for want in wants if same[want.netns] == ref])
            for ref in dict.fromkeys(same.values())
        }
        files = {want.file(family).name: None for want in wants for family in want.families if want.netns is None}
        return State(spaces, same, {name: sysctl_files.read(name) for name in files}, host.drop_option)

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        _refuse_contradictions(wants, state)
        plan = Plan([])
        values = {ref: dict(space.switches) for ref, space in state.spaces.items()}
        accept_ra = {ref: dict(space.accept_ra) for ref, space in state.spaces.items()}
        changes: dict[Want, Change] = {}
        # The setting for all interfaces overwrites those of single ones, so it comes first.
        for want in sorted(wants, key=lambda want: want.interface is not None):
            ref = state.same[want.netns]
            before, after = _switch(want, ref, state.spaces[ref], values[ref], accept_ra[ref], plan)
            _persist(want, state, before, after, plan)
            changes[want] = Change(before, after)
        plan.warnings += _between_others(state, values)
        plan.changes = [changes[want] for want in wants]
        for ref, space in state.spaces.items():
            plan.warnings += [
                _does_not_forward(name) for name in space.stuck if values[ref].get(("ipv4", name), "0") == "0"
            ]
        return plan


def _read_space(host: Host, ref: str | None, wants: t.Sequence[Want]) -> Space:
    found = host.run(ref, lambda: _read_switches(wants))
    real = alternative_names.real_names(host, ((ref, want.interface) for want in wants))
    for want in wants if real else ():
        alternative_names.refuse_name(real, ref, "interface", want.interface)
    for want in wants:
        for family in want.families:
            if (family, None) not in found and want.ip_version != "both" and not _rests(want):
                raise Refused(f"ip_version: this kernel has no {switches.WORD[family]}")
            if (family, None) in found and (family, want.interface) not in found:
                if not host.check_mode:
                    raise Refused(f"interface: {want.interface} does not exist")
                host.warn(f"check mode: interface {want.interface} does not exist yet and is treated as just created")
                found[family, want.interface] = found[family, None]
    routers = host.run(ref, advertised.accept_ra) if ("ipv6", None) in found else {}
    known = host.known(host.identity(ref))
    opening = frozenset(family for family in _rising(wants, found) if forward_chain.is_open(host, ref, family))
    return Space(
        switches=found,
        accept_ra=routers,
        stuck=tuple(host.run(ref, lambda: list(_stuck(_links(known), {want.owner for want in wants}))))
        if _relies_on_all(wants, found)
        else (),
        open=opening,
        bridge_nf=frozenset(host.run(ref, bridge_nf.families)),
        others=host.run(ref, _others) if opening else (),
    )


def _rests(want: Want) -> bool:
    """Whether a kernel without the family already is as wanted, apart from an old file."""
    return want.state == "disabled" and not want.persistent and want.interface is None


def _relies_on_all(wants: t.Sequence[Want], found: t.Mapping[tuple[str, str | None], str]) -> bool:
    """Whether IPv4 forwarding is wanted and already on, so that the settings of single interfaces stay as they are."""
    asked = any(want.state == "enabled" and want.interface is None and "ipv4" in want.families for want in wants)
    return asked and found.get(("ipv4", None)) != "0"


def _links(known: Contents | None) -> Links:
    if known:
        return known.links
    with Reader() as reader:
        return dumps.links(reader)


def _stuck(links: Links, owners: t.Collection[str]) -> t.Iterator[str]:
    """Interfaces of others whose own setting is off. Ports do not count, since their master receives the packets."""
    for link in links.values():
        others = link.up and not link.master and link.name != "lo" and not link.owner(*owners)
        if others and link_settings.read(link, switches.path("ipv4", "IFNAME")) == "0":
            yield link.name


def _read_switches(wants: t.Sequence[Want]) -> dict[tuple[str, str | None], str]:
    """The settings that exist, always including those for all interfaces."""
    wanted = {(family, interface) for want in wants for family in want.families for interface in (None, want.interface)}
    values = {(family, interface): sysctl.read(switches.path(family, interface)) for family, interface in wanted}
    return {where: value for where, value in values.items() if value is not None}


def _rising(wants: t.Sequence[Want], found: t.Mapping[tuple[str, str | None], str]) -> set[str]:
    """The families in which the host starts to forward between all of its interfaces."""
    return {
        family
        for want in wants
        for family in want.families
        if want.state == "enabled" and want.interface is None and found.get((family, None)) == "0"
    }


def _families(want: Want, space: Space) -> list[str]:
    """The want's families that the kernel has."""
    return [family for family in want.families if (family, None) in space.switches]


def _refuse_contradictions(wants: t.Sequence[Want], state: State) -> None:
    seen: dict[tuple[t.Any, ...], Want] = {}
    for want in wants:
        for family in want.families:
            other = seen.setdefault((state.same[want.netns], family, want.interface), want)
            if (other.state, other.persistent) != (want.state, want.persistent):
                raise Refused(
                    f"state: {switches.WORD[family]} forwarding cannot be {other.state} and {want.state} in one call"
                )


def _switch(
    want: Want,
    ref: str | None,
    space: Space,
    values: dict[tuple[str, str | None], str],
    accept_ra: dict[str, str],
    plan: Plan,
) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """Plan the settings of a want. Returns its attributes before and after."""
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    for family in _families(want, space):
        before[family] = space.switches[family, want.interface] != "0"
        after[family] = want.state == "enabled"
        if family == "ipv6" and want.state == "enabled":
            _keep_routers(want, ref, accept_ra, before, after, plan)
        if (values[family, want.interface] != "0") == after[family]:
            continue
        where = f" for {want.interface}" if want.interface else ""
        what = f"turn {switches.WORD[family]} forwarding {'on' if after[family] else 'off'}{where}"
        plan.steps.append(WriteSetting(ref, switches.path(family, want.interface), want.value, what))
        values[family, want.interface] = want.value
        if want.interface is None:
            values.update({where: want.value for where in values if where[0] == family})
    return before, after


def _does_not_forward(name: str) -> str:
    setting = sysctls.name_of(switches.path("ipv4", name))
    return (
        f"{setting} is 0, so packets that arrive at {name} are not forwarded, neither to published ports nor as "
        f"replies; set it to 1 if endpoints use {name}"
    )


def _between_others(
    state: State, values: t.Mapping[str | None, t.Mapping[tuple[str, str | None], str]]
) -> t.Iterator[str]:
    """One sentence for both families, if there are interfaces of others to forward between."""
    for ref, space in state.spaces.items():
        families = [family for family in sorted(space.open) if values[ref].get((family, None)) != "0"]
        shown = [bridge_nf.setting(family) for family in families if family in space.bridge_nf]
        bridges = (
            f", and also traffic between the ports of foreign bridges, while {' and '.join(shown)} is 1"
            if shown
            else ""
        )
        if families and len(space.others) > 1:
            yield (
                f"{' and '.join(switches.WORD[family] for family in families)} forwarding is turned on, so this "
                "host now routes between "
                f"{', '.join(space.others[:_NAMED])}{' and others' if len(space.others) > _NAMED else ''}; "
                f"{state.remedy} stops that{bridges}"
            )


def _others() -> tuple[str, ...]:
    with Reader() as reader:
        return tuple(
            link.name
            for link in dumps.links(reader).values()
            if link.name != "lo" and not link.master and not marks.parse_alias(link.alias)
        )


def _keep_routers(
    want: Want,
    ref: str | None,
    accept_ra: dict[str, str],
    before: dict[str, t.Any],
    after: dict[str, t.Any],
    plan: Plan,
) -> None:
    """Set accept_ra to 2 first: otherwise a forwarding host ignores router advertisements and loses their routes."""
    at_stake = sorted(name for name, value in accept_ra.items() if value == "1" and want.interface in (None, name))
    for name in at_stake:
        what = f"have {name} accept router advertisements while IPv6 is forwarded"
        plan.steps.append(WriteSetting(ref, f"net/ipv6/conf/{name}/accept_ra", "2", what))
        accept_ra[name] = "2"
    if at_stake:
        before["accept_ra"] = dict.fromkeys(at_stake, 1)
        after["accept_ra"] = dict.fromkeys(at_stake, 2)


def _persist(want: Want, state: State, before: dict[str, t.Any], after: dict[str, t.Any], plan: Plan) -> None:
    """Plan to write or remove the files that make the setting persistent."""
    if want.netns is not None:
        return
    right = []
    for family in want.families if _rests(want) else _families(want, state.spaces[state.same[None]]):
        text, wanted = _file(want, family, state)
        right.append(text == wanted)
        if text != wanted:
            plan.steps.append(WriteFile(want.file(family).name, wanted))
    before["persistent"] = all(right) == want.persistent
    after["persistent"] = want.persistent


def _file(want: Want, family: str, state: State) -> tuple[str | None, str | None]:
    """The current and wanted text of a file, None for no file."""
    file = want.file(family)
    text = state.files[file.name]
    if text is not None and not file.wrote(text):
        if want.persistent:
            path = sysctl_files.DIRECTORY / file.name
            raise Refused(f"persistent: {path} was not written by this collection for owner {want.owner}")
        text = None
    if not want.persistent:
        return text, None
    routed = state.spaces[state.same[None]].accept_ra if family == "ipv6" and want.state == "enabled" else ()
    return text, file.text(want.value, [name for name in routed if want.interface in (None, name)], text)
