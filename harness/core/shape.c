// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/shape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/units.h"

#define MAX_VCPUS 64

/* "4disk", "x4": WORD is BEFORE, a number in [1, MAX], AFTER. */
static int take_count(const char *word, const char *before, const char *after,
		      uint32_t max, uint32_t *count)
{
	size_t head = strlen(before), tail = strlen(after), len = strlen(word);
	struct err ignored;
	uint64_t value;
	char digits[16];

	if (len <= head + tail || len - head - tail >= sizeof(digits) ||
	    strncmp(word, before, head) || strcmp(word + len - tail, after))
		return -EINVAL;
	snprintf(digits, sizeof(digits), "%.*s", (int)(len - head - tail),
		 word + head);
	if (units_parse_uint(digits, 1, max, &value, &ignored))
		return -EINVAL;
	*count = (uint32_t)value;
	return 0;
}

static int take_word(const char *word, struct shape *s)
{
	if (!take_count(word, "", "cpu", MAX_VCPUS, &s->vcpu_count) ||
	    !take_count(word, "", "disk", SHAPE_MAX_DISKS, &s->disk_count) ||
	    !take_count(word, "", "nic", SHAPE_MAX_NICS, &s->nic_count) ||
	    !take_count(word, "", "vfio", SHAPE_MAX_DEVICES,
			&s->device_count) ||
	    !take_count(word, "x", "", SHAPE_MAX_COPIES, &s->copy_count))
		return 0;
	return -EINVAL;
}

int shape_parse(const char *name, struct shape *shape, struct err *err)
{
	char copy[64];
	char *rest = copy;
	struct err ignored;
	char *word;
	int ret;

	*shape = (struct shape){.copy_count = 1};
	snprintf(copy, sizeof(copy), "%s", name);
	word = strsep(&rest, "-");
	ret = units_parse_bytes(word, &shape->ram_bytes, &ignored);
	while (!ret && (word = strsep(&rest, "-")))
		ret = take_word(word, shape);
	if (ret || !shape->vcpu_count || strlen(name) >= sizeof(copy) ||
	    shape->ram_bytes < 64 * MIB || shape->ram_bytes % (2 * MIB))
		return err_set(
			err, -EINVAL,
			"'%.64s' is not a guest shape; example: '1G-2cpu-4disk-1nic'",
			name);
	return 0;
}

static int compare_sizes(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int shape_compare(const struct shape *a, const struct shape *b)
{
	int order = compare_sizes(a->ram_bytes, b->ram_bytes);

	if (!order)
		order = compare_sizes(a->vcpu_count, b->vcpu_count);
	if (!order)
		order = compare_sizes(a->disk_count, b->disk_count);
	if (!order)
		order = compare_sizes(a->nic_count, b->nic_count);
	if (!order)
		order = compare_sizes(a->device_count, b->device_count);
	return order ? order : compare_sizes(a->copy_count, b->copy_count);
}
