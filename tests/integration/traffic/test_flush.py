# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flushed rules, and rules that another tool put above ours."""

from __future__ import annotations

import os

import pytest

from tests.integration.networks import apply
from tests.integration.rule_hosts import BACKENDS, NATIVE
from tests.integration.traffic import wanted
from tests.integration.traffic.attacks import ATTACKS, Attack
from tests.integration.traffic.keeping import PROGRAMS, TABLES, flush, put_back
from tests.integration.traffic.siege import Siege, network
from tests.integration.traffic.volley import fire, sound
from tests.lab.paths import REPOSITORY

DOCUMENT = REPOSITORY / "docs/flush.md"
UPDATE = "UPDATE_DOCUMENTS"


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


def _held(siege: Siege) -> dict[str, str]:
    """Whether the attacks fail, by group."""
    won = fire(siege, ATTACKS)
    return {group: _share([a for a in ATTACKS if a.group == group], won) for group in _groups()}


def _groups() -> list[str]:
    return list(dict.fromkeys(attack.group for attack in ATTACKS))


def _share(attacks: list[Attack], won: list[Attack]) -> str:
    count = sum(attack in won for attack in attacks)
    return "holds" if not count else f"**{count} of {len(attacks)}** get through"


def _works(siege: Siege) -> dict[str, str]:
    kinds = {"published ports": wanted.published(), "out, to neighbours and from the host": wanted.others()}
    found = {}
    for kind, paths in kinds.items():
        listed = list(paths)
        lost = wanted.found(siege, listed, patience=1.5)
        # On a busy machine an answer may be late, so only what is lost twice counts.
        lost = lost and wanted.found(siege, [path for path in listed if str(path) in lost], patience=3)
        found[kind] = f"**{len(lost)}** are lost or changed" if lost else "work"
    return found


_SITUATIONS = (("raw", "ACCEPT"), ("mangle", "ACCEPT"), ("nat", "ACCEPT"), ("filter", "ACCEPT"), ("filter", "DROP"))


def _document(columns: dict[tuple[str, str], dict[str, str]]) -> str:
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    head = [f"`{table}`" + (", FORWARD drops" if policy == "DROP" else "") for table, policy in columns]
    lines = ["| flushed |" + "".join(f" {name} |" for name in head), "|---|" + "---|" * len(head)]
    for row in next(iter(columns.values())):
        lines.append(f"| {row} |" + "".join(f" {column[row]} |" for column in columns.values()))
    before, after = text.split("<!-- table -->\n")[0], text.split("<!-- end of table -->\n")[-1]
    return before + "<!-- table -->\n" + "\n".join(lines) + "\n<!-- end of table -->\n" + after


@pytest.mark.parametrize("siege", BACKENDS, indirect=True)
@pytest.mark.long
def test_what_holds_while_one_table_is_flushed(siege: Siege) -> None:
    """docs/flush.md describes it; UPDATE_DOCUMENTS=1 in the environment rewrites it."""
    columns = {}
    for table, policy in _SITUATIONS:
        siege.configure(0, policy, 0)
        with put_back(siege):
            flush(siege, table)
            columns[table, policy] = {**_held(siege), **_works(siege)}
    siege.configure(0, "ACCEPT", 0)
    sound(siege)
    if os.environ.get(UPDATE):
        DOCUMENT.write_text(_document(columns), encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == _document(columns)


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
