/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_KUBEVIRT_ANSWER_H
#define HARNESS_FINDINGS_KUBEVIRT_ANSWER_H

/*
 * kubevirt_answer - the questions that KubeVirt's plan for Hyper-V left open, as
 * verdicts on measured guests: does the memory overhead cover them, does the
 * memlock limit suffice, is 1 GiB right for a VFIO device, which devices does
 * the node offer. "Covers" is an upper tolerance limit: with the claim's
 * confidence, all but a share of guests stay below it (Krishnamoorthy, Mathew:
 * Statistical Tolerance Regions, 2009). As everywhere, emulated and software
 * grades give numbers and no verdict.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/core/grade.h"
#include "harness/stats/margin.h"

struct footprints;
struct run_data;

enum kubevirt_question {
	QUESTION_OVERHEAD,
	QUESTION_PROCESSES,
	QUESTION_MEMLOCK,
	QUESTION_VFIO,
	QUESTION_DEVICES,
	QUESTION_COUNT,
};

/* The metric of a claim: "kubevirt overhead"; QUESTION_COUNT: another. */
enum kubevirt_question kubevirt_question_of(const char *metric);
const char *kubevirt_question_metric(enum kubevirt_question q);

struct kubevirt_answer {
	enum verdict verdict;
	char reason[240]; /* the verdict's, with numbers where there are any */
	const char *runner; /* that was measured; NULL: none */
	size_t boot_count;
	enum grade grade;
	/* Measured over granted, of the shape nearest to its grant: expected,
	 * and the tolerance limit. NaN: no numbers. */
	double ratio, limit_ratio;
};

/* RUNNER, or what stands in for it. SHARE of the guests may need more than is
 * granted. IS_OVERRIDDEN: grades do not count, in tests alone. */
struct kubevirt_answer kubevirt_answer(enum kubevirt_question q,
				       const char *runner, double share,
				       double confidence,
				       const struct footprints *fs,
				       const struct run_data *run,
				       bool is_overridden);

#endif
