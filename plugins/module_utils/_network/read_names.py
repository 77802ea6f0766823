# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads an endpoint's options about names: its aliases, additional hosts and its resolver."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.resolver_file import MOST_SERVERS
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.option_reader import Section

OPTIONS = ("aliases", "etc_hosts", "dns_servers", "dns_search", "dns_options")
#: Means the gateway's address in ``etc_hosts``.
GATEWAY = "host-gateway"
_OPTION = re.compile(r"[A-Za-z0-9_-]+(:[A-Za-z0-9_.-]+)?")


def read_names(section: Section) -> Names:
    """The options of one endpoint."""
    return Names(
        aliases=tuple(names.host_name(path, value) for path, value in section.elements("aliases")),
        etc_hosts={names.host_name(path, name): _host(path, value) for path, name, value in section.pairs("etc_hosts")},
        dns_servers=_servers(section),
        dns_search=_listed(section, "dns_search", _domain),
        dns_options=_listed(section, "dns_options", _option),
    )


def _host(path: str, value: object) -> IPAddress | None:
    """An address, or None for the gateway's."""
    if value == GATEWAY:
        return None
    try:
        return addresses.address(path, value)
    except Invalid as error:
        raise Invalid(path, value, f"{error.allowed}, or {GATEWAY}") from None


def _listed(section: Section, option: str, parse: t.Callable[[str, object], str]) -> tuple[str, ...] | None:
    if not section.given(option):
        return None
    return tuple(parse(path, value) for path, value in section.elements(option))


def _servers(section: Section) -> tuple[str, ...] | None:
    found = _listed(section, "dns_servers", lambda path, value: str(addresses.address(path, value)))
    if found is not None and len(found) > MOST_SERVERS:
        allowed = f"at most {MOST_SERVERS} servers, since the C library asks no more"
        raise Invalid(section.path("dns_servers"), list(found), allowed)
    return found


def _domain(path: str, value: object) -> str:
    if not isinstance(value, str) or (value != "." and not names.is_host_name(value.rstrip("."))):
        raise Invalid(path, value, "a domain such as example.org, or . for none")
    return str(value)


def _option(path: str, value: object) -> str:
    if not isinstance(value, str) or not _OPTION.fullmatch(value):
        raise Invalid(path, value, "an option of resolv.conf such as ndots:2 or edns0")
    return str(value)


def check_names(section: Section, endpoints: t.Sequence[Endpoint]) -> None:
    """Check the names of all endpoints of a network against each other."""
    if not section.flag("names", True):
        _refuse_unused(section, endpoints)
    _refuse_ambiguous(endpoints)
    _refuse_disagreement(endpoints)


def _refuse_unused(section: Section, endpoints: t.Iterable[Endpoint]) -> None:
    for endpoint in endpoints:
        for option in OPTIONS:
            value = getattr(endpoint.names, option)
            if value:
                allowed = f"no value while {section.path('names')} is false"
                raise Invalid(f"{endpoint.path}.{option}", value, allowed)


def _refuse_ambiguous(endpoints: t.Iterable[Endpoint]) -> None:
    """Refuse an alias that is also a name of another namespace."""
    holders = {endpoint.namespace.lower(): (f"{endpoint.path}.namespace", endpoint.namespace) for endpoint in endpoints}
    for endpoint in endpoints:
        for place, alias in enumerate(endpoint.names.aliases):
            path = f"{endpoint.path}.aliases[{place}]"
            other, namespace = holders.setdefault(alias.lower(), (path, endpoint.namespace))
            if namespace != endpoint.namespace:
                raise Invalid(path, alias, f"each name belongs to one endpoint, and {other} has this one")


def _refuse_disagreement(endpoints: t.Iterable[Endpoint]) -> None:
    """Refuse endpoints in one namespace, which has one file of each kind, that disagree about it."""
    known: dict[tuple[str, str], tuple[str, t.Any]] = {}
    for endpoint in endpoints:
        said: list[tuple[str, t.Any]] = [
            (option, getattr(endpoint.names, option)) for option in ("dns_servers", "dns_search", "dns_options")
        ]
        said += [(f"etc_hosts.{name}", (address,)) for name, address in endpoint.names.etc_hosts.items()]
        for option, value in said:
            if value is None:
                continue
            path, other = known.setdefault((endpoint.namespace, option), (f"{endpoint.path}.{option}", value))
            if other != value:
                shown = [str(one or GATEWAY) for one in value]
                allowed = f"the same as {path}, since both are in namespace {endpoint.namespace}"
                raise Invalid(f"{endpoint.path}.{option}", shown, allowed)
