# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The tables of netfilter."""

from __future__ import annotations

#: The tables of iptables, in the order in which packets pass them. They are written in this order and cleared in the
#: reverse order. The nft backend uses nftables tables of the same names.
TABLES = ("raw", "mangle", "nat", "filter")
