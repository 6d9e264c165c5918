/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MEASURE_MEM_READING_H
#define RUNNERS_MEASURE_MEM_READING_H

/*
 * mem_reading - memory as the kernel counts it at one moment: of a process
 * (proc(5): smaps_rollup, smaps, status), and of the whole host (meminfo, and
 * what the mshv driver tells in debugfs). UINT64_MAX where it does not say.
 */
#include <stdint.h>
#include <sys/types.h>

enum proc_value {
	PROC_RSS,
	PROC_PSS,
	PROC_PRIVATE,
	PROC_SHARED,
	PROC_GUEST_RSS, /* of the mapping that is guest RAM */
	PROC_PAGE_TABLES,
	PROC_LOCKED,
	PROC_PINNED,
	PROC_THREADS, /* a count */
	PROC_VALUE_COUNT,
};

enum host_value {
	/* Neither free, nor a cache that can be dropped, nor this process's
	 * own: it moves for no other reason than that somebody holds more. */
	HOST_USED,
	HOST_AVAILABLE,
	HOST_FREE,
	HOST_SLAB,
	HOST_PAGE_TABLES,
	HOST_SEC_PAGE_TABLES,
	HOST_VMALLOC,
	HOST_PERCPU,
	HOST_SHMEM,
	HOST_MLOCKED,
	HOST_MSHV_DEPOSITED, /* to the hypervisor, all partitions */
	HOST_VALUE_COUNT,
};

const char *proc_value_name(enum proc_value value);
const char *host_value_name(enum host_value value);

/*
 * Guest RAM is the smallest mapping that is at least RAM_BYTES long; 0: the
 * process has none.
 */
void proc_values_read(pid_t pid, uint64_t ram_bytes,
		      uint64_t values[PROC_VALUE_COUNT]);

void host_values_read(uint64_t values[HOST_VALUE_COUNT]);

/* The same once what is used has not changed for a while, or after at
 * most 3 s: pages of a process that has gone come back bit by bit. */
void host_values_settle(uint64_t values[HOST_VALUE_COUNT]);

/* The same once no more is used than BEFORE, or after 3 s: the kernel frees some
 * of what a process had long after it has gone, and that is no leak. */
void host_values_return(uint64_t values[HOST_VALUE_COUNT],
			const uint64_t before[HOST_VALUE_COUNT]);

#endif
