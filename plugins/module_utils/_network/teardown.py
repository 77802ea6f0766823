# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The end of a whole network, found by its mark."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import info
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.removal import Teardown, teardown


def end_of(host: Host, owner: str) -> Teardown:
    """Taking away all that carries an owner's mark, as the host looks now; what is inside namespaces does not count.

    :raises Refused: where there is something and its rules cannot be seen
    """
    # With the marks of all: a namespace that another network has a claim on, too, stays, so its links are to go.
    told = info.view(host, info.Wish(contents=False))
    end = teardown(HostView(told, owner))
    if "iptables" in told["host"]["missing"] and any(end.modules.values()):
        raise Refused(f"iptables is not installed, but is needed to remove the rules of {owner}")
    return end
