# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What must end when an address that was given to an endpoint is free for another one."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.namespace_records import Record


def of(record: Record | None, owner: str) -> list[str]:
    """The addresses that an owner gave to the interfaces of a namespace."""
    given = record.addresses.get(owner, {}) if record else {}
    return [address for addresses in given.values() for address in addresses]


def end_flows(host: Host, given: t.Collection[str]) -> None:
    """End the host's connections of these addresses, so that their next users inherit none."""
    if not given:
        return
    # Loaded where it is needed: an address is seldom given back, and this doubles what a module has to load.
    from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import ended_flows
    from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import rule_ledger
    from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.isolation_rules import family_of
    from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import FAMILIES

    freed = [ipaddress.ip_interface(text) for text in given]
    for family in FAMILIES:
        mine = {one.ip for one in freed if family_of(one) == family}
        if mine:
            rule_ledger.apply_step(host, rule_ledger.EndFlows(None, family, (ended_flows.with_address(mine),)))
