# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What netfilter calls its tables."""

from __future__ import annotations

#: Those of iptables, in the order in which a packet meets them and in which they are written; taken down the other way
#: round. The nft backend keeps its rules in tables of nftables that are called the same.
TABLES = ("raw", "mangle", "nat", "filter")
