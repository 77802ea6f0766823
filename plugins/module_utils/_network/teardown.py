# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Removes a whole network, found by its mark."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import requirements
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import info
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.removal import Teardown, teardown


def end_of(host: Host, owner: str) -> Teardown:
    """The removal of everything with an owner's mark, regardless of what is inside namespaces.

    :raises Refused: if there is something and its rules cannot be read
    """
    # Reads the marks of all owners: a namespace that another network also claims stays, so its links have to be
    # removed.
    told = info.view(host, info.Want(contents=False))
    end = teardown(HostView(told, owner))
    lacking = requirements.lacking_for(told["host"]["rules"], owner)
    if lacking:
        raise Refused(f"{lacking} is not installed, but is needed to remove the rules of {owner}")
    return end
