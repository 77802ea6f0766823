# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that cannot be read are an error: unseen rules would stay, including a port that has to be closed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from tests.integration.networks import apply, in_one, plan
from tests.integration.persistence import PROGRAM, program
from tests.integration.settling import settle
from tests.lab.host import Host

NETWORK: dict[str, Any] = {
    "name": "br0",
    "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
    "endpoints": [{"namespace": "web", "published_ports": ["8080:80"]}],
}
ABSENT = {"name": "br0", "state": "absent"}
SENTENCE = "the rules of this host could not be read completely, so nothing is changed: cannot read the IPv"
#: Fails for one table, otherwise works as usual.
WRAPPER = """#!/bin/sh
case "$*" in *"-t {table}"*) if [ -e /tmp/fail ]; then echo "no memory" >&2; exit 1; fi;; esac
exec {real} "$@"
"""


def _wrap(host: Host, name: str, table: str) -> None:
    real = host.sh(f"readlink -f /etc/alternatives/{name}").strip()
    called = host.sh(f"readlink /etc/alternatives/{name}").strip()
    host.write("/tmp/wrapper", WRAPPER.format(table=table, real=called or real))
    host.sh(f"chmod 755 /tmp/wrapper; ln -sfn /tmp/wrapper /etc/alternatives/{name}; touch /tmp/fail")


@pytest.mark.parametrize("table", ["raw", "mangle", "nat", "filter"])
@pytest.mark.parametrize("name", ["iptables-save", "ip6tables-save"])
@pytest.mark.long
def test_nothing_is_taken_away_by_halves(host: Host, name: str, table: str) -> None:
    apply(host, **NETWORK, persistent=True)
    settle(host, *host.sh("ls /run/netns").split())
    before = host.dump()
    _wrap(host, name, table)
    for check in (True, False):
        told = in_one(host, ABSENT, check=check, fails=True)["msg"]
        assert told.startswith(SENTENCE), told
        assert f"rules of table {table}: no memory" in told
    done = program(host, "down", "br0", check=False)
    assert (done.rc, SENTENCE in done.out) == (1, True), done.out
    host.sh("rm /tmp/fail")
    assert before.changes_to(host.dump()) == []
    assert in_one(host, ABSENT)["changed"]
    assert "LINUXNET" not in host.sh("iptables-save; ip6tables-save")


def test_no_plan_is_made(host: Host) -> None:
    """A port that is no longer listed would stay open."""
    apply(host, **NETWORK)
    _wrap(host, "iptables-save", "nat")
    closed = {**NETWORK, "endpoints": [{"namespace": "web"}]}
    for check in (True, False):
        with pytest.raises(Refused, match=SENTENCE):
            plan(host, closed, check=check)
    host.sh("rm /tmp/fail")
    apply(host, **closed)
    assert "8080" not in host.sh("iptables-save -t nat")


def test_to_look_is_allowed_and_says_what_is_missing(host: Host) -> None:
    apply(host, **NETWORK)
    assert host.module("netns_info")["host"]["rules_complete"] is True
    _wrap(host, "iptables-save", "nat")
    told = host.module("netns_info")
    assert told["host"]["rules_complete"] is False
    assert told["host"]["rules_unread"] == ["cannot read the IPv4 rules of table nat: no memory"]
    assert "rules could not be read completely: cannot read the IPv4 rules of table nat" in json.dumps(told["warnings"])
    assert {rule["table"] for rule in told["host"]["rules"] if rule["ip_version"] == "ipv4"} == {
        "raw",
        "mangle",
        "filter",
    }


@pytest.mark.parametrize("backend", ["nft", "legacy"])
@pytest.mark.long
def test_a_program_that_is_gone_while_there_are_rules(host: Host, backend: str) -> None:
    host.use_iptables(backend)
    apply(host, **NETWORK, persistent=True)
    settle(host, *host.sh("ls /run/netns").split())
    before = host.dump()
    hidden = host.sh("readlink /etc/alternatives/ip6tables-save").strip()
    host.sh("ln -sfn /nowhere /etc/alternatives/ip6tables-save")
    told = in_one(host, ABSENT, fails=True)["msg"]
    assert "ip6tables is not installed, but the kernel has tables of its rules" in told
    assert program(host, "down", "br0", check=False).rc == 1
    for module, options in (
        ("bridge_forward", {"bridge": "br0"}),
        ("masquerade", {"source": "fd00:18::/64", "out_interface": "!br0"}),
        ("dnat", {"host_port": "8080", "ip_version": "ipv6"}),
    ):
        told = host.module(module, {**options, "owner": "br0", "state": "absent"}, fails=True)["msg"]
        assert "ip6tables" in told and "not installed" in told
    host.sh(f"ln -sfn {hidden} /etc/alternatives/ip6tables-save")
    assert before.changes_to(host.dump()) == []
    assert in_one(host, ABSENT)["changed"]


@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_a_program_that_was_never_there(host: Host, backend: str) -> None:
    """If IPv6 has no tables, nothing of it is missing, and a network with IPv4 can be built and removed."""
    host.use_iptables(backend)
    host.sh("ln -sfn /nowhere /etc/alternatives/ip6tables-save; ln -sfn /nowhere /etc/alternatives/ip6tables-restore")
    ipv4 = {**NETWORK, "ipam_config": NETWORK["ipam_config"][:1], "persistent": True}
    apply(host, **ipv4)
    assert apply(host, **ipv4).changed == []
    assert host.module("netns_info")["host"]["rules_complete"] is True
    assert host.run([PROGRAM, "down", "br0"]).rc == 0
    assert "LINUXNET" not in host.sh("iptables-save")
