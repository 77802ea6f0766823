# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The chains of this collection and the jumps to them, which all networks share.

A group of chains exists as long as one of its content chains has a rule: the jumps are added with the first rule and
removed with the last.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import BUILT_IN, Place

#: The comment that marks the shared jumps.
SHARED = "linuxnet"

#: The prefix of all our chains.
PREFIX = "LINUXNET-"
FORWARD = "LINUXNET-FORWARD"
#: The administrator's chain: created with LINUXNET-FORWARD, never written to, removed only when empty.
USER = "LINUXNET-USER"
INTERNAL = "LINUXNET-INTERNAL"
TO = "LINUXNET-TO"
FROM = "LINUXNET-FROM"
INPUT = "LINUXNET-INPUT"
RAW = "LINUXNET-RAW"
#: In mangle, where conntrack has looked up the packet but not yet confirmed a new connection.
PREROUTING = "LINUXNET-PREROUTING"
DNAT = "LINUXNET-DNAT"
LOOPBACK = "LINUXNET-DNAT-LOOPBACK"
#: In nat, for the host's own processes: ports with a list of sources, which is not for them.
OWN = "LINUXNET-DNAT-OWN"
#: In mangle: who may send to ports with a list of sources.
ALLOW = "LINUXNET-ALLOW"
POSTROUTING = "LINUXNET-POSTROUTING"


class Group(t.NamedTuple):
    """Chains that are created and removed together."""

    #: Chains whose rules keep the group alive.
    content: tuple[str, ...]
    #: Chains that only exist along with those.
    frame: tuple[str, ...]
    jumps: tuple[Place, ...]
    #: Chains that are reachable only through this group: their rules keep it alive too.
    inside: tuple[str, ...] = ()

    @property
    def chains(self) -> tuple[str, ...]:
        return self.frame + self.content


def _jump(chain: str, target: str, **match: t.Any) -> Place:
    return Place(chain, rule_text.render(target, [SHARED], **match))


def _forward(*frame: str) -> Group:
    inner = tuple(_jump(FORWARD, chain) for chain in (*frame, INTERNAL, FROM, TO))
    return Group((INTERNAL, FROM, TO), (FORWARD, *frame), (_jump("FORWARD", FORWARD), *inner))


_LOCAL = ("-m addrtype --dst-type LOCAL",)
_THIS_HOST = rule_text.network_of("127.0.0.0/8")


def _translation(family: str) -> tuple[Group, ...]:
    """The groups of the nat table.

    Two kinds of IPv6 packets are exempt because no rule could make their connections work: those from link-local
    clients cannot be forwarded, and those to ::1 have the source ::1 and are never routed. Without the rule they are
    refused at once instead of timing out.
    """
    if family == "ipv4":
        dnat = Group((DNAT,), (), (_jump("PREROUTING", DNAT, matches=_LOCAL), _jump("OUTPUT", DNAT, matches=_LOCAL)))
        own = Group((OWN,), (), (_jump("OUTPUT", OWN, matches=_LOCAL),))
        loopback = [Group((LOOPBACK,), (), (_jump("OUTPUT", LOOPBACK, destination=_THIS_HOST),))]
    else:
        from_wire = Place("PREROUTING", "! -s fe80::/10 " + rule_text.render(DNAT, [SHARED], matches=_LOCAL))
        from_host = Place("OUTPUT", "! -d ::1/128 " + rule_text.render(DNAT, [SHARED], matches=_LOCAL))
        dnat, loopback = Group((DNAT,), (), (from_wire, from_host)), []
        alone = Place("OUTPUT", "! -d ::1/128 " + rule_text.render(OWN, [SHARED], matches=_LOCAL))
        own = Group((OWN,), (), (alone,))
    return (dnat, own, *loopback, Group((POSTROUTING,), (), (_jump("POSTROUTING", POSTROUTING),)))


#: The groups of each family and table.
GROUPS: dict[tuple[str, str], tuple[Group, ...]] = {}
for _family in FAMILIES:
    GROUPS[_family, "raw"] = (Group((RAW,), (), (_jump("PREROUTING", RAW),)),)
    # The host's traffic to itself does not concern a bridge.
    GROUPS[_family, "mangle"] = (
        Group((PREROUTING,), (), (_jump("PREROUTING", PREROUTING, in_interface="!lo"),)),
        Group((ALLOW,), (), (_jump("PREROUTING", ALLOW, in_interface="!lo", matches=_LOCAL),)),
        _forward(),
    )
    GROUPS[_family, "nat"] = _translation(_family)
    GROUPS[_family, "filter"] = (_forward(USER),)
GROUPS["ipv4", "mangle"] += (Group((INPUT,), (), (_jump("INPUT", INPUT, destination=_THIS_HOST),)),)


def heads(table: str) -> set[str]:
    """The built-in chains of a table that contain our jumps."""
    groups = (group for family in FAMILIES for group in GROUPS[family, table])
    return {jump.chain for group in groups for jump in group.jumps if jump.chain in BUILT_IN[table]}


def is_shared(text: str) -> bool:
    """Whether this is one of the jumps that all networks share, in whatever form."""
    return rule_text.fields(text).comments[:1] == (SHARED,)
