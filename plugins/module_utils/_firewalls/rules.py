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
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import both
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls.both import IPTABLES, NFTABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    nftables_chains,
    nftables_records,
    programs,
    service_files,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host

#: The programs that show whether a firewall is installed.
_IPTABLES, _NFT = "iptables-restore", "nft"


def chosen() -> Firewall:
    """That of this host."""
    return _Chosen()


def may_be_of_many() -> bool:
    """Whether rules of several networks can be written at once."""
    return bool(programs.find(_NFT)) and not programs.find(_IPTABLES)


class _Chosen:
    """For each owner the firewall that a definition names, else the one that has rules of his, else iptables if it is
    installed."""

    def isolations(self, host: Host, asked: t.Sequence[Asked]) -> Isolations:
        sides: both.Sides[Isolations] = _sides(host, asked, lambda firewall: firewall.isolations(host, asked))
        return sides.alone or both.BothIsolations(sides)

    def translations(self, host: Host, asked: t.Sequence[Asked]) -> Translations:
        sides: both.Sides[Translations] = _sides(host, asked, lambda firewall: firewall.translations(host, asked))
        return sides.alone or both.BothTranslations(sides)

    def publications(self, host: Host, asked: t.Sequence[Asked]) -> Publications:
        sides: both.Sides[Publications] = _sides(host, asked, lambda firewall: firewall.publications(host, asked))
        return sides.alone or both.BothPublications(sides)


def _sides(host: Host, asked: t.Sequence[Asked], read: t.Callable[[Firewall], both.K]) -> both.Sides[both.K]:
    """The firewalls that are concerned, each with what it has of one kind."""
    if not host.check_mode:
        refs = dict.fromkeys(want.netns for want in asked)
        nftables_records.forget_stale(host, [ref for ref in refs if host.exists(ref)])
    if not _concerns_nftables(host, asked):
        return both.Sides({IPTABLES: read(Iptables())}, {}, {})
    # Most hosts never have a table of ours, so they need not load this.
    from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import firewall, state

    tables = state.read(host, asked)
    homes: dict[tuple[Ref, str], str] = {}
    for want in asked:
        own = want.firewall
        if own == "auto":
            there = state.has_of(tables.of(want.netns), want.owner)
            own = NFTABLES if there or not programs.find(_IPTABLES) else IPTABLES
        homes[tables.place(want.netns), want.owner] = own
    if NFTABLES in homes.values() and not programs.find(_NFT):
        raise Refused("firewall: nftables needs the program nft, which this host lacks; install nftables")
    sides = {}
    if IPTABLES in homes.values() or any(_has_rules(host, ref) for ref in tables.by_ref):
        sides[IPTABLES] = read(Iptables())
    sides[NFTABLES] = read(firewall.Nftables())
    return both.Sides(sides, homes, tables.same)


def _concerns_nftables(host: Host, asked: t.Sequence[Asked]) -> bool:
    """Whether it has rules of ours, or is to get some."""
    if any(want.firewall == NFTABLES for want in asked):
        return True
    if programs.find(_NFT) and not programs.find(_IPTABLES):
        return True
    look = functools.partial(nftables_chains.has_table, nftables_chains.OURS, "inet")
    refs = dict.fromkeys(want.netns for want in asked)
    return any(host.run(ref, look) for ref in refs if host.exists(ref))


def _has_rules(host: Host, ref: Ref) -> bool:
    """Whether iptables has tables there: rules of ours may be in them, and others that drop what we let pass.

    At boot, the service of a network with rules in iptables may start after that of one in nftables.
    """
    if not programs.find(_IPTABLES):
        return False
    if any(host.run(ref, functools.partial(kernel_tables.present, family)) for family in FAMILIES):
        return True
    return ref is None and bool(service_files.firewalls() - {NFTABLES})
