/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_PERF_MADE_UP_H
#define TESTS_PERF_MADE_UP_H

/* made_up - a store of one run whose figures are drawn, not measured: always
 * the same ones. For programs that end with what it returns. */
#include <gsl/gsl_rng.h>
#include <stdint.h>

struct bench_case;
struct result;

/* FILL is called for each boot in their order, with both zeroed and RES of
 * grade hardware; it has to name block and runner. 0, or 70 with the reason on
 * stderr. */
int made_up_run(const char *db, uint32_t boot_count,
		void (*fill)(uint32_t position, gsl_rng *rng,
			     struct bench_case *bc, struct result *res));

#endif
