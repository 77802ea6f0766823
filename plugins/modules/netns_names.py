#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: netns_names
short_description: Manage the names by which network namespaces find each other
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Writes a marked block into C(/etc/netns/NAME/hosts) of each namespace, and C(resolv.conf) if it is asked to. C(ip netns exec) and the become plugin
    P(netplumb.linuxnet.netns#become) show these files in place of those in C(/etc).
  - Each owner has one block in a file. Lines outside the blocks are never changed. Without such a file, it starts with the lines of the
    host's C(/etc/hosts) as they are then.
  - A file is written in place, since whoever runs in a namespace keeps the file that was there first. If this is interrupted, the next
    run of any module finishes it.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common.owner
options:
  hosts:
    description:
      - The lines of the block, each an address and its names, such as V(172.18.0.2 web www). They are written in the order of their
        addresses.
      - Required if O(state=present).
    type: list
    elements: str
  namespaces:
    description:
      - The namespaces that get these lines. They need not exist. The owner's block is removed from the files of all others.
      - Required if O(state=present).
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the namespace.
        type: str
        required: true
      hosts:
        description: Additional lines for this namespace alone, which come first.
        type: list
        elements: str
      dns_servers:
        description: The name servers of this namespace. With one of the three, its C(resolv.conf) is written.
        type: list
        elements: str
      dns_search:
        description: The search domains of this namespace.
        type: list
        elements: str
      dns_options:
        description: The resolver's options of this namespace.
        type: list
        elements: str
  dns_servers:
    description:
      - The name servers of the namespaces that have no own, at most three, for C(/etc/netns/NAME/resolv.conf). It is not written
        without one of O(dns_servers), O(dns_search) and O(dns_options).
      - A file that another owner gave a namespace as its own stays, and so does one that this module did not write.
    type: list
    elements: str
  dns_search:
    description: The search domains of these namespaces.
    type: list
    elements: str
  dns_options:
    description: The resolver's options of these namespaces, such as V([ndots:2]).
    type: list
    elements: str
  state:
    description:
      - V(present) ensures that the owner has these lines in these namespaces. Each owner has one list.
      - V(absent) removes all blocks of the owner, and the files and directories that this module created if they have no other lines.
    type: str
    choices: [present, absent]
    default: present
  aggregate:
    description:
      - The names of several owners to manage in one call. Options given next to it are the defaults of each element.
    type: list
    elements: dict
    suboptions:
      hosts:
        description: See O(hosts).
        type: list
        elements: str
      namespaces:
        description: See O(namespaces).
        type: list
        elements: dict
        suboptions:
          name:
            description: See O(namespaces[].name).
            type: str
            required: true
          hosts:
            description: See O(namespaces[].hosts).
            type: list
            elements: str
          dns_servers:
            description: See O(namespaces[].dns_servers).
            type: list
            elements: str
          dns_search:
            description: See O(namespaces[].dns_search).
            type: list
            elements: str
          dns_options:
            description: See O(namespaces[].dns_options).
            type: list
            elements: str
      dns_servers:
        description: See O(dns_servers).
        type: list
        elements: str
      dns_search:
        description: See O(dns_search).
        type: list
        elements: str
      dns_options:
        description: See O(dns_options).
        type: list
        elements: str
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
      owner:
        description: See O(owner).
        type: str
notes:
  - A symbolic link, or a file with several hard links, in place of the file is refused.
  - Who runs in a namespace before it has its first such file sees the host's C(/etc/hosts) until it is started again.
seealso:
  - module: netplumb.linuxnet.netns
  - module: netplumb.linuxnet.bridge_network
"""

EXAMPLES = r"""
- name: Let two namespaces find each other
  netplumb.linuxnet.netns_names:
    owner: shop
    hosts:
      - 172.18.0.2 web www
      - fd00:18::2 web www
      - 172.18.0.10 db
    namespaces:
      - name: web
        dns_servers: [172.18.0.53]
        dns_search: [example.org]
      - name: db
        hosts: [192.0.2.9 backup]

- name: Remove the names again
  netplumb.linuxnet.netns_names:
    owner: shop
    state: absent
"""

RETURN = r"""
objects:
  description: The lists, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - owner: shop
      hosts:
        - 172.18.0.2 web www
        - 172.18.0.10 db
        - fd00:18::2 web www
      namespaces: [web, db]
      files:
        - namespaces: [db]
          started_from: /etc/hosts
          lines:
            - 192.0.2.9 backup
            - 172.18.0.2 web www
            - 172.18.0.10 db
            - fd00:18::2 web www
        - namespaces: [web]
          started_from: /etc/hosts
          lines:
            - 172.18.0.2 web www
            - 172.18.0.10 db
            - fd00:18::2 web www
      resolv_conf:
        - namespaces: [web]
          owners: [shop]
          lines:
            - nameserver 172.18.0.53
            - search example.org
      state: present
      changed: true
  contains:
    owner:
      description: The owner.
      type: str
    hosts:
      description: The lines of the block.
      returned: if O(state=present)
      type: list
    namespaces:
      description: The namespaces that have it.
      returned: if O(state=present)
      type: list
    files:
      description:
        - What was changed, with one entry for all C(namespaces) whose files differed in the same way. C(lines) are the lines that were
          added, and in the diff's C(before) those that were removed.
        - C(started_from) is V(/etc/hosts) if the file was created, and C(marks) V(whole) if only the marks of the block were damaged.
      returned: if something was changed
      type: list
    resolv_conf:
      description: The same for resolver files, each with its C(owners) and all of its C(lines).
      returned: if one was changed
      type: list
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
    - before: {}
      after:
        files:
          - namespaces: [web]
            started_from: /etc/hosts
            lines:
              - 172.18.0.2 web www
              - 172.18.0.10 db
              - fd00:18::2 web www
      before_header: netns_names shop
      after_header: netns_names shop
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns_names import NetnsNames


def main() -> None:
    """Converge the files."""
    run(NetnsNames())


if __name__ == "__main__":
    main()
