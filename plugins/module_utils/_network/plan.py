# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The planner: makes the plan (docs/plan.md) from the options and the state of the host."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import left_over as rules_left
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import ExposedPort, Exposure
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import survey
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import (
    capacity_checks,
    egress,
    endpoint_definitions,
    guard,
    host_definitions,
    moving,
    name_definitions,
    policy_rule_warnings,
    proxying,
    removal,
    return_paths,
    staying_file,
    staying_routes,
    summary,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.allocation import allocate
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.gateways import with_gateways
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_checks import check_host, missing_cards
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_ends import host_ends
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.listener_checks import check_listeners
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.mtu import mtu_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.namespace_checks import check_namespaces
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.problems import Problems
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.published_ports import (
    Published,
    check_free,
    published,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over

VERSION = 1

Document = dict[str, t.Any]


def plan_of(network: Network, view: HostView, check_mode: bool, directory: egress.Directory) -> Document:
    """The plan for a present network. Pure: the same input gives the same plan.

    :param check_mode: whether missing interfaces and bridges of the host are only warnings
    :param directory: what the names in lists of destinations stand for
    :raises LinuxnetError: for what is impossible on this host
    """
    warnings = check_host(network, view, check_mode)
    network = _with_firewall(with_gateways(network, view), view)
    ends = host_ends(network, view)
    problems = Problems(view, ends.existing)
    if not check_mode:
        for name, sentence in missing_cards(network, view).items():
            problems.of_card(name, sentence)
    check_namespaces(network, view, ends.existing, problems)
    name_definitions.check(network, view, problems)
    addresses = allocate(network, view, ends.existing, problems)
    moves = moving.moves(network, view, addresses)
    ports = published(network, addresses)
    ports = problems.without_unmade([*ports, *moving.ports(view, ports, moves)])
    check_free(network, view, ports, moves)
    ports = check_listeners(view, ports, problems)
    draft = Draft(network, addresses, ends, ports, mtu_of(network, view), moves)
    _refuse_narrow(draft)
    endpoints = summary.endpoints(draft, view)
    return {
        "version": VERSION,
        "network": network.name,
        "owner": network.name,
        "state": "present",
        "problems": problems.found,
        "warnings": [
            *warnings,
            *problems.warnings,
            *return_paths.warnings(network, view),
            *staying_routes.warnings(draft, view),
            *staying_file.warnings(draft, view),
            *capacity_checks.warnings(network, view),
            *guard.warnings(network, view),
            *name_definitions.warnings(network, view),
            *policy_rule_warnings.warnings(network, view),
            *survey.chosen().warnings(view.other_rules, _exposure(network, view, ports)),
        ],
        "summary": summary.lines(draft, endpoints),
        "endpoints": endpoints,
        "modules": _present(draft, view, directory),
        "service": _service(network, view),
    }


def _with_firewall(network: Network, view: HostView) -> Network:
    """The network as its service restores it: with the firewall that it has now.

    After a reboot there are no rules, and others may have installed another firewall in the meantime.
    """
    if network.firewall == "auto" and network.persistent and view.firewall == "nftables":
        return network.but(firewall="nftables")
    return network


def _exposure(network: Network, view: HostView, ports: t.Iterable[Published]) -> Exposure:
    translated = tuple(ExposedPort(port.path, port.intent) for port in ports if not port.routed)
    bridged = any(map(view.bridge_nf, network.families))
    more = bridged or network.trusted_interfaces or any(network.gateway_modes[one] != "nat" for one in network.families)
    ways_out = () if more else view.ways_out(network.families)
    return Exposure(network.name, tuple(network.families), bridged or not network.internal, ways_out, translated)


def _present(draft: Draft, view: HostView, directory: egress.Directory) -> Document:
    """The definitions of every module. Leftovers are removed first, unless endpoints are only added."""
    network = draft.network
    namespaces = {endpoint.namespace for endpoint in network.endpoints}
    masquerade = host_definitions.masquerade(network)
    forward = host_definitions.bridge_forward(draft, view, directory)
    guarded = [*guard.ports(draft, view), *guard.cards(network, view)]
    unguarded = left_over.port_guard(view, {element["interface"] for element in guarded})
    stale_endpoints: Document = {
        "dnat": moving.former_openings(view, draft.moves),
        "netns": [],
        "veth": [],
        "port_guard": [element for element in unguarded if element["interface"] in draft.ends.all_names],
    }
    if not network.appends:
        stale_endpoints = {
            "dnat": rules_left.dnat(view, draft.published) + rules_left.forgotten_dnat(view, draft.published),
            "netns": left_over.netns(view, namespaces),
            "veth": left_over.veth(view, draft.ends.stale, namespaces),
            "port_guard": unguarded,
        }
    return {
        "unmanaged_links": host_definitions.unmanaged_links(draft, view),
        "bridge": left_over.bridge(view, {network.name}) + host_definitions.bridge(draft, view),
        "bridge_forward": rules_left.bridge_forward(view, {element["bridge"] for element in forward}) + forward,
        "masquerade": rules_left.masquerade(
            view, {(element["source"], element["out_interface"]) for element in masquerade}
        )
        + masquerade,
        "dnat": stale_endpoints["dnat"] + host_definitions.dnat(draft),
        "netns": stale_endpoints["netns"] + endpoint_definitions.netns(network),
        "netns_names": name_definitions.netns_names(draft, view),
        "veth": stale_endpoints["veth"] + endpoint_definitions.veth(draft, view),
        "port_guard": stale_endpoints["port_guard"] + guarded,
        "bandwidth": endpoint_definitions.bandwidth(draft, view),
        "bridge_port": left_over.bridge_port(view, network.ports) + endpoint_definitions.bridge_port(draft, view),
        "interface": endpoint_definitions.host_interfaces(draft, view)
        + endpoint_definitions.inner_interfaces(draft, view)
        + proxying.interfaces(draft, view)
        + host_definitions.bridge_interface(draft, view),
        "ip_forward": host_definitions.ip_forward(network, view),
    }


def absent(view: HostView) -> Document:
    """The plan that removes everything of a network, given by its name."""
    end = removal.teardown(view)
    return {
        "version": VERSION,
        "network": view.owner,
        "owner": view.owner,
        "state": "absent",
        "problems": [],
        "warnings": end.warnings,
        "summary": end.summary,
        "endpoints": [],
        "modules": end.modules,
        "service": _no_service(view.owner) if end.persistent else None,
    }


def _service(network: Network, view: HostView) -> Document | None:
    """The definition for module network_service; None if there is no service and none is wanted."""
    if network.persistent:
        return {"name": network.name, "state": "present", "appends": network.appends}
    return _no_service(network.name) if view.persistent else None


def _no_service(name: str) -> Document:
    return {"name": name, "state": "absent", "appends": False}


def _refuse_narrow(draft: Draft) -> None:
    """Refuse a detected MTU that is too small for IPv6."""
    if draft.mtu < 1280 and "ipv6" in draft.network.families:
        raise Refused(
            f"{draft.network.option('mtu')}: the default route's interface has an MTU of {draft.mtu}, but IPv6 "
            "needs 1280; set another one, or give no IPv6 subnet"
        )
