#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge_network
short_description: Manage bridge networks for namespaces, containers and services
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Builds a network on a host - a bridge with a gateway, a veth pair for each endpoint, addresses, routes, forwarding,
    masquerading, published ports and isolation - and repairs whatever was changed by hand.
  - The whole network is one call. The host is read, every conflict is found before the first change of the network, and one lock is
    held from the first look to the last step.
  - It does what the modules M(netplumb.linuxnet.bridge), M(netplumb.linuxnet.bridge_forward), M(netplumb.linuxnet.masquerade),
    M(netplumb.linuxnet.dnat), M(netplumb.linuxnet.netns), M(netplumb.linuxnet.veth), M(netplumb.linuxnet.bridge_port),
    M(netplumb.linuxnet.interface), M(netplumb.linuxnet.ip_forward) and M(netplumb.linuxnet.network_service) would do one after another.
  - Everything it makes is marked with the network's name, its owner. Nothing of another owner is changed or removed.
  - If an endpoint cannot be put right, the rest of the network still is, and the task fails at the end with a sentence for each.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes.network
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.netlink
  - netplumb.linuxnet.common.iptables
requirements:
  - netaddr on the target
options:
  name:
    description:
      - The name of the network and of its bridge, at most 15 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and
        C(.).
    type: str
  state:
    description:
      - Whether the network shall be there. For V(absent) the name alone is enough, and nothing of the network is
        left.
    type: str
    choices: [present, absent]
    default: present
  ipam_config:
    description:
      - The subnets of the network, IPv4 or IPv6 or both. If omitted, an IPv4 subnet comes from O(address_pools).
      - Automatic addresses come out of the first subnet of each family.
    type: list
    elements: dict
    default: []
    suboptions:
      subnet:
        description:
          - The subnet, such as V(172.18.0.0/16) or V(fd00:18::/64).
        type: raw
        required: true
      gateway:
        description:
          - The address of the bridge, which is the endpoints' gateway. The first usable one if left out, on an
            external bridge the bridge's own.
        type: raw
      iprange:
        description:
          - The part of the subnet that automatic addresses are taken from. All of it if left out.
        type: raw
      aux_addresses:
        description:
          - Addresses that others on the segment have and no endpoint gets, each under a name of your own.
        type: dict
  enable_ipv6:
    description:
      - Give the network an IPv6 subnet out of O(address_pools), if O(ipam_config) has none.
    type: bool
    default: false
  address_pools:
    description:
      - Where a network without O(ipam_config) gets its subnets from, the first free one. It keeps them from then on, also after a reboot.
      - A subnet is free if it overlaps no address, route or network of the host.
      - Without pools of a family, IPv4 subnets come from 172.16.0.0/12 in V(16), and IPv6 subnets in V(64) from a unique local V(/48) that is
        derived from the machine's ID.
    type: list
    elements: dict
    default: []
    suboptions:
      base:
        description:
          - The addresses of the pool, such as V(10.200.0.0/16).
        type: raw
        required: true
      size:
        description:
          - The prefix length of the subnets, such as V(24).
        type: raw
        required: true
  external:
    description:
      - The bridge exists and is not ours, such as Docker's V(docker0). Endpoints join it, and it is never edited.
      - Automatic addresses then need C(iprange), since nobody knows which others are free.
    type: bool
    default: false
  gateway_mode:
    description:
      - With V(nat), an endpoint is reached from elsewhere by its published ports alone.
      - With V(nat-unprotected), who has a route to it reaches every port of it as well.
      - With V(routed), nothing is translated, and who has a route to it reaches its published ports at its own
        address.
    type: str
    choices: [nat, nat-unprotected, routed]
    default: nat
  gateway_mode_ipv6:
    description:
      - The same for IPv6. If left out, it follows O(gateway_mode).
    type: str
    choices: [nat, nat-unprotected, routed]
  inhibit_gateway:
    description:
      - The bridge takes no address, because the endpoints' router is elsewhere on the segment.
    type: bool
    default: false
  internal:
    description:
      - There is no way in and no way out.
    type: bool
    default: false
  icc:
    description:
      - Endpoints may talk to each other. V(false) holds at layer 2 and by way of the router.
    type: bool
    default: true
  masquerade:
    description:
      - What leaves the network carries an address of the host.
    type: bool
    default: true
  masquerade_address:
    description:
      - The IPv4 address of the host that it carries. Any fitting one if left out or empty.
    type: str
  masquerade_address_ipv6:
    description:
      - The IPv6 address of the host that it carries. Any fitting one if left out or empty.
    type: str
  masquerade_protocols:
    description:
      - What may leave the network with an address of the host.
      - V(common) lets TCP, UDP, ICMP and SCTP leave, and drops what is of any other protocol.
      - V(all) lets everything leave. An endpoint that speaks first to a peer of the host in a protocol without
        ports, such as ESP, GRE or IP in IP, then gets what this peer sends to the host.
    type: str
    choices: [common, all]
    default: common
  trusted_interfaces:
    description:
      - Interfaces of the host whose neighbours may reach every port of the endpoints directly.
    type: list
    elements: str
    default: []
  default_host_ip:
    description:
      - The address of the host on which a port is published that names none. All addresses if left out or empty.
    type: str
  forward_policy:
    description:
      - With V(drop), the policy of the host's FORWARD chain is set to DROP, so that the host routes for nobody
        without a rule that says so.
    type: str
    choices: [keep, drop]
    default: keep
  mtu:
    description:
      - The MTU of the bridge and of both ends of each pair. With V(auto), that of the default route's interface,
        else 1500.
    type: raw
    default: "auto"
  ports:
    description:
      - Interfaces of the host to make ports of the bridge as well, such as a network card.
    type: list
    elements: str
    default: []
  ports_force:
    description:
      - Enslave interfaces too that carry addresses or the default route. Their addresses stay as they are and most
        often stop working.
    type: bool
    default: false
  proxy_interface:
    description:
      - The interface of the host on whose segment the host answers for the endpoints' addresses, by proxy ARP and
        neighbour discovery, so that a subnet of the network may be a part of the subnet that is there.
      - Only with a subnet whose gateway mode is V(routed), and for addresses of such subnets alone.
    type: str
  endpoints:
    description:
      - Who is on the network.
    type: list
    elements: dict
    default: []
    suboptions:
      namespace:
        description:
          - The name of the endpoint's network namespace, as C(ip netns) shows it. It is made if it does not exist.
        type: raw
        required: true
      pid:
        description:
          - Give the namespace of this process the name, instead of making one.
        type: raw
      path:
        description:
          - Give the namespace of this file the name, such as V(/proc/1234/ns/net), instead of making one.
        type: raw
      container:
        description:
          - Give the namespace of this running container of Docker or Podman the name, instead of making one.
        type: raw
      interface:
        description:
          - The name of the interface inside. V(eth0) if left out.
        type: raw
      host_interface:
        description:
          - The name of the host's end. A readable, stable and unique one if left out.
        type: raw
      ipv4_address:
        description:
          - The IPv4 address. If left out, the one it has, else the lowest that is free.
        type: raw
      ipv6_address:
        description:
          - The IPv6 address. If left out, the one it has, else the lowest that is free.
        type: raw
      addresses:
        description:
          - Further addresses of the network's subnets, such as one that floats between endpoints. They come after
            the endpoint's own, which packets leave with. Ports are published to the endpoint's own.
        type: list
        elements: raw
      mac_address:
        description:
          - The MAC address inside. Quote it. If left out, one that is derived from the names of network, namespace
            and interface and the machine's ID, so that it is always the same.
        type: raw
      published_ports:
        description:
          - Ports of the host that lead to the endpoint, in Docker's short syntax
            C([[ip]:]host[-end]:container[-end][/protocol]), such as V("8080:80"), V("127.0.0.1:8081:81"),
            V("5000-5010:6000-6010/udp") or V("[fd00::1]:8443:443"). Quote them.
          - The port of the host is never left out, because nothing is here that could pick one.
        type: list
        elements: raw
      default_route:
        description:
          - The namespace's way out is by this network. In a namespace on several networks set it to V(false) in all
            but one.
          - V(true) if left out. An internal network gives none.
        type: bool
      routes:
        description:
          - Further routes inside, each with C(to) (a network or V(default)) and if needed C(via), C(metric),
            C(table), C(src), C(on_link) and C(type), as the module M(netplumb.linuxnet.interface) takes them.
            C(table) is a number or a name that the host has.
          - A gateway is on a subnet of the endpoint, or on the link by another of these routes, unless C(on_link)
            is V(true).
        type: list
        elements: dict
      sysctls:
        description:
          - Settings of the namespace by their full names, such as V(net.core.somaxconn). In those of the interface,
            V(IFNAME) stands for its name, such as in V(net.ipv4.conf.IFNAME.arp_notify).
        type: dict
      guard:
        description:
          - To the host, the gateway and everybody outside nobody else on the bridge can take this endpoint's
            address, MAC address or packets, nor can it take another's. With O(icc), what endpoints tell each other
            by ARP or neighbour discovery is not looked into. V(true) if left out.
          - Set it to V(false) for a namespace that bridges for others, such as virtual machines, or sends from MAC
            addresses that are not its interface's.
        type: bool
  appends:
    description:
      - With V(false), the list of endpoints is canonical, and who is no longer on it is detached.
      - With V(true), endpoints are only added and changed.
    type: bool
    default: false
  persistent:
    description:
      - The network is back after a reboot, by a systemd service C(linuxnet-NAME.service) that needs neither Ansible
        nor pyroute2.
      - With V(false), a service that was there is removed, and the network stays until the next reboot.
    type: bool
    default: false
  return_plan:
    description:
      - Return the C(plan) of each network in RV(objects). It is long for a large network, and Ansible is slow with long results.
    type: bool
    default: false
  aggregate:
    description:
      - Several networks, each a dictionary of the options above without O(return_plan). Options given beside it are their defaults.
      - All networks are checked, also against each other, before the first one is changed. Absent ones go first. If one fails, the others
        are still built.
      - The networks are built in the order given. Give one that has a namespace's default route before the others of that namespace.
      - In check mode each network is planned on the host as it is, less the networks that would be taken away. What an earlier one of the list
        would bring, such as a namespace that two of them share, is not seen by a later one.
    type: list
    elements: dict
seealso:
  - module: netplumb.linuxnet.netns_info
  - name: The rule set
    description: Every rule of a network, and why it is there.
    link: https://github.com/netplumb/netplumb.linuxnet/blob/main/docs/rules.md
"""

EXAMPLES = r"""
- name: Two services on a network of their own
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

- name: Two networks, of which the second has no way out
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

- name: Take a network away, with everything that was made for it
  netplumb.linuxnet.bridge_network:
    name: br-shop
    state: absent
"""

RETURN = r"""
summary:
  description: What there is now, a line for each endpoint and each published port.
  returned: success
  type: list
  elements: str
  sample:
    - "br-shop: 172.18.0.0/16, gateway 172.18.0.1"
    - "web: eth0 172.18.0.2"
missing:
  description: What the host lacks. If there is anything, nothing was done and the task failed.
  returned: always
  type: list
  elements: str
  sample: []
better_python:
  description: A Python of the host that has what is missing, to be set as C(ansible_python_interpreter), or V(null).
  returned: if anything is missing
  type: str
package_manager:
  description: What the host installs packages with, V(apt), V(dnf) or V(null).
  returned: if anything is missing
  type: str
failures:
  description: What could not be done, a sentence each; everything else was.
  returned: failure, if part of it was done
  type: list
  elements: str
objects:
  description: The networks, in the order in which they were given.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The network.
      type: str
      sample: br-shop
    state:
      description: The state asked for.
      type: str
      sample: present
    changed:
      description: Whether anything of it was changed.
      type: bool
      sample: true
    modules:
      description: For each kind of object the number of its C(definitions), and how many of these C(changed).
      type: dict
      sample:
        veth: {definitions: 2, changed: 1}
    plan:
      description:
        - What was decided, as C(docs/plan.md) describes it - among other things C(endpoints) with their names and addresses, and
          C(modules) with the definitions that each module would take in its option C(aggregate).
      returned: if O(return_plan=true)
      type: dict
      sample:
        network: br-shop
        modules:
          netns:
            - name: web
"""

import sys

# Sent by a pipe, Python would look into the directory that it was started in before anywhere else.
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

# Ansible puts the arguments in place of these words and sends the file as it is. With them comes all other code as text: a module that
# imports it has Ansible search through every import of a hundred files, which takes longer than the network itself.
_ARGUMENTS = r"""<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>"""

_OLDEST = (3, 9)
_UTILS = "ansible_collections.netplumb.linuxnet.plugins.module_utils"


#: What the code was compiled to is kept while the host has a network, since compiling takes as long as all else.
_STATE = "/run/linuxnet"
_KEPT = f"{_STATE}/code"
_UNFINISHED = f"{_STATE}/.tmp-code"


class _Sent:
    """Finds and loads modules out of the texts that came with the arguments."""

    # Not derived from the abstract classes of importlib, which would have more loaded than all else here.

    def __init__(self, texts: dict[str, str], codes: dict[str, types.CodeType]) -> None:
        """
        :param codes: what some of the texts were compiled to earlier
        """
        self._texts = texts
        self._packages = {name.rpartition(".")[0] for name in texts}
        self._packages.update(".".join(_UTILS.split(".")[:length]) for length in range(1, _UTILS.count(".") + 1))
        self.codes, self.compiled = codes, False

    def find_spec(self, fullname: str, *_others: t.Any) -> ModuleSpec | None:
        if fullname not in self._texts and fullname not in self._packages:
            return None
        return ModuleSpec(fullname, t.cast(t.Any, self), origin="sent", is_package=fullname in self._packages)

    def create_module(self, _spec: ModuleSpec) -> None:
        """A module as Python makes them."""

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        if name not in self.codes:
            self.codes[name] = compile(self.get_source(name), name, "exec", dont_inherit=True)
            self.compiled = True
        exec(self.codes[name], module.__dict__)

    def get_source(self, fullname: str) -> str:
        return self._texts.get(fullname, "")


def main() -> None:
    """Have the code that was sent do the work, and print its result."""
    if not _ARGUMENTS.startswith("{"):
        _show_options()
        return
    if sys.version_info[:2] < _OLDEST:
        words = f"Python {'.'.join(map(str, _OLDEST))} or newer is needed on the target, and this is {sys.version.split()[0]}"
        sys.stdout.write(json.dumps({"failed": True, "msg": words}))
        return
    # To look for garbage all the time takes a sixth of the run, and the process ends soon.
    gc.disable()
    arguments = json.loads(_ARGUMENTS)
    program = arguments.pop("program").encode()
    key = hashlib.sha256(program + sys.version.encode()).digest()
    sent = _Sent(json.loads(zlib.decompress(base64.b64decode(program))), _kept(key))
    sys.meta_path.insert(0, t.cast(t.Any, sent))
    result = importlib.import_module(f"{_UTILS}._call").run(arguments)
    if not arguments["_ansible_check_mode"]:
        _keep(key, sent)
    sys.stdout.write(json.dumps(result))


def _kept(key: bytes) -> dict[str, types.CodeType]:
    """What the same texts were compiled to by the same Python, if root alone can have written it."""
    try:
        with open(os.open(_KEPT, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == 0o600 and file.read(len(key)) == key:
                return dict(marshal.load(file))
    except (OSError, ValueError, EOFError, TypeError):
        pass
    return {}


def _keep(key: bytes, sent: _Sent) -> None:
    """Keep it as long as there is a network, with whose last record it goes; that it cannot be kept does no harm."""
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
    """Not sent by Ansible, but called by ansible-test, which compares the options with their documentation."""
    basic = importlib.import_module("ansible.module_utils.basic")
    options = importlib.import_module(f"{_UTILS}._network.options")
    basic.AnsibleModule(argument_spec=options.ARGUMENTS, supports_check_mode=True)


if __name__ == "__main__":
    main()
