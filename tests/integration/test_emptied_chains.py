# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains that were flushed by hand are removed with the last network."""

from __future__ import annotations

import pytest

from tests.integration.networks import SHOP, apply, remove
from tests.integration.rule_hosts import BACKENDS, use_backend
from tests.lab.host import Host

ALL = ("raw", "mangle", "nat", "filter")
OTHER = {"name": "br-other", "ipam_config": [{"subnet": "172.19.0.0/16"}], "endpoints": [{"namespace": "app"}]}


def _flush(host: Host, tables: tuple[str, ...]) -> None:
    host.sh("\n".join(f"{program} -t {table} -F" for program in ("iptables", "ip6tables") for table in tables))


def _chains(host: Host) -> set[str]:
    saved = host.sh("iptables-save; ip6tables-save").splitlines()
    return {line.split()[0] for line in saved if line.startswith(":LINUXNET")}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("tables", [("nat",), ALL], ids=["nat", "all"])
def test_with_the_last_network(host: Host, backend: str, tables: tuple[str, ...]) -> None:
    use_backend(host, backend)
    ports = [f"{number}:80" for number in range(9000, 9070)]
    apply(host, **{**SHOP, "endpoints": [{"namespace": "web", "published_ports": ports}]})
    _flush(host, tables)
    assert len(_chains(host)) > 5
    foretold = apply(host, check=True, name=SHOP["name"], state="absent")
    done = remove(host)
    assert _chains(host) == set()
    assert foretold.results["bridge_forward"]["diff"] == done.results["bridge_forward"]["diff"]
    assert remove(host).changed == []


@pytest.mark.long
def test_not_while_there_is_another_one(host: Host) -> None:
    apply(host, **SHOP)
    apply(host, **OTHER)
    _flush(host, ("nat",))
    remove(host)
    apply(host, **OTHER)
    assert apply(host, **OTHER).changed == []
    remove(host, OTHER["name"])
    assert _chains(host) == set()
