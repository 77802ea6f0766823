# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The service of a network: its units, and the definitions that it applies."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import service_files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Step
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import network_document
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.carry_out import read_definitions
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import NEEDED, RESOURCES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._service import archive, entry, service_steps, unit
from ansible_collections.netplumb.linuxnet.plugins.module_utils._service.service_steps import (
    Enable,
    Forget,
    Reload,
    RemoveFile,
    Start,
    WriteFile,
)


class Want(Value):
    name: str
    state: str
    owner: str
    appends: bool
    modules: t.Mapping[str, list[dict[str, t.Any]]]


class Unit(Value):
    """The state of one unit; ``active`` is None if systemd is not running."""

    text: bytes | None
    enabled: bool
    active: bool | None
    stale: bool

    @property
    def there(self) -> bool:
        return self.text is not None or self.enabled


class Found(Value):
    """The state of the service of a network."""

    definitions: bytes | None
    units: t.Mapping[str, Unit]
    #: The units to start; the others start with firewalls.
    due: t.Sequence[str]

    @property
    def there(self) -> bool:
        return self.definitions is not None or any(unit.there for unit in self.units.values())

    @property
    def systemd_runs(self) -> bool:
        return any(unit.active is not None for unit in self.units.values())


class State(Value):
    found: t.Mapping[str, Found]
    program: bytes | None
    #: The program and its Python interpreter; both empty if all networks are absent.
    wanted_program: bytes
    interpreter: str
    networks: t.Sequence[str]


class NetworkService(Resource):
    options: t.ClassVar[Options] = {
        "name": {"type": "str"},
        "state": STATE,
        "modules": {"type": "json"},
        "appends": {"type": "bool", "default": False},
        "owner": {"type": "str"},
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ("name",)
    name: t.ClassVar[str] = "network_service"

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        name = names.network_name("name", options["name"])
        owner = name if options["owner"] is None else names.owner_name("owner", options["owner"])
        if options["state"] == "absent":
            return Want(name, "absent", owner, False, {})
        if options["modules"] is None:
            raise Missing("modules", "the definitions of the network, unless state is absent")
        return Want(name, "present", owner, options["appends"], read_definitions(options["modules"]))

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"name": want.name}

    def label(self, want: Want) -> str:
        return f"network_service {want.name}"

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        building = any(want.state == "present" for want in wants)
        interpreter = service_files.interpreter() if building else ""
        return State(
            found={want.name: _read(host, want.name) for want in wants},
            program=service_files.read(service_files.PROGRAM),
            wanted_program=archive.build(interpreter, entry.__name__) if building else b"",
            interpreter=interpreter,
            networks=service_files.networks(),
        )

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        plan = Plan([])
        present = set(state.networks)
        program = state.program
        for want in wants:
            found = state.found[want.name]
            _refuse_foreign(want, found)
            if want.state == "absent":
                present.discard(want.name)
                plan.changes.append(_plan_absent(want, found, not present and program is not None, plan))
            else:
                plan.changes.append(_plan_present(want, found, program, state, plan))
                program = state.wanted_program
        plan.steps = service_steps.in_order(plan.steps)
        return plan


def _read(host: Host, name: str) -> Found:
    listening = service_files.systemd_runs() and service_files.shown(host, unit.FIREWALLD)["ActiveState"] == "active"
    return Found(
        due=[unit.name(name), *([unit.listener(name)] if listening else [])],
        definitions=service_files.read(service_files.definitions(name)),
        units={one: _read_unit(host, one, others) for one, others in unit.started_with(name).items()},
    )


def _read_unit(host: Host, name: str, others: t.Sequence[str]) -> Unit:
    told = service_files.shown(host, name) if service_files.systemd_runs() else None
    return Unit(
        text=service_files.read(service_files.unit_file(name)),
        enabled=service_files.enabled(name, others),
        active=told["ActiveState"] in ("active", "reloading") if told else None,
        stale=told is not None and told.get("NeedDaemonReload") == "yes",
    )


def _plan_present(want: Want, found: Found, program: bytes | None, state: State, plan: Plan) -> Change:
    old = _parsed(found.definitions)
    earlier = (old or network_document.empty(RESOURCES)) if want.appends else None
    wanted = network_document.document(want.name, want.owner, want.modules, earlier, RESOURCES)
    definitions = network_document.text(wanted)
    command = f"{state.interpreter} -I {service_files.PROGRAM}"
    ports = network_document.foreign_ports(wanted["modules"], RESOURCES)
    texts = unit.texts(want.name, command, ports, external=not wanted["modules"]["bridge"])
    before: dict[str, t.Any] = {
        "definitions": _lines(found.definitions) if old is None else old,
        "program": _fingerprint(program),
        "units": {name: _view(one) for name, one in found.units.items()},
    }
    after: dict[str, t.Any] = {
        "definitions": wanted,
        "program": _fingerprint(state.wanted_program),
        "units": {name: _wanted_view(text, found.units[name], name in found.due) for name, text in texts.items()},
    }
    if not found.systemd_runs:
        plan.warnings.append(f"systemd is not running: network {want.name} comes up when systemd next starts this host")
    steps = _writing(
        want.name, texts, found, definitions, state.wanted_program if program != state.wanted_program else None
    )
    if steps:
        plan.steps += steps
        if before == after:
            # The same content in another form.
            before["file"], after["file"] = _lines(found.definitions), definitions.splitlines()
    facts = {"unit_name": unit.name(want.name), "path": str(service_files.definitions(want.name))}
    return Change(before if found.there else {}, after, facts)


def _writing(
    name: str, texts: t.Mapping[str, str], found: Found, definitions: str, program: bytes | None
) -> list[Step]:
    """The steps to write files, with the units last, so that what they run exists."""
    steps: list[Step] = []
    if found.definitions != definitions.encode():
        steps.append(WriteFile(service_files.definitions(name), definitions.encode(), 0o644))
    if program is not None:
        steps.append(WriteFile(service_files.PROGRAM, program, 0o755))
    drifted = {one: text.encode() for one, text in texts.items() if found.units[one].text != text.encode()}
    steps += [WriteFile(service_files.unit_file(one), text, 0o644) for one, text in drifted.items()]
    enable = [one for one in texts if not found.units[one].enabled]
    steps += [Enable(one, unit.started_with(name)[one]) for one in enable]
    if found.systemd_runs and (drifted or enable or any(one.stale for one in found.units.values())):
        steps.append(Reload())
    return [*steps, *(Start(one) for one in found.due if found.units[one].active is False)]


def _refuse_foreign(want: Want, found: Found) -> None:
    """Refuse to overwrite or remove files with our names that we did not write."""
    ours = False
    for name, one in found.units.items():
        if one.text is not None and not unit.is_ours(one.text):
            raise Refused(f"{service_files.unit_file(name)} was not written by this collection; it is left alone")
        ours = ours or one.text is not None
    document = _parsed(found.definitions)
    path = service_files.definitions(want.name)
    if document is None and found.definitions is not None and not ours:
        raise Refused(f"{path} does not contain the definitions of a network; it is left alone")
    if document is not None and document["owner"] != want.owner:
        raise Refused(f"{path} belongs to owner {document['owner']}")


def _view(found: Unit) -> dict[str, t.Any]:
    started = {} if found.active is None else {"started": found.active, "known": not found.stale}
    return {"text": _lines(found.text), "enabled": found.enabled, **started}


def _wanted_view(text: str, found: Unit, start: bool) -> dict[str, t.Any]:
    started = {} if found.active is None else {"started": start or found.active, "known": True}
    return {"text": text.splitlines(), "enabled": True, **started}


def _plan_absent(want: Want, found: Found, last: bool, plan: Plan) -> Change:
    if not found.there and not last:
        return Change({}, {})
    plan.steps += _removing(want.name, found, last)
    units = {name: _lines(one.text) for name, one in found.units.items()}
    return Change({"definitions": _parsed(found.definitions), "units": units}, {})


def _removing(name: str, found: Found, last: bool) -> list[Step]:
    """The steps to remove the files, the definitions last: while they exist, the next run knows that something is left.

    The units are stopped after their files are gone and without their dependents, so that this does not take the
    network down: it may be meant to stay, or be gone already.
    """
    units = unit.started_with(name)
    links = [link for one, others in units.items() for link in service_files.enabling_links(one, others)]
    return [
        *map(RemoveFile, (*links, *map(service_files.unit_file, units))),
        *([Reload()] if found.systemd_runs else []),
        *(Forget(one) for one, there in found.units.items() if there.active),
        *([RemoveFile(service_files.PROGRAM)] if last else []),
        RemoveFile(service_files.definitions(name)),
    ]


def _parsed(content: bytes | None) -> network_document.Document | None:
    """The document in a file, None if it does not exist or is damaged."""
    try:
        return network_document.parse(content.decode("utf-8"), "", NEEDED) if content is not None else None
    except (Invalid, UnicodeDecodeError):
        return None


def _lines(content: bytes | None) -> list[str] | None:
    return content.decode("utf-8", "replace").splitlines() if content is not None else None


def _fingerprint(program: bytes | None) -> str | None:
    """A checksum of the program, which is long and the same for all networks."""
    return f"sha256 {hashlib.sha256(program).hexdigest()}" if program is not None else None
