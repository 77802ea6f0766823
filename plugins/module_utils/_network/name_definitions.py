# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The definition of the names by which the endpoints of a network find each other."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, parse_address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import staying
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.problems import Problems
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over

Element = dict[str, t.Any]
#: The names of each address, in the order in which they are written.
_Names = dict[IPAddress, dict[str, None]]


def netns_names(draft: Draft, view: HostView) -> list[Element]:
    """The names of all endpoints, for each of their namespaces."""
    network = draft.network
    if not network.names:
        return left_over.netns_names(view)
    found: _Names = {}
    for endpoint in network.endpoints:
        own = [endpoint.namespace] if names.is_host_name(endpoint.namespace) else []
        for _subnet, address in draft.subnets(endpoint):
            found.setdefault(address, {}).update(dict.fromkeys(own))
    namespaces = dict.fromkeys(endpoint.namespace for endpoint in network.endpoints)
    if network.appends:
        _keep(draft, view, found, namespaces)
    hosts = [" ".join([str(address), *found[address]]) for address in sorted(found, key=_place) if found[address]]
    # In one order, whoever is listed, since another one would be a difference in the boot file.
    able = [{"name": name} for name in sorted(namespaces) if name not in view.names_left_alone]
    return [{"state": "present", "hosts": hosts, "namespaces": able}]


def _keep(draft: Draft, view: HostView, found: _Names, namespaces: dict[str, None]) -> None:
    """Add the endpoints that are not listed and stay, with their names."""
    taken = {name for one in found.values() for name in one} | namespaces.keys()
    moved = draft.moves.keys()
    for staying_one in staying.endpoints(draft, view):
        namespaces[staying_one.namespace] = None
        if names.is_host_name(staying_one.namespace):
            for address in staying_one.addresses:
                found.setdefault(address, {})[staying_one.namespace] = None
    for group in view.names:
        namespaces.update(dict.fromkeys(group["namespaces"]))
        for line in group["hosts"]:
            text, *known = line.split()
            address = parse_address(text)
            if address not in moved and taken.isdisjoint(known):
                found.setdefault(address, {}).update(dict.fromkeys(known))


def _place(address: IPAddress) -> tuple[int, int]:
    return address.version, int(address)


def check(network: Network, view: HostView, problems: Problems) -> None:
    """Report files that have to be left alone."""
    if network.names and view.names_left_alone:
        for namespace in dict.fromkeys(endpoint.namespace for endpoint in network.endpoints):
            if namespace in view.names_left_alone:
                problems.of_names(
                    f"{view.names_left_alone[namespace]}; move it, or set {network.option('names')} to false"
                )


def warnings(network: Network) -> t.Iterator[str]:
    """Warn about endpoints without a name."""
    nameless = sorted(
        {endpoint.namespace for endpoint in network.endpoints if not names.is_host_name(endpoint.namespace)}
    )
    if network.names and nameless:
        more = f" and {len(nameless) - 3} more" if len(nameless) > 3 else ""
        yield (
            f"{network.option('endpoints')}: {', '.join(nameless[:3])}{more}: not a host name, so other endpoints do"
            " not find it by name"
        )
