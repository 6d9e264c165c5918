// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return code;
}

int err_sys(struct err *err, int code, const char *fmt, ...)
{
	size_t used;
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	used = strlen(err->msg);
	snprintf(err->msg + used, sizeof(err->msg) - used, ": %s",
		 strerror(-code));
	return code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char head[sizeof(err->msg) / 2];
	char cause[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(head, sizeof(head), fmt, ap);
	va_end(ap);
	memcpy(cause, err->msg, sizeof(cause));
	snprintf(err->msg, sizeof(err->msg), "%s: %.*s", head,
		 (int)(sizeof(err->msg) - strlen(head) - 3), cause);
	return err->code;
}
