/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MEASURE_MEM_READING_H
#define RUNNERS_MEASURE_MEM_READING_H

/*
 * mem_reading - memory as the kernel counts it at one moment: of a process
 * (proc(5): smaps_rollup, smaps, status), and of the whole host (meminfo, and
 * the mshv driver's debugfs). UINT64_MAX if the kernel does not report a
 * value.
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
	 * own: it changes only if another process holds more or less. */
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

/* The same when the used memory has been stable for a while, or after at
 * most 3 s: the kernel frees the pages of an ended process gradually. */
void host_values_settle(uint64_t values[HOST_VALUE_COUNT]);

/* The same when at most BEFORE is used, or after 3 s: the kernel frees some
 * memory of a process long after its end, and that is not a leak. */
void host_values_return(uint64_t values[HOST_VALUE_COUNT],
			const uint64_t before[HOST_VALUE_COUNT]);

#endif
