// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/plausibility.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/core/metric.h"
#include "harness/core/runner.h"
#include "harness/findings/model.h"
#include "harness/store/stored_json.h"

/* Three cycles at 6 GHz: no load is faster. */
#define MIN_CHASE_NS 0.5
#define MIN_DRAM_CHASE_NS 40.0
/* A larger working set may have this much lower latency, by noise. */
#define MONOTONE_SLACK 0.9
#define MIN_BOOT_NS 20e6
#define MAX_BOOT_FACTOR 100.0
/* 600 cycles at 6 GHz, and 100,000 at 3. */
#define MIN_EXIT_NS 100.0
#define MAX_EXIT_NS 33000.0
#define MAX_DRIFT_PPM 500.0

/* P as it grows, and the model that it is of. */
struct check {
	const struct model *m;
	struct plausibility *p;
};

static void add_finding(const struct check *c, size_t runner,
			const char *workload, bool is_blocking, const char *fmt,
			...) __attribute__((format(printf, 5, 6)));

static void add_finding(const struct check *c, size_t runner,
			const char *workload, bool is_blocking, const char *fmt,
			...)
{
	struct plausibility *p = c->p;
	struct implausible *row;
	va_list ap;

	p->rows = xrealloc(p->rows, p->count + 1, sizeof(*p->rows));
	row = &p->rows[p->count++];
	*row = (struct implausible){.runner = c->m->runners[runner],
				    .is_blocking = is_blocking};
	snprintf(row->workload, sizeof(row->workload), "%s", workload);
	va_start(ap, fmt);
	vsnprintf(row->text, sizeof(row->text), fmt, ap);
	va_end(ap);
}

/* Of the fingerprint's "L1 48 KiB, L2 2048 KiB, L3 491520 KiB"; infinity where
 * it does not say. */
static double last_cache_bytes(const struct model *m)
{
	json_t *host = stored_json(m->run->fingerprint);
	const char *text =
		json_string_value(json_object_get(host, "cpu.caches"));
	const char *last = text ? strrchr(text, 'L') : NULL;
	unsigned long long kib = 0;
	bool is_known = last && sscanf(last, "L%*u %llu KiB", &kib) == 1;

	json_decref(host);
	return is_known ? (double)kib * KIB : INFINITY;
}

static void check_chase(const struct check *c, const struct model_row *row,
			size_t k, double cache_bytes)
{
	double ns = row->cells[k].median;
	size_t i;

	if (ns < MIN_CHASE_NS)
		add_finding(
			c, k, row->workload, true,
			"a dependent load of %s takes %.2f ns, less than three cycles",
			row->point, ns);
	if ((double)row->set_bytes > 2 * cache_bytes && ns < MIN_DRAM_CHASE_NS)
		add_finding(
			c, k, row->workload, true,
			"%s exceeds the caches and takes %.1f ns, less than DRAM takes",
			row->point, ns);
	for (i = 0; i < c->m->row_count; i++) {
		const struct model_row *other = &c->m->rows[i];

		if (strcmp(other->workload, row->workload) ||
		    other->page_bytes != row->page_bytes ||
		    other->set_bytes >= row->set_bytes ||
		    !(ns < MONOTONE_SLACK * other->cells[k].median))
			continue;
		add_finding(c, k, row->workload, true,
			    "%s has lower latency than %s (%.1f, %.1f ns)",
			    row->point, other->point, ns,
			    other->cells[k].median);
		return;
	}
}

static void check_boot(const struct check *c, const struct model_row *row,
		       size_t k)
{
	const struct model_cell *cell = &row->cells[k];
	size_t i;

	if (strcmp(row->point, "agent_ready"))
		return;
	if (runner_is_guest(c->m->runners[k]) && cell->median < MIN_BOOT_NS)
		add_finding(c, k, row->workload, true,
			    "Linux was ready after %.1f ms, which is too soon",
			    cell->median / 1e6);
	for (i = 0; i < cell->boot_count; i++)
		if (cell->boots[i] > MAX_BOOT_FACTOR * cell->median) {
			add_finding(c, k, row->workload, false,
				    "one boot took %.0f times the median",
				    cell->boots[i] / cell->median);
			return;
		}
}

static void check_exit(const struct check *c, const struct model_row *row,
		       size_t k)
{
	const struct model_cell *cell = &row->cells[k];

	if (strcmp(row->point, "cpuid,ring0/p50") ||
	    cell->grade != GRADE_HARDWARE || !runner_is_guest(c->m->runners[k]))
		return;
	if (cell->median < MIN_EXIT_NS || cell->median > MAX_EXIT_NS)
		add_finding(
			c, k, row->workload, false,
			"CPUID takes %.0f ns: it does not exit, or is interrupted",
			cell->median);
}

static void check_drift(const struct check *c, size_t k)
{
	struct model_clocks d = c->m->clocks[k];
	double least, ppm = 0;

	least = d.host_ns - d.exit_ns;
	/* What lies between may be the exits' doing. */
	if (d.guest_ns > 0 && least > d.guest_ns)
		ppm = 1e6 * (least / d.guest_ns - 1);
	else if (d.guest_ns > 0 && d.host_ns < d.guest_ns)
		ppm = 1e6 * (d.host_ns / d.guest_ns - 1);
	if (fabs(ppm) > MAX_DRIFT_PPM)
		add_finding(c, k, "", true,
			    "its clock drifts from the host's by %.0f ppm",
			    ppm);
}

static void check_row(const struct check *c, const struct model_row *row,
		      size_t k, double cache_bytes)
{
	if (!row->cells[k].boot_count)
		return;
	if (!strcmp(row->workload, "mem_latency"))
		check_chase(c, row, k, cache_bytes);
	else if (!strcmp(row->workload, "boot"))
		check_boot(c, row, k);
	else if (!strcmp(row->workload, "micro_exit"))
		check_exit(c, row, k);
}

void plausibility_init(struct plausibility *p, const struct model *m)
{
	struct check c = {m, p};
	double cache_bytes = last_cache_bytes(m);
	size_t i, k;

	*p = (struct plausibility){.rows = NULL};
	for (k = 0; k < m->runner_count; k++) {
		for (i = 0; i < m->row_count; i++)
			check_row(&c, &m->rows[i], k, cache_bytes);
		check_drift(&c, k);
	}
}

void plausibility_release(struct plausibility *p)
{
	free(p->rows);
	*p = (struct plausibility){.rows = NULL};
}

const struct implausible *plausibility_blocks(const struct plausibility *p,
					      const char *runner,
					      const char *workload)
{
	const struct implausible *row;

	for (row = p->rows; row < p->rows + p->count; row++)
		if (row->is_blocking && !strcmp(row->runner, runner) &&
		    (!row->workload[0] || !strcmp(row->workload, workload)))
			return row;
	return NULL;
}
