// SPDX-License-Identifier: GPL-3.0-or-later
/* What every report shows of a footprint, whatever its format. */
#include <string.h>

#include "harness/core/runner.h"
#include "harness/findings/footprint.h"
#include "harness/findings/model.h"

/* A fit is as uncertain as a mean of so many values. */
bool footprint_term_cost(const struct footprint *f, enum footprint_cost cost,
			 enum footprint_term term,
			 struct footprint_interval *out)
{
	const struct regression *fit = &f->fits[cost];
	size_t at = 0;
	int t;

	if (!f->has_fit[cost] || !f->has_term[term])
		return false;
	for (t = 0; t < (int)term; t++)
		at += f->has_term[t];
	*out = (struct footprint_interval){
		fit->value[at], fit->low[at], fit->high[at],
		.boot_count = fit->df + fit->term_count};
	model_hide_bounds(&out->low, &out->high, fit->df + 1);
	return true;
}

struct footprint_interval footprint_margin_shown(
	const struct footprint_margin *m)
{
	struct footprint_interval i = {m->mean_bytes, m->low_bytes,
				       m->high_bytes, m->boot_count};

	model_hide_bounds(&i.low, &i.high, i.boot_count);
	return i;
}

struct footprint_interval footprint_left_shown(const struct footprint *f,
					       enum footprint_left which)
{
	struct footprint_interval i = f->lefts[which];

	model_hide_bounds(&i.low, &i.high, i.boot_count);
	return i;
}

const char *footprint_caveat(const struct footprint *f)
{
	if (runner_stands_in_for(f->runner, "mshv"))
		return " (EMULATED: of the emulator, nothing of /dev/mshv)";
	return f->grade == GRADE_EMULATED
		       ? " (EMULATED: of a host emulated in software)"
		       : "";
}

const char *footprint_left_name(enum footprint_left which)
{
	return which == FOOTPRINT_LEFT_SYSTEM ? "system-wide"
					      : "charged to its cgroup";
}
