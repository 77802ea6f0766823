# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Which firewalls tell what a host has: apart, since modules that write rules need not carry that."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Ref, Survey, Told, View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Exposure
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.survey import IptablesSurvey
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import nftables_chains, port_guard_table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import port_guards


def chosen() -> Survey:
    """Those of this host as one."""
    return _Both()


class _Both:
    """Rules of ours may be in both, and others' rules in iptables concern networks in nftables, too."""

    def __init__(self) -> None:
        self._iptables = IptablesSurvey()

    def told(self, host: Host, ref: Ref) -> Told:
        rest = self._iptables.told(host, ref)
        rest = rest.but(rules=[*rest.rules, *_guards(host, ref)])
        if not host.run(ref, functools.partial(nftables_chains.has_table, nftables_chains.OURS, "inet")):
            return rest
        # Most hosts never have a table of ours, so they need not load this.
        from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import survey

        ours = survey.told(host, ref)
        return Told([*rest.rules, *ours.rules], [*rest.unread, *ours.unread], rest.empty, rest.emptied)

    def others(self, host: Host, ref: Ref, own: t.Collection[IPAddress], beyond: t.Collection[str]) -> View:
        return self._iptables.others(host, ref, own, beyond)

    def warnings(self, others: View, network: Exposure) -> list[str]:
        return self._iptables.warnings(others, network)

    def obstacles(self, host: Host, ref: Ref) -> t.Collection[str]:
        return self._iptables.obstacles(host, ref)


def _guards(host: Host, ref: Ref) -> t.Iterator[View]:
    """The guarded ports, which are the same with any firewall."""
    if not host.run(ref, functools.partial(nftables_chains.has_table, port_guards.NAME, port_guards.FAMILY)):
        return
    found = port_guards.guards(port_guard_table.read(host, ref).elements)
    for (owner, interface), guard in sorted(found.items()):
        yield {
            "ip_version": None,
            "table": port_guards.TABLE,
            "chain": "guarded",
            "kind": port_guards.KIND,
            "owner": owner,
            "interface": interface,
            "text": " ".join([*guard.mac_addresses, *map(str, guard.addresses)]),
            **guard.views(),
        }
