# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Published ports: their rules, and whether host ports are free."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, PortRange, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.allowed_sources import Sources, of_family
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network, Port

Addresses = dict[tuple[str, str], dict[str, IPAddress]]


class Published(Value):
    """A port or range on the host, in one family. ``host_ip`` is empty for all addresses.

    ``path`` is the path in the user's options or, if not ``wanted``, describes who has published it.
    """

    path: str
    wanted: bool
    ip_version: str
    protocol: str
    host_ip: str
    host: PortRange
    to_address: str
    to: PortRange
    routed: bool
    #: In the family; empty for everybody.
    allowed_sources: Sources = ()

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The key of the module ``dnat``."""
        return (self.ip_version, self.protocol, self.host_ip, str(self.host))

    @property
    def intent(self) -> Key:
        """The key as a firewall takes it."""
        host_ip = ipaddress.ip_address(self.host_ip) if self.host_ip else None
        return Key(self.ip_version, self.protocol, host_ip, self.host)


def published(network: Network, given: Addresses) -> list[Published]:
    """All published ports of the network, in the order of the user's options. A wildcard yields one per family."""
    found = []
    for endpoint in network.endpoints:
        for port in endpoint.ports:
            for word in _families(network, port, given[endpoint.key]):
                found.append(_published(network, endpoint, port, word, given[endpoint.key][word]))
    return found


def _families(network: Network, port: Port, own: dict[str, IPAddress]) -> list[str]:
    """The families to publish in: that of the given address, or all of the endpoint."""
    host_ip = port.publish.host_ip or network.default_host_ip
    option = f"{port.path}.allowed_sources"
    if host_ip is None:
        found = [word for word in own if port.admits(word)]
        if not found:
            kinds = " or ".join(f"IPv{word[-1]}" for word in own)
            raise Invalid(option, _shown(port), f"at least one {kinds} network, since the endpoint has no other family")
        return found
    word = family_of(host_ip)
    if word not in own:
        where = "" if port.publish.host_ip else f" ({network.option('default_host_ip')})"
        raise Invalid(
            port.path,
            f"{host_ip}{where}",
            f"an address of the family of the endpoint's own, {' and '.join(map(str, own.values()))}",
        )
    if not port.admits(word):
        raise Invalid(option, _shown(port), f"at least one IPv{word[-1]} network, since the port is on {host_ip}")
    return [word]


def _shown(port: Port) -> list[str]:
    return [str(source) for source in port.allowed_sources]


def _allowed(network: Network, port: Port, word: str) -> Sources:
    """The sources in a family. Refused where a list would keep nobody out, or nobody but the host gets there."""
    if not port.allowed_sources:
        return ()
    option, host_ip = f"{port.path}.allowed_sources", port.publish.host_ip or network.default_host_ip
    if host_ip is not None and host_ip.is_loopback:
        only = "only the host itself, which no list concerns, reaches a port on"
        raise Invalid(option, _shown(port), f"no value, since {only} {host_ip}")
    if network.gateway_modes[word] == "nat-unprotected" and not network.external:
        mode = network.option("gateway_mode" if word == "ipv4" else "gateway_mode_ipv6")
        raise Invalid(
            option,
            _shown(port),
            f"no value with {mode} nat-unprotected, which opens the endpoints' own addresses to all",
        )
    return of_family(port.allowed_sources, word) or ()


def _published(network: Network, endpoint: Endpoint, port: Port, word: str, own: IPAddress) -> Published:
    publish = port.publish
    routed = network.gateway_modes[word] == "routed"
    host_ip = publish.host_ip or network.default_host_ip
    specific = "" if host_ip is None or host_ip.is_unspecified else str(host_ip)
    if network.external and host_ip is not None and host_ip.is_loopback:
        raise Invalid(
            port.path, specific, "no loopback address on an external bridge, since that needs a setting of the bridge"
        )
    if routed and host_ip is not None and host_ip.is_loopback:
        raise Invalid(port.path, specific, "no loopback address on a routed network, whose ports are reached by route")
    if publish.protocol == "udp" and not endpoint.default_route and not routed:
        raise Invalid(
            port.path,
            f"{publish.host}/udp",
            f"UDP can only be published on the network with the default route of namespace {endpoint.namespace!r}:"
            " replies of a socket that is not bound to an address leave by that route",
        )
    target = (publish.host, str(own), publish.container, routed, _allowed(network, port, word))
    return Published(port.path, True, word, publish.protocol, specific, *target)


def check_free(
    network: Network, view: HostView, wanted: list[Published], former: Collection[IPAddress] = frozenset()
) -> None:
    """Refuse a host port that two endpoints want, or that another network has published.

    A port on all addresses conflicts with one on a single address, as for sockets. A routed network uses no ports of
    the host: they are opened on the endpoint's own address.

    :param former: old addresses of wanted endpoints
    """
    staying = [rule for rule in _others(network, view, wanted, former) if rule.ip_version in network.families]
    candidates = [entry for entry in wanted + staying if not entry.routed]
    candidates.sort(key=lambda entry: (entry.ip_version, entry.protocol, entry.host.first))
    open_ranges: list[Published] = []
    for entry in candidates:
        open_ranges = [
            other
            for other in open_ranges
            if (other.ip_version, other.protocol) == (entry.ip_version, entry.protocol)
            and other.host.last >= entry.host.first
        ]
        for other in open_ranges:
            _refuse_collision(entry, other)
        open_ranges.append(entry)


def _refuse_collision(one: Published, other: Published) -> None:
    """Refuse ``one`` because of ``other``, which takes precedence if both are wanted."""
    if one.host_ip and other.host_ip and one.host_ip != other.host_ip:
        return
    mine, theirs = (one, other) if one.wanted else (other, one)
    if mine.wanted:
        where = f"port {mine.host}/{mine.protocol} of {mine.host_ip or 'the host'}"
        raise Refused(f"{mine.path}: {where} is already published, by {theirs.path}")


def _others(
    network: Network, view: HostView, wanted: list[Published], former: Collection[IPAddress]
) -> Iterator[Published]:
    """Other published ports that stay: those of other networks and, with ``appends``, of unlisted endpoints."""
    for rule in view.foreign_rules("dnat"):
        if "host_port" in rule:
            yield from_rule(rule, f"network {rule['owner']}")
    if network.appends:
        own = {entry.to_address for entry in wanted} | {str(address) for address in former}
        for rule in view.our_rules("dnat"):
            if "host_port" in rule and rule["to_address"] not in own:
                yield from_rule(rule, f"another endpoint of this network, {rule['to_address']}")


def published_already(view: HostView) -> list[Published]:
    """The ports that this network has published, according to its rules."""
    rules = [rule for rule in view.our_rules("dnat") if "host_port" in rule and rule["gateway_mode"] != "routed"]
    return [from_rule(rule, "this network") for rule in rules]


def from_rule(rule: View, who: str) -> Published:
    """The published port that a rule belongs to."""
    return Published(
        path=who,
        wanted=False,
        ip_version=rule["ip_version"],
        protocol=rule["protocol"],
        host_ip=rule["host_ip"] or "",
        host=addresses.port_range("host_port", rule["host_port"]),
        to_address=rule["to_address"],
        to=addresses.port_range("to_port", rule["to_port"]),
        routed=rule["gateway_mode"] == "routed",
    )
