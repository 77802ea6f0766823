#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: netns_info
short_description: Tell about network namespaces, interfaces, addresses, routes and rules
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Reads what the modules of this collection manage, of the host and of every namespace with a name. Nothing is
    changed.
  - Whose a thing is, is told by its mark (an interface's alias, a rule's comment) or by what is remembered below
    C(/run/linuxnet).
  - Routes of the table C(local), which the kernel keeps for every address, are left out.
  - What cannot be read of a namespace, which its root may bring about, is left out, and a warning names it.
  - Without iptables there are no rules in the result, and a warning. So it is where rules cannot be read, and
    RV(host.rules_complete) is false then, unless the kernel has no tables.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes.info
  - netplumb.linuxnet.common
options:
  netns:
    description: &netns
      - The network namespace that is taken for the host, a name or an absolute path; the host's own by default.
    type: str
  names:
    description: &names
      - Tell only about these namespaces. A name that is not there is left out.
    type: list
    elements: str
  owner:
    description: &owner
      - Call ours only what is this owner's. By default every owner's is told, with the owner.
    type: str
  text:
    description:
      - Tell the view as one string of JSON, RV(text), in place of RV(namespaces) and most of RV(host).
      - Ansible goes over each value of a result several times, which for a thousand namespaces takes seconds.
      - Not together with O(aggregate).
    type: bool
    default: false
  brief:
    description:
      - Of namespaces tell what the role needs alone, so that what others put there costs little. Their neighbours are left out,
        addresses of interfaces that are no veth, and where there are more than 1000 routes all but the default ones.
      - Not together with O(aggregate).
    type: bool
    default: false
  aggregate:
    description:
      - Several views at once, told in RV(objects) alone. Options given beside it are the defaults of each.
    type: list
    elements: dict
    suboptions:
      netns:
        description: *netns
        type: str
      names:
        description: *names
        type: list
        elements: str
      owner:
        description: *owner
        type: str
seealso:
  - module: netplumb.linuxnet.netns
  - module: netplumb.linuxnet.veth
"""

EXAMPLES = r"""
- name: See what is there
  netplumb.linuxnet.netns_info:
  register: info

- name: Show the namespaces as ip netns list would
  ansible.builtin.debug:
    msg: "{{ info.namespaces | map(attribute='name') }}"

- name: Show which end of which namespace is behind each port of a bridge
  ansible.builtin.debug:
    msg: "{{ item.name }} leads to {{ item.peer }}"
  loop: "{{ info.host.interfaces | selectattr('bridge', 'equalto', 'br0') }}"
  loop_control:
    label: "{{ item.name }}"

- name: Read two namespaces alone
  netplumb.linuxnet.netns_info:
    names: [web, db]
"""

RETURN = r"""
text:
  description: The view, a dictionary with C(host) and C(namespaces), as JSON.
  returned: with O(text)
  type: str
  sample: '{"host": {"interfaces": []}, "namespaces": []}'
host:
  description: The host. With O(text) only C(missing), C(better_python) and C(package_manager).
  returned: without O(aggregate)
  type: dict
  sample:
    interfaces: []
    routes: []
    neighbours: []
    proxy_neighbours: []
    rules: []
    ip_forward: {ipv4: true, ipv6: false}
    bridge_nf: {ipv4: false, ipv6: false}
    limits: {neighbours: {ipv4: 1024, ipv6: 1024}, backlog: 1000}
    listeners: [{protocol: tcp, address: 0.0.0.0, port: 22, process: sshd, pid: 812}]
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
          description: What kind it is, C(veth) or C(bridge) for example; nothing for physical ones and C(lo).
          type: str
        enabled:
          description: Whether it is up.
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
          description: Further names that C(ip link) knows it by, and no rule of a firewall.
          type: list
          elements: str
        group:
          description: The link group.
          type: int
        bridge:
          description: The bridge that it is a port of.
          type: str
        addresses:
          description: Each with C(address), C(ip_version), C(scope) and C(dynamic), true for those that end by
            themselves.
          type: list
          elements: dict
        peer:
          description: Of a veth end the other end, C(netns) and C(name). C(netns) is nothing for the host. Nothing
            where the other end is in a namespace without a name.
          type: dict
        port:
          description: Of a bridge's port C(hairpin), C(isolated), C(learning), C(locked), C(flood), C(guard), C(cost) and
            C(priority).
          type: dict
        owner:
          description: Whose mark it carries.
          type: str
        endpoint:
          description: The namespace that our mark says it leads to.
          type: str
        port_owner:
          description: Who put it on its bridge, where it carries no mark itself.
          type: str
        accept_ra:
          description: What it does with router advertisements, the kernel setting.
          type: int
    routes:
      description:
        - Its routes, each with C(to), C(via), C(interface), C(metric), C(table), C(type), C(src), C(protocol),
          C(scope) and C(ip_version).
        - C(table) is a string, V(main), V(local), V(default) or a number. A route over several interfaces stands here
          once for each.
      type: list
      elements: dict
    policy_rules:
      description:
        - The rules of C(ip rule) that choose a table by a packet's destination at most, in order, each with
          C(ip_version), C(priority), C(to), C(table) and C(suppressed).
      type: list
      elements: dict
    settings_writable:
      description: Whether C(/proc/sys/net) is mounted for writing.
      type: bool
    neighbours:
      description: What ARP and neighbour discovery know, each with C(address), C(mac_address), C(interface) and
        C(state).
      type: list
      elements: dict
    proxy_neighbours:
      description: What is answered for in the name of others, each with C(address), C(interface) and C(managed), which
        is whether M(netplumb.linuxnet.interface) wrote it.
      type: list
      elements: dict
    rules:
      description:
        - The rules that carry a mark of ours, each with C(ip_version), C(table), C(chain), C(kind), C(owner) and
          C(text), and what the kind has
          beside that, in the words of the options of M(netplumb.linuxnet.dnat), M(netplumb.linuxnet.masquerade) and
          M(netplumb.linuxnet.bridge_forward).
      type: list
      elements: dict
    rules_complete:
      description: Whether these are all. If not, the role and every teardown end with an error.
      type: bool
    rules_unread:
      description: What could not be read, and why, a sentence for each.
      type: list
      elements: str
    empty_chains:
      description: Chains of ours that somebody emptied.
      type: list
      elements: str
    other_rules:
      description:
        - What others have in the packet filter that may be in the way of a network.
        - C(translations) are rules of iptables that translate what comes to the host, each with C(ip_version), C(chain),
          C(text), C(protocol), C(ports), C(destination) and C(first), whether it stands above ours.
        - C(backends) are those that iptables does not use here and that have rules, each with C(ip_version) and
          C(backend), V(legacy) or V(nft).
        - C(dropping) are chains of nftables that are not those of iptables and drop what is forwarded unless they accept
          it, each with C(family), C(table), C(chain) and C(interfaces), those that rules of the table name.
        - C(strict_forward_ports) is true where firewalld is there and has C(StrictForwardPorts=yes).
      type: dict
    ip_forward:
      description: Whether packets are forwarded, by family. Nothing for C(ipv6) where the kernel has none.
      type: dict
    bridge_nf:
      description: Whether iptables sees what bridges pass on, by family.
      type: dict
    limits:
      description:
        - What all namespaces of the machine share, C(neighbours) being the entries that the neighbour table of a family
          holds (C(gc_thresh3)), C(backlog) the packets that are queued for one processor (C(netdev_max_backlog)).
        - C(backlog) is nothing where it cannot be seen from here.
      type: dict
    listeners:
      description:
        - The sockets that wait for others to begin, TCP ones that listen and UDP ones that are bound and have no peer,
          each with C(protocol), C(address), C(port), C(process) and C(pid).
        - C(address) is V(0.0.0.0) or V(::) for all of them. The kernel does not tell here whether one on V(::) takes
          IPv4 as well.
        - C(process) and C(pid) are nothing where the process cannot be seen from here.
      type: list
      elements: dict
    published:
      description: By owner the ports of the host that were published, also where somebody deleted the rule.
      type: dict
    persistent:
      description:
        - By name the networks that come back after a reboot, each with C(leases), by namespace and interface the addresses in it, and
          C(switches), the families that a file has the machine forward.
      type: dict
    machine_id:
      description: What C(/etc/machine-id) says, from which MAC addresses are derived; the empty string where it is missing.
      type: str
    unmanaged_links:
      description:
        - By owner and file the interfaces that a file of M(netplumb.linuxnet.unmanaged_links) names.
        - An owner without a file is one whose run was stopped before it wrote the first one.
      type: dict
    missing:
      description:
        - What other modules of the collection need and the machine lacks, V(pyroute2), V(netaddr) or V(iptables).
        - V(pyroute2) is looked for by the Python that this module runs on.
      type: list
      elements: str
    better_python:
      description:
        - The machine's C(/usr/bin/python3) where it has a library that the Python of this module lacks, to be named by
          C(ansible_python_interpreter). Else nothing.
      type: str
    package_manager:
      description: What the machine installs packages with, V(apt) or V(dnf); nothing for any other.
      type: str
namespaces:
  description: The namespaces with a name, sorted by it; those too that are lost but remembered.
  returned: without O(aggregate) and O(text)
  type: list
  elements: dict
  sample:
    - name: web
      path: /run/netns/web
      live: true
      device: 4
      inode: 4026532001
      owners: [br-shop]
      attached: false
      leases: {br-shop: {eth0: [172.18.0.2/16]}}
      pids: [4711]
      interfaces: []
      routes: []
      neighbours: []
  contains:
    name:
      description: The name.
      type: str
    path:
      description: The file.
      type: str
    live:
      description: Whether the file leads to a namespace.
      type: bool
    device:
      description: With C(inode), what tells it from all other namespaces.
      type: int
    inode:
      description: See C(device).
      type: int
    owners:
      description: Who has a claim on it.
      type: list
      elements: str
    attached:
      description: Whether it was there before and only got its name by us.
      type: bool
    leases:
      description: By owner and interface the addresses that were given.
      type: dict
    pids:
      description: The processes inside.
      type: list
      elements: int
    interfaces:
      description: Its interfaces, as of the host, without what is about ownership.
      type: list
      elements: dict
    routes:
      description: Its routes, as of the host.
      type: list
      elements: dict
    neighbours:
      description: Its neighbours, as of the host.
      type: list
      elements: dict
objects:
  description: The views, each with C(host) and C(namespaces), in the order of the definitions.
  returned: with O(aggregate)
  type: list
  elements: dict
  sample:
    - netns: lab1
      host: {}
      namespaces: []
"""

import json

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable_all
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.spec import definitions
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import failing, module_for, tell_warnings
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import info


def main() -> None:
    """Tell what there is."""
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
        wishes = info.wishes(definitions(module.params), module.params["brief"])
        views = [printable_all({"netns": wish.netns, **info.view(host, wish)}) for wish in wishes]
    for sentence in (sentence for view in views for sentence in view["host"]["rules_unread"]):
        host.warn(f"rules are not told completely: {sentence}")
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
