/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_H
#define HARNESS_STORE_BUNDLE_H

/*
 * bundle - one stored run as one file, to be taken elsewhere: gzip (RFC 1952)
 * of lines, each a JSON object:
 *
 *   {"l1vh_bundle": 1, "run": {...}}      what was decided beforehand
 *   {"boot": {...}, "result": {...}}      one per boot, in their order
 *   {"end": {"boot_count": N, "sha256": "..."}}   of all bytes above
 *
 * What is read is hostile: it is in the store as a whole or not at all, and a
 * run that is there already, by its uuid, stays as it is.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;
struct store;

/* Through a temporary name beside PATH. -ENOENT: no such run. */
int bundle_export(struct store *store, int64_t run_id, const char *path,
		  struct err *err);

/*
 * *IS_NEW is false for a run that was there already. -EPROTO for what is no
 * bundle, is damaged, cut short or of a later version.
 */
int bundle_import(struct store *store, const char *path, int64_t *run_id,
		  bool *is_new, struct err *err);

/* The same of an open file, from its first byte; the messages name none. */
int bundle_import_fd(struct store *store, int fd, int64_t *run_id, bool *is_new,
		     struct err *err);

#endif
