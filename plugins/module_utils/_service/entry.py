# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The entry point of the program. It is called for every container that an engine starts, even a foreign one.

So the code that changes networks is only loaded if the container is an endpoint.
"""

from __future__ import annotations

import glob
import json
import os
import subprocess
import sys
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import network_document

_ENGINES = ("docker", "podman")
#: Seconds that a hook may delay the start of a container. Attaching then continues in the background: a run of the role
#: may be waiting for the container's state, and so for the hook, which waits for that run.
_PATIENCE = 5
#: Podman's lists of containers with their names, next to the containers' own directories. Containers that are removed
#: when they end have a list of their own.
_LISTS = ("containers.json", "volatile-containers.json")


class _Place(t.NamedTuple):
    """The endpoint that a container is in a network, by its namespace."""

    network: str
    namespace: str
    #: The container's name or ID, as given by the user.
    given: str


def main(arguments: t.Sequence[str]) -> int:
    """Run a command. Returns 0 if done, 1 if refused, 2 for a usage error."""
    words = list(arguments)
    if words == ["hook"]:
        return _hooked(sys.stdin.read())
    if words[:1] == ["started"] and len(words) in (2, 4) and words[1] in _ENGINES:
        return _started(words[1], *words[2:])
    from ansible_collections.netplumb.linuxnet.plugins.module_utils._service import boot

    return boot.main(words)


def _started(engine: str, identifier: str | None = None, name: str = "") -> int:
    """Attach a container that an engine has started, or all of its running containers."""
    places = _places(engine)
    if identifier is not None:
        places = [one for one in places if _is_called(one.given, identifier, name)]
    if not places:
        return 0
    from ansible_collections.netplumb.linuxnet.plugins.module_utils._service import boot

    running = boot.running(engine, sorted({one.given for one in places}))
    if identifier is not None and not running:
        sys.stderr.write(f"container {name}: {engine} does not have it any more, or it has ended\n")
    calls = (("attach", one.network, one.namespace, str(running[one.given])) for one in places if one.given in running)
    return max(map(boot.main, calls), default=0)


def _hooked(text: str) -> int:
    """Attach the container whose state an OCI runtime passes. It starts in any case: unattached, it is closed off.

    Its engine has locked it meanwhile, so the engine is not asked anything.
    """
    try:
        state = json.loads(text)
        identifier, process, bundle = str(state["id"]), int(state["pid"]), str(state["bundle"])
    except (KeyError, TypeError, ValueError):
        sys.stderr.write("hook: the state of a container, as OCI runtimes tell it, is required on the standard input\n")
        return 2
    places = _places("podman")
    if not places:
        return 0
    names = _names(os.path.dirname(os.path.dirname(bundle)))
    others = {name for other, name in names if other != identifier}
    mine = [name for other, name in names if other == identifier] or [""]
    for one in places:
        if one.given not in others and any(_is_called(one.given, identifier, name) for name in mine):
            _attach_aside(one, process)
    return 0


class _Apart(subprocess.Popen[bytes]):
    """A process that may outlive this one.

    ``run_command`` of AnsibleModule would wait for its end, and is not available at boot.
    """


def _attach_aside(place: _Place, process: int) -> None:
    """Attach the container in another process, and wait for that as long as a hook may."""
    argv = [sys.executable, "-I", sys.argv[0], "attach", place.network, place.namespace, str(process)]
    if os.path.exists("/run/systemd/journal/stdout"):
        # Runtimes discard the output of their hooks.
        argv = ["systemd-cat", "--identifier=linuxnet", *argv]
    attaching = _Apart(argv, stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True)
    try:
        attaching.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"network {place.network}: container {place.given} is attached later, after another run\n")


def _places(engine: str) -> list[_Place]:
    """The containers of an engine that are endpoints of networks on this host."""
    found = []
    for path in sorted(glob.glob(f"{network_document.DIRECTORY}/*.json")):
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                document = network_document.parse(file.read(), path, {})
        except Invalid as error:
            sys.stderr.write(f"{error}\n")
            continue
        found += [
            _Place(document["network"], namespace, one["name"])
            for namespace, one in document["containers"].items()
            if one["engine"] in (None, engine)
        ]
    return found


def _is_called(given: str, identifier: str, name: str) -> bool:
    return given == name or identifier.startswith(given)


def _names(directory: str) -> list[tuple[str, str]]:
    """The ID and name of all containers in Podman's lists."""
    found = []
    for file in _LISTS:
        try:
            with open(os.path.join(directory, file), encoding="utf-8") as written:
                listed = json.load(written)
        except FileNotFoundError:
            continue
        found += [(str(one["id"]), str(name)) for one in listed for name in one.get("names") or ()]
    return found
