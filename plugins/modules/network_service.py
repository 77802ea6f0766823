#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_service
short_description: Have a network come back after a reboot
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Writes the definitions of a network to C(/etc/linuxnet/NAME.json), and a systemd service C(linuxnet-NAME.service) that brings them about
    when the machine starts, by the same code as the modules do.
  - What the service runs is C(/etc/linuxnet/network.pyz), one file that all networks share. It needs the distribution's Python and C(iptables),
    neither Ansible nor pyroute2.
  - The service is enabled and started. Starting it where the network is up changes nothing.
  - The role P(netplumb.linuxnet.bridge_network#role) calls this with its plan where C(bridge_network_persistent) is set.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
options:
  name:
    description: &name
      - The network's name, at most 15 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.).
      - Required unless O(aggregate) is given.
    type: str
  state:
    description: &state
      - Whether the service shall be there. Taking it away leaves the network itself as it is.
    type: str
    choices: [present, absent]
    default: present
  modules:
    description: &modules
      - The definitions as the plan has them, by the name of each module a list, in JSON. Those with C(state=absent) are left out.
      - Required when O(state=present).
    type: json
  appends:
    description: &appends
      - Keep what the file has of other endpoints and ports than those in O(modules).
    type: bool
    default: false
  owner:
    description: &owner
      - Whose mark the objects carry, if that is not the network's name.
    type: str
  aggregate:
    description:
      - Many at once. Options given beside it are the defaults of each.
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
      modules:
        description: *modules
        type: json
      appends:
        description: *appends
        type: bool
      owner:
        description: *owner
        type: str
notes:
  - A namespace that a definition gives a name by C(pid), or by C(path) below C(/proc), is a guest. After a reboot it is left out until its
    owner or the role brings it in, as C(docs/persistence.md) describes.
  - Where systemd does not run, as while an image is built, the files are written and the service is enabled, with a warning.
seealso:
  - module: netplumb.linuxnet.bridge_network
"""

EXAMPLES = r"""
- name: Build a network
  netplumb.linuxnet.bridge_network:
    name: br-shop
    ipam_config:
      - subnet: 172.18.0.0/16
    endpoints:
      - namespace: web
    return_plan: true
  register: built

- name: Have it come back after a reboot, as persistent would do in the same call
  netplumb.linuxnet.network_service:
    name: br-shop
    modules: "{{ built.objects[0].plan.modules | to_json }}"

- name: Have it not come back
  netplumb.linuxnet.network_service:
    name: br-shop
    state: absent
"""

RETURN = r"""
objects:
  description: The services, one entry per definition, in the order of the definitions.
  returned: success
  type: list
  elements: dict
  sample:
    - name: br-shop
      path: /etc/linuxnet/br-shop.json
      unit_name: linuxnet-br-shop.service
      definitions: {version: 1, network: br-shop, guests: {}, modules: {}}
      units:
        linuxnet-br-shop.service: {text: [], enabled: true, started: true, known: true}
        linuxnet-br-shop.rules.service: {text: [], enabled: true, started: false, known: true}
        linuxnet-br-shop.firewalld.service: {text: [], enabled: true, started: false, known: true}
      program: sha256 0123
      state: present
      changed: true
  contains:
    name:
      description: The network's name.
      type: str
    path:
      description: Where the definitions are.
      returned: when present
      type: str
    unit_name:
      description: The name of the unit.
      returned: when present
      type: str
    definitions:
      description: What is in the file.
      returned: when present
      type: dict
    units:
      description: By name the units, each with C(text), C(enabled), and where systemd runs C(started) and C(known), whether it has read the text.
      returned: when present
      type: dict
    program:
      description: What tells this version of the program from others.
      returned: when present
      type: str
    state:
      description: The state.
      type: str
    changed:
      description: Whether anything of it was changed.
      type: bool
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._service.network_service import NetworkService


def main() -> None:
    """Converge the services."""
    run(NetworkService())


if __name__ == "__main__":
    main()
