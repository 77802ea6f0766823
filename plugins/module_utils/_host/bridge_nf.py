# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Whether the kernel shows bridged frames to iptables; it does where br_netfilter is loaded and told so."""

from __future__ import annotations

import collections

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader

_PATHS = {"ipv4": "net/bridge/bridge-nf-call-iptables", "ipv6": "net/bridge/bridge-nf-call-ip6tables"}


def families() -> list[str]:
    """The families of which it does, in the namespace of the calling thread."""
    return [family for family, path in _PATHS.items() if sysctl.read(path) not in (None, "0")]


def setting(family: str) -> str:
    """The setting that says so, by its name."""
    return _PATHS[family].replace("/", ".")


def carrying() -> list[str]:
    """The bridges, in the namespace of the calling thread, between whose ports something can pass."""
    with Reader() as reader:
        links = dumps.links(reader).values()
    ports = collections.Counter(link.master for link in links)
    return sorted(link.name for link in links if link.kind == "bridge" and ports[link.index] > 1)
