/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_HOSTILE_GUEST_NEIGHBOUR_H
#define TESTS_HOSTILE_GUEST_NEIGHBOUR_H

/*
 * neighbour - the guest beside the hostile one: whenever it is asked it
 * computes a checksum of memory of its own and of its disk, and says "round N
 * right" or "round N wrong".
 */
void neighbour_run(void *world);

#endif
