# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Whether the kernel passes bridged frames to iptables, which it does if br_netfilter is loaded and enabled."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links

_PATHS = {"ipv4": "net/bridge/bridge-nf-call-iptables", "ipv6": "net/bridge/bridge-nf-call-ip6tables"}


def families() -> list[str]:
    """The families for which it does, in the calling thread's namespace."""
    return [family for family, path in _PATHS.items() if sysctl.read(path) not in (None, "0")]


def setting(family: str) -> str:
    """The dotted name of the setting."""
    return _PATHS[family].replace("/", ".")


def carrying(host: Host, ref: str | None) -> dict[str, tuple[IPNetwork, ...]]:
    """The bridges of a namespace that forward between at least two ports.

    With the networks of their own addresses, which are the only hint at who is behind them.
    """
    known = host.known(host.identity(ref))
    found, given = (known.links, known.addresses) if known else host.run(ref, _look)
    links, addresses = found.values(), [one for one in given if one.scope != "link"]
    ports = collections.Counter(link.master for link in links)
    bridges = sorted((link.name, link.index) for link in links if link.kind == "bridge" and ports[link.index] > 1)
    return {name: tuple(one.address.network for one in addresses if one.index == index) for name, index in bridges}


def _look() -> tuple[Links, t.Sequence[Address]]:
    with Reader() as reader:
        return dumps.links(reader), dumps.addresses(reader)
