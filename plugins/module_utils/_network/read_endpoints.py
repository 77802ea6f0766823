# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads ``endpoints``, and validates each by itself and against the others."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, IPAddress, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import allowed_sources, published_port
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import limits, sysctls
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Port, Subnet
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.option_reader import Section, number
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_egress import read_egress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_names import (
    OPTIONS,
    check_names,
    read_names,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_routes import read_routes

_OPTIONS = (
    "namespace",
    "pid",
    "path",
    "container",
    "engine",
    "service",
    "interface",
    "host_interface",
    "ipv4_address",
    "ipv6_address",
    "addresses",
    "mac_address",
    "published_ports",
    "default_route",
    "routes",
    "sysctls",
    "guard",
    "egress",
    *limits.OPTIONS,
    *OPTIONS,
)
_PID_MAX = 4194304


def read_endpoints(variables: Section, subnets: tuple[Subnet, ...]) -> tuple[Endpoint, ...]:
    """The endpoints in the user's order."""
    internal = variables.flag("internal", False)
    found = tuple(_read_endpoint(path, raw, subnets, internal) for path, raw in variables.elements("endpoints"))
    _refuse_duplicates(found)
    _refuse_disagreement(found)
    check_names(variables, found)
    return found


def _read_endpoint(path: str, raw: object, subnets: tuple[Subnet, ...], internal: bool) -> Endpoint:
    """One endpoint. On an internal network it has no default route."""
    section = Section(f"{path}.", raw, _OPTIONS)
    if not section.given("namespace"):
        raise Missing(section.path("namespace"), "the name of the endpoint's namespace")
    attaching = [word for word in ("pid", "path", "container", "service") if section.given(word)]
    if len(attaching) > 1:
        last = attaching[-1]
        raise Invalid(section.path(last), section.raw(last), f"either {' or '.join(attaching)}, not both")
    namespace_sysctls, interface_sysctls = _sysctls(section)
    return Endpoint(
        path=path,
        namespace=section.read("namespace", names.namespace_name),
        interface=section.read("interface", _interface) or "eth0",
        pid=section.read("pid", number(1, _PID_MAX)),
        namespace_path=section.read("path", _path),
        container=section.read("container", names.container),
        engine=_engine(section),
        service=section.read("service", names.service),
        host_interface=section.read("host_interface", _interface),
        addresses=_given_addresses(section, subnets),
        mac_address=section.read("mac_address", addresses.mac),
        ports=tuple(_port(place, value) for place, value in section.elements("published_ports")),
        default_route=section.flag("default_route", True) and not internal,
        routes=read_routes(section),
        sysctls=namespace_sysctls,
        interface_sysctls=interface_sysctls,
        guard=section.flag("guard", True),
        rates=limits.given_rates(section.prefix, {option: section.given_or_none(option) for option in limits.OPTIONS}),
        names=read_names(section),
        egress=read_egress(section),
        further=tuple(_further_address(place, raw, subnets) for place, raw in section.elements("addresses")),
    )


def _port(path: str, raw: object) -> Port:
    """A published port in the short form, or in the long one, which has more options."""
    # 8080: 80 without quotes is a dictionary as well.
    if not isinstance(raw, t.Mapping) or not {"port", "allowed_sources"} & set(raw):
        return Port(path, published_port.parse(path, raw))
    section = Section(f"{path}.", raw, ("port", "allowed_sources"))
    publish = section.read("port", published_port.parse)
    if publish is None:
        raise Missing(section.path("port"), 'the published port, such as "8080:80"')
    return Port(path, publish, section.read("allowed_sources", allowed_sources.parse) or ())


def _engine(section: Section) -> str | None:
    if not section.given("engine"):
        return None
    if not section.given("container"):
        raise Invalid(section.path("engine"), section.raw("engine"), f"only together with {section.path('container')}")
    return section.choice("engine", ("docker", "podman"), "docker")


def _interface(option: str, value: object) -> str:
    found = names.interface_name(option, value)
    if found in ("lo", "all", "default"):
        raise Invalid(option, value, "a name other than lo, all and default")
    return found


def _path(option: str, value: object) -> str:
    if not isinstance(value, str) or not value.startswith("/") or names.namespace_ref(option, value) != value:
        raise Invalid(
            option, value, "an absolute path of a namespace file outside /run/netns, such as /proc/1234/ns/net"
        )
    return str(value)


def _given_addresses(section: Section, subnets: tuple[Subnet, ...]) -> dict[str, IPAddress]:
    """The given addresses by family. Each must be usable, and neither the gateway nor an auxiliary address."""
    found = {}
    for word in FAMILIES:
        option = f"{word}_address"
        address = section.read(option, addresses.address)
        if address is None:
            continue
        of_family = [subnet for subnet in subnets if subnet.family == word]
        if family_of(address) != word or not of_family:
            allowed = (
                f"an {word.replace('ip', 'IP')} address"
                if of_family
                else f"no value, since the network has no {word.replace('ip', 'IP')} subnet"
            )
            raise Invalid(section.path(option), str(address), allowed)
        _refuse_reserved(section.path(option), address, of_family)
        found[word] = address
    return found


def _further_address(option: str, raw: object, subnets: tuple[Subnet, ...]) -> IPAddress:
    """An additional address, with the prefix length of the subnet."""
    address = addresses.address(option, raw)
    of_family = [subnet for subnet in subnets if subnet.family == family_of(address)]
    _refuse_reserved(option, address, of_family or list(subnets))
    return address


def _refuse_reserved(option: str, address: IPAddress, subnets: list[Subnet]) -> None:
    subnet = next((subnet for subnet in subnets if address in subnet.network), None)
    if subnet is None:
        raise Invalid(option, str(address), f"an address of {' or '.join(str(subnet.network) for subnet in subnets)}")
    if not subnet.usable(address):
        raise Invalid(
            option, str(address), f"neither the network address nor the broadcast address of {subnet.network}"
        )
    if address == subnet.gateway:
        raise Invalid(option, str(address), f"an address other than the gateway of {subnet.network}")
    for name, reserved in subnet.aux_addresses.items():
        if address == reserved:
            raise Invalid(option, str(address), f"an address other than {subnet.path}.aux_addresses.{name}")


def _sysctls(section: Section) -> tuple[dict[str, str], dict[str, str]]:
    """The sysctls of the namespace, and those of its interface, which contain ``IFNAME``."""
    of_namespace: dict[str, str] = {}
    of_interface: dict[str, str] = {}
    for path, name, value in section.pairs("sysctls"):
        if not name.startswith("net.") or ".." in name or "/" in name or name.endswith("."):
            raise Invalid(path, value, "the sysctls of a network namespace begin with net. and are written with dots")
        if isinstance(value, bool) or not isinstance(value, (int, str)) or "\n" in str(value):
            raise Invalid(path, value, "a number or a string of one line")
        sysctls.settings(section.path("sysctls"), {name: value})
        place = of_interface if "IFNAME" in name.split(".") else of_namespace
        place[name] = str(value)
    return of_namespace, of_interface


def _refuse_duplicates(endpoints: tuple[Endpoint, ...]) -> None:
    """Refuse what only one endpoint can have twice: an interface, an address, a MAC address, a host interface."""
    seen: dict[tuple[str, str], str] = {}
    for endpoint in endpoints:
        wants = [
            (f"{endpoint.path}.interface", "interface of namespace", f"{endpoint.interface} in {endpoint.namespace}"),
            (f"{endpoint.path}.mac_address", "MAC address", endpoint.mac_address),
            (f"{endpoint.path}.host_interface", "host interface", endpoint.host_interface),
            *(
                (f"{endpoint.path}.{word}_address", "address", str(address))
                for word, address in endpoint.addresses.items()
            ),
            *(
                (f"{endpoint.path}.addresses[{place}]", "address", str(address))
                for place, address in enumerate(endpoint.further)
            ),
        ]
        for option, kind, value in wants:
            if value is None:
                continue
            earlier = seen.setdefault((kind, value), option)
            if earlier != option:
                raise Invalid(option, value, f"each {kind} may be used once, and {earlier} has this one")


def _refuse_disagreement(endpoints: tuple[Endpoint, ...]) -> None:
    """Refuse endpoints in one namespace that disagree about it, or both have its default route."""
    first: dict[str, Endpoint] = {}
    leading: dict[str, Endpoint] = {}
    for endpoint in endpoints:
        other = first.setdefault(endpoint.namespace, endpoint)
        for option, mine, theirs in (
            ("pid", endpoint.pid, other.pid),
            ("path", endpoint.namespace_path, other.namespace_path),
            ("container", endpoint.container, other.container),
            ("engine", endpoint.engine, other.engine),
            ("service", endpoint.service, other.service),
        ):
            if mine != theirs:
                raise Invalid(
                    f"{endpoint.path}.{option}",
                    mine,
                    f"the same as {other.path}.{option}, since both are in namespace {endpoint.namespace}",
                )
        for name in endpoint.sysctls.keys() & other.sysctls.keys():
            if endpoint.sysctls[name] != other.sysctls[name]:
                raise Invalid(
                    f"{endpoint.path}.sysctls.{name}", endpoint.sysctls[name], f"the same as in {other.path}.sysctls"
                )
        if endpoint.default_route and leading.setdefault(endpoint.namespace, endpoint) is not endpoint:
            raise Invalid(
                f"{endpoint.path}.default_route",
                True,
                f"one default route in namespace {endpoint.namespace}, and {leading[endpoint.namespace].path}"
                " has it; set it to false in one of them",
            )
