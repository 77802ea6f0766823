# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""iptables, with either of its backends, as an implementation of ``backend.Firewall``."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Asked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    isolating,
    publishing,
    rule_ledger,
    translating,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import bridge_nf
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host


class Iptables:
    """Reads and writes each table at most once."""

    def isolations(self, host: Host, asked: t.Sequence[Asked]) -> isolating.Isolations:
        tables = rule_ledger.read_tables(host, asked, TABLES)
        bridged = {(ref, family) for ref in tables.same.values() for family in host.run(ref, bridge_nf.families)}
        return isolating.Isolations(tables, bridged)

    def translations(self, host: Host, asked: t.Sequence[Asked]) -> translating.Translations:
        return translating.Translations(rule_ledger.read_tables(host, asked, translating.TABLES))

    def publications(self, host: Host, asked: t.Sequence[Asked]) -> publishing.Publications:
        return publishing.Publications(rule_ledger.read_tables(host, asked, publishing.TABLES))
