// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/sha256.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"

struct sha256 {
	EVP_MD_CTX *context; /* owned */
};

static void begin(struct sha256 *sum)
{
	EVP_DigestInit_ex(sum->context, EVP_sha256(), NULL);
}

struct sha256 *sha256_create(void)
{
	struct sha256 *sum = xcalloc(1, sizeof(*sum));

	sum->context = EVP_MD_CTX_new();
	begin(sum);
	return sum;
}

void sha256_destroy(struct sha256 *sum)
{
	if (sum)
		EVP_MD_CTX_free(sum->context);
	free(sum);
}

void sha256_add(struct sha256 *sum, const void *bytes, size_t len)
{
	EVP_DigestUpdate(sum->context, bytes, len);
}

void sha256_take(struct sha256 *sum, char text[SHA256_HEX + 1])
{
	unsigned char digest[SHA256_HEX / 2] = {0};
	size_t i;

	EVP_DigestFinal_ex(sum->context, digest, NULL);
	for (i = 0; i < sizeof(digest); i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	begin(sum);
}

void sha256_of(const void *bytes, size_t len, char text[SHA256_HEX + 1])
{
	struct sha256 *sum = sha256_create();

	sha256_add(sum, bytes, len);
	sha256_take(sum, text);
	sha256_destroy(sum);
}
