# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter topology on a real network: nothing is wrong with it, and each thing that is broken by hand is named."""

from __future__ import annotations

import os
from typing import Any

import pytest
import yaml

from ansible_collections.netplumb.linuxnet.plugins.filter.topology import topology
from tests.demo.__main__ import draw
from tests.integration.networks import SHOP
from tests.lab.host import Host
from tests.lab.paths import REPOSITORY
from tests.lab.segment import Segment

_PICTURE = REPOSITORY / "docs/network.svg"
_FIRST = (
    "a rule of another tool comes first (IPv4): PREROUTING -p tcp -m tcp --dport 8000:8090 -j DNAT"
    " --to-destination 192.0.2.9"
)
_OF_DB = (
    "ip -n db -4 route del default; ip -n db -6 address flush dev eth0; ip -n db -6 route flush dev eth0;"
    " ip -n db link set eth0 down"
)
#: The ports of an endpoint that is not on its bridge.
_NOWHERE = [
    ("8080/tcp", "it leads to 172.18.0.2, which nobody on br-shop has"),
    ("8080/tcp", "it leads to fd00:18::2, which nobody on br-shop has"),
    ("127.0.0.1:8081/tcp", "it leads to 172.18.0.2, which nobody on br-shop has"),
]
TREE = """\
host
├── uplink eth0 192.0.2.1/24 2001:db8::1/64
│   └── default route via 192.0.2.254, 2001:db8::fe
└── bridge br-shop 172.18.0.1/16 fd00:18::1/64
    ├── {db} ── db: eth0 172.18.0.10/16 fd00:18::3/64
    └── {web} ── web: eth0 172.18.0.2/16 fd00:18::2/64
        ├── published 8080/tcp ──▶ 80
        └── published 127.0.0.1:8081/tcp ──▶ 81"""

#: What is done by hand, with WEB and DB for the host's ends of pairs, and everything that is named afterwards.
BROKEN: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a port is down": ("ip link set WEB down", [("WEB", "WEB is down")]),
    "an endpoint's interface is down": (
        _OF_DB,
        [("eth0 of db", "eth0 is down"), ("eth0 of db", "fd00:18::3/64 is missing from eth0")],
    ),
    "a port left its bridge": ("ip link set WEB nomaster", [("WEB", "WEB is no port of br-shop"), *_NOWHERE]),
    "a namespace is dead": (
        # The kernel takes its time to remove what was in there.
        "ip netns delete db; while ip link show DB >/dev/null 2>&1; do sleep 0.05; done",
        [("namespace db", "the namespace does not exist any more")],
    ),
    "a pair is gone": (
        "ip link delete WEB",
        [
            ("namespace web", "eth0 is missing, and with it 172.18.0.2/16, fd00:18::2/64"),
            *_NOWHERE,
        ],
    ),
    "an address is missing": (
        "ip -n db address delete 172.18.0.10/16 dev eth0",
        [("eth0 of db", "172.18.0.10/16 is missing from eth0")],
    ),
    "an address that was not asked for": (
        "ip -n db address add 172.18.0.99/16 dev eth0",
        [("eth0 of db", "172.18.0.99/16 on eth0 was not asked for")],
    ),
    "a default route to nobody": (
        "ip -n db route replace default via 172.18.0.99",
        [("namespace db", "the IPv4 default route leads to 172.18.0.99, which nobody on br-shop has")],
    ),
    "a default route that ends there": (
        "ip -n db route replace blackhole default",
        [("namespace db", "the IPv4 default route is blackhole")],
    ),
    "a gateway that does not answer": (
        "ip route replace default via 192.0.2.77; ip neighbour replace 192.0.2.77 dev eth0 nud failed",
        [("", "the IPv4 default route leads to 192.0.2.77, which does not answer on eth0")],
    ),
    "rules are missing": (
        "iptables -t nat -F LINUXNET-DNAT",
        [("8080/tcp", "the rule that publishes it (IPv4) is missing")],
    ),
    "all rules of nat are missing": (
        "iptables -t nat -F; ip6tables -t nat -F",
        [
            ("", "the rules that masquerade were removed by hand"),
            ("8080/tcp", "the rule that publishes it (IPv4 and IPv6) is missing"),
            ("127.0.0.1:8081/tcp", "the rule that publishes it (IPv4) is missing"),
        ],
    ),
    "another rule comes first": (
        "iptables -t nat -I PREROUTING -p tcp --dport 8000:8090 -j DNAT --to-destination 192.0.2.9",
        [
            ("8080/tcp", _FIRST),
            ("127.0.0.1:8081/tcp", _FIRST),
        ],
    ),
    "forwarding is off": (
        "sysctl -q -w net.ipv4.ip_forward=0",
        [("", "IPv4 is not forwarded, so nothing passes between networks")],
    ),
}


@pytest.fixture
def network(host: Host, wan: Segment) -> Host:
    host.module("bridge_network", SHOP)
    return host


def _info(host: Host) -> dict[str, Any]:
    return host.module("netns_info")


def _end(info: dict[str, Any], namespace: str) -> str:
    return next(one["name"] for one in info["host"]["interfaces"] if one["endpoint"] == namespace)


def test_a_network_without_faults(network: Host) -> None:
    info = _info(network)
    assert topology(info) == TREE.format(web=_end(info, "web"), db=_end(info, "db"))
    assert topology(info, "data")["faults"] == []


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_named(network: Host, case: str) -> None:
    before = _info(network)
    web = _end(before, "web")
    script, expected = BROKEN[case]
    network.sh(script.replace("WEB", web).replace("DB", _end(before, "db")))
    info = _info(network)
    found = [(one["of"], one["fault"]) for one in topology(info, "data")["faults"]]
    wanted = [(of.replace("WEB", web), sentence.replace("WEB", web)) for of, sentence in expected]
    assert found == wanted
    tree = topology(info)
    assert all(f"✗ {sentence}" in tree for _of, sentence in wanted)
    assert tree.endswith(f"{len(wanted)} fault{'s' * (len(wanted) != 1)}")


@pytest.mark.parametrize(
    "options",
    [
        {"internal": True},
        {"gateway_mode": "routed"},
        {"icc": False, "masquerade": False},
        {"firewall": "nftables"},
        {"endpoints": [{"namespace": "web", "addresses": ["172.18.0.50", "fd00:18::50"], "default_route": False}]},
    ],
    ids=str,
)
def test_other_networks_without_faults(host: Host, wan: Segment, options: dict[str, Any]) -> None:
    endpoints = [{"namespace": "web", "published_ports": [] if "internal" in options else ["8080:80"]}]
    host.module("bridge_network", {**SHOP, "endpoints": endpoints, **options})
    assert topology(_info(host), "data")["faults"] == []


def test_the_picture_in_the_readme_is_the_one_of_the_demo(network: Host) -> None:
    """The demo's network is this one."""
    play = yaml.safe_load((REPOSITORY / "tests/demo/shop.yml").read_text(encoding="utf-8"))[0]
    variables = {f"bridge_network_{name}": value for name, value in SHOP.items()}
    assert play["roles"][0]["vars"] == variables
    assert f"```text\n{draw(network)}\n```" in (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_the_picture_in_the_documents_is_what_is_drawn(network: Host) -> None:
    """UPDATE_DOCUMENTS=1 in the environment writes it."""
    picture = topology(_info(network), "svg", name="host")
    if os.environ.get("UPDATE_DOCUMENTS"):
        _PICTURE.write_text(picture, encoding="utf-8")
    assert _PICTURE.read_text(encoding="utf-8") == picture


def test_the_page_about_it_shows_what_is_printed(network: Host) -> None:
    network.sh(BROKEN["an address is missing"][0])
    page = (REPOSITORY / "docs/inspect.md").read_text(encoding="utf-8")
    assert page.split("```text\n")[1].split("\n```")[0] == topology(_info(network), name="server1")


def test_a_second_run_of_the_network_repairs_what_was_named(network: Host) -> None:
    network.sh("ip -n db address delete 172.18.0.10/16 dev eth0; iptables -t nat -F")
    assert topology(_info(network), "data")["faults"]
    network.module("bridge_network", SHOP)
    assert topology(_info(network), "data")["faults"] == []


def test_a_router_elsewhere_on_the_segment(host: Host, wan: Segment) -> None:
    host.module("bridge_network", {**SHOP, "inhibit_gateway": True, "endpoints": [{"namespace": "web"}]})
    nobody = "the IPv4 default route leads to 172.18.0.1, which nobody on br-shop has"
    assert {"of": "namespace web", "fault": nobody} in topology(_info(host), "data")["faults"]
    host.sh(
        "ip netns add router; ip link add r0 master br-shop up type veth peer eth0 netns router;"
        " ip -n router link set eth0 up; ip -n router address add 172.18.0.1/16 dev eth0;"
        " ip -n router address add fd00:18::1/64 dev eth0 nodad"
    )
    assert topology(_info(host), "data")["faults"] == []
