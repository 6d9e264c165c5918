/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_FLEET_REPORT_H
#define HARNESS_FLEET_FLEET_REPORT_H

/* fleet_report - all that is told of a fleet: nodes, arms, verdicts, odd nodes. */
#include "harness/fleet/fleet.h"
#include "harness/fleet/fleet_odd.h"
#include "harness/fleet/fleet_verdicts.h"

struct fleet_report {
	struct fleet fleet;
	struct fleet_judgement judgement;
	struct fleet_odd odd;
};

struct fleet_wish {
	const struct claims *claims; /* borrowed; NULL: the registered ones */
	double odd_least_ratio;      /* 0: FLEET_ODD_LEAST_RATIO */
};

/* R->fleet is finished already; it is R's from now on. */
void fleet_report_make(struct fleet_report *r, const struct fleet_wish *wish);
void fleet_report_release(struct fleet_report *r);

/* The worst grade of all values of an arm; GRADE_COUNT: it has none. */
enum grade fleet_arm_grade(const struct fleet *f, size_t arm);

/* The same of all arms; without any value GRADE_HARDWARE. */
enum grade fleet_grade(const struct fleet *f);

/* FAIL: a claim fails or a node is odd. UNDECIDED: a claim is open, or a node has no
 * result. Else PASS. */
enum verdict fleet_report_verdict(const struct fleet_report *r);

#endif
