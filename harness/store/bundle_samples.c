// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/bundle_samples.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/result_field.h"

static const char key[] = "\"samples\"";

static int not_numbers(struct err *err)
{
	return err_set(err, -EPROTO, "a boot's samples are not well formed");
}

static const char *skip_space(const char *at)
{
	return at + strspn(at, " \t\n\r");
}

static const char *skip_digits(const char *at)
{
	while (*at >= '0' && *at <= '9')
		at++;
	return at;
}

/* Behind a number by JSON's grammar (RFC 8259, 6); NULL: it is none. *IS_INTEGER:
 * it has neither fraction nor exponent. */
static const char *skip_number(const char *at, bool *is_integer)
{
	const char *digits = at + (*at == '-');
	const char *end = skip_digits(digits);

	if (end == digits || (*digits == '0' && end > digits + 1))
		return NULL;
	*is_integer = *end != '.' && *end != 'e' && *end != 'E';
	if (*end == '.') {
		digits = end + 1;
		end = skip_digits(digits);
		if (end == digits)
			return NULL;
	}
	if (*end == 'e' || *end == 'E') {
		digits = end + 1 + (end[1] == '+' || end[1] == '-');
		end = skip_digits(digits);
		if (end == digits)
			return NULL;
	}
	return end;
}

/* The number at TEXT into the field F; false: it does not fit. */
static bool put_number(const char *text, bool is_integer,
		       const struct result_field *f, struct sample *sample)
{
	void *to = (char *)sample + f->offset;
	unsigned long long n;

	if (f->type == FIELD_REAL) {
		*(double *)to = strtod(text, NULL);
		return isfinite(*(double *)to);
	}
	errno = 0;
	n = strtoull(text, NULL, 10);
	if (!is_integer || *text == '-' || errno)
		return false;
	if (f->type == FIELD_U32) {
		*(uint32_t *)to = (uint32_t)n;
		return n <= UINT32_MAX;
	}
	if (f->type == FIELD_U64) {
		*(uint64_t *)to = n;
		return n <= INT64_MAX;
	}
	return false; /* a sample has only numbers */
}

/* A number at *AT into the field of SAMPLE, or only past it where F is the last
 * row. False: it is none, or does not fit. */
static bool take_number(const char **at, const struct result_field *f,
			struct sample *sample)
{
	bool is_integer = false;
	const char *from = *at, *end = skip_number(from, &is_integer);

	if (!end)
		return false;
	*at = end;
	return !f->name || put_number(from, is_integer, f, sample);
}

/* An array of numbers, of which a later version may have more. */
static bool take_sample(const char **at, struct sample *sample)
{
	const struct result_field *f = sample_fields;
	const char *p = *at;

	if (*p != '[')
		return false;
	for (;;) {
		p = skip_space(p + 1);
		if (!take_number(&p, f, sample))
			return false;
		f += f->name != NULL;
		p = skip_space(p);
		if (*p == ']')
			break;
		if (*p != ',')
			return false;
	}
	*at = p + 1;
	return !f->name;
}

static struct sample *add(struct bundle_samples *s)
{
	if (s->count == s->room) {
		s->room = 2 * s->room + 64;
		s->samples = xrealloc(s->samples, s->room, sizeof(*s->samples));
	}
	return &s->samples[s->count++];
}

/* From behind "[" to behind its "]". */
static bool take_list(const char **at, struct bundle_samples *s)
{
	size_t first = s->count;
	const char *p = skip_space(*at);

	while (*p != ']') {
		if (s->count > first && *p++ != ',')
			return false;
		p = skip_space(p);
		if (!take_sample(&p, add(s)))
			return false;
		p = skip_space(p);
	}
	if (s->series_count == s->series_room) {
		s->series_room = 2 * s->series_room + 64;
		s->ends = xrealloc(s->ends, s->series_room, sizeof(*s->ends));
	}
	s->ends[s->series_count++] = s->count;
	*at = p + 1;
	return true;
}

/* Behind the string that begins at AT; NULL: it does not end. */
static const char *skip_string(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && !*++at)
			return NULL;
	return *at ? at + 1 : NULL;
}

/* Behind the "[" of an array of that key, which begins at AT; NULL: it is none. */
static const char *find_array(const char *at)
{
	if (strncmp(at, key, sizeof(key) - 1))
		return NULL;
	at = skip_space(at + sizeof(key) - 1);
	if (*at++ != ':')
		return NULL;
	at = skip_space(at);
	return *at == '[' ? at + 1 : NULL;
}

static char *keep(char *to, const char *from, const char *end)
{
	memmove(to, from, (size_t)(end - from));
	return to + (end - from);
}

/* Only strings are told from the rest of LINE: in one "samples" means nothing. */
int bundle_samples_take(char *line, size_t *len, struct bundle_samples *out,
			struct err *err)
{
	const char *from = line, *at = line, *end;
	char *to = line;

	out->count = out->series_count = 0;
	while ((at = strchr(at, '"'))) {
		const char *array = find_array(at);

		end = array ? array : skip_string(at);
		if (!end)
			return not_numbers(err);
		at = end;
		if (!array)
			continue;
		to = keep(to, from, array);
		if (!take_list(&at, out))
			return not_numbers(err);
		from = at - 1; /* at its "]" */
	}
	end = line + *len;
	to = keep(to, from, end);
	*to = '\0';
	*len = (size_t)(to - line);
	return 0;
}

int bundle_samples_give(const struct bundle_samples *from, struct result *res,
			struct err *err)
{
	size_t i, at = 0;

	if (from->series_count != res->series_count)
		return not_numbers(err);
	for (i = 0; i < from->series_count; at = from->ends[i++]) {
		size_t count = from->ends[i] - at;
		struct series *s = &res->series[i];

		if (s->sample_count)
			return not_numbers(err);
		if (!count)
			continue;
		s->samples = xcalloc(count, sizeof(*s->samples));
		memcpy(s->samples, from->samples + at,
		       count * sizeof(*s->samples));
		s->sample_count = count;
	}
	return 0;
}

void bundle_samples_release(struct bundle_samples *s)
{
	free(s->samples);
	free(s->ends);
	*s = (struct bundle_samples){.samples = NULL};
}
