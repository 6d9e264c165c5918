/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_SITE_NET_SITE_H
#define RUNNERS_SITE_NET_SITE_H

/*
 * net_site - the network of one case. By default it has its own namespaces, which
 * disappear with it: the host's network is unchanged, and no privilege is needed.
 *
 *   guest    VMM -- TAP "l1vh0" 192.0.2.1 -- iperf3, echo
 *   native   agent -- veth 192.0.2.2 | 192.0.2.1 veth -- iperf3, echo
 *
 * With a real peer the TAP is put into a bridge, or a macvtap on an
 * interface; natively the host's network is used as it is.
 *
 * A helper process owns all of it and removes it when this process ends, also if
 * this process is killed.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct io_plan;

#define NET_SITE_TAP "l1vh0"
#define NET_SITE_PEER "192.0.2.1"
#define NET_SITE_SELF "192.0.2.2"
#define NET_SITE_BITS "24"

enum net_side { NET_NATIVE, NET_GUEST };

struct net_site {
	pid_t helper;  /* 0: none is needed */
	int to_helper; /* owned; its end is the helper's */
	int user_ns;   /* owned, both; -1: stay where you are */
	int net_ns;
	int tap_fd;   /* owned; an open macvtap, -1 */
	char tap[16]; /* "" where it is a descriptor or there is none */
};

int net_site_open(struct net_site *site, enum net_side side,
		  const struct io_plan *io, uint32_t pair_count,
		  struct err *err);
void net_site_close(struct net_site *site); /* zeroed is not fine */

/* In a child before exec: enter the namespaces. 0 or a negative errno. */
int net_site_enter(const struct net_site *site);

/*
 * The helper's main (net_helper.c): "native", "tap PAIRS", "bridge PAIRS
 * NAME" or "macvtap NAME". Says "ready PID [TAP]" or "error MESSAGE", then
 * lives until stdin ends.
 */
int net_helper_main(int argc, char **argv);

#endif
