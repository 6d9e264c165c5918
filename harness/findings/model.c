// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/core/metric.h"
#include "harness/stats/quantile.h"

int model_compare_runners(const char *a, const char *b)
{
	int a_is_base = model_is_base(a), b_is_base = model_is_base(b);

	return a_is_base != b_is_base ? b_is_base - a_is_base : strcmp(a, b);
}

bool model_is_base(const char *runner)
{
	return !strcmp(runner, MODEL_BASELINE);
}

bool model_has_base(const struct model *m)
{
	return m->runner_count && model_is_base(m->runners[0]);
}

size_t model_find_runner(const struct model *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->runner_count; i++)
		if (!strcmp(m->runners[i], name))
			break;
	return i;
}

const struct model_row *model_find_row(const struct model *m,
				       const char *workload, const char *point)
{
	size_t i;

	for (i = 0; i < m->row_count; i++)
		if (!strcmp(m->rows[i].workload, workload) &&
		    !strcmp(m->rows[i].point, point))
			return &m->rows[i];
	return NULL;
}

static size_t runner_index(struct model *m, const char *name)
{
	size_t i = model_find_runner(m, name);

	if (i == m->runner_count && i < MODEL_MAX_RUNNERS)
		m->runners[m->runner_count++] = name;
	return i;
}

/* The search begins at *AT, which moves on: each boot has its series in about
 * the order of the one before, and a run has tens of thousands of both. */
static struct model_row *row_get(struct model *m, const struct series *s,
				 size_t *at)
{
	struct model_row *row;
	size_t i;

	for (i = 0; i < m->row_count; i++) {
		row = &m->rows[(*at + i) % m->row_count];
		if (strcmp(row->workload, s->workload) ||
		    strcmp(row->point, s->point))
			continue;
		*at = (size_t)(row - m->rows) + 1;
		return row;
	}
	*at = m->row_count + 1;
	m->rows = xrealloc(m->rows, m->row_count + 1, sizeof(*m->rows));
	row = &m->rows[m->row_count++];
	memset(row, 0, sizeof(*row));
	snprintf(row->workload, sizeof(row->workload), "%s", s->workload);
	snprintf(row->point, sizeof(row->point), "%s", s->point);
	snprintf(row->unit, sizeof(row->unit), "%s", s->unit);
	row->lower_is_better = s->lower_is_better;
	row->set_bytes = s->set_bytes;
	row->page_bytes = s->page_bytes;
	row->list_rank = s->list_rank;
	for (i = 0; i < MODEL_MAX_RUNNERS; i++)
		row->cells[i].grade = GRADE_HARDWARE;
	return row;
}

/* Into VALUES, which has room for all of them. */
static size_t undisturbed(const struct series *s, double *values)
{
	size_t i, count = 0;

	for (i = 0; i < s->sample_count; i++)
		if (!s->samples[i].disturbances)
			values[count++] = s->samples[i].value;
	return count;
}

/* What is kept of it, where its samples were removed. */
static const struct figure *kept_of(const struct series *s)
{
	return s->sample_count ? NULL : s->figure;
}

double model_boot_figure(const struct series *s)
{
	const struct figure *kept = kept_of(s);
	double *values = xcalloc(s->sample_count + 1, sizeof(*values));
	size_t count = s->status == RUN_OK ? undisturbed(s, values) : 0;
	double figure = quantile_median(values, count);

	free(values);
	if (kept && s->status == RUN_OK && kept->used_count)
		return kept->median;
	return figure;
}

static void cell_add_median(struct model_cell *cell, uint32_t block,
			    double median)
{
	size_t n = cell->boot_count++;

	cell->boots = xrealloc(cell->boots, n + 1, sizeof(*cell->boots));
	cell->blocks = xrealloc(cell->blocks, n + 1, sizeof(*cell->blocks));
	cell->boots[n] = median;
	cell->blocks[n] = block;
}

static void cell_keep_samples(struct model_cell *cell, const double *values,
			      size_t count)
{
	cell->samples = xrealloc(cell->samples, cell->sample_count + count,
				 sizeof(*cell->samples));
	memcpy(cell->samples + cell->sample_count, values,
	       count * sizeof(*values));
	cell->sample_count += count;
}

static void cell_add_samples(struct model_cell *cell, uint32_t block,
			     const struct series *s, bool keeps_samples)
{
	double *values = xcalloc(s->sample_count, sizeof(*values));
	size_t count = undisturbed(s, values);

	cell->disturbed_count += s->sample_count - count;
	if (count) {
		if (keeps_samples)
			cell_keep_samples(cell, values, count);
		quantile_sort(values, count);
		cell_add_median(cell, block,
				quantile_of_sorted(values, count, 0.5));
		cell->used_count += count;
	}
	free(values);
}

/* A boot in which every sample was disturbed has no figure. */
static void cell_add_boot(struct model_cell *cell, uint32_t block,
			  const struct series *s, bool keeps_samples)
{
	const struct figure *f = kept_of(s);

	if (!f) {
		cell_add_samples(cell, block, s, keeps_samples);
		return;
	}
	cell->used_count += f->used_count;
	cell->disturbed_count += f->sample_count - f->used_count;
	if (f->used_count)
		cell_add_median(cell, block, f->median);
}

/* The long samples alone: what an exit costs cannot explain a drift of theirs. */
static void add_clocks(const struct series *s, double exit_cost_ns,
		       struct model_clocks *c)
{
	size_t i;

	/* A program's times have the way to us in them. */
	if (metric_of_point(s->point) || !strcmp(s->workload, "boot"))
		return;
	for (i = 0; i < s->sample_count; i++) {
		const struct sample *p = &s->samples[i];

		if (!p->host_elapsed_ns || p->disturbances ||
		    p->elapsed_ns < FIGURE_LONG_NS)
			continue;
		c->guest_ns += (double)p->elapsed_ns;
		c->host_ns += (double)p->host_elapsed_ns;
		c->exit_ns += exit_cost_ns;
	}
	if (s->sample_count || !s->figure)
		return;
	c->guest_ns += (double)s->figure->long_elapsed_ns;
	c->host_ns += (double)s->figure->long_host_ns;
	c->exit_ns += (double)s->figure->long_count * exit_cost_ns;
}

void model_add_boot(struct model *m, const struct boot_data *b)
{
	size_t runner = runner_index(m, b->bc.runner);
	size_t i, at = 0;

	if (b->res.series_count)
		m->has_grade[b->res.grade] = true;
	m->failed_boot_count += b->res.status != RUN_OK;
	if (runner == MODEL_MAX_RUNNERS)
		return;
	for (i = 0; i < b->res.series_count; i++) {
		const struct series *s = &b->res.series[i];
		struct model_cell *cell = &row_get(m, s, &at)->cells[runner];

		add_clocks(s, (double)b->res.exit_cost_ns, &m->clocks[runner]);
		if (b->res.grade > cell->grade)
			cell->grade = b->res.grade;
		if (s->status == RUN_OK) {
			cell_add_boot(cell, b->bc.block, s, m->keeps_samples);
			if (s->reason[0])
				snprintf(cell->note, sizeof(cell->note), "%s",
					 s->reason);
			continue;
		}
		cell->refused_count++;
		cell->status = s->status;
		snprintf(cell->reason, sizeof(cell->reason), "%s", s->reason);
	}
}

const struct model_cell *model_base(const struct model *m,
				    const struct model_row *row)
{
	return model_has_base(m) ? &row->cells[0] : NULL;
}

/* The boots of one block. */
struct block_mean {
	uint32_t block;
	size_t first; /* of them, among the cell's boots */
	double mean;  /* geometric; 0 if one of them is not above zero */
};

static int compare_blocks(const void *a, const void *b)
{
	const struct block_mean *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return (x->first > y->first) - (x->first < y->first);
}

static int compare_firsts(const void *a, const void *b)
{
	const struct block_mean *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* The mean of MEANS[0 .. COUNT), which are a boot of C each and are multiplied in
 * their order. */
static double mean_of(const struct model_cell *c,
		      const struct block_mean *means, size_t count)
{
	double product = 1;
	size_t i;

	for (i = 0; i < count; i++)
		product *= fmax(c->boots[means[i].first], 0);
	return count > 1 ? pow(product, 1 / (double)count) : product;
}

/* One per block, by their numbers; the caller frees them. */
static struct block_mean *block_means(const struct model_cell *c, size_t *count)
{
	struct block_mean *means = xcalloc(c->boot_count + 1, sizeof(*means));
	size_t i, end, n = 0;

	for (i = 0; i < c->boot_count; i++)
		means[i] = (struct block_mean){c->blocks[i], i, NAN};
	qsort(means, c->boot_count, sizeof(*means), compare_blocks);
	for (i = 0; i < c->boot_count; i = end) {
		struct block_mean first = means[i];

		for (end = i + 1; end < c->boot_count; end++)
			if (means[end].block != first.block)
				break;
		first.mean = mean_of(c, means + i, end - i);
		means[n++] = first;
	}
	*count = n;
	return means;
}

/* NaN without a boot of that block in the COUNT. */
static double find_mean(const struct block_mean *means, size_t count,
			uint32_t block)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t at = low + (high - low) / 2;

		if (means[at].block < block)
			low = at + 1;
		else
			high = at;
	}
	return low < count && means[low].block == block ? means[low].mean : NAN;
}

/* One logarithm per block, in the order of its first boots; BASE is not used where
 * OWN is true. */
static size_t block_logs(const struct model_cell *base, bool own,
			 const struct model_cell *cell, double *logs,
			 uint32_t *blocks)
{
	size_t i, n, base_count = 0, count = 0;
	bool has_zero = false;
	struct block_mean *means = block_means(cell, &n);
	struct block_mean *base_means =
		base ? block_means(base, &base_count) : NULL;

	qsort(means, n, sizeof(*means), compare_firsts);
	for (i = 0; i < n; i++) {
		double by =
			own ? 1
			    : find_mean(base_means, base_count, means[i].block);

		double ratio = means[i].mean / by;

		if (isnan(by))
			continue;
		has_zero |= !(ratio > 0 && isfinite(ratio));
		if (blocks)
			blocks[count] = means[i].block;
		logs[count++] = log(ratio);
	}
	free(base_means);
	free(means);
	/* What is left without such a block would be what happened to be above zero. */
	return has_zero ? 0 : count;
}

size_t model_block_logs(const struct model_cell *base,
			const struct model_cell *cell, double *logs,
			uint32_t *blocks)
{
	return block_logs(base, false, cell, logs, blocks);
}

size_t model_own_logs(const struct model_cell *cell, double *logs,
		      uint32_t *blocks)
{
	return block_logs(NULL, true, cell, logs, blocks);
}

bool model_cell_has_zero(const struct model_cell *cell)
{
	size_t i;

	for (i = 0; i < cell->boot_count; i++)
		if (!(cell->boots[i] > 0))
			return true;
	return false;
}

static void estimate(const struct model_cell *base, struct model_cell *cell)
{
	double *logs = xcalloc(cell->boot_count + 1, sizeof(*logs));

	cell->ratio_count = model_block_logs(base, cell, logs, NULL);
	cell->ratio = ratio_of_logs(logs, cell->ratio_count, MODEL_CONFIDENCE);
	model_hide_interval(&cell->ratio, cell->ratio_count);
	free(logs);
}

static int compare_rows(const void *a, const void *b)
{
	const struct model_row *x = a;
	const struct model_row *y = b;

	return (x->list_rank > y->list_rank) - (x->list_rank < y->list_rank);
}

static int compare_runners(const void *a, const void *b)
{
	return model_compare_runners(*(const char *const *)a,
				     *(const char *const *)b);
}

void model_begin(struct model *m, const struct run_data *run,
		 bool keeps_samples)
{
	size_t i;

	memset(m, 0, sizeof(*m));
	m->run = run;
	m->keeps_samples = keeps_samples;
	for (i = 0; i < run->boot_count; i++)
		runner_index(m, run->boots[i].bc.runner);
	qsort(m->runners, m->runner_count, sizeof(m->runners[0]),
	      compare_runners);
}

void model_end(struct model *m)
{
	size_t i, k;

	if (m->row_count)
		qsort(m->rows, m->row_count, sizeof(*m->rows), compare_rows);
	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++) {
			struct model_cell *cells = m->rows[i].cells;

			cells[k].median = quantile_median(cells[k].boots,
							  cells[k].boot_count);
			estimate(model_base(m, &m->rows[i]), &cells[k]);
		}
}

void model_init(struct model *m, const struct run_data *run)
{
	size_t i;

	model_begin(m, run, true);
	for (i = 0; i < run->boot_count; i++)
		model_add_boot(m, &run->boots[i]);
	model_end(m);
}

void model_release(struct model *m)
{
	size_t i, k;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < MODEL_MAX_RUNNERS; k++) {
			free(m->rows[i].cells[k].boots);
			free(m->rows[i].cells[k].blocks);
			free(m->rows[i].cells[k].samples);
		}
	free(m->rows);
	memset(m, 0, sizeof(*m));
}

bool model_next_group(const struct model *m, size_t *at, struct model_group *g)
{
	while (*at < m->row_count && !metric_of_point(m->rows[*at].point))
		(*at)++;
	if (*at == m->row_count)
		return false;
	g->rows = &m->rows[*at];
	snprintf(g->point, sizeof(g->point), "%.*s",
		 (int)strcspn(g->rows->point, "/"), g->rows->point);
	for (g->count = 0; *at < m->row_count; g->count++, (*at)++) {
		const struct model_row *row = &m->rows[*at];

		/* A run from elsewhere may have one that is not known here. */
		if (strcmp(row->workload, g->rows->workload) ||
		    strncmp(row->point, g->point, strlen(g->point)) ||
		    row->point[strlen(g->point)] != '/' ||
		    !metric_of_point(row->point))
			break;
	}
	return true;
}

const struct model_row *model_group_row(const struct model_group *g,
					const char *metric)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		if (!strcmp(metric_of_point(g->rows[i].point)->name, metric))
			return &g->rows[i];
	return NULL;
}

const char *model_row_name(const struct model_row *row, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", row->workload, row->point[0] ? " " : "",
		 row->point);
	return buf;
}

bool model_row_is_micro(const struct model_row *row)
{
	return !strncmp(row->workload, "micro_", 6);
}

bool model_row_is_footprint(const struct model_row *row)
{
	return !strncmp(row->workload, "footprint", 9);
}

bool model_row_is_summary(const struct model_row *row)
{
	const struct metric *m = metric_of_point(row->point);

	if (!m)
		return true;
	if (model_row_is_micro(row) && strcmp(row->workload, "micro_start"))
		return !strcmp(m->name, "p50");
	/* Streams are told by bandwidth, requests by their number. */
	if (!strcmp(m->name, "bandwidth") || !strcmp(m->name, "cpu_per_gib"))
		return !strcmp(row->workload, "network");
	return !m->is_detail;
}

bool model_cell_is_measured(const struct model_cell *cell)
{
	return cell->boot_count || cell->disturbed_count || cell->refused_count;
}

size_t model_blind_count(const struct model *m)
{
	size_t i, k, count = 0;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++) {
			const struct model_cell *c = &m->rows[i].cells[k];

			count += c->disturbed_count && !c->boot_count;
		}
	return count;
}

enum grade model_row_grade(const struct model *m, const struct model_row *row)
{
	enum grade worst = GRADE_HARDWARE;
	size_t i;

	for (i = 0; i < m->runner_count; i++)
		if (row->cells[i].grade > worst)
			worst = row->cells[i].grade;
	return worst;
}

/* A boot that failed before it came to a series has nothing in its cell. */
static struct model_outcome outcome_of_boots(const struct model *m,
					     size_t runner)
{
	struct model_outcome o = {"not measured", ""};
	size_t i;

	for (i = 0; i < m->run->boot_count; i++) {
		const struct boot_data *b = &m->run->boots[i];

		if (b->res.status != RUN_OK &&
		    !strcmp(b->bc.runner, m->runners[runner]))
			o = (struct model_outcome){
				run_status_name(b->res.status), b->res.reason};
	}
	return o;
}

struct model_outcome model_outcome(const struct model *m,
				   const struct model_row *row, size_t runner)
{
	const struct model_cell *c = &row->cells[runner];

	if (c->boot_count)
		return (struct model_outcome){
			c->refused_count ? "partial" : "ok", c->reason};
	if (c->refused_count)
		return (struct model_outcome){run_status_name(c->status),
					      c->reason};
	if (c->disturbed_count)
		return (struct model_outcome){"disturbed",
					      "every sample was disturbed"};
	return outcome_of_boots(m, runner);
}

const char *model_cell_word(const struct model_cell *c)
{
	if (c->refused_count && c->status == RUN_SKIPPED)
		return "skipped";
	if (c->refused_count)
		return c->status == RUN_VOID ? "void" : "failed";
	return c->disturbed_count ? "disturbed" : "-";
}

void model_hide_bounds(double *low, double *high, size_t count)
{
	if (count < MODEL_LEAST_BLOCKS)
		*low = *high = NAN;
}

void model_hide_interval(struct ratio *r, size_t block_count)
{
	model_hide_bounds(&r->low, &r->high, block_count);
}

const char *model_no_interval(size_t block_count, char *buf, size_t size)
{
	if (block_count < MODEL_LEAST_BLOCKS)
		snprintf(buf, size, "%zu block%s", block_count,
			 block_count == 1 ? "" : "s");
	else
		snprintf(buf, size, "no noise");
	return buf;
}

const char *model_grades(const struct model *m, char *buf, size_t size)
{
	size_t used = 0;
	int g;

	buf[0] = '\0';
	for (g = 0; g < GRADE_COUNT; g++)
		if (m->has_grade[g] && used < size)
			used += (size_t)snprintf(buf + used, size - used,
						 "%s%s", used ? ", " : "",
						 grade_name((enum grade)g));
	return buf;
}
