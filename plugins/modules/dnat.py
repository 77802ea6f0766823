#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dnat
short_description: Publish a port of an endpoint on the host
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Leads a port of the host, or a range of ports, to an endpoint, as C(docker run -p) does. One rule per port or range in table C(nat).
  - What is published is reached from other hosts, from the host itself and from endpoints, by every address of the host or by one.
    Where the kernel shows bridged frames to iptables (bridge-nf), endpoints on the target's own bridge reach it only if its port is in
    hairpin mode (O(netplumb.linuxnet.bridge_port#module:hairpin)).
  - Rules in table C(nat) open nothing by themselves where M(netplumb.linuxnet.bridge_forward) protects the bridge; it lets translated
    connections in, and makes the answers come back through the host.
  - Every rule carries a comment that names its owner. Rules without that comment are never touched. A port that another owner has
    published on the same address is refused.
  - When a port is removed or moved, the connections to its old target are ended, and no others.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.iptables
options:
  ip_version:
    description: &ip_version
      - The family. By default that of O(to_address) or else of O(host_ip), and V(ipv4) where neither is given.
      - Part of the key.
    type: str
    choices: [ipv4, ipv6]
  protocol:
    description: &protocol
      - The protocol. Part of the key.
    type: str
    choices: [tcp, udp, sctp]
    default: tcp
  host_ip:
    description: &host_ip
      - The host's address to publish on. Without it, or with V(0.0.0.0) or V(::), the port is published on every address.
      - On an address of C(127.0.0.0/8) it is reached from the host alone. V(::1) is refused, because no rule makes it work.
      - Part of the key.
    type: str
  host_port:
    description: &host_port
      - The port to publish, such as V(8080), or a range, such as V(5000-5010).
      - Part of the key.
    type: str
  to_address:
    description: &to_address
      - The endpoint's address. Needed unless O(state=absent).
    type: str
  to_port:
    description: &to_port
      - The endpoint's port, or a range of as many ports as O(host_port) has; O(host_port) itself by default.
    type: str
  in_interface:
    description: &in_interface
      - Only for packets that come by this interface. With V(!) in front, by any but this one.
    type: str
  out_interface:
    description: &out_interface
      - The bridge behind which the endpoint is. Needed for the endpoint to be reached by C(127.0.0.1), since the kernel setting
        C(route_localnet) of the bridge is switched on for that, and off with the last such port.
      - Required where O(host_ip) is in C(127.0.0.0/8).
    type: str
  gateway_mode:
    description: &gateway_mode
      - With V(nat), the host's port is translated to the endpoint's.
      - With V(routed), nothing is translated. O(to_port) is opened at O(to_address), which others reach by route. O(host_ip) and
        O(host_port) are nothing but the name of this opening then, and O(to_address) is part of the key.
    type: str
    choices: [nat, routed]
    default: nat
  state:
    description: &state
      - With V(absent), whatever this owner has published under the key is removed. The key is enough.
    type: str
    choices: [present, absent]
    default: present
  netns:
    description: &netns
      - The network namespace whose port is published, a name or an absolute path; the host's own by default.
    type: str
  owner:
    description: &owner
      - Whose the rules are, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.).
    type: str
    default: default
  aggregate:
    description:
      - Many at once. Options given beside it are the defaults of each.
    type: list
    elements: dict
    suboptions:
      ip_version:
        description: *ip_version
        type: str
        choices: [ipv4, ipv6]
      protocol:
        description: *protocol
        type: str
        choices: [tcp, udp, sctp]
      host_ip:
        description: *host_ip
        type: str
      host_port:
        description: *host_port
        type: str
      to_address:
        description: *to_address
        type: str
      to_port:
        description: *to_port
        type: str
      in_interface:
        description: *in_interface
        type: str
      out_interface:
        description: *out_interface
        type: str
      gateway_mode:
        description: *gateway_mode
        type: str
        choices: [nat, routed]
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
notes:
  - A rule of somebody else that takes all packets above ours in C(PREROUTING) or C(OUTPUT) of table C(nat) wins.
seealso:
  - module: netplumb.linuxnet.bridge_forward
  - module: netplumb.linuxnet.masquerade
"""

EXAMPLES = r"""
- name: Publish a web server on every address of the host
  netplumb.linuxnet.dnat:
    host_port: "8080"
    to_address: 172.18.0.2
    to_port: "80"
    out_interface: br0

- name: Publish more at once
  netplumb.linuxnet.dnat:
    out_interface: br0
    aggregate:
      - host_ip: 127.0.0.1
        host_port: "8081"
        to_address: 172.18.0.2
        to_port: "81"
      - protocol: udp
        host_port: 5000-5010
        to_address: 172.18.0.3
        to_port: 6000-6010
      - host_port: "8080"
        to_address: fd00:18::2
        to_port: "80"

- name: Publish it on another endpoint from now on, but not for the endpoints of br0 themselves
  netplumb.linuxnet.dnat:
    host_port: "8080"
    to_address: 172.18.0.3
    to_port: "80"
    in_interface: "!br0"

- name: Unpublish everything again
  netplumb.linuxnet.dnat:
    state: absent
    aggregate:
      - host_port: "8080"
      - host_port: "8080"
        ip_version: ipv6
      - host_port: "8081"
        host_ip: 127.0.0.1
      - host_port: 5000-5010
        protocol: udp
"""

RETURN = r"""
objects:
  description: The published ports, one entry per definition, in the order of the definitions.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      ip_version: ipv4
      protocol: tcp
      host_ip:
      host_port: "8080"
      to_address: 172.18.0.2
      to_port: "80"
      in_interface:
      out_interface: br0
      gateway_mode: nat
      route_localnet: true
      state: present
      changed: true
  contains:
    netns:
      description: The namespace, or nothing for the host's own.
      type: str
    ip_version:
      description: The family.
      type: str
    protocol:
      description: The protocol.
      type: str
    host_ip:
      description: The host's address, or nothing for all.
      type: str
    host_port:
      description: The host's port or range of ports.
      type: str
    to_address:
      description: The endpoint's address.
      type: str
    to_port:
      description: The endpoint's port or range of ports.
      type: str
    in_interface:
      description: The interface by which packets must come, or nothing for any.
      type: str
    out_interface:
      description: The bridge behind which the endpoint is, where given.
      type: str
    gateway_mode:
      description: Whether the port is translated or only opened.
      type: str
    route_localnet:
      description: Whether the bridge carries packets from C(127.0.0.0/8). Missing where the port is not reached by C(127.0.0.1).
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
    - before:
        to_address: 172.18.0.3
        to_port: "80"
        in_interface:
        out_interface: br0
        gateway_mode: nat
        route_localnet: true
      after:
        to_address: 172.18.0.2
        to_port: "80"
        in_interface:
        out_interface: br0
        gateway_mode: nat
        route_localnet: true
      before_header: dnat 8080/tcp (ipv4)
      after_header: dnat 8080/tcp (ipv4)
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.dnat import Dnat
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run


def main() -> None:
    """Converge published ports."""
    run(Dnat())


if __name__ == "__main__":
    main()
