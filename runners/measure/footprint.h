/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MEASURE_FOOTPRINT_H
#define RUNNERS_MEASURE_FOOTPRINT_H

/*
 * footprint - what guests of one shape cost their host in memory: of each
 * process, of a cgroup of its own, and of the whole host, before the first
 * VMM starts, at the moments of runners/measure/watch.h, and after the last is gone.
 *
 * All readings become a document. Series are made of the moment at which
 * guests have touched their memory, a guest, and without guest RAM itself:
 * what a pod must have beside it.
 */
struct bench_case;
struct result;
struct shape_site;
struct watch;

/* One machine of the case, from its start to its end; called in a thread for
 * each guest. */
typedef void footprint_machine_fn(const void *ctx, const struct bench_case *bc,
				  const struct shape_site *shape,
				  const struct watch *watch,
				  struct result *res);

/* BC has one series, and its point is a shape. Fills RES. */
void footprint_run(footprint_machine_fn *run, const void *ctx,
		   const struct bench_case *bc, struct result *res);

#endif
