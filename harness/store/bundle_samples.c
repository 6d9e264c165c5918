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

/* A number at *AT into the field of SAMPLE, or only past it where F is the last
 * row. False: it is none, or does not fit. */
static bool take_number(const char **at, const struct result_field *f,
			struct sample *sample)
{
	void *to = (char *)sample + f->offset;
	bool is_integer = false;
	const char *end = skip_number(*at, &is_integer);
	const char *from = *at;

	if (!end)
		return false;
	*at = end;
	if (!f->name)
		return true;
	if (f->type == FIELD_REAL) {
		*(double *)to = strtod(from, NULL);
		return isfinite(*(double *)to);
	}
	errno = 0;
	if (f->type == FIELD_U32) {
		unsigned long long n = strtoull(from, NULL, 10);

		*(uint32_t *)to = (uint32_t)n;
		return is_integer && *from != '-' && n <= UINT32_MAX;
	}
	*(uint64_t *)to = strtoull(from, NULL, 10);
	return is_integer && *from != '-' && !errno &&
	       *(uint64_t *)to <= INT64_MAX;
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

static struct sample *add(struct sample_list *list)
{
	if (list->count == list->room) {
		list->room = 2 * list->room + 16;
		list->samples = xrealloc(list->samples, list->room,
					 sizeof(*list->samples));
	}
	return &list->samples[list->count++];
}

/* From behind "[" to behind its "]". */
static bool take_list(const char **at, struct sample_list *list)
{
	const char *p = skip_space(*at);

	while (*p != ']') {
		if (list->count && *p++ != ',')
			return false;
		p = skip_space(p);
		if (!take_sample(&p, add(list)))
			return false;
		p = skip_space(p);
	}
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

static struct sample_list *add_list(struct bundle_samples *s)
{
	s->lists = xrealloc(s->lists, s->count + 1, sizeof(*s->lists));
	s->lists[s->count] = (struct sample_list){.samples = NULL};
	return &s->lists[s->count++];
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

	*out = (struct bundle_samples){.lists = NULL};
	while ((at = strchr(at, '"'))) {
		const char *array = find_array(at);

		end = array ? array : skip_string(at);
		if (!end)
			return not_numbers(err);
		at = end;
		if (!array)
			continue;
		to = keep(to, from, array);
		if (!take_list(&at, add_list(out)))
			return not_numbers(err);
		from = at - 1; /* at its "]" */
	}
	end = line + *len;
	to = keep(to, from, end);
	*to = '\0';
	*len = (size_t)(to - line);
	return 0;
}

int bundle_samples_give(struct bundle_samples *from, struct result *res,
			struct err *err)
{
	size_t i;

	if (from->count != res->series_count)
		return not_numbers(err);
	for (i = 0; i < from->count; i++) {
		struct sample_list *list = &from->lists[i];
		struct series *s = &res->series[i];

		if (s->sample_count)
			return not_numbers(err);
		s->samples = list->samples;
		s->sample_count = list->count;
		*list = (struct sample_list){.samples = NULL};
	}
	return 0;
}

void bundle_samples_release(struct bundle_samples *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		free(s->lists[i].samples);
	free(s->lists);
	*s = (struct bundle_samples){.lists = NULL};
}
