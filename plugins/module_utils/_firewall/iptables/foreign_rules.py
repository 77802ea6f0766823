# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What other tools have in the packet filter that interferes with a network whose own rules are right."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    commands,
    foreign_dnat,
    kernel_tables,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    iptables_programs,
    nftables_chains,
    nftables_dnat,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host

#: The chains that firewalld has with StrictForwardPorts=yes alone, in its own table or in that of iptables.
_STRICT = (("firewalld", "filter_FORWARD_dnat"), ("filter", "FORWARD_dnat"))

View = dict[str, t.Any]


def read(host: Host, ref: str | None, own: t.Collection[IPAddress], beyond: t.Collection[str]) -> View:
    """See ``Survey.others``."""
    dropping = functools.partial(nftables_chains.dropping, beyond)
    families = [
        family
        for family in FAMILIES
        if iptables_programs.has_family(host, ref, family) and iptables_programs.installed(host, family)
    ]
    return {
        "translations": [told for family in families for told in _translations(host, ref, family, own)],
        "native_translations": [
            told._asdict() for told in host.run(ref, functools.partial(nftables_dnat.foreign, own))
        ],
        "backends": [told for family in families for told in _backends(host, ref, family)],
        "dropping": [chain._asdict() for chain in host.run(ref, dropping)],
        "strict_forward_ports": host.run(ref, functools.partial(nftables_chains.has_chain, _STRICT)),
    }


def _translations(host: Host, ref: str | None, family: str, own: t.Collection[IPAddress]) -> list[View]:
    """The foreign translations; empty if the table cannot be read, which is reported elsewhere."""
    try:
        nat = commands.read(host, ref, [(family, "nat")])[family, "nat"]
    except KernelRefused:
        return []
    return [{"ip_version": family, **told._asdict()} for told in foreign_dnat.foreign(nat, own)]


def _backends(host: Host, ref: str | None, family: str) -> list[View]:
    """The backend of iptables that the host does not use, if it has rules nevertheless."""
    other = iptables_programs.other_backend(host, family)
    if other == "legacy":
        names = host.run(ref, functools.partial(kernel_tables.legacy, family))
        there = bool(names) and iptables_programs.legacy_rules(host, ref, family)
    else:
        there = host.run(ref, functools.partial(nftables_chains.iptables_rules, family))
    return [{"ip_version": family, "backend": other}] if there else []
