/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_WAITED_H
#define WORKLOADS_GUEST_WAITED_H

/*
 * waited - the time that the agent's one thread has been runnable and waiting
 * for a CPU (proc(5), schedstat). The file stays open, so a reading is one system
 * call.
 */
#include <stdint.h>

/* The kernel has the file, and it could not be read. */
#define WAITED_UNKNOWN UINT64_MAX

/* 0 if the kernel does not report it. */
uint64_t waited_read_ns(void);

/* The wait since a reading BEFORE_NS, ELAPSED_NS ago: all of that time where a
 * reading failed, so that no sample passes for undisturbed by it. */
uint64_t waited_since_ns(uint64_t before_ns, uint64_t elapsed_ns);

#endif
