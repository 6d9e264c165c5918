/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_SITE_NET_SERVERS_H
#define RUNNERS_SITE_NET_SERVERS_H

/* net_servers - the peer that a guest measures its network against. */
struct err;

/* Start the echo server and iperf3 in this process's network, and wait until
 * both listen. They end with this process. 0 or a negative errno. */
int net_servers_start(struct err *err);

#endif
