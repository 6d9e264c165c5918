// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/query.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/portable.h"
#include "harness/base/xmalloc.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place, as it only gets shorter. A plus is a blank behind the '?' alone
 * (HTML, application/x-www-form-urlencoded). */
static int decode(char *text, bool is_form, struct err *err)
{
	const char *from;
	char *to = text;

	for (from = text; *from; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = is_form && *from == '+' ? ' ' : *from;
			continue;
		}
		high = hex_value(from[1]);
		low = high < 0 ? -1 : hex_value(from[2]);
		/* A zero would end the text in front of what follows. */
		if (low < 0 || !(high | low))
			return err_set(err, -EINVAL,
				       "damaged percent-encoding");
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	if (!portable_is_text(text))
		return err_set(err, -EINVAL, "the address is not UTF-8 text");
	return 0;
}

static int add_parameter(struct query *q, char *text, struct err *err)
{
	char *value = strchr(text, '=');
	size_t i;
	int ret;

	if (q->count == QUERY_MAX_PARAMETERS)
		return err_set(err, -EINVAL, "too many parameters");
	if (!value)
		return err_set(err, -EINVAL, "a parameter without a value");
	*value++ = '\0';
	ret = decode(text, true, err);
	if (!ret)
		ret = decode(value, true, err);
	for (i = 0; i < q->count && !ret; i++)
		if (!strcmp(q->parameters[i].name, text))
			ret = err_set(err, -EINVAL,
				      "parameter '%.40s' is given twice", text);
	if (!ret)
		q->parameters[q->count++] =
			(struct query_parameter){text, value};
	return ret;
}

static bool is_target(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text) || *text == ' ' ||
		    *text == '#')
			return false;
	return true;
}

/* What is behind "http://AUTHORITY" is as a target without them is. */
static void split_target(const char *target, struct query *q)
{
	static const char *const schemes[] = {"http://", "https://"};
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(schemes); i++) {
		size_t skip = strlen(schemes[i]);

		if (strncasecmp(target, schemes[i], skip))
			continue;
		target += skip;
		len = strcspn(target, "/?");
		q->authority = xasprintf("%.*s", (int)len, target);
		target += len;
		q->text = xasprintf("%s%s", *target == '/' ? "" : "/", target);
		break;
	}
	if (!q->text)
		q->text = xstrdup(target);
	q->path = q->text;
}

int query_parse(const char *target, struct query *q, struct err *err)
{
	char *rest, *next;
	int ret;

	*q = (struct query){.text = NULL};
	if (!is_target(target))
		return err_set(
			err, -EINVAL,
			"the address has blanks, control characters or a fragment");
	split_target(target, q);
	rest = strchr(q->text, '?');
	if (rest)
		*rest++ = '\0';
	ret = decode(q->text, false, err);
	if (!ret && q->text[0] != '/' && strcmp(target, "*"))
		ret = err_set(err, -EINVAL, "the address has no path");
	for (; rest && !ret; rest = next) {
		next = strchr(rest, '&');
		if (next)
			*next++ = '\0';
		if (*rest)
			ret = add_parameter(q, rest, err);
	}
	if (ret)
		query_release(q);
	return ret;
}

void query_release(struct query *q)
{
	free(q->authority);
	free(q->text);
	*q = (struct query){.text = NULL};
}

const char *query_get(const struct query *q, const char *name)
{
	size_t i;

	for (i = 0; i < q->count; i++)
		if (!strcmp(q->parameters[i].name, name))
			return *q->parameters[i].value ? q->parameters[i].value
						       : NULL;
	return NULL;
}

int query_only(const struct query *q, const char *const *names, struct err *err)
{
	size_t i, k;

	for (i = 0; i < q->count; i++) {
		for (k = 0; names[k]; k++)
			if (!strcmp(names[k], q->parameters[i].name))
				break;
		if (!names[k])
			return err_set(err, -EINVAL,
				       "unknown parameter '%.40s'",
				       q->parameters[i].name);
	}
	return 0;
}
