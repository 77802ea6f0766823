#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: veth
short_description: Manage veth pairs
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Creates, changes and removes pairs of virtual Ethernet interfaces, with either end in any network namespace.
  - A pair is looked up by its first end and, if that is not found, by its peer. An end in the wrong namespace or with the wrong name
    is moved or renamed. An end that is moved keeps its MAC address and MTU, but loses its addresses, its routes and its
    membership of a bridge.
  - A pair created by this module carries the alias C(linuxnet:OWNER:PEER_NETNS) and the link group of its owner on its first end. A
    pair without that mark is accepted if it is as requested already, and is never changed or removed.
  - If the alias was edited by hand, the pair is still recognised by its link group, provided that the names of both ends, the bridge
    of the first end or the namespace of the peer confirm it.
  - Use M(netplumb.linuxnet.interface) to bring an end up and to manage its addresses and routes, and
    M(netplumb.linuxnet.bridge_port) to make it a port of a bridge.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netlink
  - netplumb.linuxnet.common.owner
options:
  name:
    description:
      - The name of the first end, 1 to 15 bytes.
      - Required unless O(aggregate) is given.
    type: str
  netns:
    description:
      - The network namespace of the first end, a name such as V(web) or an absolute path such as V(/proc/1234/ns/net).
      - If omitted, the host's own namespace.
    type: str
  peer_name:
    description:
      - The name of the other end, 1 to 15 bytes.
      - Required if O(state=present).
    type: str
  peer_netns:
    description:
      - The network namespace of the other end, a name or an absolute path.
      - If omitted, the host's own namespace.
    type: str
  state:
    description:
      - V(present) ensures that both ends exist and are each other's peer.
      - V(absent) removes the pair, whichever of the given ends is found. If a namespace does not exist, there is nothing to remove.
    type: str
    choices: [present, absent]
    default: present
  mtu:
    description:
      - The MTU of both ends in bytes, 68 to 65535. If omitted, it is not managed.
    type: int
  txqueuelen:
    description:
      - The length of the transmit queue of both ends in packets, 0 to 2147483647. If omitted, it is not managed.
    type: int
  mac_address:
    description:
      - The MAC address of the first end, such as V("02:42:ac:12:00:01"). Quote it.
      - If omitted, it is a random one and not managed. On the host it begins with V(fe), so that a bridge that takes the lowest MAC
        address of its ports does not take this one.
    type: raw
  peer_mac_address:
    description:
      - The MAC address of the other end. Quote it.
      - If omitted, it is as with O(mac_address).
    type: raw
  aggregate:
    description:
      - A list of pairs to manage in one call. Options given next to it are the defaults of each element.
      - Absent pairs are removed first. The others are processed in order, each after the changes of those before it.
    type: list
    elements: dict
    suboptions:
      name:
        description: See O(name). Required in each element.
        type: str
      netns:
        description: See O(netns).
        type: str
      peer_name:
        description: See O(peer_name).
        type: str
      peer_netns:
        description: See O(peer_netns).
        type: str
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
      mtu:
        description: See O(mtu).
        type: int
      txqueuelen:
        description: See O(txqueuelen).
        type: int
      mac_address:
        description: See O(mac_address).
        type: raw
      peer_mac_address:
        description: See O(peer_mac_address).
        type: raw
      owner:
        description: See O(owner).
        type: str
seealso:
  - module: netplumb.linuxnet.netns
  - module: netplumb.linuxnet.bridge_port
  - module: netplumb.linuxnet.interface
"""

EXAMPLES = r"""
- name: Create the namespaces
  netplumb.linuxnet.netns:
    aggregate:
      - name: web
      - name: db

- name: Connect a namespace to the host
  netplumb.linuxnet.veth:
    name: vweb
    peer_name: eth0
    peer_netns: web
    peer_mac_address: "02:42:ac:12:00:02"
    mtu: 1450

- name: Connect two namespaces directly
  netplumb.linuxnet.veth:
    name: to-db
    netns: web
    peer_name: to-web
    peer_netns: db

- name: Connect several namespaces to the host
  netplumb.linuxnet.veth:
    peer_name: eth0
    aggregate:
      - name: vweb
        peer_netns: web
      - name: vdb
        peer_netns: db

- name: Rename the end inside a namespace
  netplumb.linuxnet.veth:
    name: vdb
    peer_name: eth1
    peer_netns: db

- name: Remove a pair by the name of its first end
  netplumb.linuxnet.veth:
    name: vweb
    state: absent
"""

RETURN = r"""
objects:
  description: The pairs, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      name: vweb
      peer_name: eth0
      peer_netns: web
      mtu: 1450
      alias: "linuxnet:default:web"
      group: 1815587054
      peer_mtu: 1450
      peer_mac_address: "02:42:ac:12:00:02"
      state: present
      changed: true
  contains:
    netns:
      description: The namespace of the first end, or V(null) for the host's own.
      type: str
    name:
      description: The name of the first end.
      type: str
    peer_netns:
      description: The namespace of the other end, or V(null) for the host's own.
      type: str
    peer_name:
      description: The name of the other end.
      type: str
    mtu:
      description: The MTU of the first end, if managed.
      type: int
    peer_mtu:
      description: The MTU of the other end, if managed.
      type: int
    txqueuelen:
      description: The transmit queue length of the first end, if managed.
      type: int
    peer_txqueuelen:
      description: The transmit queue length of the other end, if managed.
      type: int
    mac_address:
      description: The MAC address of the first end, if managed.
      type: str
    peer_mac_address:
      description: The MAC address of the other end, if managed.
      type: str
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
    - before:
        name: vdb
        netns:
        peer_name: eth0
        peer_netns: db
        alias: "linuxnet:default:db"
        group: 1815587054
      after:
        name: vdb
        netns:
        peer_name: eth1
        peer_netns: db
        alias: "linuxnet:default:db"
        group: 1815587054
      before_header: veth vdb
      after_header: veth vdb
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.veth import Veth


def main() -> None:
    """Converge veth pairs."""
    run(Veth())


if __name__ == "__main__":
    main()
