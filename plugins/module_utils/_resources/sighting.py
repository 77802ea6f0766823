# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What a plan decides by, in a short word: links and namespaces of ours with their addresses, and published ports.

A plan is made of a look at the host and carried out later. Where another one was carried out meanwhile, an address,
a name or a port that was free then may be taken; the word is another one then.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel import inventory, iptables, registry
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.registry import Record
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.rtnetlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks, publish_rules
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.own_rules import rules_of_ours
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.tables import FAMILIES


def sighted(links: t.Iterable[Link], records: t.Mapping[str, Record], rules: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """The word for what was seen; the order in which it was seen does not matter."""
    seen = [
        sorted([link.name, link.alias or ""] for link in links if marks.parse_alias(link.alias)),
        sorted([name, sorted(record.owners), record.addresses] for name, record in records.items()),
        sorted(
            [rule["ip_version"], rule["text"]]
            for rule in rules
            if (rule["kind"], rule["table"]) == (publish_rules.KIND, "nat")
        ),
    ]
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def look(host: Host) -> str:
    """The word for what there is now."""
    records = {name: record for name, record in ((name, registry.read(name)) for name in registry.names()) if record}
    return sighted(host.run(None, _links), records, _rules(host))


def _links() -> list[Link]:
    with Reader() as reader:
        return list(inventory.links(reader).values())


def _rules(host: Host) -> t.Iterator[dict[str, t.Any]]:
    for family in FAMILIES:
        if iptables.has_family(host, None, family) and iptables.installed(host, family):
            try:
                yield from rules_of_ours(iptables.read(host, None, [(family, "nat")]))
            except KernelRefused:
                continue
