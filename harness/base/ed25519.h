/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_ED25519_H
#define HARNESS_BASE_ED25519_H

/*
 * ed25519 - signatures (RFC 8032) by keys in PEM files, as `openssl genpkey
 * -algorithm ed25519` writes them. Keys of other types are refused.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/sha256.h"

struct err;
struct ed25519_key;

#define ED25519_SIGNATURE_BYTES 64
/* A public key as SubjectPublicKeyInfo (RFC 8410). */
#define ED25519_DER_BYTES 44
#define ED25519_MAX_KEYS 64

/*
 * A private key from PATH, which may be a pipe. -EINVAL: no such key, one with a
 * passphrase, or a file that everybody can read. The caller destroys *OUT.
 */
int ed25519_load_private(const char *path, struct ed25519_key **out,
			 struct err *err);

struct ed25519_keys {
	struct ed25519_key *keys[ED25519_MAX_KEYS]; /* owned */
	size_t count;
};

/* All public keys in PATH, at least one. KEYS needs a release in any case. */
int ed25519_load_public(const char *path, struct ed25519_keys *keys,
			struct err *err);
void ed25519_keys_release(struct ed25519_keys *keys);

/* NULL: DER is no public key of this type. The caller destroys it. */
struct ed25519_key *ed25519_from_der(
	const unsigned char der[ED25519_DER_BYTES]);
void ed25519_destroy(struct ed25519_key *key); /* NULL is fine */

/* The public part of KEY, and SHA-256 of that, which names the key. */
void ed25519_to_der(const struct ed25519_key *key,
		    unsigned char der[ED25519_DER_BYTES]);
void ed25519_fingerprint(const struct ed25519_key *key,
			 char text[SHA256_HEX + 1]);

/* KEY is private; -EIO if libcrypto fails. */
int ed25519_sign(const struct ed25519_key *key, const void *bytes, size_t len,
		 unsigned char signature[ED25519_SIGNATURE_BYTES],
		 struct err *err);

bool ed25519_verifies(const struct ed25519_key *key, const void *bytes,
		      size_t len,
		      const unsigned char signature[ED25519_SIGNATURE_BYTES]);

#endif
