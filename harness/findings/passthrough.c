// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/passthrough.h"

#include <math.h>
#include <stdio.h>

#include "harness/findings/model.h"

#define JOB "randread-4k-qd1"

static double median_of(const struct model *m, const char *workload,
			const char *metric, size_t runner)
{
	const struct model_row *row;
	char point[64];

	snprintf(point, sizeof(point), JOB "/%s", metric);
	row = model_find_row(m, workload, point);
	return row ? row->cells[runner].median : NAN;
}

static double ratio_of(const struct model *m, const char *metric, size_t runner)
{
	return median_of(m, "passthrough", metric, runner) /
	       median_of(m, "passthrough_virtio", metric, runner);
}

bool passthrough_gain_of(const struct model *m, size_t runner,
			 struct passthrough_gain *gain)
{
	gain->latency_ratio = ratio_of(m, "p50", runner);
	gain->cpu_ratio = ratio_of(m, "cpu_per_kop", runner);
	gain->exits_passed = median_of(m, "passthrough", "exits", runner);
	gain->exits_by_virtio =
		median_of(m, "passthrough_virtio", "exits", runner);
	return isfinite(gain->latency_ratio);
}
