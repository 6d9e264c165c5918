// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/io_hist.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/findings/model.h"
#include "harness/store/stored_json.h"

static void add_document(const struct document *d, struct io_doc *doc)
{
	json_t *o = stored_json(d->text);
	struct io_doc one;
	struct err err;

	if (!io_doc_read(d->workload, json_object_get(o, "output"), &one,
			 &err)) {
		io_doc_add_bins(doc, &one);
		io_doc_release(&one);
	}
	json_decref(o);
}

/* The picture also leaves out a run whose clocks disagreed. */
static bool is_disturbed(const struct result *res, const struct document *d)
{
	size_t len = strlen(d->point);
	size_t i;

	for (i = 0; i < res->series_count; i++) {
		const struct series *s = &res->series[i];

		if (strcmp(s->workload, d->workload) != 0 ||
		    strncmp(s->point, d->point, len) != 0 ||
		    s->point[len] != '/')
			continue;
		if (s->sample_count)
			return s->samples[0].disturbances != 0;
		/* A program's metric has one sample. */
		if (s->figure)
			return s->figure->disturbances != 0;
	}
	return false;
}

void io_hist_collect(const struct model *m, const char *runner,
		     const char *workload, const char *point,
		     struct io_doc *doc)
{
	size_t i, k;

	memset(doc, 0, sizeof(*doc));
	for (i = 0; i < m->run->boot_count; i++) {
		const struct boot_data *b = &m->run->boots[i];

		if (strcmp(b->bc.runner, runner))
			continue;
		for (k = 0; k < b->res.document_count; k++)
			if (!strcmp(b->res.documents[k].workload, workload) &&
			    !strcmp(b->res.documents[k].point, point) &&
			    !is_disturbed(&b->res, &b->res.documents[k]))
				add_document(&b->res.documents[k], doc);
	}
}

void io_hist_backend(const struct model *m, const char *runner, char *buf,
		     size_t size)
{
	size_t i, k;

	buf[0] = '\0';
	for (i = 0; i < m->run->boot_count && !buf[0]; i++) {
		const struct boot_data *b = &m->run->boots[i];

		for (k = 0; k < b->res.document_count && !buf[0] &&
			    !strcmp(b->bc.runner, runner);
		     k++) {
			json_t *o = stored_json(b->res.documents[k].text);
			const char *text = json_string_value(
				json_object_get(o, "network_backend"));

			snprintf(buf, size, "%s", text ? text : "");
			json_decref(o);
		}
	}
}
