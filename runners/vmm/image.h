/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_IMAGE_H
#define RUNNERS_VMM_IMAGE_H

/* image - a file of which parts go into guest RAM. */
#include <stdint.h>

struct err;

struct image {
	const char *path; /* borrowed */
	int fd;
	uint64_t bytes;
};

/* WHAT stands in messages: "kernel". To be closed after a failure, too. */
int image_open(struct image *img, const char *path, const char *what,
	       struct err *err);
void image_close(struct image *img);

/* All BYTES, or -EINVAL: the file ends before them. */
int image_read(const struct image *img, uint64_t offset, void *to,
	       uint64_t bytes, struct err *err);

/*
 * The same into memory that is zero already: what the file does not store (a hole,
 * lseek(2)) stays untouched.
 */
int image_read_sparse(const struct image *img, uint64_t offset, void *to,
		      uint64_t bytes, struct err *err);

#endif
