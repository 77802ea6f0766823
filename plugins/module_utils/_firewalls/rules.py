# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Which firewall carries out what is wanted. Nobody but those in this folder knows one by name."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Asked,
    Firewall,
    Isolations,
    Publications,
    Ref,
    Translations,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import kernel_tables
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.firewall import Iptables
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import state
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.firewall import Nftables
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import both
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls.both import IPTABLES, NFTABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import iptables_programs, nftables_table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host


def chosen() -> Firewall:
    """That of this host."""
    return _Chosen()


class _Chosen:
    """For each owner the firewall that a definition names, else the one that has rules of his, else iptables if it is
    installed."""

    def isolations(self, host: Host, asked: t.Sequence[Asked]) -> Isolations:
        sides: both.Sides[Isolations] = _sides(host, asked, "isolations")
        return next(iter(sides.every())) if len(sides.by_name) == 1 else both.BothIsolations(sides)

    def translations(self, host: Host, asked: t.Sequence[Asked]) -> Translations:
        sides: both.Sides[Translations] = _sides(host, asked, "translations")
        return next(iter(sides.every())) if len(sides.by_name) == 1 else both.BothTranslations(sides)

    def publications(self, host: Host, asked: t.Sequence[Asked]) -> Publications:
        sides: both.Sides[Publications] = _sides(host, asked, "publications")
        return next(iter(sides.every())) if len(sides.by_name) == 1 else both.BothPublications(sides)


def _sides(host: Host, asked: t.Sequence[Asked], kind: str) -> t.Any:
    """The firewalls that are concerned, each with what it has of this kind."""
    tables = state.read(host, asked)
    homes: dict[tuple[Ref, str], str] = {}
    for want in asked:
        homes[tables.place(want.netns), want.owner] = _home(host, want, tables)
    concerned = set(homes.values())
    if any(table.exists for table in tables.by_ref.values()):
        concerned.add(NFTABLES)
    if IPTABLES not in concerned and any(_has_rules(host, ref) for ref in tables.by_ref):
        concerned.add(IPTABLES)
    if NFTABLES in homes.values() and not nftables_table.installed():
        raise Refused("firewall: nftables needs the program nft, which this host lacks; install nftables")
    firewalls: dict[str, Firewall] = {IPTABLES: Iptables(), NFTABLES: Nftables()}
    read = both.READERS[kind]
    concerned = concerned or {IPTABLES}
    there = {name: read(firewall)(host, asked) for name, firewall in firewalls.items() if name in concerned}
    return both.Sides(there, homes, tables.same)


def _home(host: Host, want: Asked, tables: state.Tables) -> str:
    if want.firewall != "auto":
        return want.firewall
    if state.has_of(tables.of(want.netns), want.owner):
        return NFTABLES
    if iptables_programs.installed(host, "ipv4") or not nftables_table.installed():
        return IPTABLES
    return NFTABLES


def _has_rules(host: Host, ref: Ref) -> bool:
    """Whether iptables may have rules of ours there."""
    if not iptables_programs.installed(host, "ipv4"):
        return False
    return any(host.run(ref, functools.partial(kernel_tables.present, family)) for family in FAMILIES)
