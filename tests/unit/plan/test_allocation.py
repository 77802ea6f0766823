# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address an endpoint gets."""

from __future__ import annotations

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from tests.unit.plan.builders import addresses, dual, plan, variables
from tests.unit.plan.world import Info, after, empty_info, namespace


def small(*endpoints: object, **subnet: object) -> Info:
    return variables(*endpoints, ipam_config=[{"subnet": "10.0.0.0/29", **subnet}])


def test_the_lowest_free_ones_in_the_order_of_the_list() -> None:
    assert addresses(plan(dual("b", "a"))) == {
        "b": ["172.18.0.2/16", "fd00:18::2/64"],
        "a": ["172.18.0.3/16", "fd00:18::3/64"],
    }


def test_given_ones_are_out_of_the_way_before() -> None:
    want = variables("a", {"namespace": "b", "ipv4_address": "172.18.0.2"}, "c")
    assert addresses(plan(want)) == {"a": ["172.18.0.3/16"], "b": ["172.18.0.2/16"], "c": ["172.18.0.4/16"]}


def test_auxiliary_ones_and_the_gateway_are_nobodys() -> None:
    want = small("a", "b", gateway="10.0.0.2", aux_addresses={"nas": "10.0.0.3"})
    assert addresses(plan(want)) == {"a": ["10.0.0.1/29"], "b": ["10.0.0.4/29"]}


def test_the_iprange_is_used_up_and_no_more() -> None:
    assert addresses(plan(small("a", "b", iprange="10.0.0.2/31"))) == {"a": ["10.0.0.2/29"], "b": ["10.0.0.3/29"]}
    with pytest.raises(
        Refused, match=r"endpoints\[2\]: no address is free in 10\.0\.0\.2/31; enlarge .*\[0\]\.iprange"
    ):
        plan(small("a", "b", "c", iprange="10.0.0.2/31"))


def test_the_broadcast_address_is_not_given() -> None:
    assert len(plan(small(*"abcde"))["endpoints"]) == 5
    with pytest.raises(Refused, match="no address is free in 10.0.0.0/29"):
        plan(small(*"abcdef"))


def test_an_endpoint_keeps_what_it_has() -> None:
    info = after(empty_info(), plan(variables("a", "b", "c")))
    assert addresses(plan(variables("c", "d"), info)) == {"c": ["172.18.0.4/16"], "d": ["172.18.0.2/16"]}


def test_an_endpoint_that_was_lost_gets_its_address_back() -> None:
    info = empty_info()
    info["namespaces"].append(namespace("web", live=False, interfaces=[], leases={"br0": {"eth0": ["172.18.0.7/16"]}}))
    assert addresses(plan(variables("db", "web"), info)) == {"db": ["172.18.0.2/16"], "web": ["172.18.0.7/16"]}


def test_without_a_lease_the_address_that_the_interface_has_counts() -> None:
    info = after(empty_info(), plan(variables("a", "b")))
    for item in info["namespaces"]:
        item["leases"] = {}
    assert addresses(plan(variables("c", "b"), info)) == {"b": ["172.18.0.3/16"], "c": ["172.18.0.2/16"]}


def test_what_the_root_of_a_namespace_writes_counts_less_than_the_lease() -> None:
    info = after(empty_info(), plan(variables("a")))
    info["namespaces"][0]["interfaces"][1]["addresses"][0]["address"] = "172.18.0.99/16"
    assert addresses(plan(variables("a"), info)) == {"a": ["172.18.0.2/16"]}


def test_a_given_address_takes_it_from_who_had_it() -> None:
    info = after(empty_info(), plan(variables("a", "b")))
    want = variables("a", {"namespace": "b", "ipv4_address": "172.18.0.2"})
    assert addresses(plan(want, info)) == {"a": ["172.18.0.3/16"], "b": ["172.18.0.2/16"]}


@pytest.mark.parametrize(
    "lease", ["172.18.0.1/16", "172.18.0.0/16", "172.18.255.255/16", "172.19.0.5/16", "172.18.0.9/16"]
)
def test_a_lease_that_is_no_good_any_more_is_not_kept(lease: str) -> None:
    info = empty_info()
    info["namespaces"].append(namespace("web", leases={"br0": {"eth0": [lease]}}))
    want = variables("web", ipam_config=[{"subnet": "172.18.0.0/16", "aux_addresses": {"nas": "172.18.0.9"}}])
    assert addresses(plan(want, info)) == {"web": ["172.18.0.2/16"]}


def test_the_lease_of_another_network_is_not_ours() -> None:
    info = empty_info()
    info["namespaces"].append(namespace("web", leases={"br9": {"eth0": ["172.18.0.9/16"]}}))
    assert addresses(plan(variables("web"), info)) == {"web": ["172.18.0.2/16"]}


def test_a_large_network_is_planned_at_once() -> None:
    want = dual(*[f"n{number}" for number in range(1000)])
    found = addresses(plan(want))
    assert found["n999"] == ["172.18.3.233/16", "fd00:18::3e9/64"]
