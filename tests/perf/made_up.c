// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/perf/made_up.h"

#include <stdio.h>

#include "harness/base/err.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/store/store.h"

static int add_boot(struct store *store, int64_t run_id, uint32_t position,
		    const struct bench_case *bc, const struct result *res,
		    struct err *err)
{
	int ret = store_schedule_add(store, run_id, position, bc->block,
				     bc->runner, err);

	return ret ? ret
		   : store_result_add(store, run_id, position, bc, res, err);
}

int made_up_run(const char *db, uint32_t boot_count,
		void (*fill)(uint32_t position, gsl_rng *rng,
			     struct bench_case *bc, struct result *res))
{
	const struct run_info info = {.seed = 1,
				      .revision = "made-up",
				      .plan_json = "{}",
				      .fingerprint_json = "{}",
				      .probe_json = "{}",
				      .guest_manifest = ""};
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct store *store = NULL;
	struct err err = {0};
	int64_t run_id;
	uint32_t i;
	int ret = store_open(db, &store, &err);

	if (!ret)
		ret = store_run_begin(store, &info, &run_id, &err);
	for (i = 0; i < boot_count && !ret; i++) {
		struct bench_case bc = {.block = 0};
		struct result res;

		result_init(&res);
		res.grade = GRADE_HARDWARE;
		fill(i, rng, &bc, &res);
		ret = add_boot(store, run_id, i, &bc, &res, &err);
		result_release(&res);
	}
	if (!ret)
		ret = store_run_end(store, run_id, "complete", &err);
	if (ret)
		fprintf(stderr, "%s: %s\n", db, err.msg);
	store_close(store);
	gsl_rng_free(rng);
	return ret ? 70 : 0;
}
