// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/claims_arg.h"

#include <stdlib.h>

#include "harness/base/file.h"
#include "harness/findings/findings.h"
#include "harness/findings/more.h"
#include "harness/store/run_data.h"
#include "harness/verdict/claims.h"

int claims_arg_load(const char *name, struct claims **out, struct err *err)
{
	char *path = file_shipped("reports/claims", name);
	int ret = claims_load(path, out, err);

	free(path);
	return ret;
}

/* What is to be known of a run by its claims; what is NULL is not asked for. */
struct question {
	enum exit_status *status;
	bool *is_settled;
	const struct bench_case *series; /* that OPEN is chosen from */
	struct bench_case *open;
};

/* Load the run and hold CLAIMS against it. */
static int ask(const struct claims *claims, struct store *store, int64_t run_id,
	       const struct question *q, struct err *err)
{
	const struct findings_options options = {.claims = claims};
	struct run_data run;
	struct findings f;
	int ret = run_data_load(store, run_id, &run, err);

	if (ret)
		return ret;
	findings_init(&f, &run, &options);
	if (q->status)
		*q->status = status_of_verdict(f.judgement.together);
	if (q->is_settled)
		*q->is_settled = judgement_is_settled(&f.judgement);
	if (q->open)
		more_needed(&f, q->series, q->open);
	findings_release(&f);
	run_data_release(&run);
	return 0;
}

int claims_arg_judge(const struct claims *claims, struct store *store,
		     int64_t run_id, enum exit_status *status, struct err *err)
{
	const struct question q = {.status = status};

	return ask(claims, store, run_id, &q, err);
}

int claims_arg_are_settled(const struct claims *claims, struct store *store,
			   int64_t run_id, bool *settled, struct err *err)
{
	const struct question q = {.is_settled = settled};

	return ask(claims, store, run_id, &q, err);
}

int claims_arg_needs_more(const struct claims *claims, struct store *store,
			  int64_t run_id, const struct bench_case *series,
			  struct bench_case *out, struct err *err)
{
	const struct question q = {.series = series, .open = out};

	return ask(claims, store, run_id, &q, err);
}
