# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Which firewall carries out what is wanted. Nobody but those in this folder knows one by name."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Firewall
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.firewall import Iptables


def chosen() -> Firewall:
    """That of this host."""
    return Iptables()
