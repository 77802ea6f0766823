#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge_port
short_description: Manage the ports of a bridge
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Adds an interface to a bridge or removes it, and sets its properties as a port. The interface can be virtual or physical.
  - Options that are omitted are not managed.
  - A port of another bridge is moved. It starts there with the kernel's defaults.
  - The interface and the bridge have to exist; see M(netplumb.linuxnet.veth) and M(netplumb.linuxnet.bridge).
  - For interfaces of the host that this collection did not create, the owner of the port is recorded in C(/run/linuxnet/ports). An
    interface that has been renamed since is recognised by its index and MAC address.
  - If such a record was damaged by hand, a warning names the file, and the port counts as the bridge owner's.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netlink
  - netplumb.linuxnet.common.netns
  - netplumb.linuxnet.common.owner
options:
  interface:
    description:
      - The name of the interface.
      - Required unless O(aggregate) is given.
    type: str
  interface_owner:
    description:
      - The owner of the interface, if this collection created it for another one than O(owner). An interface of another owner is refused
        otherwise, unless it is V(default).
    type: str
  bridge:
    description:
      - The name of the bridge.
      - A bridge that was made by something else and has no MAC address of its own takes the lowest of its ports'. A warning says so if
        this one changes it.
      - Always required, either in each element of O(aggregate) or next to it.
    type: str
  state:
    description:
      - V(present) ensures that the interface is a port of the bridge.
      - V(absent) ensures that it is not. A port of another bridge stays there. An interface that O(owner) neither created nor added to
        the bridge is refused, unless the bridge belongs to O(owner).
    type: str
    choices: [present, absent]
    default: present
  hairpin:
    description:
      - Whether the port may send packets back to where they came from.
    type: bool
  isolated:
    description:
      - Whether the port exchanges packets only with ports that are not isolated.
    type: bool
  learning:
    description:
      - Whether the bridge learns MAC addresses from packets that arrive on the port.
    type: bool
  locked:
    description:
      - Whether the port drops packets from MAC addresses that the bridge does not know behind it, for example from O(fdb). With
        O(learning=false), nobody behind the port can use another MAC address.
      - Requires Linux 5.18. Older kernels cannot lock ports, which a warning reports.
    type: bool
  fdb:
    description:
      - The MAC addresses behind the port, such as V(["02:42:ac:12:00:02"]), entered like C(bridge fdb replace ... static sticky). Quote
        them.
      - They do not age, and no other port takes them over. Other static entries of the port are removed.
    type: list
    elements: raw
  flood:
    description:
      - Whether packets to unknown MAC addresses leave by the port.
    type: bool
  guard:
    description:
      - Whether the port drops packets of the spanning tree protocol (BPDU guard).
    type: bool
  cost:
    description:
      - The path cost of the port in the spanning tree, 1 to 65535.
    type: int
  priority:
    description:
      - The priority of the port in the spanning tree, 0 to 63. The kernel's default is V(32).
    type: int
  vlans:
    description:
      - The VLANs that leave the port with a tag, such as V([10, 20]). Other VLANs are removed from the port.
      - Requires a kernel built with VLAN filtering.
    type: list
    elements: int
  pvid:
    description:
      - The VLAN of packets without a tag.
    type: int
  aggregate:
    description:
      - A list of ports to manage in one call. Options given next to it are the defaults of each element.
    type: list
    elements: dict
    suboptions:
      interface:
        description: See O(interface). Required in each element.
        type: str
      interface_owner:
        description: See O(interface_owner).
        type: str
      bridge:
        description: See O(bridge).
        type: str
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
      hairpin:
        description: See O(hairpin).
        type: bool
      isolated:
        description: See O(isolated).
        type: bool
      learning:
        description: See O(learning).
        type: bool
      locked:
        description: See O(locked).
        type: bool
      fdb:
        description: See O(fdb).
        type: list
        elements: raw
      flood:
        description: See O(flood).
        type: bool
      guard:
        description: See O(guard).
        type: bool
      cost:
        description: See O(cost).
        type: int
      priority:
        description: See O(priority).
        type: int
      vlans:
        description: See O(vlans).
        type: list
        elements: int
      pvid:
        description: See O(pvid).
        type: int
      netns:
        description: See O(netns).
        type: str
      owner:
        description: See O(owner).
        type: str
seealso:
  - module: netplumb.linuxnet.bridge
  - module: netplumb.linuxnet.veth
"""

EXAMPLES = r"""
- name: Create a bridge
  netplumb.linuxnet.bridge:
    name: br0

- name: Create two veth pairs
  netplumb.linuxnet.veth:
    aggregate:
      - {name: left, peer_name: left-end}
      - {name: right, peer_name: right-end}

- name: Add one end of each to the bridge
  netplumb.linuxnet.bridge_port:
    bridge: br0
    aggregate:
      - interface: left
      - interface: right
        isolated: true
        hairpin: true

- name: Accept packets from a single MAC address on a port
  netplumb.linuxnet.bridge_port:
    bridge: br0
    interface: left
    learning: false
    locked: true
    fdb: ["02:42:ac:12:00:02"]

- name: Remove a port from the bridge
  netplumb.linuxnet.bridge_port:
    bridge: br0
    interface: left
    state: absent
"""

RETURN = r"""
objects:
  description: The ports, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      interface: right
      bridge: br0
      hairpin: true
      isolated: true
      state: present
      changed: true
  contains:
    netns:
      description: The namespace, or V(null) for the host's own.
      type: str
    interface:
      description: The interface.
      type: str
    bridge:
      description: The bridge. Missing with O(state=absent).
      type: str
    hairpin:
      description: As O(hairpin), if managed.
      type: bool
    isolated:
      description: As O(isolated), if managed.
      type: bool
    learning:
      description: As O(learning), if managed.
      type: bool
    locked:
      description: As O(locked), if managed and supported by the kernel.
      type: bool
    fdb:
      description: As O(fdb), if managed.
      type: list
      elements: str
    flood:
      description: As O(flood), if managed.
      type: bool
    guard:
      description: As O(guard), if managed.
      type: bool
    cost:
      description: As O(cost), if managed.
      type: int
    priority:
      description: As O(priority), if managed.
      type: int
    vlans:
      description: As O(vlans), if managed.
      type: list
      elements: int
    pvid:
      description: As O(pvid), if managed.
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
    - before:
        bridge: br0
        learning: true
        locked: false
        fdb: []
      after:
        bridge: br0
        learning: false
        locked: true
        fdb: ["02:42:ac:12:00:02"]
      before_header: port left of bridge br0
      after_header: port left of bridge br0
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_port import BridgePort


def main() -> None:
    """Converge the ports of bridges."""
    run(BridgePort())


if __name__ == "__main__":
    main()
