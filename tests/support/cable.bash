# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A network namespace and the one cable into it, which can be pulled and can lose packets. For a stack
# (stack.bash): what listens on this side's loopback is reached from there.
#
# Exports NETNS, CABLE (this end's device; the other is eth0) and CABLE_NET (.1 is here, .2 there).

# cable_lay PORT…: these of our loopback are led to, at CABLE_NET.1 and at the namespace's own loopback.
cable_lay() {
    export NETNS=errand-cable-$$ CABLE=errc$$ CABLE_NET=10.$((RANDOM % 32 + 214)).$((RANDOM % 256))
    local ports
    ports=$(IFS=,; echo "$*")
    cable_note_undo
    ip netns add "$NETNS"
    ip link add "$CABLE" type veth peer name eth0 netns "$NETNS"
    ip addr add "$CABLE_NET.1/30" dev "$CABLE"
    ip link set "$CABLE" up
    ip -netns "$NETNS" link set lo up
    ip -netns "$NETNS" addr add "$CABLE_NET.2/30" dev eth0
    ip -netns "$NETNS" link set eth0 up
    echo 1 >"/proc/sys/net/ipv4/conf/$CABLE/route_localnet"
    over_there sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet'
    nft -f - <<TABLE
table ip $CABLE {
    chain lead {
        type nat hook prerouting priority -100;
        iifname "$CABLE" tcp dport { $ports } dnat to 127.0.0.1
    }
    chain loss { type filter hook prerouting priority -300; }
}
TABLE
    over_there nft -f - <<TABLE
table ip cable {
    chain lead {
        type nat hook output priority -100;
        ip daddr 127.0.0.1 tcp dport { $ports } dnat to $CABLE_NET.1
    }
    chain leave {
        type nat hook postrouting priority 100;
        oifname eth0 masquerade
    }
    chain loss { type filter hook prerouting priority -300; }
}
TABLE
}

# Whoever ends this stack, and be it its guard, takes the cable away, too.
cable_note_undo() {
    printf '#!/bin/sh\n%s\n%s\n%s\n' "nft delete table ip $CABLE" "ip link delete $CABLE" \
        "ip netns delete $NETNS" >"$STACK/undo"
    chmod 755 "$STACK/undo"
}

# Only what is there is taken away: any error is one.
cable_take_away() {
    sh -e "$STACK/undo" && rm "$STACK/undo"
}

# over_there COMMAND…: in the namespace.
over_there() {
    nsenter --net="/run/netns/$NETNS" "$@"
}

cable_pull() { ip link set "$CABLE" down; }
cable_plug() { ip link set "$CABLE" up; }

# cable_lose HERE THERE: so many of a hundred packets that arrive on this and that side are dropped.
cable_lose() {
    (($1 == 0)) || nft add rule ip "$CABLE" loss iifname "$CABLE" numgen random mod 101 "<=" "$1" drop
    (($2 == 0)) || over_there nft add rule ip cable loss iifname eth0 numgen random mod 101 "<=" "$2" drop
}

cable_heal() {
    nft flush chain ip "$CABLE" loss
    over_there nft flush chain ip cable loss
}
