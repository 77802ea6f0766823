#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: path_info
short_description: Explain what happens to a packet, and which rule, route or missing listener ends its way
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Sends a probe as a program would that opens a connection, follows it through the host and its namespaces, and tells hop by hop what
    happens to it.
  - For that, each namespace on the way gets a table of nftables for a moment. It changes nothing but makes the kernel report what the probe
    meets. The kernel removes it with the process, even if that is killed. The program C(nft) is not needed.
  - On kernels before Linux 5.12, the probe is sent, but cannot be followed. Then its way is derived from routes, and of rules, only those
    of iptables-legacy that took it are found.
  - The story only covers the host and its named namespaces. What happens to a packet that leaves them is not visible.
  - Rules of iptables-legacy cannot be traced. Those that took the probe are found by their counters.
  - In check mode no probe is sent. The way is then derived from routes, interfaces, published ports and listeners, and other rules are not
    considered.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes.info
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common
options:
  source:
    description:
      - Where the packet comes from.
      - If omitted, the host.
    type: dict
    suboptions:
      namespace:
        description: The name of a namespace.
        type: str
      host:
        description: The host itself.
        type: bool
      address:
        description:
          - An address outside. O(source.interface) is required with it.
          - Since no packet can be made to come in from outside, one is sent into a copy of the host, a namespace for a moment with the
            same interfaces, addresses, routes, settings and rules. Connection tracking and rules about frames of a bridge are not copied.
            This is also done in check mode.
        type: str
      interface:
        description: The interface of the host that it comes in by.
        type: str
  destination:
    description: The address that it is sent to.
    type: str
    required: true
  port:
    description: The port. Required unless O(protocol=icmp).
    type: int
  protocol:
    description:
      - The protocol.
      - With V(tcp), a connection is opened and reset at once. With V(udp), an empty datagram is sent. With V(icmp), an echo request is sent,
        like that of C(ping).
    type: str
    choices: [tcp, udp, icmp]
    default: tcp
  timeout:
    description: How many seconds to wait for an answer.
    type: float
    default: 2
seealso:
  - module: netplumb.linuxnet.netns_info
"""

EXAMPLES = r"""
- name: Find out why a published port does not answer
  netplumb.linuxnet.path_info:
    destination: 192.0.2.1
    port: 8080
  register: path

- name: Show the story
  ansible.builtin.debug:
    var: path.sentences

- name: Find out why others cannot use it
  netplumb.linuxnet.path_info:
    source:
      address: 198.51.100.7
      interface: eth0
    destination: 192.0.2.1
    port: 8080

- name: Require that a namespace reaches the database
  netplumb.linuxnet.path_info:
    source:
      namespace: web
    destination: 172.18.0.10
    port: 5432
  register: path
  failed_when: path.verdict != 'answered'
"""

RETURN = r"""
verdict:
  description:
    - What became of the packet.
    - V(answered) and V(delivered) mean that it arrived, the latter that a UDP service got it and did not answer.
    - V(dropped) and V(rejected) mean that a rule or setting of the host took it, V(refused) that another machine refused it.
    - V(no_route), V(not_forwarded), V(not_sent), V(lost) (on a link), V(no_listener) and V(mtu) (only small packets arrive) name other
      reasons.
    - V(foreseen) means that nothing was found that speaks against it, in check mode or for an address outside.
    - V(unknown) means that some rules or routes could not be copied for a packet from outside, which the last sentence names.
    - V(no_answer) means that it went out of sight, or that nothing came back for a reason that could not be found.
  returned: success
  type: str
  sample: no_listener
sentences:
  description: The story. The last sentence is the reason for the verdict.
  returned: success
  type: list
  elements: str
  sample:
    - Namespace db sends TCP to 172.18.0.2 port 80 by eth0, directly.
    - Namespace db passes it on by eth0 to namespace web.
    - It arrives, but nobody listens on TCP port 80 of namespace web.
hops:
  description: The same in parts.
  returned: success
  type: list
  elements: dict
  contains:
    where:
      description: The host, or a namespace.
      type: str
    what:
      description: What the sentence is about, for example V(route), V(rule), V(translation), V(link), V(neighbour), V(setting) or
        V(listener).
      type: str
    text:
      description: The rule, route or setting, or V(null).
      type: str
    by:
      description: For a rule, who made it. C(tool) is V(netplumb.linuxnet) for this collection, for example V(docker), V(firewalld) or
        V(ufw) for others, V(administrator) in C(LINUXNET-USER), or V(unknown). For rules of this collection, C(owner), C(intent) (the
        kind of the rule) and C(purpose) are given, as far as they are known. Rules inside a namespace never count as those of this
        collection or of the administrator, since root there could imitate them.
      type: dict
    sentence:
      description: The sentence.
      type: str
observed:
  description: Whether a probe was followed. If not, the story is derived from what the host has, and from the answer to the probe.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable_all
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import failing, tell_warnings
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path import question
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.answer import answer

NAMES = ("namespace", "address", "interface")


def main() -> None:
    """Explain the way of a packet."""
    options = {"host": {"type": "bool"}, **{name: {"type": "str"} for name in NAMES}}
    module = AnsibleModule(
        argument_spec={
            "source": {"type": "dict", "options": options},
            "destination": {"type": "str", "required": True},
            "port": {"type": "int"},
            "protocol": {"type": "str", "choices": list(question.CHOICES), "default": "tcp"},
            "timeout": {"type": "float", "default": 2.0},
        },
        supports_check_mode=True,
    )
    host = Host(check_mode=module.check_mode)
    with failing(module, host), host:
        told = printable_all(answer(host, question.read(module.params)))
    tell_warnings(module, host)
    module.exit_json(changed=False, **told)


if __name__ == "__main__":
    main()
