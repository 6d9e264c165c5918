// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/findings.h"

#include "harness/store/run_data.h"

void findings_init(struct findings *f, const struct run_data *run,
		   const struct findings_options *options)
{
	static const struct findings_options defaults = {.claims = NULL};
	const struct findings_options *o = options ? options : &defaults;

	f->run = run;
	f->has_named_claims = o->claims != NULL;
	run_plan_init(&f->plan, run->plan);
	model_init(&f->model, run);
	plausibility_init(&f->plausibility, &f->model);
	footprints_init(&f->footprints, &f->model, o->release);
	judgement_init(&f->judgement, &f->model, &f->plan, &f->plausibility,
		       &f->footprints, o->claims);
	oddities_init(&f->oddities, &f->model);
	identity_diff_init(&f->identity, &f->model);
	suites_init(&f->suites, &f->model);
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
