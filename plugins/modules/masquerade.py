#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: masquerade
short_description: Manage source address translation for a network
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Translates the source address of packets that leave a network to an address of the host, as Docker does for its networks.
  - O(source) and O(out_interface) identify an entry. Each is a rule in the chain C(LINUXNET-POSTROUTING) of the table C(nat), with a
    comment that names its owner. Rules without that comment are never touched.
  - Packets to multicast addresses keep their source address.
  - When a rule is added, connections of the network that began without translation are ended, since no reply could reach them.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.firewall
  - netplumb.linuxnet.common.iptables
  - netplumb.linuxnet.common.netns
  - netplumb.linuxnet.common.owner
options:
  source:
    description:
      - The network whose packets are translated, such as V(172.18.0.0/16) or V(fd00:18::/64).
      - Required unless O(aggregate) is given.
    type: str
  out_interface:
    description:
      - Translate only packets that leave by this interface or, with a leading V(!), by any interface but this one, such as V(!br0).
      - If omitted, any interface.
    type: str
  to_source:
    description:
      - Translate to this address. If omitted, to the address of the interface by which a packet leaves.
      - An address that the host does not have is only a warning, since it may be floating.
    type: str
  random_fully:
    description:
      - Whether to choose the source port of each connection at random.
    type: bool
    default: false
  state:
    description:
      - Whether the entry exists. The chain is removed with the last entry.
    type: str
    choices: [present, absent]
    default: present
  aggregate:
    description:
      - A list of entries to manage in one call. Options given next to it are the defaults of each element.
    type: list
    elements: dict
    suboptions:
      source:
        description: See O(source). Required in each element.
        type: str
      out_interface:
        description: See O(out_interface).
        type: str
      to_source:
        description: See O(to_source).
        type: str
      random_fully:
        description: See O(random_fully).
        type: bool
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
      firewall:
        description: See O(firewall).
        type: str
        choices: [auto, iptables, nftables]
      netns:
        description: See O(netns).
        type: str
      owner:
        description: See O(owner).
        type: str
seealso:
  - module: netplumb.linuxnet.bridge_forward
  - module: netplumb.linuxnet.ip_forward
  - module: netplumb.linuxnet.dnat
"""

EXAMPLES = r"""
- name: Let a network reach the outside with the host's address
  netplumb.linuxnet.masquerade:
    source: 172.18.0.0/16
    out_interface: "!br0"

- name: Always use the same address for IPv6
  netplumb.linuxnet.masquerade:
    source: fd00:18::/64
    out_interface: "!br0"
    to_source: 2001:db8::1

- name: Remove both
  netplumb.linuxnet.masquerade:
    state: absent
    out_interface: "!br0"
    aggregate:
      - source: 172.18.0.0/16
      - source: fd00:18::/64
"""

RETURN = r"""
objects:
  description: The entries, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      source: 172.18.0.0/16
      out_interface: "!br0"
      to_source:
      random_fully: false
      state: present
      changed: true
  contains:
    netns:
      description: The namespace, or V(null) for the host's own.
      type: str
    source:
      description: The network.
      type: str
    out_interface:
      description: The interface, or V(null) for any.
      type: str
    to_source:
      description: The address translated to, or V(null) for that of the interface.
      type: str
    random_fully:
      description: Whether source ports are chosen at random.
      type: bool
    rules:
      description: Rules that were restored, if nothing else had changed.
      type: list
      elements: str
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
        to_source:
        random_fully: false
      before_header: masquerade 172.18.0.0/16 out of !br0
      after_header: masquerade 172.18.0.0/16 out of !br0
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.masquerade import Masquerade
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import rules
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run


def main() -> None:
    """Converge source translations."""
    run(Masquerade(rules.chosen()))


if __name__ == "__main__":
    main()
