// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/claims_arg.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/store/run_data.h"
#include "harness/verdict/claims.h"
#include "reports/model.h"
#include "reports/verdicts.h"

int claims_arg_load(const char *name, struct claims **out, struct err *err)
{
	char *inside, *path;
	int ret;

	if (strpbrk(name, "/."))
		return claims_load(name, out, err);
	inside = xasprintf("../reports/claims/%s.yaml", name);
	path = file_beside_exe(inside);
	ret = claims_load(path, out, err);
	free(path);
	free(inside);
	return ret;
}

static enum exit_status worst(enum exit_status a, enum verdict v)
{
	if (v == VERDICT_FAIL || a == STATUS_WORSE)
		return STATUS_WORSE;
	return v == VERDICT_PASS ? a : STATUS_UNDECIDED;
}

int claims_arg_judge(const struct claims *claims, struct store *store,
		     int64_t run_id, FILE *out, enum exit_status *status,
		     struct err *err)
{
	struct run_data run;
	struct model model;
	int ret = run_data_load(store, run_id, &run, err);
	uint32_t i;

	if (ret)
		return ret;
	model_init(&model, &run);
	model.grade_is_overridden = claims->overrides_grade;
	verdicts_write(&model, claims, out);
	for (i = 0; i < claims->claims_count; i++)
		*status = worst(*status,
				verdict_of(&model, &claims->claims[i]).verdict);
	model_release(&model);
	run_data_release(&run);
	return 0;
}
