# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The systemd units of a persistent network.

Some firewalls flush all rules when they are reloaded or restarted. systemd propagates a reload. A start only reaches
units that are started with it: hence a second unit, which ends at once and can be started repeatedly. Stopping the
network along with a firewall does not work: firewalld conflicts with other firewalls, and systemd then refuses to
restart it. firewalld can also be reloaded over D-Bus, without systemd: hence a third unit, which listens for that.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import UNITS

FIREWALLD = "firewalld.service"
_BUS_NAME = "org.fedoraproject.FirewallD1"
#: Services that load rules. systemd ignores those that a host does not have.
_FIREWALLS = (
    FIREWALLD,
    "ufw.service",
    "nftables.service",
    "netfilter-persistent.service",
    "iptables.service",
    "ip6tables.service",
)
#: It does not flush rules, but may forbid to forward what iptables has not accepted: a network in nftables then needs a
#: rule there, which it could not have before.
_DOCKER = "docker.service"
#: Services that manage links.
_LINK_MANAGERS = ("systemd-networkd.service", "NetworkManager.service")
#: Services that create external bridges.
_BRIDGE_MAKERS = (_DOCKER, "libvirtd.service", "lxc-net.service")
#: None of these gives the service its own mount namespace, which would hide the namespaces that it creates under
#: /run/netns from the host.
_CONFINED = (
    "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_ADMIN CAP_SYS_MODULE CAP_SYS_PTRACE CAP_DAC_OVERRIDE",
    "NoNewPrivileges=yes",
    "RestrictAddressFamilies=AF_NETLINK AF_UNIX AF_INET AF_INET6 AF_PACKET",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "KeyringMode=private",
    "UMask=0022",
)


_HEAD = "# Written by netplumb.linuxnet.network_service; a change by hand is taken back by its next run."


def is_ours(text: bytes) -> bool:
    """Whether this collection wrote a unit file, by its first line."""
    return text.startswith(_HEAD.encode())


def name(network: str) -> str:
    """The name of the main unit."""
    return f"linuxnet-{network}.service"


def names(network: str) -> tuple[str, str, str]:
    """The names of all three units. No network's name ends with these suffixes."""
    rules, firewalld = UNITS
    return name(network), name(network + rules), name(network + firewalld)


def listener(network: str) -> str:
    """The name of the unit that listens for firewalld's signals."""
    return names(network)[2]


def started_with(network: str) -> dict[str, tuple[str, ...]]:
    """For each unit, the units that it is started with."""
    main, rules, listening = names(network)
    return {main: ("multi-user.target",), rules: (*_FIREWALLS, _DOCKER), listening: (FIREWALLD,)}


def texts(network: str, command: str, ports: t.Sequence[str], external: bool) -> dict[str, str]:
    """The contents of all three unit files by name.

    :param command: the program, without verb and name of the network
    :param ports: interfaces of the host that have to exist first
    :param external: whether something else creates the bridge, maybe after network-online.target
    """
    main, rules, listening = names(network)
    return {main: _text(network, command, ports, external), rules: _rules(network), listening: _listener(network)}


def _rules(network: str) -> str:
    """Do nothing during boot, when the main unit starts after the firewalls anyway, if not after Docker."""
    booting = f'[ "$$(systemctl is-system-running)" = starting ] && ! systemctl --quiet is-active {_DOCKER}'
    script = f"{booting} || systemctl try-reload-or-restart {name(network)}"
    return f"""\
{_HEAD}
[Unit]
Description=Rules of network {network} after a firewall was started
After={name(network)} {" ".join((*_FIREWALLS, _DOCKER))}

[Service]
Type=oneshot
ExecStart=/bin/sh -c '{script}'

[Install]
WantedBy={" ".join((*_FIREWALLS, _DOCKER))}
"""


def _listener(network: str) -> str:
    # Match the sender, whose name only root can own: anybody may send a signal of that interface.
    match = f"type=signal,sender={_BUS_NAME},interface={_BUS_NAME},member=Reloaded"
    mend = f"systemctl try-reload-or-restart {name(network)}"
    told = f"while read -r line; do case $$line in *Member=Reloaded*) {mend};; esac; done"
    return f"""\
{_HEAD}
[Unit]
Description=Rules of network {network} after firewalld was reloaded
PartOf=firewalld.service
After=firewalld.service {name(network)}

[Service]
ExecStart=/bin/sh -c 'busctl monitor --match={match} | {told}'
Restart=on-failure

[Install]
WantedBy=firewalld.service
"""


def _text(network: str, command: str, ports: t.Sequence[str], external: bool) -> str:
    devices = [_device(port) for port in (*ports, *([network] if external else []))]
    wanted = f"Wants={' '.join(devices)}\n" if devices else ""
    after = ["network-pre.target", "systemd-sysctl.service", *_LINK_MANAGERS, *_FIREWALLS, *devices]
    if external:
        after += _BRIDGE_MAKERS
    before = "" if external else "Before=network.target network-online.target\n"
    confined = "\n".join(_CONFINED)
    return f"""\
{_HEAD}
[Unit]
Description=Network {network}
{wanted}After={" ".join(after)}
{before}ReloadPropagatedFrom={" ".join(_FIREWALLS)}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={command} up {network}
ExecReload={command} up {network}
ExecStop={command} stop {network}
TimeoutStartSec=10min
{confined}

[Install]
WantedBy=multi-user.target
"""


def _device(interface: str) -> str:
    """The device unit of an interface. systemd escapes all other characters."""
    escaped = "".join(
        char if char.isascii() and (char.isalnum() or char in ":_.") else f"\\x{char.encode().hex()}"
        for char in interface
    )
    return f"sys-subsystem-net-devices-{escaped}.device"
