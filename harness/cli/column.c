// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/column.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

/* Some millions of numbers; /dev/zero has more. */
#define MAX_BYTES (64 * MIB)

static const char blanks[] = " \t\r\n";

int column_number(const char *line, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(line, &end);
	if (end == line || end[strspn(end, blanks)] || !isfinite(*out) ||
	    (*out == 0 && errno == ERANGE))
		return -EINVAL;
	/* strtod() takes more than people mean. */
	return strpbrk(line, "xX\v\f") ? -EINVAL : 0;
}

static bool is_beyond_ascii(const char *line)
{
	while (*line && (unsigned char)*line < 128)
		line++;
	return *line;
}

/* What is wrong with LINE, which is no number. */
static const char *reason_of(const char *line)
{
	const char *end;
	double value;

	if (strchr(line, ','))
		return "a comma is no decimal point, and separates no thousands";
	if (strstr(line, "\xe2\x88\x92"))
		return "its minus sign is U+2212; write '-'";
	if (is_beyond_ascii(line))
		return "it has a character outside ASCII, such as a narrow space";
	if (strchr(line, '_'))
		return "an underscore separates no digits";
	if (strpbrk(line, "xX"))
		return "write it in decimal";
	value = strtod(line, (char **)&end);
	if (end == line)
		return "expected one number per line";
	if (isinf(value) && isdigit((unsigned char)end[-1]))
		return "it is too large";
	if (!isfinite(value))
		return "it is infinite, or not a number";
	end += strspn(end, blanks);
	if (isdigit((unsigned char)*end) || strchr("+-.", *end))
		return *end ? "expected one number per line"
			    : "it is too small";
	return "something follows the number; leave out units";
}

static void column_add(struct column *c, double value)
{
	/* Full at every power of two. */
	if (!(c->count & (c->count - 1)))
		c->values = xrealloc(c->values, 2 * c->count + 1,
				     sizeof(*c->values));
	c->values[c->count++] = value;
}

/* LEN bytes without the LF, and a byte of zero. */
static int take_line(struct column *c, char *line, size_t len, const char *path,
		     size_t number, struct err *err)
{
	const char *reason = text_fault(line, len);
	double value = 0;
	char shown[64];

	if (!reason && (line[0] == '#' || !line[strspn(line, blanks)]))
		return 0;
	if (!reason && column_number(line, &value))
		reason = reason_of(line);
	if (!reason) {
		column_add(c, value);
		return 0;
	}
	snprintf(shown, sizeof(shown), "%.40s", line);
	shown[strcspn(shown, "\r\n")] = '\0';
	text_clean(shown);
	return err_set(err, -EINVAL, "%s:%zu: '%s' is not a finite number: %s",
		       path, number, shown, reason);
}

static int take_text(struct column *c, const struct strbuf *text,
		     const char *path, struct err *err)
{
	char *line = text->str + text_bom(text->str, text->len);
	char *end = text->str + text->len;
	size_t number = 0;
	int ret = 0;

	while (!ret && line < end) {
		char *lf = memchr(line, '\n', (size_t)(end - line));
		char *stop = lf ? lf : end;

		*stop = '\0';
		ret = take_line(c, line, (size_t)(stop - line), path, ++number,
				err);
		line = stop + 1;
	}
	return ret;
}

static int read_all(FILE *in, const char *path, struct strbuf *text,
		    struct err *err)
{
	char buf[16384];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), in)) > 0) {
		strbuf_add(text, buf, n);
		if (text->len > MAX_BYTES)
			return err_set(err, -EINVAL,
				       "'%s' has more than %u MiB", path,
				       (unsigned int)(MAX_BYTES / MIB));
	}
	return ferror(in) ? err_sys(err, -errno, "cannot read '%s'", path) : 0;
}

int column_read(const char *path, struct column *c, struct err *err)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct strbuf text = {0};
	int ret;

	if (!in)
		return err_sys(err, -errno, "cannot open '%s'", path);
	ret = read_all(in, path, &text, err);
	if (!ret && text.len)
		ret = take_text(c, &text, path, err);
	if (!ret && !c->count)
		ret = err_set(err, -ENODATA, "'%s' has no numbers", path);
	strbuf_release(&text);
	if (in != stdin)
		fclose(in);
	return ret;
}
