/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_CHURN_H
#define RUNNERS_MACHINE_CHURN_H

/*
 * churn - guests without end: micro guests are started and ended one after the
 * other, each in a VMM of its own, by the thousand or as long as there is time.
 * How long taking one apart takes, and what of the host does not come back.
 *
 * A resource's growth is the slope of what is in use over the number of guests
 * (least squares, behind the first tenth, in which caches fill), for 1000 guests,
 * as a ratio to what was in use at its beginning: 1 without a leak.
 */
#include <stddef.h>
#include <stdint.h>

struct bench_case;
struct result;

/* Adds the series of workload `churn`, if BC has it; HV is the VMM's word. */
void churn_run(const char *hv, const struct bench_case *bc, struct result *res);

/* 1 + 1000 * slope / first, of VALUES[i] in use after GUESTS[i] guests; NaN for
 * fewer than three, or where nothing was in use. */
double churn_growth(const double *guests, const double *values, size_t count);

#endif
