# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What iptables has on a host: our rules, those of others, and what interferes with ours."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Ref, Told, View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Exposure
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    commands,
    foreign_rules,
    foreign_warnings,
    own_rules,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host


class IptablesSurvey:
    def told(self, host: Host, ref: Ref) -> Told:
        return own_rules.read(host, ref)

    def others(self, host: Host, ref: Ref, own: t.Collection[IPAddress], beyond: t.Collection[str]) -> View:
        return foreign_rules.read(host, ref, own, beyond)

    def warnings(self, others: View, network: Exposure) -> list[str]:
        return foreign_warnings.warnings(others, network)

    def obstacles(self, host: Host, ref: Ref) -> list[str]:
        return [sentence for family in FAMILIES for sentence in commands.odd(host, ref, family).values()]
