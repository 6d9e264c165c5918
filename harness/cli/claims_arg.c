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

/* Load the run and hold CLAIMS against it; what comes out is USE's. */
static int judge(const struct claims *claims, struct store *store,
		 int64_t run_id,
		 void (*use)(void *arg, const struct model *m,
			     const struct judgement *j),
		 void *arg, struct err *err)
{
	struct run_data run;
	struct judgement j;
	struct model model;
	int ret = run_data_load(store, run_id, &run, err);

	if (ret)
		return ret;
	model_init(&model, &run);
	model.claims = claims;
	model.grade_is_overridden = claims->overrides_grade;
	verdicts_judge(&model, &j);
	use(arg, &model, &j);
	verdicts_release(&j);
	model_release(&model);
	run_data_release(&run);
	return 0;
}

static void take_status(void *arg, const struct model *m,
			const struct judgement *j)
{
	enum exit_status *status = arg;

	(void)m;
	*status = status_of_verdict(
		verdicts_together(j->v, j->claims->claims_count));
}

int claims_arg_judge(const struct claims *claims, struct store *store,
		     int64_t run_id, enum exit_status *status, struct err *err)
{
	return judge(claims, store, run_id, take_status, status, err);
}

static void take_look(void *arg, const struct model *m,
		      const struct judgement *j)
{
	bool *settled = arg;

	(void)m;
	*settled = verdicts_are_settled(j->v, j->claims->claims_count);
}

int claims_arg_are_settled(const struct claims *claims, struct store *store,
			   int64_t run_id, bool *settled, struct err *err)
{
	return judge(claims, store, run_id, take_look, settled, err);
}
