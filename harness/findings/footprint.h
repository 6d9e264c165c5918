/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_FOOTPRINT_H
#define HARNESS_FINDINGS_FOOTPRINT_H

/*
 * footprint - the host memory that guests cost in addition to their RAM. For
 * each runner, least squares over all shapes give a cost per VMM, vCPU, GiB,
 * disk and network card. They are compared with the grants of KubeVirt's
 * formula, and the required grant is computed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/grade.h"
#include "harness/core/shape.h"
#include "harness/stats/regression.h"

struct kubevirt_release;
struct model;

/* The source of a cost; bytes per guest, without guest RAM. */
enum footprint_cost {
	FOOTPRINT_CHARGED, /* to its cgroup, not reclaimable: kills a pod */
	FOOTPRINT_PSS,
	FOOTPRINT_RSS,
	FOOTPRINT_SYSTEM, /* memory that the whole host lost; can be below 0 */
	FOOTPRINT_COST_COUNT,
};

extern const char *const footprint_cost_names[FOOTPRINT_COST_COUNT];

enum footprint_term {
	FOOTPRINT_FIXED,
	FOOTPRINT_VCPU,
	FOOTPRINT_GIB,
	FOOTPRINT_DISK,
	FOOTPRINT_NIC,
	FOOTPRINT_DEVICE, /* of the host, passed through */
	FOOTPRINT_TERM_COUNT,
};

extern const char *const footprint_term_names[FOOTPRINT_TERM_COUNT];
/* "fixed", "vcpu": for programs. */
extern const char *const footprint_term_keys[FOOTPRINT_TERM_COUNT];

/* The worst boot by RSS, as in KubeVirt's own test of processes: a helper is
 * compared with its constant, QEMU with its constant plus the guest's RAM. */
struct footprint_role {
	char name[16];
	double rss_bytes, pss_bytes; /* guest RAM included */
	double constant_bytes;       /* NaN until compared with a release */
};

#define FOOTPRINT_MAX_ROLES 4

enum footprint_left {
	FOOTPRINT_LEFT_SYSTEM,
	FOOTPRINT_LEFT_CHARGED,
	FOOTPRINT_LEFT_COUNT,
};

struct footprint_interval {
	double mean, low, high; /* NaN: of one boot, or none */
	size_t boot_count;
};

/* One boot of one shape; NaN where it was not read. */
struct footprint_boot {
	char name[64];
	struct shape shape;
	enum grade grade;
	double costs[FOOTPRINT_COST_COUNT];
	/* Not given back afterwards: of the host's memory, and of its own
	 * cgroup's charge. */
	double lefts[FOOTPRINT_LEFT_COUNT];
	double locked_bytes;    /* by the VMM at most: locked and pinned */
	double deposited_bytes; /* to the hypervisor, by mshv's debugfs */
	struct footprint_role roles[FOOTPRINT_MAX_ROLES];
	size_t role_count;
};

enum footprint_answer {
	FOOTPRINT_COVERED,
	FOOTPRINT_NOT_COVERED, /* a pod of such a guest would be killed */
	FOOTPRINT_UNDECIDED,
};

/* The formula's grant for a shape, less its cost. */
struct footprint_margin {
	char name[64];
	size_t boot_count;
	double granted_bytes;
	double mean_bytes;            /* of the margin; above 0: covered */
	double low_bytes, high_bytes; /* NaN: of one boot */
	enum footprint_answer answer;
};

/* What would cover COVERAGE of all guests. */
struct footprint_advice {
	bool is_known;
	char reason[120]; /* why not */
	int64_t qemu_mib; /* KubeVirt's QemuOverhead */
	double ratio;     /* its additionalGuestMemoryOverheadRatio */
};

#define FOOTPRINT_COVERAGE 0.999
#define FOOTPRINT_MAX_SHAPES 32

/* All of one runner. */
struct footprint {
	const char *runner;           /* borrowed */
	struct footprint_boot *boots; /* owned */
	size_t boot_count;            /* by shape, small ones first */
	enum grade grade;             /* the worst of them */
	bool has_fit[FOOTPRINT_COST_COUNT];
	bool has_term[FOOTPRINT_TERM_COUNT]; /* the shapes differ in it */
	struct regression fits[FOOTPRINT_COST_COUNT]; /* of terms there are */
	struct footprint_margin margins[FOOTPRINT_MAX_SHAPES];
	size_t margin_count;
	enum footprint_answer answer; /* of all shapes */
	struct footprint_advice advice;
	double granted[FOOTPRINT_TERM_COUNT]; /* the formula's constants */
	struct footprint_role roles[FOOTPRINT_MAX_ROLES];
	size_t role_count;
	char role_shapes[FOOTPRINT_MAX_ROLES][64];             /* that boot's */
	struct footprint_interval lefts[FOOTPRINT_LEFT_COUNT]; /* a guest */
};

/* False when M has no footprint of that runner. */
bool footprint_init(struct footprint *f, const struct model *m,
		    const char *runner, const struct kubevirt_release *release);
void footprint_release(struct footprint *f);

/* The default release. */
const struct kubevirt_release *footprint_default_release(void);

/* Of every runner that has one, in the model's order. */
struct footprints {
	const struct kubevirt_release *release; /* that all are compared with */
	struct footprint *rows;                 /* owned */
	size_t count;
};

/* RELEASE may be NULL, for the default one. FS borrows from M. */
void footprints_init(struct footprints *fs, const struct model *m,
		     const struct kubevirt_release *release);
void footprints_release(struct footprints *fs);

/* The cost of TERM, as shown; false if the shapes do not determine it. */
bool footprint_term_cost(const struct footprint *f, enum footprint_cost cost,
			 enum footprint_term term,
			 struct footprint_interval *out);

/* A margin, and memory not given back, as shown: with too few boots there is no
 * interval, although findings use it. */
struct footprint_interval footprint_margin_shown(
	const struct footprint_margin *m);
struct footprint_interval footprint_left_shown(const struct footprint *f,
					       enum footprint_left which);

/* What a guest of that shape is charged: expected, and the limit that COVERAGE of
 * them stay below with CONFIDENCE. False: too few boots or shapes. */
bool footprint_tolerance(const struct footprint *f, const char *shape,
			 double coverage, double confidence, double *expected,
			 double *limit);

/* KubeVirt's constant for that process of a boot, for QEMU with its guest's RAM;
 * 0: it has none; NaN: the formula has no answer for that shape. */
double footprint_role_constant(const struct footprint_boot *b, const char *role,
			       const struct kubevirt_release *release);

/* Whether the host got back less memory than a guest took, by more than
 * noise and by more than a few pages. */
bool footprint_leaks(const struct footprint *f, enum footprint_left which);

/* "system-wide", "charged to its cgroup" */
const char *footprint_left_name(enum footprint_left which);

/* "" for hardware and software; else the limits of results from such boots. */
const char *footprint_caveat(const struct footprint *f);

const char *footprint_answer_text(enum footprint_answer answer);

#endif
