// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/measure/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/core/result.h"

/* The fraction of a window that other tasks may use. */
#define MAX_SHARE 0.01
/* By which the frequency may differ from that of the last window. */
#define MAX_FREQUENCY_SHARE 0.02

static const char *first_line(const struct guard *g, const char *path,
			      char *line, size_t size)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", g->root ? g->root : "", path);
	return file_first_line(full, line, size);
}

static void read_stat(const struct guard *g, struct guard_reading *r)
{
	uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t user, nice, system, irq, softirq, steal;
	char line[256];

	if (sscanf(first_line(g, "/proc/stat", line, sizeof(line)),
		   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %*u %" SCNu64
		   " %" SCNu64 " %" SCNu64,
		   &user, &nice, &system, &irq, &softirq, &steal) != 6)
		return;
	r->steal_ns = steal * tick_ns;
	r->busy_ns = (user + nice + system + irq + softirq) * tick_ns;
	r->has_stat = true;
}

static void read_pressure(const struct guard *g, struct guard_reading *r)
{
	const char *total;
	char line[160];
	uint64_t us;

	first_line(g, "/proc/pressure/memory", line, sizeof(line));
	total = strstr(line, "total=");
	if (!total || sscanf(total, "total=%" SCNu64, &us) != 1)
		return;
	r->stall_ns = us * 1000;
	r->has_pressure = true;
}

static void read_all(const struct guard *g, struct guard_reading *r)
{
	char line[64];

	*r = (struct guard_reading){.mono_ns = clock_mono_ns()};
	read_stat(g, r);
	read_pressure(g, r);
	if (sscanf(first_line(
			   g,
			   "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq",
			   line, sizeof(line)),
		   "%" SCNu64, &r->khz) != 1)
		r->khz = 0;
}

static void note_frequency(struct guard *g, uint64_t khz)
{
	if (!khz)
		return;
	if (!g->khz_min || khz < g->khz_min)
		g->khz_min = khz;
	if (khz > g->khz_max)
		g->khz_max = khz;
}

/*
 * A file that could be read before and cannot now: the old counts stay, so that
 * the next window holds what this one may have had. Returns the disturbances that
 * this reading cannot rule out.
 */
static uint32_t keep_counts(struct guard_reading *now,
			    const struct guard_reading *old)
{
	uint32_t bits = 0;

	if (old->has_stat && !now->has_stat) {
		now->has_stat = true;
		now->steal_ns = old->steal_ns;
		now->busy_ns = old->busy_ns;
		bits |= DISTURBED_STEAL;
	}
	if (old->has_pressure && !now->has_pressure) {
		now->has_pressure = true;
		now->stall_ns = old->stall_ns;
		bits |= DISTURBED_MEMORY;
	}
	return bits;
}

static uint32_t read_next(struct guard *g)
{
	const struct guard_reading old = g->last;

	read_all(g, &g->last);
	note_frequency(g, g->last.khz);
	return keep_counts(&g->last, &old);
}

void guard_begin(struct guard *g)
{
	read_next(g);
	if (!g->first.mono_ns)
		g->first = g->last;
}

static bool is_share(uint64_t from, uint64_t to, uint64_t window_ns)
{
	return to > from && (double)(to - from) > MAX_SHARE * (double)window_ns;
}

uint32_t guard_next(struct guard *g)
{
	struct guard_reading old = g->last;
	uint32_t bits = read_next(g);
	uint64_t window_ns = g->last.mono_ns - old.mono_ns;
	double change;

	if (is_share(old.steal_ns, g->last.steal_ns, window_ns))
		bits |= DISTURBED_STEAL;
	if (is_share(old.stall_ns, g->last.stall_ns, window_ns))
		bits |= DISTURBED_MEMORY;
	change = (double)g->last.khz / (double)(old.khz ? old.khz : 1) - 1;
	if (old.khz && g->last.khz &&
	    (change > MAX_FREQUENCY_SHARE || change < -MAX_FREQUENCY_SHARE))
		bits |= DISTURBED_FREQUENCY;
	g->window_count++;
	g->disturbed_count += bits != 0;
	return bits;
}

/* In CPUs; kernel threads that work for the machine are among them. */
static double other_load(uint64_t busy_ns, uint64_t own_ns, uint64_t span_ns)
{
	return busy_ns > own_ns ? (double)(busy_ns - own_ns) / (double)span_ns
				: 0.0;
}

static void set_number(json_t *out, const char *key, uint64_t value)
{
	json_object_set_new(out, key, json_integer((json_int_t)value));
}

json_t *guard_to_json(const struct guard *g, uint64_t own_ns)
{
	const struct guard_reading *first = &g->first, *last = &g->last;
	uint64_t span_ns = last->mono_ns - first->mono_ns;
	json_t *out;

	if (!g->window_count || !span_ns)
		return NULL;
	out = json_pack("{s:I, s:i, s:i}", "span_ns", (json_int_t)span_ns,
			"window_count", (int)g->window_count, "disturbed_count",
			(int)g->disturbed_count);
	if (first->has_stat && last->has_stat) {
		set_number(out, "steal_ns", last->steal_ns - first->steal_ns);
		json_object_set_new(
			out, "other_load",
			json_real(other_load(last->busy_ns - first->busy_ns,
					     own_ns, span_ns)));
	}
	if (first->has_pressure && last->has_pressure)
		set_number(out, "memory_stall_ns",
			   last->stall_ns - first->stall_ns);
	if (g->khz_max) {
		set_number(out, "khz_min", g->khz_min);
		set_number(out, "khz_max", g->khz_max);
	}
	return out;
}
