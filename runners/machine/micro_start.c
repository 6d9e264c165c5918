// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/micro_start.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/units.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/micro_guest.h"
#include "workloads/micro/micro_points.h"

/* Starts of each shape, unless they take longer; then as many as fit. */
#define STARTS 5u
#define SHAPE_NS (NS_PER_S / 20)
/* One start that faults in all of its RAM. */
#define FULL_NS (300 * NS_PER_MS)
/* What all numbers of guests together may take. */
#define MANY_NS (300 * NS_PER_MS)

#define SHAPE(name, memory, vcpus, full) {name, memory, vcpus, full},
static const struct micro_shape shapes[] = {MICRO_START_POINTS(SHAPE)};

#define MANY(name, count) {name, count},
static const struct {
	const char *name;
	size_t count;
} many[] = {MICRO_MANY_POINTS(MANY)};

static struct series *series_get(struct result *res, const char *point,
				 const char *what, const char *unit)
{
	return result_metric_series(res, "micro_start", point, what, unit);
}

static void add_value(struct result *res, const char *point, const char *what,
		      const char *unit, double value)
{
	series_add_value(series_get(res, point, what, unit), value);
}

static void refuse_point(struct result *res, const char *point,
			 const char *what, enum run_status status,
			 const char *why)
{
	series_refuse(series_get(res, point, what, "ns"), status, why);
}

/* Why some are not ready, in the words of the first that failed. */
static const char *failure_of(const struct micro_guest *guests, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!guests[i].phase_ns[MICRO_READY_PHASE])
			return guests[i].cause[0]
				       ? guests[i].cause
				       : "a guest was not ready in time";
	return "a guest was not ready in time";
}

static bool start_once(const struct micro_vmm *how, const struct micro_shape *s,
		       struct result *res)
{
	struct err err = {0};
	struct micro_guest g;
	uint64_t gone_ns, off_ns;
	bool is_fine;
	size_t i;

	if (micro_guest_start(&g, how, s, &err)) {
		micro_guest_end(&g);
		refuse_point(res, s->name, "agent_ready", RUN_RUNNER_FAILED,
			     err.msg);
		return false;
	}
	is_fine = micro_guests_await(&g, 1);
	gone_ns = micro_guest_end(&g);
	if (!is_fine) {
		refuse_point(res, s->name, "agent_ready", RUN_RUNNER_FAILED,
			     failure_of(&g, 1));
		return false;
	}
	for (i = 0; i < MICRO_PHASE_COUNT; i++)
		if (g.phase_ns[i] > g.spawn_ns && i <= MICRO_READY_PHASE)
			add_value(res, s->name, micro_phases[i], "ns",
				  (double)(g.phase_ns[i] - g.spawn_ns));
	/* What the host needs to take it all apart. */
	off_ns = g.phase_ns[MICRO_PHASE_COUNT - 1];
	if (off_ns && off_ns <= gone_ns)
		add_value(res, s->name, "gone", "ns",
			  (double)(gone_ns - off_ns));
	return true;
}

/* Proportional share of mapped memory; 0: it cannot be read. */
static uint64_t pss_bytes(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	return file_key_number(path, "Pss:") * KIB;
}

/* What each of COUNT guests holds: of all or of none. */
static void add_pss(const struct micro_guest *guests, size_t count,
		    const char *point, struct result *res)
{
	uint64_t sum = 0, bytes = 1;
	size_t i;

	for (i = 0; i < count && bytes; i++) {
		bytes = pss_bytes(guests[i].pid);
		sum += bytes;
	}
	if (bytes)
		add_value(res, point, "pss_each", "bytes",
			  (double)sum / (double)count);
	else
		series_refuse(series_get(res, point, "pss_each", "bytes"),
			      RUN_RUNNER_FAILED,
			      "the memory of a VMM cannot be read");
}

/* COUNT guests at once: until the last is ready, and what each then holds.
 * False when it did not work, and more need not be tried. */
static bool start_many(const struct micro_vmm *how, size_t count,
		       const char *point, struct result *res)
{
	static struct micro_guest guests[MICRO_MAX_GUESTS];
	const struct micro_shape shape = {point, "64M", 1, false};
	struct err err = {0};
	size_t started = 0;
	uint64_t last_ns = 0;
	bool is_fine = true;
	size_t i;

	while (is_fine && started < count)
		is_fine = !micro_guest_start(&guests[started++], how, &shape,
					     &err);
	if (!is_fine)
		refuse_point(res, point, "all_ready", RUN_RUNNER_FAILED,
			     err.msg);
	if (is_fine && !micro_guests_await(guests, started)) {
		is_fine = false;
		refuse_point(res, point, "all_ready", RUN_RUNNER_FAILED,
			     failure_of(guests, started));
	}
	for (i = 0; is_fine && i < count; i++)
		if (guests[i].phase_ns[MICRO_READY_PHASE] > last_ns)
			last_ns = guests[i].phase_ns[MICRO_READY_PHASE];
	if (is_fine) {
		add_value(res, point, "all_ready", "ns",
			  (double)(last_ns - guests[0].spawn_ns));
		add_pss(guests, count, point, res);
	}
	for (i = 0; i < started; i++)
		micro_guest_end(&guests[i]);
	return is_fine;
}

static void run_many(const struct micro_vmm *how, struct result *res)
{
	uint64_t deadline_ns = clock_mono_ns() + MANY_NS;
	uint64_t start_ns, took_ns = 0;
	bool is_fine = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(many) && is_fine; i++) {
		start_ns = clock_mono_ns();
		/* Twice as many guests take twice as long on a busy host;
		 * one and two are always started, so that there is a figure. */
		if (i > 1 && start_ns + 2 * took_ns > deadline_ns) {
			refuse_point(
				res, many[i].name, "all_ready", RUN_SKIPPED,
				"this many guests would exceed the suite's time limit");
			continue;
		}
		is_fine = start_many(how, many[i].count, many[i].name, res);
		took_ns = clock_mono_ns() - start_ns;
	}
}

/* Why this much RAM is not prefaulted here; NULL: it may be. The estimate is
 * the last shape's time per byte. */
static const char *too_big(const struct micro_shape *s, double ns_per_byte)
{
	struct err err = {0};
	uint64_t bytes = 0;

	if (!s->is_prefaulted || units_parse_bytes(s->memory, &bytes, &err))
		return NULL;
	if (bytes > file_key_number("/proc/meminfo", "MemAvailable:") * KIB / 2)
		return "the host does not have twice this memory available";
	if ((double)bytes * ns_per_byte > FULL_NS)
		return "this much memory would exceed the suite's time limit";
	return NULL;
}

/* Starts of one shape; returns the time of one start per byte. */
static double run_shape(const struct micro_vmm *how,
			const struct micro_shape *s, struct result *res)
{
	uint64_t begin_ns = clock_mono_ns(), took_ns = 0, bytes = 1;
	struct err err = {0};
	uint32_t n = 0;

	while (n < STARTS && took_ns <= SHAPE_NS && start_once(how, s, res)) {
		n++;
		took_ns = clock_mono_ns() - begin_ns;
	}
	units_parse_bytes(s->memory, &bytes, &err);
	return n ? (double)took_ns / n / (double)bytes : 0;
}

void micro_start_run(const char *hv, const struct bench_case *bc,
		     struct result *res)
{
	const struct micro_vmm how = micro_vmm_of(hv, bc);
	double ns_per_byte = 0;
	size_t i;

	if (!bench_case_has(bc, "micro_start"))
		return;
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const char *why = too_big(&shapes[i], ns_per_byte);

		if (why)
			refuse_point(res, shapes[i].name, "agent_ready",
				     RUN_SKIPPED, why);
		else
			ns_per_byte = run_shape(&how, &shapes[i], res);
	}
	run_many(&how, res);
}
