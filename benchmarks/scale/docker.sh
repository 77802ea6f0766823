#!/bin/sh
# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# docker.sh run|connect prepare|build|add|move|remove COUNT: the network by the commands of Docker, whose daemon runs.
#
# run: containers e1 to eCOUNT, host port 10000 + N to port 80. connect: the containers run already, COUNT + 1 of them
# and without a network, and are connected and disconnected alone; Docker publishes ports for new containers only.

set -eu
stage=$1-$2
count=$3

network() {
    docker network create --subnet=172.18.0.0/16 --gateway=172.18.0.1 --opt=com.docker.network.bridge.name=br0 br0
}

start() {  # a container NUMBER with OPTIONS
    number=$1
    shift
    docker run --detach --name="e$number" "$@" idle /bin/busybox sleep 1d
}

published() { start "$1" --network=br0 --publish="$2:80"; }

containers() { for n in $(seq 1 $((count + 1))); do echo "e$n"; done; }

case $stage in
run-build)
    network
    for n in $(seq 1 "$count"); do published "$n" $((10000 + n)); done
    ;;
run-add)
    published $((count + 1)) $((10000 + count + 1))
    ;;
run-move)
    docker rm --force e1
    published 1 9999
    ;;
run-remove)
    # shellcheck disable=SC2046
    docker rm --force $(containers)
    docker network rm br0
    ;;
connect-prepare)
    # Without a network from the beginning would mean on the network "none", which allows no other beside it.
    for n in $(seq 1 $((count + 1))); do
        start "$n" --network=none
        docker network disconnect none "e$n"
    done
    ;;
connect-build)
    network
    for n in $(seq 1 "$count"); do docker network connect br0 "e$n"; done
    ;;
connect-add)
    docker network connect br0 "e$((count + 1))"
    ;;
connect-remove)
    for name in $(containers); do docker network disconnect br0 "$name"; done
    docker network rm br0
    ;;
esac
