# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Complete dumps of a host's network, to compare what was with what is.

`collect` runs inside the host. A dump maps "PLACE SECTION" to a list of lines; PLACE is "host" or "netns/NAME".
What the kernel changes by itself (lifetimes, timers, statistics, counters of connections) is left out.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FAMILIES = {"ipv4": ("-4", "iptables-save"), "ipv6": ("-6", "ip6tables-save")}
DIRECTORIES = ("/run/netns", "/run/linuxnet", "/etc/sysctl.d", "/etc/linuxnet", "/etc/systemd/system")

_NSFS_MAGIC = 0x6E736673
_VOLATILE = {
    "valid_life_time", "preferred_life_time", "stats64", "stats", "operstate", "expires", "cache", "used", "age",
    "hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "hold_timer", "message_age_timer",
    "forward_delay_timer", "topology_change", "topology_change_detected", "multicast_querier", "state_time",
    "change_count", "root_id", "designated_bridge",
}  # fmt: skip
_VOLATILE_SYSCTLS = ("nf_conntrack_count", "route/flush", "stable_secret", "tcp_fastopen_key", "neigh/")
_SYSCTLS = ("ipv4", "ipv6", "bridge", "netfilter")


class Dump(dict[str, list[str]]):
    """A dump with its comparison."""

    def changes_to(self, after: Dump) -> list[str]:
        """What differs, as lines "PLACE SECTION: - old" and "PLACE SECTION: + new"; none if nothing does."""
        lines = []
        for section in sorted(self.keys() | after.keys()):
            old, new = self.get(section, []), after.get(section, [])
            lines += [f"{section}: - {line}" for line in old if line not in new]
            lines += [f"{section}: + {line}" for line in new if line not in old]
        return lines


def collect(counters: bool) -> dict[str, list[str]]:
    """Dump the host and every live named namespace. counters: with the counters of rules, else without."""
    result = {f"host {section}": lines for section, lines in _network([], counters)}
    for directory in DIRECTORIES:
        result[f"host {directory}"] = sorted(_tree(Path(directory)))
    for name in sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else ():
        path = f"/run/netns/{name}"
        if _is_namespace(path):
            sections = _network(["nsenter", f"--net={path}"], counters)
            result |= {f"netns/{name} {section}": lines for section, lines in sections}
    return result


def _network(enter: list[str], counters: bool) -> Iterator[tuple[str, list[str]]]:
    yield "links", _json_lines([*enter, "ip", "-json", "-details", "link", "show"])
    yield "addresses", sorted(_addresses(enter))
    # Not every kernel has VLANs on bridges.
    yield "bridge vlans", _json_lines([*enter, "bridge", "-json", "vlan", "show"], check=False)
    for family, (option, save) in FAMILIES.items():
        yield f"{family} routes", _routes(enter, option)
        yield f"{family} policy", _json_lines([*enter, "ip", option, "-json", "rule", "show"])
        yield f"{family} rules", _rules([*enter, save], counters)
    yield "permanent neighbours", _json_lines([*enter, "ip", "-json", "neighbour", "show", "nud", "permanent"])
    yield "sysctls", _sysctls(enter)


def _output(argv: list[str], check: bool = True) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise OSError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stable(part) for key, part in value.items() if key not in _VOLATILE and part != {}}
    return [_stable(part) for part in value] if isinstance(value, list) else value


def _json_lines(argv: list[str], check: bool = True) -> list[str]:
    entries = json.loads(_output(argv, check).strip() or "[]")
    return sorted(json.dumps(_stable(entry), sort_keys=True) for entry in entries if entry)


def _addresses(enter: list[str]) -> Iterator[str]:
    for link in json.loads(_output([*enter, "ip", "-json", "address", "show"]) or "[]"):
        for address in link.get("addr_info", []):
            # "tentative" ends by itself; everything else about an address is somebody's will.
            yield f"{link['ifname']} {json.dumps(_stable({**address, 'tentative': None}), sort_keys=True)}"


def _routes(enter: list[str], option: str) -> list[str]:
    """All routes but the kernel's in its table local: those follow from the addresses, link-local ones late."""
    routes = json.loads(_output([*enter, "ip", option, "-json", "-details", "route", "show", "table", "all"]) or "[]")
    kept = [route for route in routes if (route.get("table"), route.get("protocol")) != ("local", "kernel")]
    return sorted(json.dumps(_stable(route), sort_keys=True) for route in kept)


def _rules(save: list[str], counters: bool) -> list[str]:
    """Rules in their order, each with its table; order matters, so a number keeps it through the comparison."""
    table, lines = "", []
    for line in _output([*save, *["-c"] * counters]).splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":"):
            chain, policy, *_counters = line[1:].split()
            if policy != "ACCEPT":  # a table that was only looked at is as good as none
                lines.append(f"{table} {chain} policy {policy}")
        elif line.startswith(("-", "[")):
            lines.append(f"{table} {line}")
    return _numbered(lines)


def _numbered(lines: list[str]) -> list[str]:
    """Append to each rule its place within its chain."""
    seen: dict[str, int] = {}
    numbered = []
    for line in lines:
        table, *words = line.split()
        if "-A" in words:
            chain = f"{table} {words[words.index('-A') + 1]}"
            seen[chain] = seen.get(chain, 0) + 1
            numbered.append(f"{line} #{seen[chain]}")
        else:
            numbered.append(line)
    return numbered


_READ_SYSCTLS = f"cd /proc/sys/net && exec grep --recursive --no-messages '' {' '.join(_SYSCTLS)}"


def _sysctls(enter: list[str]) -> list[str]:
    lines = _output([*enter, "sh", "-c", _READ_SYSCTLS], check=False).splitlines()
    return sorted(line for line in lines if not any(word in line for word in _VOLATILE_SYSCTLS))


def _is_namespace(path: str) -> bool:
    """Whether a file is a live namespace: nsfs gives its files no permission to write and a device of their own."""
    done = subprocess.run(["stat", "--file-system", "--format=%t", path], capture_output=True, text=True, check=False)
    return done.stdout.strip() == f"{_NSFS_MAGIC:x}"


def _tree(top: Path) -> Iterator[str]:
    """Files below a directory: type and mode, and what is in it (for a namespace: which one)."""
    for directory, _directories, names in os.walk(top):
        for name in names:
            path = Path(directory, name)
            status = path.lstat()
            if path.is_symlink():
                yield f"{path} -> {os.readlink(path)}"
            elif _is_namespace(str(path)):
                yield f"{path} namespace {status.st_ino}"
            elif stat.S_ISREG(status.st_mode):
                yield f"{path} {stat.filemode(status.st_mode)} {path.read_text(encoding='utf-8', errors='replace')!r}"
