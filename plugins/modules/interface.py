#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: interface
short_description: Manage state, addresses and routes of an interface
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Brings an interface that exists up or down and manages its addresses, its routes, its MTU, its MAC address and its
    kernel settings.
  - Only what is given is managed. Addresses and routes that are not listed stay, unless they are to be purged.
  - What the kernel, a router's advertisement, a lease or a routing daemon put there is never shown as a difference
    and never purged.
  - The interface is made by others, for example by M(netplumb.linuxnet.veth) or M(netplumb.linuxnet.bridge). Those
    also manage MTU and
    MAC address of what they make, so use these options here for other interfaces.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netlink
options:
  name:
    description: &name
      - The interface's name, 1 to 15 bytes. V(lo) is one as good as any.
    type: str
  state:
    description: &state
      - With V(present), the interface is as described.
      - With V(absent), the listed addresses, routes, neighbours and proxy neighbours are gone, an address whatever its prefix length. Nothing else
        is touched; in
        particular the interface stays, up or down as it is.
    type: str
    choices: [present, absent]
    default: present
  netns:
    description: &netns
      - The network namespace of the interface, a name or an absolute path; the host's own by default.
    type: str
  owner:
    description: &owner
      - Whose the addresses are, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.).
      - An interface of the host that is marked as another owner's is refused.
      - In a namespace that this owner has a claim on, see M(netplumb.linuxnet.netns), the addresses are remembered as
        leases.
    type: str
    default: default
  enabled:
    description: &enabled
      - Whether the interface is up.
    type: bool
    default: true
  mtu:
    description: &mtu
      - Largest packet in bytes, 68 to 65536; at least 1280 with IPv6 addresses.
    type: int
  mac_address:
    description: &mac_address
      - The MAC address, in quotes.
    type: raw
  addresses:
    description: &addresses
      - Addresses with prefix length, of both families.
      - An address that is there with another prefix length is replaced.
      - IPv6 addresses are usable at once, without the kernel's search for duplicates.
      - IPv4 addresses of subnets with more than two have the subnet's broadcast address, and are given anew where they
        have another one.
      - What the kernel adds to the address of an interface that is up is put back where it is lost - the routes to the
        address and to its subnet, and with IPv6 addresses the link-local one - and a bridge or a veth speaks ARP. A diff
        names what was C(lost).
    type: list
    elements: str
  purge_addresses:
    description: &purge_addresses
      - Whether other addresses are removed. Only heeded where O(addresses) is given, be it empty.
      - Link-local addresses, those of the host alone as 127.0.0.1 and those that end by themselves stay in any case.
    type: bool
    default: false
  routes:
    description: &routes
      - Routes over the interface. Destination, table and metric tell one from the others.
      - A route with the same destination, table and metric over another interface is an error that names it.
    type: list
    elements: dict
    suboptions: &route
      to:
        description:
          - Destination, a network such as V(10.0.0.0/8), or V(default).
          - V(default) is of the family of C(via) or C(src), and of IPv4 without any. V(::/0) is always IPv6's.
        type: str
        required: true
      via:
        description:
          - The gateway's address. Without one the destination is on the link.
        type: str
      metric:
        description:
          - The lower one is taken. By default 0 for IPv4 and 1024 for IPv6, as the kernel has it.
        type: int
      table:
        description:
          - Routing table, a number or a name that C(/etc/iproute2/rt_tables) has.
        type: str
        default: main
      src:
        description:
          - The address that packets of the host itself leave with.
        type: str
      on_link:
        description:
          - Take the gateway as reachable on the link though no address says so.
        type: bool
        default: false
      type:
        description:
          - All but V(unicast) lead nowhere and so over no interface.
        type: str
        choices: [unicast, blackhole, unreachable, prohibit, throw]
        default: unicast
  purge_routes:
    description: &purge_routes
      - Whether other routes over the interface that somebody put there are removed. Only heeded where O(routes) is
        given, be it empty.
      - Routes by the kernel, a router's advertisement, a lease or a routing daemon stay in any case.
    type: bool
    default: false
  neighbours:
    description: &neighbours
      - Neighbours on the link whose MAC addresses are written down, as by C(ip neigh replace ... nud permanent), so that nobody there
        can pretend to be one of them.
    type: list
    elements: dict
    suboptions: &neighbour
      address:
        description:
          - The neighbour's address.
        type: str
        required: true
      mac_address:
        description:
          - Its MAC address, in quotes.
        type: raw
        required: true
  purge_neighbours:
    description: &purge_neighbours
      - Whether other neighbours that are written down are removed. Only heeded where O(neighbours) is given, be it empty.
    type: bool
    default: false
  proxy_neighbours:
    description: &proxy_neighbours
      - Addresses that the host answers for on this interface in the name of others, as by C(ip neigh add proxy). Others stay.
      - IPv4 answers where the interface forwards and the host's route to the address leads over another one. IPv6 needs
        C(net.ipv6.conf.IFNAME.proxy_ndp) as well.
    type: list
    elements: str
  purge_proxy_neighbours:
    description: &purge_proxy_neighbours
      - Networks whose other proxy neighbours are removed, as far as this module wrote them. Only heeded where
        O(proxy_neighbours) is given, be it empty, and with O(state=present). Kernels before Linux 5.0 do not remember who wrote one.
    type: list
    elements: str
  sysctls:
    description: &sysctls
      - Kernel settings of the interface, its name written as C(IFNAME), for example C(net.ipv4.conf.IFNAME.rp_filter).
    type: dict
  aggregate:
    description:
      - Many interfaces at once. Options given beside it are the defaults of each.
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
      enabled:
        description: *enabled
        type: bool
      mtu:
        description: *mtu
        type: int
      mac_address:
        description: *mac_address
        type: raw
      addresses:
        description: *addresses
        type: list
        elements: str
      purge_addresses:
        description: *purge_addresses
        type: bool
      routes:
        description: *routes
        type: list
        elements: dict
        suboptions: *route
      purge_routes:
        description: *purge_routes
        type: bool
      neighbours:
        description: *neighbours
        type: list
        elements: dict
        suboptions: *neighbour
      purge_neighbours:
        description: *purge_neighbours
        type: bool
      proxy_neighbours:
        description: *proxy_neighbours
        type: list
        elements: str
      purge_proxy_neighbours:
        description: *purge_proxy_neighbours
        type: list
        elements: str
      sysctls:
        description: *sysctls
        type: dict
seealso:
  - module: netplumb.linuxnet.veth
  - module: netplumb.linuxnet.bridge
  - module: netplumb.linuxnet.netns_info
"""

EXAMPLES = r"""
- name: Make a bridge, a namespace, and a link from one to the other
  netplumb.linuxnet.bridge:
    name: br0

- name: Make the namespace
  netplumb.linuxnet.netns:
    name: web

- name: Make the link
  netplumb.linuxnet.veth:
    name: vweb
    peer_name: eth0
    peer_netns: web

- name: Give the bridge an address and bring it up
  netplumb.linuxnet.interface:
    name: br0
    addresses: ["172.18.0.1/16", "fd00:18::1/64"]

- name: Give the inner end one and lead everything over the bridge
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

- name: Let nobody else on the bridge be taken for the neighbour with this address
  netplumb.linuxnet.interface:
    name: br0
    neighbours:
      - address: 172.18.0.2
        mac_address: "02:42:ac:12:00:02"

- name: Bring up the outer ends of many links, without addresses
  netplumb.linuxnet.interface:
    aggregate:
      - name: vweb

- name: Take an address away again
  netplumb.linuxnet.interface:
    name: br0
    state: absent
    addresses: ["172.18.0.1/16"]
"""

RETURN = r"""
objects:
  description: The interfaces, one entry per definition, in the order of the definitions.
  returned: success
  type: list
  elements: dict
  sample:
    - netns: web
      name: eth0
      state: present
      changed: true
      enabled: true
      addresses: [172.18.0.2/16]
      routes:
        - to: default
          ip_version: ipv4
          via: 172.18.0.1
          metric: 0
          table: main
  contains:
    netns:
      description: The namespace, or nothing for the host's own.
      type: str
    name:
      description: The name.
      type: str
    state:
      description: The state that was asked for.
      type: str
    changed:
      description: Whether this one was changed.
      type: bool
    enabled:
      description: Whether it is up.
      type: bool
    mtu:
      description: Its MTU, where it is managed.
      type: int
    mac_address:
      description: Its MAC address, where it is managed.
      type: str
    addresses:
      description: The addresses that are managed.
      type: list
      elements: str
    routes:
      description: The routes that are managed.
      type: list
      elements: dict
    neighbours:
      description: The permanent neighbours that are managed.
      type: list
      elements: dict
    proxy_neighbours:
      description: The addresses that are managed and answered for.
      type: list
      elements: str
    sysctls:
      description: The settings that are managed, by name.
      type: dict
diff:
  description: What differed, for changed definitions only.
  returned: in diff mode
  type: list
  elements: dict
  sample:
    - before:
        enabled: false
        addresses: []
      after:
        enabled: true
        addresses: [172.18.0.1/16]
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
