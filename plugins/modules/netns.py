#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: netns
short_description: Manage named network namespaces
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Creates a network namespace, or gives an existing one a name, like C(ip netns add) and C(ip netns attach).
  - C(ip netns) sees and uses the namespaces of this module, and this module uses those of C(ip netns).
  - The owners of a namespace are recorded in C(/run/linuxnet/netns). A namespace that something else created is used as it is and
    never removed.
  - If such a record was damaged by hand, a warning names the file. The owner is then taken from the interfaces of this
    collection that lead into the namespace, and the record is written anew. Without such interfaces, the namespace counts as foreign.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
  - netplumb.linuxnet.common.owner
options:
  name:
    description:
      - The name of the namespace, a file name in C(/run/netns). Numeric names are allowed.
      - Required unless O(aggregate) is given.
    type: str
  state:
    description:
      - V(present) ensures that the name refers to a live namespace. A dead file of that name is repaired.
      - V(absent) removes the name. A namespace that this module created loses its interfaces and ceases to exist, unless processes
        keep it alive, which a warning reports. A namespace that was only given the name lives on.
      - A namespace with several owners is removed with the last of them.
    type: str
    choices: [present, absent]
    default: present
  pid:
    description:
      - Give the name to the network namespace of this process instead of creating one.
      - The name stays valid after the process has ended. A later call with another O(pid) then points it at the new process.
      - Mutually exclusive with O(path), O(container) and O(service).
    type: int
  path:
    description:
      - Give the name to the network namespace behind this file, such as V(/proc/1234/ns/net).
      - Mutually exclusive with O(pid), O(container) and O(service).
    type: path
  container:
    description:
      - Give the name to the network namespace of this running container.
      - The name or ID of a container of Docker or Podman, as seen by the user that the module runs as. Those of other users are
        only known to them, and are given by O(pid).
      - After the container was restarted, a later call points the name at its new namespace.
      - Mutually exclusive with O(pid), O(path) and O(service).
    type: str
  engine:
    description: The engine that has the O(container). Required if both Docker and Podman have one of that name.
    type: str
    choices: [docker, podman]
  service:
    description:
      - Give the name to the network namespace of this running service of systemd, found by its main process. The service needs
        C(PrivateNetwork=yes).
      - After the service was restarted, a later call points the name at its new namespace.
      - Mutually exclusive with O(pid), O(path) and O(container).
    type: str
  loopback:
    description:
      - Whether the interface C(lo) inside is up. If it is, it also has the addresses 127.0.0.1 and ::1 and the kernel's routes to them.
    type: bool
    default: true
  sysctls:
    description:
      - Kernel settings below C(net.) to set inside the namespace, such as C(net.ipv4.ip_forward). In the name of an interface,
        write a slash instead of a dot.
      - Other settings are not managed.
    type: dict
  aggregate:
    description:
      - A list of namespaces to manage in one call. Options given next to it are the defaults of each element.
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
      pid:
        description: See O(pid).
        type: int
      path:
        description: See O(path).
        type: path
      container:
        description: See O(container).
        type: str
      engine:
        description: See O(engine).
        type: str
        choices: [docker, podman]
      service:
        description: See O(service).
        type: str
      loopback:
        description: See O(loopback).
        type: bool
      sysctls:
        description: See O(sysctls).
        type: dict
      owner:
        description: See O(owner).
        type: str
seealso:
  - module: netplumb.linuxnet.veth
  - module: netplumb.linuxnet.netns_info
"""

EXAMPLES = r"""
- name: Create a namespace
  netplumb.linuxnet.netns:
    name: web

- name: Let an unprivileged server inside listen on port 80
  netplumb.linuxnet.netns:
    name: web
    sysctls:
      net.ipv4.ip_unprivileged_port_start: 80

- name: Create two namespaces in one call
  netplumb.linuxnet.netns:
    aggregate:
      - name: web
      - name: db
        loopback: false

- name: Name the namespace of a running process
  netplumb.linuxnet.netns:
    name: app
    pid: "{{ app_pid }}"

- name: Name the namespace of a container that was started with --network none
  netplumb.linuxnet.netns:
    name: shop
    container: shop

- name: Remove them
  netplumb.linuxnet.netns:
    state: absent
    aggregate:
      - name: web
      - name: db
      - name: app
      - name: shop
"""

RETURN = r"""
objects:
  description: The namespaces, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - name: web
      loopback: true
      owners: [default]
      sysctls:
        net.ipv4.ip_unprivileged_port_start: "80"
      path: /run/netns/web
      attached: false
      state: present
      changed: true
  contains:
    name:
      description: The name.
      type: str
    path:
      description: The file of the name.
      type: str
    attached:
      description: Whether the namespace existed before and only got its name here.
      type: bool
    loopback:
      description: Whether C(lo) is up.
      type: bool
    owners:
      description: The owners. Missing if something else created the namespace.
      type: list
      elements: str
    sysctls:
      description: The managed settings.
      type: dict
    inode:
      description: The number of a namespace named with O(pid), O(path), O(container) or O(service), as in C(ls -i).
      type: int
    pids:
      description: The processes that were inside when the name was removed.
      type: list
      elements: int
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
        loopback: true
        owners: [default]
        sysctls:
          net.ipv4.ip_unprivileged_port_start: "1024"
      after:
        loopback: true
        owners: [default]
        sysctls:
          net.ipv4.ip_unprivileged_port_start: "80"
      before_header: netns web
      after_header: netns web
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns import Netns


def main() -> None:
    """Converge named namespaces."""
    run(Netns())


if __name__ == "__main__":
    main()
