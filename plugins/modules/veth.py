#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: veth
short_description: Manage veth pairs
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Makes, changes and removes a pair of virtual Ethernet interfaces, each end by its name in its network namespace.
  - A pair is found by its first end, else by its peer. An end in the wrong namespace or with the wrong name is moved
    or renamed.
    What a moved end had beside its MAC address and MTU (addresses, routes, membership of a bridge) is lost.
  - A pair made here is marked at its first end, by the alias C(linuxnet:OWNER:PEER_NETNS) and by the link group. A
    pair without our mark
    is accepted where it is as wished already. It is never changed or removed.
  - Where the alias was edited by hand, the group is heeded only if something else bears witness, which is the names of both ends, the bridge
    of the first one, or the namespace that the other is in.
  - Whether an end is up, its addresses and its routes are managed by M(netplumb.linuxnet.interface), its membership
    of a bridge by
    M(netplumb.linuxnet.bridge_port).
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netlink
options:
  name:
    description: &name
      - The name of the first end, 1 to 15 bytes.
    type: str
  state:
    description: &state
      - With V(present), both ends are there and are each other's peer.
      - With V(absent), the pair is gone, whichever of the given ends is found. A missing namespace has no pair to
        remove.
    type: str
    choices: [present, absent]
    default: present
  netns:
    description: &netns
      - The network namespace of the first end, a name or an absolute path; the host's own by default.
    type: str
  owner:
    description: &owner
      - Whose the pair is, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.). Another owner's pair is refused.
    type: str
    default: default
  peer_name:
    description: &peer_name
      - The name of the other end. Required with O(state=present).
    type: str
  peer_netns:
    description: &peer_netns
      - The network namespace of the other end, a name or an absolute path; the host's own by default.
    type: str
  mtu:
    description: &mtu
      - Largest packet in bytes, 68 to 65535, of both ends. Where it is not given, the MTU is not managed.
    type: int
  txqueuelen:
    description: &txqueuelen
      - Length of the transmit queue in packets, 0 to 2147483647, of both ends. If omitted, it is not managed.
    type: int
  mac_address:
    description: &mac_address
      - MAC address of the first end, in quotes. Where it is not given, the kernel chooses one and it is not managed.
    type: raw
  peer_mac_address:
    description: &peer_mac_address
      - MAC address of the other end, in quotes. Where it is not given, the kernel chooses one and it is not managed.
    type: raw
  aggregate:
    description:
      - Many pairs at once. Options given beside it are the defaults of each.
      - Absent ones go first. After that each definition sees what those before it did.
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
      peer_name:
        description: *peer_name
        type: str
      peer_netns:
        description: *peer_netns
        type: str
      mtu:
        description: *mtu
        type: int
      txqueuelen:
        description: *txqueuelen
        type: int
      mac_address:
        description: *mac_address
        type: raw
      peer_mac_address:
        description: *peer_mac_address
        type: raw
seealso:
  - module: netplumb.linuxnet.netns
  - module: netplumb.linuxnet.bridge_port
  - module: netplumb.linuxnet.interface
"""

EXAMPLES = r"""
- name: Make the namespaces
  netplumb.linuxnet.netns:
    aggregate:
      - name: web
      - name: db

- name: Lead a link from the host into a namespace
  netplumb.linuxnet.veth:
    name: vweb
    peer_name: eth0
    peer_netns: web
    peer_mac_address: "02:42:ac:12:00:02"
    mtu: 1450

- name: Join two namespaces directly
  netplumb.linuxnet.veth:
    name: to-db
    netns: web
    peer_name: to-web
    peer_netns: db

- name: Lead one link into each of several namespaces
  netplumb.linuxnet.veth:
    peer_name: eth0
    aggregate:
      - name: vweb
        peer_netns: web
      - name: vdb
        peer_netns: db

- name: Remove a pair by its first end alone
  netplumb.linuxnet.veth:
    name: vweb
    state: absent
"""

RETURN = r"""
objects:
  description: The pairs, one entry per definition, in the order of the definitions.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      name: vweb
      peer_netns: web
      peer_name: eth0
      state: present
      changed: true
      mtu: 1450
      peer_mtu: 1450
      peer_mac_address: 02:42:ac:12:00:02
      alias: "linuxnet:default:web"
      group: 1815741221
  contains:
    netns:
      description: The namespace of the first end, or nothing for the host's own.
      type: str
    name:
      description: The name of the first end.
      type: str
    peer_netns:
      description: The namespace of the other end, or nothing for the host's own.
      type: str
    peer_name:
      description: The name of the other end.
      type: str
    state:
      description: The state that was asked for.
      type: str
    changed:
      description: Whether this one was changed.
      type: bool
    mtu:
      description: The MTU of the first end, where it is managed.
      type: int
    peer_mtu:
      description: The MTU of the other end, where it is managed.
      type: int
    txqueuelen:
      description: The length of the first end's transmit queue, if it is managed.
      type: int
    peer_txqueuelen:
      description: The length of the other end's transmit queue, if it is managed.
      type: int
    mac_address:
      description: The MAC address of the first end, where it is managed.
      type: str
    peer_mac_address:
      description: The MAC address of the other end, where it is managed.
      type: str
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
        name: vweb
        netns:
        peer_name: eth1
        peer_netns: web
      after:
        name: vweb
        netns:
        peer_name: eth0
        peer_netns: web
      before_header: veth vweb
      after_header: veth vweb
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.veth import Veth


def main() -> None:
    """Converge veth pairs."""
    run(Veth())


if __name__ == "__main__":
    main()
