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
    IPNetwork,
    PortRange,
    parse_address,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.allowed_sources import (
    EVERYBODY,
    GATE,
    HOST,
    NOWHERE,
    SOURCE,
    Part,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, port_tree, rule_text
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
    """The publication's rules in one table: in nat, or, if nothing is translated, in mangle and filter.

    With a list of sources, there is a rule for each of them, one in nat for the host itself, and rules in mangle that
    drop everybody else before anything is translated. So neither table alone keeps them out.
    """
    if publication.gateway_mode == "routed":
        return tuple(_opening(publication, table)) if table in ("mangle", "filter") else ()
    if table == "nat":
        return tuple(_translations(publication))
    return tuple(_gate(publication)) if table == "mangle" and publication.allowed_sources else ()


def _translations(publication: Publication) -> t.Iterator[Place]:
    chain = chains.LOOPBACK if publication.key.loopback else chains.DNAT
    if not publication.allowed_sources:
        yield _translation(publication, chain, None)
        return
    for source in publication.allowed_sources:
        yield _translation(publication, chain, source)
    if not publication.in_interface or publication.in_interface.startswith("!"):
        yield _translation(publication, chains.OWN, None)


def _translation(publication: Publication, chain: str, source: IPNetwork | None) -> Place:
    # A DNAT rule cannot match the outgoing interface, so a comment stores it.
    text = rule_text.render(
        f"DNAT --to-destination {_destination(publication)}", _comments(publication), source, **_match(publication)
    )
    return Place(chain, text)


def _comments(publication: Publication) -> list[str]:
    comments = [marks.comment(KIND, publication.owner)]
    if publication.out_interface:
        comments.append(f"out-{publication.out_interface}")
    return comments


def _match(publication: Publication, state: str = "") -> dict[str, t.Any]:
    key = publication.key
    return {
        "destination": None if key.host_ip is None else rule_text.host_network(key.host_ip),
        "in_interface": publication.in_interface,
        "protocol": key.protocol,
        "matches": (_ports(key.protocol, key.host_port), *([f"-m conntrack {state}"] if state else [])),
    }


def _gate(publication: Publication) -> t.Iterator[Place]:
    """Drop what others send to the port, whatever conntrack knows of it.

    Answers to connections that the host or other endpoints began from a port of this number may pass. Those to the
    endpoint itself from its published port may not: the connection may be one that came in by the port, and whose
    entry in conntrack was removed since.
    """
    comments = _comments(publication)

    def rule(target: str, source: IPNetwork | None = None, state: str = "") -> Place:
        return Place(chains.ALLOW, rule_text.render(target, comments, source, **_match(publication, state)))

    for source in publication.allowed_sources:
        yield rule("RETURN", source)
    to = publication.to_port
    if publication.key.host_port == to:
        ports = str(to.first) if to.size == 1 else f"{to.first}:{to.last}"
        origin = f"--ctorigsrc {spelled(publication.to_address)} --ctorigsrcport {ports}"
        yield rule("DROP", state=f"{origin} --ctdir REPLY")
    yield rule("RETURN", state="--ctdir REPLY")
    yield rule("DROP")


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


def _opening(publication: Publication, table: str) -> t.Iterator[Place]:
    """Open the endpoint's own port. No packet shows the published address and port, so a comment stores them.

    With a list of sources, what others send there is dropped even if it passes for a reply.
    """
    key = publication.key
    host = f"host-{str(key.host_port).replace('-', ':')}"
    if key.host_ip is not None:
        host += f"-{spelled(key.host_ip)}"

    def rule(target: str, source: IPNetwork | None = None) -> Place:
        text = rule_text.render(
            target,
            [marks.comment(KIND, publication.owner), host],
            source,
            destination=rule_text.host_network(publication.to_address),
            in_interface=publication.in_interface,
            out_interface=publication.out_interface,
            protocol=key.protocol,
            matches=(_ports(key.protocol, publication.to_port),),
        )
        return Place(chains.TO, text)

    for source in publication.allowed_sources or (None,):
        yield rule("ACCEPT" if table == "filter" else "RETURN", source)
    if publication.allowed_sources:
        yield rule("DROP")


# A run asks about a rule more than once.
@functools.lru_cache(maxsize=8192)
def parse(family: str, place: Place) -> Part | None:
    """What a rule says about a publication, None if the rule is damaged or of another kind."""
    entry = rule_text.fields(place.text)
    if not entry.mark or entry.mark[0] != KIND or not entry.get("-p") or not entry.get("--dport"):
        return None
    try:
        source = rule_text.network_of(entry.options["-s"]) if "-s" in entry.options else None
        if place.chain == chains.TO:
            opened = _parse_opening(family, entry)
            return Part(opened, _does(entry.target == "DROP", source), source) if opened else None
        if _root(place.chain) == chains.ALLOW:
            return Part(_parse_gate(family, entry), GATE, source)
        translated = _parse_translation(family, entry)
        return Part(translated, _does(_root(place.chain) == chains.OWN, source), source) if translated else None
    except ValueError:
        return None


def _root(chain: str) -> str:
    inside = port_tree.block(chain)
    return inside.root if inside else chain


def _does(beside: bool, source: IPNetwork | None) -> str:
    return HOST if beside else EVERYBODY if source is None else SOURCE


def _range(text: str) -> PortRange:
    first, _colon, last = text.partition(":")
    return PortRange(int(first), int(last or first))


def _parse_translation(family: str, entry: rule_text.Fields) -> Publication | None:
    target = _TARGETS[family].fullmatch(entry.options.get("--to-destination", ""))
    if not target:
        return None
    parts = target.groupdict()
    gate = _parse_gate(family, entry)
    address = parse_address(parts.get("bracketed") or parts["address"])
    if not parts["first"]:
        return gate.but(to_address=address)
    return gate.but(to_address=address, to_port=PortRange(int(parts["first"]), int(parts["last"] or parts["first"])))


def _parse_gate(family: str, entry: rule_text.Fields) -> Publication:
    """The publication without its target."""
    ports = _range(entry.options["--dport"])
    host = entry.get("-d")
    key = Key(family, entry.options["-p"], rule_text.network_of(host).network_address if host else None, ports)
    out = next((comment[4:] for comment in entry.comments[1:] if comment.startswith("out-")), None)
    owner = entry.mark[1] if entry.mark else ""
    return Publication(key, owner, NOWHERE[family], ports, entry.get("-i"), out)


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


def found(family: str, table: Table) -> t.Iterator[tuple[Place, Part]]:
    """What a table says about publications, in the order in which a packet passes its rules."""
    for chain, texts in table.chains.items():
        if chain == chains.TO or holds(chain):
            for text in texts:
                place = Place(chain, text)
                part = parse(family, place)
                if part:
                    yield place, part


def holds(chain: str) -> bool:
    """Whether this chain is for translated ports, of any address and block."""
    return chain.startswith((chains.DNAT, chains.ALLOW))
