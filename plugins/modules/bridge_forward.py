#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge_forward
short_description: Manage what may cross a bridge
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Makes the constant rules of one network. Their number does not depend on how many endpoints it has.
  - Endpoints reach each other and the outside. From outside they are reached only by ports that somebody published, whatever else the
    host accepts. The drops stand in the tables C(mangle) and C(filter), so that what another tool accepts too early is held as well,
    and so that a flush of one table opens nothing.
  - No endpoint can speak from or to C(127.0.0.0/8), and no packet leaves with a source that is not the network's.
  - Nobody elsewhere speaks in the name of an endpoint, neither to the host nor through it.
  - A family without a subnet is closed, so that IPv6 does not cross the bridge of an IPv4 network.
  - Every rule carries a comment that names its owner. Rules without that comment are never touched, moved or flushed. The chain
    C(LINUXNET-USER) is visited first and never written; it is the place for rules of your own.
  - The bridge ignores router advertisements.
  - Where the kernel shows bridged frames to iptables (bridge-nf), endpoints reach ports published on their own bridge only if its ports
    are in hairpin mode (O(netplumb.linuxnet.bridge_port#module:hairpin)).
  - Needs M(netplumb.linuxnet.ip_forward) for anything to be forwarded, and M(netplumb.linuxnet.masquerade) to translate what goes out.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.iptables
options:
  bridge:
    description: &bridge
      - The bridge's name. It need not exist yet. One that M(netplumb.linuxnet.bridge) makes later ignores router advertisements at once,
        one that something else makes after the next run of this module.
    type: str
  subnets:
    description: &subnets
      - The networks on the bridge, such as V(172.18.0.0/16) and V(fd00:18::/64). Needed unless O(state=absent).
    type: list
    elements: str
  gateway_mode:
    description: &gateway_mode
      - V(nat) lets only published ports be reached from outside.
      - V(nat-unprotected) lets every port be reached by those who have a route to the endpoint.
      - V(routed) translates nothing. Published ports are reached at the endpoint's own address, and ICMP reaches it.
    type: str
    choices: [nat, nat-unprotected, routed]
    default: nat
  gateway_mode_ipv6:
    description: &gateway_mode_ipv6
      - The same for IPv6; O(gateway_mode) by default.
    type: str
    choices: [nat, nat-unprotected, routed]
  internal:
    description: &internal
      - Whether nothing leaves the network and nothing enters it. An endpoint then reaches the host at its gateway address alone.
    type: bool
    default: false
  icc:
    description: &icc
      - Whether endpoints may talk to each other. Without it they cannot by way of the router either, provided that the ports are isolated
        (O(netplumb.linuxnet.bridge_port#module:isolated)).
      - Where the kernel shows bridged frames to iptables (bridge-nf), rules let those of ports that are not isolated pass. Should it begin
        to do so later, they are dropped until the next run.
    type: bool
    default: true
  trusted_interfaces:
    description: &trusted_interfaces
      - Interfaces whose hosts may reach every port of every endpoint by route.
    type: list
    elements: str
  masquerade:
    description: &masquerade
      - Whether M(netplumb.linuxnet.masquerade) translates what leaves. Where it does not, errors about connections of endpoints,
        such as packet too big, are let in for the endpoints' own addresses.
      - Heeded with O(gateway_mode=nat) and O(gateway_mode=nat-unprotected).
    type: bool
    default: true
  masquerade_protocols:
    description: &masquerade_protocols
      - What may leave where it is translated. V(common) are TCP, UDP, ICMP and SCTP; what is of any other protocol is dropped.
      - V(all) lets everything leave. Of a protocol without ports, such as ESP, GRE or IP in IP, all packets between two addresses are one
        connection, so that an endpoint that speaks first to a peer of the host gets what this peer sends to the host.
      - Not heeded with O(gateway_mode=routed) and O(masquerade=false).
    type: str
    choices: [common, all]
    default: common
  answers_by:
    description: &answers_by
      - Other interfaces of the host, bridges as a rule, by which endpoints answer for what is published here, since their default
        route leads there. Nobody else's packets with an address of O(subnets) pass.
    type: list
    elements: dict
    suboptions: &answers
      interface:
        description:
          - The interface of the host.
        type: str
        required: true
      addresses:
        description:
          - The addresses in O(subnets) of those endpoints, and no others.
        type: list
        elements: str
        required: true
      mac_address:
        description:
          - From where they answer. Without it, whoever else is behind the interface can answer in their names.
          - Endpoints with different MAC addresses are entries of their own.
        type: str
  gateways:
    description: &gateways
      - The host's own addresses in O(subnets), by which endpoints reach published ports. What was meant for any other address there is
        not taken for published, whatever another tool's rules make of its port.
      - By default the first address of each subnet, and none with O(inhibit_gateway=true).
    type: list
    elements: str
  inhibit_gateway:
    description: &inhibit_gateway
      - Whether the endpoints' router is not this host but elsewhere on their segment. Their packets may then come by any interface.
        Otherwise whoever speaks in the name of an endpoint from another interface than O(bridge) is not listened to.
    type: bool
    default: false
  neighbours:
    description: &neighbours
      - Addresses behind the bridge with the MAC address that each belongs to. What comes by the bridge from one of these addresses and
        from another MAC address is dropped. An address may stand there with several MAC addresses.
      - That nobody uses another's MAC address is for the ports to see to, see M(netplumb.linuxnet.bridge_port).
    type: list
    elements: dict
    suboptions: &neighbour
      address:
        description:
          - The address.
        type: str
        required: true
      mac_address:
        description:
          - The MAC address, in quotes.
        type: raw
        required: true
  purge_neighbours:
    description: &purge_neighbours
      - Whether those that are not listed are forgotten. Only heeded where O(neighbours) is given, be it empty.
    type: bool
    default: false
  forward_policy:
    description: &forward_policy
      - With V(drop), the policy of C(FORWARD) is set to C(DROP), so that the host does not route between its other interfaces.
      - Where the kernel shows bridged frames to iptables (bridge-nf), it also stops what other bridges carry between their own ports, unless
        rules let that pass. A warning names them.
      - With V(keep), and with O(state=absent), the policy stays as it is.
    type: str
    choices: [keep, drop]
    default: keep
  ip_version:
    description: &ip_version
      - The families to write rules in. With V(both), a family that the host lacks and no subnet needs is passed over.
    type: str
    choices: [ipv4, ipv6, both]
    default: both
  state:
    description: &state
      - With V(absent), every rule of this bridge and owner is removed, and with the last network the chains.
    type: str
    choices: [present, absent]
    default: present
  netns:
    description: &netns
      - The network namespace that the bridge lives in, a name or an absolute path; the host's own by default.
    type: str
  owner:
    description: &owner
      - Whose the rules are, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.). A bridge of another owner is refused.
    type: str
    default: default
  aggregate:
    description:
      - Many at once. Options given beside it are the defaults of each.
    type: list
    elements: dict
    suboptions:
      bridge:
        description: *bridge
        type: str
      subnets:
        description: *subnets
        type: list
        elements: str
      gateway_mode:
        description: *gateway_mode
        type: str
        choices: [nat, nat-unprotected, routed]
      gateway_mode_ipv6:
        description: *gateway_mode_ipv6
        type: str
        choices: [nat, nat-unprotected, routed]
      internal:
        description: *internal
        type: bool
      icc:
        description: *icc
        type: bool
      trusted_interfaces:
        description: *trusted_interfaces
        type: list
        elements: str
      masquerade:
        description: *masquerade
        type: bool
      masquerade_protocols:
        description: *masquerade_protocols
        type: str
        choices: [common, all]
      answers_by:
        description: *answers_by
        type: list
        elements: dict
        suboptions: *answers
      gateways:
        description: *gateways
        type: list
        elements: str
      inhibit_gateway:
        description: *inhibit_gateway
        type: bool
      neighbours:
        description: *neighbours
        type: list
        elements: dict
        suboptions: *neighbour
      purge_neighbours:
        description: *purge_neighbours
        type: bool
      forward_policy:
        description: *forward_policy
        type: str
        choices: [keep, drop]
      ip_version:
        description: *ip_version
        type: str
        choices: [ipv4, ipv6, both]
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
  - module: netplumb.linuxnet.bridge
  - module: netplumb.linuxnet.dnat
  - module: netplumb.linuxnet.ip_forward
  - module: netplumb.linuxnet.masquerade
"""

EXAMPLES = r"""
- name: Protect a network of two families
  netplumb.linuxnet.bridge_forward:
    bridge: br0
    subnets: [172.18.0.0/16, "fd00:18::/64"]

- name: Protect more networks, one that is closed and one whose endpoints do not see each other
  netplumb.linuxnet.bridge_forward:
    aggregate:
      - bridge: br1
        subnets: [172.20.0.0/16]
        internal: true
      - bridge: br2
        subnets: [172.21.0.0/16]
        icc: false

- name: Remove all of it
  netplumb.linuxnet.bridge_forward:
    state: absent
    aggregate:
      - bridge: br0
      - bridge: br1
      - bridge: br2
"""

RETURN = r"""
objects:
  description: The networks, one entry per definition, in the order of the definitions.
  returned: success
  type: list
  elements: dict
  sample:
    - netns:
      bridge: br0
      subnets: [172.18.0.0/16, "fd00:18::/64"]
      gateway_mode: nat
      gateway_mode_ipv6: nat
      internal: false
      icc: true
      trusted_interfaces: []
      masquerade: true
      answers_by: []
      accept_ra: false
      state: present
      changed: true
  contains:
    netns:
      description: The namespace, or nothing for the host's own.
      type: str
    bridge:
      description: The bridge.
      type: str
    subnets:
      description: The networks on the bridge.
      type: list
      elements: str
    gateway_mode:
      description: How endpoints are reached by IPv4.
      type: str
    gateway_mode_ipv6:
      description: How endpoints are reached by IPv6.
      type: str
    internal:
      description: Whether nothing leaves and nothing enters.
      type: bool
    icc:
      description: Whether endpoints may talk to each other.
      type: bool
    trusted_interfaces:
      description: Interfaces whose hosts may reach every port.
      type: list
      elements: str
    masquerade:
      description: Whether what leaves is taken to be translated.
      type: bool
    answers_by:
      description: Other interfaces by which endpoints answer.
      type: list
      elements: str
    forward_policy:
      description: The policy of C(FORWARD), where it is managed.
      type: str
    accept_ra:
      description: Whether the bridge heeds router advertisements. Missing where the kernel has no IPv6.
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
  description: What differed, for changed definitions only. Where only rules do, they are shown as C(iptables-save) does.
  returned: in diff mode
  type: list
  elements: dict
  sample:
    - before:
        bridge: br0
        rules: []
      after:
        bridge: br0
        rules: ["ipv4 filter -A LINUXNET-TO -o br0 -m comment --comment linuxnet-forward-default -j DROP"]
      before_header: bridge_forward br0
      after_header: bridge_forward br0
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.bridge_forward import BridgeForward
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run


def main() -> None:
    """Converge the rules of networks."""
    run(BridgeForward())


if __name__ == "__main__":
    main()
