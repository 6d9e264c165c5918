// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/limit_search.h"

#include <errno.h>

#include "harness/base/base.h"
#include "harness/base/err.h"

static int try_limit(struct limit_search *s, uint64_t bytes, struct err *err)
{
	s->try_count++;
	return s->survives(s->arg, bytes, err);
}

/* Raise the limit until a try survives. */
static int find_high(struct limit_search *s, struct err *err)
{
	int ret;

	while (!(ret = try_limit(s, s->high_bytes, err))) {
		if (s->high_bytes >= s->max_bytes)
			return err_set(
				err, -ERANGE,
				"not even a limit of %llu MiB is enough",
				(unsigned long long)(s->high_bytes / MIB));
		s->low_bytes = s->high_bytes;
		s->high_bytes *= 2;
		if (s->high_bytes > s->max_bytes)
			s->high_bytes = s->max_bytes;
	}
	return ret < 0 ? ret : 0;
}

static int bisect(struct limit_search *s, struct err *err)
{
	while (s->high_bytes - s->low_bytes > s->step_bytes) {
		uint64_t steps = (s->high_bytes - s->low_bytes) / s->step_bytes;
		uint64_t middle = s->low_bytes +
				  (steps > 1 ? steps / 2 : 1) * s->step_bytes;
		int ret = try_limit(s, middle, err);

		if (ret < 0)
			return ret;
		if (ret)
			s->high_bytes = middle;
		else
			s->low_bytes = middle;
	}
	return 0;
}

/*
 * Whether BYTES behaves as it did, WANTED, in all further tries: 1 or 0. An end
 * that was never tried, 0 bytes, needs none.
 */
static int behaves(struct limit_search *s, uint64_t bytes, int wanted,
		   struct err *err)
{
	int i;

	for (i = 1; bytes && i < LIMIT_SEARCH_CONFIRM; i++) {
		int ret = try_limit(s, bytes, err);

		if (ret < 0)
			return ret;
		if (ret != wanted)
			return 0;
	}
	return 1;
}

int limit_search_run(struct limit_search *s, struct err *err)
{
	int ret = find_high(s, err);

	if (!ret)
		ret = bisect(s, err);
	if (ret)
		return ret;
	/* Each end moves away from the other until it can be relied on. */
	while (!(ret = behaves(s, s->high_bytes, 1, err)) &&
	       s->high_bytes < s->max_bytes)
		s->high_bytes += s->step_bytes;
	if (!ret)
		return err_set(err, -ERANGE,
			       "a limit of %llu MiB gives random results",
			       (unsigned long long)(s->high_bytes / MIB));
	if (ret < 0)
		return ret;
	while (!(ret = behaves(s, s->low_bytes, 0, err)))
		s->low_bytes = s->low_bytes > s->step_bytes
				       ? s->low_bytes - s->step_bytes
				       : 0;
	return ret < 0 ? ret : 0;
}
