# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Resolver files: the host's own, and those that this collection writes for namespaces. Pure."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

#: The C library asks no more servers than these.
MOST_SERVERS = 3
_OURS = re.compile(
    rb"# Written by netplumb\.linuxnet (?:(as asked) |in place of the host's )for ([A-Za-z0-9_. -]+)\n(.*)", re.DOTALL
)


class Resolver(Value):
    """Which servers resolve names, and how."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        found = [f"nameserver {server}" for server in self.servers]
        if self.search:
            found.append(f"search {' '.join(self.search)}")
        if self.options:
            found.append(f"options {' '.join(self.options)}")
        return found


class ResolverFile(Value):
    """A namespace's file that this collection wrote.

    Either its content was requested for one owner, or it replaces the host's own, which has servers that the namespace
    cannot reach. Then several owners may need it.
    """

    owners: tuple[str, ...]
    asked: bool
    text: bytes

    @property
    def content(self) -> bytes:
        why = b"as asked" if self.asked else b"in place of the host's"
        return b"# Written by netplumb.linuxnet %s for %s\n%s" % (why, " ".join(self.owners).encode(), self.text)

    @property
    def lines(self) -> list[str]:
        return self.text.decode("utf-8", "surrogateescape").splitlines()

    def without(self, owner: str) -> ResolverFile | None:
        """The file without one owner's need of it; None if nobody needs it."""
        owners = tuple(other for other in self.owners if other != owner)
        return self.but(owners=owners) if owners else None


def text(resolver: Resolver) -> bytes:
    """The lines of a file."""
    return "".join(f"{line}\n" for line in resolver.lines).encode()


def parse_ours(content: bytes) -> ResolverFile | None:
    """Parse a file that this collection wrote; None for any other."""
    found = _OURS.fullmatch(content)
    return ResolverFile(tuple(found[2].decode().split()), found[1] is not None, found[3]) if found else None


def parse(content: str) -> Resolver:
    """Parse a resolver file as the C library does."""
    servers: list[str] = []
    search: list[str] = []
    options: list[str] = []
    for line in content.splitlines():
        word, *values = re.split(r"[#;]", line, maxsplit=1)[0].split() or [""]
        if word == "nameserver" and values:
            servers.append(values[0])
        elif word in ("search", "domain"):
            search = values
        elif word == "options":
            options += values
    return Resolver(tuple(servers), tuple(search), tuple(options))


def reachable(servers: t.Iterable[str]) -> tuple[str, ...]:
    """The servers that a namespace can reach: not those on a loopback address or a single link, which differ there."""
    return tuple(server for server in servers if _is_reachable(server))


def _is_reachable(server: str) -> bool:
    try:
        address = ipaddress.ip_address(server)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or "%" in server or address.is_link_local)
