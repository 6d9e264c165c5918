// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/rates.h"

#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"

#define AT_ONCE_S 10

void rates_init(struct rates *r, unsigned int max_per_s)
{
	*r = (struct rates){.max_per_s = max_per_s};
	pthread_mutex_init(&r->lock, NULL);
}

void rates_release(struct rates *r)
{
	pthread_mutex_destroy(&r->lock);
}

/* Under the lock. That of ADDRESS, or the oldest, which is made its own. */
static struct rates_bucket *bucket_of(struct rates *r, const uint8_t *address,
				      uint64_t now_ns)
{
	struct rates_bucket *b, *oldest = &r->buckets[0];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(r->buckets); i++) {
		b = &r->buckets[i];
		if (b->asked_mono_ns &&
		    !memcmp(b->address, address, sizeof(b->address)))
			return b;
		if (b->asked_mono_ns < oldest->asked_mono_ns)
			oldest = b;
	}
	memcpy(oldest->address, address, sizeof(oldest->address));
	oldest->asked_mono_ns = now_ns;
	oldest->left = (double)r->max_per_s * AT_ONCE_S;
	return oldest;
}

int rates_check(struct rates *r, const uint8_t address[RATES_ADDRESS_BYTES],
		uint64_t now_mono_ns, struct err *err)
{
	double most = (double)r->max_per_s * AT_ONCE_S;
	struct rates_bucket *b;
	int ret = 0;

	if (!r->max_per_s)
		return 0;
	pthread_mutex_lock(&r->lock);
	b = bucket_of(r, address, now_mono_ns);
	/* Another thread's clock may have been read later than this one's. */
	if (now_mono_ns > b->asked_mono_ns) {
		b->left += (double)(now_mono_ns - b->asked_mono_ns) /
			   (double)NS_PER_S * (double)r->max_per_s;
		b->asked_mono_ns = now_mono_ns;
	}
	if (b->left > most)
		b->left = most;
	if (b->left >= 1)
		b->left--;
	else
		ret = err_set(
			err, -EDQUOT,
			"more than %u requests per second from this address",
			r->max_per_s);
	pthread_mutex_unlock(&r->lock);
	return ret;
}
