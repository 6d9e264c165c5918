/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SNAPSHOT_SNAPSHOT_H
#define RUNNERS_VMM_SNAPSHOT_SNAPSHOT_H

/*
 * snapshot - a machine into a file, and out of one (docs/snapshot.md).
 *
 * A machine that is saved ends by it (VM_END_SNAPSHOT), which makes the order simple:
 *
 *   1. every vCPU leaves the guest and completes its instruction; its thread ends
 *   2. each device's threads answer what is in flight, and end; the interrupts of
 *      that are in the local APICs
 *   3. snapshot_save(), by the main thread: the vCPUs, the devices, RAM
 *
 * What lies between a device and a local APIC at that moment, such as an eventfd
 * that nobody has read, may be lost: a restored machine interrupts for every queue
 * once, which drivers must bear (virtio 1.2, 2.7.7).
 *
 * A restored machine is made as any other, its RAM being a private mapping of the
 * file; then snapshot_load() gives its vCPUs and devices what they had, and vCPU 0
 * lets the devices go on (snapshot_resume()), because their threads can begin only
 * once the sandbox is closed.
 *
 * Its clocks go on from where they were, from snapshot_load() on: the TSC, the timers
 * and the paravirtual clock do not count the time in between. The clock of day is the
 * host's; the guest that asks for it (RTC) gets the right one.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;
struct snap_file;
struct vm;
struct vm_config;

struct snapshot_config {
	int fd;             /* borrowed; new and empty */
	uint64_t image_sum; /* see snapshot_image_sum() */
	const char *build;  /* borrowed */
	bool is_at_ready;   /* once the guest's agent says that it is ready */
};

/* How a VMM ends that was to save a guest which nobody can save here. */
#define SNAPSHOT_IMPOSSIBLE_STATUS 16

/* The sum of the files PATHS, of which NULL is none, in their order. */
int snapshot_image_sum(const char *const *paths, unsigned int count,
		       uint64_t *sum, struct err *err);

/* Whether a machine of CFG can be saved and restored. -ENOTSUP says why not. */
int snapshot_is_possible(const struct vm_config *cfg, struct err *err);

/* Of a machine that is made and has not run, if its configuration saves one. */
int snapshot_prepare(struct vm *vm, struct err *err);

/* After vm_run() that ended with VM_END_SNAPSHOT. MODIFIED_UNIX_NS is what the
 * file's time is to be. */
int snapshot_save(struct vm *vm, uint64_t *modified_unix_ns, struct err *err);

/* What F is of, into CFG: RAM, vCPUs, kind of guest. -EINVAL for nonsense. */
int snapshot_config_take(const struct snap_file *f, struct vm_config *cfg,
			 struct err *err);

/* Into a machine that was made with it. -ENODEV and others, and why. */
int snapshot_load(struct vm *vm, struct err *err);

/* On vCPU 0's thread, before its guest. */
void snapshot_resume(struct vm *vm);

#endif
