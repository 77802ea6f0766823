#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge_network
short_description: Manage bridge networks for namespaces, containers and services
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Builds a network on a host and repairs it after changes by hand. A network is a bridge with a gateway, a veth pair for each endpoint,
    addresses, routes, forwarding, masquerading, published ports and isolation.
  - A network is one call, and so are all networks of a host with O(aggregate). The module reads the host once, detects every conflict
    before it changes anything, and holds one lock throughout.
  - It does the work of the modules M(netplumb.linuxnet.bridge), M(netplumb.linuxnet.bridge_forward), M(netplumb.linuxnet.masquerade),
    M(netplumb.linuxnet.dnat), M(netplumb.linuxnet.netns), M(netplumb.linuxnet.veth), M(netplumb.linuxnet.bandwidth), M(netplumb.linuxnet.bridge_port),
    M(netplumb.linuxnet.interface), M(netplumb.linuxnet.ip_forward) and M(netplumb.linuxnet.network_service), in the right order.
  - Everything it creates is marked with the name of the network, its owner. Objects of other owners are never changed or removed.
  - If an endpoint cannot be repaired, the rest of the network is. The task then fails at the end, with a sentence for each problem.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netlink
  - netplumb.linuxnet.common.iptables
requirements:
  - netaddr on the target
options:
  name:
    description:
      - The name of the network and of its bridge, at most 15 characters out of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.).
      - Required unless O(aggregate) is given.
    type: str
  state:
    description:
      - Whether the network exists. V(absent) needs only the name, and leaves nothing of the network behind.
    type: str
    choices: [present, absent]
    default: present
  ipam_config:
    description:
      - The subnets of the network, IPv4, IPv6 or both. If omitted, the network gets an IPv4 subnet from O(address_pools).
      - Automatic addresses are taken from the first subnet of each IP version.
    type: list
    elements: dict
    default: []
    suboptions:
      subnet:
        description: The subnet, such as V(172.18.0.0/16) or V(fd00:18::/64).
        type: raw
        required: true
      gateway:
        description:
          - The address of the bridge, which is the gateway of the endpoints.
          - If omitted, the first usable address of the subnet, or the bridge's own address with O(external=true).
        type: raw
      iprange:
        description: The part of the subnet to take automatic addresses from, such as V(172.18.4.0/24). If omitted, the whole subnet.
        type: raw
      aux_addresses:
        description:
          - Addresses that no endpoint gets because another machine on the segment has them, each under a name of your choice, such as
            C(router).
        type: dict
  enable_ipv6:
    description: Whether the network gets an IPv6 subnet from O(address_pools) if O(ipam_config) has none.
    type: bool
    default: false
  address_pools:
    description:
      - Where a network without O(ipam_config) gets its subnets from. It gets the first free one and keeps it from then on, even after a
        reboot.
      - A subnet is free if it overlaps no address, route or network of the host.
      - Without a pool for IPv4, subnets are V(/16) from 172.16.0.0/12. Without one for IPv6, they are V(/64) from a unique local V(/48)
        derived from the machine's ID.
    type: list
    elements: dict
    default: []
    suboptions:
      base:
        description: The addresses of the pool, such as V(10.200.0.0/16).
        type: raw
        required: true
      size:
        description: The prefix length of the subnets, such as V(24).
        type: raw
        required: true
  external:
    description:
      - Whether the bridge is managed by something else, such as Docker's C(docker0). It has to exist. Endpoints join it, and the bridge
        itself is never changed.
      - Automatic addresses then require O(ipam_config[].iprange), since it is unknown which other addresses are free.
    type: bool
    default: false
  gateway_mode:
    description:
      - With V(nat), only published ports of endpoints are reachable from outside.
      - With V(nat-unprotected), every port is reachable for those who have a route to the endpoint.
      - With V(routed), nothing is translated, and published ports are reachable at the endpoint's own address by routing.
    type: str
    choices: [nat, nat-unprotected, routed]
    default: nat
  gateway_mode_ipv6:
    description: The gateway mode for IPv6. If omitted, O(gateway_mode).
    type: str
    choices: [nat, nat-unprotected, routed]
  inhibit_gateway:
    description: Whether the bridge gets no address, because the router of the endpoints is another machine on the segment.
    type: bool
    default: false
  internal:
    description: Whether the network has no way in and no way out.
    type: bool
    default: false
  icc:
    description: Whether endpoints may talk to each other. V(false) blocks both the direct way and the way through the router.
    type: bool
    default: true
  masquerade:
    description: Whether what leaves the network gets an address of the host as its source.
    type: bool
    default: true
  masquerade_address:
    description: The IPv4 address of the host to masquerade with. If omitted or empty, that of the interface by which a packet leaves.
    type: str
  masquerade_address_ipv6:
    description: The IPv6 address of the host to masquerade with. If omitted or empty, that of the interface by which a packet leaves.
    type: str
  masquerade_protocols:
    description:
      - The protocols that may leave with an address of the host. V(common) accepts TCP, UDP, ICMP and SCTP, and drops the rest.
      - V(all) accepts every protocol. An endpoint that contacts a peer of the host first, in a protocol without ports such as ESP, GRE or
        IP in IP, then receives what this peer sends to the host.
    type: str
    choices: [common, all]
    default: common
  trusted_interfaces:
    description: Interfaces of the host whose neighbours may reach every port of the endpoints directly, such as V([wg0]).
    type: list
    elements: str
    default: []
  default_host_ip:
    description: The address of the host for published ports that name none. If omitted or empty, all addresses.
    type: str
  egress:
    description:
      - Where endpoints may send that have no O(endpoints[].egress) of their own. With V(deny), nowhere, not even to the host.
      - Replies, such as those of published ports, and ICMP errors about connections pass in any case. The gateway replies to ARP, neighbour
        discovery and ping. What endpoints of one network send each other is up to O(icc).
      - Not available with O(external) or O(inhibit_gateway). On an O(internal) network, V(deny) also closes the host's services.
    type: str
    choices: [allow, deny]
    default: allow
  forward_policy:
    description:
      - With V(drop), the policy of the host's chain C(FORWARD) is set to C(DROP), so that the host routes only what a rule accepts.
    type: str
    choices: [keep, drop]
    default: keep
  firewall:
    description:
      - The firewall that has the rules. V(iptables) is iptables with either of its backends, V(nftables) a table of its own, C(inet linuxnet),
        for which only C(nft) 1.0.1 or newer is needed.
      - V(auto) keeps the firewall in which the network has rules. Without any, it is V(iptables) if that is installed, otherwise
        V(nftables).
      - When the value changes, the rules are first created in the new firewall and then removed from the other one. Connections continue.
    type: str
    choices: [auto, iptables, nftables]
    default: auto
  mtu:
    description:
      - The MTU of the bridge and of both ends of each pair.
      - V(auto) is the MTU of the default route's interface or, without a default route, V(1500).
    type: raw
    default: "auto"
  ports:
    description: Existing interfaces of the host to add to the bridge as well, such as V([eth1]).
    type: list
    elements: str
    default: []
  ports_force:
    description:
      - Whether to accept O(ports) that have addresses or the default route. Their addresses stay, but in most cases stop working.
    type: bool
    default: false
  proxy_interface:
    description:
      - The interface of the host on whose segment the host answers for the addresses of the endpoints, by proxy ARP and neighbour
        discovery. A subnet of the network may then be a part of that segment's subnet.
      - Requires a subnet with the gateway mode V(routed), and applies to addresses of such subnets only.
    type: str
  endpoints:
    description: The endpoints of the network.
    type: list
    elements: dict
    default: []
    suboptions:
      namespace:
        description: The name of the endpoint's network namespace, as in C(ip netns). It is created if it does not exist.
        type: raw
        required: true
      pid:
        description: Give the name to the namespace of this process instead of creating one.
        type: raw
      path:
        description: Give the name to the namespace behind this file, such as V(/proc/1234/ns/net), instead of creating one.
        type: raw
      container:
        description: Give the name to the namespace of this running container of Docker or Podman instead of creating one.
        type: raw
      engine:
        description: The engine that has the container. Required if both Docker and Podman have one of that name.
        type: str
        choices: [docker, podman]
      service:
        description:
          - Give the name to the namespace of this running service of systemd instead of creating one. The service needs
            C(PrivateNetwork=yes).
        type: raw
      interface:
        description: The name of the interface inside the namespace. If omitted, V(eth0).
        type: raw
      host_interface:
        description: The name of the host's end of the pair. If omitted, a readable, stable and unique name is derived.
        type: raw
      ipv4_address:
        description: The IPv4 address. If omitted, the endpoint keeps the one it has, or gets the lowest free one.
        type: raw
      ipv6_address:
        description: The IPv6 address. If omitted, the endpoint keeps the one it has, or gets the lowest free one.
        type: raw
      addresses:
        description:
          - Additional addresses from the network's subnets, such as one that floats between endpoints. They are listed after the
            endpoint's own address, which is used for outgoing packets and published ports.
        type: list
        elements: raw
      mac_address:
        description:
          - The MAC address inside the namespace, such as V("02:42:ac:12:00:02"). Quote it.
          - If omitted, one is derived from the names of network, namespace and interface and the machine's ID, so that it never changes.
        type: raw
      published_ports:
        description:
          - Ports of the host that lead to the endpoint, in Docker's short syntax C([[ip]:]host[-end]:container[-end][/protocol]), such as
            V("8080:80"), V("127.0.0.1:8081:81"), V("5000-5010:6000-6010/udp") or V("[fd00::1]:8443:443"). Quote them.
          - The port of the host is required, since nothing here can pick one.
          - Or a dictionary with such a text as C(port) and C(allowed_sources), a list of networks and addresses. Nobody else may use the
            port then, except for the host itself, see O(netplumb.linuxnet.dnat#module:allowed_sources). In a family without any of them,
            the port is not published.
        type: list
        elements: raw
      default_route:
        description:
          - Whether the default route of the namespace uses this network. If omitted, V(true), except on an internal network, which has none.
          - In a namespace on several networks, set it to V(false) for all but one.
        type: bool
      routes:
        description:
          - Additional routes inside the namespace, each with C(to) (a network or V(default)) and optionally C(via), C(metric), C(table),
            C(src), C(on_link) and C(type), see O(netplumb.linuxnet.interface#module:routes). C(table) is a number or a name that the
            host has.
          - A gateway has to be in a subnet of the endpoint or, by another of these routes, on the link, unless C(on_link) is V(true).
        type: list
        elements: dict
      sysctls:
        description:
          - Kernel settings of the namespace, such as C(net.core.somaxconn). In settings of the interface, V(IFNAME) stands for its name,
            such as in C(net.ipv4.conf.IFNAME.arp_notify).
          - Settings of the namespace stay as they are when the endpoint is removed and the namespace is not.
        type: dict
      guard:
        description:
          - Whether to protect the endpoint's address, MAC address and packets. Nobody else on the bridge can then take them over, nor
            can the endpoint take over another's or a free address, or act as a router, switch or DHCP server. If omitted, V(true).
          - Without the program C(nft) 1.0.6 or newer on the host, this holds towards the host, the gateway and the outside.
            With O(icc=true), ARP and neighbour discovery between endpoints are then not checked, which a warning says.
          - Set it to V(false) for a namespace that bridges for others, such as virtual machines, or that sends from other MAC addresses
            than that of its interface.
        type: bool
      egress:
        description:
          - Where the endpoint may send. It may then send nowhere else, whatever O(egress) is. An empty list lets nothing through.
          - An entry is an address or a network, such as V(10.0.0.0/8), or with a port or a range of ports V(192.0.2.7:443/tcp) or
            V([2001:db8::/32]:53/udp). Without a port, all protocols are let through; without a protocol, the port is of TCP. It is compared
            with where the endpoint sends, so an address of the host with a port leads to what is published there.
          - An entry can also be the name of another endpoint's namespace or of a network, with or without a port, such as V(db:5432/tcp). It is
            compared with who finally gets the packet, and has the addresses that this endpoint or network has when the role runs.
          - Every packet is compared, so what is taken off the list ends at once, including established connections.
          - Needs O(endpoints[].guard), since the endpoint is known by its MAC address.
        type: list
        elements: raw
      egress_rate:
        description:
          - How fast the endpoint sends, by packets with their Ethernet headers, from V(8kbit) to V(32gbit), with one of C(tc)'s units,
            such as V(100mbit), or V(12mbps) for bytes per second. If omitted, there is no limit.
          - Limited at the host's end of its veth pair, where root in the endpoint cannot lift it, towards everybody, neighbours on the bridge
            included. See M(netplumb.linuxnet.bandwidth).
        type: raw
      egress_burst:
        description:
          - How much may be sent faster than that after a pause, with one of C(tc)'s units, such as V(256kb). By default, what the rate
            lets through in 10 ms, but at least V(32kb), or at slow rates what it lets through in a quarter of a second.
        type: raw
      ingress_rate:
        description:
          - How fast the endpoint receives, by packets with their Ethernet headers, from V(8kbit) to V(32gbit), with one of C(tc)'s units,
            such as V(100mbit), or V(12mbps) for bytes per second. If omitted, there is no limit.
          - Limited at the host's end of its veth pair, where root in the endpoint cannot lift it, towards everybody, neighbours on the bridge
            included. See M(netplumb.linuxnet.bandwidth).
        type: raw
      ingress_burst:
        description:
          - How much may be received faster than that after a pause, with one of C(tc)'s units, such as V(256kb). By default, what the rate
            lets through in 10 ms, but at least V(32kb), or at slow rates what it lets through in a quarter of a second.
        type: raw
      aliases:
        description: Additional names of the endpoint in its network.
        type: list
        elements: raw
      etc_hosts:
        description:
          - Additional hosts that the namespace finds by name, as a dictionary of names and addresses. V(host-gateway) stands for the
            addresses of the bridge.
        type: dict
      dns_servers:
        description:
          - The name servers of the namespace, at most three. They are written into C(/etc/netns/NAMESPACE/resolv.conf).
          - If none of O(endpoints[].dns_servers), O(endpoints[].dns_search) and O(endpoints[].dns_options) is given, the namespace has the
            host's C(/etc/resolv.conf). If that names a server on the loopback interface, which the namespace does not reach, it gets a
            file with the other servers or, if there are none, with those that C(systemd-resolved) asks.
        type: list
        elements: raw
      dns_search:
        description: The search domains of the namespace; V([.]) for none. If omitted, the host's.
        type: list
        elements: raw
      dns_options:
        description: The options of the resolver, such as V([ndots:2]). If omitted, the host's.
        type: list
        elements: raw
  names:
    description:
      - Whether the namespaces of the endpoints find each other by name, over IPv4 and IPv6, by files in C(/etc/netns) as with
        M(netplumb.linuxnet.netns_names). The name of an endpoint is that of its namespace.
    type: bool
    default: true
  appends:
    description:
      - With V(false), O(endpoints) is the complete list, and an endpoint that is no longer on it is detached.
      - With V(true), endpoints are only added and changed. If O(internal) changes, the default routes of the others stay as they are, and
        a warning names these endpoints.
      - If the network becomes O(persistent) then, those that no run has listed since do not come back after a reboot, and a warning names
        them.
    type: bool
    default: false
  persistent:
    description:
      - With V(true), a systemd service C(linuxnet-NAME.service) brings the network back after a reboot. It does not need Ansible.
      - With V(false), such a service is removed, and the network stays until the next reboot.
    type: bool
    default: false
  return_plan:
    description:
      - Whether to return the C(plan) of each network in RV(objects). It is long for a large network, and Ansible is slow with long results.
      - Not part of an element of O(aggregate).
    type: bool
    default: false
  aggregate:
    description:
      - A list of networks to manage in one call, each with the options above except O(return_plan). Options given next to it are the
        defaults of each element.
      - All networks are checked before the first change, also against each other. Absent ones are removed first, the others are built in
        the order given. If one fails, the others are still built.
      - If a namespace is on several networks, list the one with its default route first.
      - In check mode, each network is planned on the host as it is, without the networks that would be removed. It does not see what
        an earlier element would create, such as a namespace that two networks share.
    type: list
    elements: dict
seealso:
  - module: netplumb.linuxnet.netns_info
  - name: The rule set
    description: Every rule of a network, and why it is there.
    link: https://github.com/netplumb/netplumb.linuxnet/blob/main/docs/rules.md
"""

EXAMPLES = r"""
- name: Connect two services to a dual-stack network
  netplumb.linuxnet.bridge_network:
    name: br-shop
    ipam_config:
      - subnet: 172.18.0.0/16
      - subnet: "fd00:18::/64"
    endpoints:
      - namespace: web
        published_ports: ["8080:80", "127.0.0.1:8081:81"]
      - namespace: db
        ipv4_address: 172.18.0.10

- name: Build two networks, of which the second one is internal
  netplumb.linuxnet.bridge_network:
    aggregate:
      - name: br-front
        ipam_config:
          - subnet: 172.19.0.0/16
        endpoints:
          - namespace: proxy
      - name: br-back
        internal: true
        ipam_config:
          - subnet: 172.20.0.0/16
        endpoints:
          - namespace: proxy
            interface: eth1
            default_route: false
          - namespace: store
    return_plan: true
  register: built

- name: Show the host's end of each pair
  ansible.builtin.debug:
    msg: "{{ built.objects | map(attribute='plan.endpoints') | flatten | map(attribute='host_interface') }}"

- name: Let the host choose free subnets, for IPv4 out of 10.200.0.0/16
  netplumb.linuxnet.bridge_network:
    name: br-auto
    enable_ipv6: true
    address_pools:
      - base: 10.200.0.0/16
        size: 24
    endpoints:
      - namespace: job
  register: network

- name: Show the addresses that were chosen
  ansible.builtin.debug:
    var: network.summary

- name: Remove a network with everything that was created for it
  netplumb.linuxnet.bridge_network:
    name: br-shop
    state: absent
"""

RETURN = r"""
summary:
  description: The networks as they are now, a line for each network and each endpoint.
  returned: success
  type: list
  elements: str
  sample:
    - "br-shop: bridge for 172.18.0.0/16 fd00:18::/64, MTU 1500"
    - "web: eth0 172.18.0.2/16 fd00:18::2/64, published 8080:80/tcp 127.0.0.1:8081:81/tcp"
    - "db: eth0 172.18.0.10/16 fd00:18::3/64"
missing:
  description: What the host lacks. If this is not empty, nothing was done and the task failed.
  returned: always
  type: list
  elements: str
  sample: []
better_python:
  description: A Python interpreter of the host that has what is missing, to be used as C(ansible_python_interpreter), or V(null).
  returned: if anything is missing
  type: str
  sample: /usr/bin/python3
package_manager:
  description: The package manager of the host, V(apt), V(dnf) or V(null).
  returned: if anything is missing
  type: str
  sample: apt
failures:
  description: What could not be done, a sentence each. Everything else was done.
  returned: on failure, if part of the work was done
  type: list
  elements: str
objects:
  description: The networks, in the order in which they were given.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the network.
      type: str
      sample: br-shop
    state:
      description: The requested state.
      type: str
      sample: present
    changed:
      description: Whether this one was changed.
      type: bool
      sample: true
    modules:
      description: The number of C(definitions) by module, and how many of them C(changed).
      type: dict
      sample:
        bridge: {definitions: 1, changed: 1}
        veth: {definitions: 2, changed: 2}
    plan:
      description:
        - What was decided, see C(docs/plan.md). It includes the C(endpoints) with their names and addresses, and C(modules), lists of
          definitions keyed by module name, each in the format of that module's O(aggregate) option.
      returned: if O(return_plan=true)
      type: dict
      sample:
        version: 1
        network: br-front
        state: present
        endpoints:
          - namespace: proxy
            interface: eth0
            addresses: [172.19.0.2/16]
            default_route: true
            published_ports: []
        modules:
          masquerade:
            - {source: 172.19.0.0/16, out_interface: "!br-front", state: present}
diff:
  description: The differences, one entry per changed definition of any module.
  returned: in diff mode
  type: list
  elements: dict
  sample:
    - before: {}
      after:
        to_address: 172.18.0.2
        to_port: "80"
        in_interface:
        out_interface: br-shop
        gateway_mode: nat
        route_localnet: true
      before_header: dnat 8080/tcp (ipv4)
      after_header: dnat 8080/tcp (ipv4)
"""

import sys

# When a script comes from a pipe, Python searches the current directory before all others.
while "" in sys.path:
    sys.path.remove("")

import base64
import contextlib
import gc
import hashlib
import importlib
import json
import marshal
import os
import stat
import types
import typing as t
import zlib
from importlib.machinery import ModuleSpec

# Ansible replaces these words with the arguments and sends the file as it is. The arguments include all other code as
# text: if the module imported it, Ansible would resolve the imports of a hundred files, which takes longer than
# building the network.
_ARGUMENTS = r"""<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>"""

_OLDEST = (3, 9)
_OURS = "ansible_collections."
_UTILS = f"{_OURS}netplumb.linuxnet.plugins.module_utils"


#: Compiled code is cached while the host has a network, since compiling takes as long as everything else.
_STATE = "/run/linuxnet"
_KEPT = f"{_STATE}/code"
_UNFINISHED = f"{_STATE}/.tmp-code"


class _Sent:
    """Finds and loads modules from the sources that came with the arguments."""

    # Not derived from the abstract classes of importlib, whose import would load more than everything else here.

    def __init__(self, program: bytes, codes: dict[str, types.CodeType]) -> None:
        """
        :param program: the sources by module name, packed
        :param codes: compiled code from an earlier run, for some of them
        """
        self._program = program
        self._unpacked: dict[str, str] | None = None
        self._packages = _packages(codes)
        self.codes, self.compiled = codes, False

    def _texts(self) -> dict[str, str]:
        """The sources. Unpacked only if something needs compiling, or a traceback is printed."""
        if self._unpacked is None:
            self._unpacked = dict(json.loads(zlib.decompress(base64.b64decode(self._program))))
            self._packages = _packages(self._unpacked)
        return self._unpacked

    def find_spec(self, fullname: str, *_others: t.Any) -> ModuleSpec | None:
        if not f"{fullname}.".startswith(_OURS):
            return None
        known = fullname in self.codes or fullname in self._packages
        if not known and fullname not in self._texts() and fullname not in self._packages:
            return None
        return ModuleSpec(fullname, t.cast(t.Any, self), origin="sent", is_package=fullname in self._packages)

    def create_module(self, _spec: ModuleSpec) -> None:
        """Let Python create the module as usual."""

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        if name not in self.codes:
            self.codes[name] = compile(self.get_source(name), name, "exec", dont_inherit=True)
            self.compiled = True
        exec(self.codes[name], module.__dict__)

    def get_source(self, fullname: str) -> str:
        return self._texts().get(fullname, "")


def _packages(names: t.Iterable[str]) -> set[str]:
    """All packages that contain modules with these names."""
    split = [name.split(".") for name in names]
    return {".".join(parts[:length]) for parts in split for length in range(1, len(parts))}


def main() -> None:
    """Run the code that was sent, and print its result."""
    if not _ARGUMENTS.startswith("{"):
        _show_options()
        return
    if sys.version_info[:2] < _OLDEST:
        words = f"Python {'.'.join(map(str, _OLDEST))} or newer is needed on the target, and this is {sys.version.split()[0]}"
        sys.stdout.write(json.dumps({"failed": True, "msg": words}))
        return
    # Garbage collection would take a sixth of the run, and the process ends soon.
    gc.disable()
    arguments = json.loads(_ARGUMENTS)
    program = arguments.pop("program").encode()
    key = hashlib.sha256(program + sys.version.encode()).digest()
    sent = _Sent(program, _kept(key))
    sys.meta_path.insert(0, t.cast(t.Any, sent))
    result = importlib.import_module(f"{_UTILS}._call").run(arguments)
    if not arguments["_ansible_check_mode"]:
        _keep(key, sent)
    sys.stdout.write(json.dumps(result))
    sys.stdout.flush()
    # Skip Python's cleanup, which would take a tenth of the run.
    os._exit(0)


def _kept(key: bytes) -> dict[str, types.CodeType]:
    """The compiled code of the same sources and the same Python, provided that only this user can have written it."""
    try:
        with open(os.open(_KEPT, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == 0o600 and file.read(len(key)) == key:
                # Loading it from memory is six times as fast as from the file.
                return dict(marshal.loads(file.read()))
    except (OSError, ValueError, EOFError, TypeError):
        pass
    return {}


def _keep(key: bytes, sent: _Sent) -> None:
    """Cache the code while there is a network; it is removed with the last record. Failing to do so does no harm."""
    if not sent.compiled or not os.path.isdir(_STATE):
        return
    new = f"{_UNFINISHED}.{os.getpid()}"
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(key + marshal.dumps(sent.codes))
        os.rename(new, _KEPT)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(new)


def _show_options() -> None:
    """Called by ansible-test rather than Ansible, to compare the options with their documentation."""
    basic = importlib.import_module("ansible.module_utils.basic")
    options = importlib.import_module(f"{_UTILS}._network.options")
    basic.AnsibleModule(argument_spec=options.ARGUMENTS, supports_check_mode=True)


if __name__ == "__main__":
    main()
