#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge_port
short_description: Manage which interfaces are ports of a bridge
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Puts an interface on a bridge or takes it off, and sets the properties that it has as a port. Physical interfaces
    are taken as well as
    virtual ones.
  - Only the properties given are managed.
  - A port of another bridge is moved, and then begins with the kernel's defaults.
  - Interface and bridge are made by others, for example by M(netplumb.linuxnet.veth) and M(netplumb.linuxnet.bridge).
  - Whose membership it is of an interface of the host that we did not make, is remembered below C(/run/linuxnet/ports).
    One that was renamed since is known by its index and MAC address.
  - Where such a record was damaged by hand, a warning names the file, and the mark of the bridge that the interface is on tells
    whose port it is.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netlink
options:
  interface:
    description: &interface
      - The name of the interface that is to be a port.
    type: str
  bridge:
    description: &bridge
      - The name of the bridge. Required, beside O(aggregate) or in its elements.
    type: str
  state:
    description: &state
      - With V(present), the interface is a port of the bridge.
      - With V(absent), it is not. A port of another bridge stays there. What O(owner) neither made nor put on the bridge is refused,
        unless the bridge is O(owner)'s.
    type: str
    choices: [present, absent]
    default: present
  netns:
    description: &netns
      - The network namespace of both, a name or an absolute path; the host's own by default.
    type: str
  owner:
    description: &owner
      - Whose the membership is, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.).
      - An interface of the host that is another owner's is refused.
    type: str
    default: default
  hairpin:
    description: &hairpin
      - Whether packets may leave by the port they came from.
    type: bool
  isolated:
    description: &isolated
      - Whether the port exchanges packets only with ports that are not isolated.
    type: bool
  learning:
    description: &learning
      - Whether the bridge learns MAC addresses from the port's packets.
    type: bool
  locked:
    description: &locked
      - Whether the port drops packets from MAC addresses that the bridge does not find behind it, by O(fdb) for example. Together
        with O(learning=false) nobody behind it can speak in another's name.
      - Linux 5.18 can do that. Older kernels cannot, and a warning says so.
    type: bool
  fdb:
    description: &fdb
      - The MAC addresses, in quotes, that the bridge is told to find behind the port, as by C(bridge fdb replace ... static sticky).
        They do not age, and no other port takes them over. Other static ones are taken off the port.
    type: list
    elements: raw
  flood:
    description: &flood
      - Whether packets for unknown MAC addresses leave by the port.
    type: bool
  guard:
    description: &guard
      - Whether the port drops packets of the spanning tree protocol.
    type: bool
  cost:
    description: &cost
      - Path cost in the spanning tree, 1 to 65535.
    type: int
  priority:
    description: &priority
      - Priority in the spanning tree, 0 to 63.
    type: int
  vlans:
    description: &vlans
      - VLANs whose packets pass with a tag; others are taken off the port. The kernel must have been built with VLAN
        filtering.
    type: list
    elements: int
  pvid:
    description: &pvid
      - The VLAN that packets without a tag belong to.
    type: int
  aggregate:
    description:
      - Many ports at once. Options given beside it are the defaults of each.
    type: list
    elements: dict
    suboptions:
      interface:
        description: *interface
        type: str
      bridge:
        description: *bridge
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
      hairpin:
        description: *hairpin
        type: bool
      isolated:
        description: *isolated
        type: bool
      learning:
        description: *learning
        type: bool
      locked:
        description: *locked
        type: bool
      fdb:
        description: *fdb
        type: list
        elements: raw
      flood:
        description: *flood
        type: bool
      guard:
        description: *guard
        type: bool
      cost:
        description: *cost
        type: int
      priority:
        description: *priority
        type: int
      vlans:
        description: *vlans
        type: list
        elements: int
      pvid:
        description: *pvid
        type: int
seealso:
  - module: netplumb.linuxnet.bridge
  - module: netplumb.linuxnet.veth
"""

EXAMPLES = r"""
- name: Make a bridge
  netplumb.linuxnet.bridge:
    name: br0

- name: Make two pairs
  netplumb.linuxnet.veth:
    aggregate:
      - {name: left, peer_name: left-end}
      - {name: right, peer_name: right-end}

- name: Put one end of each on the bridge
  netplumb.linuxnet.bridge_port:
    bridge: br0
    aggregate:
      - interface: left
      - interface: right
        isolated: true
        hairpin: true

- name: Let nobody behind a port speak from another MAC address than this one
  netplumb.linuxnet.bridge_port:
    bridge: br0
    interface: left
    learning: false
    locked: true
    fdb: ["02:42:ac:12:00:02"]

- name: Take one off again
  netplumb.linuxnet.bridge_port:
    bridge: br0
    interface: left
    state: absent
"""

RETURN = r"""
objects:
  description: The ports, one entry per definition, in the order of the definitions.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      interface: right
      bridge: br0
      state: present
      changed: true
      hairpin: true
      isolated: true
  contains:
    netns:
      description: The namespace, or nothing for the host's own.
      type: str
    interface:
      description: The interface.
      type: str
    bridge:
      description: The bridge. Missing where it is absent.
      type: str
    state:
      description: The state that was asked for.
      type: str
    changed:
      description: Whether this one was changed.
      type: bool
    hairpin:
      description: As the option, as are the following; missing where it is not managed.
      type: bool
    isolated:
      description: As the option.
      type: bool
    learning:
      description: As the option.
      type: bool
    locked:
      description: As the option. Missing, too, where the kernel cannot lock ports.
      type: bool
    fdb:
      description: As the option.
      type: list
      elements: str
    flood:
      description: As the option.
      type: bool
    guard:
      description: As the option.
      type: bool
    cost:
      description: As the option.
      type: int
    priority:
      description: As the option.
      type: int
    vlans:
      description: As the option.
      type: list
      elements: int
    pvid:
      description: As the option.
      type: int
diff:
  description: What differed, for changed definitions only.
  returned: in diff mode
  type: list
  elements: dict
  sample:
    - before:
        bridge: br1
        hairpin: false
      after:
        bridge: br0
        hairpin: true
      before_header: port right of bridge br0
      after_header: port right of bridge br0
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_port import BridgePort


def main() -> None:
    """Converge the ports of bridges."""
    run(BridgePort())


if __name__ == "__main__":
    main()
