# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""nftables by itself, in one table of ours."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Asked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import (
    isolating,
    publishing,
    state,
    translating,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import bridge_nf
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host


class Nftables:
    """See ``backend.Firewall``: each kind reads the table once and writes one transaction at most."""

    def isolations(self, host: Host, asked: t.Sequence[Asked]) -> isolating.Isolations:
        tables = state.read(host, asked)
        bridged = {(ref, family) for ref in tables.by_ref for family in host.run(ref, bridge_nf.families)}
        return isolating.Isolations(tables, bridged)

    def translations(self, host: Host, asked: t.Sequence[Asked]) -> translating.Translations:
        return translating.Translations(state.read(host, asked))

    def publications(self, host: Host, asked: t.Sequence[Asked]) -> publishing.Publications:
        return publishing.Publications(state.read(host, asked))
