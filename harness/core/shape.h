/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_SHAPE_H
#define HARNESS_CORE_SHAPE_H

/*
 * shape - the parts of a guest that cost its host memory. Its name lists them
 * all: "256M-1cpu", "1G-2cpu-4disk-1nic", "1G-1cpu-1vfio" with a device of the
 * host; "-x4" means four such guests at once.
 */
#include <stdint.h>

struct err;

#define SHAPE_MAX_DISKS 4
#define SHAPE_MAX_NICS 4
#define SHAPE_MAX_DEVICES 4
#define SHAPE_MAX_COPIES 16

struct shape {
	uint64_t ram_bytes;
	uint32_t vcpu_count;
	uint32_t disk_count;
	uint32_t nic_count;
	uint32_t device_count; /* passed through */
	uint32_t copy_count;   /* guests of this shape at once, 1 or more */
};

/* 0, or -EINVAL if NAME is not a shape. */
int shape_parse(const char *name, struct shape *shape, struct err *err);

/* By size, for qsort(): below, equal to or above 0. */
int shape_compare(const struct shape *a, const struct shape *b);

#endif
