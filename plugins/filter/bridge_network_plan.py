# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.plan import make_plan

DOCUMENTATION = r"""
name: bridge_network_plan
short_description: Plan a bridge network
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Turns the variables of the role P(netplumb.linuxnet.bridge_network#role) and what the host has into a plan.
  - The plan is a JSON document with one list of definitions for each module, as C(docs/plan.md) describes it.
  - The whole input is checked before anything is planned. The same input gives the same plan, and nothing is changed.
requirements:
  - netaddr on the controller
options:
  _input:
    description:
      - The role's variables, named without their prefix C(bridge_network_).
    type: dict
    required: true
  info:
    description:
      - The result of the module M(netplumb.linuxnet.netns_info) on the host, with its option C(text) or without.
      - Not needed where the variable C(state) is C(absent). Without it the plan has no C(modules), and the module
        M(netplumb.linuxnet.network_plan) finds out itself what is to be taken away.
    type: dict
  check_mode:
    description:
      - Whether the plan is made in check mode. An interface that is missing on the host is a warning then and no error,
        because an earlier task may have been going to make it.
    type: bool
    default: false
  text:
    description:
      - Give the plan's C(modules) as JSON text, which Ansible hands on without a look at each of its values.
    type: bool
    default: false
  errors:
    description:
      - With V(raise), bad input is an error.
      - With V(return), the result is a dictionary with nothing but the key C(error), a sentence, so that a role can
        fail with the sentence alone.
    type: str
    choices: [raise, return]
    default: raise
"""

EXAMPLES = r"""
- name: See what is there
  netplumb.linuxnet.netns_info:
  register: info

- name: Show what a network would be made of
  ansible.builtin.debug:
    msg: "{{ {'name': 'br-shop', 'ipam_config': [{'subnet': '172.18.0.0/16'}], 'endpoints': [{'namespace': 'web'}]}
      | netplumb.linuxnet.bridge_network_plan(info) }}"
"""

RETURN = r"""
_value:
  description: The plan, as C(docs/plan.schema.json) describes it.
  type: dict
"""


def bridge_network_plan(
    variables: object, info: object = None, check_mode: bool = False, text: bool = False, errors: str = "raise"
) -> dict[str, t.Any]:
    """The plan for the variables on the host that ``info`` describes."""
    try:
        plan = make_plan(variables, _read(info), check_mode)
    except LinuxnetError as error:
        if errors == "return":
            return {"error": str(error)}
        raise AnsibleFilterError(str(error)) from error
    return {**plan, "modules": json.dumps(plan["modules"])} if text and "modules" in plan else plan


def _read(info: object) -> object:
    """The view, which netns_info may have told as text."""
    return json.loads(info["text"]) if isinstance(info, t.Mapping) and "text" in info else info


class FilterModule:
    """The collection's filters."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"bridge_network_plan": bridge_network_plan}
