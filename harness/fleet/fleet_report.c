// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/fleet_report.h"

void fleet_report_make(struct fleet_report *r, const struct fleet_wish *wish)
{
	double least = wish->odd_least_ratio;

	fleet_judge(&r->judgement, &r->fleet, wish->claims);
	fleet_odd_find(&r->odd, &r->fleet,
		       least > 0 ? least : FLEET_ODD_LEAST_RATIO);
}

void fleet_report_release(struct fleet_report *r)
{
	fleet_odd_release(&r->odd);
	fleet_judgement_release(&r->judgement);
	fleet_release(&r->fleet);
}

enum grade fleet_arm_grade(const struct fleet *f, size_t arm)
{
	enum grade worst = GRADE_COUNT;
	size_t i;

	for (i = 0; i < f->value_count; i++) {
		const struct fleet_value *v = &f->values[i];

		if (f->nodes[f->runs[v->run].node].arm == arm &&
		    (worst == GRADE_COUNT || v->grade > worst))
			worst = v->grade;
	}
	return worst;
}

enum grade fleet_grade(const struct fleet *f)
{
	enum grade worst = GRADE_HARDWARE;
	size_t i;

	for (i = 0; i < f->value_count; i++)
		if (f->values[i].grade > worst)
			worst = f->values[i].grade;
	return worst;
}

enum verdict fleet_report_verdict(const struct fleet_report *r)
{
	const struct fleet *f = &r->fleet;
	bool is_open =
		r->judgement.claims && r->judgement.together != VERDICT_PASS;

	if (r->odd.odd_count ||
	    (r->judgement.claims && r->judgement.together == VERDICT_FAIL))
		return VERDICT_FAIL;
	if (is_open || !f->node_count ||
	    fleet_state_count(f, NODE_RAN) < f->node_count ||
	    f->node_count < f->expected_count)
		return VERDICT_UNDECIDED;
	return VERDICT_PASS;
}
