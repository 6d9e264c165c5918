/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_H
#define HARNESS_STORE_BUNDLE_H

/*
 * bundle - one stored run as one portable file: gzip (RFC 1952) of lines, each a
 * JSON object:
 *
 *   {"l1vh_bundle": 1, "run": {...}}      what was decided beforehand
 *   {"boot": {...}, "result": {...}}      one per boot, in their order
 *   {"end": {"boot_count": N, "sha256": "..."}}   of all bytes above
 *
 * A run whose samples were removed has version 2: its head says when, as
 * "samples_dropped_unix_ns", and its series have a "figure" each.
 *
 * The input is hostile. An import stores the whole run or nothing, and does not
 * change a run whose uuid is already in the store.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;
struct store;

/* Through a temporary name beside PATH. -ENOENT: no such run. */
int bundle_export(struct store *store, int64_t run_id, const char *path,
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

#endif
