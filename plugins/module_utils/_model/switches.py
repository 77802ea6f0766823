# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The forwarding settings, and the files that make them persistent."""

from __future__ import annotations

import re
import typing as t

WORD = {"ipv4": "IPv4", "ipv6": "IPv6"}
_ALL = {"ipv4": "net/ipv4/ip_forward", "ipv6": "net/ipv6/conf/all/forwarding"}
_HEEDING = re.compile(r"net/ipv6/conf/([^/\s]+)/accept_ra = 2")


def path(family: str, interface: str | None) -> str:
    """The path of the forwarding setting, for all interfaces or for one."""
    return _ALL[family] if interface is None else f"net/{family}/conf/{interface}/forwarding"


class File(t.NamedTuple):
    """The file of one setting of one owner."""

    owner: str
    family: str
    interface: str | None

    @property
    def name(self) -> str:
        return f"90-linuxnet-{self.owner}-{self.family}{f'-{self.interface}' if self.interface else ''}.conf"

    def _first_line(self) -> str:
        where = f" of {self.interface}" if self.interface else ""
        return f"# {WORD[self.family]} forwarding{where}, set by netplumb.linuxnet.ip_forward for owner {self.owner}"

    def wrote(self, text: str) -> bool:
        """Whether a file was written for this owner."""
        return text.splitlines()[:1] == [self._first_line()]

    def text(self, value: str, heeding: t.Iterable[str], current: str | None) -> str:
        """The text of the file.

        Settings are written with slashes, since an interface name may contain a dot.

        :param heeding: interfaces that need accept_ra=2 to keep an advertised route; it is written before the switch.
            Those already in the file stay there, since advertised routes come and go
        """
        known = (
            set(_HEEDING.findall(current)) if current is not None and self.wrote(current) and value == "1" else set()
        )
        lines = [f"net/ipv6/conf/{name}/accept_ra = 2" for name in sorted({*heeding, *known})]
        return "\n".join([self._first_line(), *lines, f"{path(self.family, self.interface)} = {value}", ""])
