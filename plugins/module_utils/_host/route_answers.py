# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Where the kernel would send one packet, and which rules of ``ip rule`` refuse packets.

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
_DESTINATION, _SOURCE, _IIF, _OIF, _GATEWAY, _PREFERRED, _TABLE, _VIA = 1, 2, 3, 4, 5, 7, 15, 18
_WITH_TABLE = 0x1000
_FAMILIES: dict[int, int] = {4: socket.AF_INET, 6: socket.AF_INET6}
_TYPES = {1: "unicast", 2: "local", 3: "broadcast", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_REFUSALS = {6: "blackhole", 7: "unreachable", 8: "prohibit"}
_RULE_TO, _RULE_FROM, _RULE_PRIORITY = 1, 2, 6


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


def ask(
    destination: IPAddress, source: IPAddress | None = None, iif: int | None = None, interface: int | None = None
) -> Answer:
    """The route of a packet.

    :param iif: the interface that it came in by, with which the kernel also checks its source (rp_filter)
    """
    length = len(destination.packed) * 8
    body = attribute(_DESTINATION, destination.packed)
    if source is not None:
        body += attribute(_SOURCE, source.packed)
    if iif is not None:
        body += attribute(_IIF, _U32.pack(iif))
    if interface is not None:
        body += attribute(_OIF, _U32.pack(interface))
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
    destination: str | None
    source: str | None
    action: str

    @property
    def text(self) -> str:
        ends = f"from {self.source or 'all'}" + (f" to {self.destination}" if self.destination else "")
        return f"{self.priority}: {ends} {self.action}"

    def concerns(self, destination: IPAddress, source: IPAddress | None) -> bool:
        """Whether it is about such a packet, as far as addresses tell."""
        return _within(destination, self.destination) and _within(source, self.source)


def _within(address: IPAddress | None, network: str | None) -> bool:
    return network is None or (address is not None and address in ipaddress.ip_network(network, strict=False))


def refusals(version: int) -> list[Refusal]:
    """The rules of an IP version that refuse packets, in their order."""
    family = _FAMILIES[version]
    try:
        with Reader() as reader:
            rows = reader.dump(_GETRULE, _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, 0, 0))
    except OSError:
        # A kernel without policy routing.
        return []
    found = []
    for row in rows:
        kind, to_length, from_length, _tos, _table, _one, _two, action, _flags = _ROUTE.unpack_from(row)
        if kind != family or action not in _REFUSALS:
            continue
        told = attributes(row, _ROUTE.size)
        priority = _U32.unpack(told[_RULE_PRIORITY])[0] if _RULE_PRIORITY in told else 0
        found.append(
            Refusal(
                priority, _prefix(told, _RULE_TO, to_length), _prefix(told, _RULE_FROM, from_length), _REFUSALS[action]
            )
        )
    return sorted(found, key=lambda one: one.priority)


def _prefix(told: t.Mapping[int, bytes], kind: int, length: int) -> str | None:
    return f"{ipaddress.ip_address(told[kind])}/{length}" if kind in told else None
