// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/plausible.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/core/metric.h"
#include "reports/model.h"

/* Three cycles, which no load takes less than, at 6 GHz. */
#define MIN_CHASE_NS 0.5
#define MIN_DRAM_CHASE_NS 40.0
/* A larger working set may look this much nearer, by noise. */
#define MONOTONE_SLACK 0.9
#define MIN_BOOT_NS 20e6
#define MAX_BOOT_FACTOR 100.0
/* 600 cycles at 6 GHz, and 100,000 at 3. */
#define MIN_EXIT_NS 100.0
#define MAX_EXIT_NS 33000.0
#define MAX_DRIFT_PPM 500.0
/* Of shorter samples, what an exit costs is more than any drift. */
#define DRIFT_MIN_NS (50 * NS_PER_MS)

struct findings {
	const struct model *m;
	struct finding *rows;
	size_t count;
};

static void add(struct findings *f, size_t runner, const char *workload,
		bool is_blocking, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static void add(struct findings *f, size_t runner, const char *workload,
		bool is_blocking, const char *fmt, ...)
{
	struct finding *row;
	va_list ap;

	f->rows = xrealloc(f->rows, f->count + 1, sizeof(*f->rows));
	row = &f->rows[f->count++];
	*row = (struct finding){.runner = f->m->runners[runner],
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
	json_t *host = json_loads(m->run->fingerprint, 0, NULL);
	const char *text =
		json_string_value(json_object_get(host, "cpu.caches"));
	const char *last = text ? strrchr(text, 'L') : NULL;
	unsigned long long kib = 0;
	bool is_known = last && sscanf(last, "L%*u %llu KiB", &kib) == 1;

	json_decref(host);
	return is_known ? (double)kib * KIB : INFINITY;
}

static void check_chase(struct findings *f, const struct model_row *row,
			size_t k, double cache_bytes)
{
	double ns = row->cells[k].median;
	size_t i;

	if (ns < MIN_CHASE_NS)
		add(f, k, row->workload, true,
		    "a dependent load of %s takes %.2f ns, less than three cycles",
		    row->point, ns);
	if ((double)row->set_bytes > 2 * cache_bytes && ns < MIN_DRAM_CHASE_NS)
		add(f, k, row->workload, true,
		    "%s lies beyond the caches and takes %.1f ns, less than memory does",
		    row->point, ns);
	for (i = 0; i < f->m->row_count; i++) {
		const struct model_row *other = &f->m->rows[i];

		if (strcmp(other->workload, row->workload) ||
		    other->page_bytes != row->page_bytes ||
		    other->set_bytes >= row->set_bytes ||
		    !(ns < MONOTONE_SLACK * other->cells[k].median))
			continue;
		add(f, k, row->workload, true,
		    "%s is nearer than %s (%.1f, %.1f ns)", row->point,
		    other->point, ns, other->cells[k].median);
		return;
	}
}

static void check_boot(struct findings *f, const struct model_row *row,
		       size_t k)
{
	const struct model_cell *c = &row->cells[k];
	size_t i;

	if (strcmp(row->point, "agent_ready"))
		return;
	if (strncmp(f->m->runners[k], MODEL_BASELINE, 6) &&
	    c->median < MIN_BOOT_NS)
		add(f, k, row->workload, true,
		    "Linux was ready after %.1f ms, which is too soon",
		    c->median / 1e6);
	for (i = 0; i < c->boot_count; i++)
		if (c->boots[i] > MAX_BOOT_FACTOR * c->median) {
			add(f, k, row->workload, false,
			    "one boot took %.0f times as long as half of them",
			    c->boots[i] / c->median);
			return;
		}
}

static void check_exit(struct findings *f, const struct model_row *row,
		       size_t k)
{
	const struct model_cell *c = &row->cells[k];

	if (strcmp(row->point, "cpuid,ring0/p50") ||
	    c->grade != GRADE_HARDWARE || !strcmp(f->m->runners[k], "native"))
		return;
	if (c->median < MIN_EXIT_NS || c->median > MAX_EXIT_NS)
		add(f, k, row->workload, false,
		    "CPUID takes %.0f ns: it does not exit, or is interrupted",
		    c->median);
}

/* By the long samples: what an exit costs cannot explain it there. */
static void check_drift(struct findings *f, size_t k)
{
	double least = 0, most = 0, guest = 0, ppm = 0;
	size_t i, n, s;

	for (i = 0; i < f->m->run->boot_count; i++) {
		const struct boot_data *b = &f->m->run->boots[i];

		if (strcmp(b->bc.runner, f->m->runners[k]))
			continue;
		for (n = 0; n < b->res.series_count; n++) {
			/* A program's times have the way to us in them. */
			if (metric_of_point(b->res.series[n].point) ||
			    !strcmp(b->res.series[n].workload, "boot"))
				continue;
			for (s = 0; s < b->res.series[n].sample_count; s++) {
				const struct sample *p =
					&b->res.series[n].samples[s];

				if (!p->host_elapsed_ns || p->disturbances ||
				    p->elapsed_ns < DRIFT_MIN_NS)
					continue;
				guest += (double)p->elapsed_ns;
				most += (double)p->host_elapsed_ns;
				least += (double)p->host_elapsed_ns -
					 (double)b->res.exit_cost_ns;
			}
		}
	}
	/* What lies between may be the exits' doing. */
	if (guest > 0 && least > guest)
		ppm = 1e6 * (least / guest - 1);
	else if (guest > 0 && most < guest)
		ppm = 1e6 * (most / guest - 1);
	if (fabs(ppm) > MAX_DRIFT_PPM)
		add(f, k, "", true,
		    "its clock goes wrong by %.0f ppm of the host's", ppm);
}

static void check_row(struct findings *f, const struct model_row *row, size_t k,
		      double cache_bytes)
{
	if (!row->cells[k].boot_count)
		return;
	if (!strcmp(row->workload, "mem_latency"))
		check_chase(f, row, k, cache_bytes);
	else if (!strcmp(row->workload, "boot"))
		check_boot(f, row, k);
	else if (!strcmp(row->workload, "micro_exit"))
		check_exit(f, row, k);
}

struct finding *plausible_check(const struct model *m, size_t *count)
{
	struct findings f = {.m = m};
	double cache_bytes = last_cache_bytes(m);
	size_t i, k;

	for (k = 0; k < m->runner_count; k++) {
		for (i = 0; i < m->row_count; i++)
			check_row(&f, &m->rows[i], k, cache_bytes);
		check_drift(&f, k);
	}
	*count = f.count;
	return f.rows;
}

const struct finding *plausible_find(const struct finding *f, size_t count,
				     const char *runner, const char *workload)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (f[i].is_blocking && !strcmp(f[i].runner, runner) &&
		    (!f[i].workload[0] || !strcmp(f[i].workload, workload)))
			return &f[i];
	return NULL;
}

void plausible_write(const struct model *m, FILE *out)
{
	size_t i, count;
	struct finding *f = plausible_check(m, &count);

	if (count)
		fputs("\nNot plausible:\n", out);
	for (i = 0; i < count; i++)
		fprintf(out, "  %s%s%s: %s%s\n", f[i].runner,
			f[i].workload[0] ? ", " : "", f[i].workload, f[i].text,
			f[i].is_blocking ? "; no PASS may rest on it" : "");
	free(f);
}
