# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The planner: the role's variables and what the host has, to the plan document that docs/plan.md describes."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import removal
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network import (
    answering,
    capacity,
    endpoint_elements,
    guard,
    host_elements,
    moving,
    others,
    policy,
    proxying,
    summary,
)
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.allocation import allocate
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.draft import Draft
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.gateways import with_gateways
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.host_checks import (
    check_host,
    missing_cards,
)
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.host_ends import host_ends
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.inner_checks import check_namespaces
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.listening import check_listeners
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.mtu import mtu_of
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.problems import Problems
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.publishing import check_free, published
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.read_network import (
    network_name,
    read_network,
    variables_section,
)
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.wish import Network

VERSION = 1

Document = dict[str, t.Any]


def make_plan(variables: object, info: object, check_mode: bool = False) -> Document:
    """The plan for one application of the role. Pure: the same input gives the same plan.

    :param variables: the role's variables without their prefix ``bridge_network_``
    :param info: the result of the module ``netns_info``; for the state ``absent`` None will do
    :param check_mode: then an interface or bridge that is missing on the host is a warning and not an error
    :raises LinuxnetError: for input that is wrong in itself or cannot come true on this host
    """
    section = variables_section(variables)
    if section.choice("state", ("present", "absent"), "present") == "absent":
        name = network_name(section)
        return _absent(name, None if info is None else HostView(info, name))
    network = read_network(section)
    view = HostView(info, network.name)
    warnings = check_host(network, view, check_mode)
    network = with_gateways(network, view)
    ends = host_ends(network, view)
    problems = Problems(view, ends.existing)
    if not check_mode:
        for name, sentence in missing_cards(network, view).items():
            problems.of_card(name, sentence)
    check_namespaces(network, view, ends.existing, problems)
    addresses = allocate(network, view, ends.existing, problems)
    moves = moving.moves(network, view, addresses)
    ports = published(network, addresses)
    ports = problems.without_unmade([*ports, *moving.ports(view, ports, moves)])
    check_free(network, view, ports, moves)
    ports = check_listeners(view, ports, problems)
    draft = Draft(network, addresses, ends, ports, mtu_of(network, view), moves)
    _refuse_narrow(draft)
    return {
        "version": VERSION,
        "network": network.name,
        "owner": network.name,
        "state": "present",
        "seen": view.seen,
        "problems": problems.found,
        "warnings": [
            *warnings,
            *problems.warnings,
            *answering.warnings(network, view),
            *capacity.warnings(network, view),
            *guard.warnings(network),
            *policy.warnings(network, view),
            *others.warnings(network, view, ports),
        ],
        "summary": summary.lines(draft, view),
        "endpoints": summary.endpoints(draft, view),
        "modules": _present(draft, view),
        "service": _service(network, view),
    }


def _present(draft: Draft, view: HostView) -> Document:
    """The elements of every module: what is left over goes first, unless endpoints are only to be added."""
    network = draft.network
    namespaces = {endpoint.namespace for endpoint in network.endpoints}
    masquerade = host_elements.masquerade(network)
    forward = host_elements.bridge_forward(draft, view)
    stale_endpoints: Document = {"dnat": moving.former_openings(view, draft.moves), "netns": [], "veth": []}
    if not network.appends:
        stale_endpoints = {
            "dnat": removal.stale_dnat(view, draft.published) + removal.forgotten_dnat(view, draft.published),
            "netns": removal.stale_netns(view, namespaces),
            "veth": removal.stale_veth(view, draft.ends.stale, namespaces),
        }
    return {
        "unmanaged_links": host_elements.unmanaged_links(draft, view),
        "bridge": removal.stale_bridge(view, {network.name}) + host_elements.bridge(draft, view),
        "bridge_forward": removal.stale_bridge_forward(view, {element["bridge"] for element in forward}) + forward,
        "masquerade": removal.stale_masquerade(
            view, {(element["source"], element["out_interface"]) for element in masquerade}
        )
        + masquerade,
        "dnat": stale_endpoints["dnat"] + host_elements.dnat(draft),
        "netns": stale_endpoints["netns"] + endpoint_elements.netns(network),
        "veth": stale_endpoints["veth"] + endpoint_elements.veth(draft, view),
        "bridge_port": removal.stale_ports(view, network.ports) + endpoint_elements.bridge_port(draft, view),
        "interface": endpoint_elements.host_interfaces(draft, view)
        + endpoint_elements.inner_interfaces(draft, view)
        + proxying.interfaces(draft, view)
        + host_elements.bridge_interface(draft, view),
        "ip_forward": host_elements.ip_forward(network, view),
    }


def _absent(name: str, view: HostView | None) -> Document:
    """The plan that takes away everything of a network, by nothing but its name.

    Without a look at the host it leaves to the module network_plan what that is.
    """
    document: Document = {
        "version": VERSION,
        "network": name,
        "owner": name,
        "state": "absent",
        "seen": None,
        "problems": [],
        "warnings": [],
        "summary": [f"{name}: absent"],
        "endpoints": [],
        "service": _no_service(name),
    }
    if view is None:
        return document
    end = removal.teardown(view)
    return {
        **document,
        "warnings": end.warnings,
        "summary": end.summary,
        "modules": end.modules,
        "service": _no_service(name) if end.persistent else None,
    }


def _service(network: Network, view: HostView) -> Document | None:
    """What the module network_service is called with; nothing where there is no service and none is wished."""
    if network.persistent:
        return {"name": network.name, "state": "present", "appends": network.appends}
    return _no_service(network.name) if view.persistent else None


def _no_service(name: str) -> Document:
    return {"name": name, "state": "absent", "appends": False}


def _refuse_narrow(draft: Draft) -> None:
    """An MTU that was found out rather than given must carry IPv6 too."""
    if draft.mtu < 1280 and "ipv6" in draft.network.families:
        raise Refused(
            f"bridge_network_mtu: the way out has an MTU of {draft.mtu}, and IPv6 needs 1280; give another one,"
            " or no IPv6 subnet"
        )
