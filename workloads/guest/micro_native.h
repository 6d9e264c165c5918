/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_MICRO_NATIVE_H
#define WORKLOADS_GUEST_MICRO_NATIVE_H

/*
 * micro_native - the micro guest's primitives that a process on the host can
 * also run, with the same loops, as the native side of a comparison.
 */

/* Why a process cannot run it; NULL if it can. */
const char *micro_native_refusal(const char *workload, const char *point);

/* Print the document that the micro guest would send; an exit status. */
int micro_native_run(const char *workload, const char *point);

#endif
