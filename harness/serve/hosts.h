/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_HOSTS_H
#define HARNESS_SERVE_HOSTS_H

/*
 * hosts - under which names a server is asked, against DNS rebinding: a page of
 * a foreign site that lets its own name point here reads answers with the
 * browser's rights, but the Host header still has its name. Pure, but for
 * hosts_init(), which asks for the name of this machine.
 */
#include <stdbool.h>
#include <stddef.h>

struct err;
struct wire;

/* A name of the DNS has up to 253 characters. */
#define HOST_BYTES 256

enum hosts_check {
	HOSTS_ANY,      /* TLS: a browser compares the certificate's name */
	HOSTS_BROWSERS, /* programs, which cannot be led here, may use any */
	HOSTS_ALL,
};

struct hosts {
	enum hosts_check check;
	const char *names; /* "a.example,.b.example"; borrowed; NULL: none */
	char own[HOST_BYTES];
};

void hosts_init(struct hosts *h, const char *names, enum hosts_check check);

/* -EINVAL for a list that is not names, names below one (".example") or "*". */
int hosts_check_list(const char *names, struct err *err);

/* NAME of "NAME:PORT" or "[IPV6]:PORT", in small letters, without brackets and
 * the root's dot; -EINVAL if that is not what it is (RFC 3986, 3.2.2). */
int host_parse(const char *authority, char name[HOST_BYTES], struct err *err);

/* Whether a request for NAME, of host_parse(), is answered. */
bool hosts_allow(const struct hosts *h, const char *name, const struct wire *w);

#endif
