// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/snapshot/snap_records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"

#define ALIGNMENT 8u

static size_t padded(size_t len)
{
	return (len + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

void snap_records_release(struct snap_records *r)
{
	free(r->bytes);
	*r = (struct snap_records){.len = 0};
}

static bool grow(struct snap_records *r, size_t need)
{
	size_t cap = r->cap ? r->cap : 65536;
	uint8_t *bytes;

	while (cap < need)
		cap *= 2;
	if (cap == r->cap)
		return true;
	bytes = realloc(r->bytes, cap);
	if (!bytes)
		return false;
	r->bytes = bytes;
	r->cap = cap;
	return true;
}

void snap_records_put(struct snap_records *r, enum snap_type type,
		      uint32_t index, const void *bytes, size_t len)
{
	struct snap_record head = {.type = type, .index = index, .bytes = len};
	size_t total = sizeof(head) + padded(len);

	if (r->is_short || total > SNAP_STATE_MAX_BYTES - r->len ||
	    !grow(r, r->len + total)) {
		r->is_short = true;
		return;
	}
	memset(r->bytes + r->len, 0, total);
	memcpy(r->bytes + r->len, &head, sizeof(head));
	memcpy(r->bytes + r->len + sizeof(head), bytes, len);
	r->len += total;
}

/* The record at AT, which is whole; false where there is none. */
static bool record_at(const struct snap_records *r, size_t at,
		      struct snap_record *head)
{
	size_t left = r->len - at;

	if (left < sizeof(*head))
		return false;
	memcpy(head, r->bytes + at, sizeof(*head));
	left -= sizeof(*head);
	return head->bytes <= left && padded(head->bytes) <= left;
}

static const uint8_t *find_from(const struct snap_records *r, size_t at,
				uint32_t type, uint32_t index, size_t *len)
{
	struct snap_record head;

	for (; record_at(r, at, &head);
	     at += sizeof(head) + padded(head.bytes)) {
		if (head.type != type || head.index != index)
			continue;
		*len = head.bytes;
		return r->bytes + at + sizeof(head);
	}
	return NULL;
}

int snap_records_check(const struct snap_records *r, struct err *err)
{
	struct snap_record head;
	unsigned int count = 0;
	size_t at = 0, len;

	while (record_at(r, at, &head)) {
		if (count++ == SNAP_MAX_RECORDS)
			return err_set(err, -EINVAL,
				       "it has more than %u records",
				       SNAP_MAX_RECORDS);
		at += sizeof(head) + padded(head.bytes);
		if (find_from(r, at, head.type, head.index, &len))
			return err_set(
				err, -EINVAL,
				"its record %u of type %u is there twice",
				head.index, head.type);
	}
	return at == r->len
		       ? 0
		       : err_set(err, -EINVAL, "its records end within one");
}

const void *snap_records_find(const struct snap_records *r, enum snap_type type,
			      uint32_t index, size_t *len)
{
	return find_from(r, 0, type, index, len);
}

int snap_records_take(const struct snap_records *r, enum snap_type type,
		      uint32_t index, void *to, size_t len, const char *what,
		      struct err *err)
{
	size_t has = 0;
	const void *from = snap_records_find(r, type, index, &has);

	if (!from || has != len)
		return err_set(err, -EINVAL, "it has no state of %s %u", what,
			       index);
	memcpy(to, from, len);
	return 0;
}
