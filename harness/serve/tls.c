// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/tls.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"

#define MAX_FILE_BYTES (1 * MIB)

static int read_text(const char *path, char **text, struct err *err)
{
	struct strbuf sb = {0};
	int ret = file_read_whole(path, MAX_FILE_BYTES, &sb);

	if (!ret && !sb.len)
		ret = -ENODATA;
	if (ret) {
		strbuf_release(&sb);
		return err_sys(err, ret == -ENOENT ? ret : -EINVAL,
			       "cannot read '%s'", path);
	}
	*text = sb.str;
	return 0;
}

/* A server has nobody to ask. */
static int no_passphrase(char *buf, int size, int is_write, void *arg)
{
	(void)buf;
	(void)size;
	(void)is_write;
	(void)arg;
	return 0;
}

static X509 *parse_cert(const char *text)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);

	BIO_free(bio);
	return cert;
}

static EVP_PKEY *parse_key(const char *text)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

	BIO_free(bio);
	return key;
}

static int check_pair(const struct tls *t, const char *cert_path,
		      const char *key_path, struct err *err)
{
	X509 *cert = parse_cert(t->cert);
	EVP_PKEY *key = parse_key(t->key);
	int ret = 0;

	if (!cert)
		ret = err_set(err, -EINVAL, "'%s' is not a certificate in PEM",
			      cert_path);
	else if (!key)
		ret = err_set(err, -EINVAL,
			      "'%s' is not a key in PEM without a passphrase",
			      key_path);
	else if (X509_check_private_key(cert, key) != 1)
		ret = err_set(err, -EINVAL,
			      "'%s' is the key of another certificate",
			      key_path);
	else if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		ret = err_set(err, -EINVAL, "'%s' has expired", cert_path);
	EVP_PKEY_free(key);
	X509_free(cert);
	return ret;
}

int tls_load(const char *cert_path, const char *key_path, struct tls *t,
	     struct err *err)
{
	int ret = 0;

	*t = (struct tls){.cert = NULL};
	if (!cert_path && !key_path)
		return 0;
	if (!cert_path || !key_path)
		return err_set(err, -EINVAL,
			       "TLS needs a certificate and its key");
	ret = read_text(cert_path, &t->cert, err);
	if (!ret)
		ret = read_text(key_path, &t->key, err);
	if (!ret)
		ret = check_pair(t, cert_path, key_path, err);
	if (ret)
		tls_release(t);
	return ret;
}

void tls_release(struct tls *t)
{
	if (t->key)
		OPENSSL_cleanse(t->key, strlen(t->key));
	free(t->cert);
	free(t->key);
	*t = (struct tls){.cert = NULL};
}
