#!/bin/sh
# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# setup.sh VENV REQUIREMENTS: a virtual environment with what a requirements file lists, and the programs that the
# collection drives. A copy of the file in the environment says that it is done.

set -eu
venv=$1
requirements=$2

say() { printf '%s\n' "$*" >&2; }

# Debian packages by the program that each is needed for; the last ones are for tests alone.
programs="ip:iproute2 iptables:iptables ip6tables:iptables ping:iputils-ping ps:procps nsenter:util-linux git:git"
case $requirements in *-dev.txt | *-bench.txt) programs="$programs nft:nftables conntrack:conntrack curl:curl tcpdump:tcpdump" ;; esac

missing_packages() {
    for pair in $programs; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || echo "${pair##*:}"
    done
    "$1" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    # What Ansible's modules about packages import on a Debian host: tests run them inside a namespace.
    case $requirements in *-dev.txt | *-bench.txt)
        ! command -v apt-get >/dev/null || /usr/bin/python3 -c 'import apt' 2>/dev/null || echo python3-apt
        ;;
    esac
}

# The Pythons of the controllers of requirements.txt. A pyenv shim may be there and not work: ask it.
suitable() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; }

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if suitable "$python"; then
            "$python" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    say "Python 3.11 to 3.14 is needed (Debian 12 or later, Ubuntu 24.04 or later: apt-get install python3 python3-venv)."
    exit 1
}

python=$(find_python)
packages=$(missing_packages "$python" | sort -u | tr '\n' ' ')
if [ -n "$packages" ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "Missing: please run: sudo apt-get install $packages"
        exit 1
    fi
    say "Installing Debian packages: $packages"
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends -y $packages >/dev/null
fi

say "Setting up $venv with $("$python" --version) and $requirements (once)"
suitable "$venv/bin/python" || "$python" -m venv --clear "$venv"
PIP_CACHE_DIR=${PIP_CACHE_DIR:-$PWD/build/cache/pip} "$venv/bin/python" -m pip install -qq --disable-pip-version-check --requirement "$requirements"
cp "$requirements" "$venv/"
