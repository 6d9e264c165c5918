// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/stat_line.h"

#include <stdio.h>
#include <string.h>

#define NAME_FIELD 2u

bool stat_line_name(const char *line, char *buf, size_t size)
{
	const char *open = strchr(line, '('), *close = strrchr(line, ')');

	if (!open || !close)
		return false;
	snprintf(buf, size, "%.*s", (int)(close - open - 1), open + 1);
	return true;
}

const char *stat_line_field(const char *line, unsigned int number)
{
	const char *at = strrchr(line, ')');

	for (; at && number > NAME_FIELD; number--) {
		at = strchr(at, ' ');
		at += at != NULL;
	}
	return at;
}
