# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A validated network with its subnets and endpoints."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    FAMILIES,
    IPAddress,
    IPNetwork,
    family_of,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.allowed_sources import Sources, of_family
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.destinations import Destination, Target
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.published_port import Publish
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.limits import Rate

#: The option of the masquerade address by family.
MASQUERADE_ADDRESSES = {"ipv4": "masquerade_address", "ipv6": "masquerade_address_ipv6"}


class Subnet(Value):
    """One entry of ``ipam_config``. ``gateway`` is None if it has to be taken from an external bridge."""

    path: str
    network: IPNetwork
    gateway: IPAddress | None
    iprange: IPNetwork | None
    aux_addresses: dict[str, IPAddress]

    @property
    def family(self) -> str:
        return family_of(self.network)

    def usable(self, address: IPAddress) -> bool:
        """Whether an interface can have this address: neither the network address nor the broadcast address.

        The two addresses of a /31 or /127 are both usable.
        """
        if address not in self.network:
            return False
        if self.network.num_addresses <= 2:
            return True
        last = self.network.version == 4 and address == self.network.broadcast_address
        return address != self.network.network_address and not last

    @property
    def first_usable(self) -> IPAddress:
        return self.network.network_address + (0 if self.network.num_addresses <= 2 else 1)


class Port(Value):
    """A published port of an endpoint, with its path in the user's options."""

    path: str
    publish: Publish
    #: Of both families; empty for everybody.
    allowed_sources: Sources = ()

    def admits(self, family: str) -> bool:
        """Whether anybody may use it in this family."""
        return not self.allowed_sources or of_family(self.allowed_sources, family) is not None


class Allowed(t.NamedTuple):
    """An entry of an endpoint's list of destinations; without ``destination``, it is a name."""

    path: str
    target: Target
    destination: Destination | None = None


class Names(Value):
    """An endpoint's options about names. In ``etc_hosts``, None stands for the gateway's address."""

    aliases: tuple[str, ...] = ()
    etc_hosts: t.Mapping[str, IPAddress | None] = NOTHING
    dns_servers: tuple[str, ...] | None = None
    dns_search: tuple[str, ...] | None = None
    dns_options: tuple[str, ...] | None = None

    @property
    def asks(self) -> bool:
        """Whether it has a resolver of its own."""
        return (self.dns_servers, self.dns_search, self.dns_options) != (None, None, None)


class Endpoint(Value):
    """A namespace's interface on the network.

    ``addresses`` are the given ones by family, ``further`` the additional ones; ``routes`` are elements for the module
    ``interface``. ``sysctls`` are those of the namespace, ``interface_sysctls`` those with ``IFNAME`` in their name.
    Without ``guard`` it may send from addresses that are not its own. ``rates`` are by direction.
    """

    path: str
    namespace: str
    interface: str
    pid: int | None
    namespace_path: str | None
    container: str | None
    engine: str | None
    service: str | None
    host_interface: str | None
    addresses: dict[str, IPAddress]
    mac_address: str | None
    ports: tuple[Port, ...]
    default_route: bool
    routes: tuple[dict[str, t.Any], ...]
    sysctls: dict[str, str]
    interface_sysctls: dict[str, str]
    guard: bool = True
    further: tuple[IPAddress, ...] = ()
    rates: t.Mapping[str, Rate] = NOTHING
    names: Names = Names()
    #: Where it may send; None without a list.
    egress: tuple[Allowed, ...] | None = None

    @property
    def attached(self) -> bool:
        """Whether its namespace is that of a process, a file, a container or a service."""
        return any((self.pid, self.namespace_path, self.container, self.service))

    @functools.cached_property
    def key(self) -> tuple[str, str]:
        """What identifies the endpoint in its network."""
        return (self.namespace, self.interface)


class Network(Value):
    """One network. ``gateway_modes`` and ``masquerade_addresses`` are by family.

    ``prefix`` precedes the names of its options in messages, such as ``bridge_network_``.
    """

    name: str
    subnets: tuple[Subnet, ...] = ()
    external: bool = False
    gateway_modes: t.Mapping[str, str] = NOTHING
    inhibit_gateway: bool = False
    internal: bool = False
    icc: bool = True
    masquerade: bool = True
    masquerade_addresses: t.Mapping[str, IPAddress] = NOTHING
    masquerade_protocols: str = "common"
    firewall: str = "auto"
    trusted_interfaces: tuple[str, ...] = ()
    default_host_ip: IPAddress | None = None
    egress: str = "allow"
    forward_policy: str = "keep"
    mtu: int | None = None
    ports: tuple[str, ...] = ()
    ports_force: bool = False
    proxy_interface: str | None = None
    endpoints: tuple[Endpoint, ...] = ()
    names: bool = True
    appends: bool = False
    persistent: bool = False
    prefix: str = ""

    def option(self, name: str) -> str:
        """The user's name of an option."""
        return f"{self.prefix}{name}"

    @functools.cached_property
    def families(self) -> tuple[str, ...]:
        """The families of the network's subnets."""
        return tuple(word for word in FAMILIES if self.subnets_of(word))

    def subnets_of(self, word: str) -> tuple[Subnet, ...]:
        return tuple(subnet for subnet in self.subnets if subnet.family == word)

    def is_proxied(self, subnet: Subnet) -> bool:
        """Whether the host answers for the endpoints of a subnet on another segment."""
        return self.proxy_interface is not None and self.gateway_modes[subnet.family] == "routed"

    def subnet_holding(self, address: IPAddress) -> Subnet | None:
        """The subnet of an address."""
        return next((subnet for subnet in self.subnets if address in subnet.network), None)
