# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host must have according to the model, derived from the wants alone, apart from what dumps do not show."""

from __future__ import annotations

import ast
import ipaddress
import json
import re
from collections.abc import Iterator
from typing import Any

from tests.integration.model.catalog import KINDS
from tests.integration.model.world import Endpoint, Network, World, sources_of, text_of
from tests.lab.dumps import Dump

Addresses = dict[str, dict[str, list[str]]]

#: Namespaces that foreign.py creates.
_FOREIGN = {"foreign"}
_DNAT = re.compile(r"^nat -A (?P<chain>LINUXNET-DNAT\S*) (?P<words>.*)--comment linuxnet-dnat-(?P<owner>\S+) ")
_SHAPING = re.compile(r"qdisc tbf \S+ dev (?P<device>\S+) root rate (?P<limit>\S+ burst [^/]+)")
_REDIRECTING = re.compile(r"(?P<end>\S+)\s.*Redirect to device (?P<device>[^)]+)\)")
#: What passes at once at a rate without a burst.
_USUAL_BURST = {"5mbit": "32kb", "50mbit": "62500b"}
_OWNER = re.compile(r'comment "?linuxnet-[a-z]+-(?P<owner>[^\s"]+)')


def problems(world: World, addresses: Addresses, dump: Dump) -> list[str]:
    """What is wrong with a host, in sentences.

    :param addresses: the chosen addresses, by network and namespace
    """
    sight = _Sight(dump)
    found: list[str] = []
    for name in KINDS:
        if name in world.uncertain:
            continue
        network = world.running.get(name)
        if network is None:
            found += [f"{name}: left behind: {what}" for what in sight.of_owner(name, name in world.networks)]
        else:
            found += [f"{name}: {what}" for what in _network(name, network, addresses[name], sight)]
    return found + ([] if world.uncertain else list(_namespaces(world, sight)))


def ends(world: World, dump: Dump) -> dict[str, dict[str, str]]:
    """The host ends by network and namespace: a name that was derived once is kept."""
    sight = _Sight(dump)
    return {
        name: {namespace: sight.ends_of(name, namespace)[0]["ifname"] for namespace in network.endpoints}
        for name, network in world.running.items()
    }


class _Sight:
    """A parsed dump."""

    def __init__(self, dump: Dump) -> None:
        self._dump = dump
        self.namespaces = {line.split()[0].rpartition("/")[2] for line in dump["host /run/netns"]}
        self.links = self.links_of("host")
        self.sysctls = set(dump["host sysctls"])
        self.records = {
            line.split()[0].rpartition("/")[2]: json.loads(
                line.partition(" '")[2].removesuffix("'").encode().decode("unicode_escape")
            )
            for line in dump["host /run/linuxnet"]
            if line.startswith("/run/linuxnet/netns/")
        }

    def links_of(self, place: str) -> dict[str, dict[str, Any]]:
        found = (json.loads(line) for line in self._dump.get(f"{place} links", []))
        return {link["ifname"]: link for link in found}

    def addresses_of(self, place: str, name: str) -> set[str]:
        """The addresses with their prefix lengths, without link-local ones."""
        found = set()
        for line in self._dump.get(f"{place} addresses", []):
            interface, _space, text = line.partition(" ")
            address = json.loads(text)
            if interface == name and address["scope"] != "link":
                found.add(f"{address['local']}/{address['prefixlen']}")
        return found

    def default_routes_of(self, place: str) -> set[tuple[str, str]]:
        """The interface and gateway of each default route."""
        routes = (
            json.loads(line) for family in ("ipv4", "ipv6") for line in self._dump.get(f"{place} {family} routes", [])
        )
        return {
            (route["dev"], route.get("gateway", "")) for route in routes if route["dst"] == "default" and "dev" in route
        }

    @property
    def rules(self) -> list[str]:
        return [*self._dump["host ipv4 rules"], *self._dump["host ipv6 rules"]]

    def published(self, name: str) -> set[str]:
        """What is published, as CHAIN [SOURCE] PROTOCOL PORT TARGET, in each family."""
        found = set()
        for rule in self.rules:
            match = _DNAT.match(rule)
            if match and match["owner"] == name:
                words = rule.split()
                protocol, port, target = (
                    words[words.index(word) + 1] for word in ("-p", "--dport", "--to-destination")
                )
                target = target.partition("/")[0]  # iptables also prints where a range begins
                source = f"{words[words.index('-s') + 1]} " if "-s" in words else ""
                found.add(f"{match['chain']} {source}{protocol} {port} {target}")
        return found

    def of_owner(self, name: str, files: bool) -> Iterator[str]:
        """Everything that carries a network's mark. files: whether there may be some in /etc."""
        for rule in (*self.rules, *self._dump["host nftables"], *self._dump["host guarded ports"]):
            match = _OWNER.search(rule)
            if match and match["owner"] == name:
                yield rule.strip()
        for link in self.links.values():
            if str(link.get("ifalias", "")).startswith(f"linuxnet:{name}:") or link["ifname"] == name:
                yield f"link {link['ifname']}"
        for namespace, record in self.records.items():
            if name in record["owners"] or (name in record["addresses"] and not files):
                yield f"record of namespace {namespace}"
        for line in self._dump["host /etc/netns"]:
            if f"netplumb.linuxnet {name}\\n" in line:
                yield line
        for directory in ("/etc/sysctl.d", "/etc/linuxnet", "/etc/systemd/system"):
            for line in self._dump[f"host {directory}"]:
                if not files and re.search(rf"\b{name}\b", line) and "network.pyz " not in line:
                    yield line

    def names_of(self, namespace: str, owner: str) -> dict[str, set[str]]:
        """The addresses by name of an owner's lines in a hosts file."""
        path = f"/etc/netns/{namespace}/hosts "
        found: dict[str, set[str]] = {}
        for line in self._dump["host /etc/netns"]:
            text = str(ast.literal_eval(line.split(" ", 2)[2])) if line.startswith(path) else ""
            block = text.partition(f"# BEGIN netplumb.linuxnet {owner}\n")[2].partition("# END")[0]
            for address, *names in map(str.split, block.splitlines()):
                for name in names:
                    found.setdefault(name, set()).add(address)
        return found

    def limits_of(self, end: str) -> dict[str, str]:
        """The rate and burst by which a host end limits its endpoint, by direction, in tc's words."""
        found = {}
        for line in self._dump["host limits"]:
            shaping, redirecting = _SHAPING.match(line), _REDIRECTING.match(line)
            if shaping and shaping["device"] == end:
                found["ingress"] = shaping["limit"]
            elif redirecting and redirecting["end"] == end:
                found["egress"] = self.limits_of(redirecting["device"]).get("ingress", "none")
        return found

    def ends_of(self, owner: str, namespace: str) -> list[dict[str, Any]]:
        return [link for link in self.links.values() if link.get("ifalias") == f"linuxnet:{owner}:{namespace}"]


def _network(name: str, network: Network, addresses: dict[str, list[str]], sight: _Sight) -> Iterator[str]:
    kind = KINDS[name]
    bridge = sight.links.get(name)
    if bridge is None:
        yield "no bridge"
        return
    for family in kind.families:
        if f"{family}/conf/all/forwarding:1" not in sight.sysctls:
            yield f"{family} is not forwarded"
    gateways = {
        f"{gateway}/{subnet.partition('/')[2]}"
        for gateway, subnet in zip(kind.gateways.values(), kind.subnets, strict=True)
    }
    if sight.addresses_of("host", name) != gateways:
        yield f"the bridge has {sight.addresses_of('host', name)}"
    ports = {link["ifname"] for link in sight.links.values() if link.get("master") == name}
    ends = {link["ifname"] for namespace in network.endpoints for link in sight.ends_of(name, namespace)}
    if ports != ends or len(ends) != len(network.endpoints):
        yield f"ports {sorted(ports)}, host ends {sorted(ends)}, {len(network.endpoints)} endpoints"
    for namespace, endpoint in network.endpoints.items():
        for what in _endpoint(name, endpoint, set(addresses[namespace]), namespace in network.routed_by, sight):
            yield f"{namespace}: {what}"
    known = {namespace: {text.partition("/")[0] for text in addresses[namespace]} for namespace in network.endpoints}
    for namespace in network.endpoints:
        if sight.names_of(namespace, name) != known:
            yield f"{namespace} finds {sight.names_of(namespace, name)} instead of {known}"
    if network.variables.get("gateway_mode") != "routed" and network.variables.get("firewall") != "nftables":
        wanted = set(_published(network, addresses))
        if wanted != sight.published(name):
            yield f"published {sorted(sight.published(name))} instead of {sorted(wanted)}"


def _endpoint(name: str, endpoint: Endpoint, addresses: set[str], routed: bool, sight: _Sight) -> Iterator[str]:
    kind, namespace = KINDS[name], endpoint["namespace"]
    place, inner = f"netns/{namespace}", endpoint["interface"]
    if inner not in sight.links_of(place):
        yield f"no interface {inner}"
    if len(addresses) != len(kind.subnets) or sight.addresses_of(place, inner) != addresses:
        yield f"{inner} has {sight.addresses_of(place, inner)} and should have {addresses}"
    given = endpoint.get("ipv4_address")
    if given and not any(address.startswith(f"{given}/") for address in addresses):
        yield f"{inner} should have {given}"
    mac = endpoint.get("mac_address")
    if mac and sight.links_of(place).get(inner, {}).get("address") != mac:
        yield f"{inner} should have {mac}"
    end = endpoint.get("host_interface")
    if end and end not in sight.links:
        yield f"no host interface {end}"
    for link in sight.ends_of(name, namespace):
        yield from _limits(endpoint, sight.limits_of(link["ifname"]))
    through = {gateway for interface, gateway in sight.default_routes_of(place) if interface == inner}
    wanted = set(kind.gateways.values()) if routed else set()
    if through != wanted:
        yield f"default routes by {through} and not {wanted}"
    if name not in sight.records.get(namespace, {"owners": ()})["owners"]:
        yield "no claim in the record"


def _limits(endpoint: Endpoint, found: dict[str, str]) -> Iterator[str]:
    for word in ("egress", "ingress"):
        rate = endpoint.get(f"{word}_rate")
        if rate is None:
            wanted = None
        else:
            burst = endpoint.get(f"{word}_burst") or _USUAL_BURST[rate]
            wanted = f"{rate.replace('mbit', 'Mbit')} burst {burst.replace('kb', 'Kb').replace('mb', 'Mb')}"
        if found.get(word) != wanted:
            yield f"{word} is limited to {found.get(word)} and not {wanted}"


def _published(network: Network, addresses: dict[str, list[str]]) -> Iterator[str]:
    for namespace, endpoint in network.endpoints.items():
        for port in endpoint.get("published_ports", ()):
            *host, outer, rest = text_of(port).split(":")
            target, _slash, protocol = rest.partition("/")
            sources = sources_of(port)
            for address in addresses[namespace]:
                inner = address.partition("/")[0]
                own = [source for source in sources if (":" in source) == (":" in inner)]
                if (sources and not own) or (host and ":" in inner):
                    continue
                if ":" in inner:
                    inner = f"[{inner}]"
                rest = f"{protocol or 'tcp'} {outer.replace('-', ':')} {inner}:{target}"
                chain = "LINUXNET-DNAT-LOOPBACK" if host else "LINUXNET-DNAT-OWN" if sources else "LINUXNET-DNAT"
                yield f"{chain} {rest}"
                for network_of_sources in ipaddress.collapse_addresses(map(ipaddress.ip_network, own)):
                    yield f"LINUXNET-DNAT {network_of_sources} {rest}"


def _namespaces(world: World, sight: _Sight) -> Iterator[str]:
    """A namespace exists while it has an endpoint of any network, and contains nothing else."""
    wanted: dict[str, set[str]] = {}
    for network in world.running.values():
        for namespace, endpoint in network.endpoints.items():
            wanted.setdefault(namespace, set()).add(endpoint["interface"])
    if sight.namespaces - _FOREIGN != wanted.keys():
        yield f"namespaces {sorted(sight.namespaces)} instead of {sorted(wanted)}"
    for namespace, interfaces in wanted.items():
        found = sight.links_of(f"netns/{namespace}").keys() - {"lo"}
        if found != interfaces:
            yield f"namespace {namespace} has {sorted(found)} instead of {sorted(interfaces)}"
    if sight.records.keys() != wanted.keys():
        yield f"records of {sorted(sight.records)}"
