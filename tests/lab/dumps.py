# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Complete dumps of a host's network, for comparing states.

`collect` runs inside the host. A dump maps "PLACE SECTION" to a list of lines; PLACE is "host" or "netns/NAME".
What the kernel changes by itself (lifetimes, timers, statistics, counters of connections) is left out.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

FAMILIES = ("ipv4", "ipv6")
DIRECTORIES = (
    "/run/netns",
    "/run/linuxnet",
    "/run/systemd/network",
    "/run/NetworkManager",
    "/etc/sysctl.d",
    "/etc/linuxnet",
    "/etc/netns",
    "/etc/systemd/system",
    "/etc/systemd/network",
    "/etc/NetworkManager/conf.d",
)

_NUMBERED = re.compile(r"^(/run/linuxnet/nftables/)\d+")
_MARK = "=== end of a part ==="
#: One shell for a whole namespace, since starting processes dominates the time of a dump. Each part ends with a mark.
_SCRIPT = f"""
part() {{ "$@" || exit; echo '{_MARK}'; }}
may_fail() {{ "$@" 2>/dev/null; echo '{_MARK}'; }}
limits() {{
  tc -details qdisc show | grep --invert-match ' 0: '
  for name in $(tc qdisc show | sed --quiet 's/^qdisc [a-z]* ffff: dev \\([^ ]*\\) .*/\\1/p'); do
    tc filter show dev "$name" ingress | sed "s/^/$name /"
  done
}}
printf 'route show table all\nrule show\n' >$1
part ip -json -details address show
part ip -json neighbour show nud permanent
part ip -json neighbour show proxy
part ip -json -details -4 -batch $1
part ip -json -details -6 -batch $1
part iptables-save $2
part ip6tables-save $2
may_fail nft list table inet linuxnet
may_fail nft list table bridge linuxnet
may_fail bridge -json vlan show # not every kernel has VLANs on bridges
may_fail bridge -json fdb show
may_fail limits
cd /proc/sys/net
may_fail grep --recursive --no-messages --exclude-dir=neigh '' ipv4 ipv6 bridge netfilter
"""

_VOLATILE = {
    "valid_life_time", "preferred_life_time", "stats64", "stats", "operstate", "expires", "cache", "used", "age",
    "hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "hold_timer", "message_age_timer",
    "forward_delay_timer", "topology_change", "topology_change_detected", "multicast_querier", "state_time",
    "change_count", "root_id", "designated_bridge",
}  # fmt: skip
#: Numbers of queueing disciplines and actions that nobody chose.
_PASSING = re.compile(r"\b(refcnt|index|ref|bind) \d+ ?")
_VOLATILE_SYSCTLS = ("nf_conntrack_count", "netfilter/nf_log/", "route/flush", "stable_secret", "tcp_fastopen_key")


class Dump(dict[str, list[str]]):
    """A dump that can be compared."""

    def changes_to(self, after: Dump) -> list[str]:
        """The differences, as lines "PLACE SECTION: - old" and "PLACE SECTION: + new"."""
        lines = []
        for section in sorted(self.keys() | after.keys()):
            old, new = Counter(self.get(section, [])), Counter(after.get(section, []))
            lines += [f"{section}: - {line}" for line in (old - new).elements()]
            lines += [f"{section}: + {line}" for line in (new - old).elements()]
        return lines


def collect(counters: bool) -> dict[str, list[str]]:
    """Dump the host and every live named namespace. counters: whether to include those of rules."""
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
    with tempfile.NamedTemporaryFile() as batch:
        argv = [*enter, "sh", "-c", _SCRIPT, "sh", batch.name, *["-c"] * counters]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"dump {' '.join(enter)}: {done.stderr.strip()}")
    links, neighbours, proxies, ipv4, ipv6, *rules, table, guard, vlans, fdb, limits, sysctls, _nothing = (
        done.stdout.split(f"{_MARK}\n")
    )
    (found,) = _documents(links)
    yield "links", _json_lines({**link, "addr_info": {}} for link in found)
    yield "addresses", sorted(_addresses(found))
    yield "permanent neighbours", _json_lines(*_documents(neighbours))
    yield "proxy neighbours", _json_lines(*_documents(proxies))
    for family, text, saved in zip(FAMILIES, (ipv4, ipv6), rules, strict=True):
        routes, policy = _documents(text)
        yield f"{family} routes", _json_lines(_wanted_routes(routes))
        yield f"{family} policy", _json_lines(policy)
        yield f"{family} rules", _rules(saved)
    yield "nftables", table.splitlines()
    # Elements have no order; which one is first on a line does not matter.
    yield "guarded ports", sorted(part.strip(" \t{}") for part in re.split(r",|\n|elements = ", guard))
    yield "bridge vlans", _json_lines(*_documents(vlans))
    yield "bridge fdb", _json_lines(*(_told_entries(entries) for entries in _documents(fdb)))
    yield "limits", sorted(_PASSING.sub("", line).strip() for line in limits.splitlines())
    yield "sysctls", _sysctls(sysctls)


def _documents(text: str) -> list[Any]:
    """The JSON values in a text that contains several. iproute2 may print none at all."""
    found, decoder, text = [], json.JSONDecoder(), text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


def _told_entries(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The static entries of bridges. The others are learned, or belong to the ports themselves."""
    return (entry for entry in entries if "master" in entry and entry.get("state") == "static")


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stable(part) for key, part in value.items() if key not in _VOLATILE and part != {}}
    return [_stable(part) for part in value] if isinstance(value, list) else value


def _json_lines(entries: Iterable[Any] = ()) -> list[str]:
    return sorted(json.dumps(_stable(entry), sort_keys=True) for entry in entries if entry)


def _addresses(links: list[dict[str, Any]]) -> Iterator[str]:
    for link in links:
        for address in link.get("addr_info", []):
            # "tentative" ends by itself; everything else about an address was set by somebody.
            yield f"{link['ifname']} {json.dumps(_stable({**address, 'tentative': None}), sort_keys=True)}"


def _wanted_routes(routes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All routes except the kernel's own in table local, which follow from the addresses, sometimes belatedly."""
    for route in routes:
        if (route.get("table"), route.get("protocol")) != ("local", "kernel"):
            yield route


def _rules(saved: str) -> list[str]:
    """Rules in order, each with its table and a number, since their order matters in a comparison."""
    table, lines = "", []
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":"):
            chain, policy, *_counters = line[1:].split()
            if policy != "ACCEPT":  # reading a table may create it
                lines.append(f"{table} {chain} policy {policy}")
        elif line.startswith(("-", "[")):
            lines.append(f"{table} {line}")
    return _numbered(lines)


def _numbered(lines: list[str]) -> list[str]:
    """Append to each rule its position in its chain."""
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


def _sysctls(text: str) -> list[str]:
    return sorted(line for line in text.splitlines() if not any(word in line for word in _VOLATILE_SYSCTLS))


def _is_namespace(path: str) -> bool:
    """Whether a file is a live namespace, which is the case for all files on nsfs."""
    return os.stat(path).st_dev == os.stat("/proc/self/ns/net").st_dev


def _tree(top: Path) -> Iterator[str]:
    """Files below a directory, with type, mode and content (for a namespace, which one it is)."""
    for directory, _directories, names in os.walk(top):
        for name in names:
            path = Path(directory, name)
            status = path.lstat()
            if path.is_symlink():
                yield f"{path} -> {os.readlink(path)}"
            elif _is_namespace(str(path)):
                yield f"{path} namespace {status.st_ino}"
            elif stat.S_ISREG(status.st_mode):
                # The records of nftables are named for the number of their namespace.
                shown = _NUMBERED.sub(r"\1N", str(path))
                yield f"{shown} {stat.filemode(status.st_mode)} {path.read_text(encoding='utf-8', errors='replace')!r}"
