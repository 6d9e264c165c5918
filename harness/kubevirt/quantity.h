/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_QUANTITY_H
#define HARNESS_KUBEVIRT_QUANTITY_H

/*
 * quantity - amounts as Kubernetes writes them: "1Gi", "1.5G", "500m", "1e3"
 * (apimachinery, pkg/api/resource). An "E" is 10^18 unless a number follows.
 */
#include <stdint.h>

struct err;

/* Rounded up to a whole number, as Quantity.Value() does. -EINVAL: not an
 * amount, or negative; -ERANGE: larger than 2^63 - 1. */
int quantity_parse(const char *text, int64_t *value, struct err *err);

#endif
