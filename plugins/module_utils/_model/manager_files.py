# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The files that tell network managers to leave links alone: one per manager and owner."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

_LAST = ". Written by netplumb.linuxnet.unmanaged_links."
_BRACKETED = re.compile(r"\[(.)\]")


class Manager(Value):
    """A program that configures the links of a host.

    name: its name, which is also that of its systemd unit.
    trace: a path that exists once it has started.
    volatile, lasting: the directories of its files, without and with persistence.
    links: the directory of its state files, one per link, named by index.
    managing: the line in such a file if the link is managed.
    """

    name: str
    trace: str
    volatile: str
    lasting: str
    suffix: str
    links: str
    managing: t.Pattern[str]

    def path(self, owner: str, persistent: bool) -> str:
        """The path of the file of an owner."""
        return f"{self.lasting if persistent else self.volatile}/{self.file_name(owner)}"

    def file_name(self, owner: str) -> str:
        """The file's name. The first match decides, and this sorts before all names with two leading digits."""
        return f"0-linuxnet-{owner}.{self.suffix}"

    def text(self, owner: str, interfaces: t.Sequence[str]) -> str:
        """The text of the file, which is recognised by its first line."""
        written = _networkd(interfaces) if self is NETWORKD else _network_manager(owner, interfaces)
        return f"{self._first_words()}{owner}{_LAST}\n{written}"

    def owner_of(self, text: str) -> str | None:
        """The owner of a file, None for a foreign one."""
        found = re.match(f"{re.escape(self._first_words())}(.+){re.escape(_LAST)}\n", text)
        return found.group(1) if found else None

    def interfaces_in(self, text: str) -> list[str]:
        """The interfaces in a file."""
        if self is NETWORKD:
            return [_BRACKETED.sub(r"\1", name) for name in re.findall(r"^Name=(.+)$", text, re.MULTILINE)]
        line = re.search(r"^match-device=(.*)$", text, re.MULTILINE)
        return [entry.partition(":")[2][1:] for entry in line.group(1).split(";")] if line else []

    def _first_words(self) -> str:
        return f"# Links that {self.name} shall leave alone, of owner "


NETWORKD = Manager(
    name="systemd-networkd",
    trace="/run/systemd/netif/state",
    volatile="/run/systemd/network",
    lasting="/etc/systemd/network",
    suffix="network",
    links="/run/systemd/netif/links",
    managing=re.compile(r"^ADMIN_STATE=(configuring|configured|failed|linger)$", re.MULTILINE),
)
NETWORK_MANAGER = Manager(
    name="NetworkManager",
    trace="/run/NetworkManager/devices",
    volatile="/run/NetworkManager/conf.d",
    lasting="/etc/NetworkManager/conf.d",
    suffix="conf",
    links="/run/NetworkManager/devices",
    managing=re.compile(r"^managed=true$", re.MULTILINE),
)
MANAGERS = (NETWORKD, NETWORK_MANAGER)


def _networkd(interfaces: t.Sequence[str]) -> str:
    """One name per line, so that differences are easy to read, with pattern characters in brackets."""
    names = "".join(f"Name={re.sub(r'([*?[])', '[' + chr(92) + '1]', name)}\n" for name in interfaces)
    return f"[Match]\n{names}\n[Link]\nUnmanaged=yes\n"


def _network_manager(owner: str, interfaces: t.Sequence[str]) -> str:
    """Two settings: the first applies to existing links, unless a later file overrides it.

    A comma or semicolon would end the name, so it is replaced by a wildcard.
    """
    entries = [
        f"interface-name:~{re.sub('[,;]', '?', name)}" if re.search("[,;]", name) else f"interface-name:={name}"
        for name in interfaces
    ]
    listed = ";".join(entries)
    return f"[keyfile]\nunmanaged-devices+={listed}\n\n[device-linuxnet-{owner}]\nmatch-device={listed}\nmanaged=0\n"
