/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MEASURE_CGROUP_H
#define RUNNERS_MEASURE_CGROUP_H

/*
 * cgroup - a control group of its own for a machine: what the kernel charges
 * it, and a limit at which the kernel kills (cgroup-v2.rst "Memory"; the
 * memory controller of cgroup v1 where that has it).
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

struct cgroup {
	char path[320]; /* "": none */
	int procs_fd;   /* a process that writes "0" to it joins; -1 */
	bool is_v2;
};

/* What the kernel says of a group; UINT64_MAX where it does not. */
enum cgroup_value {
	CGROUP_CURRENT,
	CGROUP_PEAK,
	CGROUP_ANON,
	CGROUP_FILE,
	CGROUP_SHMEM,
	CGROUP_KERNEL, /* page tables, slab and stacks are within it */
	CGROUP_PAGETABLES,
	CGROUP_SEC_PAGETABLES,
	CGROUP_SLAB,
	CGROUP_SLAB_RECLAIMABLE,
	CGROUP_SOCK,
	CGROUP_OOM_KILLS, /* a count */
	CGROUP_VALUE_COUNT,
};

const char *cgroup_value_name(enum cgroup_value value);

/*
 * Make a group below our own, or below the root where ours may have no
 * children. What an earlier process of ours left behind goes. -EACCES,
 * -EROFS, -EOPNOTSUPP with the reason where there is none to be had.
 */
int cgroup_create(struct cgroup *cg, struct err *err);

/* Kills what is in it, then removes it. Zeroed is fine. */
void cgroup_destroy(struct cgroup *cg);

/* So much and no more, swap included. -EINVAL when the kernel refuses. */
int cgroup_limit(const struct cgroup *cg, uint64_t bytes, struct err *err);

/* Async-signal-safe: the calling process joins. 0 or a negative errno. */
int cgroup_join(int procs_fd);

/* Whether that process is in it: what has left is charged to others. */
bool cgroup_holds(const struct cgroup *cg, pid_t pid);

void cgroup_read(const struct cgroup *cg, uint64_t values[CGROUP_VALUE_COUNT]);

/*
 * Of these, what cannot be taken back without swap: anonymous and shared
 * memory, the kernel's without what it can drop, and sockets'. This is what
 * gets a pod killed. UINT64_MAX where the kernel does not say enough.
 */
uint64_t cgroup_unreclaimable(const uint64_t values[CGROUP_VALUE_COUNT]);

#endif
