// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"

/* Prefixes of keys in which guests may differ, and why. */
static const struct {
	const char *prefix;
	const char *why;
} unavoidable[] = {
	{"cpuid.0000000d", "the XSAVE area's size follows XCR0 at the moment"},
	{"vmm.", "each runner has a VMM of its own"},
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
					 const char *key,
					 enum machine_kind machine)
{
	struct identity_diff_row *row;
	size_t i;

	for (i = 0; i < diff->row_count; i++)
		if (diff->rows[i].machine == machine &&
		    !strcmp(diff->rows[i].key, key))
			return &diff->rows[i];
	diff->rows =
		xrealloc(diff->rows, diff->row_count + 1, sizeof(*diff->rows));
	row = &diff->rows[diff->row_count++];
	memset(row, 0, sizeof(*row));
	row->key = xstrdup(key);
	row->machine = machine;
	row->is_unavoidable = may_differ(key);
	return row;
}

static void take_line(struct identity_diff *diff, size_t runner,
		      enum machine_kind machine, char *line)
{
	char *equals = strchr(line, '=');
	struct identity_diff_row *row;
	char **value;

	if (!equals)
		return;
	*equals = '\0';
	row = row_get(diff, line, machine);
	value = &row->values[runner];
	row->seen_count[runner]++;
	if (!*value)
		*value = xstrdup(equals + 1);
	else if (strcmp(*value, equals + 1))
		row->is_unstable[runner] = true;
}

static void take_boot(struct identity_diff *diff, size_t runner,
		      const struct result *res)
{
	enum machine_kind machine = result_machine(res);
	char *copy = xstrdup(res->identity);
	char *rest = copy;
	char *line;

	/* These are meant to differ. */
	if (machine == MACHINE_SHAPE) {
		free(copy);
		return;
	}
	diff->boot_count[machine][runner]++;
	while ((line = strsep(&rest, "\n")))
		take_line(diff, runner, machine, line);
	free(copy);
}

/* Boots of one runner that disagree are a finding of their own. */
static size_t count_unstable(const struct identity_diff *diff,
			     struct identity_diff_row *row, size_t runner_count)
{
	size_t count = 0;
	size_t k;

	for (k = 0; k < runner_count; k++) {
		/* A key that only some boots have does not match either. */
		if (row->seen_count[k] &&
		    row->seen_count[k] != diff->boot_count[row->machine][k])
			row->is_unstable[k] = true;
		count += row->is_unstable[k];
	}
	return count;
}

static bool same_value(const char *a, const char *b)
{
	return !a == !b && (!a || !strcmp(a, b));
}

/* A runner that had no such boot cannot differ. */
static bool differs(const struct identity_diff *diff,
		    const struct identity_diff_row *row, size_t first,
		    size_t count)
{
	const size_t *boots = diff->boot_count[row->machine];
	size_t i;

	while (first < count && !boots[first])
		first++;
	for (i = first + 1; i < count; i++)
		if (boots[i] && !same_value(row->values[first], row->values[i]))
			return true;
	return false;
}

static bool any_seen(const struct identity_diff_row *row, size_t first,
		     size_t count)
{
	for (; first < count; first++)
		if (row->seen_count[first])
			return true;
	return false;
}

static void row_release(struct identity_diff_row *row)
{
	size_t k;

	free(row->key);
	for (k = 0; k < ARRAY_SIZE(row->values); k++)
		free(row->values[k]);
}

static bool same_rows(const struct identity_diff_row *a,
		      const struct identity_diff_row *b)
{
	size_t k;

	for (k = 0; k < ARRAY_SIZE(a->values); k++)
		if (!same_value(a->values[k], b->values[k]) ||
		    a->is_unstable[k] != b->is_unstable[k])
			return false;
	return !strcmp(a->key, b->key);
}

/* Merge rows that are the same for all kinds of machines. */
static void fold_rows(struct identity_diff *diff)
{
	size_t kept = 0;
	size_t i, k;

	for (i = 0; i < diff->row_count; i++) {
		for (k = 0; k < kept; k++)
			if (same_rows(&diff->rows[k], &diff->rows[i]))
				break;
		if (k == kept)
			diff->rows[kept++] = diff->rows[i];
		else
			row_release(&diff->rows[i]);
		diff->rows[k].same_machines |= 1u << diff->rows[i].machine;
	}
	diff->row_count = kept;
}

/* Keep the rows in which runners differ, or the boots of one of them do. */
static void keep_differences(struct identity_diff *diff, size_t first_guest,
			     size_t runner_count)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < diff->row_count; i++) {
		struct identity_diff_row *row = &diff->rows[i];
		size_t unstable = count_unstable(diff, row, runner_count);

		diff->compared_count +=
			any_seen(row, first_guest, runner_count);
		if (!row->is_unavoidable) {
			diff->unstable_count += unstable;
			diff->guest_difference_count +=
				differs(diff, row, first_guest, runner_count);
		}
		if (unstable || differs(diff, row, 0, runner_count))
			diff->rows[kept++] = *row;
		else
			row_release(row);
	}
	diff->row_count = kept;
}

void identity_diff_init(struct identity_diff *diff, const struct model *m)
{
	size_t first_guest = model_has_base(m);
	size_t i, k;

	memset(diff, 0, sizeof(*diff));
	for (i = 0; i < m->run->boot_count; i++) {
		const struct boot_data *boot = &m->run->boots[i];

		for (k = 0; k < m->runner_count; k++)
			if (!strcmp(boot->bc.runner, m->runners[k]) &&
			    boot->res.identity && boot->res.identity[0])
				take_boot(diff, k, &boot->res);
	}
	diff->guest_runner_count = m->runner_count - first_guest;
	keep_differences(diff, first_guest, m->runner_count);
	fold_rows(diff);
}

void identity_diff_release(struct identity_diff *diff)
{
	size_t i;

	for (i = 0; i < diff->row_count; i++)
		row_release(&diff->rows[i]);
	free(diff->rows);
	memset(diff, 0, sizeof(*diff));
}

/* Bits of enum machine_kind: of what kinds there were boots. */
static uint32_t all_machines(const struct identity_diff *diff)
{
	uint32_t bits = 0;
	size_t i, k;

	for (i = 0; i < MACHINE_KIND_COUNT; i++)
		for (k = 0; k < ARRAY_SIZE(diff->boot_count[i]); k++)
			bits |= (uint32_t) !!diff->boot_count[i][k] << i;
	return bits;
}

const char *identity_machine_name(enum machine_kind machine)
{
	static const char *const names[] = {
		[MACHINE_PLAIN] = "without devices",
		[MACHINE_DISK] = "with a disk",
		[MACHINE_NET] = "with a network card",
		[MACHINE_DISK_AND_NET] = "with both",
		[MACHINE_MICRO] = "micro guest",
		[MACHINE_SHAPE] = "of a shape",
		[MACHINE_DEVICE] = "with a device of the host",
	};
	_Static_assert(ARRAY_SIZE(names) == MACHINE_KIND_COUNT,
		       "every kind of machine has a name");

	return names[machine];
}

const char *identity_row_scope(const struct identity_diff *diff,
			       const struct identity_diff_row *row, char *buf,
			       size_t size)
{
	size_t used = 0;
	size_t i;

	buf[0] = '\0';
	if (row->same_machines == all_machines(diff))
		return buf;
	for (i = 0; i < MACHINE_KIND_COUNT; i++)
		if (row->same_machines & 1u << i && used < size)
			used += (size_t)snprintf(
				buf + used, size - used, "%s%s",
				used ? ", " : " (",
				identity_machine_name((enum machine_kind)i));
	if (used < size)
		snprintf(buf + used, size - used, ")");
	return buf;
}

const char *identity_verdict(const struct identity_diff *diff, char *buf,
			     size_t size)
{
	if (!diff->compared_count)
		snprintf(
			buf, size,
			"No machine reported its identity; nothing was compared.");
	else if (diff->unstable_count)
		snprintf(
			buf, size,
			"Boots of one runner disagree in %zu values: not identical.",
			diff->unstable_count);
	else if (diff->guest_runner_count < 2)
		snprintf(
			buf, size,
			"One guest runner: all its boots report the same %zu values; there is no second guest to compare with.",
			diff->compared_count);
	else if (diff->guest_difference_count)
		snprintf(
			buf, size,
			"Guests differ in %zu values outside the list of unavoidable ones: not identical.",
			diff->guest_difference_count);
	else
		snprintf(
			buf, size,
			"Guests are identical in all %zu values except unavoidable ones.",
			diff->compared_count);
	return buf;
}
