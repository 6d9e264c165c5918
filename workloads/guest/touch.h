/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_TOUCH_H
#define WORKLOADS_GUEST_TOUCH_H

/*
 * touch - make a guest use all of its memory: every page that it can get is
 * written, no two alike, so that its host cannot merge or leave out any; and
 * some I/O on each disk there is. Prints {"touched_bytes": N, ...}. Returns
 * an exit status.
 */
int touch_run(void);

#endif
