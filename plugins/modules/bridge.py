#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge
short_description: Manage Linux bridges
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Makes, changes and removes a Linux bridge.
  - A bridge made here is marked by its alias, C(linuxnet:OWNER:), and by its link group. On a bridge without our mark only the options
    given are touched, and it is never removed.
  - A bridge made here ignores router advertisements, unless M(netplumb.linuxnet.interface) sets its C(accept_ra) otherwise.
  - Whether it is up, its addresses and its routes are managed by M(netplumb.linuxnet.interface), its ports by
    M(netplumb.linuxnet.bridge_port).
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netlink
options:
  name:
    description: &name
      - The interface's name, 1 to 15 bytes.
    type: str
  state:
    description: &state
      - With V(absent), a bridge of the same owner is removed. Ports that are not ours are left standing and named in a warning.
    type: str
    choices: [present, absent]
    default: present
  netns:
    description: &netns
      - The network namespace that the bridge lives in, a name or an absolute path; the host's own by default.
    type: str
  owner:
    description: &owner
      - Whose the bridge is, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.). Another owner's bridge is refused.
    type: str
    default: default
  mtu:
    description: &mtu
      - Largest packet in bytes, 68 to 65535. It then no longer follows the smallest MTU of the ports.
      - A new bridge gets 1500 where this is not given.
    type: int
  mac_address:
    description: &mac_address
      - The bridge's own MAC address, in quotes.
      - A bridge of ours without it has one that is derived from its name and the machine's ID, so that ports never change it.
    type: raw
  stp:
    description: &stp
      - Whether the spanning tree protocol is on.
    type: bool
  forward_delay:
    description: &forward_delay
      - Forward delay of the spanning tree in seconds, 2 to 30.
    type: int
  ageing_time:
    description: &ageing_time
      - Seconds after which a MAC address that was not heard of again is forgotten.
    type: int
  priority:
    description: &priority
      - The bridge's priority in the spanning tree, 0 to 65535.
    type: int
  multicast_snooping:
    description: &multicast_snooping
      - Whether multicast goes only to the ports that asked for it.
    type: bool
  vlan_filtering:
    description: &vlan_filtering
      - Whether the bridge heeds VLAN tags. The kernel must have been built with it.
    type: bool
  aggregate:
    description:
      - Many bridges at once. Options given beside it are the defaults of each.
    type: list
    elements: dict
    suboptions:
      name:
        description: *name
        type: str
      state:
        description: *state
        type: str
        choices: [present, absent]
      netns:
        description: *netns
        type: str
      owner:
        description: *owner
        type: str
      mtu:
        description: *mtu
        type: int
      mac_address:
        description: *mac_address
        type: raw
      stp:
        description: *stp
        type: bool
      forward_delay:
        description: *forward_delay
        type: int
      ageing_time:
        description: *ageing_time
        type: int
      priority:
        description: *priority
        type: int
      multicast_snooping:
        description: *multicast_snooping
        type: bool
      vlan_filtering:
        description: *vlan_filtering
        type: bool
seealso:
  - module: netplumb.linuxnet.bridge_port
  - module: netplumb.linuxnet.interface
"""

EXAMPLES = r"""
- name: Make a bridge
  netplumb.linuxnet.bridge:
    name: br0

- name: Make one with its own MAC address and MTU
  netplumb.linuxnet.bridge:
    name: br1
    mac_address: "02:42:ac:12:00:01"
    mtu: 1400
    stp: true
    forward_delay: 4

- name: Remove both
  netplumb.linuxnet.bridge:
    state: absent
    aggregate:
      - name: br0
      - name: br1
"""

RETURN = r"""
objects:
  description: The bridges, one entry per definition, in the order of the definitions.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      name: br0
      state: present
      changed: true
      alias: "linuxnet:default:"
      group: 1815741221
      mac_address: 8e:5f:0c:2a:71:30
  contains:
    netns:
      description: The namespace, or nothing for the host's own.
      type: str
    name:
      description: The name.
      type: str
    state:
      description: The state that was asked for.
      type: str
    changed:
      description: Whether this one was changed.
      type: bool
    mac_address:
      description: Its MAC address, where it is managed.
      type: str
    mtu:
      description: Its MTU, where it is managed.
      type: int
    stp:
      description: Whether it speaks the spanning tree protocol, where that is managed.
      type: bool
    forward_delay:
      description: Its forward delay in seconds, where it is managed.
      type: int
    ageing_time:
      description: For how many seconds it remembers where an address is, where that is managed.
      type: int
    priority:
      description: Its priority as a root of the spanning tree, where it is managed.
      type: int
    multicast_snooping:
      description: Whether it listens to who wants which multicast group, where that is managed.
      type: bool
    vlan_filtering:
      description: Whether it filters by VLAN, where that is managed.
      type: bool
    alias:
      description: The mark that tells whose it is. Missing where it is not ours.
      type: str
    group:
      description: The link group of its owner. Missing where it is not ours.
      type: int
diff:
  description: What differed, for changed definitions only.
  returned: in diff mode
  type: list
  elements: dict
  sample:
    - before:
        mtu: 1500
      after:
        mtu: 1400
      before_header: bridge br0
      after_header: bridge br0
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge import Bridge


def main() -> None:
    """Converge bridges."""
    run(Bridge())


if __name__ == "__main__":
    main()
