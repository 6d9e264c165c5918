// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/samples_json.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/digits.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"
#include "harness/store/run_data.h"
#include "reports/data/json.h"

/* One boot's samples of one series. */
struct part {
	const struct boot_data *boot;
	const struct series *series;
};

/* 0: one object has both. */
static int compare_series(const struct part *x, const struct part *y)
{
	const struct series *a = x->series, *b = y->series;
	int differ =
		(a->list_rank > b->list_rank) - (a->list_rank < b->list_rank);

	if (!differ)
		differ = strcmp(a->workload, b->workload);
	if (!differ)
		differ = strcmp(a->point, b->point);
	if (!differ)
		differ = strcmp(a->unit, b->unit);
	return differ ? differ
		      : model_compare_runners(x->boot->bc.runner,
					      y->boot->bc.runner);
}

/* In the order of listings, then of boots, then as they stand in the boot. */
static int compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int differ = compare_series(x, y);

	if (differ)
		return differ;
	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	return x->series < y->series ? -1 : x->series > y->series;
}

/* All that have samples; the caller frees them. */
static struct part *parts_of(const struct run_data *run, size_t *count)
{
	size_t i, k, n = 0, max = 0;
	struct part *parts;

	for (i = 0; i < run->boot_count; i++)
		max += run->boots[i].res.series_count;
	parts = xcalloc(max + 1, sizeof(*parts));
	for (i = 0; i < run->boot_count; i++) {
		const struct boot_data *b = &run->boots[i];

		for (k = 0; k < b->res.series_count; k++)
			if (b->res.series[k].sample_count)
				parts[n++] =
					(struct part){b, &b->res.series[k]};
	}
	qsort(parts, n, sizeof(*parts), compare_parts);
	*count = n;
	return parts;
}

static void put_real(struct strbuf *out, double value)
{
	if (isfinite(value))
		digits_add_real(out, value);
	else
		strbuf_puts(out, "null");
}

static void put_text(struct strbuf *out, const char *text)
{
	json_t *clean = json_text(text);
	char *quoted = json_dumps(clean, JSON_ENCODE_ANY);

	strbuf_puts(out, quoted);
	free(quoted);
	json_decref(clean);
}

static void put_boot(struct strbuf *out, const struct part *p)
{
	digits_add_count(out, p->boot->position);
}

static void put_block(struct strbuf *out, const struct part *p)
{
	digits_add_count(out, p->boot->bc.block);
}

static void put_grade(struct strbuf *out, const struct part *p)
{
	put_text(out, grade_name(p->boot->res.grade));
}

static void put_iterations(struct strbuf *out, const struct part *p)
{
	digits_add_count(out, p->series->iterations);
}

static void put_value(struct strbuf *out, const struct sample *s)
{
	put_real(out, s->value);
}

static void put_elapsed(struct strbuf *out, const struct sample *s)
{
	digits_add_count(out, s->elapsed_ns);
}

static void put_host_elapsed(struct strbuf *out, const struct sample *s)
{
	digits_add_count(out, s->host_elapsed_ns);
}

static void put_waited(struct strbuf *out, const struct sample *s)
{
	digits_add_count(out, s->waited_ns);
}

static void put_disturbances(struct strbuf *out, const struct sample *s)
{
	char why[64];

	/* Most have none. */
	strbuf_puts(out, "\"");
	if (s->disturbances)
		strbuf_puts(out, disturbances_text(s->disturbances, why,
						   sizeof(why)));
	strbuf_puts(out, "\"");
}

/* A column has an element per boot, which is one value or the list of the boot's
 * samples. */
static const struct column {
	const char *name;
	void (*put_of_boot)(struct strbuf *out, const struct part *p);
	void (*put_of_sample)(struct strbuf *out, const struct sample *s);
} columns[] = {
	{"boot", put_boot, NULL},
	{"block", put_block, NULL},
	{"grade", put_grade, NULL},
	{"iterations", put_iterations, NULL},
	{"value", NULL, put_value},
	{"elapsed_ns", NULL, put_elapsed},
	{"host_elapsed_ns", NULL, put_host_elapsed},
	{"waited_ns", NULL, put_waited},
	{"disturbances", NULL, put_disturbances},
};

static void put_samples(struct strbuf *out, const struct column *c,
			const struct series *s)
{
	size_t i;

	strbuf_puts(out, "[");
	for (i = 0; i < s->sample_count; i++) {
		if (i)
			strbuf_puts(out, ",");
		c->put_of_sample(out, &s->samples[i]);
	}
	strbuf_puts(out, "]");
}

/* Values of boots stand on one line, lists of samples on a line per boot. */
static void put_column(struct strbuf *out, const struct column *c,
		       const struct part *parts, size_t count)
{
	size_t i;

	strbuf_printf(out, ",\n   \"%s\": [", c->name);
	for (i = 0; i < count; i++) {
		if (i)
			strbuf_puts(out, c->put_of_boot ? "," : ",\n    ");
		if (c->put_of_boot)
			c->put_of_boot(out, &parts[i]);
		else
			put_samples(out, c, parts[i].series);
	}
	strbuf_puts(out, "]");
}

static void put_names(struct strbuf *out, const struct part *p)
{
	const char *const names[][2] = {
		{"runner", p->boot->bc.runner},
		{"workload", p->series->workload},
		{"point", p->series->point},
		{"unit", p->series->unit},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		strbuf_printf(out, "%s\n   \"%s\": ", i ? "," : "",
			      names[i][0]);
		put_text(out, names[i][1]);
	}
}

void samples_json_write(const struct run_data *run, FILE *out)
{
	struct strbuf text = {0};
	size_t count, i, next, c;
	struct part *parts = parts_of(run, &count);

	for (i = 0; i < count; i = next) {
		for (next = i + 1; next < count; next++)
			if (compare_series(&parts[i], &parts[next]))
				break;
		strbuf_puts(&text, i ? ",\n  {" : "\n  {");
		put_names(&text, &parts[i]);
		for (c = 0; c < ARRAY_SIZE(columns); c++)
			put_column(&text, &columns[c], parts + i, next - i);
		strbuf_puts(&text, next < count ? "\n  }" : "\n  }\n ");
		fwrite(text.str, 1, text.len, out);
		strbuf_consume(&text, text.len);
	}
	strbuf_release(&text);
	free(parts);
}
