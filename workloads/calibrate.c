// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Workloads with a known answer, which measure the harness itself: `null` its
 * overhead per section, `delay` whether its clocks agree.
 */
#include <time.h>

#include "workloads/list.h"

static enum wl_answer null_run(struct wl_ctx *ctx, uint64_t iterations)
{
	ctx->sink += iterations;
	return WL_OK;
}

const struct workload wl_null = {
	.name = "null",
	.group = "calibrate",
	.summary = "an empty section: the harness's own overhead",
	.unit = WL_UNIT_NS,
	.better = WL_LOWER_IS_BETTER,
	.flags = WL_ONE_ITERATION,
	.points = &wl_no_point,
	.point_count = 1,
	.run = null_run,
};

/* The raw clock, so that the wait and its measurement differ in source. */
static uint64_t raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t workload_stretch_ppm;

static enum wl_answer delay_run(struct wl_ctx *ctx, uint64_t iterations)
{
	uint64_t wait_ns = iterations * ctx->point->bytes;
	uint64_t end;

	wait_ns += wait_ns * workload_stretch_ppm / 1000000;
	end = raw_ns() + wait_ns;

	while (raw_ns() < end)
		ctx->sink++;
	return WL_OK;
}

static const struct wl_point delay_points[] = {
	{.name = "100ms", .bytes = 100000000},
};

const struct workload wl_delay = {
	.name = "delay",
	.group = "calibrate",
	.summary = "spins for a known time by the raw clock",
	.unit = WL_UNIT_NS,
	.better = WL_LOWER_IS_BETTER,
	.flags = WL_ONE_ITERATION,
	.points = delay_points,
	.point_count = 1,
	.run = delay_run,
};
