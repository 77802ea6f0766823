# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of other tools on a host, each as a shell script, with the order and the verdicts of the tool.

All of them accept connections to port 22 of the host and refuse port 23; otherwise they are like a fresh installation.
"""

from __future__ import annotations

_BOTH = "for x in iptables ip6tables; do\n{}\ndone\n"

#: A hand-written firewall that ends FORWARD by refusing everything.
TRAILING_DROP = _BOTH.format("""
  $x -A INPUT -p tcp --dport 23 -j DROP
  $x -A FORWARD -j DROP
""")
TRAILING_REJECT = _BOTH.format("""
  $x -A INPUT -p tcp --dport 23 -j DROP
  $x -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  $x -A FORWARD -j REJECT
""")

_STAGES = "before-logging before after after-logging reject track"
_UFW_FAMILY = f"""
ufw() {{
  x=$1 p=$2 icmp=$3
  for stage in {_STAGES}; do
    for hook in input output forward; do $x -N $p-$stage-$hook; done
  done
  for chain in user-input user-forward user-output not-local; do $x -N $p-$chain; done
  for hook in input output forward; do
    $x -A $p-before-$hook -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    $x -A $p-before-$hook -p $icmp -j ACCEPT
  done
  $x -I $p-before-input -i lo -j ACCEPT
  $x -I $p-before-output -o lo -j ACCEPT
  $x -A $p-before-input -m conntrack --ctstate INVALID -j DROP
  $x -A $p-before-input -j $p-not-local
  for type in LOCAL MULTICAST; do $x -A $p-not-local -m addrtype --dst-type $type -j RETURN; done
  $x -A $p-not-local -j DROP
  for hook in input output forward; do
    $x -A $p-before-$hook -j $p-user-$hook
    $x -A $p-track-$hook -m conntrack --ctstate NEW -j $([ $hook = output ] && echo ACCEPT || echo RETURN)
    for stage in {_STAGES}; do $x -A $(echo $hook | tr a-z A-Z) -j $p-$stage-$hook; done
  done
  $x -A $p-user-input -p tcp --dport 22 -j ACCEPT
  $x -P INPUT DROP
  $x -P FORWARD DROP
}}
"""
UFW = _UFW_FAMILY + "ufw iptables ufw icmp\nufw ip6tables ufw6 icmpv6\n"

#: The bridges are in the zone "trusted", the uplink is in "public". Its chains come after those of iptables.
FIREWALLD = """
nft -f - <<'EOF'
table inet firewalld {
  chain filter_PREROUTING {
    type filter hook prerouting priority 10; policy accept;
    icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
    meta nfproto ipv6 fib saddr . mark . iif oif missing drop
  }
  chain filter_INPUT {
    type filter hook input priority 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    jump filter_INPUT_ZONES
    reject with icmpx admin-prohibited
  }
  chain filter_INPUT_ZONES {
    iifname "br*" goto filter_IN_trusted
    goto filter_IN_public
  }
  chain filter_IN_trusted { accept; }
  chain filter_IN_public {
    tcp dport 22 ct state new accept
    meta l4proto { icmp, ipv6-icmp } accept
  }
  chain filter_FORWARD {
    type filter hook forward priority 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    jump filter_FORWARD_ZONES
    reject with icmpx admin-prohibited
  }
  chain filter_FORWARD_ZONES {
    iifname "br*" goto filter_FWD_trusted
    goto filter_FWD_public
  }
  chain filter_FWD_trusted { accept; }
  chain filter_FWD_public { oifname "eth0" accept; }
}
EOF
"""

_DOCKER_FAMILY = """
table {0} docker-bridges {{
  map filter-forward-in-jumps {{ type ifname : verdict; }}
  map filter-forward-out-jumps {{ type ifname : verdict; }}
  map nat-postrouting-in-jumps {{ type ifname : verdict; }}
  map nat-postrouting-out-jumps {{ type ifname : verdict; }}
  chain filter-FORWARD {{
    type filter hook forward priority filter; policy accept;
    oifname vmap @filter-forward-in-jumps
    iifname vmap @filter-forward-out-jumps
  }}
  chain nat-OUTPUT {{
    type nat hook output priority -100; policy accept;
    {0} daddr != {1} fib daddr type local counter jump nat-prerouting-and-output
  }}
  chain nat-POSTROUTING {{
    type nat hook postrouting priority srcnat; policy accept;
    iifname vmap @nat-postrouting-out-jumps
    oifname vmap @nat-postrouting-in-jumps
  }}
  chain nat-PREROUTING {{
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local counter jump nat-prerouting-and-output
  }}
  chain nat-prerouting-and-output {{ tcp dport 9080 counter dnat {0} to {2}; }}
  chain raw-PREROUTING {{
    type filter hook prerouting priority raw; policy accept;
    {0} daddr {3} iifname != "docker0" counter drop
  }}
  chain filter-forward-in__docker0 {{
    ct state established,related counter accept
    iifname "docker0" counter accept
    {0} daddr {3} tcp dport 80 counter accept
    counter drop
  }}
  chain filter-forward-out__docker0 {{ ct state established,related counter accept; counter accept; }}
  chain nat-postrouting-in__docker0 {{ }}
  chain nat-postrouting-out__docker0 {{ oifname != "docker0" {0} saddr {4} counter masquerade; }}
}}
add element {0} docker-bridges filter-forward-in-jumps {{ "docker0" : jump filter-forward-in__docker0 }}
add element {0} docker-bridges filter-forward-out-jumps {{ "docker0" : jump filter-forward-out__docker0 }}
add element {0} docker-bridges nat-postrouting-in-jumps {{ "docker0" : jump nat-postrouting-in__docker0 }}
add element {0} docker-bridges nat-postrouting-out-jumps {{ "docker0" : jump nat-postrouting-out__docker0 }}
"""
#: Docker 29 with nftables has a table for each family: its drops are about its own bridges alone.
DOCKER = "".join(
    (
        "nft -f - <<'EOF'\n",
        _DOCKER_FAMILY.format("ip", "127.0.0.0/8", "172.30.0.2:80", "172.30.0.2", "172.30.0.0/16"),
        _DOCKER_FAMILY.format("ip6", "::1", "[fd00:30::2]:80", "fd00:30::2", "fd00:30::/64"),
        "EOF\n",
        _BOTH.format("  $x -A INPUT -p tcp --dport 23 -j DROP"),
    )
)

LAYOUTS = {
    "Docker with nftables": DOCKER,
    "a trailing DROP": TRAILING_DROP,
    "a trailing REJECT": TRAILING_REJECT,
    "ufw": UFW,
    "firewalld": FIREWALLD,
}
