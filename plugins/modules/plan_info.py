#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_info
short_description: Tell what of a network's plan is yet to be done
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Compares all definitions of a plan, as the filter P(netplumb.linuxnet.bridge_network_plan#filter) makes it, with
    what the host has, in one call. Nothing is changed.
  - The role P(netplumb.linuxnet.bridge_network#role) calls only those modules then that have something left to do, and
    only with the definitions that are left. Where all is as planned, this call takes the place of all of theirs.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes.info
options:
  owner:
    description:
      - Whose the objects are, as for the modules.
    type: str
    required: true
  modules:
    description:
      - By the name of its module the list of definitions, as each module takes them in O(ignore:aggregate).
      - A dictionary, or its JSON text. The text is quicker by far where there are thousands of definitions.
    type: json
    required: true
seealso:
  - plugin: netplumb.linuxnet.bridge_network_plan
    plugin_type: filter
  - module: netplumb.linuxnet.netns_info
"""

EXAMPLES = r"""
- name: See what is there
  netplumb.linuxnet.netns_info:
  register: info

- name: See what is missing for a network
  netplumb.linuxnet.plan_info:
    owner: br-shop
    modules: "{{ (network | netplumb.linuxnet.bridge_network_plan(info)).modules | to_json }}"
  vars:
    network:
      name: br-shop
      ipam_config:
        - subnet: 172.18.0.0/16
      endpoints:
        - namespace: web
  register: missing

- name: Publish what is not published yet
  netplumb.linuxnet.dnat:
    owner: br-shop
    aggregate: "{{ missing.modules.dnat }}"
"""

RETURN = r"""
modules:
  description:
    - By the name of every module, in the order in which a network is built, the definitions that would change something.
    - All of a module's where it would fail, so that calling it tells why; all of what belongs to a namespace, a link
      or a bridge, too, where one such is to be changed in place.
  returned: success
  type: dict
  sample:
    bridge: []
    bridge_forward: []
    masquerade: []
    dnat:
      - host_port: "8080"
        to_address: 172.18.0.2
        to_port: "80"
        out_interface: br-shop
    netns: []
    veth: []
    bridge_port: []
    interface: []
    ip_forward: []
"""

import json

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.names import owner_name
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import tell_warnings
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import definitions_of, pending


def main() -> None:
    """Tell what is left to do."""
    module = AnsibleModule(
        argument_spec={"owner": {"type": "str", "required": True}, "modules": {"type": "json", "required": True}},
        supports_check_mode=True,
    )
    host = Host(check_mode=True)
    try:
        owner = owner_name("owner", module.params["owner"])
        wished = definitions_of(json.loads(module.params["modules"]))
        with host:
            left = pending(host, owner, wished)
            tell_warnings(module, host)
    except json.JSONDecodeError as error:
        module.fail_json(msg=f"modules: not JSON ({error})")
    except Invalid as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, modules=left)


if __name__ == "__main__":
    main()
