// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/session/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/envinfo.h"
#include "harness/core/metric.h"
#include "harness/core/place.h"
#include "harness/core/result.h"
#include "harness/session/guest_kernel.h"
#include "harness/store/store.h"
#include "harness/verdict/claims.h"
#include "runners/worker_link.h"

#define LAB_TIMEOUT_FACTOR 3
#define MANIFEST_MAX 65536
/* A session that loses worker after worker has another problem. */
#define MAX_LOST_WORKERS 3

int session_open(struct session *s, const struct session_wants *wants,
		 struct plan *plan, struct err *err)
{
	size_t i;
	int ret;

	*s = (struct session){0};
	ret = store_open(wants->db, &s->store, err);
	if (!ret)
		ret = site_open(&s->site, &wants->site, err);
	if (ret)
		return ret;
	for (i = 0; i < s->site.runner_count; i++)
		plan->runners[i] = s->site.runners[i];
	plan->runner_count = s->site.runner_count;
	if (s->site.worker.is_lab)
		plan->timeout_ns *= LAB_TIMEOUT_FACTOR;
	return guest_kernel_choose(plan, !wants->site.is_micro, err);
}

void session_close(struct session *s)
{
	schedule_release(&s->sched);
	site_close(&s->site);
	store_close(s->store);
}

static char *guest_manifest(void)
{
	char *path = file_beside_exe("guest/manifest");
	struct strbuf text = {0};
	char *copy;

	file_read(path, MANIFEST_MAX, &text);
	copy = xstrdup(strbuf_str(&text));
	strbuf_release(&text);
	free(path);
	return copy;
}

static char *dump(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	return text ? text : xstrdup("{}");
}

/* Only claims registered before the first sample count. */
static char *plan_text(const struct session_run *run)
{
	json_t *plan = plan_to_json(run->plan);
	char *text;

	if (run->command)
		json_object_set_new(plan, "command", json_string(run->command));
	if (run->claims)
		json_object_set_new(plan, "claims",
				    json_pack("{s:s, s:s, s:s}", "name",
					      run->claims->name, "sha256",
					      run->claims->sha256, "text",
					      run->claims->file));
	text = dump(plan);
	json_decref(plan);
	return text;
}

/* Of the machine that measures, and of the node that this process is on. */
static char *fingerprint_text(const struct session *s,
			      const struct session_run *run)
{
	json_t *o =
		json_deep_copy(json_object_get(s->site.hello, "fingerprint"));
	char *text;

	place_put(o, s->site.worker.is_lab);
	place_put_azure(o, run->imds);
	text = dump(o);
	json_decref(o);
	return text;
}

/* What refused stands behind the first boots, see session_keep_refusals(). */
static uint32_t position_of(const struct session *s, size_t index)
{
	return (uint32_t)(index < s->first_count
				  ? index
				  : index + s->site.refusal_count);
}

static int add_schedule(struct session *s, size_t from, struct err *err)
{
	int ret = 0;
	size_t i;

	for (i = from; i < s->sched.count && !ret; i++)
		ret = store_schedule_add(s->store, s->run_id, position_of(s, i),
					 s->sched.cases[i].block,
					 s->sched.cases[i].runner, err);
	return ret;
}

/* In one piece: half a schedule would pass for a whole one. */
static int add_run(struct session *s, const struct run_info *info,
		   struct err *err)
{
	int ret = store_begin(s->store, err);

	if (ret)
		return ret;
	ret = store_run_begin(s->store, info, &s->run_id, err);
	if (!ret)
		ret = add_schedule(s, 0, err);
	ret = store_end(s->store, ret, err);
	if (ret)
		s->run_id = 0;
	return ret;
}

/* Everything that was decided is on disk before anything is measured. */
static int register_run(struct session *s, const struct session_run *run,
			struct err *err)
{
	char *plan = plan_text(run);
	char *fingerprint = fingerprint_text(s, run);
	char *probe = dump(json_object_get(s->site.hello, "probe"));
	char *manifest = guest_manifest();
	const struct run_info info = {
		.seed = run->plan->seed,
		.revision = envinfo_revision(),
		.plan_json = plan,
		.fingerprint_json = fingerprint,
		.probe_json = probe,
		.guest_manifest = manifest,
		.is_lab = s->site.worker.is_lab,
	};
	int ret = add_run(s, &info, err);

	free(manifest);
	free(probe);
	free(fingerprint);
	free(plan);
	return ret;
}

int session_begin(struct session *s, const struct session_run *run,
		  struct err *err)
{
	schedule_release(&s->sched);
	schedule_init(&s->sched, run->plan);
	s->measured_count = 0;
	s->first_count = s->sched.count;
	s->failed_count = 0;
	s->run_id = 0;
	if (!s->sched.count)
		return err_set(
			err, -ENODEV,
			"native runs have no footprint: there is no guest to boot");
	return register_run(s, run, err);
}

int session_extend(struct session *s, const struct plan *plan,
		   const struct bench_case *series, uint32_t from_block,
		   uint32_t count, struct err *err)
{
	size_t from = s->sched.count;
	int ret = store_begin(s->store, err);

	if (ret)
		return ret;
	schedule_extend(&s->sched, plan, series, from_block, count);
	return store_end(s->store, add_schedule(s, from, err), err);
}

int session_keep_refusals(struct session *s, const struct plan *plan,
			  struct err *err)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < s->site.refusal_count && !ret; i++) {
		const struct site_refusal *r = &s->site.refusals[i];
		struct bench_case bc = {.vcpu_count = plan->vcpu_count,
					.ram_bytes = plan->ram_bytes};
		struct result res;

		snprintf(bc.runner, sizeof(bc.runner), "%s", r->runner);
		snprintf(bc.paravirt, sizeof(bc.paravirt), "%s",
			 plan->paravirt);
		result_init(&res);
		result_fail(&res, RUN_SKIPPED, "%s", r->reason);
		ret = store_result_add(s->store, s->run_id,
				       (uint32_t)(s->first_count + i), &bc,
				       &res, err);
		result_release(&res);
		s->failed_count++;
	}
	return ret;
}

/* Figures from before and after a restart are not of one host. */
static int check_boot_id(struct session *s, const struct result *res,
			 struct err *err)
{
	if (!s->boot_id[0])
		snprintf(s->boot_id, sizeof(s->boot_id), "%s", res->boot_id);
	if (!res->boot_id[0] || !strcmp(s->boot_id, res->boot_id))
		return 0;
	return err_set(
		err, -EHOSTDOWN,
		"infrastructure error: the host was restarted during the run (another boot id); all boots that had ended are kept");
}

/* A worker that is lost costs the boot it had, and is replaced; another lab is
 * another host. */
static int lose_worker(struct session *s, int ret, struct result *res,
		       struct err *err)
{
	if (ret == -ECANCELED || s->lost_count++ == MAX_LOST_WORKERS)
		return ret;
	result_release(res);
	result_init(res);
	result_fail(res, RUN_RUNNER_FAILED,
		    "%s; the harness started a new worker", err->msg);
	if (s->site.worker.is_lab)
		s->boot_id[0] = '\0';
	return site_replace_worker(&s->site, err);
}

/*
 * A boot that ended before it measured: of boots that are one shape or another,
 * nothing else in the store says which this was.
 */
static void keep_shape(const struct bench_case *bc, struct result *res)
{
	const struct case_item *item = bc->items;
	char point[sizeof(item->point) + sizeof("/charged")];

	if (res->series_count || res->status == RUN_OK || !bc->item_count ||
	    plan_boot_kind(item->workload) != BOOT_SHAPE)
		return;
	snprintf(point, sizeof(point), "%s/charged", item->point);
	series_refuse(result_add_series(res, item->workload, point,
					metric_of_point(point)->unit),
		      res->status, res->reason);
}

int session_boot(struct session *s, uint32_t position,
		 const struct bench_case *bc, const struct session_watch *watch,
		 struct result *res, struct err *err)
{
	int ret;

	result_init(res);
	ret = worker_link_run(&s->site.worker, bc, s->site.stop,
			      watch ? watch->tick : NULL,
			      watch ? watch->arg : NULL, res, err);
	if (ret)
		ret = lose_worker(s, ret, res, err);
	if (ret)
		return ret;
	keep_shape(bc, res);
	s->failed_count += result_has_failed(res);
	ret = store_result_add(s->store, s->run_id, position, bc, res, err);
	return ret ? ret : check_boot_id(s, res, err);
}

static int boot_scheduled(struct session *s, size_t index,
			  const struct session_watch *watch, struct err *err)
{
	const struct bench_case *bc = &s->sched.cases[index];
	struct result res;
	int ret;

	if (watch->began)
		watch->began(watch->arg, bc);
	ret = session_boot(s, position_of(s, index), bc, watch, &res, err);
	if (!ret && watch->ended)
		watch->ended(watch->arg, bc, &res);
	result_release(&res);
	return ret;
}

int session_measure(struct session *s, const struct session_watch *watch,
		    const char **end, struct err *err)
{
	const char *reason = NULL;
	int ret = 0;

	for (; s->measured_count < s->sched.count && !ret;
	     s->measured_count++) {
		size_t i = s->measured_count;
		uint32_t block = s->sched.cases[i].block;

		if (i && s->sched.cases[i - 1].block != block &&
		    watch->at_block)
			ret = watch->at_block(watch->arg, block, &reason, err);
		if (ret || reason)
			break;
		if (s->site.stop && *s->site.stop)
			ret = err_set(err, -ECANCELED, "stopped");
		else
			ret = boot_scheduled(s, i, watch, err);
	}
	if (reason)
		*end = reason;
	return ret;
}

int session_end(struct session *s, int ret, const char *end, struct err *err)
{
	struct err end_err = {0};

	if (ret)
		end = ret == -ECANCELED ? "stopped" : "failed";
	if (!s->run_id || !store_run_end(s->store, s->run_id, end, &end_err) ||
	    ret)
		return ret;
	*err = end_err;
	return err_wrap(err, "the run is stored, but not that it is over");
}
