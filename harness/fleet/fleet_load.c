// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/fleet_load.h"

#include <errno.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/fleet.h"
#include "harness/store/fleet_rows.h"

static void add_values(struct fleet *f, const struct fleet_figures *figures)
{
	size_t i;

	for (i = 0; i < figures->count; i++) {
		const struct fleet_figure *v = &figures->rows[i];
		const struct fleet_boot boot = {.runner = v->runner,
						.workload = v->workload,
						.point = v->point,
						.unit = v->unit,
						.lower_is_better =
							v->lower_is_better,
						.grade = grade_parse(v->grade),
						.block = v->block,
						.median = v->median};

		fleet_add_boot(f, &boot);
	}
}

static int add_run(struct fleet_reader *reader, const struct fleet_run_row *row,
		   struct fleet *f, struct err *err)
{
	const struct fleet_run_info info = {
		.id = row->id,
		.uuid = row->uuid,
		.status = row->status,
		.fingerprint = row->fingerprint,
		.plan = row->plan,
		.guest_manifest = row->guest_manifest,
		.started_unix_ns = row->started_unix_ns,
		.is_lab = row->is_lab};
	struct fleet_figures figures;
	int ret;

	if (!fleet_add_run(f, &info))
		return 0;
	ret = fleet_reader_load(reader, row->id, &figures, err);
	if (ret)
		return ret;
	add_values(f, &figures);
	fleet_figures_release(&figures);
	return 0;
}

static int add_runs(struct store *store, const struct fleet_runs *runs,
		    struct fleet *f, struct err *err)
{
	struct fleet_reader reader;
	size_t i;
	int ret = fleet_reader_begin(store, &reader, err);

	if (ret)
		return ret;
	for (i = 0; i < runs->count && !ret; i++)
		ret = add_run(&reader, &runs->rows[i], f, err);
	fleet_reader_end(&reader);
	return ret;
}

int fleet_load(struct store *store, const char *name, uint32_t days,
	       struct fleet *f, struct err *err)
{
	struct fleet_runs runs;
	int ret = fleet_recent_load(store, name, days, &runs, &f->earlier_count,
				    err);

	if (ret)
		return ret;
	ret = runs.count ? add_runs(store, &runs, f, err)
			 : err_set(err, -ENOENT,
				   "there is no run of a fleet '%s'", name);
	fleet_runs_release(&runs);
	return ret;
}

int fleet_latest(struct store *store, char **name, struct err *err)
{
	struct fleet_names names;
	int ret = fleet_names_load(store, &names, err);

	*name = NULL;
	if (ret)
		return ret;
	if (names.count)
		*name = xstrdup(names.rows[0].name);
	else
		ret = err_set(
			err, -ENOENT,
			"no run in the store is of a fleet; 'fleet manifest' and 'fleet sbatch' print what makes them");
	fleet_names_release(&names);
	return ret;
}
