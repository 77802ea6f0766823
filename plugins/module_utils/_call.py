# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""One call of module ``bridge_network``: check all networks, then read, plan and apply each of them.

It runs without Ansible. Options and result are as in JSON.
"""

from __future__ import annotations

import contextlib
import ipaddress
import sys
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import sentence, unforeseen
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, LinuxnetError, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable, printable_all
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import rules
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    machine,
    refusals,
    requirements,
    subnet_records,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import (
    address_pools,
    assumed,
    conflicts,
    egress,
    info,
    rate_checks,
    setting_checks,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.carry_out import carry_out, definitions_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.endpoints import (
    EndpointsFailed,
    converge_each,
    words,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import RESOURCES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.look import Look
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.option_reader import Section
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.options import ARGUMENTS, OPTIONS
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.plan import absent, plan_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_network import (
    is_absent,
    network_name,
    options_of,
    read_network,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.together import Together
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.wanted import Wanted

Options = t.Mapping[str, t.Any]
Result = dict[str, t.Any]


def run(arguments: Options) -> Result:
    """The result for Ansible, whether success or failure.

    :param arguments: ``options`` of the task, ``role`` (whether the user gave them as the role's variables),
        ``_ansible_check_mode`` and ``_ansible_diff``
    """
    role = bool(arguments.get("role"))
    host = Host(check_mode=bool(arguments.get("_ansible_check_mode")), exclusive=True)
    wanted: list[Wanted] = []
    try:
        given = Section("", arguments["options"], tuple(ARGUMENTS))
        with_plan = given.flag("return_plan", False)
        wanted = [_read(options_of(options, prefix)) for prefix, options in _elements(given, role)]
        conflicts.refuse_names([(one.name, one.section.prefix) for one in wanted])
        conflicts.refuse([one.network for one in wanted if one.network and not one.pooled])
        lacking = _lacking(wanted)
        if lacking:
            return lacking
        with host:
            look = Look(host)
            _choose_subnets(look, wanted)
            _bring_about(look, wanted, role)
            _persist(host, wanted)
    except LinuxnetError as error:
        return _told(host, wanted, {"failed": True, "msg": sentence(host, error)})
    except refusals.refusals() as error:
        return _told(host, wanted, {"failed": True, "msg": sentence(host, unforeseen(host, error))})
    result = _result(wanted, bool(arguments.get("_ansible_diff")), with_plan)
    return _told(host, wanted, result)


def _elements(given: Section, role: bool) -> list[tuple[str, Options]]:
    """The networks of the call, each with the prefix of its options in messages."""
    common = {name: given.raw(name) for name in OPTIONS if given.raw(name) is not None}
    listed = given.raw("aggregate")
    if listed is None:
        return [("bridge_network_" if role else "", common)]
    word = "bridge_networks" if role else "aggregate"
    if given.given("name"):
        raise Invalid("name", given.raw("name"), f"not together with {word}")
    if isinstance(listed, (str, t.Mapping)) or not isinstance(listed, t.Sequence):
        raise Invalid(word, listed, "a list of networks, each a dictionary with its name and its options")
    found: list[tuple[str, Options]] = []
    for number, element in enumerate(listed):
        if not isinstance(element, t.Mapping):
            raise Invalid(f"{word}[{number}]", element, "a dictionary with the name of a network and its options")
        own = {name: value for name, value in element.items() if value is not None}
        found.append((f"{word}[{number}].", {**common, **own}))
    return found


def _lacking(wanted: t.Sequence[Wanted]) -> Result | None:
    """The failure of a host that lacks requirements, otherwise None. Removing networks needs no library."""
    networks = [one.network for one in wanted if one.network]
    if not networks:
        return None
    missing = requirements.missing(network.firewall for network in networks)
    if not missing:
        return None
    with Host(check_mode=True) as asking:
        better = requirements.better_python(asking)
    listed = ", ".join(missing)
    told = (
        f"{sys.executable} lacks {listed}, which {better} has; set ansible_python_interpreter: {better}"
        if better
        else f"this host lacks {listed}"
    )
    manager = requirements.package_manager()
    return {**_failed(told), "missing": missing, "better_python": better, "package_manager": manager}


def _failed(told: str) -> Result:
    return {"failed": True, "changed": False, "msg": printable(told), "missing": [], "objects": [], "warnings": []}


def _read(section: Section) -> Wanted:
    if is_absent(section):
        return Wanted(section, network_name(section), None)
    pooled = address_pools.families(section)
    found = address_pools.first(pooled, address_pools.read(section, machine.identity()))
    network = read_network(_with_subnets(section, found))
    address_pools.refuse_given_addresses(network, pooled)
    return Wanted(section, network.name, network, pooled)


def _with_subnets(section: Section, found: t.Iterable[IPNetwork]) -> Section:
    return section.extended("ipam_config", [{"subnet": str(network)} for network in found])


def _choose_subnets(look: Look, wanted: t.Sequence[Wanted]) -> None:
    """Give networks without subnets those they have already, or free ones."""
    records = subnet_records.read_all() if any(one.pooled for one in wanted) else {}
    given = [subnet.network for one in wanted if one.network and not one.pooled for subnet in one.network.subnets]
    for one in wanted:
        if not one.network or not one.pooled:
            continue
        view = HostView(look.whole(), one.name)
        mine = [ipaddress.ip_network(text) for text in records.get(one.name, ())]
        others = [ipaddress.ip_network(text) for name, kept in records.items() if name != one.name for text in kept]
        found = address_pools.choose(
            one.section.path("address_pools"),
            one.pooled,
            address_pools.read(one.section, machine.identity()),
            [*mine, *address_pools.standing(view)],
            address_pools.taken(view, [*others, *given]),
        )
        given += found
        one.network = read_network(_with_subnets(one.section, found))
    conflicts.refuse([one.network for one in wanted if one.network])


def _bring_about(look: Look, wanted: t.Sequence[Wanted], role: bool) -> None:
    """Apply each network, even if others fail; the error of a single network is raised as it is.

    Removals come first, since they may make room for what follows.
    """
    host = look.host
    host.drop_option = f"{'bridge_network_' if role else ''}forward_policy: drop"
    directory = _directory(look, wanted)
    gone, there = [one for one in wanted if not one.network], [one for one in wanted if one.network]
    if len(wanted) > 1 and not host.check_mode and rules.may_be_of_many():
        _at_once(look, gone, there, directory)
        return
    for group in (gone, there):
        _in_turn(look, group, directory, alone=len(wanted) == 1)


def _at_once(
    look: Look, gone: t.Sequence[Wanted], there: t.Sequence[Wanted], directory: egress.Directory | None
) -> None:
    """Write the rules of all networks by two transactions at most, then apply each network.

    The first one takes the ports of networks that are to be removed, before their links go. The second one takes what
    keeps strangers out of them, and writes all rules of the others before anybody's links are touched. What a network
    needs beyond that it writes in its turn, also where its rules were refused.
    """
    last = Together(look.host, of_many=True)
    if gone:
        first = Together(look.host, of_many=True)
        _ahead(look, gone, directory, first)
        _note_earlier(gone, _finish(first))
        look.forget()
        _in_turn(look, gone, directory, last)
    _ahead(look, there, directory, last)
    written = _finish(last)
    if not written:
        _in_turn(look, gone, directory)
    _note_earlier(there, written)
    look.forget()
    _in_turn(look, there, directory)


def _ahead(look: Look, wanted: t.Sequence[Wanted], directory: egress.Directory | None, shared: Together) -> None:
    """Plan the rules of networks. Whatever fails is told in the turn of its network."""
    for one in wanted:
        with contextlib.suppress(LinuxnetError, *refusals.refusals()):
            _carry_out(look, one, directory, shared, ahead=True)
        one.touched = bool(look.host.done)
        look.host.done.clear()


def _note_earlier(wanted: t.Sequence[Wanted], written: bool) -> None:
    """Keep what was done ahead, without rules that were not written."""
    for one in wanted:
        one.earlier = {kind: found for kind, found in one.outcomes.items() if written or not RESOURCES[kind].joins}


def _finish(together: Together) -> bool:
    """Carry out what is due, and return whether all could be; otherwise the networks are told in their turns."""
    with contextlib.suppress(LinuxnetError, *refusals.refusals()):
        together.finish()
    together.host.done.clear()
    return not together.failed


def _in_turn(
    look: Look,
    wanted: t.Sequence[Wanted],
    directory: egress.Directory | None,
    last: Together | None = None,
    alone: bool = False,
) -> None:
    """Apply each network; of several, those that fail hold up no other one."""
    host = look.host
    for one in wanted:
        one.outcomes, one.failures = {}, []
        try:
            _carry_out(look, one, directory, last)
        except EndpointsFailed as error:
            one.outcomes, one.failures = error.outcomes, error.failures if alone else [str(error)]
        except LinuxnetError as error:
            if alone:
                raise
            one.failures = [sentence(host, error)]
        except refusals.refusals() as error:
            if alone:
                raise
            one.failures = [sentence(host, unforeseen(host, error))]
        finally:
            one.note(host.done)
        if one.changed or one.failures:
            look.forget()
        host.done.clear()


def _directory(look: Look, wanted: t.Sequence[Wanted]) -> egress.Directory | None:
    """What names in lists of destinations stand for; None if nothing is to be present."""
    networks = [one.network for one in wanted if one.network]
    if not networks:
        return None
    if not egress.names_any(networks):
        return egress.Directory(networks, {})
    gone = [one.name for one in wanted if not one.network]
    found = egress.Directory(networks, assumed.without(look.whole(), gone) if gone else look.whole())
    egress.check(networks, found)
    return found


def _carry_out(
    look: Look,
    one: Wanted,
    directory: egress.Directory | None,
    shared: Together | None = None,
    ahead: bool = False,
) -> None:
    host = look.host
    if one.network is None or directory is None:
        view = info.view(host, info.Want(contents=False))
        one.plan = absent(HostView(view, one.name))
        lacking = requirements.lacking_for(view["host"]["rules"], one.name)
        if lacking:
            raise Refused(f"{lacking} is not installed, but is needed to remove the rules of {one.name}")
    else:
        setting_checks.check(host, one.network)
        seen = HostView(look.whole(), one.name)
        rate_checks.check(host, one.network, seen)
        one.plan = plan_of(one.network, seen, host.check_mode, directory)
    for warning in () if ahead else one.plan["warnings"]:
        host.warn(warning)
    if not host.check_mode and one.pooled and one.network:
        # Before anything is built with them, so that the next run continues an interrupted one.
        pooled = [str(subnet.network) for subnet in one.network.subnets if subnet.family in one.pooled]
        with host.trying(f"record the subnets of network {one.name}"):
            subnet_records.write(one.name, pooled)
    one.outcomes = carry_out(host, one.name, one.state, one.plan["modules"], one.plan["problems"], True, shared, ahead)
    if ahead:
        return
    if one.network is None:
        look.assume_gone(one.name)
    if not host.check_mode and not one.pooled:
        with host.trying(f"remove the record of the subnets of network {one.name}"):
            subnet_records.write(one.name, ())


def _persist(host: Host, wanted: t.Sequence[Wanted]) -> None:
    """Create or remove the services that restore networks at boot.

    This comes last, so that a file only describes what was applied. After an interrupted removal, it also shows that
    something is left.
    """
    due = [one for one in wanted if one.plan and one.plan["service"] and (one.outcomes or not one.failures)]
    if not due:
        return
    # Few networks are persistent, so others are spared the import.
    from ansible_collections.netplumb.linuxnet.plugins.module_utils._service import network_service

    wants = [
        network_service.Want(
            name=one.name,
            state=one.plan["service"]["state"],
            owner=one.name,
            appends=one.plan["service"]["appends"],
            modules=definitions_of(one.plan["modules"]) if one.plan["service"]["state"] == "present" else {},
        )
        for one in due
    ]
    by_name = {one.name: one for one in due}

    def fail(want: t.Any, error: Exception) -> None:
        by_name[want.name].failures.append(words(error))

    outcome = converge_each(host, network_service.NetworkService(), wants, fail)
    for one, part in zip(due, outcome.singly()):
        one.outcomes = {**one.outcomes, "network_service": part}


def _result(wanted: t.Sequence[Wanted], diff: bool, with_plan: bool) -> Result:
    failures = [failure for one in wanted for failure in one.failures]
    result: Result = {
        "changed": any(one.changed for one in wanted),
        "summary": [line for one in wanted if not one.failures for line in one.plan["summary"]],
        "objects": [_object(one, with_plan) for one in wanted],
    }
    if diff:
        result["diff"] = [change for one in wanted for outcome in one.outcomes.values() for change in outcome.diff]
    if failures:
        result.update(failed=True, failures=failures, msg=_failure(wanted))
    return result


def _failure(wanted: t.Sequence[Wanted]) -> str:
    failed = [one for one in wanted if one.failures]
    if len(wanted) == 1:
        return str(EndpointsFailed(failed[0].failures, failed[0].outcomes))
    told = "; ".join(f"{one.name}: {'; '.join(one.failures)}" for one in failed)
    return f"{len(failed)} of {len(wanted)} networks failed: {told}"


def _object(one: Wanted, with_plan: bool) -> Result:
    found: Result = {
        "name": one.name,
        "state": one.state,
        "changed": one.changed,
        "modules": {
            kind: {"definitions": len(outcome.changes), "changed": sum(change.changed for change in outcome.changes)}
            for kind, outcome in one.outcomes.items()
        },
    }
    return {**found, "plan": one.plan} if with_plan else found


def _told(host: Host, wanted: t.Sequence[Wanted], result: Result) -> Result:
    told = {
        "changed": any(one.changed for one in wanted) or bool(host.done),
        "missing": [],
        "warnings": host.warnings,
        **result,
    }
    if "objects" not in told:
        told["objects"] = [_object(one, False) for one in wanted]
    return t.cast(Result, printable_all(told))
