#!/usr/bin/python

# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: unmanaged_links
short_description: Keep systemd-networkd and NetworkManager away from links
version_added: 0.1.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Programs that configure the links of a host take every link that one of their files matches. C(systemd-networkd) with a C(.network)
    file for V(Name=*) takes bridges and veth pairs off one another and removes their addresses, when they are made and again when it is
    restarted.
  - This module tells those of them that run which links are not theirs, C(systemd-networkd) by C(Unmanaged=yes) and C(NetworkManager)
    by C(unmanaged-devices) and C(managed=0), and has them read it. On a host where none of them runs it does nothing.
  - To be called before the links are made. They need not be there. A link that is managed already is waited for until it is not.
  - The files are called C(0-linuxnet-OWNER), so that no file whose name begins with two digits comes before them. One of that name
    whose first line is not ours is refused.
extends_documentation_fragment:
  - netplumb.linuxnet.attributes
options:
  owner:
    description: &owner
      - Whose links they are, 1 to 64 characters of C(A-Z), C(a-z), C(0-9), C(_), C(-) and C(.). Each owner has one list.
    type: str
    default: default
  interfaces:
    description: &interfaces
      - The names of the links on the host. Links inside of other namespaces are managed by nobody.
      - Required when O(state=present).
    type: list
    elements: str
  state:
    description: &state
      - With V(present), the programs leave these links of the owner alone, and no others of his.
      - With V(absent), nothing is said of the owner's links any more.
    type: str
    choices: [present, absent]
    default: present
  persistent:
    description: &persistent
      - Whether that is so after a reboot, too. The files are below C(/etc) then, otherwise below C(/run).
    type: bool
    default: false
  aggregate:
    description:
      - Several owners to converge in one process.
      - Options given beside it are defaults for each.
    type: list
    elements: dict
    suboptions:
      owner:
        description: *owner
        type: str
      interfaces:
        description: *interfaces
        type: list
        elements: str
      state:
        description: *state
        type: str
        choices: [present, absent]
      persistent:
        description: *persistent
        type: bool
notes:
  - C(systemd-networkd) is told by C(networkctl reload), which makes it heed other files that were changed in the meantime as well. A link
    that it manages by a file which comes before ours, or NetworkManager by C(nmcli device set), is named in a warning.
seealso:
  - module: netplumb.linuxnet.bridge
  - module: netplumb.linuxnet.veth
"""

EXAMPLES = r"""
- name: Keep the host's network manager away from a bridge and its ports
  netplumb.linuxnet.unmanaged_links:
    owner: lan
    interfaces: [br-lan, to-web]

- name: Make them
  netplumb.linuxnet.bridge:
    name: br-lan
    owner: lan

- name: Let it have them again
  netplumb.linuxnet.unmanaged_links:
    owner: lan
    state: absent
"""

RETURN = r"""
objects:
  description: One entry per definition, in the order of the definitions.
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
      description: By path the lines of each file; none where no such program runs.
      returned: when there is one
      type: dict
    known:
      description: Whether C(systemd-networkd) knows what is in its file.
      returned: when the file was right and that was not so
      type: bool
    state:
      description: The state.
      type: str
    changed:
      description: Whether anything was changed.
      type: bool
"""

from ansible_collections.netplumb.linuxnet.plugins.module_utils._module import run
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.unmanaged_links import UnmanagedLinks


def main() -> None:
    """Converge the files and those that read them."""
    run(UnmanagedLinks())


if __name__ == "__main__":
    main()
