#!/bin/sh
# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# visitor.sh root|user PACKAGES CHECKOUT TARGET...: what somebody does on a fresh machine who follows the README, and a
# look at what is left behind. Runs there.

set -eu
user=$1 packages=$2 checkout=$3
shift 3
export DEBIAN_FRONTEND=noninteractive

say() { printf 'fresh: %s\n' "$*"; }

# Every path but what apt may change (as root make has it install what is missing) and what is the checkout's own.
list() {
    own="$checkout"
    [ "$user" = user ] || own="$checkout /usr /etc /var/lib /var/cache /var/log /opt"
    prune=
    for path in /proc /sys /dev/pts /visitor.sh /before /after /run/adduser /tmp/netplumb-linuxnet-* $own; do
        prune="$prune -path $path -prune -o"
    done
    # shellcheck disable=SC2086
    find / $prune -print | sort
}

if [ "$user" = user ]; then
    apt-get -qq update
    # shellcheck disable=SC2086
    apt-get -qq -y install $packages >/dev/null 2>/apt-errors || { cat /apt-errors; exit 1; }
    rm -f /apt-errors
    home=/home/visitor
    useradd --no-create-home visitor
    install -d -o visitor -g visitor $home
    chown -R visitor:visitor "$checkout"
else
    home=/home/root-is-not-at-home
    install -d $home
fi
run() {
    if [ "$user" = user ]; then
        setpriv --reuid=visitor --regid=visitor --clear-groups env HOME=$home USER=visitor LOGNAME=visitor "$@"
    else
        env HOME=$home USER=root LOGNAME=root "$@"
    fi
}

list >/before
code=0
begin=$(date +%s)
run make -C "$checkout" "$@" || code=$?
say "make $* on Debian $(cat /etc/debian_version) as $user: ended with $code after $(($(date +%s) - begin)) s"

ps -e -o pid=,args= >/running
running=$(grep -v '^ *1 \| ps -e ' /running || true)
rm /running
if [ -n "$running" ]; then
    say "these processes are left: $running"
    code=1
fi
list >/after
if ! cmp -s /before /after; then
    say "this was left outside of the checkout:"
    comm -13 /before /after | sed -n 1,50p
    code=1
fi
say "room taken: $(du -sh "$checkout" | cut -f1) in the checkout, $(du -csh /tmp | tail -1 | cut -f1) below /tmp"
exit "$code"
