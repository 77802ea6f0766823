# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is removed when an endpoint, a port or the whole network is no longer wanted, and what stays."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from tests.planning import make_plan
from tests.unit.plan.builders import addresses, dual, elements, plan, variables
from tests.unit.plan.world import Info, after, empty_info, interface, namespace

ABSENT = {"name": "br0", "state": "absent"}


def built(want: Info, info: Info | None = None) -> Info:
    """The host after a plan for the want was applied."""
    start = empty_info() if info is None else info
    return after(start, plan(want, start))


def gone(document: Info) -> dict[str, list[Info]]:
    """The absent definitions of each module that has any."""
    found = {module: elements(document, module, "absent") for module in document["modules"]}
    return {module: listed for module, listed in found.items() if listed}


def test_an_endpoint_off_the_list_loses_its_namespace_and_its_ports() -> None:
    info = built(dual("db", {"namespace": "web", "published_ports": ["8080:80"]}))
    found = gone(plan(dual("db"), info))
    assert found.keys() == {"dnat", "netns", "port_guard"}
    assert found["netns"] == [{"name": "web", "state": "absent"}]
    assert [element["ip_version"] for element in found["dnat"]] == ["ipv4", "ipv6"]


def test_an_attached_namespace_loses_its_link_and_its_name() -> None:
    info = built(variables({"namespace": "web", "pid": 77}))
    link = next(interface["name"] for interface in info["host"]["interfaces"] if interface["kind"] == "veth")
    assert gone(plan(variables(), info)) == {
        "netns": [{"name": "web", "state": "absent"}],
        "veth": [{"name": link, "state": "absent"}],
        "port_guard": [{"interface": link, "state": "absent"}],
    }


def test_a_namespace_that_somebody_else_made_only_loses_its_link() -> None:
    info = empty_info()
    info["namespaces"].append(namespace("web"))
    info = built(variables("web"), info)
    found = gone(plan(variables(), info))
    assert found.keys() == {"veth", "port_guard"}
    assert [item["name"] for item in after(info, plan(ABSENT, info))["namespaces"]] == ["web"]


def test_a_namespace_that_another_network_is_in_loses_our_claim_and_our_link() -> None:
    other = variables(
        {"namespace": "web", "interface": "eth1", "default_route": False},
        name="br1",
        ipam_config=[{"subnet": "172.19.0.0/16"}],
    )
    info = built(other, built(variables("web")))
    found = gone(plan(variables(), info))
    assert found.keys() == {"netns", "veth", "port_guard"}
    result = after(info, plan(variables(), info))
    assert result["namespaces"][0]["owners"] == ["br1"]
    assert [item["name"] for item in result["namespaces"][0]["interfaces"]] == ["lo", "eth1"]


def test_a_port_that_moves_to_another_endpoint_is_changed_and_not_removed() -> None:
    info = built(variables({"namespace": "web", "published_ports": ["8080:80"]}, "db"))
    document = plan(variables("web", {"namespace": "db", "published_ports": ["8080:80"]}), info)
    assert gone(document) == {}
    assert elements(document, "dnat")[0]["to_address"] == "172.18.0.3"


def test_a_subnet_that_is_exchanged() -> None:
    info = built(variables("web"))
    document = plan(variables("web", ipam_config=[{"subnet": "172.19.0.0/16"}]), info)
    assert gone(document) == {"masquerade": [{"source": "172.18.0.0/16", "state": "absent", "out_interface": "!br0"}]}
    assert addresses(document) == {"web": ["172.19.0.2/16"]}


def test_appending_takes_a_free_address_and_leaves_who_is_there() -> None:
    info = built(variables({"namespace": "web", "published_ports": ["8080:80"]}))
    document = plan(variables("db", appends=True), info)
    assert gone(document) == {}
    assert addresses(document) == {"db": ["172.18.0.3/16"]}


def test_absent_knows_a_bridge_that_was_renamed() -> None:
    info = built(variables("web"))
    bridge = next(interface for interface in info["host"]["interfaces"] if interface["name"] == "br0")
    bridge["name"] = "renamed"
    assert gone(plan(ABSENT, info))["bridge"] == [{"name": "renamed", "state": "absent"}]


def test_absent_on_a_host_that_never_had_it() -> None:
    document = plan(ABSENT)
    assert gone(document) == {}
    assert document["summary"] == ["br0: absent"]


def test_absent_says_that_forwarding_stays_on() -> None:
    info = built(dual("web"))
    assert plan(ABSENT, info)["summary"] == [
        "br0: absent",
        "IPv4 and IPv6 forwarding stays on, because others may rely on it",
    ]


def test_absent_with_everything_else_still_given_is_the_same() -> None:
    info = built(dual("web"))
    assert plan({**dual("web"), "state": "absent"}, info) == plan(ABSENT, info)


def test_absent_needs_nothing_but_a_name() -> None:
    with pytest.raises(Invalid, match="bridge_network_name: 'br/0' is not allowed"):
        make_plan({**ABSENT, "name": "br/0"}, empty_info())
    for want in (ABSENT, variables("web")):
        with pytest.raises(Invalid, match="netns_info: 'nothing' is not allowed"):
            make_plan(want, None)


def test_what_others_have_is_never_removed() -> None:
    info = built(variables("web"))
    info["host"]["interfaces"] += [
        interface("veth9", kind="veth", alias=marks.alias("br9", "app"), bridge="br0"),
        interface("tap0", kind="tun", alias="linuxnet is a word too", bridge="br0"),
    ]
    info["host"]["rules"].append(
        {"kind": "masquerade", "owner": "br9", "source": "172.19.0.0/16", "out_interface": "!br9"}
    )
    before = copy.deepcopy(info)
    result = after(info, plan(ABSENT, info))
    assert info == before
    assert {item["name"] for item in result["host"]["interfaces"]} == {"lo", "veth9", "tap0"}
    assert [rule["owner"] for rule in result["host"]["rules"]] == ["br9"]


def test_a_routed_port_is_taken_back_by_the_target_it_leads_to() -> None:
    both = [{"namespace": name, "published_ports": ["80:80"]} for name in ("web", "db")]
    info = built(variables(*both, gateway_mode="routed"))
    assert len([rule for rule in info["host"]["rules"] if rule["kind"] != "guard"]) == 3
    found = gone(plan(variables(both[0], gateway_mode="routed"), info))["dnat"]
    assert [(element["gateway_mode"], element["to_address"]) for element in found] == [("routed", "172.18.0.3")]
    assert gone(plan(variables(both[0]), info)).keys() == {"netns", "port_guard"}


def test_rules_that_somebody_damaged_are_left_to_the_modules() -> None:
    info = built(variables("web"))
    for kind in ("dnat", "forward"):
        info["host"]["rules"].append({"ip_version": "ipv4", "kind": kind, "owner": "br0"})
    info["host"]["rules"].append(
        {"ip_version": "ipv4", "kind": "masquerade", "owner": "br0", "source": None, "out_interface": "!br0"}
    )
    found = gone(plan(variables("web"), info))
    assert found == {"masquerade": [{"source": "0.0.0.0/0", "state": "absent", "out_interface": "!br0"}]}


def test_a_network_card_is_taken_off_the_bridge_if_we_put_it_there() -> None:
    start = empty_info()
    start["host"]["interfaces"] += [interface("eth1"), interface("eth2")]
    info = built(variables("web", ports=["eth1"]), start)
    info["host"]["interfaces"][2].update(bridge="br0")
    off = [{"interface": "eth1", "bridge": "br0", "state": "absent"}]
    document = plan(variables("web"), info)
    assert gone(document) == {"bridge_port": off}
    assert document["warnings"] == ["eth2: foreign ports on the bridge br0, left in place"]
    assert gone(plan(variables("web", appends=True), info)) == {"bridge_port": off}
    assert gone(plan(ABSENT, info))["bridge_port"] == off


def test_present_replaces_a_bridge_that_was_renamed() -> None:
    info = built(variables("web"))
    bridge = next(interface for interface in info["host"]["interfaces"] if interface["name"] == "br0")
    bridge["name"] = "renamed"
    for entry in info["host"]["routes"]:
        entry["interface"] = "renamed"
    document = plan(variables("web"), info)
    assert gone(document) == {"bridge": [{"name": "renamed", "state": "absent"}]}
    assert addresses(document) == {"web": ["172.18.0.2/16"]}
