/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_TOUCH_H
#define WORKLOADS_GUEST_TOUCH_H

/*
 * touch - make a guest use all of its memory. It writes every page that it can
 * get, no two alike, so the host cannot merge or drop any, and does some I/O on
 * each disk. Prints {"touched_bytes": N, ...}. Returns an exit status.
 */
int touch_run(void);

#endif
