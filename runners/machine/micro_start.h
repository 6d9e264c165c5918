/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_MICRO_START_H
#define RUNNERS_MACHINE_MICRO_START_H

/*
 * micro_start - the lower bound of start-up time: a process of our VMM from
 * its start to the micro guest's first message and to its end, for several
 * sizes and for many guests at once.
 *
 * A ready guest waits for a job. The harness closes its channel instead, and
 * the guest powers off.
 */
struct bench_case;
struct result;

/* Measure all series of BC's item "micro_start" under hypervisor HV of our VMM:
 * "64MiB/vm_ready", "guests-8/all_ready" and so on. */
void micro_start_run(const char *hv, const struct bench_case *bc,
		     struct result *res);

#endif
