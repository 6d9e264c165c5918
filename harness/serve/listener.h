/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_LISTENER_H
#define HARNESS_SERVE_LISTENER_H

/* listener - a socket that listens where "ADDR:PORT" says. */
#include <stdbool.h>

struct err;

struct listener {
	int fd;           /* the caller closes it */
	char at[96];      /* "127.0.0.1:8080", with the port that it got */
	bool is_loopback; /* only this host reaches it */
};

/* TEXT is "127.0.0.1:8080" or "[::1]:0"; -EINVAL if it is no such text. */
int listener_open(const char *text, struct listener *l, struct err *err);

#endif
