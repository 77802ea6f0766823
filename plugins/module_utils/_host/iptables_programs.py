# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Runs the programs of iptables. A table's text is read once and kept until this process changes the table."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.programs import Completed

_PROGRAM = {"ipv4": "iptables", "ipv6": "ip6tables"}
WORD = {"ipv4": "IPv4", "ipv6": "IPv6"}
#: Seconds to wait for the xtables lock.
_PATIENCE = "10"


class NoTable(KernelRefused):
    """The kernel has no such table, so it contains no rules."""


def program(family: str) -> str:
    """The name of the program for this family."""
    return _PROGRAM[family]


def has_family(host: Host, ref: str | None, family: str) -> bool:
    """Whether the kernel has this family: IPv6 can be disabled at boot."""
    return family == "ipv4" or host.run(ref, lambda: sysctl.read("net/ipv6/conf/all/forwarding")) is not None


def installed(host: Host, family: str) -> bool:
    """Whether the programs of this family are installed. If one fails to run, reading reports that."""
    return _version(host, family) is not None


def other_backend(host: Host, family: str) -> str:
    """The backend that this host's program does not use. A program that names none predates nf_tables."""
    return "legacy" if "nf_tables" in (_version(host, family) or "") else "nft"


def _version(host: Host, family: str) -> str | None:
    place = ("iptables version", family)
    if place not in host.memory:
        try:
            host.memory[place] = host.command(None, [_PROGRAM[family] + "-save", "--version"]).out
        except FileNotFoundError:
            host.memory[place] = None
    found = host.memory[place]
    return None if found is None else str(found)


def legacy_rules(host: Host, ref: str | None, family: str) -> bool:
    """Whether the legacy backend has rules or a DROP policy; if its program is missing, whether it has tables."""
    try:
        saved = host.command(ref, [_PROGRAM[family] + "-legacy-save"]).out
    except FileNotFoundError:
        return True
    return any(line.startswith("-A ") or " DROP " in line for line in saved.splitlines())


def save(host: Host, ref: str | None, family: str, name: str) -> str:
    """The content of the table, read again only after a change by this process."""
    place = _place(host, ref, family, name)
    if place not in host.memory:
        host.memory[place] = _save(host, ref, family, name)
    return str(host.memory[place])


def _place(host: Host, ref: str | None, family: str, name: str) -> t.Hashable:
    return ("rules", host.identity(ref), family, name)


def _save(host: Host, ref: str | None, family: str, name: str) -> str:
    what = f"read the {WORD[family]} rules of table {name}"
    done = _start(host, ref, _PROGRAM[family] + "-save", ["-t", name], what)
    if done.rc:
        error = NoTable if "Table does not exist" in done.err else KernelRefused
        raise error(f"cannot {what}: {_reason(done, None)}")
    if "is incompatible, use 'nft' tool" in done.out:
        raise KernelRefused(
            f"cannot {what}: the table was created by nft, and iptables cannot show it; move its content to a "
            "table of another name"
        )
    return done.out


class TooLong(KernelRefused):
    """The kernel does not accept so many edits at once."""


def restore(host: Host, ref: str | None, family: str, name: str, text: str) -> None:
    """Edit one table with ``iptables-restore`` input, which applies all of it or nothing. Raises TooLong."""
    host.memory.pop(_place(host, ref, family, name), None)
    what = f"change the {WORD[family]} rules of table {name}"
    done = _start(host, ref, _PROGRAM[family] + "-restore", ["--noflush", "-w", _PATIENCE], what, text)
    if done.rc:
        error = TooLong if "Message too long" in done.err else KernelRefused
        raise error(f"cannot {what}: {_reason(done, text)}")


def _start(
    host: Host, ref: str | None, program: str, arguments: t.Sequence[str], what: str, stdin: str | None = None
) -> Completed:
    try:
        return host.command(ref, [program, *arguments], stdin)
    except FileNotFoundError:
        raise KernelRefused(f"cannot {what}: {program} is not installed; install iptables") from None


def _reason(done: Completed, stdin: str | None) -> str:
    """The program's error, without its advice to read the manual."""
    said = [
        line.strip() for line in done.err.splitlines() if line.strip() and not line.startswith(("Try `", "# Warning"))
    ]
    text = "; ".join(said)
    if "ermission denied" in text or "not permitted" in text:
        return "permission denied: CAP_NET_ADMIN over the namespace is needed"
    if "initialize table" in text or "Table does not exist" in text:
        return f"this kernel has no such table ({text})"
    line = _failed_line(text, stdin)
    return (f"{text} ({line})" if line else text) or f"exit code {done.rc}"


def _failed_line(text: str, stdin: str | None) -> str | None:
    """The input line whose number the error names."""
    numbers = [word.rstrip(":") for before, word in zip(text.split(), text.split()[1:]) if before in ("line", "line:")]
    lines = (stdin or "").splitlines()
    if numbers and numbers[0].isdigit() and 0 < int(numbers[0]) <= len(lines):
        return lines[int(numbers[0]) - 1]
    return None
