# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner by itself, from the role's variables to the plan."""

from __future__ import annotations

from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import egress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.plan import absent, plan_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_network import (
    is_absent,
    network_name,
    options_of,
    read_network,
)


def make_plan(variables: object, info: Any, check_mode: bool = False) -> dict[str, Any]:
    """The plan for one network by the role's variables.

    :param variables: the role's variables without their prefix ``bridge_network_``
    :param info: the result of the module ``netns_info``
    :param check_mode: whether missing interfaces and bridges of the host are only warnings
    :raises LinuxnetError: for input that is invalid, or impossible on this host
    """
    section = options_of(variables, "bridge_network_")
    if is_absent(section):
        return absent(HostView(info, network_name(section)))
    network = read_network(section)
    directory = egress.Directory([network], info)
    return plan_of(network, HostView(info, network.name), check_mode, directory)
