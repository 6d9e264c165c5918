/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_FINDINGS_H
#define HARNESS_FINDINGS_FINDINGS_H

/*
 * findings - all that a stored run says, computed once: its figures, its
 * verdicts, and what is wrong or odd about them. Every report is a rendering
 * of this and computes nothing of its own.
 *
 * A pure function of the run: after findings_init() nothing in it changes, and
 * any number of threads may read it.
 */
#include <stdbool.h>

#include "harness/findings/footprint.h"
#include "harness/findings/identity.h"
#include "harness/findings/model.h"
#include "harness/findings/oddities.h"
#include "harness/findings/plausibility.h"
#include "harness/findings/run_plan.h"
#include "harness/findings/suite.h"
#include "harness/findings/verdicts.h"

struct claims;
struct kubevirt_release;
struct run_data;

struct findings {
	const struct run_data *run; /* borrowed */
	struct run_plan plan;
	struct model model;
	struct plausibility plausibility;
	struct judgement
		judgement;     /* without claims where nothing is claimed */
	bool has_named_claims; /* judged in place of the run's own */
	struct oddities oddities;
	struct identity_diff identity;
	struct footprints footprints;
	struct suites suites;
};

/* What is asked of a run beside itself; both are borrowed. */
struct findings_options {
	/* Judged in place of those that the run was begun with; NULL: those. */
	const struct claims *claims;
	/* Whose formula footprints are held against; NULL: the newest. */
	const struct kubevirt_release *release;
};

/* OPTIONS may be NULL. RUN must outlive F. */
void findings_init(struct findings *f, const struct run_data *run,
		   const struct findings_options *options);
void findings_release(struct findings *f);

#endif
