/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_SHA256_H
#define HARNESS_BASE_SHA256_H

/* sha256 - SHA-256 sums (FIPS 180-4) as lower-case hexadecimal text. */
#include <stddef.h>

#define SHA256_HEX 64 /* characters, without the '\0' */

struct sha256;

struct sha256 *sha256_create(void);
void sha256_destroy(struct sha256 *sum); /* NULL is fine */
void sha256_add(struct sha256 *sum, const void *bytes, size_t len);

/* The sum of all that was added, into TEXT; SUM then begins anew. */
void sha256_take(struct sha256 *sum, char text[SHA256_HEX + 1]);

void sha256_of(const void *bytes, size_t len, char text[SHA256_HEX + 1]);

#endif
