// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/ed25519.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"

/* A key has 120 bytes, and a text may stand before it. */
#define MAX_FILE_BYTES 16384

struct ed25519_key {
	EVP_PKEY *pkey; /* owned */
};

static struct ed25519_key *key_new(EVP_PKEY *pkey)
{
	struct ed25519_key *key = xcalloc(1, sizeof(*key));

	key->pkey = pkey;
	return key;
}

void ed25519_destroy(struct ed25519_key *key)
{
	if (key)
		EVP_PKEY_free(key->pkey);
	free(key);
}

/* Whoever reads a private key can sign in its owner's name. */
static int check_mode(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(err, -errno, "cannot read key '%s'", path);
	if (S_ISREG(st.st_mode) && st.st_mode & S_IRWXO)
		return err_set(
			err, -EINVAL,
			"key '%s' is open to everybody (mode %03o): chmod 600 it",
			path, st.st_mode & 0777);
	return 0;
}

/* Into BYTES, to which it adds '\0'. */
static int read_all(int fd, const char *path, char bytes[MAX_FILE_BYTES],
		    struct err *err)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, bytes + len, MAX_FILE_BYTES - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len < MAX_FILE_BYTES) || (n < 0 && errno == EINTR));
	if (n < 0)
		return err_sys(err, -errno, "cannot read key '%s'", path);
	if (len == MAX_FILE_BYTES)
		return err_set(err, -EINVAL, "'%s' is too large for a key",
			       path);
	bytes[len] = '\0';
	return 0;
}

static int read_file(const char *path, bool is_private,
		     char bytes[MAX_FILE_BYTES], struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return err_sys(err, -errno, "cannot open key '%s'", path);
	if (is_private)
		ret = check_mode(fd, path, err);
	if (!ret)
		ret = read_all(fd, path, bytes, err);
	close(fd);
	return ret;
}

/* There is nobody to ask: a run may be exported at night. */
static int refuse_passphrase(char *buf, int size, int is_writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)is_writing;
	*(bool *)arg = true;
	return -1;
}

static int check_type(const EVP_PKEY *pkey, const char *path, struct err *err)
{
	if (EVP_PKEY_id(pkey) == EVP_PKEY_ED25519)
		return 0;
	return err_set(err, -EINVAL,
		       "'%s' has a key of type %s; only ED25519 is supported",
		       path, EVP_PKEY_get0_type_name(pkey));
}

static int parse_private(const char *text, const char *path,
			 struct ed25519_key **out, struct err *err)
{
	bool is_encrypted = false;
	BIO *bio = BIO_new_mem_buf(text, -1);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase,
						 &is_encrypted);
	int ret = 0;

	BIO_free(bio);
	ERR_clear_error();
	if (is_encrypted)
		ret = err_set(
			err, -EINVAL,
			"key '%s' needs a passphrase: decrypt it with 'openssl pkey' into a pipe",
			path);
	else if (!pkey)
		ret = err_set(
			err, -EINVAL,
			"'%s' has no private key in PEM; 'openssl genpkey -algorithm ed25519' makes one",
			path);
	else
		ret = check_type(pkey, path, err);
	if (ret)
		EVP_PKEY_free(pkey);
	else
		*out = key_new(pkey);
	return ret;
}

int ed25519_load_private(const char *path, struct ed25519_key **out,
			 struct err *err)
{
	char text[MAX_FILE_BYTES];
	int ret = read_file(path, true, text, err);

	*out = NULL;
	if (!ret)
		ret = parse_private(text, path, out, err);
	OPENSSL_cleanse(text, sizeof(text));
	return ret;
}

/* The library says the same of the end of a file and of a damaged key. */
static size_t count_blocks(const char *text)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----";
	size_t count = 0;

	while ((text = strstr(text, begin))) {
		text += sizeof(begin) - 1;
		count++;
	}
	return count;
}

static int parse_public(BIO *bio, size_t count, const char *path,
			struct ed25519_keys *keys, struct err *err)
{
	while (keys->count < count) {
		EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
		int ret;

		if (!pkey)
			return err_set(err, -EINVAL,
				       "key %zu in '%s' is damaged",
				       keys->count + 1, path);
		ret = check_type(pkey, path, err);
		if (!ret && keys->count == ED25519_MAX_KEYS)
			ret = err_set(err, -EINVAL, "'%s' has over %d keys",
				      path, ED25519_MAX_KEYS);
		if (ret) {
			EVP_PKEY_free(pkey);
			return ret;
		}
		keys->keys[keys->count++] = key_new(pkey);
	}
	return 0;
}

int ed25519_load_public(const char *path, struct ed25519_keys *keys,
			struct err *err)
{
	char text[MAX_FILE_BYTES];
	int ret = read_file(path, false, text, err);
	BIO *bio;

	*keys = (struct ed25519_keys){.count = 0};
	if (ret)
		return ret;
	bio = BIO_new_mem_buf(text, -1);
	ret = parse_public(bio, count_blocks(text), path, keys, err);
	BIO_free(bio);
	ERR_clear_error();
	if (!ret && !keys->count)
		ret = err_set(
			err, -EINVAL, "'%s' has no public key in PEM%s", path,
			strstr(text, "PRIVATE KEY")
				? "; 'openssl pkey -pubout' makes one of the private key"
				: "");
	OPENSSL_cleanse(text, sizeof(text));
	return ret;
}

void ed25519_keys_release(struct ed25519_keys *keys)
{
	while (keys->count)
		ed25519_destroy(keys->keys[--keys->count]);
}

struct ed25519_key *ed25519_from_der(const unsigned char der[ED25519_DER_BYTES])
{
	const unsigned char *at = der;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, ED25519_DER_BYTES);

	ERR_clear_error();
	if (pkey && EVP_PKEY_id(pkey) == EVP_PKEY_ED25519 &&
	    at == der + ED25519_DER_BYTES)
		return key_new(pkey);
	EVP_PKEY_free(pkey);
	return NULL;
}

void ed25519_to_der(const struct ed25519_key *key,
		    unsigned char der[ED25519_DER_BYTES])
{
	unsigned char *bytes = NULL;
	int len = i2d_PUBKEY(key->pkey, &bytes);

	memset(der, 0, ED25519_DER_BYTES);
	if (len == ED25519_DER_BYTES)
		memcpy(der, bytes, ED25519_DER_BYTES);
	OPENSSL_free(bytes);
}

void ed25519_fingerprint(const struct ed25519_key *key,
			 char text[SHA256_HEX + 1])
{
	unsigned char der[ED25519_DER_BYTES];

	ed25519_to_der(key, der);
	sha256_of(der, sizeof(der), text);
}

int ed25519_sign(const struct ed25519_key *key, const void *bytes, size_t len,
		 unsigned char signature[ED25519_SIGNATURE_BYTES],
		 struct err *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = ED25519_SIGNATURE_BYTES;
	bool is_signed =
		EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
		EVP_DigestSign(context, signature, &size, bytes, len) == 1 &&
		size == ED25519_SIGNATURE_BYTES;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return is_signed ? 0 : err_set(err, -EIO, "cannot sign");
}

bool ed25519_verifies(const struct ed25519_key *key, const void *bytes,
		      size_t len,
		      const unsigned char signature[ED25519_SIGNATURE_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_right =
		EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) ==
			1 &&
		EVP_DigestVerify(context, signature, ED25519_SIGNATURE_BYTES,
				 bytes, len) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return is_right;
}
