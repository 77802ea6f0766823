# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Chooses the firewall that modules write rules with. Only this folder names one."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Firewall
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.firewall import Iptables


def chosen() -> Firewall:
    return Iptables()
