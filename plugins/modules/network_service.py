#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_service
short_description: Bring a network back after a reboot
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Writes the definitions of a network to C(/etc/linuxnet/NAME.json) and creates a systemd service C(linuxnet-NAME.service) that
    restores them when the machine starts, with the same code as the modules.
  - The service runs C(/etc/linuxnet/network.pyz), a file that all networks share. It needs C(iptables) or C(nft), and pyroute2, but not Ansible.
  - It is run by C(/usr/bin/python3) if that has pyroute2, otherwise by the Python that runs this module.
  - The service is enabled and started. Starting it while the network is up changes nothing.
  - For a whole network, O(netplumb.linuxnet.bridge_network#module:persistent) does the same in the same call.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
options:
  name:
    description:
      - The name of the network, at most 15 characters out of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.).
      - Required unless O(aggregate) is given.
    type: str
  state:
    description:
      - Whether the service exists. Removing it leaves the network itself as it is.
    type: str
    choices: [present, absent]
    default: present
  modules:
    description:
      - Lists of definitions keyed by module name, each in the format of that module's O(aggregate) option, in JSON. Definitions with
        C(state=absent) are left out.
      - Required if O(state=present).
    type: json
  appends:
    description:
      - Whether to keep the endpoints and ports in the file that are not in O(modules).
    type: bool
    default: false
  owner:
    description:
      - The owner of the network's objects. If omitted, O(name).
    type: str
  aggregate:
    description:
      - A list of services to manage in one call. Options given next to it are the defaults of each element.
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
      modules:
        description: See O(modules).
        type: json
      appends:
        description: See O(appends).
        type: bool
      owner:
        description: See O(owner).
        type: str
notes:
  - A namespace that a definition takes from a process (C(pid), or C(path) below C(/proc)) does not exist after a reboot. It is left out
    until its owner or the role adds it again, as C(docs/persistence.md) describes.
  - If systemd does not run, for example while an image is built, the files are written and the service is enabled, with a warning.
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

- name: Bring it back after a reboot, as persistent would in the same call
  netplumb.linuxnet.network_service:
    name: br-shop
    modules: "{{ built.objects[0].plan.modules | to_json }}"

- name: Do not bring it back
  netplumb.linuxnet.network_service:
    name: br-shop
    state: absent
"""

RETURN = r"""
objects:
  description: The services, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - name: br-shop
      definitions:
        version: 1
        network: br-shop
        owner: br-shop
        guests: {}
        containers: {}
        modules:
          masquerade:
            - {source: 172.18.0.0/16, out_interface: "!br-shop", state: present}
      program: sha256 e97cec0b0912601093d23c578b3e3bd50fea3ef2093c7b1ce7dd3b8b436f5144
      units:
        linuxnet-br-shop.service:
          text:
            - "[Unit]"
            - Description=Network br-shop
          enabled: true
      unit_name: linuxnet-br-shop.service
      path: /etc/linuxnet/br-shop.json
      state: present
      changed: true
  contains:
    name:
      description: The name of the network.
      type: str
    path:
      description: The file with the definitions.
      returned: if O(state=present)
      type: str
    unit_name:
      description: The name of the service.
      returned: if O(state=present)
      type: str
    definitions:
      description: The content of the file.
      returned: if O(state=present)
      type: dict
    units:
      description: The units by name, each with its lines as C(text), C(enabled) and, if systemd runs, C(started) and C(known), which is
        V(true) if systemd has read the text.
      returned: if O(state=present)
      type: dict
    program:
      description: The checksum of the program.
      returned: if O(state=present)
      type: str
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
        definitions:
          version: 1
          network: br-shop
      before_header: network_service br-shop
      after_header: network_service br-shop
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._service.network_service import NetworkService


def main() -> None:
    """Converge the services."""
    run(NetworkService())


if __name__ == "__main__":
    main()
