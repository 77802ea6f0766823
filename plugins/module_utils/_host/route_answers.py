# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Where the kernel would send a packet, and which rules of ``ip rule`` refuse packets.

Call this inside ``Host.run``.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader, attribute, attributes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import table_name

_GETROUTE, _GETRULE = 26, 34
_ROUTE = struct.Struct("=BBBBBBBBI")
_U32 = struct.Struct("=I")
_DESTINATION, _SOURCE, _IIF, _OIF, _GATEWAY, _PREFERRED, _TABLE, _MARK, _VIA = 1, 2, 3, 4, 5, 7, 15, 16, 18
_PROTOCOL = 27
_WITH_TABLE = 0x1000
_FAMILIES: dict[int, int] = {4: socket.AF_INET, 6: socket.AF_INET6}
_TYPES = {1: "unicast", 2: "local", 3: "broadcast", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_REFUSALS = {6: "blackhole", 7: "unreachable", 8: "prohibit"}
_RULE_TO, _RULE_FROM, _RULE_IIF, _RULE_PRIORITY, _RULE_MARK, _RULE_MASK, _RULE_UIDS = 1, 2, 3, 6, 10, 16, 20
_RULE_PROTOCOL = 22
_RULE_PORTS = {23: "sport", 24: "dport"}
#: Selectors by outgoing interface, tunnel ID, l3mdev and DSCP, which no packet of ours matches.
_RULE_FOREIGN = (17, 12, 19, 25)
_INVERTED = 2
_EVERY_BIT = 0xFFFFFFFF
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp", 132: "sctp"}
#: What the kernel calls the interface that its own packets come in by.
_OWN = "lo"


class Flow(t.NamedTuple):
    """What the kernel chooses a route by; ``iif`` is the index of the interface that a packet came in by.

    With ``iif``, the kernel also checks the source (rp_filter).
    """

    destination: IPAddress
    source: IPAddress | None = None
    iif: int | None = None
    mark: int = 0


class Answer(t.NamedTuple):
    """A route, or the number of the error that stands for there being none."""

    type: str
    out: int | None = None
    via: IPAddress | None = None
    source: IPAddress | None = None
    table: str = "main"
    error: int = 0

    @property
    def local(self) -> bool:
        return self.type == "local"


def ask(flow: Flow, protocol: int) -> Answer:
    """The route of a packet."""
    destination, source = flow.destination, flow.source
    length = len(destination.packed) * 8
    body = attribute(_DESTINATION, destination.packed)
    if source is not None:
        body += attribute(_SOURCE, source.packed)
    if flow.iif is not None:
        body += attribute(_IIF, _U32.pack(flow.iif))
    if flow.mark:
        body += attribute(_MARK, _U32.pack(flow.mark))
    # Without it, the kernel takes the packet for one of UDP.
    body += attribute(_PROTOCOL, bytes([protocol]))
    source_length = length if source is not None else 0
    header = _ROUTE.pack(_FAMILIES[destination.version], length, source_length, 0, 0, 0, 0, 0, _WITH_TABLE)
    try:
        with Reader() as reader:
            row = reader.ask(_GETROUTE, header + body)
    except OSError as error:
        return Answer("error", error=error.errno or errno.EINVAL)
    told = attributes(row, _ROUTE.size)
    kind = _ROUTE.unpack_from(row)[7]
    if kind in _REFUSALS:
        return Answer(_REFUSALS[kind], error=errno.EHOSTUNREACH, table=_table(told))
    return Answer(
        _TYPES.get(kind, str(kind)),
        _U32.unpack(told[_OIF])[0] if _OIF in told else None,
        _gateway(told),
        ipaddress.ip_address(told[_PREFERRED]) if _PREFERRED in told else None,
        _table(told),
    )


def _table(told: t.Mapping[int, bytes]) -> str:
    return table_name(_U32.unpack(told[_TABLE])[0]) if _TABLE in told else "main"


def _gateway(told: t.Mapping[int, bytes]) -> IPAddress | None:
    if _GATEWAY in told:
        return ipaddress.ip_address(told[_GATEWAY])
    return ipaddress.ip_address(told[_VIA][2:]) if _VIA in told else None


class Refusal(t.NamedTuple):
    """A rule of ``ip rule`` that refuses packets."""

    priority: int
    #: As ``ip rule`` shows it, from ``from`` on.
    text: str
    destination: str | None
    source: str | None
    iif: str | None
    #: The mark and the mask.
    mark: tuple[int, int] | None
    #: Whether root is among its users: the module runs as root, and so does what the kernel forwards.
    for_root: bool
    #: Whether it has ports, which ``ask`` leaves open.
    for_ports: bool
    #: Whether it has a selector that no packet of ours matches.
    for_others: bool
    inverted: bool

    def concerns(self, flow: Flow, came_by: str | None, ports: bool = False) -> bool:
        """Whether it refuses such a packet.

        :param came_by: the name of the interface that the packet came in by; None if it is of its own
        :param ports: whether the packet may have the ports that the rule has
        """
        bits, mask = self.mark or (0, 0)
        matches = (
            _within(flow.destination, self.destination)
            and _within(flow.source, self.source)
            and self.iif in (None, came_by or _OWN)
            and flow.mark & mask == bits & mask
            and self.for_root
            and (ports or not self.for_ports)
            and not self.for_others
        )
        return matches != self.inverted


def _within(address: IPAddress | None, network: str | None) -> bool:
    return network is None or (address is not None and address in ipaddress.ip_network(network, strict=False))


def refusals(version: int, protocol: int) -> list[Refusal]:
    """The rules of an IP version that refuse packets, in their order, for packets of a protocol."""
    family = _FAMILIES[version]
    try:
        with Reader() as reader:
            rows = reader.dump(_GETRULE, _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, 0, 0))
    except OSError:
        # A kernel without policy routing.
        return []
    found = [_refusal(row, protocol) for row in rows if row[0] == family and row[7] in _REFUSALS]
    return sorted(found, key=lambda one: one.priority)


def _refusal(row: bytes, protocol: int) -> Refusal:
    _family, to_length, from_length, service, _table, _one, _two, action, flags = _ROUTE.unpack_from(row)
    told = attributes(row, _ROUTE.size)
    destination, source = _prefix(told, _RULE_TO, to_length), _prefix(told, _RULE_FROM, from_length)
    iif = told[_RULE_IIF].rstrip(b"\0").decode(errors="replace") if _RULE_IIF in told else None
    mark = (_number(told, _RULE_MARK), _number(told, _RULE_MASK, _EVERY_BIT)) if _RULE_MARK in told else None
    first, last = struct.unpack("=II", told[_RULE_UIDS]) if _RULE_UIDS in told else (0, 0)
    words = ["not"] if flags & _INVERTED else []
    words += ["from", source or "all"]
    words += ["to", destination] if destination else []
    words += ["tos", f"{service:#x}"] if service else []
    words += ["fwmark", f"{mark[0]:#x}" + ("" if mark[1] == _EVERY_BIT else f"/{mark[1]:#x}")] if mark else []
    words += ["iif", iif] if iif else []
    words += ["uidrange", f"{first}-{last}"] if _RULE_UIDS in told else []
    if _RULE_PROTOCOL in told:
        number = told[_RULE_PROTOCOL][0]
        words += ["ipproto", _PROTOCOLS.get(number, str(number))]
    for kind, name in _RULE_PORTS.items():
        if kind in told:
            low, high = struct.unpack("=HH", told[kind])
            words += [name, str(low) if low == high else f"{low}-{high}"]
    return Refusal(
        priority=_number(told, _RULE_PRIORITY),
        text=" ".join([*words, _REFUSALS[action]]),
        destination=destination,
        source=source,
        iif=iif,
        mark=mark,
        for_root=first == 0,
        for_ports=any(kind in told for kind in _RULE_PORTS),
        for_others=bool(service)
        or told.get(_RULE_PROTOCOL, bytes([protocol])) != bytes([protocol])
        or any(kind in told for kind in _RULE_FOREIGN),
        inverted=bool(flags & _INVERTED),
    )


def _number(told: t.Mapping[int, bytes], kind: int, default: int = 0) -> int:
    return int(_U32.unpack(told[kind])[0]) if kind in told else default


def _prefix(told: t.Mapping[int, bytes], kind: int, length: int) -> str | None:
    return f"{ipaddress.ip_address(told[kind])}/{length}" if kind in told else None
