# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What is asked of a named namespace, checked."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import sysctls

OPTIONS: Options = {
    "name": {"type": "str"},
    "state": STATE,
    "pid": {"type": "int"},
    "path": {"type": "path"},
    "container": {"type": "str"},
    "loopback": {"type": "bool", "default": True},
    "sysctls": {"type": "dict"},
    **OWNER,
}


@dataclasses.dataclass(frozen=True)
class Wish:
    name: str
    state: str
    owner: str
    #: The file of the namespace that is to get the name, or the container whose namespace it is; neither to make one.
    path: str | None
    container: str | None
    loopback: bool
    #: Wished settings inside, by path below /proc/sys.
    sysctls: t.Mapping[str, str]

    @property
    def attached(self) -> bool:
        """Whether the namespace is somebody else's, which only gets a name here."""
        return self.path is not None or self.container is not None


def wish(options: t.Mapping[str, t.Any]) -> Wish:
    name = names.namespace_name("name", options["name"])
    pid, path = options["pid"], options["path"]
    given = [word for word in ("pid", "path", "container") if options[word] is not None]
    if len(given) > 1:
        raise Invalid(given[0], options[given[0]], f"{' and '.join(given)} exclude each other")
    if pid is not None and pid < 1:
        raise Invalid("pid", pid, "the ID of a running process, 1 or more")
    if path is not None and not path.startswith("/"):
        raise Invalid("path", path, "an absolute path such as /proc/1234/ns/net")
    return Wish(
        name=name,
        state=options["state"],
        owner=names.owner_name("owner", options["owner"]),
        path=f"/proc/{pid}/ns/net" if pid is not None else path,
        container=None if options["container"] is None else names.container("container", options["container"]),
        loopback=options["loopback"],
        sysctls=sysctls.settings("sysctls", options["sysctls"]),
    )
