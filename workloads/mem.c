// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory latency by a dependent pointer chase, bandwidth by STREAM triad. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "workloads/list.h"
#include "workloads/region.h"

#define LINE_BYTES 64u
#define LOADS 64u /* in one iteration */

struct line {
	struct line *next;
	char padding[LINE_BYTES - sizeof(struct line *)];
};

struct chase {
	struct region region;
	struct line *at;
};

/*
 * Lines are visited in the order of x' = a x + c mod 2^n, which has period
 * 2^n for odd c and a = 1 mod 4 (Hull and Dobell, 1962): one cycle through
 * all lines, in an order no prefetcher follows, yet written front to back,
 * so that even 256 MiB are set up quickly.
 */
static void chase_link(struct line *lines, uint64_t count)
{
	uint64_t i;

	for (i = 0; i < count; i++)
		lines[i].next =
			&lines[(i * 0x5851f42d4c957f2du + 0x14057b7ef767814fu) &
			       (count - 1)];
}

static enum wl_answer latency_setup(struct wl_ctx *ctx)
{
	struct chase *c = calloc(1, sizeof(*c));
	enum wl_answer answer;

	if (!c)
		return wl_say(ctx, WL_FAIL, "out of memory");
	ctx->state = c;
	ctx->ops_count = LOADS;
	answer = region_map(&c->region, ctx, ctx->point->bytes,
			    ctx->point->page_bytes);
	if (answer != WL_OK)
		return answer;
	c->at = c->region.base;
	chase_link(c->at, ctx->point->bytes / LINE_BYTES);
	return region_check(&c->region, ctx);
}

static enum wl_answer latency_run(struct wl_ctx *ctx, uint64_t iterations)
{
	struct chase *c = ctx->state;
	struct line *p = c->at;
	uint64_t i;

	for (i = 0; i < iterations * (LOADS / 8); i++) {
		p = p->next->next->next->next;
		p = p->next->next->next->next;
	}
	c->at = p;
	ctx->sink += (uintptr_t)p;
	return WL_OK;
}

static void latency_teardown(struct wl_ctx *ctx)
{
	struct chase *c = ctx->state;

	if (c)
		region_unmap(&c->region);
	free(c);
}

#define KIB 1024ull
#define MIB (1024 * KIB)
#define BOTH_PAGES(text, size)                                              \
	{.name = text ",4KiB-pages", .bytes = size, .page_bytes = 4 * KIB}, \
	{                                                                   \
		.name = text ",2MiB-pages", .bytes = size,                  \
		.page_bytes = 2 * MIB                                       \
	}

static const struct wl_point latency_points[] = {
	BOTH_PAGES("16KiB", 16 * KIB),   BOTH_PAGES("64KiB", 64 * KIB),
	BOTH_PAGES("256KiB", 256 * KIB), BOTH_PAGES("1MiB", MIB),
	BOTH_PAGES("4MiB", 4 * MIB),     BOTH_PAGES("16MiB", 16 * MIB),
	BOTH_PAGES("64MiB", 64 * MIB),   BOTH_PAGES("256MiB", 256 * MIB),
};

const struct workload wl_mem_latency = {
	.name = "mem_latency",
	.group = "mem",
	.summary = "dependent loads over a working set, per load",
	.unit = WL_UNIT_NS,
	.better = WL_LOWER_IS_BETTER,
	.points = latency_points,
	.point_count = sizeof(latency_points) / sizeof(latency_points[0]),
	.setup = latency_setup,
	.run = latency_run,
	.teardown = latency_teardown,
};

/* McCalpin's rule: each array at least four times the last-level cache,
 * here for caches up to 16 MiB; said in the name, since it is what counts. */
#define TRIAD_BYTES (64 * MIB)

struct triad {
	struct region region;
	double *a, *b, *c;
};

static enum wl_answer triad_setup(struct wl_ctx *ctx)
{
	struct triad *t = calloc(1, sizeof(*t));
	enum wl_answer answer;
	size_t n = TRIAD_BYTES / sizeof(double);
	size_t i;

	if (!t)
		return wl_say(ctx, WL_FAIL, "out of memory");
	ctx->state = t;
	ctx->bytes_count = 3 * TRIAD_BYTES;
	answer = region_map(&t->region, ctx, 3 * TRIAD_BYTES, 0);
	if (answer != WL_OK)
		return answer;
	t->a = t->region.base;
	t->b = t->a + n;
	t->c = t->b + n;
	for (i = 0; i < n; i++) {
		t->a[i] = 0;
		t->b[i] = 1;
		t->c[i] = 2;
	}
	return WL_OK;
}

static enum wl_answer triad_run(struct wl_ctx *ctx, uint64_t iterations)
{
	struct triad *t = ctx->state;
	size_t n = TRIAD_BYTES / sizeof(double);
	double *a = t->a;
	const double *b = t->b, *c = t->c;
	size_t i;

	while (iterations--) {
		for (i = 0; i < n; i++)
			a[i] = b[i] + 3.0 * c[i];
		__asm__ volatile("" : : "r"(a) : "memory");
	}
	return WL_OK;
}

static void triad_teardown(struct wl_ctx *ctx)
{
	struct triad *t = ctx->state;

	if (t)
		region_unmap(&t->region);
	free(t);
}

static const struct wl_point triad_points[] = {
	{.name = "triad,3x64MiB", .bytes = 3 * TRIAD_BYTES},
};

const struct workload wl_mem_bandwidth = {
	.name = "mem_bandwidth",
	.group = "mem",
	.summary = "STREAM triad, one thread",
	.unit = WL_UNIT_BYTES_PER_S,
	.better = WL_HIGHER_IS_BETTER,
	.points = triad_points,
	.point_count = 1,
	.setup = triad_setup,
	.run = triad_run,
	.teardown = triad_teardown,
};
