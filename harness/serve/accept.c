// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/accept.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define MAX_PARAMETERS 8
#define WHOLE 1000 /* quality 1, in thousandths */

/* Of the header, which has no copies. */
struct span {
	const char *text;
	size_t len;
};

struct range {
	struct span type, subtype;
	struct parameter {
		struct span name, value;
	} parameters[MAX_PARAMETERS];
	size_t count;
	int quality;
};

static bool span_is(const struct span *s, const char *text)
{
	return s->len == strlen(text) && !strncasecmp(s->text, text, s->len);
}

static bool spans_equal(const struct span *a, const struct span *b)
{
	return a->len == b->len && !strncasecmp(a->text, b->text, a->len);
}

static void skip_blanks(const char **p)
{
	*p += strspn(*p, " \t");
}

/* RFC 9110, 5.6.2. */
static bool take_token(const char **p, struct span *out)
{
	static const char chars[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	*out = (struct span){*p, strspn(*p, chars)};
	*p += out->len;
	return out->len;
}

/* A token or a quoted string (5.6.4), without its quotes. */
static bool take_value(const char **p, struct span *out)
{
	const char *at;

	if (**p != '"')
		return take_token(p, out);
	for (at = *p + 1; *at && *at != '"'; at++)
		if (*at == '\\' && at[1])
			at++;
	*out = (struct span){*p + 1, (size_t)(at - *p - 1)};
	*p = *at ? at + 1 : at;
	return *at;
}

/* "0.75": one digit, and at most three behind the point (12.4.2); -1: none. */
static int quality_of(const struct span *s)
{
	int quality = 0, digit = WHOLE;
	size_t i;

	if (!s->len || s->len > 5 || (s->text[0] != '0' && s->text[0] != '1'))
		return -1;
	if (s->len > 1 && s->text[1] != '.')
		return -1;
	for (i = 0; i < s->len; i++) {
		if (i == 1)
			continue;
		if (s->text[i] < '0' || s->text[i] > '9')
			return -1;
		quality += (s->text[i] - '0') * digit;
		digit /= 10;
	}
	return quality <= WHOLE ? quality : -1;
}

/* One parameter behind its semicolon, or nothing. */
static bool take_parameter(const char **p, struct range *r, bool *has_quality)
{
	struct parameter at;

	skip_blanks(p);
	if (!**p || **p == ';' || **p == ',')
		return true;
	if (!take_token(p, &at.name) || **p != '=')
		return false;
	(*p)++;
	if (!take_value(p, &at.value))
		return false;
	if (span_is(&at.name, "q") && !*has_quality) {
		r->quality = quality_of(&at.value);
		*has_quality = true;
		return r->quality >= 0;
	}
	/* What stood behind the weight was never of the media type. */
	if (*has_quality)
		return true;
	if (r->count == MAX_PARAMETERS)
		return false;
	r->parameters[r->count++] = at;
	return true;
}

/* All that is left of an element. */
static bool take_parameters(const char **p, struct range *r)
{
	bool has_quality = false;

	skip_blanks(p);
	while (**p == ';') {
		(*p)++;
		if (!take_parameter(p, r, &has_quality))
			return false;
		skip_blanks(p);
	}
	return !**p || **p == ',';
}

static bool take_range(const char **p, struct range *r)
{
	*r = (struct range){.quality = WHOLE};
	if (!take_token(p, &r->type) || **p != '/')
		return false;
	(*p)++;
	return take_token(p, &r->subtype) && take_parameters(p, r);
}

/* To the next element; a comma within quotes ends none. */
static void skip_element(const char **p)
{
	struct span quoted;

	while (**p && **p != ',')
		if (**p == '"')
			take_value(p, &quoted);
		else
			(*p)++;
}

/*
 * Prometheus 3 asks for a scheme that escapes names of metrics with characters
 * that its older formats lack. Names without any are the same in each scheme.
 */
static bool is_indifferent(const struct parameter *p)
{
	return span_is(&p->name, "escaping");
}

static bool has_parameter(const struct range *offer, const struct parameter *p)
{
	size_t i;

	for (i = 0; i < offer->count; i++)
		if (spans_equal(&offer->parameters[i].name, &p->name))
			return spans_equal(&offer->parameters[i].value,
					   &p->value);
	return is_indifferent(p);
}

/* How specific RANGE is, if it fits OFFER; -1: it does not. */
static int fit(const struct range *range, const struct range *offer)
{
	size_t i;

	if (span_is(&range->type, "*"))
		return span_is(&range->subtype, "*") ? 0 : -1;
	if (!spans_equal(&range->type, &offer->type))
		return -1;
	if (span_is(&range->subtype, "*"))
		return 1;
	if (!spans_equal(&range->subtype, &offer->subtype))
		return -1;
	for (i = 0; i < range->count; i++)
		if (!has_parameter(offer, &range->parameters[i]))
			return -1;
	return 2 + (int)range->count;
}

/* In thousandths; 0: it is not acceptable. */
static int quality_for(const char *header, const struct range *offer)
{
	int best = -1, quality = 0;
	struct range range;

	while (*header) {
		skip_blanks(&header);
		if (take_range(&header, &range)) {
			int how = fit(&range, offer);

			if (how > best) {
				best = how;
				quality = range.quality;
			}
		}
		skip_element(&header);
		header += *header == ',';
	}
	return quality;
}

size_t accept_choose(const char *header, const char *const *offers,
		     size_t count)
{
	size_t i, chosen = count;
	int best = 0;

	for (i = 0; i < count; i++) {
		const char *text = offers[i];
		struct range offer;
		int quality = take_range(&text, &offer)
				      ? quality_for(header, &offer)
				      : 0;

		if (quality > best) {
			best = quality;
			chosen = i;
		}
	}
	return chosen;
}

/* The quality of each coding that a client named; -1: it did not. */
struct codings {
	int gzip, plain, others;
};

static void keep_coding(struct codings *c, const struct range *r)
{
	int *to = span_is(&r->type, "gzip") || span_is(&r->type, "x-gzip")
			  ? &c->gzip
		  : span_is(&r->type, "identity") ? &c->plain
		  : span_is(&r->type, "*")        ? &c->others
						  : NULL;

	if (to && *to < 0)
		*to = r->quality;
}

enum accept_coding accept_coding(const char *header)
{
	struct codings c = {-1, -1, -1};
	struct range r;

	while (header && *header) {
		skip_blanks(&header);
		r = (struct range){.quality = WHOLE};
		if (take_token(&header, &r.type) &&
		    take_parameters(&header, &r))
			keep_coding(&c, &r);
		skip_element(&header);
		header += *header == ',';
	}
	if (c.gzip < 0)
		c.gzip = c.others;
	/* What is not named is fit all the same, but wanted least of all. */
	if (c.plain < 0 && c.others == 0)
		c.plain = 0;
	if (c.gzip <= 0 || c.gzip < c.plain)
		return ACCEPT_PLAIN;
	return c.plain ? ACCEPT_GZIP : ACCEPT_GZIP_ONLY;
}
