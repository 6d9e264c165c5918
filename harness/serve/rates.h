/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_RATES_H
#define HARNESS_SERVE_RATES_H

/*
 * rates - the request limit of an address: a number per second, with a burst of
 * ten seconds' worth. Any thread may call.
 */
#include <pthread.h>
#include <stdint.h>

struct err;

#define RATES_ADDRESS_BYTES 16
#define RATES_ADDRESSES 256

struct rates {
	unsigned int max_per_s; /* 0: any number */
	pthread_mutex_t lock;   /* of all below */
	struct rates_bucket {
		uint8_t address[RATES_ADDRESS_BYTES];
		uint64_t asked_mono_ns; /* 0: nobody's */
		double left;            /* requests that are free at once */
	} buckets[RATES_ADDRESSES];
};

void rates_init(struct rates *r, unsigned int max_per_s);
void rates_release(struct rates *r);

/* -EDQUOT: too often. If the table is full, a new address replaces the least
 * recently seen one. */
int rates_check(struct rates *r, const uint8_t address[RATES_ADDRESS_BYTES],
		uint64_t now_mono_ns, struct err *err);

#endif
