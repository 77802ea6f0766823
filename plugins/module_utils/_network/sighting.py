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

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import commands, publish_rules
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.info import rules_of_ours
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, iptables_programs, namespace_records
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.namespace_records import Record
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link


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
    records = namespace_records.read_all()
    return sighted(host.run(None, _links), records, _rules(host))


def _links() -> list[Link]:
    with Reader() as reader:
        return list(dumps.links(reader).values())


def _rules(host: Host) -> t.Iterator[dict[str, t.Any]]:
    for family in FAMILIES:
        if iptables_programs.has_family(host, None, family) and iptables_programs.installed(host, family):
            try:
                yield from rules_of_ours(commands.read(host, None, [(family, "nat")]))
            except KernelRefused:
                continue
