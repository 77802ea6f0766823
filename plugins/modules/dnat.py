#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dnat
short_description: Publish a port of an endpoint on the host
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Forwards a port of the host, or a range of ports, to an endpoint, like C(docker run -p). Each is one rule in the table C(nat).
  - O(netns), O(ip_version), O(protocol), O(host_ip) and O(host_port) identify a published port.
  - A published port is reachable from other hosts, from the host itself and from endpoints. If the kernel passes bridged frames to
    iptables (bridge-nf), endpoints on the target's own bridge reach it only if the target's port is in hairpin mode, see
    O(netplumb.linuxnet.bridge_port#module:hairpin).
  - If M(netplumb.linuxnet.bridge_forward) protects the bridge, it lets translated connections in and makes the replies return through
    the host. The rules of this module open nothing by themselves.
  - Each rule has a comment that names its owner. Rules without that comment are never touched. A port that another owner has published
    on the same address is refused.
  - When a published port is removed or moved, connections to its old target are ended, and no others.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.firewall
  - netplumb.linuxnet.common.iptables
  - netplumb.linuxnet.common.netns
  - netplumb.linuxnet.common.owner
options:
  ip_version:
    description:
      - The IP version. If omitted, that of O(to_address) or else of O(host_ip), and V(ipv4) if neither is given.
    type: str
    choices: [ipv4, ipv6]
  protocol:
    description:
      - The protocol.
    type: str
    choices: [tcp, udp, sctp]
    default: tcp
  host_ip:
    description:
      - The address of the host to publish on, such as V(192.0.2.1). If omitted, V(0.0.0.0) or V(::), every address of the host.
      - On an address of 127.0.0.0/8, the port is reachable from the host only. V(::1) is refused, because no rule can make it work.
    type: str
  host_port:
    description:
      - The port to publish, such as V("8080"), or a range, such as V("5000-5010").
      - Required unless O(aggregate) is given.
    type: str
  to_address:
    description:
      - The address of the endpoint, such as V(172.18.0.2).
      - Required if O(state=present).
    type: str
  to_port:
    description:
      - The port of the endpoint, or a range of as many ports as O(host_port). If omitted, O(host_port).
    type: str
  in_interface:
    description:
      - Accept only packets that arrive on this interface or, with a leading V(!), on any interface but this one, such as V(!br0).
    type: str
  out_interface:
    description:
      - The bridge of the endpoint. It makes the port reachable by 127.0.0.1, for which the kernel setting C(route_localnet) of the
        bridge is switched on, and off with the last such port.
      - Required if O(host_ip) is in 127.0.0.0/8.
    type: str
  gateway_mode:
    description:
      - With V(nat), the port of the host is translated to the endpoint's.
      - With V(routed), no address is translated; O(to_port) is opened on O(to_address), which others reach by routing. O(host_ip),
        O(host_port) and O(to_address) then only identify the entry.
    type: str
    choices: [nat, routed]
    default: nat
  allowed_sources:
    description:
      - Who may use the port, networks and addresses such as V(198.51.100.0/24) and V(2001:db8::7). If omitted, everybody. An empty list
        is refused. Those of the other family are ignored, but at least one has to be of the port's; V(0.0.0.0/0) or V(::/0) is everybody.
      - Packets of others are dropped before they are translated, without an answer, even if they belong to a connection. Connections of
        sources that are taken off the list end.
      - Processes of the host itself are not restricted, so O(host_ip) in 127.0.0.0/8 is refused. Endpoints are sources like all others,
        with their own addresses.
      - If O(host_port) and O(to_port) are the same, what the endpoint sends from that port is answered by listed sources only.
      - Only the published port is restricted. Whether others reach the endpoint's own address decides
        M(netplumb.linuxnet.bridge_forward), whose gateway mode V(nat-unprotected) lets everybody in. With O(gateway_mode=routed), the
        endpoint's own port is restricted, except for its own network and trusted interfaces.
      - A list for a port of all addresses is refused while the same port of one address is published by itself.
    type: list
    elements: str
  state:
    description:
      - Whether the port is published. V(absent) needs only the options that identify it.
    type: str
    choices: [present, absent]
    default: present
  aggregate:
    description:
      - A list of ports to publish in one call. Options given next to it are the defaults of each element.
    type: list
    elements: dict
    suboptions:
      ip_version:
        description: See O(ip_version).
        type: str
        choices: [ipv4, ipv6]
      protocol:
        description: See O(protocol).
        type: str
        choices: [tcp, udp, sctp]
      host_ip:
        description: See O(host_ip).
        type: str
      host_port:
        description: See O(host_port). Required in each element.
        type: str
      to_address:
        description: See O(to_address).
        type: str
      to_port:
        description: See O(to_port).
        type: str
      in_interface:
        description: See O(in_interface).
        type: str
      out_interface:
        description: See O(out_interface).
        type: str
      gateway_mode:
        description: See O(gateway_mode).
        type: str
        choices: [nat, routed]
      allowed_sources:
        description: See O(allowed_sources).
        type: list
        elements: str
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
notes:
  - A foreign rule that takes all packets in C(PREROUTING) or C(OUTPUT) of the table C(nat), before the rules of this module, wins.
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

- name: Publish several ports in one call
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

- name: Move the web server to another endpoint and hide it from the endpoints of br0
  netplumb.linuxnet.dnat:
    host_port: "8080"
    to_address: 172.18.0.3
    to_port: "80"
    in_interface: "!br0"

- name: Open port 443 of an endpoint that has a public address
  netplumb.linuxnet.dnat:
    gateway_mode: routed
    host_port: "443"
    to_address: 2001:db8:18::2
    out_interface: br0

- name: Let two networks and the office use the database, and nobody else
  netplumb.linuxnet.dnat:
    host_port: "5432"
    to_address: 172.18.0.4
    out_interface: br0
    allowed_sources: [10.20.0.0/16, 10.30.0.0/16, 203.0.113.7]

- name: Unpublish everything
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
      - host_port: "5432"
      - host_port: "443"
        gateway_mode: routed
        to_address: 2001:db8:18::2
"""

RETURN = r"""
objects:
  description: The published ports, one entry per definition, in the same order.
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
      allowed_sources: []
      route_localnet: true
      state: present
      changed: true
  contains:
    netns:
      description: The namespace, or V(null) for the host's own.
      type: str
    ip_version:
      description: The IP version.
      type: str
    protocol:
      description: The protocol.
      type: str
    host_ip:
      description: The address of the host, or V(null) for all.
      type: str
    host_port:
      description: The port or ports of the host.
      type: str
    to_address:
      description: The address of the endpoint.
      type: str
    to_port:
      description: The port or ports of the endpoint.
      type: str
    in_interface:
      description: The interface that packets must arrive on, or V(null) for any.
      type: str
    out_interface:
      description: The bridge of the endpoint, or V(null).
      type: str
    gateway_mode:
      description: Whether the port is translated or only opened.
      type: str
    allowed_sources:
      description: Who may use it, merged where networks overlap or adjoin; empty for everybody.
      type: list
      elements: str
    route_localnet:
      description: Whether the bridge carries packets from 127.0.0.0/8. Missing if the port is not reachable by 127.0.0.1.
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
    - before:
        to_address: 172.18.0.2
        to_port: "80"
        in_interface:
        out_interface: br0
        gateway_mode: nat
        allowed_sources: []
      after:
        to_address: 172.18.0.3
        to_port: "80"
        in_interface: "!br0"
        out_interface:
        gateway_mode: nat
        allowed_sources: []
      before_header: dnat 8080/tcp (ipv4)
      after_header: dnat 8080/tcp (ipv4)
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.dnat import Dnat
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import rules
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run


def main() -> None:
    """Converge published ports."""
    run(Dnat(rules.chosen()))


if __name__ == "__main__":
    main()
