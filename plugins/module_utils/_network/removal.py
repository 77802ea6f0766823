# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The removal of a whole network, as absent definitions.

Each kind knows what exists of it and how it is removed.
"""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Element
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import ORDER, RESOURCES


class Teardown(Value):
    """The removal of a network: the absent definitions of each module, and sentences for the user.

    ``persistent`` is whether the network would come back after a reboot.
    """

    modules: dict[str, list[Element]]
    warnings: list[str]
    summary: list[str]
    persistent: bool


def teardown(view: HostView) -> Teardown:
    """The removal of the network that is named like the view's owner."""
    return Teardown(
        everything(view),
        _warnings(view),
        _summary(view),
        view.persistent,
    )


def _warnings(view: HostView) -> list[str]:
    name = view.owner
    strangers = sorted(
        str(port["name"]) for bridge in view.our_bridges() for port in view.ports_of(bridge) if view.is_foreign(port)
    )
    found = view.odd_links()
    if strangers:
        found.append(f"{', '.join(strangers)}: foreign ports of the removed bridge {name}, left in place")
    if name in view.interfaces and view.owner_of(view.interfaces[name]) is None and view.our_rules("forward"):
        found.append(
            f"{name}: the bridge no longer has the mark of this network and is left in place, without its rules"
        )
    return found


def _summary(view: HostView) -> list[str]:
    """What is removed, and what stays on purpose."""
    forwarding = [word.replace("ip", "IP") for word in FAMILIES if view.forwards(word)]
    stays = f"{' and '.join(forwarding)} forwarding stays on, because others may rely on it"
    return [f"{view.owner}: absent", *([stays] if forwarding else [])]


def everything(view: HostView) -> dict[str, list[Element]]:
    """The absent definitions for everything that the network has, by module, in the order of removal."""
    return {name: RESOURCES[name].left(view) for name in ORDER["absent"]}
