#!/bin/sh
# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# as_rpm.sh PACKAGE...: make of each Debian package, and of what it needs and is not here, one RPM of the same name, and
# of these the only repository of dnf. Then be a distribution that has no other way to install.

set -eu
place=/srv/rpm
mkdir -p "$place" /etc/yum.repos.d

for package; do
    payload=$(mktemp -d)
    apt-get -qq -y --no-install-recommends --print-uris install "$package" |
        sed -n "s/^'file:[^']*' \([^ ]*\) .*/\1/p" >"$payload.debs"
    while read -r deb; do dpkg-deb --extract "/srv/packages/$deb" "$payload"; done <"$payload.debs"
    if [ "$package" = iptables ]; then
        # Debian makes these names when it configures the package.
        for name in iptables ip6tables; do
            for end in "" -save -restore; do ln -s xtables-nft-multi "$payload/usr/sbin/$name$end"; done
        done
    fi
    # Files alone: the directories belong to the system, and some of them are links there.
    (cd "$payload" && find . ! -type d) | sed 's/^\.\(.*\)$/"\1"/' >"$payload.files"
    cat >"$payload.spec" <<EOF
Name: $package
Version: 1
Release: 1
Summary: What Debian has of that name
License: as in the files
AutoReqProv: no
%global debug_package %{nil}
%global __os_install_post %{nil}
%description
See above.
%install
mkdir -p %{buildroot} && cp -a $payload/. %{buildroot}
%files -f $payload.files
EOF
    rpmbuild -bb --quiet --define "_rpmdir $place" "$payload.spec"
    rm -r "$payload" "$payload".*
done

createrepo_c --quiet "$place"
cat >/etc/yum.repos.d/packages.repo <<EOF
[packages]
name=packages
baseurl=file://$place
gpgcheck=0
EOF
dpkg-divert --quiet --local --rename --divert /usr/bin/apt-get.away --add /usr/bin/apt-get
# For Ansible whatever calls itself Debian installs by apt.
rm /etc/os-release
printf 'ID=handmade\nNAME="Handmade Linux"\n' >/etc/os-release
