// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/claims_arg.h"

#include <stdlib.h>

#include "harness/base/file.h"
#include "harness/findings/findings.h"
#include "harness/store/run_data.h"
#include "harness/verdict/claims.h"

int claims_arg_load(const char *name, struct claims **out, struct err *err)
{
	char *path = file_shipped("reports/claims", name);
	int ret = claims_load(path, out, err);

	free(path);
	return ret;
}

/* Load the run and hold CLAIMS against it; what is NULL is not asked for. */
static int judge_claims(const struct claims *claims, struct store *store,
			int64_t run_id, enum exit_status *status,
			bool *is_settled, struct err *err)
{
	const struct findings_options options = {.claims = claims};
	struct run_data run;
	struct findings f;
	int ret = run_data_load(store, run_id, &run, err);

	if (ret)
		return ret;
	findings_init(&f, &run, &options);
	if (status)
		*status = status_of_verdict(f.judgement.together);
	if (is_settled)
		*is_settled = judgement_is_settled(&f.judgement);
	findings_release(&f);
	run_data_release(&run);
	return 0;
}

int claims_arg_judge(const struct claims *claims, struct store *store,
		     int64_t run_id, enum exit_status *status, struct err *err)
{
	return judge_claims(claims, store, run_id, status, NULL, err);
}

int claims_arg_are_settled(const struct claims *claims, struct store *store,
			   int64_t run_id, bool *settled, struct err *err)
{
	return judge_claims(claims, store, run_id, NULL, settled, err);
}
