/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_SHAPE_H
#define HARNESS_CORE_SHAPE_H

/*
 * shape - what a guest consists of, as far as it costs its host memory. Its
 * name says all of it: "256M-1cpu", "1G-2cpu-4disk-1nic", and with "-x4" four
 * such guests at once.
 */
#include <stdint.h>

struct err;

#define SHAPE_MAX_DISKS 4
#define SHAPE_MAX_NICS 4
#define SHAPE_MAX_COPIES 16

struct shape {
	uint64_t ram_bytes;
	uint32_t vcpu_count;
	uint32_t disk_count;
	uint32_t nic_count;
	uint32_t copy_count; /* guests of this shape at once, 1 or more */
};

/* 0, or -EINVAL where NAME is no shape. */
int shape_parse(const char *name, struct shape *shape, struct err *err);

#endif
