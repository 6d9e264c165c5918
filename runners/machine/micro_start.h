/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_MICRO_START_H
#define RUNNERS_MACHINE_MICRO_START_H

/*
 * micro_start - the floor under every start-up: a process of our VMM from
 * its start to the micro guest's first word and to its end, for several sizes
 * and for many guests at once.
 *
 * A guest that is ready waits for a job; the harness closes its channel in
 * place of one, and it powers off.
 */
struct bench_case;
struct result;

/* Under hypervisor HV of our VMM, all that BC's item "micro_start" means:
 * series "64MiB/vm_ready", "guests-8/all_ready" and the like. */
void micro_start_run(const char *hv, const struct bench_case *bc,
		     struct result *res);

#endif
