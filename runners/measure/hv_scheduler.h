/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MEASURE_HV_SCHEDULER_H
#define RUNNERS_MEASURE_HV_SCHEDULER_H

/*
 * hv_scheduler - which scheduler of Microsoft's hypervisor runs the vCPUs of
 * guests under /dev/mshv. Only with the root scheduler the host's kernel does, and
 * accounts their CPU time; with every other one, L1VH's among them, RUN_VP sleeps
 * while the guest runs, and affinity and cgroups of the host do not bind it.
 */
#include <stdbool.h>
#include <stddef.h>

#define HV_SCHEDULER_NAME_BYTES 48

/*
 * From the kernel's log: Linux writes "Hypervisor using core scheduler" when
 * mshv_root is loaded (mshv_root_main.c). "unknown" where the log does not have
 * that line, or only its beginning.
 */
const char *hv_scheduler_of_log(const char *log,
				char name[HV_SCHEDULER_NAME_BYTES]);

/* Of this host; "unknown" without the right to read the log. */
const char *hv_scheduler_here(char name[HV_SCHEDULER_NAME_BYTES]);

/* Whether the host sees the CPU time of guests; not known is no. */
bool hv_scheduler_shows_cpu(const char *name);

#endif
