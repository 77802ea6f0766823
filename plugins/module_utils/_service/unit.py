# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The systemd units of a network that comes back after a reboot.

Some firewalls flush the rules of everybody when they are reloaded or restarted. A reload by systemd is passed on by it.
A start it tells only to units that are started with it: hence a second unit, which ends at once and so can be started
again and again. To be stopped with the firewalls will not do: firewalld conflicts with others, and systemd then refuses
to restart it. firewalld is reloaded behind systemd's back, by D-Bus: hence a third unit, which listens to that.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import UNITS

FIREWALLD = "firewalld.service"
_BUS_NAME = "org.fedoraproject.FirewallD1"
#: What loads rules at boot and again later. Each is there on some hosts only, which is no matter to systemd.
_FIREWALLS = (
    FIREWALLD,
    "ufw.service",
    "nftables.service",
    "netfilter-persistent.service",
    "iptables.service",
    "ip6tables.service",
)
#: What manages links, ours as well unless it was told not to.
_LINK_MANAGERS = ("systemd-networkd.service", "NetworkManager.service")
#: What makes bridges that are not ours.
_BRIDGE_MAKERS = ("docker.service", "libvirtd.service", "lxc-net.service")
#: No option here gives the service a mount namespace of its own, which would hide from the host the namespaces that it
#: makes under /run/netns.
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
    """Whether we wrote a unit file, by its first line."""
    return text.startswith(_HEAD.encode())


def name(network: str) -> str:
    """The unit's name."""
    return f"linuxnet-{network}.service"


def names(network: str) -> tuple[str, str, str]:
    """The names of all three; no network's name ends as what is added here."""
    rules, firewalld = UNITS
    return name(network), name(network + rules), name(network + firewalld)


def listener(network: str) -> str:
    """The name of the unit that listens to firewalld."""
    return names(network)[2]


def started_with(network: str) -> dict[str, tuple[str, ...]]:
    """By the name of each unit those that it is started with."""
    main, rules, listening = names(network)
    return {main: ("multi-user.target",), rules: _FIREWALLS, listening: (FIREWALLD,)}


def texts(network: str, command: str, ports: t.Sequence[str], external: bool) -> dict[str, str]:
    """All three unit files by name.

    :param command: what brings the network up and takes it down, without the verb and the network's name
    :param ports: interfaces of the host that are to be there before
    :param external: the bridge is somebody else's, who may wait for network-online.target himself
    """
    main, rules, listening = names(network)
    return {main: _text(network, command, ports, external), rules: _rules(network), listening: _listener(network)}


def _rules(network: str) -> str:
    """At boot there is nothing to mend, as the first unit comes after the firewalls."""
    script = f'[ "$$(systemctl is-system-running)" = starting ] || systemctl try-reload-or-restart {name(network)}'
    return f"""\
{_HEAD}
[Unit]
Description=Rules of network {network} after a firewall was started
After={name(network)} {" ".join(_FIREWALLS)}

[Service]
Type=oneshot
ExecStart=/bin/sh -c '{script}'

[Install]
WantedBy={" ".join(_FIREWALLS)}
"""


def _listener(network: str) -> str:
    # By the sender, whose name none but root may have: anybody may send a signal of that interface.
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
    """The unit of an interface of the host; systemd escapes what is none of these characters."""
    escaped = "".join(
        char if char.isascii() and (char.isalnum() or char in ":_.") else f"\\x{char.encode().hex()}"
        for char in interface
    )
    return f"sys-subsystem-net-devices-{escaped}.device"
