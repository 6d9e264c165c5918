/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_GATE_H
#define HARNESS_SERVE_GATE_H

/* gate - what every request must satisfy before its route is looked for. Pure. */

struct err;
struct hosts;
struct query;
struct wire;

/*
 * 0, or a negative errno and the *STATUS that the client gets: 400, 417, 431 or
 * 501 of wire_check() and for a Host header that is none; 421 for a host that is
 * not ours; 403 for what another site makes a browser POST.
 */
int gate_check(const struct hosts *hosts, const struct wire *w,
	       const struct query *q, unsigned int *status, struct err *err);

#endif
