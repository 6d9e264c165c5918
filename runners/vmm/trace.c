// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/trace.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/err.h"

/* Fewer zeros in a row are shorter as digits. */
#define MIN_ZEROS 3
#define MAX_ZEROS 65536

static FILE *file; /* set before and cleared after all other threads */
static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint thread_count;
static _Thread_local unsigned int thread_id; /* from 1; 0: not yet known */

int trace_open(const char *path, struct err *err)
{
	file = fopen(path, "we");
	if (!file)
		return err_sys(err, -errno, "cannot write the trace '%s'",
			       path);
	fprintf(file, "l1vh-trace %d\n", TRACE_VERSION);
	return 0;
}

void trace_close(void)
{
	if (file)
		fclose(file);
	file = NULL;
}

bool trace_is_on(void)
{
	return file != NULL;
}

void trace_line(const char *fmt, ...)
{
	va_list ap;

	if (!file)
		return;
	if (!thread_id)
		thread_id = atomic_fetch_add(&thread_count, 1) + 1;
	va_start(ap, fmt);
	pthread_mutex_lock(&file_lock);
	fprintf(file, "%llu %u ", (unsigned long long)clock_mono_ns(),
		thread_id);
	vfprintf(file, fmt, ap);
	fputc('\n', file);
	pthread_mutex_unlock(&file_lock);
	va_end(ap);
}

const char *trace_encode(const void *bytes, size_t len, char *text)
{
	const uint8_t *b = bytes;
	char *at = text;
	size_t i = 0;

	if (!len)
		return "-";
	while (i < len) {
		size_t zeros = 0;

		while (i + zeros < len && zeros < MAX_ZEROS && !b[i + zeros])
			zeros++;
		if (zeros > MIN_ZEROS) {
			at += snprintf(at, 8, "*%zu;", zeros);
			i += zeros;
		} else {
			at += snprintf(at, 3, "%02x", b[i++]);
		}
	}
	return text;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode_zeros(const char **text, uint8_t *bytes, size_t cap,
			size_t *at)
{
	char *end;
	unsigned long n = strtoul(*text + 1, &end, 10);

	if (end == *text + 1 || *end != ';')
		return -EINVAL;
	if (n > cap - *at)
		return -E2BIG;
	memset(bytes + *at, 0, n);
	*at += n;
	*text = end + 1;
	return 0;
}

int trace_decode(const char *text, void *bytes, size_t cap, size_t *len)
{
	size_t at = 0;
	int ret;

	*len = 0;
	if (!strcmp(text, "-"))
		return 0;
	while (*text) {
		if (*text == '*') {
			ret = decode_zeros(&text, bytes, cap, &at);
			if (ret)
				return ret;
			continue;
		}
		if (digit(text[0]) < 0 || digit(text[1]) < 0)
			return -EINVAL;
		if (at == cap)
			return -E2BIG;
		((uint8_t *)bytes)[at++] =
			(uint8_t)(digit(text[0]) << 4 | digit(text[1]));
		text += 2;
	}
	*len = at;
	return 0;
}
