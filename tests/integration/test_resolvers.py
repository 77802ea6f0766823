# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Aliases, additional hosts and resolvers of single endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.networks import SHOP, apply, in_one, remove
from tests.integration.promises import converge, refused
from tests.integration.test_names import BACK, LAN, MODULE, found
from tests.lab.host import Host

WEB, DB = SHOP["endpoints"]
OWN_FILE = "/etc/netns/{}/resolv.conf"
RESOLVED = "/run/systemd/resolve/resolv.conf"


def shop(**more: Any) -> dict[str, Any]:
    """The network, with more options for the first endpoint."""
    return {**SHOP, "endpoints": [{**WEB, **more}, DB]}


def asks(host: Host, namespace: str) -> list[str]:
    """The lines of the resolver file that a program in a namespace sees."""
    told = host.run(["ip", "netns", "exec", namespace, "cat", "/etc/resolv.conf"]).out
    return [line for line in told.splitlines() if not line.startswith("#")]


def told_once(host: Host, want: dict[str, Any]) -> None:
    """Check mode predicts it, and the second run finds nothing to do."""
    foretold, done = apply(host, check=True, **want), apply(host, **want)
    assert foretold.diffs.get(MODULE) == done.diffs.get(MODULE)
    assert MODULE in done.changed
    assert apply(host, **want).changed == []


@pytest.fixture(autouse=True)
def _plain(host: Host) -> None:
    """A host with a name server that namespaces can reach as well."""
    host.write("/etc/resolv.conf", "nameserver 192.0.2.53\nsearch example.org\noptions edns0\n")


@pytest.mark.long
def test_aliases(host: Host) -> None:
    told_once(host, shop(aliases=["www", "shop.example"]))
    for namespace in ("web", "db"):
        for name in ("www", "WWW", "shop.example"):
            assert found(host, namespace, name) == {"172.18.0.2", "fd00:18::2"}
    told_once(host, shop(aliases=["www"]))
    assert found(host, "db", "shop.example") == set()


@pytest.mark.long
def test_hosts_of_one_endpoint(host: Host) -> None:
    """They take precedence over the network's own names, and only this namespace has them."""
    given = {"backup": "192.0.2.9", "tape": "192.0.2.9", "six": "2001:db8::9", "db": "192.0.2.8", "me": "host-gateway"}
    told_once(host, shop(etc_hosts=given))
    assert found(host, "web", "backup") == found(host, "web", "tape") == {"192.0.2.9"}
    assert found(host, "web", "six") == {"2001:db8::9"}
    assert found(host, "web", "me") == {"172.18.0.1", "fd00:18::1"}
    assert "192.0.2.8" in found(host, "web", "db")
    assert found(host, "db", "backup") == set()
    told_once(host, SHOP)
    assert found(host, "web", "backup") == set()


@pytest.mark.long
def test_a_resolver_of_ones_own(host: Host) -> None:
    before = host.dump()
    told_once(
        host, shop(dns_servers=["172.18.0.53", "fd00:18::53"], dns_search=["shop.example"], dns_options=["ndots:2"])
    )
    assert asks(host, "web") == [
        "nameserver 172.18.0.53",
        "nameserver fd00:18::53",
        "search shop.example",
        "options ndots:2",
    ]
    assert not host.exists(OWN_FILE.format("db"))
    host.sh(f"sed -i s/53/54/ {OWN_FILE.format('web')}")
    told_once(host, shop(dns_servers=["172.18.0.53"]))
    assert asks(host, "web") == ["nameserver 172.18.0.53", "search example.org", "options edns0"]
    told_once(host, shop(dns_search=["."]))
    assert asks(host, "web") == ["nameserver 192.0.2.53", "options edns0"]
    told_once(host, SHOP)
    assert not host.exists(OWN_FILE.format("web"))
    apply(host, **shop(dns_servers=["172.18.0.53"]))
    remove(host)
    assert not any("/etc" in line for line in before.changes_to(host.dump()))


def test_nothing_is_written_where_the_hosts_own_can_be_reached(host: Host) -> None:
    apply(host, **SHOP)
    assert not host.exists(OWN_FILE.format("web"))
    host.write("/etc/resolv.conf", "")
    assert apply(host, **SHOP).changed == []


@pytest.mark.parametrize(
    ("own", "upstream", "wanted"),
    [
        ("127.0.0.53", ["10.0.0.53", "fe80::1%eth0", "fd00::53"], ["10.0.0.53", "fd00::53"]),
        ("::1", ["10.0.0.53"], ["10.0.0.53"]),
        ("127.0.0.1\nnameserver 192.0.2.1", ["10.0.0.53"], ["192.0.2.1"]),
    ],
)
@pytest.mark.long
def test_a_host_that_asks_itself(host: Host, own: str, upstream: list[str], wanted: list[str]) -> None:
    host.write("/etc/resolv.conf", f"nameserver {own}\noptions edns0 trust-ad\nsearch example.org\n")
    host.sh(f"mkdir -p $(dirname {RESOLVED})")
    host.write(RESOLVED, "".join(f"nameserver {one}\n" for one in upstream))
    told_once(host, SHOP)
    lines = [*(f"nameserver {one}" for one in wanted), "search example.org", "options edns0 trust-ad"]
    assert asks(host, "web") == asks(host, "db") == lines
    told_once(host, shop(dns_servers=["172.18.0.53"]))
    assert asks(host, "web")[0] == "nameserver 172.18.0.53"
    assert asks(host, "db") == lines
    host.write("/etc/resolv.conf", "nameserver 192.0.2.53\n")
    told_once(host, SHOP)
    assert not host.exists(OWN_FILE.format("web"))


def test_a_host_that_asks_nobody_but_itself(host: Host) -> None:
    """It is reported in one sentence, and no other server is used instead."""
    host.write("/etc/resolv.conf", "nameserver 127.0.0.53\n")
    told = in_one(host, SHOP)
    warned = [one for one in told["warnings"] if "find no names outside" in one]
    sentence = (
        "the endpoints of br-shop find no names outside, since this host asks only itself (127.0.0.53), which they do"
        " not reach; give them dns_servers"
    )
    assert warned == [sentence]
    assert not host.exists(OWN_FILE.format("web"))
    given = {**SHOP, "endpoints": [{**one, "dns_servers": ["192.0.2.53"]} for one in SHOP["endpoints"]]}
    assert not any("find no names" in one for one in in_one(host, given)["warnings"])
    remove(host)
    assert not any(
        "find no names" in one for one in in_one(host, {**SHOP, "internal": True, "endpoints": [DB]})["warnings"]
    )


@pytest.mark.long
def test_two_networks_of_a_host_that_asks_itself(host: Host) -> None:
    """They share the file, and the last one removes it; an explicit one takes precedence over it."""
    host.write("/etc/resolv.conf", "nameserver 127.0.0.53\n")
    host.sh(f"mkdir -p $(dirname {RESOLVED}); echo nameserver 10.0.0.53 >{RESOLVED}")
    other: dict[str, Any] = {**BACK, "internal": False}
    other["endpoints"] = [{**BACK["endpoints"][0], "default_route": False}, BACK["endpoints"][1]]
    for want in (SHOP, other):
        told_once(host, want)
    assert apply(host, **SHOP).changed == []
    remove(host, "br-shop")
    assert asks(host, "web") == asks(host, "store") == ["nameserver 10.0.0.53"]
    told_once(host, shop(dns_servers=["172.18.0.53"]))
    assert apply(host, **other).changed == []
    assert asks(host, "web") == ["nameserver 172.18.0.53"]
    asked = {**other, "endpoints": [{**other["endpoints"][0], "dns_options": ["ndots:2"]}, other["endpoints"][1]]}
    assert "was written for br-shop" in in_one(host, asked, fails=True)["msg"]
    remove(host, "br-back")
    remove(host, "br-shop")
    assert not host.exists("/etc/netns")


def test_a_strangers_resolver_file(host: Host) -> None:
    host.sh("mkdir -p /etc/netns/web; ln -s /etc/resolv.conf /etc/netns/web/resolv.conf")
    before = host.dump()
    sentence = (
        "dns_servers, dns_search and dns_options cannot be written, since /etc/netns/web/resolv.conf was not written"
    )
    assert sentence in in_one(host, shop(dns_servers=["172.18.0.53"]), fails=True)["msg"]
    assert before.changes_to(host.dump()) == []
    apply(host, **SHOP)
    assert sentence in in_one(host, shop(dns_servers=["172.18.0.53"], aliases=["www"]), fails=True)["msg"]
    assert found(host, "db", "www") == {"172.18.0.2", "fd00:18::2"}, "the rest is done"
    host.write("/etc/resolv.conf", "nameserver 127.0.0.53\n")
    host.sh(f"mkdir -p $(dirname {RESOLVED}); echo nameserver 10.0.0.53 >{RESOLVED}")
    apply(host, **SHOP)
    assert asks(host, "web") == ["nameserver 127.0.0.53"], "it is his own"
    remove(host)
    assert host.sh("readlink /etc/netns/web/resolv.conf") == "/etc/resolv.conf\n"


def test_endpoints_that_are_only_added_leave_the_others_theirs(host: Host) -> None:
    apply(host, **shop(aliases=["www"], etc_hosts={"backup": "192.0.2.9"}, dns_servers=["172.18.0.53"]))
    more = {**SHOP, "appends": True, "endpoints": [{"namespace": "cache", "aliases": ["memory"]}]}
    told_once(host, more)
    assert found(host, "cache", "www") == {"172.18.0.2", "fd00:18::2"}
    assert found(host, "web", "backup") == {"192.0.2.9"}
    assert found(host, "web", "memory") == {"172.18.0.3", "fd00:18::4"}
    assert asks(host, "web")[0] == "nameserver 172.18.0.53"


def test_the_module_alone(host: Host) -> None:
    before = host.dump()
    a, b = LAN["namespaces"]
    want = {**LAN, "namespaces": [{**a, "hosts": ["10.9.9.9 mine"], "dns_servers": ["10.0.0.53"]}, b]}
    converge(host, MODULE, want)
    assert found(host, "b", "mine") == set()
    converge(host, MODULE, {**want, "dns_servers": ["10.0.0.54"]})
    converge(host, MODULE, {**want, "dns_servers": ["10.0.0.55"], "dns_options": ["ndots:2"]})
    both = {"aggregate": [{**LAN, "dns_servers": ["10.0.0.55"]}, {**LAN, "owner": "a", "dns_servers": ["10.0.0.55"]}]}
    converge(host, MODULE, both)
    converge(host, MODULE, {"owner": "lan", "state": "absent"})
    assert host.read(OWN_FILE.format("a")).splitlines()[1:] == ["nameserver 10.0.0.55"]
    refusing = {**LAN, "owner": "c", "namespaces": [{**a, "dns_servers": ["10.0.0.1"]}]}
    converge(host, MODULE, {**refusing, "owner": "a"})
    refused(host, MODULE, refusing, "/etc/netns/a/resolv.conf was written for a")
    converge(host, MODULE, {"owner": "a", "state": "absent"})
    assert before.changes_to(host.dump()) == []


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"aliases": ["a b"]}, "endpoints[0].aliases[0]: 'a b' is not allowed: a host name has labels"),
        ({"aliases": ["localhost"]}, "endpoints[0].aliases[0]: 'localhost' is not allowed"),
        ({"aliases": ["10.0.0.1"]}, "endpoints[0].aliases[0]: '10.0.0.1' is not allowed"),
        ({"aliases": [7]}, "endpoints[0].aliases[0]: 7 is not allowed"),
        ({"aliases": ["DB"]}, "endpoints[0].aliases[0]: 'DB' is not allowed: each name belongs to one endpoint, and"),
        ({"etc_hosts": {"a": "10.0.0.256"}}, "endpoints[0].etc_hosts.a: '10.0.0.256' is not allowed: an IPv4 or IPv6"),
        (
            {"etc_hosts": {"a b": "10.0.0.1"}},
            "endpoints[0].etc_hosts.a b: 'a b' is not allowed: a host name has labels",
        ),
        (
            {"dns_servers": ["dns.example"]},
            "endpoints[0].dns_servers[0]: 'dns.example' is not allowed: an IPv4 or IPv6",
        ),
        ({"dns_servers": ["10.0.0.1"] * 4}, "is not allowed: at most 3 servers, since the C library asks no more"),
        ({"dns_search": ["a b"]}, "endpoints[0].dns_search[0]: 'a b' is not allowed: a domain such as example.org"),
        ({"dns_options": ["a b"]}, "endpoints[0].dns_options[0]: 'a b' is not allowed: an option of resolv.conf"),
        ({"dns_options": "ndots:2"}, "endpoints[0].dns_options: 'ndots:2' is not allowed: a list"),
    ],
)
def test_bad_input(host: Host, more: dict[str, Any], sentence: str) -> None:
    before = host.dump()
    assert sentence in in_one(host, shop(**more), fails=True)["msg"]
    assert before.changes_to(host.dump()) == []


def test_bad_input_about_several(host: Host) -> None:
    before = host.dump()
    double = [{**WEB, "aliases": ["www"]}, {**DB, "aliases": ["www"]}]
    for want, sentence in (
        (
            {**SHOP, "endpoints": double},
            "endpoints[1].aliases[0]: 'www' is not allowed: each name belongs to one endpoint",
        ),
        ({**shop(aliases=["www"]), "names": False}, "no value while bridge_network_names is false"),
        (
            {
                **SHOP,
                "endpoints": [
                    {**WEB, "dns_servers": ["10.0.0.1"]},
                    {"namespace": "web", "interface": "eth1", "default_route": False, "dns_servers": ["10.0.0.2"]},
                ],
            },
            "the same as bridge_network_endpoints[0].dns_servers, since both are in namespace web",
        ),
        (
            {
                **shop(etc_hosts={"me": "host-gateway"}),
                "inhibit_gateway": True,
                "endpoints": [{"namespace": "web", "etc_hosts": {"me": "host-gateway"}, "default_route": False}],
            },
            "endpoints[0].etc_hosts.me: 'host-gateway' is not allowed: an address, since the bridge has none",
        ),
    ):
        assert sentence in in_one(host, want, fails=True)["msg"]
    assert before.changes_to(host.dump()) == []


def test_the_module_refuses_bad_words(host: Host) -> None:
    for more, sentence in (
        ({"dns_servers": ["x"]}, "dns_servers[0]: 'x' is not allowed: an IPv4 or IPv6 address"),
        ({"dns_search": ["a b"]}, "dns_search[0]: 'a b' is not allowed: a word of resolv.conf"),
        ({"namespaces": [{"name": "a", "dns_options": ["#"]}]}, "namespaces[0].dns_options[0]: '#' is not allowed"),
        ({"namespaces": [{"name": "a", "hosts": ["x y"]}]}, "namespaces[0].hosts[0]: 'x' is not allowed"),
    ):
        refused(host, MODULE, {**LAN, **more}, sentence)
