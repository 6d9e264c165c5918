/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_EVIDENCE_EVIDENCE_H
#define HARNESS_EVIDENCE_EVIDENCE_H

/*
 * evidence - a bundle that proves what it says: export with figures and verdicts, and
 * verification, which judges the run again from the raw samples in the bundle. It
 * needs no store, no network and no other file.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/sha256.h"
#include "harness/store/bundle_read.h"
#include "harness/store/run_data.h"

struct ed25519_key;
struct ed25519_keys;
struct err;
struct store;

/* A bundle with the run's findings. KEY may be NULL: it is not signed. */
int evidence_export(struct store *store, int64_t run_id,
		    const struct ed25519_key *key, const char *path,
		    struct err *err);

enum evidence_outcome {
	EVIDENCE_VERIFIED,
	EVIDENCE_REFUTED, /* damaged, forged, or a finding differs */
	EVIDENCE_OPEN,    /* nothing is wrong, and not all can be shown */
};

/* A value of the bundle's findings that was judged otherwise. */
struct evidence_difference {
	char where[160]; /* "claim c1: verdict" */
	char stored[120], judged[120];
};

#define EVIDENCE_MAX_SHOWN 10

struct evidence {
	enum evidence_outcome outcome;
	char reason[512]; /* "" for EVIDENCE_VERIFIED */
	bool is_read;     /* the rest is there */
	struct run_data run;
	struct bundle_facts facts;
	char signer[SHA256_HEX + 1]; /* fingerprint; "" where not signed */
	size_t known_key;            /* of KEYS, from 1; 0: none of them */
	json_t *claims; /* owned; their verdicts, as judged now; NULL: not read */
	size_t verdict_count, figure_count; /* judged again */
	bool is_judged;                     /* the four above are there */
	bool is_same; /* judged again: byte for byte what the bundle has */
	struct evidence_difference shown[EVIDENCE_MAX_SHOWN];
	size_t difference_count;
};

/*
 * From where FD stands, which may be a pipe. With KEYS a signature by one of them is
 * asked for; NULL: any or none will do. A bundle that is not right is no error: 0,
 * and E says what is wrong; a plan or claims that this program cannot read leave it
 * open. Below 0: FD cannot be read, or the run cannot be judged. E needs a release in
 * any case.
 */
int evidence_verify(int fd, const struct ed25519_keys *keys, struct evidence *e,
		    struct err *err);
void evidence_release(struct evidence *e);

#endif
