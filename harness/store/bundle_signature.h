/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_SIGNATURE_H
#define HARNESS_STORE_BUNDLE_SIGNATURE_H

/* bundle_signature - the line of a bundle that signs its manifest. */
#include <jansson.h>
#include <stddef.h>

struct ed25519_key;
struct err;

/* Of BYTES by KEY, as the whole line; the caller owns *OUT. */
int bundle_signature_make(const struct ed25519_key *key, const void *bytes,
			  size_t len, json_t **out, struct err *err);

/*
 * Checks that LINE signs BYTES by the key that LINE itself has, which is *SIGNER and
 * the caller's. -EPROTO: it does not.
 */
int bundle_signature_check(const json_t *line, const void *bytes, size_t len,
			   struct ed25519_key **signer, struct err *err);

#endif
