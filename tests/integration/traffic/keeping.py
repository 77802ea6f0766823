# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take rules of a besieged host away, and put them back, whichever firewall has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.integration.traffic.siege import Siege

PROGRAMS = ("iptables", "ip6tables")
TABLES = ("raw", "mangle", "nat", "filter")
#: The base chains of nftables that do what a table of iptables does.
_CHAINS = {
    "raw": ("raw-prerouting",),
    "mangle": ("prerouting", "input"),
    "nat": ("nat-prerouting", "nat-output", "nat-hairpin", "nat-postrouting"),
    "filter": ("forward",),
}
_HANDLE = re.compile(r"\s*(.*) # handle ([0-9]+)")
_CHAIN = re.compile(r"\s*chain (\S+) \{")


def _is_native(siege: Siege) -> bool:
    return siege.firewall == "nftables"


def flush(siege: Siege, *tables: str) -> None:
    """Flush what the networks have in tables of iptables, or in the chains that correspond to them."""
    commands = [f"{program} -t {table} -F" for program in PROGRAMS for table in tables]
    if _is_native(siege):
        commands = [f"nft flush chain inet linuxnet {chain}" for table in tables for chain in _CHAINS[table]]
    siege.host.sh("\n".join(commands))


def drop_rules(siege: Siege, iptables: str, native: str) -> None:
    """Take away the rules whose text has a match for a pattern."""
    if _is_native(siege):
        commands, chain = [], ""
        for line in siege.host.run(["nft", "-a", "list", "table", "inet", "linuxnet"]).out.splitlines():
            begun, rule = _CHAIN.match(line), _HANDLE.match(line)
            chain = begun[1] if begun else chain
            if rule and not begun and re.search(native, f"{chain}: {rule[1]}"):
                commands.append(f"delete rule inet linuxnet {chain} handle {rule[2]}")
        siege.host.run(["nft", "-f", "-"], stdin="\n".join([*commands, ""]))
        return
    for program in PROGRAMS:
        lines = siege.host.run([f"{program}-save"]).out.splitlines()
        kept = [line for line in lines if not re.search(iptables, line)]
        siege.host.run([f"{program}-restore"], stdin="\n".join([*kept, ""]))


@contextmanager
def put_back(siege: Siege) -> Iterator[None]:
    """Restore all rules afterwards, without the role."""
    saved = {program: siege.host.run([f"{program}-save"]).out for program in PROGRAMS}
    table = siege.host.run(["nft", "list", "table", "inet", "linuxnet"]).out if _is_native(siege) else ""
    yield
    for program, text in saved.items():
        siege.host.run([f"{program}-restore"], stdin=text)
    if table:
        siege.host.run(["nft", "-f", "-"], stdin=f"add table inet linuxnet\ndelete table inet linuxnet\n{table}")


def restore_older(siege: Siege) -> None:
    """Restore what a save from before there were networks has."""
    for program in PROGRAMS:
        lines = siege.host.run([f"{program}-save"]).out.splitlines()
        kept = [line for line in lines if "LINUXNET" not in line]
        siege.host.run([f"{program}-restore"], stdin="\n".join([*kept, ""]))


def flush_and_delete(siege: Siege) -> None:
    """What scripts do before they write rules of their own."""
    commands = [f"{program} -t {table} {verb}" for program in PROGRAMS for table in TABLES for verb in ("-F", "-X")]
    siege.host.sh("\n".join(commands))


def nft(*commands: str) -> Callable[[Siege], None]:
    """Commands of nft, in one transaction."""

    def do(siege: Siege) -> None:
        siege.host.run(["nft", "-f", "-"], stdin="\n".join([*commands, ""]))

    return do
