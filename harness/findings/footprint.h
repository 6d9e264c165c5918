/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_FOOTPRINT_H
#define HARNESS_FINDINGS_FOOTPRINT_H

/*
 * footprint - what guests cost their host in memory beside their RAM: for each
 * runner a cost of the VMM, of a vCPU, a GiB, a disk and a card, by least
 * squares over all shapes; held against what KubeVirt's formula grants for
 * the same; and what would have to be granted.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/grade.h"
#include "harness/core/shape.h"
#include "harness/stats/regression.h"

struct kubevirt_release;
struct model;

/* What a cost is read from; bytes a guest, without guest RAM. */
enum footprint_cost {
	FOOTPRINT_CHARGED, /* to its cgroup, not reclaimable: kills a pod */
	FOOTPRINT_PSS,
	FOOTPRINT_RSS,
	FOOTPRINT_SYSTEM, /* what the whole host has less; can be below 0 */
	FOOTPRINT_COST_COUNT,
};

extern const char *const footprint_cost_names[FOOTPRINT_COST_COUNT];

enum footprint_term {
	FOOTPRINT_FIXED,
	FOOTPRINT_VCPU,
	FOOTPRINT_GIB,
	FOOTPRINT_DISK,
	FOOTPRINT_NIC,
	FOOTPRINT_TERM_COUNT,
};

extern const char *const footprint_term_names[FOOTPRINT_TERM_COUNT];
/* "fixed", "vcpu": for programs. */
extern const char *const footprint_term_keys[FOOTPRINT_TERM_COUNT];

/* The worst boot by RSS, as KubeVirt's own test looks at processes: a helper's
 * against its constant, QEMU's against its own and the guest's RAM. */
struct footprint_role {
	char name[16];
	double rss_bytes, pss_bytes; /* guest RAM included */
	double constant_bytes;       /* NaN until held against a release */
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
	/* Not given back afterwards: of what the host has, and of what its own
	 * cgroup was charged. */
	double lefts[FOOTPRINT_LEFT_COUNT];
	double deposited_bytes; /* to the hypervisor, by mshv's debugfs */
	struct footprint_role roles[FOOTPRINT_MAX_ROLES];
	size_t role_count;
};

enum footprint_answer {
	FOOTPRINT_COVERED,
	FOOTPRINT_NOT_COVERED, /* a pod of such a guest would be killed */
	FOOTPRINT_UNDECIDED,
};

/* What the formula grants a shape, less what it cost. */
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

/* The release that is meant where none is said. */
const struct kubevirt_release *footprint_default_release(void);

/* Of every runner that has one, in the model's order. */
struct footprints {
	const struct kubevirt_release *release; /* that all are held against */
	struct footprint *rows;                 /* owned */
	size_t count;
};

/* RELEASE may be NULL, for the default one. FS borrows from M. */
void footprints_init(struct footprints *fs, const struct model *m,
		     const struct kubevirt_release *release);
void footprints_release(struct footprints *fs);

/* What TERM costs, as it is shown; false where the shapes do not tell. */
bool footprint_term_cost(const struct footprint *f, enum footprint_cost cost,
			 enum footprint_term term,
			 struct footprint_interval *out);

/* A margin, and what is not given back, as they are shown: of too few boots
 * without an interval, though findings rest on one. */
struct footprint_interval footprint_margin_shown(
	const struct footprint_margin *m);
struct footprint_interval footprint_left_shown(const struct footprint *f,
					       enum footprint_left which);

/* Whether less came back to the host than a guest took: beyond noise, and more
 * than a page here and there. */
bool footprint_leaks(const struct footprint *f, enum footprint_left which);

/* "system-wide", "charged to its cgroup" */
const char *footprint_left_name(enum footprint_left which);

/* "" for hardware and software; else what an answer of such boots is worth. */
const char *footprint_caveat(const struct footprint *f);

const char *footprint_answer_text(enum footprint_answer answer);

#endif
