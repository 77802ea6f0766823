#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_forward
short_description: Manage whether a host forwards packets
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Turns the forwarding of packets on or off, for all interfaces or for one, at once and, if wished, after every reboot.
  - A host that forwards IPv6 ignores router advertisements unless told otherwise, and drops the default route that it has by one. So before
    IPv6 forwarding goes on, C(accept_ra) is set to C(2) on the interfaces that have a route by router advertisement.
  - Where forwarding goes on for all interfaces and the policy of C(FORWARD) is C(ACCEPT), a warning tells that the host now routes between
    all of its interfaces.
  - Where forwarding is on for all interfaces but off for one of the host's that is up, a warning names that one.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common
options:
  state:
    description: &state
      - Whether packets are forwarded.
    type: str
    choices: [enabled, disabled]
    default: enabled
  ip_version:
    description: &ip_version
      - The families. With V(both), a family that the kernel lacks is passed over.
    type: str
    choices: [ipv4, ipv6, both]
    default: ipv4
  interface:
    description: &interface
      - Forward packets that come by this interface; by all of them by default, which overwrites the setting of each.
    type: str
  persistent:
    description: &persistent
      - Whether the host forwards after a reboot as well, by a file for each family such as
        C(/etc/sysctl.d/90-linuxnet-OWNER-ipv4.conf), or C(90-linuxnet-OWNER-ipv4-IFNAME.conf) with O(interface). With V(false), such
        files of the same owner are removed.
      - Refused together with O(netns).
    type: bool
    default: false
  netns:
    description: &netns
      - The network namespace that forwards, a name or an absolute path; the host's own by default.
    type: str
  owner:
    description: &owner
      - Whose the file is, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.). The switch itself has no owner.
    type: str
    default: default
  aggregate:
    description:
      - Many at once. Options given beside it are the defaults of each.
    type: list
    elements: dict
    suboptions:
      state:
        description: *state
        type: str
        choices: [enabled, disabled]
      ip_version:
        description: *ip_version
        type: str
        choices: [ipv4, ipv6, both]
      interface:
        description: *interface
        type: str
      persistent:
        description: *persistent
        type: bool
      netns:
        description: *netns
        type: str
      owner:
        description: *owner
        type: str
seealso:
  - module: netplumb.linuxnet.bridge_forward
  - module: netplumb.linuxnet.masquerade
"""

EXAMPLES = r"""
- name: Forward IPv4, now and after every reboot
  netplumb.linuxnet.ip_forward:
    persistent: true

- name: Forward both families
  netplumb.linuxnet.ip_forward:
    ip_version: both

- name: Forward no IPv6
  netplumb.linuxnet.ip_forward:
    ip_version: ipv6
    state: disabled
"""

RETURN = r"""
objects:
  description: The switches, one entry per definition, in the order of the definitions.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      ip_version: both
      interface:
      ipv4: true
      ipv6: true
      persistent: false
      state: enabled
      changed: true
  contains:
    netns:
      description: The namespace, or nothing for the host's own.
      type: str
    ip_version:
      description: The families.
      type: str
    interface:
      description: The interface, or nothing for all.
      type: str
    ipv4:
      description: Whether IPv4 is forwarded, where that was asked for.
      type: bool
    ipv6:
      description: Whether IPv6 is forwarded, where that was asked for.
      type: bool
    accept_ra:
      description: The interfaces whose C(accept_ra) was raised, with its value.
      type: dict
    persistent:
      description: Whether a file brings the switch back after a reboot. Missing inside a namespace.
      type: bool
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
    - before:
        ipv4: false
        persistent: false
      after:
        ipv4: true
        persistent: true
      before_header: ip_forward IPv4
      after_header: ip_forward IPv4
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.ip_forward import IpForward


def main() -> None:
    """Converge forwarding switches."""
    run(IpForward())


if __name__ == "__main__":
    main()
