# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of where endpoints may send: how they are read, what names stand for, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.destinations import disjoint, parse
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import with_old_senders
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import egress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.plan import plan_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_network import options_of, read_network
from tests.unit.plan.builders import dual, plan, variables
from tests.unit.plan.world import empty_info

LIST = "bridge_network_endpoints[0].egress[0]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:443", "192.0.2.7:443/tcp"),
        ("192.0.2.7:443/tcp", "192.0.2.7:443/tcp"),
        ("192.0.2.0/24:8000-8010/UDP", "192.0.2.0/24:8000-8010/udp"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("[2001:db8::/32]", "2001:db8::/32"),
        ("[2001:db8::/32]:53/udp", "[2001:db8::/32]:53/udp"),
        ("[2001:db8::7]:5000/sctp", "[2001:db8::7]:5000/sctp"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_a_destination_is_read(text: str, shown: str) -> None:
    assert str(parse("egress", text)) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["10.0.0.0/8", "10.1.0.0/16"], ["10.0.0.0/8"]),
        (["10.0.0.0/8", "10.1.0.0/16:80"], ["10.0.0.0/8"]),
        (["10.1.0.0/16", "10.0.0.0/8:80"], ["10.1.0.0/16", "10.0.0.0/8:80/tcp"]),
        (
            ["10.0.0.0/8:80-100", "10.1.0.0/16:90-110"],
            ["10.0.0.0/8:80-100/tcp", "10.1.0.0/16:101-110/tcp"],
        ),
        (["10.0.0.0/9:80", "10.128.0.0/9:80", "10.0.0.0/8:80/udp"], ["10.0.0.0/8:80/tcp", "10.0.0.0/8:80/udp"]),
        (["192.0.2.7:80", "192.0.2.7:81"], ["192.0.2.7:80-81/tcp"]),
    ],
)
def test_destinations_that_overlap_are_joined(given: list[str], shown: list[str]) -> None:
    assert [str(one) for one in disjoint(tuple(parse("egress", text) for text in given))] == shown


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("10.0.0.1/8", "did you mean 10.0.0.0/8"),
        ("192.0.2.7:0", "a port from 1 to 65535"),
        ("192.0.2.7:443/icmp", "one of the protocols tcp, udp, sctp"),
        ("192.0.2.300", "an address or network such as"),
        ("", "an address or network such as"),
        (443, "quote it"),
        ("a/b", "or the name of an endpoint's namespace or of a network"),
        ("2001:db8::/32", "the network has no IPv6 subnet"),
        ("db2", "the namespace of an endpoint or the name of a network that exists"),
        ("db:5432/tcp", "a name outside of br0"),
        ("br0", "a name outside of br0"),
    ],
)
def test_a_bad_entry_is_refused_in_a_sentence(entry: object, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        plan(variables({"namespace": "web", "egress": [entry]}, "db"), empty_info())
    assert str(caught.value).startswith(LIST)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inhibit_gateway": True}, "no limit while bridge_network_inhibit_gateway is true"),
        ({"internal": True}, "an internal network has no way out"),
    ],
)
def test_no_list_without_effect(options: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        plan(variables({"namespace": "web", "egress": ["192.0.2.7"]}, **options), empty_info())


def test_no_list_that_an_endpoint_could_evade() -> None:
    with pytest.raises(Invalid, match="which its list is not about"):
        plan(variables({"namespace": "web", "egress": ["192.0.2.7"], "guard": False}), empty_info())
    listed = {"namespace": "web", "egress": ["192.0.2.7"]}
    with pytest.raises(Invalid, match=r"by the list of bridge_network_endpoints\[0\]"):
        plan(variables(listed, {"namespace": "vm", "guard": False}, egress="deny"), empty_info())
    # It may send what it likes in any case, or nothing whatever its address is.
    plan(variables(listed, {"namespace": "vm", "guard": False}), empty_info())
    plan(variables("web", {"namespace": "vm", "guard": False}, egress="deny"), empty_info())


def _forward(want: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    info = empty_info()
    network, *more = (read_network(options_of(one, "bridge_network_")) for one in (want, *others))
    directory = egress.Directory([network, *more], info)
    egress.check([network, *more], directory)
    element: dict[str, Any] = plan_of(network, HostView(info, network.name), False, directory)["modules"][
        "bridge_forward"
    ][-1]
    return element


def test_names_stand_for_addresses_of_the_same_call() -> None:
    other = {**dual("db", "cache"), "name": "br1", "ipam_config": [{"subnet": "172.19.0.0/16"}]}
    listed = {"namespace": "web", "egress": ["db:5432/tcp", "br1:53/udp", "cache", "192.0.2.7:443"]}
    forward = _forward(dual(listed, "idle"), other)
    assert [(one["destinations"], one["receivers"]) for one in forward["senders"]] == [
        (["192.0.2.7:443/tcp"], ["172.19.0.0/16:53/udp", "172.19.0.2:5432/tcp", "172.19.0.3"])
    ]
    assert (forward["egress"], forward["purge_senders"]) == ("allow", True)


def test_the_order_of_names_and_networks_does_not_matter() -> None:
    """Otherwise the file for the next boot would change with the network that joins a namespace first."""
    others = [
        {**dual("db"), "name": name, "ipam_config": [{"subnet": subnet}]}
        for name, subnet in (("br1", "172.19.0.0/16"), ("br2", "172.20.0.0/16"))
    ]
    lists = [["db", "br1:53/udp"], ["br1:53/udp", "db"]]
    made = [
        _forward(dual({"namespace": "web", "egress": listed}), *order)
        for listed in lists
        for order in (others, others[::-1])
    ]
    assert {tuple(one["senders"][0]["receivers"]) for one in made} == {
        ("172.19.0.0/16:53/udp", "172.19.0.2", "172.20.0.2")
    }


def test_without_icc_a_neighbour_may_be_named() -> None:
    forward = _forward(variables({"namespace": "web", "egress": ["db:80"]}, "db", icc=False))
    assert forward["senders"][0]["receivers"] == ["172.18.0.3:80/tcp"]


def test_lists_of_others_stay_where_endpoints_are_added() -> None:
    """The file for the next boot keeps them too, and an endpoint that has none any more loses its own."""
    added = _forward(variables({"namespace": "web", "egress": []}, "idle", appends=True))
    assert added["purge_senders"] is False
    by_mac = {one["mac_address"]: one for one in added["senders"]}
    assert sorted("destinations" in one for one in by_mac.values()) == [False, True]
    (idle,) = (mac for mac, one in by_mac.items() if "destinations" not in one)
    kept = {"mac_address": "02:00:00:00:00:01", "destinations": ["192.0.2.7"], "receivers": []}
    lost = {"mac_address": idle, "destinations": ["192.0.2.7"], "receivers": []}
    element = with_old_senders(added, "bridge", [{"bridge": "br0", "senders": [kept, lost]}])
    assert kept in element["senders"]
    assert idle not in {one["mac_address"] for one in element["senders"]}
