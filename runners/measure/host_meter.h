/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MEASURE_HOST_METER_H
#define RUNNERS_MEASURE_HOST_METER_H

/*
 * host_meter - the host CPU time that a machine uses, read before and after
 * some work.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runners/measure/mshv_stats.h"

/* KVM's counters of a VM, by the names of its files in debugfs. */
enum kvm_stat {
	KVM_STAT_EXITS,
	KVM_STAT_HALT_EXITS,
	KVM_STAT_IRQ_EXITS, /* an interrupt of the host's came */
	KVM_STAT_COUNT,
};

struct host_meter {
	pid_t machine; /* a VMM, or natively the agent */
	/* Borrowed; the VMM, where that is another process and known later. */
	const pid_t *vmm;
	bool reads_kvm; /* its exits are KVM's to count */
	/* The host accounts no CPU time to its vCPUs (hv_scheduler.h); the
	 * hypervisor may say it. */
	bool hides_cpu;
	struct mshv_stats vps;
	/* Kernel threads do no work for it, and reading all of them takes
	 * longer than some series. */
	bool skips_threads;
};

struct host_reading {
	bool has_machine;    /* this was seen whole */
	uint64_t machine_ns; /* all its threads, vCPUs among them */
	bool has_threads;    /* these two were read */
	uint64_t vhost_ns;   /* kernel threads that work for it alone */
	uint64_t kernel_ns;  /* all other kernel threads of the host */
	uint64_t kvm[KVM_STAT_COUNT]; /* UINT64_MAX: KVM does not say */
};

/* Of the two processes the one that is the machine now. */
pid_t host_meter_machine(const struct host_meter *m);

/* CPU time of the machine and its threads, as far as the host sees it; cheap. */
uint64_t host_meter_cpu_ns(const struct host_meter *m);

void host_meter_read(const struct host_meter *m, struct host_reading *out);

#endif
