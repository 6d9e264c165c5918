/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MEASURE_PLACEMENT_H
#define RUNNERS_MEASURE_PLACEMENT_H

/*
 * placement - the CPUs and the memory that a machine's threads are given, and where
 * they ran then. Each vCPU has a core of its own, as a program natively has; the
 * VMM's other threads have the cores that are left; all of one memory node, if it has
 * cores enough. hwloc knows which CPUs share a core and which memory is near.
 *
 * Threads are told apart by the names that VMMs give them. Ours, QEMU, libvirt's
 * QEMU, Cloud Hypervisor, Firecracker, crosvm and kvmtool name those of vCPUs.
 */
#include <jansson.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

#define PLACEMENT_NODE_WORDS 16 /* memory nodes, 64 in each */

struct placement {
	uint32_t vcpu_count;
	int *vcpu_cpus;    /* owned; the CPU of each */
	cpu_set_t vcpus;   /* all of those */
	cpu_set_t others;  /* of all other threads */
	unsigned int smt;  /* CPUs per core, at most */
	size_t node_count; /* memory nodes that this host has */
	unsigned long nodes[PLACEMENT_NODE_WORDS]; /* those to have memory of */
};

/* What a thread had done when it was given its CPUs. */
struct placement_thread {
	pid_t tid;
	uint64_t run_count; /* how often it had been on a CPU */
};

/* Where the threads of one machine were seen. Zeroed memory is a valid empty one. */
struct placement_seen {
	bool is_native; /* the agent alone was looked at */
	uint32_t look_count;
	uint32_t vcpu_count; /* whose threads were found */
	uint32_t other_count;
	/* Workers that the kernel makes for io_uring: some kernels let nobody move
	 * them, and they may use any CPU. */
	uint32_t kernel_count;
	uint32_t news; /* threads that the last pass placed first */
	struct placement_thread *placed; /* owned */
	size_t placed_count;
	cpu_set_t *vcpus; /* owned; where each vCPU's thread was seen */
	cpu_set_t others, kernels;
	char memory
		[200]; /* "N0=131072": pages by node; "" where it is not known */
	char error[160]; /* why it is not as it should be; "": it is */
};

/*
 * For VCPU_COUNT vCPUs, of the CPUs that this process may use. -ENOSPC: they are
 * too few cores, and ERR says how many are needed.
 */
int placement_choose(uint32_t vcpu_count, struct placement *p, struct err *err);
void placement_release(struct placement *p);

/*
 * In the child that becomes the machine, or natively the agent (IS_NATIVE), before
 * exec: async-signal-safe. 0 or a negative errno.
 */
int placement_enter(const struct placement *p, bool is_native);

/*
 * Give the threads of process PID, which is a VMM whose guest runs, the CPUs that
 * are theirs. What cannot be done stands in SEEN->error.
 */
void placement_apply(const struct placement *p, pid_t pid,
		     struct placement_seen *seen);

/* Look where they are; natively at the agent, whose CPUs its programs inherit. */
void placement_look(const struct placement *p, pid_t pid, bool is_native,
		    struct placement_seen *seen);

/* Where PID's memory lies, by its pages; a tenth may be elsewhere, as libraries are. */
void placement_look_at_memory(const struct placement *p, pid_t pid,
			      struct placement_seen *seen);

/* Of both; the caller owns it. SCHEDULER is the hypervisor's that does not ask the
 * host where vCPUs run, or NULL. */
json_t *placement_to_json(const struct placement *p,
			  const struct placement_seen *seen,
			  const char *scheduler);

/* "cores, kept"; "cores, advisory: the hypervisor has the core scheduler". */
void placement_text(const struct placement_seen *seen, const char *scheduler,
		    char *buf, size_t size);

void placement_seen_release(struct placement_seen *seen);

/* The vCPU whose thread has this name, or -1: "vcpu3", "CPU 3/KVM". */
int placement_vcpu_of(const char *thread);

#endif
