// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_check - claims, and the report of the first failed one to the
 * parent. It knows nothing of the ABI.
 */
#include "mshv/selftest/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "EINVAL", or the number where it has no name; TEXT holds the latter. */
static const char *ret_name(int ret, char *text, size_t len)
{
	const char *name = ret < 0 ? strerrorname_np(-ret) : NULL;

	if (name)
		return name;
	snprintf(text, len, "%d", ret);
	return text;
}

static void __attribute__((noreturn))
report(const struct check *check, const struct check_report *what)
{
	ssize_t n;

	/* Less than PIPE_BUF, so it arrives whole or not at all. */
	n = write(check->report_fd, what, sizeof(*what));
	_exit(n == (ssize_t)sizeof(*what) ? 0 : 1);
}

void check_end(const struct check *check, enum selftest_status status,
	       const char *fmt, ...)
{
	struct check_report what = {.status = status};
	va_list args;

	va_start(args, fmt);
	vsnprintf(what.detail, sizeof(what.detail), fmt, args);
	va_end(args);
	report(check, &what);
}

/* The action, and then what came of it. */
static void __attribute__((noreturn, format(printf, 4, 0)))
deviate(const struct check *check, const char *expected, const char *actual,
	const char *fmt, va_list args)
{
	struct check_report what = {.status = SELFTEST_DEVIATION};
	int len;

	len = vsnprintf(what.detail, sizeof(what.detail), fmt, args);
	if (len >= 0 && (size_t)len < sizeof(what.detail))
		snprintf(what.detail + len, sizeof(what.detail) - (size_t)len,
			 ": expected %s, got %s", expected, actual);
	report(check, &what);
}

void check_ret(const struct check *check, int ret, int expected,
	       const char *fmt, ...)
{
	char want[16], got[16];
	va_list args;

	if (ret == expected)
		return;
	va_start(args, fmt);
	deviate(check, ret_name(expected, want, sizeof(want)),
		ret_name(ret, got, sizeof(got)), fmt, args);
}

void check_ret_either(const struct check *check, int ret, int expected,
		      int other, const char *fmt, ...)
{
	char first[16], second[16], want[48], got[16];
	va_list args;

	if (ret == expected || ret == other)
		return;
	snprintf(want, sizeof(want), "%s or %s",
		 ret_name(expected, first, sizeof(first)),
		 ret_name(other, second, sizeof(second)));
	va_start(args, fmt);
	deviate(check, want, ret_name(ret, got, sizeof(got)), fmt, args);
}

void check_fd(const struct check *check, int fd, const char *fmt, ...)
{
	char got[16];
	va_list args;

	if (fd >= 0)
		return;
	va_start(args, fmt);
	deviate(check, "a descriptor", ret_name(fd, got, sizeof(got)), fmt,
		args);
}

void check_u64(const struct check *check, uint64_t actual, uint64_t expected,
	       const char *fmt, ...)
{
	char want[24], got[24];
	va_list args;

	if (actual == expected)
		return;
	snprintf(want, sizeof(want), "0x%llx", (unsigned long long)expected);
	snprintf(got, sizeof(got), "0x%llx", (unsigned long long)actual);
	va_start(args, fmt);
	deviate(check, want, got, fmt, args);
}

void check_true(const struct check *check, bool holds, const char *fmt, ...)
{
	struct check_report what = {.status = SELFTEST_DEVIATION};
	va_list args;

	if (holds)
		return;
	va_start(args, fmt);
	vsnprintf(what.detail, sizeof(what.detail), fmt, args);
	va_end(args);
	report(check, &what);
}
