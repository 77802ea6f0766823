#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: netns
short_description: Manage named network namespaces
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Makes a network namespace, or gives an existing one a name, as C(ip netns add) and C(ip netns attach) do.
  - Namespaces made here are seen and used by C(ip netns) and the other way round.
  - What is ours is remembered below C(/run/linuxnet/netns). A namespace that somebody else made is used as it is and never removed.
  - Where such a record was damaged by hand, a warning names the file, and the links of ours that lead into the namespace tell
    whose it is; the record is written anew. Without such links the namespace is taken for somebody else's.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common
options:
  name:
    description: &name
      - The name, a file name below C(/run/netns). A number is a name as good as any.
    type: str
  state:
    description: &state
      - With V(present), the name leads to a live namespace. A dead file in its place is repaired.
      - With V(absent), the name is gone. A namespace that was made here loses its links first and then ends, unless processes inside
        keep it alive, which is said in a warning. One that was only given its name lives on.
      - Several owners may have asked for one namespace. It is removed with the last of them.
    type: str
    choices: [present, absent]
    default: present
  pid:
    description: &pid
      - Give the network namespace of this process the name, instead of making a new one.
      - The name stays valid after the process has ended. A later call with another O(pid) re-points it then.
    type: int
  path:
    description: &path
      - Give the network namespace of this file the name, for example C(/proc/1234/ns/net).
    type: path
  container:
    description: &container
      - Give the network namespace of this running container the name. It is found by name or ID with C(docker), or else with C(podman),
        as the user that the module runs as.
      - Once the container was started anew a later call re-points the name.
    type: str
  loopback:
    description: &loopback
      - Whether the interface C(lo) inside is up. If it is, it has also 127.0.0.1 and ::1 with the kernel's routes to them.
    type: bool
    default: true
  sysctls:
    description: &sysctls
      - Settings below C(net.) inside the namespace, by their full names. A slash stands for a dot in an interface's name.
      - Settings that are not named here are left alone.
    type: dict
  owner:
    description: &owner
      - Whose the namespace is, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.).
    type: str
    default: default
  aggregate:
    description:
      - Many namespaces at once. Options given beside it are the defaults of each.
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
      pid:
        description: *pid
        type: int
      path:
        description: *path
        type: path
      container:
        description: *container
        type: str
      loopback:
        description: *loopback
        type: bool
      sysctls:
        description: *sysctls
        type: dict
      owner:
        description: *owner
        type: str
seealso:
  - module: netplumb.linuxnet.veth
  - module: netplumb.linuxnet.netns_info
"""

EXAMPLES = r"""
- name: Make a namespace
  netplumb.linuxnet.netns:
    name: web

- name: Let an unprivileged server inside listen on port 80
  netplumb.linuxnet.netns:
    name: web
    sysctls:
      net.ipv4.ip_unprivileged_port_start: 80

- name: Make two at once
  netplumb.linuxnet.netns:
    aggregate:
      - name: web
      - name: db
        loopback: false

- name: Give the namespace of a running process a name
  netplumb.linuxnet.netns:
    name: app
    pid: "{{ app_pid }}"

- name: Give the namespace of a container a name, which was started with --network none
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
  description: The namespaces, one entry per definition, in the order of the definitions.
  returned: success
  type: list
  elements: dict
  sample:
    - name: web
      path: /run/netns/web
      state: present
      changed: true
      attached: false
      loopback: true
      owners: [default]
  contains:
    name:
      description: The name.
      type: str
    path:
      description: The file that it is.
      type: str
    state:
      description: The state that was asked for.
      type: str
    changed:
      description: Whether this one was changed.
      type: bool
    attached:
      description: Whether the namespace was there before and only got its name here.
      type: bool
    loopback:
      description: Whether C(lo) is up.
      type: bool
    owners:
      description: Whose it is. Missing where somebody else made it.
      type: list
      elements: str
    sysctls:
      description: The settings that are managed, by name.
      type: dict
    inode:
      description: The number of the namespace that got its name by O(pid), O(path) or O(container), as C(ls -i) shows it.
      type: int
    pids:
      description: The processes that were inside when the name was removed.
      type: list
      elements: int
diff:
  description: What differed, for changed definitions only.
  returned: in diff mode
  type: list
  elements: dict
  sample:
    - before: {}
      after:
        loopback: true
        owners: [default]
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
