/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_QUANTITY_H
#define HARNESS_KUBEVIRT_QUANTITY_H

/*
 * quantity - amounts as Kubernetes writes them: "1Gi", "1.5G", "500m", "1e3"
 * (apimachinery, pkg/api/resource). An "E" is 10^18 unless a number follows.
 * They are exact to 10^-9, as in Kubernetes, so that "2" and "2000m" are equal
 * and "2000m" and "1999m" are not. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;

/* Below 2^63, so that some can be added. */
struct quantity {
	__int128 nano; /* units of 10^-9 */
};

/* A quantity that may be missing; 0 and missing are different things. */
struct amount {
	struct quantity q;
	bool is_set;
};

/* -EINVAL: not an amount, or negative; -ERANGE: larger than 2^63 - 1. */
int quantity_read(const char *text, struct quantity *q, struct err *err);

struct quantity quantity_of(int64_t value);

/* Rounded up, as Quantity.Value(), ScaledValue(Kilo) and MilliValue() do. */
int64_t quantity_value(struct quantity q);
int64_t quantity_kilo(struct quantity q);
int64_t quantity_milli(struct quantity q);

struct quantity quantity_add(struct quantity a, struct quantity b);
struct quantity quantity_subtract(struct quantity a, struct quantity b);

/* A missing amount is 0 here, as ResourceList.Memory() gives it. */
bool amount_is_zero(struct amount a);
bool amounts_are_equal(struct amount a, struct amount b);
struct amount amount_of(int64_t value);

/* quantity_read() and quantity_value() in one. */
int quantity_parse(const char *text, int64_t *value, struct err *err);

#endif
