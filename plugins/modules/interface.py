#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: interface
short_description: Manage state, addresses and routes of an interface
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Brings an existing interface up or down and manages its addresses, routes, neighbours, MTU, MAC address and kernel settings.
  - Options that are omitted are not managed. Addresses and routes that are not listed stay, unless they are purged.
  - Whatever the kernel, a router advertisement, a lease or a routing daemon added is never reported as a difference and never purged.
  - The interface has to exist. M(netplumb.linuxnet.veth) and M(netplumb.linuxnet.bridge) create interfaces and manage their MTU and
    MAC address, so use O(mtu) and O(mac_address) here for other interfaces only.
  - In a namespace that O(owner) has a claim on, see M(netplumb.linuxnet.netns), the addresses are recorded as leases.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netlink
  - netplumb.linuxnet.common.netns
  - netplumb.linuxnet.common.owner
options:
  name:
    description:
      - The name of the interface, 1 to 15 bytes. The loopback interface V(lo) can be managed as well.
      - Required unless O(aggregate) is given.
    type: str
  state:
    description:
      - V(present) ensures that the interface is as described.
      - V(absent) removes the listed addresses (of any prefix length), routes, neighbours and proxy neighbours. Nothing else is
        touched; the interface stays, up or down as it is.
    type: str
    choices: [present, absent]
    default: present
  enabled:
    description:
      - Whether the interface is up.
    type: bool
    default: true
  mtu:
    description:
      - The MTU in bytes, 68 to 65536; at least 1280 with IPv6 addresses.
    type: int
  mac_address:
    description:
      - The MAC address, such as V("02:42:ac:12:00:02"). Quote it.
    type: raw
  addresses:
    description:
      - The addresses of the interface with their prefix lengths, such as V(172.18.0.2/16) or V(fd00:18::2/64).
      - An address with another prefix length is replaced.
      - IPv6 addresses are usable at once, without duplicate address detection.
      - An IPv4 address gets the broadcast address of its subnet, if that has more than two addresses. One with another broadcast
        address is replaced.
      - What the kernel adds to the addresses of an interface that is up is restored if it was lost, namely the routes to an address and
        its subnet and the IPv6 link-local address; so is ARP on a bridge or veth. The diff lists it as C(lost).
    type: list
    elements: str
  purge_addresses:
    description:
      - Whether to remove all other addresses. Only has an effect together with O(addresses), which may be empty.
      - Link-local addresses, host-only addresses such as 127.0.0.1, and addresses with a limited lifetime are never removed.
    type: bool
    default: false
  routes:
    description:
      - Routes over the interface. A route is identified by its destination, table and metric.
      - If another interface has a route with the same destination, table and metric, the task fails and names it.
    type: list
    elements: dict
    suboptions:
      to:
        description:
          - The destination, a network such as V(10.0.0.0/8) or V(default).
          - V(default) takes the family of C(via) or C(src), and IPv4 if both are omitted. V(::/0) is always IPv6.
        type: str
        required: true
      via:
        description:
          - The address of the gateway. If omitted, the destination is on the link.
        type: str
      metric:
        description:
          - The metric. Of several routes, the one with the lowest is used. If omitted, V(0) for IPv4 and V(1024) for IPv6, as in the kernel.
        type: int
      table:
        description:
          - The routing table, a number or a name from C(/etc/iproute2/rt_tables).
        type: str
        default: main
      src:
        description:
          - The source address of the host's own packets.
        type: str
      on_link:
        description:
          - Whether the gateway is reachable on the link even if no address of the interface implies it.
        type: bool
        default: false
      type:
        description:
          - The type of the route. Types other than V(unicast) have no interface.
        type: str
        choices: [unicast, blackhole, unreachable, prohibit, throw]
        default: unicast
  purge_routes:
    description:
      - Whether to remove all other routes over the interface that were added by hand. Only has an effect together with O(routes), which may be empty.
      - Routes added by the kernel, a router advertisement, a lease or a routing daemon are never removed.
    type: bool
    default: false
  neighbours:
    description:
      - Permanent neighbour entries, like C(ip neigh replace ... nud permanent), so that nobody on the link can impersonate these
        addresses.
    type: list
    elements: dict
    suboptions:
      address:
        description:
          - The address of the neighbour.
        type: str
        required: true
      mac_address:
        description:
          - The MAC address of the neighbour. Quote it.
        type: raw
        required: true
  purge_neighbours:
    description:
      - Whether to remove all other permanent neighbour entries. Only has an effect together with O(neighbours), which may be empty.
    type: bool
    default: false
  proxy_neighbours:
    description:
      - Addresses that the host answers for on this interface (proxy ARP and neighbour discovery), like C(ip neigh add proxy). Others stay.
      - The host answers for IPv4 addresses if the interface forwards and the route to the address uses another interface. IPv6 also
        needs C(net.ipv6.conf.IFNAME.proxy_ndp).
    type: list
    elements: str
  purge_proxy_neighbours:
    description:
      - Networks in which all other proxy neighbours added by this module are removed. Only has an effect together with O(proxy_neighbours),
        which may be empty, and with O(state=present).
      - Kernels before Linux 5.0 do not record who added an entry.
    type: list
    elements: str
  sysctls:
    description:
      - Kernel settings of the interface, with C(IFNAME) for its name, such as C(net.ipv4.conf.IFNAME.rp_filter).
    type: dict
  aggregate:
    description:
      - A list of interfaces to manage in one call. Options given next to it are the defaults of each element.
      - Absent ones are processed first. The others are processed in order, each after the changes of those before it.
    type: list
    elements: dict
    suboptions:
      name:
        description: See O(name). Required in each element.
        type: str
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
      enabled:
        description: See O(enabled).
        type: bool
      mtu:
        description: See O(mtu).
        type: int
      mac_address:
        description: See O(mac_address).
        type: raw
      addresses:
        description: See O(addresses).
        type: list
        elements: str
      purge_addresses:
        description: See O(purge_addresses).
        type: bool
      routes:
        description: See O(routes).
        type: list
        elements: dict
        suboptions:
          to:
            description: See O(routes[].to).
            type: str
            required: true
          via:
            description: See O(routes[].via).
            type: str
          metric:
            description: See O(routes[].metric).
            type: int
          table:
            description: See O(routes[].table).
            type: str
            default: main
          src:
            description: See O(routes[].src).
            type: str
          on_link:
            description: See O(routes[].on_link).
            type: bool
            default: false
          type:
            description: See O(routes[].type).
            type: str
            choices: [unicast, blackhole, unreachable, prohibit, throw]
            default: unicast
      purge_routes:
        description: See O(purge_routes).
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
      proxy_neighbours:
        description: See O(proxy_neighbours).
        type: list
        elements: str
      purge_proxy_neighbours:
        description: See O(purge_proxy_neighbours).
        type: list
        elements: str
      sysctls:
        description: See O(sysctls).
        type: dict
      netns:
        description: See O(netns).
        type: str
      owner:
        description: See O(owner).
        type: str
seealso:
  - module: netplumb.linuxnet.veth
  - module: netplumb.linuxnet.bridge
  - module: netplumb.linuxnet.netns_info
"""

EXAMPLES = r"""
- name: Create a bridge
  netplumb.linuxnet.bridge:
    name: br0

- name: Create a namespace
  netplumb.linuxnet.netns:
    name: web

- name: Connect the namespace to the host
  netplumb.linuxnet.veth:
    name: vweb
    peer_name: eth0
    peer_netns: web

- name: Bring the bridge up with two addresses
  netplumb.linuxnet.interface:
    name: br0
    addresses: ["172.18.0.1/16", "fd00:18::1/64"]

- name: Configure the interface inside the namespace, with routes by way of the bridge
  netplumb.linuxnet.interface:
    name: eth0
    netns: web
    addresses: ["172.18.0.2/16", "fd00:18::2/64"]
    purge_addresses: true
    routes:
      - to: default
        via: 172.18.0.1
      - to: default
        via: "fd00:18::1"
      - to: 192.168.0.0/16
        type: unreachable
    sysctls:
      net.ipv4.conf.IFNAME.rp_filter: 2

- name: Pin the MAC address of a neighbour on the bridge
  netplumb.linuxnet.interface:
    name: br0
    neighbours:
      - address: 172.18.0.2
        mac_address: "02:42:ac:12:00:02"

- name: Bring several interfaces up without addresses
  netplumb.linuxnet.interface:
    aggregate:
      - name: vweb

- name: Remove an address
  netplumb.linuxnet.interface:
    name: br0
    state: absent
    addresses: ["172.18.0.1/16"]
"""

RETURN = r"""
objects:
  description: The interfaces, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - netns: web
      name: eth0
      enabled: true
      addresses: [172.18.0.2/16, "fd00:18::2/64"]
      routes:
        - {to: 192.168.0.0/16, metric: 0, table: main, type: unreachable}
        - {to: default, metric: 0, table: main, via: 172.18.0.1, ip_version: ipv4}
        - {to: default, metric: 1024, table: main, via: "fd00:18::1", ip_version: ipv6}
      sysctls:
        net.ipv4.conf.IFNAME.rp_filter: "2"
      state: present
      changed: true
  contains:
    netns:
      description: The namespace, or V(null) for the host's own.
      type: str
    name:
      description: The name.
      type: str
    enabled:
      description: Whether the interface is up.
      type: bool
    mtu:
      description: The MTU, if managed.
      type: int
    mac_address:
      description: The MAC address, if managed.
      type: str
    addresses:
      description: The managed addresses.
      type: list
      elements: str
    routes:
      description: The managed routes.
      type: list
      elements: dict
    neighbours:
      description: The managed permanent neighbours.
      type: list
      elements: dict
    proxy_neighbours:
      description: The managed proxy neighbours.
      type: list
      elements: str
    sysctls:
      description: The managed settings.
      type: dict
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
        enabled: false
        addresses: []
      after:
        enabled: true
        addresses: [172.18.0.1/16, "fd00:18::1/64"]
      before_header: interface br0
      after_header: interface br0
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface import Interface


def main() -> None:
    """Converge interfaces."""
    run(Interface())


if __name__ == "__main__":
    main()
