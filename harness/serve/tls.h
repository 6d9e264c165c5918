/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_TLS_H
#define HARNESS_SERVE_TLS_H

/* tls - a certificate and its key, as the server is given them. */
struct err;

struct tls {
	char *cert, *key; /* owned; PEM (RFC 7468); both or neither */
};

/*
 * Both paths or neither: then there is no TLS. -EINVAL for one alone, for what
 * is no certificate or no key, a key with a passphrase, one of another
 * certificate, and a certificate that has expired. For tls_release() after 0
 * alone.
 */
int tls_load(const char *cert_path, const char *key_path, struct tls *t,
	     struct err *err);
void tls_release(struct tls *t);

#endif
