# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What is asked of a named namespace, checked."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.containers import ENGINES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.inhabitants import Inhabitant
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import sysctls

OPTIONS: Options = {
    "name": {"type": "str"},
    "state": STATE,
    "pid": {"type": "int"},
    "path": {"type": "path"},
    "container": {"type": "str"},
    "engine": {"type": "str", "choices": list(ENGINES)},
    "service": {"type": "str"},
    "loopback": {"type": "bool", "default": True},
    "sysctls": {"type": "dict"},
    **OWNER,
}


class Want(Value):
    name: str
    state: str
    owner: str
    #: The file of the namespace that is to get the name, or whose namespace it is; neither to make one.
    path: str | None
    inhabitant: Inhabitant | None
    loopback: bool
    #: Wanted settings inside, by path below /proc/sys.
    sysctls: t.Mapping[str, str]

    @property
    def attached(self) -> bool:
        """Whether the namespace is somebody else's, which only gets a name here."""
        return self.path is not None or self.inhabitant is not None


def want(options: t.Mapping[str, t.Any]) -> Want:
    name = names.namespace_name("name", options["name"])
    pid, path = options["pid"], options["path"]
    given = [word for word in ("pid", "path", "container", "service") if options[word] is not None]
    if len(given) > 1:
        raise Invalid(given[0], options[given[0]], f"{' and '.join(given)} are mutually exclusive")
    if pid is not None and pid < 1:
        raise Invalid("pid", pid, "the ID of a running process, 1 or more")
    if path is not None and not path.startswith("/"):
        raise Invalid("path", path, "an absolute path such as /proc/1234/ns/net")
    return Want(
        name=name,
        state=options["state"],
        owner=names.owner_name("owner", options["owner"]),
        path=f"/proc/{pid}/ns/net" if pid is not None else path,
        inhabitant=_inhabitant(options),
        loopback=options["loopback"],
        sysctls=sysctls.settings("sysctls", options["sysctls"]),
    )


def _inhabitant(options: t.Mapping[str, t.Any]) -> Inhabitant | None:
    container, service, engine = options["container"], options["service"], options["engine"]
    if engine is not None and container is None:
        raise Invalid("engine", engine, "only together with container")
    if container is not None:
        return Inhabitant("container", names.container("container", container), engine)
    return None if service is None else Inhabitant("service", names.service("service", service))
