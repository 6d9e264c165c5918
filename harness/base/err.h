/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_ERR_H
#define HARNESS_BASE_ERR_H

/*
 * err - an error code with a message for people.
 *
 * The message has a fixed size, so that reporting a failure cannot fail.
 */
struct err {
	int code;      /* negative errno, 0 when unset */
	char msg[512]; /* "cannot boot guest: cannot open '/dev/kvm': ..." */
};

/* Fill ERR and return CODE, so that callers can `return err_set(...)`. */
int err_set(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As err_set(), with ": " and the text of CODE behind the message. */
int err_sys(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put the caller's context in front of the cause. Returns err->code. */
int err_wrap(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
