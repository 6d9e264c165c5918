// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/bundle_signature.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/ed25519.h"
#include "harness/base/err.h"

#define ALGORITHM "Ed25519"
/* Of base64, whose last character may have bits that mean nothing. */
#define CODED_SIZE(bytes) (4 * (((bytes) + 2) / 3) + 1)

int bundle_signature_make(const struct ed25519_key *key, const void *bytes,
			  size_t len, json_t **out, struct err *err)
{
	unsigned char der[ED25519_DER_BYTES], raw[ED25519_SIGNATURE_BYTES];
	char coded_key[CODED_SIZE(sizeof(der))];
	char coded[CODED_SIZE(sizeof(raw))];
	int ret = ed25519_sign(key, bytes, len, raw, err);

	*out = NULL;
	if (ret)
		return ret;
	ed25519_to_der(key, der);
	EVP_EncodeBlock((unsigned char *)coded_key, der, sizeof(der));
	EVP_EncodeBlock((unsigned char *)coded, raw, sizeof(raw));
	*out = json_pack("{s:{s:s, s:s, s:s}}", "signature", "algorithm",
			 ALGORITHM, "public_key", coded_key, "signature",
			 coded);
	return 0;
}

/* TEXT has to be what these bytes are written as, and nothing else. */
static bool decode(const char *text, unsigned char *bytes, size_t size)
{
	unsigned char raw[72];
	char again[CODED_SIZE(72)];

	if (strlen(text) != CODED_SIZE(size) - 1 ||
	    EVP_DecodeBlock(raw, (const unsigned char *)text,
			    (int)strlen(text)) < (int)size)
		return false;
	EVP_EncodeBlock((unsigned char *)again, raw, (int)size);
	memcpy(bytes, raw, size);
	return !strcmp(again, text);
}

int bundle_signature_check(const json_t *line, const void *bytes, size_t len,
			   struct ed25519_key **signer, struct err *err)
{
	unsigned char der[ED25519_DER_BYTES], raw[ED25519_SIGNATURE_BYTES];
	const char *algorithm, *key, *signature;

	*signer = NULL;
	if (json_unpack((json_t *)line, "{s:{s:s, s:s, s:s!}!}", "signature",
			"algorithm", &algorithm, "public_key", &key,
			"signature", &signature) ||
	    strcmp(algorithm, ALGORITHM) || !decode(key, der, sizeof(der)) ||
	    !decode(signature, raw, sizeof(raw)) ||
	    !(*signer = ed25519_from_der(der)))
		return err_set(err, -EPROTO,
			       "the signature is not well formed");
	if (ed25519_verifies(*signer, bytes, len, raw))
		return 0;
	ed25519_destroy(*signer);
	*signer = NULL;
	return err_set(err, -EPROTO,
		       "the signature is wrong: the manifest was changed");
}
