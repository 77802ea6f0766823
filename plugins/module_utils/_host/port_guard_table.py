# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads the table that guards ports of bridges, and writes it with the program ``nft``."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import spelled
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import nftables_records, nftables_table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.nftables_table import RawElement, RawTable
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import port_guards
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.port_guards import Element, Place, Table

_RECORD = nftables_records.PORTS
_NAME = 16


def read(host: Host, ref: str | None) -> Table:
    """The table of a namespace, by what was recorded when it was written."""
    raw = nftables_table.read(host, ref, port_guards.NAME, port_guards.FAMILY)
    if raw is None:
        return Table()
    record = nftables_records.read(host, ref, _RECORD)
    known = record.get("digests") if record.get("version") == port_guards.VERSION else None
    expected = known if isinstance(known, dict) else {}
    there = _digests(raw)
    return Table(
        exists=True,
        dormant=raw.dormant,
        sets=list(raw.elements),
        chains={name: digests == expected.get(name) for name, digests in there.items()},
        hooked=[chain.name for chain in raw.chains if chain.hook and chain.hook == port_guards.HOOKS.get(chain.name)],
        elements=dict(_elements(raw)),
    )


def _digests(raw: RawTable) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {chain.name: [] for chain in raw.chains}
    for rule in raw.rules:
        found[rule.chain].append(rule.digest)
    return found


def _elements(raw: RawTable) -> t.Iterator[tuple[Place, Element]]:
    for name, those in raw.elements.items():
        for one in those if name in port_guards.SETS else ():
            verdict = one.data if isinstance(one.data, str) else None
            yield (name, _key(name, one)), Element(one.comment or "", verdict)


def _key(name: str, raw: RawElement) -> str:
    """A key in the form in which it is written."""
    port = raw.key[:_NAME].rstrip(b"\0").decode("utf-8", "surrogateescape")
    rest = raw.key[_NAME:]
    if name in (port_guards.PORTS, port_guards.CARDS):
        return f'"{port}"'
    if name in (port_guards.ADDRESSES4, port_guards.ADDRESSES6) and len(rest) in (4, 16):
        value = spelled(ipaddress.ip_address(rest))
    elif name == port_guards.MACS:
        value = rest[:6].hex(":")
    else:
        value = f"0x{rest[: 6 if name == port_guards.LINKS else 16].hex()}"
    return f'"{port}" . {value}'


def record(host: Host, ref: str | None) -> None:
    """Note by which digests the kernel knows what was written."""
    raw = nftables_table.read(host, ref, port_guards.NAME, port_guards.FAMILY)
    there = _digests(raw) if raw else {}
    digests = {name: there[name] for name in port_guards.RULES if name in there}
    content = {"version": port_guards.VERSION, "digests": digests} if digests else {}
    nftables_records.write(host, ref, content, _RECORD)
