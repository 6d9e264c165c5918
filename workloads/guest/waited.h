/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_WAITED_H
#define WORKLOADS_GUEST_WAITED_H

/*
 * waited - the time that the agent's one thread has been runnable and waiting
 * for a CPU (proc(5), schedstat); 0 if the kernel does not report it. The file
 * stays open, so a reading is one system call.
 */
#include <stdint.h>

uint64_t waited_read_ns(void);

#endif
