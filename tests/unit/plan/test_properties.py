# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of every network, for which Hypothesis looks for counterexamples."""

from __future__ import annotations

import ipaddress
import json
import pathlib
import typing as t

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError, Refused
from tests.unit.plan.builders import plan
from tests.unit.plan.world import Info, after, empty_info, settled

SCHEMA = json.loads((pathlib.Path(__file__).parents[3] / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

#: No deadline, since a busy machine is not a finding.
LOOK = settings(max_examples=60, deadline=None)

NAMESPACES = ["web", "db", "cache", "1234", "a", "b", "c", "d", "e"]


@st.composite
def subnets(draw: st.DrawFn) -> list[Info]:
    """One or two subnets of different families, including small ones."""
    found: list[Info] = []
    if draw(st.booleans()):
        length = draw(st.integers(16, 31))
        found.append(_subnet(draw, ipaddress.ip_network(f"172.18.0.0/{length}")))
    if not found or draw(st.booleans()):
        length = draw(st.sampled_from([64, 112, 124, 126, 127]))
        found.append(_subnet(draw, ipaddress.ip_network(f"fd00:18::/{length}")))
    return found


def _subnet(draw: st.DrawFn, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Info:
    found: Info = {"subnet": str(network)}
    hosts = [str(network[number]) for number in range(1, min(network.num_addresses - 1, 12))]
    if draw(st.booleans()) and hosts:
        found["gateway"] = draw(st.sampled_from(hosts))
    if draw(st.booleans()) and hosts:
        names = draw(st.lists(st.sampled_from(hosts), max_size=3, unique=True))
        found["aux_addresses"] = {f"aux{name}": name for name in names if name != found.get("gateway", hosts[0])}
    if network.prefixlen < network.max_prefixlen - 3 and draw(st.booleans()):
        longer = network.prefixlen + draw(st.integers(1, 2))
        found["iprange"] = str(next(iter(network.subnets(new_prefix=longer))))
    return found


@st.composite
def endpoint_lists(draw: st.DrawFn) -> list[Info]:
    names = draw(st.lists(st.sampled_from(NAMESPACES), unique=True, max_size=7))
    found: list[Info] = []
    for number, name in enumerate(names):
        endpoint: Info = {"namespace": name}
        if draw(st.booleans()):
            endpoint["published_ports"] = draw(
                st.sampled_from([[f"{8000 + number}:80"], [f"127.0.0.1:{9000 + number}:53/tcp"]])
            )
        if draw(st.integers(0, 9)) == 0:
            endpoint["interface"] = "net1"
        found.append(endpoint)
    return found


@st.composite
def wants(draw: st.DrawFn) -> Info:
    return {
        "name": "br0",
        "ipam_config": draw(subnets()),
        "endpoints": draw(endpoint_lists()),
        "icc": draw(st.booleans()),
        "appends": draw(st.sampled_from([False, False, True])),
        "gateway_mode": draw(st.sampled_from(["nat", "nat-unprotected", "routed"])),
    }


def planned(want: Info, info: Info) -> Info:
    """The plan. Wants that are impossible, such as too many endpoints for a /30, are skipped."""
    try:
        return plan(want, info)
    except LinuxnetError:
        assume(False)
        raise


def _networks(want: Info) -> list[t.Any]:
    return [ipaddress.ip_network(entry["subnet"]) for entry in want["ipam_config"]]


@LOOK
@given(wants())
def test_addresses_are_unique_usable_and_nobody_elses(want: Info) -> None:
    document = planned(want, empty_info())
    found = [ipaddress.ip_interface(text) for endpoint in document["endpoints"] for text in endpoint["addresses"]]
    reserved = {
        ipaddress.ip_address(text) for entry in want["ipam_config"] for text in entry.get("aux_addresses", {}).values()
    }
    bridge = next(element for element in document["modules"]["interface"] if element["name"] == "br0")
    reserved |= {ipaddress.ip_interface(text).ip for text in bridge["addresses"]}
    assert len({address.ip for address in found}) == len(found)
    for address in found:
        assert address.network in _networks(want)
        assert address.ip not in reserved
        if address.network.num_addresses > 2:
            assert address.ip != address.network.network_address
            assert address.version == 6 or address.ip != address.network.broadcast_address
    for endpoint in document["endpoints"]:
        assert len(endpoint["addresses"]) == len(want["ipam_config"])


@LOOK
@given(wants())
def test_automatic_addresses_come_out_of_the_iprange(want: Info) -> None:
    document = planned(want, empty_info())
    pools = [ipaddress.ip_network(entry.get("iprange", entry["subnet"])) for entry in want["ipam_config"]]
    for endpoint in document["endpoints"]:
        for text in endpoint["addresses"]:
            assert any(ipaddress.ip_interface(text).ip in pool for pool in pools)


@LOOK
@given(wants())
def test_the_same_input_gives_the_same_plan(want: Info) -> None:
    assert planned(want, empty_info()) == plan(want, empty_info())


@LOOK
@given(wants())
def test_planning_again_on_the_result_gives_the_same_modules(want: Info) -> None:
    first = planned(want, empty_info())
    second = plan(want, after(empty_info(), first))
    assert second["modules"] == first["modules"]
    assert second["endpoints"] == first["endpoints"]


@LOOK
@given(wants(), st.randoms(use_true_random=False))
def test_the_order_of_the_list_moves_nobody(want: Info, random: t.Any) -> None:
    first = planned(want, empty_info())
    shuffled = list(want["endpoints"])
    random.shuffle(shuffled)
    second = plan({**want, "endpoints": shuffled}, after(empty_info(), first))
    by_namespace = {endpoint["namespace"]: endpoint for endpoint in second["endpoints"]}
    assert by_namespace == {endpoint["namespace"]: endpoint for endpoint in first["endpoints"]}


@LOOK
@given(wants(), wants())
def test_from_one_network_to_another_nothing_is_left_over(before: Info, want: Info) -> None:
    """Whatever the network was, the host is then as if the want had been the first, except for kept addresses."""
    first = after(empty_info(), planned(before, empty_info()))
    second = planned({**want, "appends": False}, first)
    result = after(first, second)
    wanted = {endpoint["namespace"] for endpoint in want["endpoints"]}
    assert {namespace["name"] for namespace in result["namespaces"]} == wanted
    ends = [interface for interface in result["host"]["interfaces"] if interface["kind"] == "veth"]
    assert {(end["peer"]["netns"], end["peer"]["name"]) for end in ends} == {
        (endpoint["namespace"], endpoint.get("interface", "eth0")) for endpoint in want["endpoints"]
    }
    dnat = [rule for rule in result["host"]["rules"] if rule["kind"] == "dnat"]
    assert len(dnat) == len([element for element in second["modules"]["dnat"] if element["state"] == "present"])
    again = plan({**want, "appends": False}, result)
    assert not [
        element for elements in again["modules"].values() for element in elements if element["state"] == "absent"
    ]
    assert again["endpoints"] == second["endpoints"]


@LOOK
@given(wants(), wants())
def test_appending_removes_nobody(before: Info, want: Info) -> None:
    first = after(empty_info(), planned(before, empty_info()))
    second = planned({**before, "endpoints": want["endpoints"], "appends": True}, first)
    absent = [
        (module, element)
        for module, elements in second["modules"].items()
        for element in elements
        if element["state"] == "absent"
    ]
    assert not absent
    taken = {
        text for namespace in first["namespaces"] for lease in namespace["leases"]["br0"].values() for text in lease
    }
    old = {endpoint["namespace"] for endpoint in before["endpoints"]}
    assert not taken & {
        text for endpoint in second["endpoints"] if endpoint["namespace"] not in old for text in endpoint["addresses"]
    }


@LOOK
@given(wants())
def test_absent_after_present_leaves_the_host_as_it_was(want: Info) -> None:
    there = after(empty_info(), planned(want, empty_info()))
    gone = plan({"name": "br0", "state": "absent"}, there)
    VALIDATOR.validate(gone)
    assert settled(after(there, gone)) == settled(empty_info())


@LOOK
@given(wants(), wants())
def test_every_plan_is_as_the_schema_says(before: Info, want: Info) -> None:
    first = planned(before, empty_info())
    VALIDATOR.validate(first)
    VALIDATOR.validate(planned(want, after(empty_info(), first)))


def test_two_networks_come_and_go_without_touching_each_other() -> None:
    one = {
        "name": "br0",
        "ipam_config": [{"subnet": "172.18.0.0/16"}],
        "endpoints": [{"namespace": "web"}, {"namespace": "db"}],
    }
    two = {
        "name": "br1",
        "ipam_config": [{"subnet": "172.19.0.0/16"}],
        "endpoints": [{"namespace": "web", "interface": "eth1", "default_route": False}, {"namespace": "app"}],
    }
    with_one = after(empty_info(), plan(one))
    with_both = after(with_one, plan(two, with_one))
    assert plan(one, with_both)["modules"] == plan(one, with_one)["modules"]
    assert settled(after(with_both, plan({"name": "br1", "state": "absent"}, with_both))) == settled(with_one)
    without_one = after(with_both, plan({"name": "br0", "state": "absent"}, with_both))
    assert [item["name"] for item in without_one["namespaces"]] == ["web", "app"]
    assert settled(after(without_one, plan({"name": "br1", "state": "absent"}, without_one))) == settled(empty_info())


def test_a_full_subnet_is_named() -> None:
    want = {
        "name": "br0",
        "ipam_config": [{"subnet": "10.0.0.0/30"}],
        "endpoints": [{"namespace": "a"}, {"namespace": "b"}],
    }
    with pytest.raises(Refused, match=r"bridge_network_endpoints\[1\]: no address is free in 10\.0\.0\.0/30"):
        plan(want)
