# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module netns, on a real kernel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.promises import converge, refused, repairs
from tests.lab.host import Host


def test_a_namespace_is_made_as_ip_makes_it(host: Host) -> None:
    converge(host, "netns", {"name": "web"})
    assert host.sh("ip netns list").split() == ["web"]
    assert host.inside("web").reaches("127.0.0.1")
    host.sh("ip netns exec web true && ip netns del web")
    assert not host.exists("/run/netns/web")


def test_a_namespace_that_ip_made_is_used_and_never_removed(host: Host) -> None:
    host.sh("ip netns add web")
    converge(host, "netns", {"name": "web"})  # lo goes up
    converge(host, "netns", {"name": "web"}, changed=False)
    refused(host, "netns", {"name": "web", "state": "absent"}, "was not made by this collection")


def test_several_at_once_and_numeric_names(host: Host) -> None:
    done = converge(host, "netns", {"aggregate": [{"name": "1234"}, {"name": "a.b"}, {"name": "x" * 255}]})
    assert [one["name"] for one in done["objects"]] == ["1234", "a.b", "x" * 255]
    assert len(host.sh("ip netns list").split()) == 3
    converge(host, "netns", {"state": "absent", "aggregate": [{"name": "1234"}, {"name": "a.b"}, {"name": "x" * 255}]})
    assert host.sh("ip netns list") == ""
    assert not host.exists("/run/linuxnet")


def test_absent_is_converged_before_present(host: Host) -> None:
    host.module("netns", {"name": "old"})
    done = converge(host, "netns", {"aggregate": [{"name": "new"}, {"name": "old", "state": "absent"}]})
    assert [one["state"] for one in done["objects"]] == ["present", "absent"]


@pytest.mark.parametrize(
    "damage",
    [
        "ip -n web link set lo down",
        "ip -n web addr del 127.0.0.1/8 dev lo",
        "ip netns exec web sh -c 'echo 1024 > /proc/sys/net/ipv4/ip_unprivileged_port_start'",
    ],
)
def test_drift_inside_is_repaired(host: Host, damage: str) -> None:
    options = {"name": "web", "sysctls": {"net.ipv4.ip_unprivileged_port_start": 80}}
    converge(host, "netns", options)
    repairs(host, "netns", options, damage)


@pytest.mark.parametrize(
    "damage",
    [
        "ip route flush table local; ip -6 route flush table local",
        "ip route del local 127.0.0.0/8 dev lo table local",
        "ip -6 route del local ::1 dev lo table local",
        "ip addr del ::1/128 dev lo",
        "ip addr flush dev lo",
    ],
)
def test_lo_gets_its_routes_back(host: Host, damage: str) -> None:
    converge(host, "netns", {"name": "web"})
    web = host.inside("web")
    shown = "ip route show table local; ip -6 route show table local"
    healthy = web.sh(shown)
    web.sh(damage)
    assert web.sh(shown) != healthy
    done = converge(host, "netns", {"name": "web"})
    assert (done["diff"][0]["before"]["loopback"], done["diff"][0]["after"]["loopback"]) == (False, True)
    assert sorted(web.sh(shown).splitlines()) == sorted(healthy.splitlines())


_OTHER_FIRST = "ip addr flush dev lo; ip addr add 127.0.0.5/8 dev lo; ip addr add 127.0.0.1/8 dev lo; "


@pytest.mark.parametrize(
    "peculiarity",
    [
        "ip addr add 127.0.0.2/32 dev lo",
        f"{_OTHER_FIRST} ip addr add ::1/128 dev lo",
        "ip rule add pref 20 lookup local; ip rule add pref 10 to 127.0.0.2 prohibit; ip rule del pref 0",
        "ip -6 rule add pref 20 lookup local; ip -6 rule add pref 10 to ::1 prohibit; ip -6 rule del pref 0",
    ],
)
def test_a_lo_with_more_than_its_own_is_whole_and_is_mended(host: Host, peculiarity: str) -> None:
    web = host.inside("web")
    tables = "ip rule; ip -6 rule; ip route show table local; ip -6 route show table local"
    shown = f"ip address | sed 's/ nodad//'; {tables}"
    host.module("netns", {"name": "web"})
    web.sh(peculiarity)
    healthy = web.sh(shown)
    converge(host, "netns", {"name": "web"}, changed=False)
    for route in ("route del local 127.0.0.0/8", "-6 route del local ::1"):
        web.sh(f"ip {route} dev lo table local")
        converge(host, "netns", {"name": "web"})
        assert sorted(web.sh(shown).splitlines()) == sorted(healthy.splitlines())


def test_a_lo_without_ipv6_is_whole(host: Host) -> None:
    converge(host, "netns", {"name": "web"})
    host.inside("web").sh("sysctl -qw net.ipv6.conf.lo.disable_ipv6=1")
    converge(host, "netns", {"name": "web"}, changed=False)


@pytest.mark.parametrize(
    ("setting", "value", "read"),
    [
        ("net.ipv4.ip_local_reserved_ports", "8080,8081,8082", "8080-8082"),
        ("net.ipv4.ip_local_reserved_ports", "90,80-85,86", "80-86,90"),
        ("net.ipv4.ip_unprivileged_port_start", "0x50", "80"),
        ("net.ipv4.ip_default_ttl", "0100", "64"),
        ("net.ipv4.tcp_rmem", "4096 131072   6291456", "4096\t131072\t6291456"),
        ("net.ipv4.conf.all.rp_filter", "02", "2"),
        ("net.ipv6.conf.default.stable_secret", "2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001"),
        ("net.ipv4.ping_group_range", "0 00", "0\t0"),
    ],
)
def test_settings_come_to_rest_however_they_are_written(host: Host, setting: str, value: str, read: str) -> None:
    options: dict[str, Any] = {"name": "web", "sysctls": {setting: value}}
    host.module("netns", {"name": "web"})
    known = host.inside("web").run(["sysctl", "-n", setting], check=False).out.strip()
    converge(host, "netns", options, changed=known != read)
    assert host.inside("web").sh(f"sysctl -n {setting}").strip() == read
    host.inside("web").sh("sysctl -qw net.ipv4.ip_default_ttl=7 net.ipv4.ip_local_reserved_ports=1")
    drifted = host.inside("web").sh(f"sysctl -n {setting}").strip() != read
    converge(host, "netns", options, changed=drifted)


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("net.netfilter.nf_conntrack_max", 1000, "nf_conntrack_max cannot be written in this namespace"),
        ("net.ipv4.route.flush", 1, "net.ipv4.route.flush cannot be read, so it cannot be managed"),
        ("net.ipv4.ip_default_ttl", 900, "ip_default_ttl: '900' is not allowed: a value that the kernel accepts"),
        ("net.ipv4.ip_default_ttl", "many", "ip_default_ttl: 'many' is not allowed: a value that the kernel accepts"),
        ("net.ipv4.ip_default_ttl", "²", "ip_default_ttl: '²' is not allowed: a value that the kernel accepts"),
        ("net.ipv4.tcp_rmem", "4096 many 6291456", "tcp_rmem: '4096 many 6291456' is not allowed: a value that the"),
        ("net.ipv4.ip_local_reserved_ports", "http", "ip_local_reserved_ports: 'http' is not allowed: a value that"),
        ("net.ipv4.tcp_rmem", "-5", "net.ipv4.tcp_rmem: '-5' is not allowed: a value that the kernel accepts"),
    ],
)
def test_settings_that_cannot_be_are_refused_first(host: Host, setting: str, value: Any, sentence: str) -> None:
    refused(host, "netns", {"name": "web", "sysctls": {setting: value}}, sentence)
    host.module("netns", {"name": "db"})
    refused(host, "netns", {"name": "db", "sysctls": {setting: value}}, sentence)


def test_a_dead_file_is_repaired(host: Host) -> None:
    host.sh("mkdir -p /run/netns && touch /run/netns/web")
    converge(host, "netns", {"name": "web"})
    assert host.inside("web").reaches("127.0.0.1")


def test_a_lost_namespace_is_made_again(host: Host) -> None:
    host.module("netns", {"name": "web"})
    host.sh("umount /run/netns/web")
    assert host.module("netns", {"name": "web"})["diff"][0]["before"] == {}
    host.sh("ip netns del web")
    converge(host, "netns", {"name": "web"})
    converge(host, "netns", {"name": "web", "state": "absent"})


def test_a_dead_file_of_somebody_else_is_not_removed(host: Host) -> None:
    host.sh("mkdir -p /run/netns && touch /run/netns/web")
    refused(host, "netns", {"name": "web", "state": "absent"}, "a dead file that this collection did not create")


def test_a_name_that_was_made_anew_by_somebody_else_is_not_removed(host: Host) -> None:
    host.module("netns", {"name": "web"})
    host.sh("ip netns del web && ip netns add web")
    refused(host, "netns", {"name": "web", "state": "absent"}, "was not made by this collection")


@pytest.mark.parametrize("way", ["pid", "path"])
def test_a_process_gives_its_namespace(host: Host, way: str) -> None:
    with host.spawn(["sleep", "1000"], unshare_net=True) as process:
        source = {"pid": process.pid} if way == "pid" else {"path": f"/proc/{process.pid}/ns/net"}
        converge(host, "netns", {"name": str(process.pid), **source})
        assert host.sh(f"ip netns pids {process.pid}").split() == [str(process.pid)]
        assert "nsfs" in host.sh(f"stat -f -c %T /run/netns/{process.pid}"), "a bind mount, no dangling symlink"
        converge(host, "netns", {"name": str(process.pid), "state": "absent"})
        assert process.running()
        assert host.sh("ip netns list") == ""


def test_a_name_is_re_pointed_when_nobody_uses_the_old_namespace(host: Host) -> None:
    with host.spawn(["sleep", "1000"], unshare_net=True) as new:
        with host.spawn(["sleep", "1000"], unshare_net=True) as old:
            host.module("netns", {"name": "app", "pid": old.pid})
            refused(host, "netns", {"name": "app", "pid": new.pid}, f"is in use by process {old.pid}")
        converge(host, "netns", {"name": "app", "pid": new.pid})
        assert host.sh("ip netns pids app").split() == [str(new.pid)]


def test_a_name_of_another_live_namespace_is_not_taken(host: Host) -> None:
    host.module("netns", {"name": "app"})
    with host.spawn(["sleep", "1000"], unshare_net=True) as process:
        refused(host, "netns", {"name": "app", "pid": process.pid}, "exists and is another one")


def test_a_pid_that_is_gone_and_the_hosts_own_namespace(host: Host) -> None:
    refused(host, "netns", {"name": "app", "pid": 4194000}, "or the process is gone")
    refused(host, "netns", {"name": "app", "pid": 1}, "cannot be named; start the process with unshare --net")
    refused(host, "netns", {"name": "app", "path": "/etc/passwd"}, "; start what makes it first")


def test_absent_with_a_process_inside_says_what_it_left(host: Host) -> None:
    host.module("netns", {"name": "web"})
    host.sh("ip link add v0 type veth peer eth0 netns web && ip link add v1 type veth peer eth1 netns web")
    with host.spawn(["sleep", "1000"], netns="web") as process:
        done = converge(host, "netns", {"name": "web", "state": "absent"})
        assert process.running()
        assert f"processes inside: {process.pid}" in json.dumps(done["warnings"])
        assert host.sh("ip -o link show type veth") == "", "its links went though it lives on"


@pytest.mark.long
def test_a_namespace_with_two_owners_goes_with_the_second(host: Host) -> None:
    converge(host, "netns", {"name": "web", "owner": "shop"})
    converge(host, "netns", {"name": "web", "owner": "office"})
    converge(host, "netns", {"name": "web", "owner": "shop", "state": "absent"})
    assert host.sh("ip netns list").split()[0] == "web"
    converge(host, "netns", {"name": "web", "owner": "office", "state": "absent"})
    assert host.sh("ip netns list") == ""


def test_absent_for_an_owner_without_a_claim_says_so(host: Host) -> None:
    host.module("netns", {"name": "web", "owner": "shop"})
    done = converge(host, "netns", {"name": "web", "state": "absent"}, changed=False)
    assert "belongs to shop" in json.dumps(done["warnings"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "a/b"}, "name: 'a/b' is not allowed"),
        ({"name": "/run/netns/web"}, "name: '/run/netns/web' is not allowed"),
        ({"name": ".."}, "name: '..' is not allowed"),
        ({"name": "x" * 256}, "1 to 255 bytes"),
        ({"name": "web", "pid": 1, "path": "/proc/1/ns/net"}, "pid and path are mutually exclusive"),
        ({"name": "web", "pid": 0}, "pid: 0 is not allowed"),
        ({"name": "web", "path": "ns/net"}, "path: 'ns/net' is not allowed"),
        ({"name": "web", "owner": "a b"}, "owner: 'a b' is not allowed"),
        ({"name": "web", "sysctls": {"kernel.hostname": "x"}}, "a setting of the network"),
        ({"name": "web", "sysctls": {"net.ipv4.nothing": 1}}, "has no setting net.ipv4.nothing"),
        ({"aggregate": [{"name": "a"}, {"name": "a"}]}, "aggregate[0] has the same key"),
        ({"aggregate": [{"name": "a"}, {"name": "b/c"}]}, "aggregate[1].name: 'b/c' is not allowed"),
        ({"name": "a", "aggregate": [{"name": "b"}]}, "mutually exclusive"),
        ({}, "one of the following is required: name, aggregate"),
    ],
)
def test_bad_input_is_one_sentence(host: Host, options: dict[str, object], sentence: str) -> None:
    refused(host, "netns", options, sentence)


def test_a_container_where_there_is_no_engine(host: Host) -> None:
    """A program of that name in /usr/local is out of sight, which would be one of this machine's own."""
    path = ":".join(place for place in host.environment()["PATH"].split(":") if "/usr/local" not in place)
    task = {"name": "Name", "netplumb.linuxnet.netns": {"name": "web", "container": "shop"}}
    done = host.playbook([task], env={"PATH": path}, fails=True)
    assert done.task("Name").result["msg"] == "container shop was not found: neither docker nor podman is installed"
