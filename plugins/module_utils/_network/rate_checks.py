# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Checks before the first change whether the kernel can limit endpoints."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.limits import DIRECTIONS
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network


def check(host: Host, network: Network, view: HostView) -> None:
    """Refuse rates that the kernel cannot keep, by setting some in a temporary namespace.

    Check mode does not, since the kernel may load modules for that.

    :raises Unchangeable: naming the option
    """
    if host.check_mode:
        return
    for word in DIRECTIONS:
        endpoint = next((one for one in network.endpoints if word in one.rates), None)
        if endpoint and not view.limits_somebody(word):
            from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import bandwidth_probe

            bandwidth_probe.refuse(host, f"{endpoint.path}.", [word])
