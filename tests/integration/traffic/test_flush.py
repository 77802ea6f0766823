# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flushed rules, and rules that another tool put above ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.integration.networks import apply
from tests.integration.rule_hosts import BACKENDS, LEGACY, NATIVE
from tests.integration.traffic import wanted
from tests.integration.traffic.attacks import ATTACKS
from tests.integration.traffic.holding import found, tells
from tests.integration.traffic.keeping import (
    PROGRAMS,
    TABLES,
    flush,
    flush_and_delete,
    nft,
    put_back,
    restore_older,
)
from tests.integration.traffic.siege import Siege, network
from tests.integration.traffic.volley import fire, sound


@pytest.mark.parametrize("siege", [*BACKENDS, NATIVE], indirect=True)
def test_every_table_flushed_and_one_run(siege: Siege) -> None:
    """Connections that began meanwhile end as well."""
    siege.configure(0, "ACCEPT", 0)
    flush(siege, *TABLES)
    began = fire(siege, ATTACKS, port=40000)
    assert len(began) > len(ATTACKS) / 2
    siege.apply()
    siege.foreign_rules()
    siege.unfiltered()
    assert [str(attack) for attack in fire(siege, ATTACKS, port=40000)] == []
    sound(siege)
    assert wanted.found(siege, wanted.all_paths(0)) == {}


DOCKER = """
{0} -N DOCKER-USER
{0} -N DOCKER-FORWARD
{0} -A DOCKER-USER -j RETURN
{0} -A DOCKER-FORWARD -i br0 -j ACCEPT
{0} -A DOCKER-FORWARD -o br0 -j ACCEPT
{0} -A DOCKER-FORWARD -j ACCEPT
{0} -I FORWARD -j DOCKER-FORWARD
{0} -I FORWARD -j DOCKER-USER
"""


@pytest.mark.parametrize("siege", [*BACKENDS, NATIVE], indirect=True)
def test_another_tool_accepts_everything_above_us(siege: Siege) -> None:
    """Docker inserts its jumps at the top whenever it starts. We neither edit nor overtake them."""
    siege.configure(0, "DROP", 0)
    with put_back(siege):
        siege.host.sh("".join(DOCKER.format(program) for program in PROGRAMS))
        sound(siege)
        assert wanted.found(siege, wanted.all_paths(0)) == {}
        changed = apply(siege.host, check=True, **network("br1")).changed
        assert [name for name in changed if name != "interface"] == []  # whose rp_filter these tests took away


class Event(NamedTuple):
    """Something that takes rules away, with the policy of FORWARD at that time."""

    name: str
    policy: str
    do: Callable[[Siege], None]

    def __str__(self) -> str:
        return self.name + (", FORWARD drops" if self.policy == "DROP" else "")


def _flushed(table: str, policy: str) -> Event:
    return Event(f"`{table}`", policy, lambda siege: flush(siege, table))


_WITH_IPTABLES = (
    ("`iptables -F`, `-X`", flush_and_delete),
    ("`iptables-restore` of an older save", restore_older),
    ("`nft flush table ip filter`", nft("flush table ip filter", "flush table ip6 filter")),
)
_NAMED = "`nft {} table inet linuxnet`"
_RULESET = Event("`nft flush ruleset`", "ACCEPT", nft("flush ruleset"))
#: By the name of a table in docs/flush.md.
EVENTS: dict[str, list[Event]] = {
    "tables of iptables": [
        *(_flushed(table, "ACCEPT") for table in ("raw", "mangle", "nat", "filter")),
        _flushed("filter", "DROP"),
    ],
    "all of iptables": [*(Event(name, "ACCEPT", do) for name, do in _WITH_IPTABLES), _RULESET],
    "nftables": [
        *(Event(name, "DROP", do) for name, do in _WITH_IPTABLES),
        *(Event(_NAMED.format(verb), "ACCEPT", nft(f"{verb} table inet linuxnet")) for verb in ("flush", "delete")),
        _RULESET,
    ],
}


@pytest.mark.parametrize(
    ("siege", "name"),
    [
        ("nft", "tables of iptables"),
        pytest.param("legacy", "tables of iptables", marks=LEGACY),
        ("nft", "all of iptables"),
        (NATIVE, "nftables"),
    ],
    indirect=["siege"],
)
@pytest.mark.long
def test_what_holds_while_rules_are_missing(siege: Siege, name: str) -> None:
    """docs/flush.md describes it; UPDATE_DOCUMENTS=1 in the environment rewrites it."""
    columns = {}
    for event in EVENTS[name]:
        siege.configure(0, event.policy, 0)
        siege.free_ports()
        with put_back(siege):
            event.do(siege)
            columns[str(event)] = found(siege)
    siege.configure(0, "ACCEPT", 0)
    sound(siege)
    tells(name, columns)


@pytest.mark.parametrize("siege", ["nft", NATIVE], indirect=True)
def test_a_namespace_deleted_and_made_again(siege: Siege) -> None:
    siege.configure(0, "ACCEPT", 0)
    for again in ("", "ip netns add web"):
        siege.watchers.pop("web").stop()
        siege.servers.pop("web").stop()
        siege.host.sh(f"ip netns delete web\n{again}")
        siege.apply("br0")
        siege.watch("web")
        siege.serve("web")
        siege.settle()
        sound(siege)
        assert wanted.found(siege, list(wanted.published())) == {}
