/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_READ_H
#define HARNESS_STORE_BUNDLE_READ_H

/*
 * bundle_read - the reader of bundles, line by line. It checks the form of every
 * line, all sums, that the manifest is of this run, and a signature by its own key.
 * What to do with the run is the caller's.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/store/bundle_manifest.h"
#include "harness/store/store.h"

struct bench_case;
struct ed25519_key;
struct err;
struct result;

/* The first line. Texts are borrowed from the reader. */
struct bundle_head {
	struct run_info info;
	const char *uuid, *status;
	int64_t started_unix_ns, ended_unix_ns;
	const json_t *schedule; /* [position, block, runner], checked */
};

/* Calls of a reader; what they return other than 0 ends it. */
struct bundle_sink {
	int (*head)(void *arg, const struct bundle_head *head, struct err *err);
	/* RES may be taken: then it is left empty. */
	int (*boot)(void *arg, uint32_t position, const struct bench_case *bc,
		    struct result *res, struct err *err);
};

/* What stands in a bundle beside the run; all of it is checked. */
struct bundle_facts {
	int version;
	json_t *manifest; /* owned; NULL in versions 1 and 2 */
	char *findings;   /* the line, without its end; owned; NULL: none */
	struct ed25519_key *signer; /* owned; NULL: not signed */
	struct bundle_count count;
	struct bundle_sum sums[PART_COUNT];
};

void bundle_facts_release(struct bundle_facts *facts);

/* From where FD stands. -EPROTO: it is no good bundle. FACTS needs a release in any
 * case. */
int bundle_read(int fd, const struct bundle_sink *sink, void *arg,
		struct bundle_facts *facts, struct err *err);

/* Row I of a schedule that was checked. */
void bundle_schedule_row(const json_t *schedule, size_t i, uint32_t *position,
			 uint32_t *block, const char **runner);

#endif
