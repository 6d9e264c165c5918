/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_H
#define HARNESS_STORE_BUNDLE_H

/*
 * bundle - one stored run as one portable file: gzip (RFC 1952) of lines, each a
 * JSON object:
 *
 *   {"l1vh_bundle": 3, "run": {...}}      what was decided beforehand
 *   {"boot": {...}, "result": {...}}      one per boot, in their order
 *   {"findings": {...}}                   figures and verdicts; may be absent
 *   {"manifest": {...}}                   what made it, and the sums of the above
 *   {"signature": {...}}                  of the manifest's line; may be absent
 *   {"end": {"boot_count": N, "sha256": "..."}}   of the manifest and the signature
 *
 * Versions 1 and 2, which are still read, have neither of these three; there the sum
 * is of all lines. A run whose samples were removed says when in its first line, as
 * "samples_dropped_unix_ns", and its series have a "figure" each.
 *
 * The same run gives the same lines, if the same program writes them.
 *
 * The input is hostile. An import stores the whole run or nothing, and does not
 * change a run whose uuid is already in the store.
 */
#include <stdbool.h>
#include <stdint.h>

struct bundle_facts;
struct ed25519_key;
struct err;
struct run_data;
struct store;

/* What a bundle has beside the run. */
struct bundle_proof {
	/* The line of the run's findings, with room for '\n' in place of '\0'; the
	 * caller frees it. After an error there is no bundle. NULL: there is to be no
	 * such line. */
	int (*findings)(const struct run_data *run, char **line,
			struct err *err);
	const struct ed25519_key *key; /* NULL: it is not signed */
};

/* Through a temporary name beside PATH. -ENOENT: no such run; -EFBIG: a bundle of it
 * would be larger than what is read. PROOF may be NULL. */
int bundle_export(struct store *store, int64_t run_id,
		  const struct bundle_proof *proof, const char *path,
		  struct err *err);

/*
 * *IS_NEW is false for a run that is already in the store. -EPROTO for a file that
 * is not a bundle, or is damaged, truncated or of a later version.
 */
int bundle_import(struct store *store, const char *path, int64_t *run_id,
		  bool *is_new, struct err *err);

/* The same for an open file, from its first byte; messages name no file. */
int bundle_import_fd(struct store *store, int fd, int64_t *run_id, bool *is_new,
		     struct err *err);

/*
 * A bundle into memory, as run_data_load() has it of a store that imported it, from
 * where FD stands, which may be a pipe. RUN and FACTS need a release in any case.
 */
int bundle_load(int fd, struct run_data *run, struct bundle_facts *facts,
		struct err *err);

#endif
