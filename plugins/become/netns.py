# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a task inside a named network namespace: wraps what the connection would run in ``ip netns exec``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: netns
short_description: Run tasks inside a network namespace
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Runs any module of any collection inside a named network namespace of the host that the connection reaches, by
    C(ip netns exec). Files below C(/etc/netns/NAME) take the place of those in C(/etc), as C(ip netns exec) has them.
  - With O(become_user) the task runs there as that user, by C(su).
  - Entering a namespace needs root. O(via) says how a login that is not root becomes root first.
options:
  netns:
    description: The name of the namespace, a file below C(/run/netns).
    type: str
    required: true
    vars:
      - name: ansible_netns
    env:
      - name: ANSIBLE_NETNS
    ini:
      - section: netns_become_plugin
        key: netns
  via:
    description: How root is gained before the namespace is entered.
    type: str
    choices:
      none: The login is root.
      sudo: By C(sudo), with O(become_pass) if it asks for one.
      doas: By C(doas), which must not ask for a password.
    default: none
    vars:
      - name: ansible_netns_via
    env:
      - name: ANSIBLE_NETNS_VIA
    ini:
      - section: netns_become_plugin
        key: via
  via_exe:
    description: The program of O(via), if another than C(sudo) or C(doas).
    type: str
    vars:
      - name: ansible_netns_via_exe
    env:
      - name: ANSIBLE_NETNS_VIA_EXE
    ini:
      - section: netns_become_plugin
        key: via_executable
  via_flags:
    description: Options of the program of O(via). If omitted, C(-H -S -n) for C(sudo) and C(-n) for C(doas).
    type: str
    vars:
      - name: ansible_netns_via_flags
    env:
      - name: ANSIBLE_NETNS_VIA_FLAGS
    ini:
      - section: netns_become_plugin
        key: via_flags
  become_user:
    description: The user that the task runs as inside the namespace. If omitted, root.
    type: str
    keyword:
      - name: become_user
    vars:
      - name: ansible_become_user
      - name: ansible_netns_user
    env:
      - name: ANSIBLE_BECOME_USER
      - name: ANSIBLE_NETNS_USER
    ini:
      - section: privilege_escalation
        key: become_user
      - section: netns_become_plugin
        key: user
  remote_user:
    description: The login. Ansible leaves out a become plugin for the login's own name; this one is needed there as well.
    type: str
    keyword:
      - name: remote_user
    vars:
      - name: ansible_user
      - name: ansible_ssh_user
    env:
      - name: ANSIBLE_REMOTE_USER
    ini:
      - section: defaults
        key: remote_user
  connection:
    description: The connection. With V(local) the login is who runs Ansible.
    type: str
    keyword:
      - name: connection
    vars:
      - name: ansible_connection
    env:
      - name: ANSIBLE_TRANSPORT
    ini:
      - section: defaults
        key: transport
  become_exe:
    description: The program C(ip) of iproute2.
    type: str
    default: ip
    keyword:
      - name: become_exe
    vars:
      - name: ansible_become_exe
      - name: ansible_netns_exe
    env:
      - name: ANSIBLE_BECOME_EXE
      - name: ANSIBLE_NETNS_EXE
    ini:
      - section: privilege_escalation
        key: become_exe
      - section: netns_become_plugin
        key: executable
  become_flags:
    description: Options of C(ip), before C(netns exec).
    type: str
    default: ""
    keyword:
      - name: become_flags
    vars:
      - name: ansible_become_flags
      - name: ansible_netns_flags
    env:
      - name: ANSIBLE_BECOME_FLAGS
      - name: ANSIBLE_NETNS_FLAGS
    ini:
      - section: privilege_escalation
        key: become_flags
      - section: netns_become_plugin
        key: flags
  become_pass:
    description: The password that C(sudo) asks for.
    type: str
    vars:
      - name: ansible_become_password
      - name: ansible_become_pass
      - name: ansible_netns_pass
    env:
      - name: ANSIBLE_BECOME_PASS
      - name: ANSIBLE_NETNS_PASS
    ini:
      - section: netns_become_plugin
        key: password
notes:
  - The host needs C(ip) of iproute2, and C(su) for another user than root.
  - The network is the namespace's, all else is the host's. C(/sys) shows the namespace's interfaces; processes, users, services
    and packages are those of the host.
seealso:
  - plugin: netplumb.linuxnet.netns
    plugin_type: inventory
  - module: netplumb.linuxnet.netns
"""

EXAMPLES = r"""
- name: Ask a service from inside a namespace
  hosts: servers
  become: true
  become_method: netplumb.linuxnet.netns
  vars:
    ansible_netns: web
  tasks:
    - name: Reach the database
      ansible.builtin.wait_for:
        host: 172.18.0.10
        port: 5432

- name: The same for a login that may sudo
  hosts: servers
  become: true
  become_method: netplumb.linuxnet.netns
  become_user: nobody
  vars:
    ansible_netns: web
    ansible_netns_via: sudo
  tasks:
    - name: Fetch a page
      ansible.builtin.uri:
        url: http://172.18.0.10/
"""

import getpass
import json
import re
import shlex
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.become import BecomeBase

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import NETNS_DIR, namespace_name

_FLAGS = {"sudo": "-H -S -n", "doas": "-n"}
#: The ASCII characters that need no escaping in a JSON string.
_PLAIN = " !#-[]-~"


class BecomeModule(BecomeBase):
    """Wraps a command line so that a POSIX shell runs it in the namespace."""

    name = "netplumb.linuxnet.netns"

    fail = ("Sorry, try again.",)
    missing = ("Sorry, a password is required to run sudo", "sudo: a password is required")

    def get_option(self, option: str, hostvars: t.Any = None, playcontext: t.Any = None) -> t.Any:
        """An option. For become_user, None stands for root and for the login user.

        Ansible compares it with the login user, and if they are the same, silently runs the task outside.
        """
        found = super().get_option(option, hostvars, playcontext)
        return None if option == "become_user" and found in ("root", self._login()) else found

    def _login(self) -> str | None:
        local = (self.get_option("connection") or "").rpartition(".")[2] == "local"
        login: str | None = getpass.getuser() if local else self.get_option("remote_user")
        return login

    def build_become_command(self, cmd: str, shell: t.Any) -> str:
        """The command line that runs the command line ``cmd`` in the namespace."""
        super().build_become_command(cmd, shell)
        if not cmd:
            return cmd
        script = f"echo {self.success}; {self._script(cmd, shell)}"
        return f"{self._gaining_root()}/bin/sh -c {shlex.quote(script)}"

    def _gaining_root(self) -> str:
        via = self.get_option("via")
        if via == "none":
            return ""
        flags = self.get_option("via_flags")
        if flags is None:
            flags = _FLAGS[via]
        if self.get_option("become_pass"):
            if via == "doas":
                raise AnsibleError(
                    "become_pass: doas reads no password from Ansible; permit it with nopass in doas.conf"
                )
            self.prompt = f"[sudo via ansible, key={self._id}] password:"
            flags = f"{_asking(flags)} -p {shlex.quote(self.prompt)}"
        return f"{self.get_option('via_exe') or via} {flags} "

    def _script(self, cmd: str, shell: t.Any) -> str:
        """What root runs: a check, and a sentence instead of the task's output if that fails.

        Most modules do not even start then, so the sentence is printed as the result of a failed module.
        """
        try:
            name = namespace_name("netns", self.get_option("netns"))
        except Invalid as error:
            raise AnsibleError(str(error)) from error
        user = super().get_option("become_user") or "root"
        if user.startswith("-"):
            raise AnsibleError(f"become_user: {user!r} is not allowed; a user's name does not begin with '-'")
        enter = (
            f"{self.get_option('become_exe')} {self.get_option('become_flags') or ''} netns exec {shlex.quote(name)}"
        )
        run = f"{getattr(shell, 'executable', None) or '/bin/sh'} -c {shlex.quote(cmd)}"
        known = ""
        if user != "root":
            run = f"su -s /bin/sh -c {shlex.quote(cmd)} {shlex.quote(user)}"
            known = (
                f"id -u {shlex.quote(user)} >/dev/null 2>&1 || {_tell(f'become_user: the host has no user {user}')}; "
            )
        path = f"{NETNS_DIR}/{name}"
        root = "entering a network namespace needs root; set ansible_netns_via to sudo or doas"
        dead = f"the network namespace {name} is dead: {path} is a file without a namespace"
        return (
            f"{known}why=$({enter} true 2>&1) || {{ "
            f'[ "$(id -u)" = 0 ] || {_tell(root)}; '
            f"[ -e {shlex.quote(path)} ] || {_tell(f'there is no network namespace {name} on this host')}; "
            f'case "$why" in *"Invalid argument"*) {_tell(dead)};; esac; '
            f"{_tell(f'the network namespace {name} cannot be entered: ', 'why')}; }}; "
            f"exec {enter} {run}"
        )


def _asking(flags: str) -> str:
    """sudo's flags without those that keep it from asking for a password."""
    kept = (
        flag if flag.startswith("--") else re.sub(r"^(-[A-Za-z]*)n", r"\1", flag)
        for flag in shlex.split(flags)
        if flag not in ("-n", "--non-interactive")
    )
    return shlex.join(kept)


def _tell(sentence: str, variable: str = "") -> str:
    """Shell code that prints the result of a failed module, a sentence and the value of a shell variable, and exits."""
    head, tail = json.dumps({"failed": True, "msg": f"{sentence}\0"}).split(r"\u0000")
    told = f'"$(printf %s "${variable}" | LC_ALL=C tr -cd {shlex.quote(_PLAIN)})"' if variable else "''"
    return f"{{ printf '%s%s%s\\n' {shlex.quote(head)} {told} {shlex.quote(tail)}; exit 1; }}"
