// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/measure.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "workloads/guest/waited.h"
#include "workloads/stamp_port.h"

#define MAX_ITERATIONS (1ull << 40)

static uint32_t section_next;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/*
 * The stamps are outside the clock readings, so the host's time is the section
 * plus the cost of one exit and never less.
 */
static enum wl_answer timed_run(const struct workload *wl, struct wl_ctx *ctx,
				const struct measure_sink *sink,
				struct measure_sample *s)
{
	uint64_t waited_ns = waited_read_ns();
	enum wl_answer answer;
	uint64_t start;

	s->section = section_next++ & ~0xf0000000u;
	if (sink->stamp)
		sink->stamp(WL_STAMP_BEGIN | s->section);
	start = now_ns();
	answer = wl->run(ctx, s->iterations);
	s->elapsed_ns = now_ns() - start;
	if (sink->stamp)
		sink->stamp(WL_STAMP_END | s->section);
	s->waited_ns = waited_since_ns(waited_ns, s->elapsed_ns);
	return answer;
}

/* Double until a run lasts a quarter of the target, then scale (lmbench). */
static enum wl_answer calibrate(const struct workload *wl, struct wl_ctx *ctx,
				uint64_t target_ns, uint64_t *iterations)
{
	static const struct measure_sink no_stamps = {.stamp = NULL};
	struct measure_sample s = {.iterations = 1};
	enum wl_answer answer;

	*iterations = 1;
	if (wl->flags & WL_ONE_ITERATION)
		return WL_OK;
	for (;;) {
		answer = timed_run(wl, ctx, &no_stamps, &s);
		if (answer != WL_OK)
			return answer;
		if (s.elapsed_ns >= target_ns / 4 ||
		    s.iterations >= MAX_ITERATIONS)
			break;
		s.iterations *= 2;
	}
	*iterations = (uint64_t)((double)s.iterations * (double)target_ns /
				 (double)(s.elapsed_ns ? s.elapsed_ns : 1));
	if (!*iterations)
		*iterations = 1;
	return WL_OK;
}

static double sample_value(const struct workload *wl, const struct wl_ctx *ctx,
			   const struct measure_sample *s)
{
	double iterations = (double)s->iterations;
	double ns = (double)(s->elapsed_ns ? s->elapsed_ns : 1);

	if (wl->unit == WL_UNIT_BYTES_PER_S)
		return iterations * (double)ctx->bytes_count * 1e9 / ns;
	return (double)s->elapsed_ns / iterations /
	       (double)(ctx->ops_count ? ctx->ops_count : 1);
}

static enum wl_answer run_samples(const struct workload *wl, struct wl_ctx *ctx,
				  const struct measure_plan *plan,
				  const struct measure_sink *sink)
{
	enum wl_answer answer;
	struct measure_sample s;
	uint64_t iterations;
	uint32_t i;

	answer = calibrate(wl, ctx, plan->target_ns, &iterations);
	if (answer != WL_OK)
		return answer;
	sink->series(sink->arg, wl, ctx->point, iterations);
	for (i = 0; i < plan->warmup_count; i++) {
		s = (struct measure_sample){.iterations = iterations};
		answer = timed_run(wl, ctx, sink, &s);
		if (answer != WL_OK)
			return answer;
	}
	do {
		s = (struct measure_sample){.iterations = iterations};
		answer = timed_run(wl, ctx, sink, &s);
		if (answer != WL_OK)
			return answer;
		s.value = sample_value(wl, ctx, &s);
	} while (sink->sample(sink->arg, &s));
	return WL_OK;
}

enum wl_answer measure_run(const struct workload *wl,
			   const struct wl_point *point,
			   const struct measure_plan *plan,
			   const struct measure_sink *sink, char *reason,
			   uint32_t reason_size)
{
	struct wl_ctx ctx = {.point = point};
	enum wl_answer answer = WL_OK;

	if (wl->setup)
		answer = wl->setup(&ctx);
	if (answer == WL_OK)
		answer = run_samples(wl, &ctx, plan, sink);
	if (wl->teardown)
		wl->teardown(&ctx);
	snprintf(reason, reason_size, "%s", ctx.reason);
	return answer;
}
