// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "reports/model.h"

/* Prefixes of keys in which guests may differ, and why. */
static const struct {
	const char *prefix;
	const char *why;
} unavoidable[] = {
	{"cpuid.0000000d", "the XSAVE area's size follows XCR0 at the moment"},
};

static bool may_differ(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unavoidable); i++)
		if (!strncmp(key, unavoidable[i].prefix,
			     strlen(unavoidable[i].prefix)))
			return true;
	return false;
}

static struct identity_diff_row *row_get(struct identity_diff *diff,
					 const char *key)
{
	struct identity_diff_row *row;
	size_t i;

	for (i = 0; i < diff->row_count; i++)
		if (!strcmp(diff->rows[i].key, key))
			return &diff->rows[i];
	diff->rows =
		xrealloc(diff->rows, diff->row_count + 1, sizeof(*diff->rows));
	row = &diff->rows[diff->row_count++];
	memset(row, 0, sizeof(*row));
	snprintf(row->key, sizeof(row->key), "%s", key);
	row->is_unavoidable = may_differ(key);
	return row;
}

/* Boots of one runner that disagree are a finding of their own. */
static void take_line(struct identity_diff *diff, size_t runner, char *line)
{
	char *equals = strchr(line, '=');
	struct identity_diff_row *row;
	char **value;

	if (!equals)
		return;
	*equals = '\0';
	row = row_get(diff, line);
	value = &row->values[runner];
	row->seen_count[runner]++;
	if (!*value)
		*value = xstrdup(equals + 1);
	else if (strcmp(*value, equals + 1) && !row->is_unavoidable)
		diff->unstable_count++;
}

static void take_boot(struct identity_diff *diff, size_t runner,
		      const char *identity)
{
	char *copy = xstrdup(identity);
	char *rest = copy;
	char *line;

	diff->boot_count[runner]++;
	while ((line = strsep(&rest, "\n")))
		take_line(diff, runner, line);
	free(copy);
}

static bool differs(const struct identity_diff_row *row, size_t first,
		    size_t count)
{
	size_t i;

	for (i = first + 1; i < count; i++) {
		const char *a = row->values[first];
		const char *b = row->values[i];

		if (!a != !b || (a && strcmp(a, b)))
			return true;
	}
	return false;
}

/* Keep only the rows in which some runner differs from the first. */
static void keep_differences(struct identity_diff *diff, size_t first_guest,
			     size_t runner_count)
{
	size_t kept = 0;
	size_t i, k;

	for (i = 0; i < diff->row_count; i++) {
		struct identity_diff_row *row = &diff->rows[i];

		for (k = first_guest; k < runner_count; k++)
			if (row->seen_count[k])
				break;
		diff->compared_count += k < runner_count;
		/* A key that only some boots of a runner have is no match. */
		for (k = 0; k < runner_count && !row->is_unavoidable; k++)
			if (row->seen_count[k] &&
			    row->seen_count[k] != diff->boot_count[k])
				diff->unstable_count++;
		if (!row->is_unavoidable &&
		    differs(row, first_guest, runner_count))
			diff->guest_difference_count++;
		if (differs(row, 0, runner_count)) {
			diff->rows[kept++] = *row;
			continue;
		}
		for (k = 0; k < ARRAY_SIZE(row->values); k++)
			free(row->values[k]);
	}
	diff->row_count = kept;
}

void identity_diff_init(struct identity_diff *diff, const struct model *m)
{
	size_t first_guest =
		m->runner_count && !strcmp(m->runners[0], MODEL_BASELINE);
	size_t i, k;

	memset(diff, 0, sizeof(*diff));
	for (i = 0; i < m->run->boot_count; i++)
		for (k = 0; k < m->runner_count; k++)
			if (!strcmp(m->run->boots[i].bc.runner,
				    m->runners[k]) &&
			    m->run->boots[i].res.identity &&
			    m->run->boots[i].res.identity[0])
				take_boot(diff, k,
					  m->run->boots[i].res.identity);
	diff->guest_runner_count = m->runner_count - first_guest;
	keep_differences(diff, first_guest, m->runner_count);
}

void identity_diff_release(struct identity_diff *diff)
{
	size_t i, k;

	for (i = 0; i < diff->row_count; i++)
		for (k = 0; k < ARRAY_SIZE(diff->rows[i].values); k++)
			free(diff->rows[i].values[k]);
	free(diff->rows);
	memset(diff, 0, sizeof(*diff));
}

const char *identity_verdict(const struct identity_diff *diff, char *buf,
			     size_t size)
{
	if (!diff->compared_count)
		snprintf(buf, size,
			 "No machine said what it is; nothing was compared.");
	else if (diff->unstable_count)
		snprintf(
			buf, size,
			"Boots of one runner disagree in %zu values: not identical.",
			diff->unstable_count);
	else if (diff->guest_runner_count < 2)
		snprintf(
			buf, size,
			"One guest runner: all its boots report the same %zu values; there is no second guest to be identical with.",
			diff->compared_count);
	else if (diff->guest_difference_count)
		snprintf(
			buf, size,
			"Guests differ in %zu values outside the list of unavoidable ones: not identical.",
			diff->guest_difference_count);
	else
		snprintf(
			buf, size,
			"Guests are identical in all %zu values but those that cannot be.",
			diff->compared_count);
	return buf;
}
