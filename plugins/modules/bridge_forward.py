#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge_forward
short_description: Manage what may cross a bridge
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Manages the firewall rules that protect one network. Their number does not depend on the number of endpoints.
  - Endpoints reach each other and the outside. From outside, only published ports of endpoints are reachable, whatever else the host
    accepts. The drops are in both tables C(mangle) and C(filter), so that neither an early ACCEPT of another tool nor flushing one table
    opens anything.
  - No endpoint can send from or to 127.0.0.0/8, and no packet leaves with a source address outside the network's subnets.
  - Nobody outside the bridge can impersonate an endpoint, neither to the host nor through it.
  - An IP version without a subnet is closed, so that IPv6 does not cross the bridge of an IPv4 network.
  - Each rule has a comment that names its owner. Rules without that comment are never touched, moved or flushed. Put rules of your own
    into the chain C(LINUXNET-USER), which is visited first and never written.
  - The bridge ignores router advertisements.
  - If the kernel passes bridged frames to iptables (bridge-nf), endpoints reach ports published on their own bridge only if its ports are
    in hairpin mode, see O(netplumb.linuxnet.bridge_port#module:hairpin).
  - Use M(netplumb.linuxnet.ip_forward) to have packets forwarded, and M(netplumb.linuxnet.masquerade) to translate their source.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.firewall
  - netplumb.linuxnet.common.iptables
  - netplumb.linuxnet.common.netns
  - netplumb.linuxnet.common.owner
options:
  bridge:
    description:
      - The name of the bridge. It need not exist yet. If M(netplumb.linuxnet.bridge) creates it later, it ignores router advertisements at
        once; if something else does, after the next run of this module.
      - Required unless O(aggregate) is given.
    type: str
  subnets:
    description:
      - The networks on the bridge, such as V(172.18.0.0/16) and V(fd00:18::/64).
      - Required if O(state=present).
    type: list
    elements: str
  gateway_mode:
    description:
      - With V(nat), only published ports are reachable from outside.
      - With V(nat-unprotected), every port is reachable for those who have a route to the endpoint.
      - With V(routed), nothing is translated. Published ports are reachable at the endpoint's own address, and so is ICMP.
    type: str
    choices: [nat, nat-unprotected, routed]
    default: nat
  gateway_mode_ipv6:
    description:
      - The gateway mode for IPv6. If omitted, O(gateway_mode).
    type: str
    choices: [nat, nat-unprotected, routed]
  internal:
    description:
      - Whether the network has no way in and no way out. Endpoints then reach the host at its gateway address only.
    type: bool
    default: false
  icc:
    description:
      - Whether endpoints may talk to each other. V(false) also blocks the way through the router, provided that the ports are isolated,
        see O(netplumb.linuxnet.bridge_port#module:isolated).
      - If the kernel passes bridged frames to iptables (bridge-nf), rules let those of ports that are not isolated pass. If bridge-nf is
        enabled later, they are dropped until the next run.
    type: bool
    default: true
  trusted_interfaces:
    description:
      - Interfaces whose hosts may reach every port of every endpoint by routing, such as V([wg0]).
      - An interface that does not exist is only a warning, since it may appear later.
    type: list
    elements: str
  masquerade:
    description:
      - Whether M(netplumb.linuxnet.masquerade) translates what leaves. With V(false), ICMP errors about connections of endpoints, such as
        packet too big, are accepted for the endpoints' own addresses.
      - Only used for the gateway modes V(nat) and V(nat-unprotected).
    type: bool
    default: true
  masquerade_protocols:
    description:
      - The protocols that may leave with a translated address. V(common) accepts TCP, UDP, ICMP and SCTP, and drops the rest.
      - V(all) accepts every protocol. Note that protocols without ports, such as ESP, GRE or IP in IP, have one connection per pair of
        addresses, so that an endpoint that contacts a peer of the host first receives what this peer sends to the host.
      - Not used with O(gateway_mode=routed) or O(masquerade=false).
    type: str
    choices: [common, all]
    default: common
  answers_by:
    description:
      - Host interfaces (usually bridges) through which endpoints of this network send replies because their default route uses another
        network. Only replies to published ports are accepted there.
    type: list
    elements: dict
    suboptions:
      interface:
        description:
          - The interface of the host.
        type: str
        required: true
      addresses:
        description:
          - The addresses of those endpoints in O(subnets), and no others.
        type: list
        elements: str
        required: true
      mac_address:
        description:
          - The MAC address that they reply from. If omitted, anyone behind the interface can reply in their place.
          - Use one entry for each MAC address.
        type: str
  gateways:
    description:
      - The host's own addresses in O(subnets), at which endpoints reach published ports. Packets to other addresses there never count as
        published, whatever the rules of another tool do with their ports.
      - If omitted, the first address of each subnet, or none with O(inhibit_gateway=true).
    type: list
    elements: str
  inhibit_gateway:
    description:
      - Whether the router of the endpoints is not this host but another machine on their segment. Packets of endpoints are then accepted
        from any interface, otherwise only from O(bridge).
    type: bool
    default: false
  neighbours:
    description:
      - The MAC addresses of addresses behind the bridge. A packet from one of these addresses with another MAC address is dropped. An
        address may be listed with several MAC addresses.
      - To prevent the use of a foreign MAC address, see O(netplumb.linuxnet.bridge_port#module:locked).
    type: list
    elements: dict
    suboptions:
      address:
        description:
          - The address.
        type: str
        required: true
      mac_address:
        description:
          - The MAC address, such as V("02:42:ac:12:00:02"). Quote it.
        type: raw
        required: true
  purge_neighbours:
    description:
      - Whether to remove all other neighbours. Only has an effect together with O(neighbours), which may be empty.
    type: bool
    default: false
  egress:
    description:
      - Where those on the bridge may send who are not among O(senders). With V(deny), nowhere.
      - Replies and ICMP errors about connections pass in any case, and so do ARP, neighbour discovery and echo requests to O(gateways).
        What stays within the bridge is not limited, see O(icc).
      - The host's own services are limited like everything else.
    type: str
    choices: [allow, deny]
    default: allow
  senders:
    description:
      - Those who may send only where their list says, whatever O(egress) is. With neither O(senders[].destinations) nor
        O(senders[].receivers), an entry only removes the list of this MAC address.
      - Who can use another MAC address evades the list, unless O(egress=deny), see O(netplumb.linuxnet.bridge_port#module:locked).
      - Every packet is compared, so a shorter list also stops connections that are established. They are removed from the host's
        connection tracking.
    type: list
    elements: dict
    suboptions:
      mac_address:
        description:
          - The MAC address, such as V("02:42:ac:12:00:02"). Quote it.
        type: raw
        required: true
      destinations:
        description:
          - Addresses and networks, as the sender addresses them, such as V(10.0.0.0/8), V(192.0.2.7:443/tcp), V(192.0.2.7:8000-8010/udp) or
            V([2001:db8::/32]:53/udp). Without a port, all protocols are let through; without a protocol, the port is of TCP.
          - An address of the host with a port leads to what is published there.
        type: list
        elements: str
      receivers:
        description:
          - The same, but compared with the address and port that the packet finally reaches, behind a published port for example.
        type: list
        elements: str
  purge_senders:
    description:
      - Whether to remove all other lists. Only has an effect together with O(senders), which may be empty.
    type: bool
    default: false
  forward_policy:
    description:
      - With V(drop), the policy of the chain C(FORWARD) is set to C(DROP), so that the host does not route between its other interfaces.
        If the kernel passes bridged frames to iptables (bridge-nf), this also stops traffic between the ports of other bridges unless rules
        accept it. A warning names them.
      - With V(keep) or O(state=absent), the policy stays as it is.
    type: str
    choices: [keep, drop]
    default: keep
  ip_version:
    description:
      - The IP versions to write rules for. V(both) skips a version that the host lacks and no subnet needs.
    type: str
    choices: [ipv4, ipv6, both]
    default: both
  state:
    description:
      - V(absent) removes all rules of this bridge and owner and, with the last network, the chains.
    type: str
    choices: [present, absent]
    default: present
  aggregate:
    description:
      - A list of networks to manage in one call. Options given next to it are the defaults of each element.
    type: list
    elements: dict
    suboptions:
      bridge:
        description: See O(bridge). Required in each element.
        type: str
      subnets:
        description: See O(subnets).
        type: list
        elements: str
      gateway_mode:
        description: See O(gateway_mode).
        type: str
        choices: [nat, nat-unprotected, routed]
      gateway_mode_ipv6:
        description: See O(gateway_mode_ipv6).
        type: str
        choices: [nat, nat-unprotected, routed]
      internal:
        description: See O(internal).
        type: bool
      icc:
        description: See O(icc).
        type: bool
      trusted_interfaces:
        description: See O(trusted_interfaces).
        type: list
        elements: str
      masquerade:
        description: See O(masquerade).
        type: bool
      masquerade_protocols:
        description: See O(masquerade_protocols).
        type: str
        choices: [common, all]
      answers_by:
        description: See O(answers_by).
        type: list
        elements: dict
        suboptions:
          interface:
            description: See O(answers_by[].interface).
            type: str
            required: true
          addresses:
            description: See O(answers_by[].addresses).
            type: list
            elements: str
            required: true
          mac_address:
            description: See O(answers_by[].mac_address).
            type: str
      gateways:
        description: See O(gateways).
        type: list
        elements: str
      inhibit_gateway:
        description: See O(inhibit_gateway).
        type: bool
      neighbours:
        description: See O(neighbours).
        type: list
        elements: dict
        suboptions:
          address:
            description: See O(neighbours[].address).
            type: str
            required: true
          mac_address:
            description: See O(neighbours[].mac_address).
            type: raw
            required: true
      purge_neighbours:
        description: See O(purge_neighbours).
        type: bool
      egress:
        description: See O(egress).
        type: str
        choices: [allow, deny]
      senders:
        description: See O(senders).
        type: list
        elements: dict
        suboptions:
          mac_address:
            description: See O(senders[].mac_address).
            type: raw
            required: true
          destinations:
            description: See O(senders[].destinations).
            type: list
            elements: str
          receivers:
            description: See O(senders[].receivers).
            type: list
            elements: str
      purge_senders:
        description: See O(purge_senders).
        type: bool
      forward_policy:
        description: See O(forward_policy).
        type: str
        choices: [keep, drop]
      ip_version:
        description: See O(ip_version).
        type: str
        choices: [ipv4, ipv6, both]
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
  - module: netplumb.linuxnet.bridge
  - module: netplumb.linuxnet.dnat
  - module: netplumb.linuxnet.ip_forward
  - module: netplumb.linuxnet.masquerade
"""

EXAMPLES = r"""
- name: Protect a dual-stack network
  netplumb.linuxnet.bridge_forward:
    bridge: br0
    subnets: [172.18.0.0/16, "fd00:18::/64"]

- name: Protect an internal network and one whose endpoints do not reach each other
  netplumb.linuxnet.bridge_forward:
    aggregate:
      - bridge: br1
        subnets: [172.20.0.0/16]
        internal: true
      - bridge: br2
        subnets: [172.21.0.0/16]
        icc: false

- name: Route a public IPv6 subnet, trust a VPN, and let the host route nothing else
  netplumb.linuxnet.bridge_forward:
    bridge: br3
    subnets: [172.22.0.0/16, "2001:db8:22::/64"]
    gateway_mode_ipv6: routed
    trusted_interfaces: [wg0]
    forward_policy: drop

- name: Accept replies of an endpoint whose default route uses the network of br0
  netplumb.linuxnet.bridge_forward:
    bridge: br2
    subnets: [172.21.0.0/16]
    icc: false
    answers_by:
      - interface: br0
        addresses: [172.21.0.2]
        mac_address: "02:42:ac:12:00:02"
    neighbours:
      - address: 172.21.0.2
        mac_address: "02:42:ac:15:00:02"

- name: Let one endpoint reach a web server and a resolver only, and all others nothing
  netplumb.linuxnet.bridge_forward:
    bridge: br4
    subnets: [172.24.0.0/16]
    egress: deny
    senders:
      - mac_address: "02:42:ac:18:00:02"
        destinations: ["192.0.2.7:443/tcp", "192.0.2.53:53/udp"]

- name: Remove all of it
  netplumb.linuxnet.bridge_forward:
    state: absent
    aggregate:
      - bridge: br0
      - bridge: br1
      - bridge: br2
      - bridge: br3
      - bridge: br4
"""

RETURN = r"""
objects:
  description: The networks, one entry per definition, in the same order.
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
      inhibit_gateway: false
      gateways: [172.18.0.1, "fd00:18::1"]
      masquerade_protocols: common
      egress: allow
      accept_ra: false
      state: present
      changed: true
  contains:
    netns:
      description: The namespace, or V(null) for the host's own.
      type: str
    bridge:
      description: The bridge.
      type: str
    subnets:
      description: The networks on the bridge.
      type: list
      elements: str
    gateway_mode:
      description: The gateway mode for IPv4.
      type: str
    gateway_mode_ipv6:
      description: The gateway mode for IPv6.
      type: str
    internal:
      description: As O(internal).
      type: bool
    icc:
      description: As O(icc).
      type: bool
    trusted_interfaces:
      description: As O(trusted_interfaces).
      type: list
      elements: str
    masquerade:
      description: As O(masquerade).
      type: bool
    masquerade_protocols:
      description: As O(masquerade_protocols).
      type: str
    answers_by:
      description: As O(answers_by).
      type: list
      elements: dict
    inhibit_gateway:
      description: As O(inhibit_gateway).
      type: bool
    gateways:
      description: The host's own addresses in O(subnets).
      type: list
      elements: str
    neighbours:
      description: The neighbours, if managed.
      type: list
      elements: dict
    egress:
      description: As O(egress).
      type: str
    senders:
      description: Those with a list, if managed. Overlapping entries are joined.
      type: list
      elements: dict
    forward_policy:
      description: The policy of C(FORWARD), if managed.
      type: str
    accept_ra:
      description: Whether the bridge accepts router advertisements. Missing if the kernel has no IPv6.
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
  description: The differences, one entry per changed definition. If only rules differ, they are listed as C(rules), in the format of C(iptables-save).
  returned: in diff mode
  type: list
  elements: dict
  sample:
    - before: {}
      after:
        subnets: [172.20.0.0/16]
        gateway_mode: nat
        gateway_mode_ipv6: nat
        internal: true
        icc: true
        trusted_interfaces: []
        masquerade: true
        answers_by: []
        inhibit_gateway: false
        gateways: [172.20.0.1]
        masquerade_protocols: common
        egress: allow
        accept_ra: false
      before_header: bridge_forward br1
      after_header: bridge_forward br1
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.bridge_forward import BridgeForward
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import rules
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run


def main() -> None:
    """Converge the rules of networks."""
    run(BridgeForward(rules.chosen()))


if __name__ == "__main__":
    main()
