/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_SURVEY_H
#define HARNESS_KUBEVIRT_SURVEY_H

/*
 * survey - the figures of every guest of some streams, for one release or
 * several, and their sums: what a cluster's guests cost, and what an upgrade
 * changes. One guest is in memory at a time. Guests that could not be
 * calculated, and what was named but not looked at, are counted and told: no
 * sum hides them.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/figures.h"
#include "harness/kubevirt/manifest.h"
#include "harness/kubevirt/rejection/rejection.h"
#include "harness/kubevirt/vmi.h"

struct err;
struct instancetypes;

#define SURVEY_MAX_RELEASES 40
#define SURVEY_MAX_NOTES 32
#define SURVEY_MAX_NAMED 256

/* What is said of a guest beside its figures. */
struct survey_note {
	bool is_warning; /* a figure may rest on something unread */
	char text[240];
};

struct survey_guest {
	const struct manifest_guest *manifest;
	const struct figures *figures; /* one per release; NULL: an error */
	const char *error;             /* NULL: none */
	/* One per release: what KubeVirt's webhook has against it. NULL: an
	 * error, or no manifest. */
	const struct rejections *rejections;
	const struct survey_note *notes;
	size_t note_count;
	bool has_warning; /* among the notes */
	bool is_rejected; /* by a release at least */
};

/* Of all guests, replicas counted. */
struct survey_sum {
	struct overhead overhead; /* terms summed by name */
	int64_t compute_request_bytes, pod_request_bytes, pod_limit_bytes;
	int64_t cpu_request_milli, hugepage_bytes; /* of the pods */
	int64_t memlock_bytes;
	uint64_t unlimited_pods, memlocked_guests, unlimited_memlocks;
};

struct survey {
	/* Set by the caller. */
	const struct kubevirt_release *releases[SURVEY_MAX_RELEASES];
	size_t release_count;
	const char *asked[2]; /* two of them as they were named; NULL: not */
	bool is_sum;          /* sums alone are wanted */
	bool has_manifest;    /* guests are in streams; else BASE is one */
	struct kubevirt_cluster cluster;
	const char *file; /* that is being read; NULL: none */
	struct vmi base;  /* what a manifest does not say */
	struct manifest_options options;
	struct instancetypes *types; /* streams add theirs */
	void (*each)(const struct survey_guest *guest, void *arg);
	void (*remark)(const char *text, bool is_warning, void *arg);
	void *arg;

	/* What came of it. */
	struct survey_sum sums[SURVEY_MAX_RELEASES];
	char *named[SURVEY_MAX_NAMED]; /* unknown fields; owned */
	size_t named_count;
	size_t visited_count; /* guests with their errors, replicas not */
	uint64_t guest_count; /* calculated, replicas counted */
	bool is_beyond;       /* a sum is more than 2^63 - 1, and is that */
	size_t error_count, warning_count, note_count;
	/* Of guest_count: VirtualMachines that have no pod now. */
	uint64_t stopped_count;
	size_t owned_count; /* left out: what made them is counted, or they */
	json_t *seen;       /* owned; objects by kind, namespace and name */
	size_t rejected_count; /* manifests that some release refuses */
};

/* The stream's instance types and preferences alone, into S->types. -EINVAL as
 * below. */
int survey_definitions(struct survey *s, FILE *in, struct err *err);

/* The stream's guests. Its instance types count for the guests behind them,
 * unless HAS_DEFINITIONS: they were read before. -EINVAL: from a line on it is no
 * YAML; what came before is in the sums. */
int survey_stream(struct survey *s, FILE *in, bool has_definitions,
		  struct err *err);

/* The guest that BASE alone describes. */
void survey_base(struct survey *s);

void survey_release(struct survey *s);

#endif
