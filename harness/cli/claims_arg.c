// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/claims_arg.h"

#include <stdlib.h>

#include "harness/base/file.h"
#include "harness/store/run_data.h"
#include "harness/verdict/claims.h"
#include "reports/model.h"
#include "reports/verdicts.h"

int claims_arg_load(const char *name, struct claims **out, struct err *err)
{
	char *path = file_shipped("reports/claims", name);
	int ret = claims_load(path, out, err);

	free(path);
	return ret;
}

int claims_arg_judge(const struct claims *claims, struct store *store,
		     int64_t run_id, FILE *out, enum exit_status *status,
		     struct err *err)
{
	struct run_data run;
	struct model model;
	int ret = run_data_load(store, run_id, &run, err);
	struct claim_verdict *v;

	if (ret)
		return ret;
	model_init(&model, &run);
	model.grade_is_overridden = claims->overrides_grade;
	v = verdicts_of(&model, claims);
	verdicts_write(&model, claims, v, out);
	*status = status_of_verdict(verdicts_together(v, claims->claims_count));
	free(v);
	model_release(&model);
	run_data_release(&run);
	return 0;
}
