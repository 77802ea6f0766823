#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: unmanaged_links
short_description: Keep systemd-networkd and NetworkManager away from interfaces
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Network managers configure every interface that one of their files matches. For example, C(systemd-networkd) with a C(.network) file for
    V(Name=*) removes veth ends from their bridges and deletes their addresses, both when they are created and when it is restarted.
  - This module tells the running managers which interfaces to leave alone, C(systemd-networkd) by C(Unmanaged=yes) and C(NetworkManager) by
    C(unmanaged-devices) and C(managed=0), and has them reload. If neither runs, it does nothing.
  - Use it before the interfaces are created. For an interface that is managed already, it waits until it is not.
  - The files are called C(0-linuxnet-OWNER), so that they precede all files whose names begin with two digits. A file of that name that
    this module did not write is refused.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
  - netplumb.linuxnet.attributes.action_group
  - netplumb.linuxnet.common.owner
options:
  interfaces:
    description:
      - The names of the interfaces, such as V([br-lan, to-web]). They need not exist. Interfaces inside other namespaces are never managed
        and need not be listed.
      - Required if O(state=present).
    type: list
    elements: str
  state:
    description:
      - V(present) ensures that exactly these interfaces of the owner are left alone. Each owner has one list.
      - V(absent) removes the list of the owner.
    type: str
    choices: [present, absent]
    default: present
  persistent:
    description:
      - Whether the list survives a reboot. The files are then below C(/etc), otherwise below C(/run).
    type: bool
    default: false
  aggregate:
    description:
      - The lists of several owners to manage in one call. Options given next to it are the defaults of each element.
    type: list
    elements: dict
    suboptions:
      interfaces:
        description: See O(interfaces).
        type: list
        elements: str
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
      persistent:
        description: See O(persistent).
        type: bool
      owner:
        description: See O(owner).
        type: str
notes:
  - C(systemd-networkd) is told by C(networkctl reload), which also makes it read other files that were changed in the meantime.
  - A warning names each interface that is managed nevertheless, because a file of C(systemd-networkd) comes first or because of
    C(nmcli device set).
seealso:
  - module: netplumb.linuxnet.bridge
  - module: netplumb.linuxnet.veth
"""

EXAMPLES = r"""
- name: Keep the host's network manager away from a bridge and its port
  netplumb.linuxnet.unmanaged_links:
    owner: lan
    interfaces: [br-lan, to-web]

- name: Create the bridge
  netplumb.linuxnet.bridge:
    name: br-lan
    owner: lan

- name: Leave the interfaces to the network manager again
  netplumb.linuxnet.unmanaged_links:
    owner: lan
    state: absent
"""

RETURN = r"""
objects:
  description: The lists, one entry per definition, in the same order.
  returned: success
  type: list
  elements: dict
  sample:
    - owner: lan
      files:
        /run/systemd/network/0-linuxnet-lan.network:
          - "# Links that systemd-networkd shall leave alone, of owner lan. Written by netplumb.linuxnet.unmanaged_links."
          - "[Match]"
          - Name=br-lan
          - Name=to-web
          - ""
          - "[Link]"
          - Unmanaged=yes
      state: present
      changed: true
  contains:
    owner:
      description: The owner.
      type: str
    files:
      description: The lines of each file, by path. Empty if no network manager runs.
      returned: if O(state=present)
      type: dict
    known:
      description: Whether C(systemd-networkd) has read its file.
      returned: if the file was right, but had not been read
      type: bool
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
        files:
          /run/systemd/network/0-linuxnet-lan.network:
            - "# Links that systemd-networkd shall leave alone, of owner lan. Written by netplumb.linuxnet.unmanaged_links."
            - "[Match]"
            - Name=br-lan
            - Name=to-web
            - ""
            - "[Link]"
            - Unmanaged=yes
      after: {}
      before_header: unmanaged_links lan
      after_header: unmanaged_links lan
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.unmanaged_links import UnmanagedLinks


def main() -> None:
    """Converge the files and those that read them."""
    run(UnmanagedLinks())


if __name__ == "__main__":
    main()
