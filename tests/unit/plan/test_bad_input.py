# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every bad input is refused with one sentence that contains the option, the value and what is allowed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, LinuxnetError
from tests.unit.plan.builders import dual, plan, variables


def refused(want: object) -> str:
    """The sentence with which a want is refused; it begins with the option's path."""
    with pytest.raises(LinuxnetError) as error:
        plan(want)
    sentence = str(error.value)
    assert "\n" not in sentence
    assert sentence.startswith("bridge_network")
    return sentence


def endpoint(**options: t.Any) -> dict[str, t.Any]:
    return variables("other", {"namespace": "web", **options})


@pytest.mark.parametrize(
    ("want", "sentence"),
    [
        ([], "bridge_network: [] is not allowed: a dictionary with the options name, state"),
        ({}, "bridge_network_name is required: the name of the network, such as br-shop"),
        (
            variables(name="a-very-long-name"),
            "bridge_network_name: 'a-very-long-name' is not allowed: an interface name has 1 to 15",
        ),
        (variables(name="br 0"), "bridge_network_name: 'br 0' is not allowed"),
        (variables(name="br/0"), "bridge_network_name: 'br/0' is not allowed"),
        (variables(name=".."), "bridge_network_name: '..' is not allowed"),
        (variables(name=".br"), "an owner has 1 to 64 characters"),
        (variables(name="br.rules"), "a network's name does not end with .rules or .firewalld"),
        (variables(name="lo"), "a name other than lo, all and default"),
        (variables(name=1234), "bridge_network_name: 1234 is not allowed: an interface name is a string; quote it"),
        (variables(state="gone"), "bridge_network_state: 'gone' is not allowed: one of present, absent"),
        (
            variables(colour="red"),
            "bridge_network_colour: 'red' is not allowed: there is no such option, there are name, state",
        ),
        (variables(ipam_config=[]), "bridge_network_ipam_config: [] is not allowed: at least one subnet"),
        (variables(ipam_config="172.18.0.0/16"), "bridge_network_ipam_config: '172.18.0.0/16' is not allowed: a list"),
        (variables(icc="perhaps"), "bridge_network_icc: 'perhaps' is not allowed: true or false"),
        (
            variables(gateway_mode="bridge"),
            "bridge_network_gateway_mode: 'bridge' is not allowed: one of nat, nat-unprotected, routed",
        ),
        (variables(gateway_mode_ipv6="x"), "bridge_network_gateway_mode_ipv6: 'x' is not allowed"),
        (
            variables(forward_policy="accept"),
            "bridge_network_forward_policy: 'accept' is not allowed: one of keep, drop",
        ),
        (variables(mtu=67), "bridge_network_mtu: 67 is not allowed: auto, or a whole number from 68 to 65535"),
        (variables(mtu="big"), "bridge_network_mtu: 'big' is not allowed: auto, or a whole number"),
        (variables(mtu=True), "bridge_network_mtu: True is not allowed"),
        (
            dual(mtu=1279),
            "bridge_network_mtu: 1279 is not allowed: auto, or a whole number from 1280 to 65535 (IPv6 needs 1280)",
        ),
        (
            variables(masquerade_address="fd00::1"),
            "bridge_network_masquerade_address: 'fd00::1' is not allowed: an IPv4 address of the host",
        ),
        (
            variables(masquerade_address_ipv6="192.0.2.1"),
            "bridge_network_masquerade_address_ipv6: '192.0.2.1' is not allowed: an IPv6 address",
        ),
        (
            variables(masquerade=False, masquerade_address="192.0.2.1"),
            "only together with bridge_network_masquerade: true",
        ),
        (
            variables(default_host_ip="::1"),
            "bridge_network_default_host_ip: '::1' is not allowed: no rule can publish on ::1",
        ),
        (
            variables(default_host_ip="host"),
            "bridge_network_default_host_ip: 'host' is not allowed: an IPv4 or IPv6 address",
        ),
        (
            variables(trusted_interfaces=["eth0", "eth0"]),
            "bridge_network_trusted_interfaces[1]: 'eth0' is not allowed: each interface once",
        ),
        (
            variables(ports=["br0"]),
            "bridge_network_ports[0]: 'br0' is not allowed: each interface once, and not the bridge itself",
        ),
        (
            variables(internal=True, trusted_interfaces=["eth0"]),
            "bridge_network_trusted_interfaces: ['eth0'] is not allowed: no value",
        ),
    ],
)
def test_of_the_network(want: object, sentence: str) -> None:
    assert sentence in refused(want)


@pytest.mark.parametrize(
    ("subnet", "sentence"),
    [
        ({}, "bridge_network_ipam_config[0].subnet is required: a network"),
        (
            "172.18.0.0/16",
            "bridge_network_ipam_config[0]: '172.18.0.0/16' is not allowed: a dictionary with the options subnet",
        ),
        (
            {"subnet": "172.18.0.1/16"},
            "bridge_network_ipam_config[0].subnet: '172.18.0.1/16' is not allowed: a network without host bits",
        ),
        ({"subnet": "172.18.0.0"}, "a network such as 172.18.0.0/16"),
        ({"subnet": "172.18.0.0/33"}, "a network such as 172.18.0.0/16"),
        ({"subnet": 172}, "a network is a string; quote it"),
        ({"subnet": "172.18.0.1/32"}, "a network of at least two addresses"),
        ({"subnet": "127.0.0.0/8"}, "neither loopback nor link-local"),
        ({"subnet": "224.0.0.0/8"}, "neither loopback nor link-local"),
        ({"subnet": "fe80::/64"}, "neither loopback nor link-local"),
        ({"subnet": "0.0.0.0/0"}, "neither loopback nor link-local"),
        (
            {"subnet": "10.0.0.0/24", "gateway": "10.0.1.1"},
            "bridge_network_ipam_config[0].gateway: '10.0.1.1' is not allowed: an address of",
        ),
        ({"subnet": "10.0.0.0/24", "gateway": "10.0.0.0"}, "neither the network address nor the broadcast address"),
        ({"subnet": "10.0.0.0/24", "gateway": "10.0.0.255"}, "neither the network address nor the broadcast address"),
        ({"subnet": "10.0.0.0/24", "gateway": "fd00::1"}, "an address of the subnet 10.0.0.0/24"),
        (
            {"subnet": "10.0.0.0/24", "iprange": "10.0.1.0/25"},
            "bridge_network_ipam_config[0].iprange: '10.0.1.0/25' is not allowed: a part",
        ),
        ({"subnet": "10.0.0.0/24", "iprange": "10.0.0.0/16"}, "a part of the subnet 10.0.0.0/24"),
        (
            {"subnet": "10.0.0.0/24", "aux_addresses": ["10.0.0.2"]},
            "bridge_network_ipam_config[0].aux_addresses: ['10.0.0.2'] is not allowed",
        ),
        (
            {"subnet": "10.0.0.0/24", "aux_addresses": {"nas": "10.1.0.2"}},
            "bridge_network_ipam_config[0].aux_addresses.nas: '10.1.0.2'",
        ),
        ({"subnet": "10.0.0.0/24", "aux_addresses": {"nas": "10.0.0.1"}}, "an address other than the gateway's"),
        (
            {"subnet": "10.0.0.0/24", "ip_range": "10.0.0.0/25"},
            "bridge_network_ipam_config[0].ip_range: '10.0.0.0/25' is not allowed: there is no",
        ),
    ],
)
def test_of_a_subnet(subnet: object, sentence: str) -> None:
    assert sentence in refused({"name": "br0", "ipam_config": [subnet]})


def test_of_subnets_that_overlap() -> None:
    both = [{"subnet": "10.0.0.0/16"}, {"subnet": "10.0.4.0/24"}]
    assert "ipam_config[1].subnet: '10.0.4.0/24' is not allowed: a network that does not overlap" in refused(
        variables(ipam_config=both)
    )


@pytest.mark.parametrize(
    ("want", "sentence"),
    [
        (variables(7), "bridge_network_endpoints[0]: 7 is not allowed: a dictionary with the options namespace"),
        (
            variables({}),
            "bridge_network_endpoints[0].namespace is required: the name of the endpoint's namespace",
        ),
        (variables("a/b"), "bridge_network_endpoints[0].namespace: 'a/b' is not allowed"),
        (
            variables({"namespace": 1234}),
            "bridge_network_endpoints[0].namespace: 1234 is not allowed: a namespace name is a string; quote it",
        ),
        (
            endpoint(image="x"),
            (
                "bridge_network_endpoints[1].image: 'x' is not allowed: there is no such option, there are"
                " namespace, pid"
            ),
        ),
        (endpoint(pid=0), "bridge_network_endpoints[1].pid: 0 is not allowed: a whole number from 1"),
        (endpoint(pid="me"), "bridge_network_endpoints[1].pid: 'me' is not allowed"),
        (
            endpoint(path="proc/1/ns/net"),
            "bridge_network_endpoints[1].path: 'proc/1/ns/net' is not allowed: an absolute path",
        ),
        (endpoint(path="/run/netns/web"), "an absolute path of a namespace file outside /run/netns"),
        (
            endpoint(pid=1, path="/proc/1/ns/net"),
            "bridge_network_endpoints[1].path: '/proc/1/ns/net' is not allowed: either pid or path",
        ),
        (
            endpoint(path="/proc/1/ns/net", container="shop"),
            "bridge_network_endpoints[1].container: 'shop' is not allowed: either path or container",
        ),
        (endpoint(container="-f"), "bridge_network_endpoints[1].container: '-f' is not allowed: a container's name"),
        (
            endpoint(interface="sixteen-letters-"),
            "bridge_network_endpoints[1].interface: 'sixteen-letters-' is not allowed",
        ),
        (endpoint(interface="lo"), "bridge_network_endpoints[1].interface: 'lo' is not allowed: a name other than lo"),
        (endpoint(host_interface="a b"), "bridge_network_endpoints[1].host_interface: 'a b' is not allowed"),
        (
            endpoint(ipv4_address="172.19.0.2"),
            "bridge_network_endpoints[1].ipv4_address: '172.19.0.2' is not allowed: an address of 172.18",
        ),
        (endpoint(ipv4_address="172.18.0.0"), "neither the network address nor the broadcast address of 172.18.0.0/16"),
        (
            endpoint(ipv4_address="172.18.255.255"),
            "neither the network address nor the broadcast address of 172.18.0.0/16",
        ),
        (endpoint(ipv4_address="172.18.0.1"), "an address other than the gateway of 172.18.0.0/16"),
        (endpoint(ipv4_address="172.18.0.2/16"), "an IPv4 or IPv6 address such as"),
        (
            endpoint(ipv4_address="fd00::2"),
            "bridge_network_endpoints[1].ipv4_address: 'fd00::2' is not allowed: an IPv4 address",
        ),
        (
            endpoint(ipv6_address="fd00::2"),
            (
                "bridge_network_endpoints[1].ipv6_address: 'fd00::2' is not allowed: no value, since the network has"
                " no IPv6"
            ),
        ),
        (
            endpoint(mac_address=123456),
            "bridge_network_endpoints[1].mac_address: 123456 is not allowed: a MAC address is a string; quote it",
        ),
        (endpoint(mac_address="01:00:5e:00:00:01"), "a unicast MAC address"),
        (
            endpoint(published_ports="8080:80"),
            "bridge_network_endpoints[1].published_ports: '8080:80' is not allowed: a list",
        ),
        (endpoint(published_ports=[3233]), "bridge_network_endpoints[1].published_ports[0]: 3233 is not allowed"),
        (
            endpoint(published_ports=["8080:80", "80"]),
            "bridge_network_endpoints[1].published_ports[1]: '80' is not allowed: the host port is required",
        ),
        (
            endpoint(published_ports=["[fd00::1]:80:80"]),
            "bridge_network_endpoints[1].published_ports[0]: 'fd00::1' is not allowed: an address of the",
        ),
        (
            endpoint(default_route="maybe"),
            "bridge_network_endpoints[1].default_route: 'maybe' is not allowed: true or false",
        ),
        (endpoint(sysctls={"kernel.shmmax": 1}), "bridge_network_endpoints[1].sysctls.kernel.shmmax: 1 is not allowed"),
        (endpoint(sysctls={"net.core.somaxconn": True}), "a number or a string of one line"),
        (
            endpoint(sysctls=["net.core.somaxconn=1"]),
            "bridge_network_endpoints[1].sysctls: ['net.core.somaxconn=1'] is not allowed",
        ),
        (
            endpoint(routes=[{}]),
            "bridge_network_endpoints[1].routes[0].to is required: a network",
        ),
        (
            endpoint(routes=[{"to": "10.0.0.0/8", "gateway": "x"}]),
            "bridge_network_endpoints[1].routes[0].gateway: 'x' is not allowed: there is no",
        ),
        (
            endpoint(routes=[{"to": "10.0.0.0/8", "via": "fd00::1"}]),
            "routes[0].via: 'fd00::1' is not allowed: an IPv4 address like the others",
        ),
        (endpoint(routes=[{"to": "default"}], default_route=False), "a default route needs a gateway"),
        (
            endpoint(routes=[{"to": "10.0.0.0/8", "via": "172.18.0.1", "type": "blackhole"}]),
            "no value for a route of type blackhole",
        ),
        (
            endpoint(routes=[{"to": "default", "via": "172.18.0.9"}]),
            "another destination, or bridge_network_endpoints[1].default_route: false",
        ),
        (
            endpoint(routes=[{"to": "10.0.0.0/8", "via": "172.18.0.1"}] * 2),
            "each destination once in a table with one metric",
        ),
    ],
)
def test_of_an_endpoint(want: object, sentence: str) -> None:
    assert sentence in refused(want)


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        (
            {},
            {"namespace": "a"},
            (
                "bridge_network_endpoints[1].interface: 'eth0 in a' is not allowed: each interface of namespace may"
                " be used once"
            ),
        ),
        (
            {"ipv4_address": "172.18.0.9"},
            {"ipv4_address": "172.18.0.9"},
            "bridge_network_endpoints[1].ipv4_address: '172.18.0.9' is not allowed",
        ),
        (
            {"mac_address": "02:00:00:00:00:0A"},
            {"mac_address": "02:00:00:00:00:0a"},
            "bridge_network_endpoints[1].mac_address: '02:00:00:00:00:0a'",
        ),
        (
            {"host_interface": "v1"},
            {"host_interface": "v1"},
            "bridge_network_endpoints[1].host_interface: 'v1' is not allowed",
        ),
        (
            {},
            {"namespace": "a", "interface": "eth1"},
            (
                "bridge_network_endpoints[1].default_route: True is not allowed: one default route in namespace a,"
                " and bridge_network_endpoints[0] has"
            ),
        ),
        (
            {"pid": 10},
            {"namespace": "a", "interface": "eth1", "pid": 11},
            "bridge_network_endpoints[1].pid: 11 is not allowed: the same as",
        ),
        (
            {"sysctls": {"net.core.somaxconn": 1}},
            {"namespace": "a", "interface": "eth1", "sysctls": {"net.core.somaxconn": 2}},
            (
                "bridge_network_endpoints[1].sysctls.net.core.somaxconn: '2' is not allowed: the same as in"
                " bridge_network_endpoints[0].sysctls"
            ),
        ),
    ],
)
def test_of_two_endpoints(one: dict[str, t.Any], other: dict[str, t.Any], sentence: str) -> None:
    assert sentence in refused(variables({"namespace": "a", **one}, {"namespace": "b", **other}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("8080:80", "8080:81"),
        ("8080:80", "127.0.0.1:8080:81"),
        ("192.0.2.1:8080:80", "0.0.0.0:8080:81"),
        ("8000-8100:8000-8100", "8050:80"),
        ("8100:80", "8000-8100:8000-8100"),
    ],
)
def test_of_a_host_port_that_two_publish(one: str, other: str) -> None:
    want = variables({"namespace": "a", "published_ports": [one]}, {"namespace": "b", "published_ports": [other]})
    sentence = refused(want)
    assert "is already published, by bridge_network_endpoints[" in sentence


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("8080:80", "8081:80"),
        ("8080:80/tcp", "8080:80/udp"),
        ("127.0.0.1:8080:80", "127.0.0.2:8080:80"),
        ("8000-8099:8000-8099", "8100:80"),
    ],
)
def test_host_ports_that_do_not_collide_are_fine(one: str, other: str) -> None:
    want = variables({"namespace": "a", "published_ports": [one]}, {"namespace": "b", "published_ports": [other]})
    assert len(plan(want)["modules"]["dnat"]) == 2


@pytest.mark.parametrize("option", ["internal", "inhibit_gateway"])
def test_of_publishing_where_nothing_can_come_in(option: str) -> None:
    want = variables({"namespace": "web", "published_ports": ["8080:80"]}, **{option: True})
    assert f"nothing can be published while bridge_network_{option} is true" in refused(want)


def test_of_udp_on_a_network_without_the_default_route() -> None:
    want = variables({"namespace": "web", "default_route": False, "published_ports": ["53:53/udp"]})
    assert (
        "bridge_network_endpoints[0].published_ports[0]: '53/udp' is not allowed: UDP can only be published on"
        in refused(want)
    )
    want["endpoints"][0]["published_ports"] = ["53:53/tcp"]
    assert plan(want)["modules"]["dnat"]


@pytest.mark.parametrize(
    "edit",
    [
        {"internal": True},
        {"inhibit_gateway": True},
        {"gateway_mode": "routed"},
        {"trusted_interfaces": ["eth0"]},
        {"forward_policy": "drop"},
    ],
)
def test_of_editing_an_external_bridge(edit: dict[str, t.Any]) -> None:
    assert f"bridge_network_{next(iter(edit))}: " in refused(variables(external=True, **edit))


def test_an_error_keeps_its_parts() -> None:
    with pytest.raises(Invalid) as error:
        plan(variables("a/b"))
    assert error.value.option == "bridge_network_endpoints[0].namespace"
    assert error.value.value == "a/b"


def test_of_a_loopback_address_on_a_routed_network() -> None:
    want = dual({"namespace": "web", "published_ports": ["127.0.0.1:8081:81"]}, gateway_mode="routed")
    assert "'127.0.0.1' is not allowed: no loopback address on a routed network" in refused(want)
    assert plan({**want, "gateway_mode": "nat", "gateway_mode_ipv6": "routed"})
