#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge
short_description: Manage Linux bridges
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Creates, changes and removes Linux bridges.
  - A bridge created by this module carries the alias C(linuxnet:OWNER:) and the link group of its owner. On a bridge without that
    mark, only the options given are changed, and it is never removed.
  - A bridge created by this module ignores router advertisements, unless O(netplumb.linuxnet.interface#module:sysctls) sets
    C(accept_ra) to something else.
  - Options that are omitted are not managed, except that a bridge of this owner always has a fixed MAC address.
  - Use M(netplumb.linuxnet.interface) to bring a bridge up and to manage its addresses and routes, and
    M(netplumb.linuxnet.bridge_port) to manage its ports.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netlink
  - netplumb.linuxnet.common.netns
  - netplumb.linuxnet.common.owner
options:
  name:
    description:
      - The name of the bridge, 1 to 15 bytes.
      - Required unless O(aggregate) is given.
    type: str
  state:
    description:
      - Whether the bridge exists.
      - V(absent) removes a bridge of the same owner. Ports that this collection did not create are left in place and named in a
        warning.
    type: str
    choices: [present, absent]
    default: present
  mtu:
    description:
      - The MTU in bytes, 68 to 65535. It then no longer follows the smallest MTU of the ports.
      - If omitted, a new bridge gets V(1500).
    type: int
  mac_address:
    description:
      - The MAC address of the bridge, such as V("02:42:ac:12:00:01"). Quote it.
      - If omitted, a bridge of this owner gets one derived from its name and the machine's ID, so that ports never change it.
    type: raw
  stp:
    description:
      - Whether the spanning tree protocol is enabled.
    type: bool
  forward_delay:
    description:
      - The forward delay of the spanning tree in seconds, 2 to 30. The kernel's default is V(15).
    type: int
  ageing_time:
    description:
      - The number of seconds after which an unused MAC address is forgotten, 0 to 1000000. The kernel's default is V(300).
    type: int
  priority:
    description:
      - The priority of the bridge in the spanning tree, 0 to 65535. The kernel's default is V(32768); the lowest becomes root.
    type: int
  multicast_snooping:
    description:
      - Whether multicast is forwarded only to the ports that asked for it.
    type: bool
  vlan_filtering:
    description:
      - Whether the bridge filters by VLAN. Requires a kernel built with VLAN filtering.
    type: bool
  aggregate:
    description:
      - A list of bridges to manage in one call. Options given next to it are the defaults of each element.
    type: list
    elements: dict
    suboptions:
      name:
        description: See O(name). Required in each element.
        type: str
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
      mtu:
        description: See O(mtu).
        type: int
      mac_address:
        description: See O(mac_address).
        type: raw
      stp:
        description: See O(stp).
        type: bool
      forward_delay:
        description: See O(forward_delay).
        type: int
      ageing_time:
        description: See O(ageing_time).
        type: int
      priority:
        description: See O(priority).
        type: int
      multicast_snooping:
        description: See O(multicast_snooping).
        type: bool
      vlan_filtering:
        description: See O(vlan_filtering).
        type: bool
      netns:
        description: See O(netns).
        type: str
      owner:
        description: See O(owner).
        type: str
seealso:
  - module: netplumb.linuxnet.bridge_port
  - module: netplumb.linuxnet.interface
"""

EXAMPLES = r"""
- name: Create a bridge
  netplumb.linuxnet.bridge:
    name: br0
  register: result

- name: Create a bridge with its own MAC address, MTU and spanning tree
  netplumb.linuxnet.bridge:
    name: br1
    owner: shop
    mac_address: "02:42:ac:12:00:01"
    mtu: 1400
    stp: true
    forward_delay: 4
    priority: 4096

- name: Remove both
  netplumb.linuxnet.bridge:
    state: absent
    aggregate:
      - name: br0
      - name: br1
        owner: shop
"""

RETURN = r"""
objects:
  description: The bridges, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      name: br1
      stp: true
      forward_delay: 4
      priority: 4096
      mtu: 1400
      mac_address: "02:42:ac:12:00:01"
      alias: "linuxnet:shop:"
      group: 1821216769
      state: present
      changed: true
  contains:
    netns:
      description: The namespace, or V(null) for the host's own.
      type: str
    name:
      description: The name.
      type: str
    mac_address:
      description: The MAC address, if managed.
      type: str
    mtu:
      description: The MTU, if managed.
      type: int
    stp:
      description: Whether the spanning tree protocol is enabled, if managed.
      type: bool
    forward_delay:
      description: The forward delay in seconds, if managed.
      type: int
    ageing_time:
      description: The ageing time in seconds, if managed.
      type: int
    priority:
      description: The priority in the spanning tree, if managed.
      type: int
    multicast_snooping:
      description: Whether multicast snooping is enabled, if managed.
      type: bool
    vlan_filtering:
      description: Whether VLAN filtering is enabled, if managed.
      type: bool
    alias:
      description: The mark with the owner. Missing if the object is not this collection's.
      type: str
    group:
      description: The link group of the owner. Missing if the object is not this collection's.
      type: int
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
    - before: {}
      after:
        stp: true
        forward_delay: 4
        priority: 4096
        mtu: 1400
        mac_address: "02:42:ac:12:00:01"
        alias: "linuxnet:shop:"
        group: 1821216769
      before_header: bridge br1
      after_header: bridge br1
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge import Bridge


def main() -> None:
    """Converge bridges."""
    run(Bridge())


if __name__ == "__main__":
    main()
