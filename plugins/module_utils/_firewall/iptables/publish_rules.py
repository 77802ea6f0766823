# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The rules that publish a port of the host."""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    PortRange,
    parse_address,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place, Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

KIND = "dnat"
PROTOCOLS = ("tcp", "udp", "sctp")
_PORTS = r"(?::(?P<first>[0-9]+)(?:-(?P<last>[0-9]+))?(?:/[0-9]+)?)?"
_TARGETS = {
    "ipv4": re.compile(r"(?P<address>[0-9.]+)" + _PORTS),
    "ipv6": re.compile(r"(?:\[(?P<bracketed>[0-9a-f.:]+)\]" + _PORTS + r"|(?P<address>[0-9a-f.:]+))"),
}


def rules(publication: Publication, table: str) -> tuple[Place, ...]:
    """The publication's rules in one table: one in nat, or, if nothing is translated, one each in mangle and filter."""
    if publication.gateway_mode == "routed":
        return _opening(publication, table) if table in ("mangle", "filter") else ()
    return (_translation(publication),) if table == "nat" else ()


def _translation(publication: Publication) -> Place:
    key = publication.key
    comments = [marks.comment(KIND, publication.owner)]
    if publication.out_interface:
        # A DNAT rule cannot match the outgoing interface, so a comment stores it.
        comments.append(f"out-{publication.out_interface}")
    text = rule_text.render(
        f"DNAT --to-destination {_destination(publication)}",
        comments,
        destination=None if key.host_ip is None else rule_text.host_network(key.host_ip),
        in_interface=publication.in_interface,
        protocol=key.protocol,
        matches=(_ports(key.protocol, key.host_port),),
    )
    return Place(chains.LOOPBACK if key.loopback else chains.DNAT, text)


def _destination(publication: Publication) -> str:
    """The value of ``--to-destination``: ``first-last/base`` shifts a range, no ports keep their numbers."""
    host, to = publication.key.host_port, publication.to_port
    address = spelled(publication.to_address)
    if host == to and host.size > 1:
        return address
    bracketed = f"[{address}]" if publication.key.family == "ipv6" else address
    return f"{bracketed}:{to}" if to.size == 1 else f"{bracketed}:{to}/{host.first}"


def _ports(protocol: str, ports: PortRange) -> str:
    numbers = str(ports.first) if ports.size == 1 else f"{ports.first}:{ports.last}"
    return f"-m {protocol} --dport {numbers}"


def _opening(publication: Publication, table: str) -> tuple[Place, ...]:
    """Open the endpoint's own port. No packet shows the published address and port, so a comment stores them."""
    key = publication.key
    host = f"host-{str(key.host_port).replace('-', ':')}"
    if key.host_ip is not None:
        host += f"-{spelled(key.host_ip)}"
    text = rule_text.render(
        "ACCEPT" if table == "filter" else "RETURN",
        [marks.comment(KIND, publication.owner), host],
        destination=rule_text.host_network(publication.to_address),
        in_interface=publication.in_interface,
        out_interface=publication.out_interface,
        protocol=key.protocol,
        matches=(_ports(key.protocol, publication.to_port),),
    )
    return (Place(chains.TO, text),)


# A run asks about a rule more than once.
@functools.lru_cache(maxsize=8192)
def parse(family: str, place: Place) -> Publication | None:
    """The publication that a rule belongs to, None if the rule is damaged or of another kind."""
    entry = rule_text.fields(place.text)
    if not entry.mark or entry.mark[0] != KIND or not entry.get("-p") or not entry.get("--dport"):
        return None
    reader = _parse_opening if place.chain == chains.TO else _parse_translation
    try:
        return reader(family, entry)
    except ValueError:
        return None


def _range(text: str) -> PortRange:
    first, _colon, last = text.partition(":")
    return PortRange(int(first), int(last or first))


def _parse_translation(family: str, entry: rule_text.Fields) -> Publication | None:
    target = _TARGETS[family].fullmatch(entry.options.get("--to-destination", ""))
    if not target or not entry.mark:
        return None
    parts = target.groupdict()
    ports = _range(entry.options["--dport"])
    to = PortRange(int(parts["first"]), int(parts["last"] or parts["first"])) if parts["first"] else ports
    host = entry.get("-d")
    key = Key(family, entry.options["-p"], rule_text.network_of(host).network_address if host else None, ports)
    out = next((comment[4:] for comment in entry.comments[1:] if comment.startswith("out-")), None)
    return Publication(
        key, entry.mark[1], parse_address(parts.get("bracketed") or parts["address"]), to, entry.get("-i"), out
    )


def _parse_opening(family: str, entry: rule_text.Fields) -> Publication | None:
    memory = next((comment[5:] for comment in entry.comments[1:] if comment.startswith("host-")), None)
    if memory is None or not entry.mark or "-d" not in entry.options:
        return None
    ports, _dash, host = memory.partition("-")
    key = Key(family, entry.options["-p"], parse_address(host) if host else None, _range(ports))
    address = rule_text.network_of(entry.options["-d"]).network_address
    return Publication(
        key, entry.mark[1], address, _range(entry.options["--dport"]), entry.get("-i"), entry.get("-o"), "routed"
    )


def found(family: str, table: Table) -> t.Iterator[tuple[Place, Publication]]:
    """The publications in a table, in the order in which a packet passes their rules."""
    for chain, texts in table.chains.items():
        if chain == chains.TO or holds(chain):
            for text in texts:
                place = Place(chain, text)
                publication = parse(family, place)
                if publication:
                    yield place, publication


def holds(chain: str) -> bool:
    """Whether this chain is for translated ports, of any address and block."""
    return chain.startswith(chains.DNAT)
