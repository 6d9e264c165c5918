/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_MEASURE_H
#define WORKLOADS_GUEST_MEASURE_H

/* measure - run one point of one workload and time it. */
#include <stdbool.h>
#include <stdint.h>

#include "workloads/workload.h"

struct measure_plan {
	uint32_t warmup_count;
	uint64_t target_ns; /* wanted length of a sample */
};

struct measure_sample {
	uint32_t section; /* counts up over the life of the agent */
	uint64_t iterations;
	uint64_t elapsed_ns;
	uint64_t waited_ns; /* for a CPU that other tasks used; 0: not known */
	double value;       /* in the workload's unit */
};

/* Events of a measurement; called between timed sections only. */
struct measure_sink {
	void (*series)(void *arg, const struct workload *wl,
		       const struct wl_point *point, uint64_t iterations);
	/* Whether another one is wanted. */
	bool (*sample)(void *arg, const struct measure_sample *sample);
	void *arg;
	/* Write to the stamp port; NULL where there is none. */
	void (*stamp)(uint32_t value);
};

/* WL_OK after all samples; else REASON says why. */
enum wl_answer measure_run(const struct workload *wl,
			   const struct wl_point *point,
			   const struct measure_plan *plan,
			   const struct measure_sink *sink, char *reason,
			   uint32_t reason_size);

#endif
