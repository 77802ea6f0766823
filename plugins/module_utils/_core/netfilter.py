# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The tables of netfilter, and what its programs can be told."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused

#: The tables of iptables, in the order in which packets pass them. They are written in this order and cleared in the
#: reverse order. The nft backend uses nftables tables of the same names.
TABLES = ("raw", "mangle", "nat", "filter")


def quoted(interface: str) -> str:
    """An interface's name in a rule of nftables."""
    if not interface.isprintable() or not interface.isascii() or '"' in interface or interface.endswith("*"):
        raise Refused(f"{interface!r} is a name of an interface that nftables cannot match; rename the interface")
    return f'"{interface}"'
