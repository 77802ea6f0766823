# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Docker's short syntax for a published port, ``[[ip]:]host[-end]:container[-end][/protocol]``."""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, kind_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

PROTOCOLS = ("tcp", "udp", "sctp")

_FORM = (
    '"[[ip]:]host[-end]:container[-end][/protocol]",'
    ' such as "8080:80", "127.0.0.1:8081:81/tcp" or "[fd00::1]:53:53/udp"'
)
_ENGINE_PICKS = f"the host port is required, since nothing here can pick one: {_FORM}"
_SHAPE = re.compile(
    r"(?P<ports>(?:\[(?P<ipv6>[^\[\]]*)\]:|(?P<ipv4>[^\[\]:]*):)?(?P<host>[^\[\]:]*):(?P<container>[^\[\]:]+))",
    re.DOTALL,
)


class Publish(Value):
    """One published port or port range.

    ``host_ip`` is None if none was given, which means every address of the host in both families. The unspecified
    address of a family means every address in that family. ``host`` and ``container`` have the same size.
    """

    host_ip: addresses.IPAddress | None
    host: addresses.PortRange
    container: addresses.PortRange
    protocol: str

    @property
    def wildcard(self) -> bool:
        """Whether it is published on all addresses, of one family or of both."""
        return self.host_ip is None or self.host_ip.is_unspecified


def parse(option: str, value: object) -> Publish:
    """Parse one published port. Errors name ``option``.

    :raises Invalid: for anything but a string in this form, and for forms that need an engine with a port allocator and
    a
        proxy
    """
    if not isinstance(value, str):
        raise Invalid(option, value, f"a published port is a string; quote it, YAML read it as {kind_of(value)}")
    ports, slash, protocol = value.partition("/")
    protocol = protocol.lower() if slash else "tcp"
    if protocol not in PROTOCOLS:
        raise Invalid(option, value, f"the protocol is one of {', '.join(PROTOCOLS)}")
    shape = _shape(option, value, ports)
    host = _range(option, value, shape["host"])
    container = _range(option, value, shape["container"])
    _refuse_unequal(option, value, host, container)
    return Publish(_host_ip(option, value, shape), host, container, protocol)


def _shape(option: str, value: str, ports: str) -> dict[str, str]:
    """The parts of the text before the protocol; missing ones are empty."""
    if ":" not in ports:
        raise Invalid(option, value, _ENGINE_PICKS)
    shape = _SHAPE.fullmatch(ports)
    if not shape:
        brackets = "an IPv6 address needs brackets; " if ports.count(":") > 2 and "[" not in ports else ""
        raise Invalid(option, value, brackets + _FORM)
    if not shape["host"]:
        raise Invalid(option, value, _ENGINE_PICKS)
    return {name: text or "" for name, text in shape.groupdict().items()}


def _range(option: str, value: str, text: str) -> addresses.PortRange:
    try:
        return addresses.port_range(option, text)
    except Invalid as error:
        raise Invalid(option, value, f"{text!r} is not {error.allowed}") from None


def _refuse_unequal(option: str, value: str, host: addresses.PortRange, container: addresses.PortRange) -> None:
    if host.size == container.size:
        return
    if container.size == 1:
        raise Invalid(option, value, f"nothing here can pick one of the {host.size} host ports; give a single one")
    raise Invalid(
        option,
        value,
        f"both ranges have the same length; here {host.size} on the host and {container.size} in the endpoint",
    )


def _host_ip(option: str, value: str, shape: dict[str, str]) -> addresses.IPAddress | None:
    text = shape["ipv6"] or shape["ipv4"]
    if not text:
        if "[" in shape["ports"]:
            raise Invalid(option, value, "an IPv6 address between the brackets")
        return None
    try:
        found = addresses.address(option, text)
    except Invalid as error:
        raise Invalid(option, value, f"{text!r} is not {error.allowed}") from None
    if (found.version == 6) != bool(shape["ipv6"]):
        raise Invalid(option, value, "an IPv6 address in brackets, or an IPv4 address without")
    refuse_unpublishable(option, value, found)
    return found


def refuse_unpublishable(option: str, value: object, host_ip: addresses.IPAddress) -> None:
    """Raise Invalid for an address of the host that no rule can publish a port on."""
    if isinstance(host_ip, ipaddress.IPv6Address):
        if host_ip.is_loopback:
            raise Invalid(
                option,
                value,
                "no rule can publish on ::1; use 127.0.0.1 or another IPv6 address of the host",
            )
        if host_ip.ipv4_mapped is not None:
            raise Invalid(option, value, f"write {host_ip.ipv4_mapped} for an IPv4 address of the host")
        if host_ip.is_link_local:
            raise Invalid(option, value, "an IPv6 address of the host that is not link-local")
    broadcast = host_ip == ipaddress.IPv4Address("255.255.255.255")
    if host_ip.is_multicast or broadcast:
        raise Invalid(option, value, "a unicast address of the host")
