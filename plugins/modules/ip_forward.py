#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_forward
short_description: Manage IP forwarding
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Enables or disables the forwarding of packets, for all interfaces or for one, at once and optionally after every reboot.
  - By default, a host that forwards IPv6 ignores router advertisements and loses the default route that it has from them. Before
    this module enables IPv6 forwarding, it sets C(accept_ra) to V(2) on the interfaces that have a route by router advertisement.
  - A warning reports if forwarding is enabled for all interfaces while the policy of the chain C(FORWARD) is C(ACCEPT), since the host
    then routes between all of its interfaces.
  - A warning names an interface of the host that is up and does not forward although forwarding is enabled for all interfaces.
  - The switch itself has no owner. O(owner) is the owner of the file that O(persistent) writes.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netns
  - netplumb.linuxnet.common.owner
options:
  state:
    description:
      - Whether packets are forwarded.
    type: str
    choices: [enabled, disabled]
    default: enabled
  ip_version:
    description:
      - The IP versions to manage. V(both) skips a version that the kernel lacks.
    type: str
    choices: [ipv4, ipv6, both]
    default: ipv4
  interface:
    description:
      - Forward packets that arrive on this interface.
      - If omitted, on all interfaces, which overwrites the setting of each.
    type: str
  persistent:
    description:
      - Whether the setting survives a reboot, by a file for each IP version such as C(/etc/sysctl.d/90-linuxnet-OWNER-ipv4.conf) or, with
        O(interface), C(90-linuxnet-OWNER-ipv4-IFNAME.conf). V(false) removes such files of the same owner.
      - Mutually exclusive with O(netns).
    type: bool
    default: false
  aggregate:
    description:
      - A list of settings to manage in one call. Options given next to it are the defaults of each element.
    type: list
    elements: dict
    suboptions:
      state:
        description: See O(state).
        type: str
        choices: [enabled, disabled]
      ip_version:
        description: See O(ip_version).
        type: str
        choices: [ipv4, ipv6, both]
      interface:
        description: See O(interface).
        type: str
      persistent:
        description: See O(persistent).
        type: bool
      netns:
        description: See O(netns).
        type: str
      owner:
        description: See O(owner).
        type: str
seealso:
  - module: netplumb.linuxnet.bridge_forward
  - module: netplumb.linuxnet.masquerade
"""

EXAMPLES = r"""
- name: Forward IPv4, now and after every reboot
  netplumb.linuxnet.ip_forward:
    persistent: true

- name: Forward IPv4 and IPv6 until the next reboot
  netplumb.linuxnet.ip_forward:
    ip_version: both

- name: Do not forward IPv6
  netplumb.linuxnet.ip_forward:
    ip_version: ipv6
    state: disabled
"""

RETURN = r"""
objects:
  description: The settings, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      ip_version: both
      interface:
      ipv4: true
      ipv6: true
      persistent: false
      state: enabled
      changed: true
  contains:
    netns:
      description: The namespace, or V(null) for the host's own.
      type: str
    ip_version:
      description: The IP versions.
      type: str
    interface:
      description: The interface, or V(null) for all.
      type: str
    ipv4:
      description: Whether IPv4 is forwarded, if managed.
      type: bool
    ipv6:
      description: Whether IPv6 is forwarded, if managed.
      type: bool
    accept_ra:
      description: The interfaces whose C(accept_ra) was raised, each with its value.
      type: dict
    persistent:
      description: Whether the setting survives a reboot. Missing in a namespace.
      type: bool
    state:
      description: The requested state.
      type: str
    changed:
      description: Whether this one was changed.
      type: bool
diff:
  description: The differences, one entry per changed definition.
  returned: in diff mode
  type: list
  elements: dict
  sample:
    - before:
        ipv4: false
        persistent: false
      after:
        ipv4: true
        persistent: true
      before_header: ip_forward IPv4
      after_header: ip_forward IPv4
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.ip_forward import IpForward


def main() -> None:
    """Converge forwarding switches."""
    run(IpForward())


if __name__ == "__main__":
    main()
