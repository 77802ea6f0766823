#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: port_guard
short_description: Hold a bridge's port to the addresses of the machine behind it
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Drops what a machine behind a port sends in the name of others, to whatever port, before the bridge sees it. It can neither take a
    neighbour's place by ARP, by neighbour discovery or by a frame with a foreign MAC address, nor a free address of the subnet.
  - What only a router, a switch or a server sends is dropped as well. These are router advertisements, ICMPv6 redirects, messages of a DHCP
    server, and everything that is neither ARP nor IPv4 nor IPv6, such as frames with a VLAN tag, spanning tree messages and LLDP.
  - Duplicate address detection, multicast (IGMP and MLD) and everything else from the machine's own addresses pass.
  - The rules are those of C(nft) in a table of their own, C(bridge linuxnet), whatever firewall the other modules use. It has a few rules for
    all ports, with addresses as elements of sets. It is removed together with the last port.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common.netns
  - netplumb.linuxnet.common.owner
options:
  interface:
    description:
      - The port. It does not have to exist, nor to be on a bridge, and is guarded from the moment at which it is.
      - Required unless O(aggregate) is given.
    type: str
  mac_addresses:
    description:
      - The MAC addresses of the machine.
      - Required if O(state=present), unless O(card) is true.
    type: list
    elements: raw
  addresses:
    description:
      - The IPv4 and IPv6 addresses of the machine, without prefix lengths. A machine that uses IPv6 has a link-local address as well,
        usually the one that is derived from its MAC address.
      - Required if O(state=present), unless O(card) is true.
    type: list
    elements: str
  other_ports:
    description:
      - Further ports by which the same machine may send from these addresses, such as those of its interfaces on other bridges.
    type: list
    elements: str
  card:
    description:
      - Whether this is no port of an endpoint but a card, or another port with a network behind it. Everything may be sent through it.
      - While the rules of networks see frames from or to it, these have the mark 0x6c6e6574. By that, networks without
        O(netplumb.linuxnet.bridge_forward#module:icc) whose rules are in nftables know them from packets that took the detour by the gateway, if
        C(net.bridge.bridge-nf-call-iptables) is 1.
        A frame that somebody else has marked keeps its mark.
      - Not together with O(mac_addresses), O(addresses) and O(other_ports).
    type: bool
    default: false
  state:
    description:
      - V(present) ensures that only this may be sent through the port, V(absent) that everything may.
    type: str
    choices: [present, absent]
    default: present
  aggregate:
    description:
      - The ports to manage in one call. Options given next to it are the defaults of each element.
    type: list
    elements: dict
    suboptions:
      interface:
        description: See O(interface). Required in each element.
        type: str
      mac_addresses:
        description: See O(mac_addresses).
        type: list
        elements: raw
      addresses:
        description: See O(addresses).
        type: list
        elements: str
      other_ports:
        description: See O(other_ports).
        type: list
        elements: str
      card:
        description: See O(card).
        type: bool
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
      netns:
        description: See O(netns).
        type: str
      owner:
        description: See O(owner).
        type: str
notes:
  - Without C(nft) (1.0.6 or newer), or in a kernel without nftables for bridges (NF_TABLES_BRIDGE), nothing is changed, and a warning tells
    what then holds.
  - C(nft flush ruleset) removes the table with all others; the next run restores it.
seealso:
  - module: netplumb.linuxnet.bridge_port
  - module: netplumb.linuxnet.bridge_forward
"""

EXAMPLES = r"""
- name: Let the namespace behind ve-web send from its own addresses only
  netplumb.linuxnet.port_guard:
    interface: ve-web
    mac_addresses: ["02:42:ac:12:00:02"]
    addresses: [172.18.0.2, "fd00:18::2", "fe80::42:acff:fe12:2"]
    owner: shop

- name: Let it send from any
  netplumb.linuxnet.port_guard:
    interface: ve-web
    owner: shop
    state: absent
"""

RETURN = r"""
objects:
  description: The ports, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - netns: null
      interface: ve-web
      mac_addresses: ["02:42:ac:12:00:02"]
      addresses: [172.18.0.2, "fd00:18::2", "fe80::42:acff:fe12:2"]
      other_ports: []
      state: present
      changed: true
  contains:
    netns:
      description: The namespace.
      type: str
    interface:
      description: The port.
      type: str
    mac_addresses:
      description: The MAC addresses from which may be sent.
      returned: if O(state=present)
      type: list
    addresses:
      description: The addresses from which may be sent.
      returned: if O(state=present)
      type: list
    other_ports:
      description: Further ports by which may be sent from these addresses.
      returned: if O(state=present)
      type: list
    card:
      description: That it is a card.
      returned: if O(card) is true
      type: bool
    rules:
      description: What was repaired, if only elements or chains of the table differ.
      returned: if only these differ
      type: list
    state:
      description: The requested state.
      type: str
    changed:
      description: Whether this one was changed.
      type: bool
diff:
  description: The differences, one entry per changed definition. If only elements or chains differ, they are listed as C(rules).
  returned: in diff mode
  type: list
  elements: dict
  sample:
    - before: {}
      after:
        mac_addresses: ["02:42:ac:12:00:02"]
        addresses: [172.18.0.2, "fd00:18::2", "fe80::42:acff:fe12:2"]
        other_ports: []
      before_header: port_guard ve-web
      after_header: port_guard ve-web
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.port_guard import PortGuard


def main() -> None:
    """Converge the guards."""
    run(PortGuard())


if __name__ == "__main__":
    main()
