# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dump without chance and history: if two hosts have the same wants, their pictures are equal."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from tests.lab.dumps import Dump

_VOLATILE = {
    "ifindex", "link_index", "designated_port", "link_netnsid", "permaddr", "bridge_id", "no", "port_id", "id",
    "state", "group_address",
    "tso_max_segs", "tso_max_size",  # a bridge takes these from its ports, and keeps them
}  # fmt: skip
_CARRIER = {"NO-CARRIER", "LOWER_UP", "M-DOWN", "linkdown"}
_OWNER = re.compile(r"--comment linuxnet-[a-z]+-(\S+)")
_OUR_CHAIN = re.compile(r" LINUXNET-\S+ policy -$")
#: What stays on or off after the last network is gone; expected.py checks it while there is one.
_FORWARDING = re.compile(r"ip_forward:|/forwarding:|/accept_redirects:")
#: What an endpoint set in a namespace or of an interface that stays: its earlier value is not recorded.
_KEPT = re.compile(r"/(ip_default_ttl|arp_ignore|accept_redirects):")
#: A jump to a chain that belongs to one network.
_OWN_CHAIN = re.compile(r"-j (LINUXNET-\w+-\w{7})\b")
#: The name of the host in the file that others are started from, and what was made of it.
_OWN_NAME = re.compile(r"(?<=1 localhost )\w+|SHA-256 [0-9a-f]{64}")
#: Where a table, a set, a map or a chain begins in what nft lists.
_CONTAINER = re.compile(r"(?P<place>(table|set|map|chain) .*) \{")
_NATIVE_OWNER = re.compile(r'comment "linuxnet-[a-z]+-(?P<owner>[^ "]+)')
#: The section of what belongs to all networks together. It grows with what is needed, and goes with the last one.
_FRAME = "host nftables of all networks"
_POSITION = re.compile(r" #\d+$")


def of(dump: Dump) -> dict[str, list[str]]:
    found = {}
    for section, lines in dump.items():
        if section.endswith((" links", " routes")):
            found[section] = [
                told for line in lines if "fe80:" not in line for told in _flat(_steady(json.loads(line)))
            ]
        elif section.endswith(" addresses"):
            found[section] = [line for line in lines if "fe80:" not in line]
        elif section.endswith(" rules"):
            found[section] = _by_owner(lines)
        elif section.endswith(" nftables"):
            found[section] = _native(lines)
            found[_FRAME] = _frame(lines)
        elif section == "host /run/netns":
            found[section] = [line.split()[0] for line in lines]
        elif section.endswith("/etc/netns"):
            found[section] = [_OWN_NAME.sub("", line) for line in lines]
        elif section == "host /run/linuxnet":
            found[section] = [_steady_record(line, dump) for line in lines if "/run/linuxnet/nftables/" not in line]
        elif section == "host /etc/linuxnet":
            found[section] = [_unordered(line) if ".json " in line else line for line in lines]
        elif section == "host sysctls":
            found[section] = [line for line in lines if not _FORWARDING.search(line)]
        elif section.endswith(" sysctls"):
            found[section] = [line for line in lines if not _KEPT.search(line)]
        else:
            found[section] = lines
    return found


def differences(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    return Dump(one).changes_to(Dump(other))


def lacks(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    """The differences, without what the other one still has from networks of before."""
    return [line for line in differences(one, other) if not line.startswith(f"{_FRAME}: +")]


def _steady(value: Any) -> Any:
    """Without numbers and addresses that the kernel chooses, and what it shows some time after a carrier change."""
    if isinstance(value, dict):
        kept = {key: _steady(part) for key, part in value.items() if key not in _VOLATILE}
        if not str(kept.get("address", "02:00:00")).startswith("02:00:00"):
            del kept["address"]
        if "flags" in kept:
            kept["flags"] = [flag for flag in kept["flags"] if flag not in _CARRIER]
        return kept
    return [_steady(part) for part in value] if isinstance(value, list) else value


def _steady_record(line: str, dump: Dump) -> str:
    """A file; a namespace's record without its identity, the order of its owners, and traces of the past."""
    path, mode, text = line.split(" ", 2)
    if not path.startswith("/run/linuxnet/netns/"):
        return line
    record = {**json.loads(ast.literal_eval(text)), "inode": None, "device": None}
    record["owners"] = sorted(record["owners"])
    links = dump.get(f"netns/{path.rpartition('/')[2]} links", [])
    there = {json.loads(link)["ifname"] for link in links}
    for known in record["addresses"].values():
        for interface in known.keys() - there:
            del known[interface]
    return f"{path} {mode} {json.dumps(record, sort_keys=True)}"


def _unordered(line: str) -> str:
    """A boot file, in which endpoints that were added later come later."""
    path, mode, text = line.split(" ", 2)
    document = json.loads(ast.literal_eval(text))
    document["modules"] = {
        kind: sorted(json.dumps(one, sort_keys=True) for one in definitions)
        for kind, definitions in document["modules"].items()
    }
    return f"{path} {mode} {json.dumps(document, sort_keys=True)}"


def _flat(entry: dict[str, Any]) -> list[str]:
    """One line per attribute, so that differences are short."""
    name = " ".join(str(entry[key]) for key in ("ifname", "dst", "dev", "table") if key in entry)
    return [f"{name} {words}" for words in _attributes(entry)]


def _attributes(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _attributes(part, f"{path}{key} ")
    else:
        yield f"{path}{json.dumps(value)}"


def _native(lines: list[str]) -> list[str]:
    """Rules with their positions among their owner's in that chain, and elements, which have no order."""
    seen: dict[str, int] = {}
    found = []
    for place, line in _placed(lines):
        match = _NATIVE_OWNER.search(line)
        if match and place.startswith("chain "):
            key = f"{place} {match['owner']}"
            seen[key] = seen.get(key, 0) + 1
            found.append(f"{line} {key}'s #{seen[key]}")
        elif match:
            found.append(f"{place} {line}")
    return found


def _frame(lines: list[str]) -> list[str]:
    """What belongs to all networks together."""
    return [f"{place} {line}" for place, line in _placed(lines) if not _NATIVE_OWNER.search(line)]


def _placed(lines: list[str]) -> Iterator[tuple[str, str]]:
    """What nft lists, each line with the chain, set or map that it is in."""
    place = ""
    for line in map(str.strip, lines):
        opening = _CONTAINER.fullmatch(line)
        if opening:
            place = opening["place"]
        elif line not in ("", "}"):
            yield place, line.removeprefix("elements = { ").rstrip(", }")


def _by_owner(rules: list[str]) -> list[str]:
    """Each rule with its position among its owner's in that chain, since the order of the networks does not matter."""
    seen: dict[str, int] = {}
    found = []
    for rule in rules:
        match = _OWNER.search(rule) or _OWN_CHAIN.search(rule)
        if "-A " not in rule:
            found += [rule] * (not _OUR_CHAIN.search(rule))  # the rules in it show that
            continue
        table, _a, chain = rule.split()[:3]
        place = f"{table} {chain} {match.group(1) if match else 'foreign' if 'foreign' in rule else 'ours'}"
        seen[place] = seen.get(place, 0) + 1
        found.append(f"{_POSITION.sub('', rule)} {place}'s #{seen[place]}")
    return found
