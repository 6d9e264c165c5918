// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/findings.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/core/metric.h"
#include "harness/store/run_data.h"

/* What is computed of the model, which is there. */
static void judge(struct findings *f, const struct run_data *run,
		  const struct findings_options *options)
{
	static const struct findings_options defaults = {.claims = NULL};
	const struct findings_options *o = options ? options : &defaults;

	f->run = run;
	f->has_named_claims = o->claims != NULL;
	run_plan_init(&f->plan, run->plan);
	plausibility_init(&f->plausibility, &f->model);
	footprints_init(&f->footprints, &f->model, o->release);
	judgement_init(&f->judgement, &f->model, &f->plan, &f->plausibility,
		       &f->footprints, o->claims);
	oddities_init(&f->oddities, &f->model);
	identity_diff_init(&f->identity, &f->model);
	suites_init(&f->suites, &f->model);
}

void findings_init(struct findings *f, const struct run_data *run,
		   const struct findings_options *options)
{
	model_init(&f->model, run);
	judge(f, run, options);
}

struct reading {
	struct model *model;
	const struct run_data *run;
};

static void begin(void *arg)
{
	struct reading *r = arg;

	model_begin(r->model, r->run, false);
}

/* Whether KEPT has a series of that workload. Those of one stand together. */
static bool has_workload(const struct series *kept, size_t count,
			 const char *workload)
{
	while (count--)
		if (!strcmp(kept[count].workload, workload))
			return true;
	return false;
}

/* A program's series has one sample, which some look at. Of the others it is asked
 * which workloads the boot had. */
static void empty(struct result *res)
{
	size_t i, n = 0;

	for (i = 0; i < res->series_count; i++) {
		struct series *s = &res->series[i];

		if (!metric_of_point(s->point)) {
			free(s->samples);
			s->samples = NULL;
			s->sample_count = 0;
			if (has_workload(res->series, n, s->workload)) {
				free(s->figure);
				continue;
			}
		}
		res->series[n++] = *s;
	}
	res->series_count = n;
	if (n)
		res->series = xrealloc(res->series, n, sizeof(*res->series));
}

static void add_and_empty(void *arg, struct boot_data *b)
{
	struct reading *r = arg;

	model_add_boot(r->model, b);
	empty(&b->res);
}

int findings_read(struct findings *f, struct store *store, int64_t run_id,
		  struct run_data *run, const struct findings_options *options,
		  struct err *err)
{
	struct reading r = {&f->model, run};
	const struct run_data_reader reader = {begin, add_and_empty, &r};
	int ret;

	memset(&f->model, 0, sizeof(f->model));
	ret = run_data_read(store, run_id, run, &reader, err);
	if (ret) {
		model_release(&f->model);
		return ret;
	}
	model_end(&f->model);
	judge(f, run, options);
	return 0;
}

void findings_release(struct findings *f)
{
	suites_release(&f->suites);
	identity_diff_release(&f->identity);
	oddities_release(&f->oddities);
	judgement_release(&f->judgement);
	footprints_release(&f->footprints);
	plausibility_release(&f->plausibility);
	model_release(&f->model);
	run_plan_release(&f->plan);
}
