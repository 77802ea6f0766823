#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: netns_info
short_description: Gather information about network namespaces, interfaces, routes and rules
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Reads what the modules of this collection manage, on the host and in every named network namespace. Nothing is changed.
  - The owner of an object is taken from its mark (the alias of an interface, the comment of a rule) or from the records in
    C(/run/linuxnet).
  - Routes of the table C(local), which the kernel adds for every address, are left out.
  - What cannot be read in a namespace, for example because of what its root did, is left out and named in a warning.
  - Without iptables, no rules are returned and a warning says so. The same applies if rules cannot be read, in which case
    RV(host.rules_complete) is V(false), unless the kernel has no tables.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes.info
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
options:
  netns:
    description:
      - The network namespace to treat as the host, a name such as V(web) or an absolute path such as V(/proc/1234/ns/net).
      - If omitted, the host's own namespace.
    type: str
  names:
    description:
      - The namespaces to return. Names that do not exist are left out.
      - If omitted, all of them.
    type: list
    elements: str
  owner:
    description:
      - Return only objects of this owner as objects of this collection.
      - If omitted, those of every owner.
    type: str
  text:
    description:
      - Whether to return the result as one JSON string in RV(text), instead of RV(namespaces) and most of RV(host).
      - Ansible processes each value of a result several times, which takes seconds for a thousand namespaces.
      - Mutually exclusive with O(aggregate).
    type: bool
    default: false
  brief:
    description:
      - Whether to return only what the role needs of namespaces, so that whatever others put there costs little. This leaves out
        neighbours, the addresses of interfaces other than veth, and, if there are more than 1000 routes, all but the default routes.
      - Mutually exclusive with O(aggregate).
    type: bool
    default: false
  aggregate:
    description:
      - A list of queries to answer in one call, which are returned in RV(objects) only. Options given next to it are the defaults of each
        element.
    type: list
    elements: dict
    suboptions:
      netns:
        description: See O(netns).
        type: str
      names:
        description: See O(names).
        type: list
        elements: str
      owner:
        description: See O(owner).
        type: str
seealso:
  - module: netplumb.linuxnet.netns
  - module: netplumb.linuxnet.veth
  - plugin: netplumb.linuxnet.topology
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Gather information about the host and all named namespaces
  netplumb.linuxnet.netns_info:
  register: info

- name: Show the namespaces like ip netns list
  ansible.builtin.debug:
    msg: "{{ info.namespaces | map(attribute='name') }}"

- name: Show the peer of each port of a bridge
  ansible.builtin.debug:
    msg: "{{ item.name }} leads to {{ item.peer }}"
  loop: "{{ info.host.interfaces | selectattr('bridge', 'equalto', 'br0') }}"
  loop_control:
    label: "{{ item.name }}"

- name: Gather information about two namespaces
  netplumb.linuxnet.netns_info:
    names: [web, db]
"""

RETURN = r"""
text:
  description: The result as JSON, a dictionary with C(host) and C(namespaces).
  returned: if O(text=true)
  type: str
host:
  description: The host. With O(text=true), only C(missing), C(better_python) and C(package_manager).
  returned: unless O(aggregate) is given
  type: dict
  sample:
    interfaces:
      - name: vweb
        index: 3
        kind: veth
        enabled: false
        carrier: false
        mtu: 1500
        mac_address: ba:23:43:e1:9f:86
        alias:
        alternative_names: []
        group: 0
        bridge: br0
        addresses: []
        peer: {netns: web, name: eth0}
        port: {hairpin: false, isolated: false, learning: true, locked: false, flood: true, guard: false, cost: 2, priority: 32}
        owner:
        endpoint:
        port_owner:
        accept_ra: 1
        bandwidth:
    routes: []
    neighbours: []
    proxy_neighbours: []
    rules: []
    ip_forward: {ipv4: false, ipv6: false}
    missing: []
  contains:
    interfaces:
      description: Its interfaces.
      type: list
      elements: dict
      contains:
        name:
          description: The name.
          type: str
        index:
          description: The index.
          type: int
        kind:
          description: The kind, such as V(veth) or V(bridge). V(null) for physical interfaces and C(lo).
          type: str
        enabled:
          description: Whether it is up.
          type: bool
        carrier:
          description: Whether it is up and something is connected, such as a cable or an interface that is up at the other end of a pair.
          type: bool
        mtu:
          description: The MTU.
          type: int
        mac_address:
          description: The MAC address.
          type: str
        alias:
          description: The alias.
          type: str
        alternative_names:
          description: Further names that C(ip link) accepts. Firewall rules do not.
          type: list
          elements: str
        group:
          description: The link group.
          type: int
        bridge:
          description: The bridge that it is a port of, or V(null).
          type: str
        addresses:
          description: The addresses, each with C(address), C(ip_version), C(scope) and C(dynamic). The last is V(true) for addresses
            with a limited lifetime.
          type: list
          elements: dict
        peer:
          description: The other end of a veth pair, with C(netns) (V(null) for the host) and C(name). V(null) if the other end is in a
            namespace without a name.
          type: dict
        port:
          description: The properties of a bridge port, C(hairpin), C(isolated), C(learning), C(locked), C(flood), C(guard), C(cost) and
            C(priority), or V(null).
          type: dict
        owner:
          description: The owner according to its mark, or V(null).
          type: str
        endpoint:
          description: The namespace that it leads to according to its mark, or V(null).
          type: str
        port_owner:
          description: The owner that added it to its bridge, if the interface itself has no mark.
          type: str
        accept_ra:
          description: The kernel setting C(accept_ra) for router advertisements.
          type: int
        bandwidth:
          description: The limits that M(netplumb.linuxnet.bandwidth) set, with C(ingress_rate), C(ingress_burst), C(egress_rate) and
            C(egress_burst), each V(null) if there is none, or V(null).
          type: dict
    routes:
      description:
        - Its routes, each with C(to), C(via), C(interface), C(metric), C(table), C(type), C(src), C(protocol), C(scope) and
          C(ip_version).
        - C(table) is a string, V(main), V(local), V(default) or a number. A multipath route is listed once for each interface.
      type: list
      elements: dict
    policy_rules:
      description:
        - The rules of C(ip rule) that choose a table by nothing but the destination, in order, each with C(ip_version), C(priority),
          C(to), C(table) and C(suppressed).
      type: list
      elements: dict
    firewalls:
      description: The installed firewalls, C(iptables) and C(nftables). M(netplumb.linuxnet.port_guard) always needs C(nftables).
      type: list
      elements: str
    settings_writable:
      description: Whether C(/proc/sys/net) is writable.
      type: bool
    neighbours:
      description: The neighbour entries (ARP and neighbour discovery), each with C(address), C(mac_address), C(interface) and C(state).
      type: list
      elements: dict
    proxy_neighbours:
      description: The proxy neighbour entries, each with C(address), C(interface) and C(managed), which is V(true) if
        M(netplumb.linuxnet.interface) added it.
      type: list
      elements: dict
    rules:
      description:
        - The rules of this collection, each with C(ip_version), C(table), C(chain), C(kind), C(owner) and C(text), and the values of its
          kind, named like the options of M(netplumb.linuxnet.dnat), M(netplumb.linuxnet.masquerade) and M(netplumb.linuxnet.bridge_forward).
        - Those of M(netplumb.linuxnet.port_guard) have the C(kind) V(guard), and C(ip_version) is V(null), since they are about both.
      type: list
      elements: dict
    rules_complete:
      description: Whether all rules could be read. If not, the role and every teardown fail.
      type: bool
    rules_unread:
      description: What could not be read and why, a sentence each.
      type: list
      elements: str
    empty_chains:
      description: Chains of this collection that were flushed by hand.
      type: list
      elements: str
    emptied:
      description: The kinds of rules that these chains are for.
      type: list
      elements: str
    other_rules:
      description:
        - Foreign rules that may interfere with a network.
        - C(translations) lists the rules of iptables that translate packets to the host, each with C(ip_version), C(chain), C(text),
          C(protocol), C(ports), C(destination) and C(first), which is V(true) if it comes before the rules of this collection.
        - C(native_translations) lists the rules of nftables that translate packets to ports of the host, each with C(ip_version),
          C(family), C(table), C(chain), C(protocol), C(ports), C(destination) and C(first), which is V(null) if it cannot be known.
        - C(backends) lists the backends with rules that C(iptables) does not use here, each with C(ip_version) and C(backend), V(legacy) or
          V(nft).
        - C(dropping) lists the other chains of nftables that drop forwarded packets unless they accept them, each with C(family),
          C(table), C(chain), C(interfaces), the interfaces that rules of the table name, but for those whose packets are led to where
          none may leave, and C(ways_out), the interfaces by which packets of any other interface may leave.
        - C(strict_forward_ports) is V(true) if firewalld runs with C(StrictForwardPorts=yes).
      type: dict
    ip_forward:
      description: Whether packets are forwarded, by IP version. C(ipv6) is V(null) if the kernel has no IPv6.
      type: dict
    bridge_nf:
      description: Whether the kernel passes bridged frames to iptables, by IP version.
      type: dict
    limits:
      description:
        - Limits that all namespaces of the machine share. C(neighbours) is the size of the neighbour table by IP version (C(gc_thresh3)),
          C(backlog) the number of packets queued per processor (C(netdev_max_backlog)), or V(null) if it is not visible here.
      type: dict
    listeners:
      description:
        - Listening TCP sockets and unconnected bound UDP sockets, each with C(protocol), C(address), C(port), C(process) and C(pid).
        - C(address) is V(0.0.0.0) or V(::) for all addresses. Whether a socket on V(::) also accepts IPv4 is not known.
        - C(process) and C(pid) are V(null) if the process is not visible here.
      type: list
      elements: dict
    published:
      description: The published ports of the host by owner, including those whose rule was deleted by hand.
      type: dict
    persistent:
      description:
        - The networks that survive a reboot by name, each with C(leases), its addresses by namespace and interface, and C(switches), the
          IP versions that a file lets the machine forward.
      type: dict
    machine_id:
      description: The content of C(/etc/machine-id), which MAC addresses are derived from. Empty if it is missing.
      type: str
    unmanaged_links:
      description:
        - The interfaces in files of M(netplumb.linuxnet.unmanaged_links), by owner and file.
        - An owner without files comes from a run that was interrupted before it wrote the first one.
      type: dict
    names:
      description:
        - The names in hosts files of M(netplumb.linuxnet.netns_names) by owner, in groups of C(namespaces) with the same lines, C(hosts).
          C(own) has what single ones have beside these.
      type: dict
    resolvers:
      description: The namespaces with a C(resolv.conf) that no other owner may change, each with its owner or V(null).
      type: dict
    resolver:
      description: The host's C(servers), C(search) and C(options) of C(/etc/resolv.conf), and the C(upstream) servers of
        C(systemd-resolved).
      type: dict
    names_left_alone:
      description: By namespace, why its hosts file or its directory in C(/etc/netns) is neither read nor written.
      type: dict
    missing:
      description:
        - What other modules of this collection need and the host lacks, V(pyroute2), V(netaddr) or V(iptables).
        - Libraries are looked up with the Python interpreter that runs this module.
      type: list
      elements: str
    better_python:
      description: The host's C(/usr/bin/python3) if it has a library that the current interpreter lacks, to be used as
        C(ansible_python_interpreter), or V(null).
      type: str
    package_manager:
      description: The package manager of the host, V(apt), V(dnf) or V(null).
      type: str
namespaces:
  description: The named namespaces, sorted by name, including lost ones that have a record.
  returned: unless O(aggregate) or O(text=true) is given
  type: list
  elements: dict
  sample:
    - name: web
      path: /run/netns/web
      live: true
      device: 4
      inode: 4026532958
      owners: []
      attached: false
      leases: {}
      pids: []
      interfaces:
        - name: eth0
          index: 2
          kind: veth
          enabled: false
          carrier: false
          mtu: 1500
          mac_address: 9a:20:fa:f5:ca:c7
          alias:
          alternative_names: []
          group: 0
          bridge:
          addresses: []
          peer: {netns: null, name: vweb}
          port:
      routes: []
      neighbours: []
  contains:
    name:
      description: The name.
      type: str
    path:
      description: The file of the name.
      type: str
    live:
      description: Whether the file refers to a namespace.
      type: bool
    device:
      description: Identifies the namespace together with C(inode).
      type: int
    inode:
      description: Identifies the namespace together with C(device).
      type: int
    owners:
      description: The owners with a claim on it.
      type: list
      elements: str
    attached:
      description: Whether it existed before and only got its name from this collection.
      type: bool
    leases:
      description: The recorded addresses by owner and interface.
      type: dict
    pids:
      description: The processes inside.
      type: list
      elements: int
    interfaces:
      description: Its interfaces, like those of the host but without ownership.
      type: list
      elements: dict
    routes:
      description: Its routes, like those of the host.
      type: list
      elements: dict
    neighbours:
      description: Its neighbours, like those of the host.
      type: list
      elements: dict
objects:
  description: The results, each with C(netns), C(host) and C(namespaces), in the order of the elements.
  returned: if O(aggregate) is given
  type: list
  elements: dict
"""

import json

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable_all
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.spec import definitions
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import failing, module_for, tell_warnings
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import info


def main() -> None:
    """Return the state of the host."""
    options = {
        **NETNS,
        "names": {"type": "list", "elements": "str"},
        "owner": {"type": "str"},
    }
    module = module_for(
        options, identified_by=(), alone={word: {"type": "bool", "default": False} for word in ("text", "brief")}
    )
    host = Host(check_mode=module.check_mode)
    with failing(module, host), host:
        wants = info.wants(definitions(module.params), module.params["brief"])
        views = [printable_all({"netns": want.netns, **info.view(host, want)}) for want in wants]
    for sentence in (sentence for view in views for sentence in view["host"]["rules_unread"]):
        host.warn(f"rules could not be read completely: {sentence}")
    tell_warnings(module, host)
    if module.params["aggregate"] is not None:
        module.exit_json(changed=False, objects=views)
    told = {"host": views[0]["host"], "namespaces": views[0]["namespaces"]}
    if module.params["text"]:
        short = {name: told["host"][name] for name in ("missing", "better_python", "package_manager")}
        module.exit_json(changed=False, text=json.dumps(told), host=short)
    module.exit_json(changed=False, **told)


if __name__ == "__main__":
    main()
