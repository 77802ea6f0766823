#!/usr/bin/python
# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts made of namespaces, on the controller. The action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab
short_description: Make hosts out of namespaces, to test roles on
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Makes hosts for tests on the controller, each a process in network, mount, PID and UTS namespaces of its own, and Ethernet
    segments between them. A host is ready within a second. Neither root nor a container engine is needed.
  - A host has C(/etc), C(/run), C(/tmp), C(/var/tmp), C(/dev/shm), C(/proc) and C(/sys) of its own; all else of the controller's
    files it sees read-only. It has no init system and one user, root of a user namespace.
  - Tasks run on the hosts over the connection plugin P(netplumb.linuxnet.lab#connection).
  - The hosts stay until they are removed, the controller goes down, or the C(molecule test) ends that they were made by.
options:
  state:
    description: Whether the hosts shall be there. If they are there but others, all are made anew.
    type: str
    choices: [present, absent]
    default: present
  directory:
    description:
      - The directory that tells of the lab, which must not exist before. If omitted, C(lab) in Molecule's ephemeral directory.
        Labs in two directories know nothing of each other.
    type: path
  hosts:
    description: The hosts. Required with O(state=present).
    type: list
    elements: dict
    suboptions:
      name:
        description: The host's name.
        type: str
        required: true
      interfaces:
        description:
          - The host's interfaces. If omitted or empty, one C(eth0) on the segment C(lab), with the addresses C(192.0.2.N/24) and
            C(2001:db8::N/64), where C(N) is the host's place in the list.
        type: list
        elements: dict
        suboptions:
          name:
            description: The name of the interface. V(lo) is there already and can be given addresses.
            type: str
            default: eth0
          segment:
            description: The segment that it is on. Required unless O(hosts[].interfaces[].name) is V(lo).
            type: str
          addresses:
            description: Its addresses with their prefix lengths.
            type: list
            elements: str
            default: []
          gateways:
            description: The routers of its default routes.
            type: list
            elements: str
            default: []
          mac_address:
            description: Its MAC address. If omitted, a random one.
            type: str
  segments:
    description: Segments that are not as others are. Those that interfaces name need not be listed here.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The segment's name.
        type: str
        required: true
      mtu:
        description: The MTU of the interfaces on it, 68 to 65535.
        type: int
        default: 1500
  visible:
    description:
      - Paths of the controller that the hosts see though they are below C(/tmp) or another directory that hosts have to
        themselves. The Python in use and this collection are visible in any case.
    type: list
    elements: path
    default: []
attributes:
  check_mode:
    support: full
    description: Tells whether hosts would be made or removed.
  diff_mode:
    support: none
    description: Shows no differences.
  platform:
    platforms: posix
    support: full
    description: Linux 5.12 or newer on the controller, where users may make namespaces.
  action:
    support: full
    description: Runs on the controller alone.
seealso:
  - plugin: netplumb.linuxnet.lab
    plugin_type: connection
"""

EXAMPLES = r"""
- name: Two hosts on a segment, one of them the other's router
  netplumb.linuxnet.lab:
    directory: /tmp/my-lab
    hosts:
      - name: server
        interfaces:
          - segment: lan
            addresses: [192.0.2.1/24]
            gateways: [192.0.2.254]
      - name: router
        interfaces:
          - segment: lan
            addresses: [192.0.2.254/24]
          - name: lo
            addresses: [198.51.100.1/32]

- name: Remove them
  netplumb.linuxnet.lab:
    directory: /tmp/my-lab
    state: absent
"""

RETURN = r"""
directory:
  description: The directory of the lab.
  returned: success
  type: str
  sample: /tmp/my-lab
hosts:
  description: The names of the hosts.
  returned: success
  type: list
  elements: str
  sample: [server, router]
"""
