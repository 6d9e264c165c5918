// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/bundle_limits.h"

#include "harness/base/base.h"
#include "harness/base/err.h"

const struct bundle_limits bundle_limits = {
	.byte_count = 1 * GIB,
	/* Some hundred bytes each in memory; a run has a million. */
	.sample_count = 16000000,
	.boot_count = 100000,
};

int bundle_limits_check(const struct bundle_limits *limits,
			const struct bundle_limits *counts, int code,
			struct err *err)
{
	const struct {
		const char *what;
		uint64_t max, count;
	} rows[] = {
		{"bytes", limits->byte_count, counts->byte_count},
		{"samples", limits->sample_count, counts->sample_count},
		{"boots", limits->boot_count, counts->boot_count},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].count > rows[i].max)
			return err_set(
				err, code,
				"the run is too large for a bundle, which has at most %llu %s",
				(unsigned long long)rows[i].max, rows[i].what);
	return 0;
}
