# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads ``routes`` of an endpoint, as elements for the module ``interface``."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import routes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.option_reader import Section, number

_OPTIONS = ("to", "via", "metric", "table", "src", "on_link", "type")
_HIGHEST = 2**32 - 1

RouteKey = tuple[int, str, str, int]


def read_routes(endpoint: Section) -> tuple[dict[str, t.Any], ...]:
    """The routes in the user's order, one per destination, table and metric."""
    found: list[dict[str, t.Any]] = []
    seen: dict[RouteKey, str] = {}
    for path, raw in endpoint.elements("routes"):
        route = _read_route(path, raw)
        earlier = seen.setdefault(route_key(route), path)
        if earlier != path:
            raise Invalid(
                f"{path}.to",
                route["to"],
                f"each destination once in a table with one metric, and {earlier} has this one",
            )
        found.append(route)
    return tuple(found)


def _read_route(path: str, raw: object) -> dict[str, t.Any]:
    section = Section(f"{path}.", raw, _OPTIONS)
    if not section.given("to"):
        raise Missing(section.path("to"), 'a network or "default"')
    to = section.raw("to")
    route: dict[str, t.Any] = {"to": "default" if to == "default" else str(section.read("to", addresses.network))}
    for option in ("via", "src"):
        if section.given(option):
            route[option] = str(section.read(option, addresses.address))
    if section.given("metric"):
        route["metric"] = section.read("metric", number(0, _HIGHEST))
    if section.given("table"):
        route["table"] = section.read("table", _table)
    if section.given("on_link"):
        route["on_link"] = section.flag("on_link", False)
    if section.given("type"):
        route["type"] = section.choice("type", tuple(routes.TYPES), "unicast")
    _refuse_mixture(section, route)
    try:
        routes.wants("routes", [route])
    except Invalid as error:
        # The module's own check, with the user's path.
        raise error.at(f"{path}{error.option.removeprefix('routes[0]')}") from None
    return route


def _table(option: str, value: object) -> int | str:
    """The number of a table, or a name that only the host can resolve."""
    if isinstance(value, str) and value.split() == [value] and not value.lstrip("+-").isdigit():
        return value
    try:
        return number(1, _HIGHEST)(option, value)
    except Invalid:
        raise Invalid(option, value, f"a whole number from 1 to {_HIGHEST}, or the name of a table") from None


def _refuse_mixture(section: Section, route: dict[str, t.Any]) -> None:
    """Refuse mixed families, and gateways of routes that drop packets."""
    version = route_version(route)
    for option in ("via", "src"):
        if option in route and _version_of(route[option]) != version:
            raise Invalid(section.path(option), route[option], f"an IPv{version} address like the others of this route")
    drops = route.get("type", "unicast") in routes.NOWHERE
    if route["to"] == "default" and not drops and not {"via", "src"} & route.keys():
        raise Invalid(
            section.path("via"), None, "a default route needs a gateway, which also determines the IP version"
        )
    if drops and "via" in route:
        raise Invalid(section.path("via"), route["via"], f"no value for a route of type {route['type']}")


def route_key(route: dict[str, t.Any]) -> RouteKey:
    """What identifies a route to the kernel: family, destination, table and metric."""
    want = routes.wants("routes", [route])[0]
    return (want.family, want.to, want.table, want.metric)


def route_version(route: dict[str, t.Any]) -> int:
    """The family of a route's addresses, 4 or 6."""
    if route["to"] != "default":
        return _version_of(route["to"])
    return _version_of(route.get("via") or route.get("src") or "0.0.0.0")


def _version_of(text: str) -> int:
    return 6 if ":" in text else 4
