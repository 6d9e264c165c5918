// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/column.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

int column_number(const char *line, double *out)
{
	char *end;

	*out = strtod(line, &end);
	if (end == line || end[strspn(end, " \t\r\n")] || !isfinite(*out))
		return -EINVAL;
	return 0;
}

static int column_add(struct column *c, const char *line)
{
	double value;

	if (line[0] == '#' || !line[strspn(line, " \t\r\n")])
		return 0;
	if (column_number(line, &value))
		return -EINVAL;
	/* Full at every power of two. */
	if (!(c->count & (c->count - 1)))
		c->values = xrealloc(c->values, 2 * c->count + 1,
				     sizeof(*c->values));
	c->values[c->count++] = value;
	return 0;
}

int column_read(const char *path, struct column *c, struct err *err)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *line = NULL;
	size_t size = 0, number = 0;
	ssize_t len;
	int ret = 0;

	if (!in)
		return err_sys(err, -errno, "cannot open '%s'", path);
	while (!ret && (len = getline(&line, &size, in)) >= 0) {
		bool has_zero = strlen(line) != (size_t)len;

		number++;
		/* A CR alone ends no line, and would hide what is behind it. */
		line[strcspn(line, "\n")] = '\0';
		if (has_zero || column_add(c, line)) {
			text_clean(line);
			ret = err_set(err, -EINVAL,
				      "%s:%zu: '%.40s' is not a finite number",
				      path, number, line);
		}
	}
	if (!ret && ferror(in))
		ret = err_set(err, -EIO, "cannot read '%s'", path);
	if (!ret && !c->count)
		ret = err_set(err, -ENODATA, "'%s' has no numbers", path);
	free(line);
	if (in != stdin)
		fclose(in);
	return ret;
}
