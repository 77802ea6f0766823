#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_plan
short_description: Carry out the plan of a network
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Does in one call what the modules M(netplumb.linuxnet.unmanaged_links), M(netplumb.linuxnet.bridge),
    M(netplumb.linuxnet.bridge_forward), M(netplumb.linuxnet.masquerade), M(netplumb.linuxnet.dnat), M(netplumb.linuxnet.netns),
    M(netplumb.linuxnet.veth), M(netplumb.linuxnet.bridge_port), M(netplumb.linuxnet.interface) and
    M(netplumb.linuxnet.ip_forward) do in ten, one after another in this order. What each of them does, and what it returns as a difference, is said there.
  - With O(state=absent) the order is M(netplumb.linuxnet.interface), M(netplumb.linuxnet.dnat), M(netplumb.linuxnet.veth),
    M(netplumb.linuxnet.bridge_port), M(netplumb.linuxnet.netns), M(netplumb.linuxnet.bridge),
    M(netplumb.linuxnet.masquerade), M(netplumb.linuxnet.bridge_forward), M(netplumb.linuxnet.ip_forward),
    M(netplumb.linuxnet.unmanaged_links).
  - Before the first change all definitions are checked, and whether the namespaces that are to be attached can be.
  - What is found inside a namespace costs that endpoint and nobody else. The rules are put right first, then each
    endpoint as far as it can be; the module fails at the end, with a sentence for each endpoint that could not.
  - With O(state=absent) and without O(modules) whatever carries the owner's mark on the host is taken away, as
    C(docs/plan.md) says. That takes neither a plan nor pyroute2.
  - The plan comes from the filter P(netplumb.linuxnet.bridge_network_plan#filter). The role
    P(netplumb.linuxnet.bridge_network#role) does both.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.common.netlink
options:
  owner:
    description:
      - Whose the objects are, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.).
    type: str
    required: true
  state:
    description:
      - Whether the network is built or taken away. It decides about the order alone; each definition has a state of its
        own.
    type: str
    choices: [present, absent]
    default: present
  modules:
    description:
      - By the name of its module the list of definitions, as each module takes them in its option C(aggregate).
      - A dictionary, or its JSON text. The text is quicker by far where there are thousands of definitions.
      - Required when O(state=present).
    type: json
  seen:
    description:
      - The plan's key of this name, a word for the host as it was when the plan was made.
      - Where another plan was carried out since, addresses, names and ports that were free then may be taken. Nothing is done
        then, and RV(stale) is true, so that a new plan can be made. By default the plan is carried out whatever happened.
    type: str
  problems:
    description:
      - What the plan knows to be impossible, as its key of this name says. What is inside the namespaces of these
        endpoints is left as it is, and an endpoint that is not there yet is not made.
      - All else is done first, then the module fails with the sentences.
    type: list
    elements: dict
    default: []
    suboptions:
      namespace:
        description: The endpoint's namespace; none for what is no endpoint's alone.
        type: str
      interface:
        description: The endpoint's interface in it; without a namespace, an interface of the host that is left out.
        type: str
      sentence:
        description: The sentence.
        type: str
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

- name: Make a network of it
  netplumb.linuxnet.network_plan:
    owner: "{{ plan.owner }}"
    state: "{{ plan.state }}"
    modules: "{{ plan.modules }}"
  vars:
    plan: "{{ network | netplumb.linuxnet.bridge_network_plan(info) }}"
    network:
      name: br-shop
      ipam_config:
        - subnet: 172.18.0.0/16
      endpoints:
        - namespace: web
          published_ports: ["8080:80"]

- name: A plan written by hand
  netplumb.linuxnet.network_plan:
    owner: lan
    modules:
      bridge:
        - name: br-lan
      netns:
        - name: router
      veth:
        - name: to-router
          peer_name: eth0
          peer_netns: router
      bridge_port:
        - interface: to-router
          bridge: br-lan

- name: Take a network away, whatever it has come to be
  netplumb.linuxnet.network_plan:
    owner: br-shop
    state: absent
"""

RETURN = r"""
modules:
  description: By the name of each module that had something to see to, the number of its definitions and how many changed.
  returned: success
  type: dict
  sample:
    bridge: {definitions: 1, changed: 0}
    dnat: {definitions: 2, changed: 1}
stale:
  description: Whether nothing was done because the host is another one than the plan was made for.
  returned: with O(seen)
  type: bool
  sample: false
failures:
  description: A sentence for each endpoint that could not be put right, where all else was. The other values are returned as well then.
  returned: when endpoints failed
  type: list
  elements: str
  sample: ["interface eth0 in namespace web exists and is no veth but bridge; choose another name"]
persistent:
  description: Whether something would bring the network back after a reboot. M(netplumb.linuxnet.network_service) takes that away.
  returned: without O(modules)
  type: bool
  sample: false
summary:
  description: What it came to, in a few lines for people.
  returned: without O(modules)
  type: list
  elements: str
  sample: ["br-shop: absent", "IPv4 forwarding stays on, because others may rely on it"]
diff:
  description: What differed, for changed definitions only, in the order in which they were changed.
  returned: in diff mode
  type: list
  elements: dict
  sample:
    - before: {}
      after: {owners: [br-shop], loopback: true}
      before_header: namespace web
      after_header: namespace web
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Outcome
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import owner_name
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import STATE
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable_all
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import failing, tell_warnings
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import sighting
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.carry_out import carry_out, read_definitions
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.endpoints import EndpointsFailed


def main() -> None:
    """Carry the plan out."""
    module = AnsibleModule(
        argument_spec={
            "owner": {"type": "str", "required": True},
            "state": STATE,
            "modules": {"type": "json"},
            "seen": {"type": "str"},
            "problems": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "namespace": {"type": "str"},
                    "interface": {"type": "str"},
                    "sentence": {"type": "str", "required": True},
                },
            },
        },
        required_if=[["state", "present", ["modules"]]],
        supports_check_mode=True,
    )
    told: dict[str, object] = {}
    failed: dict[str, t.Any] = {}
    outcomes: t.Mapping[str, Outcome] = {}
    host = Host(check_mode=module.check_mode, library=module.params["modules"] is not None, exclusive=True)
    with failing(module, host), host:
        owner = owner_name("owner", module.params["owner"])
        definitions = _definitions(module, host, owner, told)
        if module.params["seen"] is not None:
            told["stale"] = sighting.look(host) != module.params["seen"]
        try:
            if not told.get("stale"):
                outcomes = carry_out(host, owner, module.params["state"], definitions, module.params["problems"])
        except EndpointsFailed as error:
            outcomes = error.outcomes
            failed = {"msg": str(error), "failures": error.failures}
    tell_warnings(module, host)
    result = {
        **told,
        "changed": any(outcome.changed for outcome in outcomes.values()),
        "modules": {
            name: {
                "definitions": len(outcome.changes),
                "changed": sum(change.changed for change in outcome.changes),
            }
            for name, outcome in outcomes.items()
        },
    }
    if module._diff:
        result["diff"] = [difference for outcome in outcomes.values() for difference in outcome.diff]
    if failed:
        module.fail_json(**printable_all({**failed, **result}))
    module.exit_json(**printable_all(result))


def _definitions(module: AnsibleModule, host: Host, owner: str, told: dict[str, object]) -> object:
    """What is given or, to take a network away, what is found of it; beside that what is told of it."""
    given = module.params["modules"]
    if given is not None:
        return read_definitions(given)
    # Loaded here alone, since what looks at everything takes long to load.
    from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.teardown import end_of

    end = end_of(host, owner)
    told.update(persistent=end.persistent, summary=end.summary)
    for warning in end.warnings:
        host.warn(warning)
    return end.modules


if __name__ == "__main__":
    main()
