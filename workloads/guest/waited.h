/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_WAITED_H
#define WORKLOADS_GUEST_WAITED_H

/*
 * waited - how long the agent's one thread has had to wait for a CPU while it
 * could have run (proc(5), schedstat); 0 where the kernel does not say. The
 * file stays open, so that reading it is one system call.
 */
#include <stdint.h>

uint64_t waited_read_ns(void);

#endif
