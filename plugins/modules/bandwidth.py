#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bandwidth
short_description: Limit how fast an endpoint sends and receives
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Limits the traffic of a veth pair at one of its ends. Ingress is what the other end receives, egress what it sends, as in the C(bandwidth)
    plugin of CNI. If this end is on the host and the other one in a namespace, root there cannot lift the limits.
  - What the other end receives is limited by a queueing discipline C(tbf) on the interface. What it sends is redirected to a device of the
    kind C(ifb) with such a discipline, whose name begins with V(i) and the name of the interface.
  - A direction without a rate is not limited, even if it was before.
  - Packets that exceed the rate wait up to 50 ms, and are dropped then. TCP adapts to that.
  - Queueing disciplines and filters of others are never removed. If one is in the place of the limit, the module fails with the command that
    removes it. The kernel's default is not somebody else's. Disciplines and filters of this module have the number C(6c6e), and what was
    changed in them by hand is repaired.
  - The limits go with the interface, except for the C(ifb) device, which O(state=absent) removes.
  - The interface has to exist; see M(netplumb.linuxnet.veth).
  - Requires a kernel with the parts C(tbf), and for the egress also C(ifb), C(ingress), C(u32) and C(mirred), which every distribution
    builds, mostly as modules. Some have them in an additional package. When the kernel loads its module C(ifb), that creates C(ifb0) and
    C(ifb1), which this collection does not use.
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
      - The name of this end of the veth pair.
      - Required unless O(aggregate) is given.
    type: str
  state:
    description:
      - V(present) ensures these limits.
      - V(absent) ensures that there is none of this module's, whether or not the interface exists.
    type: str
    choices: [present, absent]
    default: present
  ingress_rate:
    description:
      - How fast the other end receives, from V(8kbit) to V(32gbit), with one of C(tc)'s units, such as V(100mbit), V(1gbit), or
        V(12mbps) for bytes per second. This or O(egress_rate) is required with O(state=present).
      - The frames with their Ethernet headers count, so TCP transfers about 4 percent less with an MTU of 1500.
    type: raw
  ingress_burst:
    description:
      - How much may be received faster than that after a pause, with one of C(tc)'s units, such as V(256kb). It has to be larger than a frame.
      - By default, it is what the rate lets through in 10 ms, but at least V(32kb), or at slow rates what it lets through in a quarter of a
        second.
    type: raw
  egress_rate:
    description:
      - How fast the other end sends, like O(ingress_rate).
    type: raw
  egress_burst:
    description:
      - How much may be sent faster than that after a pause, like O(ingress_burst).
    type: raw
  aggregate:
    description:
      - A list of interfaces to limit in one call. Options given next to it are the defaults of each element.
    type: list
    elements: dict
    suboptions:
      interface:
        description: See O(interface). Required in each element.
        type: str
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
      ingress_rate:
        description: See O(ingress_rate).
        type: raw
      ingress_burst:
        description: See O(ingress_burst).
        type: raw
      egress_rate:
        description: See O(egress_rate).
        type: raw
      egress_burst:
        description: See O(egress_burst).
        type: raw
      netns:
        description: See O(netns).
        type: str
      owner:
        description: See O(owner).
        type: str
seealso:
  - module: netplumb.linuxnet.bridge_network
  - module: netplumb.linuxnet.veth
"""

EXAMPLES = r"""
- name: Create a namespace
  netplumb.linuxnet.netns:
    name: web

- name: Create a veth pair
  netplumb.linuxnet.veth:
    name: vweb
    peer_netns: web
    peer_name: eth0

- name: Have the namespace receive at most 100 Mbit/s, and send 20 Mbit/s
  netplumb.linuxnet.bandwidth:
    interface: vweb
    ingress_rate: 100mbit
    egress_rate: 20mbit
    egress_burst: 64kb

- name: Limit only what it sends
  netplumb.linuxnet.bandwidth:
    aggregate:
      - interface: vweb
        egress_rate: 50mbit

- name: Lift the limits
  netplumb.linuxnet.bandwidth:
    interface: vweb
    state: absent
"""

RETURN = r"""
objects:
  description: The interfaces, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      interface: vweb
      ingress_rate: 100mbit
      ingress_burst: 125000b
      ingress_queue: 750000
      egress_rate: 20mbit
      egress_burst: 64kb
      egress_queue: 190536
      ifb: ivweb-xvddtvep
      alias: "linuxnet:default:vweb"
      group: 1815587054
      enabled: true
      redirected: true
      state: present
      changed: true
  contains:
    netns:
      description: The namespace, or V(null) for the host's own.
      type: str
    interface:
      description: The interface.
      type: str
    ingress_rate:
      description: As O(ingress_rate), in the largest unit without a fraction. Missing if this direction is not limited, like the next two.
      type: str
    ingress_burst:
      description: As O(ingress_burst), rounded up to what the rate lets through in a whole number of microseconds.
      type: str
    ingress_queue:
      description: How many bytes may wait, including a burst.
      type: int
    egress_rate:
      description: As O(egress_rate). Missing if this direction is not limited, like everything that follows.
      type: str
    egress_burst:
      description: As O(egress_burst), rounded like RV(objects[].ingress_burst).
      type: str
    egress_queue:
      description: How many bytes may wait, including a burst.
      type: int
    ifb:
      description: The name of the device that limits what the interface receives.
      type: str
    alias:
      description: The alias of this device, which marks its owner and names the interface.
      type: str
    group:
      description: The link group of this device.
      type: int
    enabled:
      description: Whether this device is up.
      type: bool
    redirected:
      description: Whether everything that the interface receives is redirected to this device.
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
        ingress_rate: 100mbit
        ingress_burst: 125000b
        ingress_queue: 750000
        egress_rate: 20mbit
        egress_burst: 64kb
        egress_queue: 190536
        ifb: ivweb-xvddtvep
        alias: "linuxnet:default:vweb"
        group: 1815587054
        enabled: true
        redirected: true
      after:
        egress_rate: 50mbit
        egress_burst: 62500b
        egress_queue: 375000
        ifb: ivweb-xvddtvep
        alias: "linuxnet:default:vweb"
        group: 1815587054
        enabled: true
        redirected: true
      before_header: bandwidth of vweb
      after_header: bandwidth of vweb
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bandwidth import Bandwidth


def main() -> None:
    """Converge the limits of interfaces."""
    run(Bandwidth())


if __name__ == "__main__":
    main()
