/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_GZIP_PARTS_H
#define HARNESS_BASE_GZIP_PARTS_H

/*
 * gzip_parts - one gzip file, whose parts are compressed apart from each other and so
 * on many threads (RFC 1951: each ends at a byte and refers to nothing before it). It
 * is one member, as of any other writer; its bytes depend on the parts alone.
 */
#include <stddef.h>
#include <stdint.h>

#include "harness/base/strbuf.h"

struct err;

struct gzip_part {
	struct strbuf packed; /* owned */
	uint32_t crc;
	uint64_t len; /* of the text */
};

/* Any thread may call. -ENOMEM or 0; then for gzip_part_release(). */
int gzip_part_make(struct gzip_part *p, const void *text, size_t len,
		   struct err *err);
void gzip_part_release(struct gzip_part *p);

struct gzip_file {
	int fd; /* borrowed */
	uint32_t crc;
	uint64_t len;
};

/* Each: 0 or what writing failed with. */
int gzip_file_begin(struct gzip_file *f, int fd, struct err *err);
int gzip_file_add(struct gzip_file *f, const struct gzip_part *p,
		  struct err *err);
int gzip_file_end(struct gzip_file *f, struct err *err);

#endif
