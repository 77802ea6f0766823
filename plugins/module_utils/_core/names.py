# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Validates names of interfaces, namespaces and owners, and derives names of host ends."""

from __future__ import annotations

import base64
import hashlib
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid

#: IFNAMSIZ without the closing NUL.
INTERFACE_NAME_LENGTH = 15
#: NAME_MAX: a namespace's name is a file's name under /run/netns.
NAMESPACE_NAME_LENGTH = 255
NETNS_DIR = "/run/netns"
#: The maximum length of a host name.
HOST_NAME_LENGTH = 253

#: An owner, as stored in marks, rule comments and file names.
OWNER = r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}"
_OWNER = re.compile(OWNER)
#: The suffixes of a network's additional units, before .service.
UNITS = (".rules", ".firewalld")
#: A label of a host name. Underscores are allowed, since they are common in container names.
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
#: A last label that the C library would parse as an address, such as 10 or 0x7f.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_LOCAL = ("localhost", "ip6-localhost", "ip6-loopback")
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@\\-]{0,246}")
#: The prefixes of names that systemd's own .network files match: containers, zones and virtual machines.
_OF_SYSTEMD = ("ve-", "vb-", "vt-", "vz-")


def interface_name(option: str, value: object) -> str:
    """The name of a network interface, validated like the kernel and iptables do.

    A trailing ``+`` is a wildcard for iptables, and the kernel replaces ``%d`` by a number, so both are refused.
    """
    allowed = (
        f"an interface name has 1 to {INTERFACE_NAME_LENGTH} bytes without '/', ':', '%', '+', quotes or white space, "
        "and is not '.' or '..'"
    )
    if not isinstance(value, str):
        raise Invalid(option, value, "an interface name is a string; quote it")
    too_long = not 0 < len(value.encode()) <= INTERFACE_NAME_LENGTH
    if (
        too_long
        or value in (".", "..")
        or re.search(r"[\s/:%+\"'\\\x00-\x1f\x7f]", value)
        or value.startswith(("-", "!"))
    ):
        raise Invalid(option, value, allowed)
    return value


def interface_match(option: str, value: object) -> str | None:
    """A valid interface name, or one preceded by ``!``, which means every other interface; None if not given."""
    if value is None:
        return None
    inverted = isinstance(value, str) and value.startswith("!")
    name = interface_name(option, value[1:].lstrip() if inverted and isinstance(value, str) else value)
    return f"!{name}" if inverted else name


def one_interface(option: str, value: object) -> str:
    """The name of a single interface, unlike ``all`` and ``default``, whose settings are in the same directory."""
    name = interface_name(option, value)
    if name in ("lo", "all", "default"):
        raise Invalid(option, name, "a name other than lo, all and default")
    return name


def namespace_name(option: str, value: object) -> str:
    """The name of a network namespace, as in ``ip netns``."""
    if not isinstance(value, str):
        raise Invalid(option, value, "a namespace name is a string; quote it")
    if (
        value in ("", ".", "..")
        or "/" in value
        or len(value.encode()) > NAMESPACE_NAME_LENGTH
        or not value.isprintable()
    ):
        raise Invalid(
            option,
            value,
            f"a namespace name is a file name of 1 to {NAMESPACE_NAME_LENGTH} bytes without '/', not '.' or '..'",
        )
    return value


def namespace_ref(option: str, value: object) -> str | None:
    """A namespace by name or by absolute path; None means the host's own.

    A path below /run/netns is reduced to the name, so that both are the same key.
    """
    if value is None:
        return None
    if isinstance(value, str) and value.startswith("/"):
        if "\x00" in value or value.endswith("/"):
            raise Invalid(option, value, "an absolute path of a namespace file, such as /proc/1/ns/net")
        directory, _slash, name = value.rpartition("/")
        return name if directory in (NETNS_DIR, "/var/run/netns") else value
    return namespace_name(option, value)


def namespace_path(ref: str) -> str:
    """The file of a namespace that is given by name or path."""
    return ref if ref.startswith("/") else f"{NETNS_DIR}/{ref}"


def owner_name(option: str, value: object) -> str:
    """A valid owner of what a module creates."""
    if not isinstance(value, str) or not _OWNER.fullmatch(value):
        allowed = "an owner has 1 to 64 characters of A-Z, a-z, 0-9, '_', '-' and '.', and does not begin with '.'"
        raise Invalid(option, value, allowed)
    return value


def network_name(option: str, value: object) -> str:
    """A valid name of a network, which is also the name of its bridge and its owner, and part of its units' names."""
    name = owner_name(option, interface_name(option, value))
    if name.endswith(UNITS):
        allowed = f"a network's name does not end with {' or '.join(UNITS)}, like the name of a systemd unit"
        raise Invalid(option, value, allowed)
    return name


def network_of_unit(path_stem: str) -> str:
    """The network that a unit belongs to, given the unit's name without ``.service``."""
    network = path_stem[len("linuxnet-") :]
    ending = next((ending for ending in UNITS if network.endswith(ending)), "")
    return network[: len(network) - len(ending)]


def container(option: str, value: object) -> str:
    """The name or ID of a container, as Docker and Podman allow."""
    if not isinstance(value, str) or not _CONTAINER.fullmatch(value):
        allowed = "a container's name or ID has A-Z, a-z, 0-9, '_', '.' and '-' and begins with a letter or digit"
        raise Invalid(option, value, allowed)
    return value


def is_host_name(value: str) -> bool:
    """Whether a name can be looked up in a hosts file, and is not a name of the host itself, such as localhost."""
    labels = value.split(".")
    return (
        len(value) <= HOST_NAME_LENGTH
        and all(map(_LABEL.fullmatch, labels))
        and not _NUMBER.fullmatch(labels[-1])
        and value.lower() not in _LOCAL
        and labels[-1].lower() != "localhost"
    )


def host_name(option: str, value: object) -> str:
    """A valid name for a hosts file."""
    if not isinstance(value, str) or not is_host_name(value):
        allowed = (
            "a host name has labels of A-Z, a-z, 0-9, '_' and '-' with dots between them, the last one not a number,"
            " and is not localhost"
        )
        raise Invalid(option, value, allowed)
    return value


def service(option: str, value: object) -> str:
    """The name of a systemd service, with or without ``.service``."""
    if not isinstance(value, str) or not _SERVICE.fullmatch(value):
        allowed = (
            "a service's name has A-Z, a-z, 0-9, '_', '.', ':', '@', '\\' and '-' and begins with a letter or digit"
        )
        raise Invalid(option, value, allowed)
    return value


def host_interface(network: str, namespace: str, interface: str, taken: t.Container[str] = ()) -> str:
    """A name for the host end of an endpoint's veth pair: stable, readable, at most 15 characters.

    The readable part is the beginning of the namespace's name, the rest a digest of all three, so that the name
    does not depend on the other endpoints. If two digests collide (``taken`` holds the names in use), the later one
    is digested again.
    """
    readable = re.sub(r"[^A-Za-z0-9_]", "", namespace)[:6] or "ns"
    if taken_by_systemd(f"v{readable}-"):
        readable += "_"
    attempt = 0
    while True:
        text = "\0".join((network, namespace, interface) + ((str(attempt),) if attempt else ()))
        name = f"v{readable}-{hashlib.sha256(text.encode()).hexdigest()[:7]}"
        if name not in taken:
            return name
        attempt += 1


def limiting_device(interface: str) -> str:
    """The name of the ifb device that limits what an interface of the host receives.

    It depends on that name alone, so that it is found again. Forty bits of digest make collisions unlikely, which are
    refused.
    """
    readable = re.sub(r"[^A-Za-z0-9_]", "", interface)[:5]
    digest = base64.b32encode(hashlib.sha256(interface.encode()).digest()[:5]).decode().lower()
    return f"i{readable}-{digest}"


def taken_by_systemd(name: str) -> bool:
    """Whether systemd's own .network files match this interface, as they do for its containers and virtual machines."""
    return name.startswith(_OF_SYSTEMD)
