# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Routes of the kernel, and wanted routes."""

from __future__ import annotations

import functools
import ipaddress
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

TYPES = {"unicast": 1, "blackhole": 6, "unreachable": 7, "prohibit": 8, "throw": 9}
#: Types that only the kernel uses, for the addresses of the host itself.
KERNEL_TYPES = {"local": 2, "broadcast": 3, "anycast": 4, "multicast": 5}
#: Types without an interface, since they discard packets or end the lookup in this table.
NOWHERE = ("blackhole", "unreachable", "prohibit", "throw")
#: The tables with standard names.
TABLES = {"default": 253, "main": 254, "local": 255}
_TABLE_NAMES = {number: name for name, number in TABLES.items()}
#: The protocol of the kernel's own routes.
KERNEL = 2
#: The protocols of manually added routes; others belong to the kernel, DHCP, router advertisement or routing daemons.
ADMINISTERED = (3, 4)
PROTOCOLS = {
    0: "unspec",
    1: "redirect",
    2: "kernel",
    3: "boot",
    4: "static",
    9: "ra",
    16: "dhcp",
    186: "bgp",
    188: "ospf",
    12: "bird",
    11: "zebra",
}
#: The default metric of IPv6.
_METRIC_6 = 1024

Key = tuple[int, str, int, int]

#: The suboptions of a route.
SPEC: Options = {
    "to": {"type": "str", "required": True},
    "via": {"type": "str"},
    "metric": {"type": "int"},
    "table": {"type": "str", "default": "main"},
    "src": {"type": "str"},
    "on_link": {"type": "bool", "default": False},
    "type": {
        "type": "str",
        "choices": ["unicast", "blackhole", "unreachable", "prohibit", "throw"],
        "default": "unicast",
    },
}


class Route(Value):
    """A route. ``family`` is 4 or 6, ``index`` that of the interface or None for types without one.

    ``hops`` are the (index, gateway) pairs of a multipath route.
    """

    family: int
    to: str
    table: int = TABLES["main"]
    metric: int = 0
    type: str = "unicast"
    via: str | None = None
    src: str | None = None
    on_link: bool = False
    index: int | None = None
    protocol: int = 4
    scope: str = "global"
    hops: tuple[tuple[int, str | None], ...] = ()

    @property
    def key(self) -> Key:
        """What identifies a route to the kernel."""
        return (self.family, self.to, self.table, self.metric)

    @functools.cached_property
    def indexes(self) -> frozenset[int]:
        """All of its interfaces."""
        return frozenset(index for index, _via in self.hops) or frozenset(() if self.index is None else (self.index,))

    def view(self) -> dict[str, t.Any]:
        """As a user would write it, without defaults."""
        shown: dict[str, t.Any] = {"to": self.to, "metric": self.metric, "table": table_name(self.table)}
        if self.type != "unicast":
            shown["type"] = self.type
        if self.hops:
            shown["via"] = [via for _index, via in self.hops]
        elif self.via:
            shown["via"] = self.via
        if self.src:
            shown["src"] = self.src
        if self.on_link:
            shown["on_link"] = True
        if self.to == "default":
            shown["ip_version"] = f"ipv{self.family}"
        return shown


class RouteWant(Value):
    """A wanted route. The table may be a name that has yet to be resolved on the host."""

    option: str
    family: int
    to: str
    table: str
    metric: int
    type: str
    via: str | None
    src: str | None
    on_link: bool

    @property
    def table_is_number(self) -> bool:
        return _is_number(self.table)

    def route(self, tables: t.Mapping[str, int], index: int) -> Route:
        """The route over the interface with this index."""
        table = int(self.table) if self.table_is_number else tables.get(self.table)
        if table is None:
            raise Invalid(f"{self.option}.table", self.table, "a number, or a name from the host's rt_tables")
        return Route(
            family=self.family,
            to=self.to,
            table=table,
            metric=self.metric,
            type=self.type,
            via=self.via,
            src=self.src,
            on_link=self.on_link,
            index=None if self.type in NOWHERE else index,
        )


def table_name(number: int) -> str:
    """A table as in options: by standard name, else by number."""
    return _TABLE_NAMES.get(number, str(number))


def text(address: IPAddress) -> str:
    """An address as the kernel prints it, independent of the Python version."""
    return socket.inet_ntop(socket.AF_INET if address.version == 4 else socket.AF_INET6, address.packed)


def wants(option: str, given: t.Sequence[t.Mapping[str, t.Any]] | None) -> tuple[RouteWant, ...]:
    """The validated routes of an option; two with one key are an error."""
    found: dict[t.Any, RouteWant] = {}
    for number, options in enumerate(given or ()):
        one = _want(f"{option}[{number}]", options)
        key = (one.family, one.to, one.table, one.metric)
        if key in found:
            raise Invalid(one.option, one.to, f"{found[key].option} has the same destination, table and metric")
        found[key] = one
    return tuple(found.values())


def _want(option: str, options: t.Mapping[str, t.Any]) -> RouteWant:
    # The planner reads a route, compares it with others, and the module interface plans it: all get the same value.
    given = tuple((isinstance(value, bool), value) for value in (_given(options, name) for name in SPEC))
    try:
        return _parsed(given).but(option=option)
    except Invalid as error:
        raise error.at(f"{option}.{error.option}") from None


def _given(options: t.Mapping[str, t.Any], name: str) -> t.Any:
    value = options.get(name)
    return SPEC[name].get("default") if value is None else value


@functools.lru_cache(maxsize=4096)
def _parsed(given: tuple[tuple[bool, t.Any], ...]) -> RouteWant:
    """The route without its place in the options, by their values; true is not 1."""
    options = {name: value for name, (_boolean, value) in zip(SPEC, given)}
    kind = options.get("type") or "unicast"
    via = _address("via", options.get("via"))
    src = _address("src", options.get("src"))
    on_link = bool(options.get("on_link"))
    network = _network("to", options["to"])
    version = network.version if network else next((other.version for other in (via, src) if other), 4)
    for name, other in (("via", via), ("src", src)):
        if other and other.version != version:
            raise Invalid(name, str(other), f"an IPv{version} address, as the destination")
    if kind in NOWHERE and (via or src or on_link):
        raise Invalid("type", kind, "unicast, where via, src or on_link is given")
    if on_link and not via:
        raise Invalid(
            "on_link",
            on_link,
            "only together with via",
        )
    return RouteWant(
        option="",
        family=version,
        to="default"
        if network is None or network.prefixlen == 0
        else f"{text(network.network_address)}/{network.prefixlen}",
        table=_table("table", options.get("table")),
        metric=_metric("metric", options.get("metric"), version),
        type=kind,
        via=text(via) if via else None,
        src=text(src) if src else None,
        on_link=on_link,
    )


def _network(option: str, value: object) -> IPNetwork | None:
    """The destination, None for a default route whose family depends on other options."""
    if value == "default":
        return None
    return addresses.network(option, value)


def _address(option: str, value: object) -> IPAddress | None:
    if value is None:
        return None
    found = addresses.address(option, value)
    if found.is_multicast or found.is_unspecified:
        raise Invalid(option, value, "a unicast address")
    if isinstance(found, ipaddress.IPv4Address) and found == ipaddress.IPv4Address("255.255.255.255"):
        raise Invalid(option, value, "a unicast address")
    return found


def _metric(option: str, value: int | None, version: int) -> int:
    if value is not None and not 0 <= value < 2**32:
        raise Invalid(option, value, "0 to 4294967295")
    return value or (_METRIC_6 if version == 6 else 0)


def _is_number(word: str) -> bool:
    """Whether a table is given by its number. Digits other than ASCII belong to a name."""
    return word.isascii() and word.isdigit()


def _table(option: str, value: object) -> str:
    """The canonical form of a table, so that name and number are the same key."""
    if isinstance(value, int) and not 1 <= value < 2**32:
        raise Invalid(option, value, "1 to 4294967295, or a name")
    word = str(value if value is not None else "main").strip()
    if _is_number(word):
        if len(word.lstrip("0")) > 10 or not 1 <= int(word) < 2**32:
            raise Invalid(option, value, "1 to 4294967295, or a name")
        return word.lstrip("0")
    if not word or isinstance(value, bool):
        raise Invalid(option, value, "1 to 4294967295, or a name")
    return str(TABLES.get(word, word))
