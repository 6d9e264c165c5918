/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_STAMP_H
#define RUNNERS_VMM_STAMP_H

/*
 * stamp - the host's clock at moments that the guest chooses.
 *
 * The guest writes 32 bits to STAMP_PORT: a kind in the upper four, a
 * number in the rest. A guest's own clock may be wrong; the harness checks it
 * against these stamps. The numbers are those of
 * workloads/stamp_port.h, which the guest side is built from; a unit test
 * compares the two.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/thread.h"

struct profile;

#define STAMP_PORT 0x600
#define STAMP_KIND_MASK 0xf0000000u
#define STAMP_BEGIN 0x10000000u /* number: of the section */
#define STAMP_END 0x20000000u
#define STAMP_PHASE 0x30000000u     /* number: one of below */
#define STAMP_CALIBRATE 0x40000000u /* written back to back */
#define STAMP_COUNTS 0x50000000u    /* not for the log: vm_write_counts() */

#define STAMP_PHASE_FIRST_INSTRUCTION 1
#define STAMP_PHASE_INIT 2
#define STAMP_PHASE_AGENT_READY 3
/* The next thing that an agent does: a restored guest's first word, see vcpu_loop.c. */
#define STAMP_PHASE_GOES_ON 4

/*
 * The log goes to a stream as events: phases, stamps, the exit's cost.
 * A good guest pins the agent's timed thread, and one vCPU writes at a time; a
 * hostile one writes from all of them.
 */
struct stamp_log {
	FILE *out;               /* borrowed; NULL: no reader */
	struct profile *profile; /* borrowed; NULL: none */
	pthread_mutex_t lock;    /* guards all below; zeroed is unlocked */
	uint32_t section;
	uint64_t begin_ns; /* 0: no section is open */
	uint64_t begin_waited_ns;
	uint64_t calibrate_last_ns;
	uint64_t exit_cost_ns;
	uint32_t phases_seen; /* one bit per phase: a guest reports each once */
	atomic_bool kernel_seen; /* any vCPU may be the first */
};

/* VALUE was written; the exit was taken at EXIT_NS. WAIT is the calling
 * thread's. Any vCPU. */
void stamp_write(struct stamp_log *log, struct thread_wait *wait,
		 uint32_t value, uint64_t exit_ns);

void stamp_phase(struct stamp_log *log, const char *name, uint64_t mono_ns);

#endif
