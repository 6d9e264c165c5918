// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/metric.h"
#include "workloads/workload.h"

/* More than there are metrics. */
#define RANKS_PER_POINT 64

static const char *const status_names[] = {
	[RUN_OK] = "ok",
	[RUN_SKIPPED] = "skipped",
	[RUN_TIMEOUT] = "timeout",
	[RUN_VOID] = "void",
	[RUN_WORKLOAD_FAILED] = "workload_failed",
	[RUN_RUNNER_FAILED] = "runner_failed",
};
_Static_assert(ARRAY_SIZE(status_names) == RUN_STATUS_COUNT,
	       "every status has a name");

const char *run_status_name(enum run_status status)
{
	return status_names[status];
}

enum run_status run_status_parse(const char *name)
{
	int i;

	for (i = 0; i < RUN_STATUS_COUNT; i++)
		if (name && !strcmp(status_names[i], name))
			return (enum run_status)i;
	return RUN_RUNNER_FAILED;
}

static const char *const disturbance_names[] = {"clocks", "cpu", "steal",
						"memory", "frequency"};

const char *disturbances_text(uint32_t bits, char *buf, size_t size)
{
	size_t i, used = 0;

	buf[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(disturbance_names) && used < size; i++)
		if (bits & 1u << i)
			used += (size_t)snprintf(buf + used, size - used,
						 "%s%s", used ? ", " : "",
						 disturbance_names[i]);
	return buf;
}

void result_init(struct result *res)
{
	memset(res, 0, sizeof(*res));
	res->grade = GRADE_EMULATED;
}

static void series_release(struct series *s)
{
	free(s->samples);
	free(s->figure);
}

void result_release(struct result *res)
{
	size_t i;

	for (i = 0; i < res->series_count; i++)
		series_release(&res->series[i]);
	for (i = 0; i < res->document_count; i++)
		free(res->documents[i].text);
	free(res->documents);
	free(res->series);
	free(res->phases);
	free(res->exits);
	free(res->identity);
	free(res->console);
	result_init(res);
}

void result_fail(struct result *res, enum run_status status, const char *fmt,
		 ...)
{
	va_list ap;

	if (res->status != RUN_OK)
		return;
	res->status = status;
	va_start(ap, fmt);
	vsnprintf(res->reason, sizeof(res->reason), fmt, ap);
	va_end(ap);
	text_clean(res->reason);
}

const struct series *result_failed_series(const struct result *res)
{
	size_t i;

	for (i = 0; i < res->series_count && res->status == RUN_OK; i++)
		if (res->series[i].status != RUN_OK &&
		    res->series[i].status != RUN_SKIPPED)
			return &res->series[i];
	return NULL;
}

bool result_has_failed(const struct result *res)
{
	return res->status != RUN_OK || result_failed_series(res);
}

struct series *result_add_series(struct result *res, const char *workload,
				 const char *point, const char *unit)
{
	const struct workload *wl = workload_find(workload);
	const struct metric *metric = metric_of_point(point);
	char base[sizeof(((struct series *)0)->point)];
	const struct wl_point *p;
	struct series *s;

	snprintf(base, sizeof(base), "%.*s", (int)strcspn(point, "/"), point);

	res->series = xrealloc(res->series, res->series_count + 1,
			       sizeof(*res->series));
	s = &res->series[res->series_count++];
	memset(s, 0, sizeof(*s));
	snprintf(s->workload, sizeof(s->workload), "%s", workload);
	snprintf(s->point, sizeof(s->point), "%s", point);
	snprintf(s->unit, sizeof(s->unit), "%s", unit);
	s->list_rank = workload_rank(workload, base) * RANKS_PER_POINT;
	s->lower_is_better = !wl || wl->better == WL_LOWER_IS_BETTER;
	if (metric) {
		s->list_rank += metric_index(metric);
		s->lower_is_better = metric->lower_is_better;
	}
	p = workload_point(wl, base);
	s->set_bytes = p ? p->bytes : 0;
	s->page_bytes = p ? p->page_bytes : 0;
	return s;
}

struct series *result_metric_series(struct result *res, const char *workload,
				    const char *point, const char *metric,
				    const char *unit)
{
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "%s/%s", point, metric);
	for (i = 0; i < res->series_count; i++)
		if (!strcmp(res->series[i].workload, workload) &&
		    !strcmp(res->series[i].point, name))
			return &res->series[i];
	return result_add_series(res, workload, name, unit);
}

void series_add_value(struct series *series, double value)
{
	struct sample *s = series_add_sample(series);

	s->section = (uint32_t)series->sample_count - 1;
	s->value = value;
	if (!strcmp(series->unit, "ns"))
		s->elapsed_ns = s->host_elapsed_ns = (uint64_t)value;
}

void result_drop_series(struct result *res)
{
	while (res->series_count)
		series_release(&res->series[--res->series_count]);
	while (res->document_count)
		free(res->documents[--res->document_count].text);
}

void result_add_fact(struct result *res, const char *key, const char *value)
{
	char *text;

	if (!res->identity)
		return;
	text = xasprintf("%s\n%s=%s", res->identity, key, value);
	text_clean(text);
	free(res->identity);
	res->identity = text;
}

void series_refuse(struct series *series, enum run_status status,
		   const char *why)
{
	series->status = status;
	snprintf(series->reason, sizeof(series->reason), "%.*s",
		 (int)sizeof(series->reason) - 1, why);
	text_clean(series->reason);
}

void series_set_figure(struct series *series, const struct figure *figure)
{
	if (!series->figure)
		series->figure = xcalloc(1, sizeof(*figure));
	*series->figure = *figure;
}

struct sample *series_add_sample(struct series *series)
{
	struct sample *s;

	series->samples = xrealloc(series->samples, series->sample_count + 1,
				   sizeof(*series->samples));
	s = &series->samples[series->sample_count++];
	memset(s, 0, sizeof(*s));
	return s;
}

void result_add_phase(struct result *res, const char *name, uint64_t mono_ns)
{
	struct phase *p;

	res->phases = xrealloc(res->phases, res->phase_count + 1,
			       sizeof(*res->phases));
	p = &res->phases[res->phase_count++];
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->mono_ns = mono_ns;
}

struct exit_row *result_add_exit(struct result *res)
{
	struct exit_row *e;

	res->exits =
		xrealloc(res->exits, res->exit_count + 1, sizeof(*res->exits));
	e = &res->exits[res->exit_count++];
	memset(e, 0, sizeof(*e));
	return e;
}

void result_add_document(struct result *res, const char *workload,
			 const char *point, const char *text)
{
	struct document *d;

	res->documents = xrealloc(res->documents, res->document_count + 1,
				  sizeof(*res->documents));
	d = &res->documents[res->document_count++];
	snprintf(d->workload, sizeof(d->workload), "%s", workload);
	snprintf(d->point, sizeof(d->point), "%s", point);
	d->text = xstrdup(text);
}

static void absorb_series(struct result *res, struct result *part)
{
	res->series =
		xrealloc(res->series, res->series_count + part->series_count,
			 sizeof(*res->series));
	memcpy(res->series + res->series_count, part->series,
	       part->series_count * sizeof(*part->series));
	res->series_count += part->series_count;
	part->series_count = 0;
}

/* A row for each vCPU and kind of exit, whichever machine had it. */
static void absorb_exit(struct result *res, const struct exit_row *row)
{
	struct exit_row *to = NULL;
	size_t i;

	for (i = 0; i < res->exit_count && !to; i++)
		if (res->exits[i].vcpu == row->vcpu &&
		    !strcmp(res->exits[i].kind, row->kind))
			to = &res->exits[i];
	if (!to) {
		*result_add_exit(res) = *row;
		return;
	}
	to->count += row->count;
	to->handled_ns += row->handled_ns;
}

void result_absorb(struct result *res, struct result *part)
{
	size_t i;

	if (part->series_count)
		absorb_series(res, part);
	for (i = 0; i < part->document_count; i++)
		result_add_document(res, part->documents[i].workload,
				    part->documents[i].point,
				    part->documents[i].text);
	for (i = 0; i < part->exit_count; i++)
		absorb_exit(res, &part->exits[i]);
	if (part->exit_cost_ns > res->exit_cost_ns)
		res->exit_cost_ns = part->exit_cost_ns;
	res->is_oom_killed |= part->is_oom_killed;
	if (part->console && part->console[0]) {
		free(res->console);
		res->console = xstrdup(part->console);
	}
	result_release(part);
}

uint64_t result_phase_ns(const struct result *res, const char *name)
{
	size_t i;

	for (i = 0; i < res->phase_count; i++)
		if (!strcmp(res->phases[i].name, name))
			return res->phases[i].mono_ns;
	return 0;
}

enum machine_kind result_machine(const struct result *res)
{
	uint32_t flags = 0;
	size_t i;

	for (i = 0; i < res->series_count; i++) {
		const struct workload *wl =
			workload_find(res->series[i].workload);

		flags |= wl ? wl->flags : 0;
	}
	if (flags & WL_NEEDS_MICRO)
		return MACHINE_MICRO;
	if (flags & WL_SHAPE)
		return MACHINE_SHAPE;
	if (flags & WL_NEEDS_DEVICE && !(flags & WL_DEVICE_DISK))
		return MACHINE_DEVICE;
	if (flags & WL_NEEDS_NET)
		return flags & WL_NEEDS_DISK ? MACHINE_DISK_AND_NET
					     : MACHINE_NET;
	return flags & WL_NEEDS_DISK ? MACHINE_DISK : MACHINE_PLAIN;
}
