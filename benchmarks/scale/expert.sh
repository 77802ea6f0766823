#!/bin/sh
# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# expert.sh build|add|move|remove COUNT: what somebody writes who knows `ip -batch` and iptables-restore. It asks
# nothing and checks nothing; a second run fails.
#
# The endpoints 1 to COUNT: namespace eN, host end vN, 172.18.0.0/16 from .0.2 on, host port 10000 + N to port 80.

set -eu
count=$2

address() { echo "172.18.$((($1 + 1) / 256)).$((($1 + 1) % 256))"; }

outside() {  # of the endpoints FIRST to LAST, what is done on the host
    for n in $(seq "$1" "$2"); do
        echo "netns add e$n"
        echo "link add v$n master br0 up type veth peer name eth0 netns e$n"
    done | ip -batch -
}

inside() {
    for n in $(seq "$1" "$2"); do
        ip -n "e$n" -batch - <<-EOF
		link set lo up
		link set eth0 up
		address add $(address "$n")/16 dev eth0
		route add default via 172.18.0.1
		EOF
    done
}

ports() {
    echo "*nat"
    for n in $(seq "$1" "$2"); do
        echo "-A PUBLISHED -p tcp -m tcp --dport $((10000 + n)) -j DNAT --to-destination $(address "$n"):80"
    done
    echo COMMIT
}

case $1 in
build)
    ip -batch - <<-EOF
	link add br0 type bridge
	address add 172.18.0.1/16 dev br0
	link set br0 up
	EOF
    iptables-restore --noflush <<-EOF
	*nat
	:PUBLISHED -
	-A PREROUTING -m addrtype --dst-type LOCAL -j PUBLISHED
	-A OUTPUT -m addrtype --dst-type LOCAL -j PUBLISHED
	-A POSTROUTING -s 172.18.0.0/16 ! -o br0 -j MASQUERADE
	COMMIT
	*filter
	-A FORWARD -o br0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	-A FORWARD -o br0 -m conntrack --ctstate DNAT -j ACCEPT
	-A FORWARD -o br0 -j DROP
	-A FORWARD -i br0 -j ACCEPT
	COMMIT
	EOF
    outside 1 "$count"
    inside 1 "$count"
    ports 1 "$count" | iptables-restore --noflush
    sysctl -qw net.ipv4.ip_forward=1
    ;;
add)
    outside $((count + 1)) $((count + 1))
    inside $((count + 1)) $((count + 1))
    ports $((count + 1)) $((count + 1)) | iptables-restore --noflush
    ;;
move)
    iptables -t nat -R PUBLISHED 1 -p tcp -m tcp --dport 9999 -j DNAT --to-destination "$(address 1):80"
    ;;
remove)
    for n in $(seq 1 $((count + 1))); do echo "netns delete e$n"; done | ip -batch -
    ip link delete br0
    iptables -t nat -F
    iptables -t nat -X
    iptables -F FORWARD
    ;;
esac
