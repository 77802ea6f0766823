# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints find each other by name, as the C library resolves it with the files that ``ip netns exec`` shows."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.integration.networks import SHOP, apply, in_one, remove
from tests.integration.persistence import program, rebooted
from tests.integration.promises import converge, refused, repairs
from tests.lab.host import Host
from tests.lab.lab import Lab

MODULE = "netns_names"
HOSTS = "/etc/netns/{}/hosts"
BACK: dict[str, Any] = {
    "name": "br-back",
    "internal": True,
    "ipam_config": [{"subnet": "172.19.0.0/16"}],
    "endpoints": [{"namespace": "web", "interface": "eth1"}, {"namespace": "store"}],
}
LAN: dict[str, Any] = {
    "owner": "lan",
    "hosts": ["10.0.0.2 b", "10.0.0.1 a www.a", "fd00::1 a"],
    "namespaces": [{"name": "a"}, {"name": "b"}],
}


def found(host: Host, namespace: str, name: str) -> set[str]:
    """The addresses that a program in the namespace finds for a name, in both families."""
    looked = host.run(["ip", "netns", "exec", namespace, "getent", "ahosts", name], check=False)
    return {line.split()[0] for line in looked.out.splitlines()}


def foreign(host: Host, namespace: str) -> str:
    """The part of a hosts file that this collection did not write."""
    lines = host.read(HOSTS.format(namespace)).splitlines(keepends=True)
    kept, inside = [], False
    for line in lines:
        inside = inside or line.startswith("# BEGIN netplumb.linuxnet ")
        if not inside and not line.startswith("# Made "):
            kept.append(line)
        inside = inside and not line.startswith("# END netplumb.linuxnet ")
    return "".join(kept)


def test_every_endpoint_finds_every_other_and_itself(host: Host) -> None:
    apply(host, **SHOP)
    for namespace in ("web", "db"):
        assert found(host, namespace, "web") == {"172.18.0.2", "fd00:18::2"}
        assert found(host, namespace, "db") == {"172.18.0.10", "fd00:18::3"}
        assert found(host, namespace, "localhost") & {"127.0.0.1", "::1"}
    assert host.run(["ip", "netns", "exec", "web", "ping", "-c1", "-W2", "db"]).rc == 0
    assert host.run(["ip", "netns", "exec", "web", "ping", "-6", "-c1", "-W2", "db"]).rc == 0
    assert found(host, "web", "nobody") == set()


@pytest.mark.long
def test_a_name_of_an_endpoint_goes_before_the_hosts_own(host: Host) -> None:
    """The host may have the same name, usually with a line for it."""
    host.write("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 DB host.example # me\n10.9.9.9 printer\n")
    apply(host, **SHOP)
    assert found(host, "web", "db") == {"172.18.0.10", "fd00:18::3"}
    assert found(host, "web", "printer") == {"10.9.9.9"}
    assert found(host, "web", "host.example") == {"127.0.1.1"}
    assert apply(host, **SHOP).changed == []
    remove(host)
    assert not host.exists("/etc/netns")


def test_it_is_written_only_once_and_foretold(host: Host) -> None:
    foretold = apply(host, check=True, **SHOP)
    assert not host.exists("/etc/netns")
    done = apply(host, **SHOP)
    assert foretold.diffs[MODULE] == done.diffs[MODULE]
    (change,) = done.diffs[MODULE]
    lines = ["172.18.0.2 web", "172.18.0.10 db", "fd00:18::2 web", "fd00:18::3 db"]
    assert change["before"] == {}
    assert change["after"] == {
        "files": [{"namespaces": ["db", "web"], "lines": lines, "started_from": "/etc/hosts"}],
    }
    assert apply(host, **SHOP).changed == []


def test_nothing_is_left_of_a_network(host: Host) -> None:
    before = host.dump()
    apply(host, **SHOP)
    assert host.exists(HOSTS.format("web"))
    foretold = in_one(host, {"name": "br-shop", "state": "absent"}, check=True)
    done = in_one(host, {"name": "br-shop", "state": "absent"})
    assert foretold["diff"] == done["diff"]
    assert not host.exists("/etc/netns")
    assert not any("/etc" in line for line in before.changes_to(host.dump()))
    assert remove(host).changed == []


@pytest.mark.long
def test_who_has_left_is_not_found_any_more(host: Host) -> None:
    apply(host, **SHOP)
    one = {**SHOP, "endpoints": SHOP["endpoints"][:1]}
    foretold, done = apply(host, check=True, **one), apply(host, **one)
    assert foretold.diffs[MODULE] == done.diffs[MODULE]
    assert found(host, "web", "db") == set()
    assert found(host, "web", "web") == {"172.18.0.2", "fd00:18::2"}
    assert not host.exists("/etc/netns/db")
    assert apply(host, **one).changed == []


@pytest.mark.long
def test_a_program_that_runs_sees_who_has_come(host: Host) -> None:
    """It has the file mounted, and would keep seeing the old one if another replaced it."""
    apply(host, **SHOP)
    argv = ["ip", "netns", "exec", "web", "sh", "-c", "while read -r name; do getent ahosts $name; done"]
    with host.popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sh:
        apply(host, **{**SHOP, "endpoints": [*SHOP["endpoints"], {"namespace": "cache"}]})
        told = sh.communicate("cache\n", timeout=30)[0]
    assert "172.18.0.3" in told
    assert "fd00:18::4" in told


@pytest.mark.parametrize(
    "damage",
    [
        "sed -i /172.18.0.10/d {}",
        "sed -i 's/172.18.0.10/172.18.0.11/' {}",
        "sed -i '/BEGIN/a 6.6.6.6 db' {}",
        "sed -i '/END/d' {}",
        "sed -i '/BEGIN/,/END/d' {}",
        "rm {}",
    ],
)
def test_what_was_broken_by_hand_is_put_back(host: Host, damage: str) -> None:
    apply(host, **SHOP)
    whole = host.read(HOSTS.format("web"))
    host.sh(damage.format(HOSTS.format("web")))
    foretold, done = apply(host, check=True, **SHOP), apply(host, **SHOP)
    assert done.changed == [MODULE]
    assert foretold.diffs == done.diffs
    assert found(host, "web", "db") == {"172.18.0.10", "fd00:18::3"}
    if "/END/d" not in damage or "BEGIN" in damage:
        assert host.read(HOSTS.format("web")).splitlines()[1:] == whole.splitlines()[1:]
    assert apply(host, **SHOP).changed == []


@pytest.mark.long
def test_lines_of_others_stay(host: Host) -> None:
    """Those of an existing file, later ones, and those of a file that they turn into a foreign one."""
    host.sh("mkdir -p /etc/netns/web; printf '127.0.0.1 localhost\n10.1.1.1 mine\n' >/etc/netns/web/hosts")
    given = host.read(HOSTS.format("web"))
    apply(host, **SHOP)
    assert foreign(host, "web") == given
    assert found(host, "web", "mine") == {"10.1.1.1"}
    for namespace in ("web", "db"):
        host.sh(f"echo '10.1.1.2 later' >>{HOSTS.format(namespace)}")
    apply(host, **{**SHOP, "endpoints": [*SHOP["endpoints"], {"namespace": "cache"}]})
    assert found(host, "web", "later") == found(host, "db", "later") == {"10.1.1.2"}
    assert found(host, "db", "cache") == {"172.18.0.3", "fd00:18::4"}
    remove(host)
    assert host.read(HOSTS.format("web")) == f"{given}10.1.1.2 later\n"
    assert host.read(HOSTS.format("db")) == f"{host.read('/etc/hosts')}10.1.1.2 later\n"
    assert not host.exists("/etc/netns/cache")


def test_a_directory_of_others_stays(host: Host) -> None:
    host.sh("mkdir -p /etc/netns/web /etc/netns/db; echo 'nameserver 10.0.0.1' >/etc/netns/db/resolv.conf")
    apply(host, **SHOP)
    remove(host)
    assert host.sh("ls /etc/netns/web /etc/netns/db").split() == ["/etc/netns/db:", "resolv.conf", "/etc/netns/web:"]


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("ln -s /etc/hosts {}", "/etc/netns/web/hosts is not a plain file"),
        ("ln /etc/hosts {}", "/etc/netns/web/hosts has another name elsewhere"),
        ("mkdir {}", "/etc/netns/web/hosts is not a plain file"),
        ("mkfifo {}", "/etc/netns/web/hosts is not a plain file"),
        ("rmdir /etc/netns/web; mkdir /etc/netns/x; ln -s x /etc/netns/web", "/etc/netns/web is not a plain directory"),
    ],
)
def test_a_file_that_leads_elsewhere_is_left_alone(host: Host, script: str, sentence: str) -> None:
    """Writing to it would change the host's own file."""
    host.sh(f"mkdir -p /etc/netns/web; {script.format(HOSTS.format('web'))}")
    own = host.read("/etc/hosts")
    refused(host, MODULE, {**LAN, "namespaces": [{"name": "web"}]}, sentence)
    converge(host, MODULE, LAN)
    converge(host, MODULE, {"owner": "lan", "state": "absent"})
    before = host.dump()
    assert sentence in in_one(host, SHOP, fails=True)["msg"]
    assert before.changes_to(host.dump()) == [], "a new network is refused before anything is changed"
    assert host.read("/etc/hosts") == own


@pytest.mark.long
def test_two_networks_share_a_file(host: Host) -> None:
    before = host.dump()
    apply(host, **SHOP)
    apply(host, **BACK)
    assert found(host, "web", "store") == {"172.19.0.3"}
    assert found(host, "web", "web") >= {"fd00:18::2"}
    assert found(host, "db", "store") == found(host, "store", "db") == set()
    both = host.read(HOSTS.format("web"))
    assert apply(host, **SHOP).changed == apply(host, **BACK).changed == []
    remove(host, "br-shop")
    assert found(host, "web", "db") == set()
    assert found(host, "web", "store") == {"172.19.0.3"}
    apply(host, **SHOP)
    assert host.read(HOSTS.format("web")) == both, "it does not matter who came first"
    remove(host, "br-back")
    remove(host, "br-shop")
    assert not host.exists("/etc/netns")
    assert not any("/etc" in line for line in before.changes_to(host.dump()))


@pytest.mark.long
def test_endpoints_that_are_only_added_find_the_others(host: Host) -> None:
    apply(host, **SHOP)
    more = {**SHOP, "appends": True, "endpoints": [{"namespace": "cache"}]}
    apply(host, **more)
    for namespace in ("web", "db", "cache"):
        assert found(host, namespace, "web") == {"172.18.0.2", "fd00:18::2"}
        assert found(host, namespace, "cache") == {"172.18.0.3", "fd00:18::4"}
    assert apply(host, **more).changed == []
    moved = {**SHOP, "appends": True, "endpoints": [{"namespace": "cache", "ipv4_address": "172.18.0.77"}]}
    apply(host, **moved)
    assert found(host, "web", "cache") == {"172.18.0.77", "fd00:18::4"}
    assert apply(host, **moved).changed == []
    host.sh(f"rm {HOSTS.format('web')}; sed -i /web/d {HOSTS.format('db')} {HOSTS.format('cache')}")
    apply(host, **moved)
    assert found(host, "cache", "web") == {"172.18.0.2", "fd00:18::2"}


@pytest.mark.long
def test_after_a_reboot(lab: Lab, host: Host) -> None:
    """The files are on disk; those that are lost, or that somebody has changed meanwhile, are put right."""
    web, db = SHOP["endpoints"]
    want = {**SHOP, "persistent": True, "endpoints": [{**web, "aliases": ["www"], "dns_servers": ["192.0.2.53"]}, db]}
    apply(host, **want)
    new = rebooted(lab, host)
    new.sh("mkdir -p /etc/netns/db; echo '10.1.1.1 mine' >/etc/netns/db/hosts")
    told = program(new, "up", "br-shop").out
    assert "netns_names br-shop: made" in told
    for namespace in ("web", "db"):
        assert found(new, namespace, "www") == {"172.18.0.2", "fd00:18::2"}
        assert found(new, namespace, "db") == {"172.18.0.10", "fd00:18::3"}
    assert found(new, "db", "mine") == {"10.1.1.1"}
    assert "nameserver 192.0.2.53" in new.read("/etc/netns/web/resolv.conf")
    assert "0 of its parts were changed" in program(new, "up", "br-shop").out
    assert MODULE not in apply(new, **want).changed
    new.sh(f"sed -i s/172.18/172.19/ {HOSTS.format('web')}")
    assert "netns_names br-shop: changed" in program(new, "up", "br-shop").out
    assert found(new, "web", "db") == {"172.18.0.10", "fd00:18::3"}
    program(new, "down", "br-shop")
    assert not new.exists("/etc/netns/web")
    assert new.read(HOSTS.format("db")) == "10.1.1.1 mine\n"


@pytest.mark.long
def test_a_guest_who_is_away_has_its_file(lab: Lab, host: Host) -> None:
    """A namespace of a process: its name is known after a reboot, before it has come."""
    with host.spawn(["sleep", "1000"], unshare_net=True) as process:
        want = {**SHOP, "persistent": True, "endpoints": [*SHOP["endpoints"], {"namespace": "app", "pid": process.pid}]}
        apply(host, **want)
        assert found(host, "app", "db") == {"172.18.0.10", "fd00:18::3"}
        new = rebooted(lab, host)
        program(new, "up", "br-shop")
        assert found(new, "db", "app") == {"172.18.0.3", "fd00:18::4"}
        assert "172.18.0.10 db\n" in new.read(HOSTS.format("app"))


@pytest.mark.long
def test_tasks_inside_find_the_others(host: Host) -> None:
    """By the become plugin, which enters as ip netns exec does."""
    apply(host, **SHOP)
    play = {
        "hosts": "all",
        "gather_facts": False,
        "become": True,
        "become_method": "netplumb.linuxnet.netns",
        "vars": {"ansible_netns": "web"},
        "tasks": [{"name": "Look", "ansible.builtin.command": "getent ahosts db"}],
    }
    told = host.playbook([play]).task("Look").result["stdout"]
    assert {line.split()[0] for line in told.splitlines()} == {"172.18.0.10", "fd00:18::3"}


def test_without_names(host: Host) -> None:
    apply(host, **SHOP, names=False)
    assert not host.exists("/etc/netns")
    apply(host, **SHOP)
    assert apply(host, **SHOP, names=False).changed == [MODULE]
    assert not host.exists("/etc/netns")


def test_a_namespace_whose_name_is_no_host_name(host: Host) -> None:
    """It finds the others, and a warning says that they do not find it."""
    odd = {**SHOP, "endpoints": [*SHOP["endpoints"], {"namespace": "not one"}, {"namespace": "7"}]}
    told = in_one(host, odd)
    assert [one.partition(": ")[2] for one in told["warnings"] if "by name" in one] == [
        "7, not one: not a host name, so other endpoints do not find it by name; give it aliases"
    ]
    assert found(host, "not one", "web") == {"172.18.0.2", "fd00:18::2"}
    assert "not one" not in host.read(HOSTS.format("web"))
    assert not in_one(host, odd)["changed"]


@pytest.mark.long
def test_the_module_alone(host: Host) -> None:
    before = host.dump()
    done = converge(host, MODULE, LAN)
    assert done["objects"][0]["hosts"] == ["10.0.0.1 a www.a", "10.0.0.2 b", "fd00::1 a"]
    converge(host, MODULE, {**LAN, "hosts": ["10.0.0.2 b"]})
    converge(host, MODULE, {**LAN, "namespaces": [{"name": "b"}, {"name": "c"}]})
    assert host.module("netns_info")["host"]["names"]["lan"][0]["namespaces"] == ["b", "c"]
    other = {**LAN, "owner": "a", "namespaces": [{"name": "b"}]}
    converge(host, MODULE, {"aggregate": [other, {"owner": "lan", "state": "absent"}]})
    assert not host.exists("/etc/netns/c")
    repairs(host, MODULE, other, f"sed -i 's/^10/11/' {HOSTS.format('b')}")
    converge(host, MODULE, {"owner": "a", "state": "absent"})
    converge(host, MODULE, {"owner": "a", "state": "absent"}, changed=False)
    assert before.changes_to(host.dump()) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"owner": "lan", "hosts": []}, "namespaces is required: a list, unless state is absent"),
        ({"owner": "lan", "namespaces": []}, "hosts is required: a list, unless state is absent"),
        ({**LAN, "hosts": ["10.0.0.256 a"]}, "hosts[0]: '10.0.0.256' is not allowed: an IPv4 or IPv6 address"),
        ({**LAN, "hosts": ["fe80::1%eth0 a"]}, "hosts[0]: 'fe80::1%eth0' is not allowed: an address without a zone"),
        ({**LAN, "hosts": ["10.0.0.1"]}, "hosts[0]: '10.0.0.1' is not allowed: an address and at least one name"),
        ({**LAN, "hosts": ["10.0.0.1 a/b"]}, "hosts[0]: 'a/b' is not allowed: a host name has labels"),
        ({**LAN, "hosts": ["10.0.0.1 localhost"]}, "hosts[0]: 'localhost' is not allowed"),
        ({**LAN, "hosts": ["10.0.0.1 a # b"]}, "hosts[0]: '#' is not allowed"),
        ({**LAN, "hosts": ["::1 a", "0::1 b"]}, "hosts[1]: '0::1 b' is not allowed: one line with all names"),
        ({**LAN, "namespaces": [{"name": "../x"}]}, "namespaces[0].name: '../x' is not allowed"),
        ({**LAN, "namespaces": [{"name": "a"}, {"name": "a"}]}, "namespaces[1].name: 'a' is not allowed: each"),
        ({**LAN, "owner": "../x"}, "owner: '../x' is not allowed"),
    ],
)
def test_bad_input(host: Host, options: dict[str, Any], sentence: str) -> None:
    refused(host, MODULE, options, sentence)
