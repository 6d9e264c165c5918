/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_TLS_H
#define HARNESS_SERVE_TLS_H

/* tls - the server's certificate and key. */
struct err;

struct tls {
	char *cert, *key; /* owned; PEM (RFC 7468); both or neither */
};

/*
 * Both paths, or neither for no TLS. -EINVAL for only one path, an invalid
 * certificate or key, a key with a passphrase, a key of another certificate, and
 * an expired certificate. Call tls_release() only after 0.
 */
int tls_load(const char *cert_path, const char *key_path, struct tls *t,
	     struct err *err);
void tls_release(struct tls *t);

#endif
