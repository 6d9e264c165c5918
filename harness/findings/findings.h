/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_FINDINGS_H
#define HARNESS_FINDINGS_FINDINGS_H

/*
 * findings - everything that reports show of a stored run, computed once: its
 * figures, its verdicts, and the doubts and oddities about them. Every report
 * renders this structure and computes nothing itself.
 *
 * A pure function of the run: after findings_init() nothing in it changes, and
 * any number of threads may read it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "harness/findings/footprint.h"
#include "harness/findings/identity.h"
#include "harness/findings/model.h"
#include "harness/findings/oddities.h"
#include "harness/findings/plausibility.h"
#include "harness/findings/run_plan.h"
#include "harness/findings/suite.h"
#include "harness/findings/verdicts.h"

struct claims;
struct err;
struct kubevirt_release;
struct run_data;
struct store;

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

/* Options of an evaluation; both are borrowed. */
struct findings_options {
	/* Judged instead of the run's registered claims; NULL: the
	 * registered. */
	const struct claims *claims;
	/* KubeVirt release whose formula footprints are compared with; NULL:
	 * newest. */
	const struct kubevirt_release *release;
};

/* OPTIONS may be NULL. RUN must outlive F. */
void findings_init(struct findings *f, const struct run_data *run,
		   const struct findings_options *options);

/*
 * The same of a stored run, without its raw samples: they are read boot by boot, and
 * go once they are in the figures. RUN's boots keep the series of programs, which have
 * one sample, and of every other workload the first, without samples; the cells of the
 * model have none. The figures are those of findings_init() to the last bit. RUN is the
 * caller's, who releases F and then RUN; after an error neither.
 */
int findings_read(struct findings *f, struct store *store, int64_t run_id,
		  struct run_data *run, const struct findings_options *options,
		  struct err *err);
void findings_release(struct findings *f);

#endif
