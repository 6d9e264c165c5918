/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_IO_RANGE_H
#define HARNESS_CORE_IO_RANGE_H

/*
 * io_range - what fio and iperf3 print and cannot have measured: numbers below
 * zero, more than all, parts that do not make up their whole. Programs have printed
 * such (iperf 3.12: a loss of 179.6 %), and a guest may print anything. Pure.
 */
#include <jansson.h>

struct err;

/* The number at a path "end.sum.bytes"; NaN when there is none. */
double io_number_at(const json_t *o, const char *path);

/* One direction of an fio job, "read" or "write"; 0, or -EPROTO with the reason. */
int io_range_fio(const json_t *job, const char *direction, struct err *err);

/* iperf3's "end". */
int io_range_iperf(const json_t *end, struct err *err);

#endif
