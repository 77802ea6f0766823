#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: masquerade
short_description: Manage source address translation for a network
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Lets the packets of a network leave with an address of the host, as C(docker network create) does, by a rule in the chain
    C(LINUXNET-POSTROUTING) of table C(nat).
  - Packets to multicast addresses keep their source.
  - Every rule carries a comment that names its owner. Rules without that comment are never touched.
  - Connections of the network that began while no rule translated them are ended when the rule is made, since nobody could answer them.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.iptables
options:
  source:
    description: &source
      - The network whose packets are translated, such as V(172.18.0.0/16) or V(fd00:18::/64).
      - Part of the key.
    type: str
  out_interface:
    description: &out_interface
      - The interface by which the packets leave. With V(!) in front, every interface but this one.
      - Without it packets are translated whatever interface they leave by.
      - Part of the key.
    type: str
  to_source:
    description: &to_source
      - Translate to this address instead of that of the interface by which a packet leaves.
    type: str
  random_fully:
    description: &random_fully
      - Choose the source port of each connection at random.
    type: bool
    default: false
  state:
    description: &state
      - With V(absent), the rules of this key and owner are removed, and the chain with the last one.
    type: str
    choices: [present, absent]
    default: present
  netns:
    description: &netns
      - The network namespace that translates, a name or an absolute path; the host's own by default.
    type: str
  owner:
    description: &owner
      - Whose the rules are, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.). A key of another owner is refused.
    type: str
    default: default
  aggregate:
    description:
      - Many at once. Options given beside it are the defaults of each.
    type: list
    elements: dict
    suboptions:
      source:
        description: *source
        type: str
      out_interface:
        description: *out_interface
        type: str
      to_source:
        description: *to_source
        type: str
      random_fully:
        description: *random_fully
        type: bool
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

- name: The same for IPv6, always with the same address
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
  description: The translations, one entry per definition, in the order of the definitions.
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
      description: The namespace, or nothing for the host's own.
      type: str
    source:
      description: The network.
      type: str
    out_interface:
      description: The interface, or nothing for all.
      type: str
    to_source:
      description: The address translated to, or nothing for that of the interface.
      type: str
    random_fully:
      description: Whether source ports are chosen at random.
      type: bool
    rules:
      description: Rules that were put back, where nothing else had changed.
      type: list
      elements: str
    state:
      description: The state that was asked for.
      type: str
    changed:
      description: Whether this one was changed.
      type: bool
diff:
  description: What differed, for changed definitions only.
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
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run


def main() -> None:
    """Converge source translations."""
    run(Masquerade())


if __name__ == "__main__":
    main()
