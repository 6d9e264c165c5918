/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_UNIT_NETNS_H
#define TESTS_UNIT_NETNS_H

/*
 * netns - a network of our own to keep TAPs in, and the host's end of one:
 * a packet socket that sees and sends what has NETNS_ETHERTYPE.
 */
#include <stddef.h>

/* Of those for experiments, so that no other packet is taken for ours. */
#define NETNS_ETHERTYPE 0x88b5
#define NETNS_TAP "l1vh-test"

/* Enter a new one, with TAPs; NULL, or why that cannot be. */
const char *netns_enter(void);

/* The interface is there: set it up with MTU, and talk over it. The socket
 * does not block and is the caller's; a negative errno. */
int netns_link_up(const char *name, int mtu);

/* Take the interface away, whoever holds it. */
int netns_link_delete(const char *name);

#endif
