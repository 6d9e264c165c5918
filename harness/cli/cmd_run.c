// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * run - probe, choose runners, measure by a schedule, store each result as
 * it comes, and show the comparison.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/cli/progress.h"
#include "harness/cli/claims_arg.h"
#include "harness/cli/report_out.h"
#include "harness/cli/run_args.h"
#include "harness/cli/site.h"
#include "harness/core/envinfo.h"
#include "harness/core/forecast.h"
#include "harness/core/plan.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "harness/stats/sequential.h"
#include "harness/store/durations.h"
#include "harness/store/store.h"
#include "harness/verdict/claims.h"

#define LAB_TIMEOUT_FACTOR 3
#define MANIFEST_MAX 65536
#define MAX_LOST_WORKERS 3
#define PILOT_BLOCKS 3
#define PILOT_SAMPLES 10

struct session {
	struct plan *plan;
	const struct claims *claims; /* borrowed; NULL: none */
	struct site site;
	struct store *store;
	struct schedule sched;
	int64_t run_id;
	size_t failed_count;
	size_t lost_count;  /* workers */
	size_t blind_count; /* series without one undisturbed sample */
	enum exit_status claims_status;
	const char *end; /* NULL: not of its own accord */
	uint64_t started_ns;
	char *command;    /* owned; what makes this run again */
	char pilot[40];   /* UUID of the run before this one; "" */
	char boot_id[40]; /* of the host, as the first result told it */
};

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

static char *dump_member(const json_t *o, const char *key)
{
	char *text = json_dumps(json_object_get(o, key), JSON_COMPACT);

	return text ? text : xstrdup("{}");
}

/* Everything that was decided is on disk before anything is measured. */
static int session_register(struct session *s, struct err *err)
{
	json_t *plan_json = plan_to_json(s->plan);
	char *plan;
	char *fingerprint = dump_member(s->site.hello, "fingerprint");
	char *probe = dump_member(s->site.hello, "probe");
	char *manifest = guest_manifest();
	struct run_info info = {
		.seed = s->plan->seed,
		.revision = envinfo_revision(),
		.fingerprint_json = fingerprint,
		.probe_json = probe,
		.guest_manifest = manifest,
		.is_lab = s->site.worker.is_lab,
	};
	size_t i;
	int ret;

	json_object_set_new(plan_json, "command", json_string(s->command));
	/* Before the first sample is taken: what is claimed is what was
	 * claimed then. */
	if (s->claims)
		json_object_set_new(plan_json, "claims",
				    json_pack("{s:s, s:s, s:s}", "name",
					      s->claims->name, "sha256",
					      s->claims->sha256, "text",
					      s->claims->file));
	plan = json_dumps(plan_json, JSON_COMPACT);
	json_decref(plan_json);
	info.plan_json = plan ? plan : "{}";
	ret = store_run_begin(s->store, &info, &s->run_id, err);
	for (i = 0; i < s->sched.count && !ret; i++)
		ret = store_schedule_add(s->store, s->run_id, (uint32_t)i,
					 s->sched.cases[i].block,
					 s->sched.cases[i].runner, err);
	free(manifest);
	free(probe);
	free(fingerprint);
	free(plan);
	return ret;
}

static bool has_failed(const struct result *res)
{
	size_t i;

	if (res->status != RUN_OK)
		return true;
	for (i = 0; i < res->series_count; i++)
		if (res->series[i].status != RUN_OK &&
		    res->series[i].status != RUN_SKIPPED)
			return true;
	return false;
}

/*
 * A wanted runner that does not work here is part of the result: it stands
 * in every report, with its reason, and in the exit status.
 */
static int store_refusals(struct session *s, struct err *err)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < s->site.refusal_count && !ret; i++) {
		const struct site_refusal *r = &s->site.refusals[i];
		struct bench_case bc = {.vcpu_count = s->plan->vcpu_count,
					.ram_bytes = s->plan->ram_bytes};
		struct result res;

		snprintf(bc.runner, sizeof(bc.runner), "%s", r->runner);
		snprintf(bc.paravirt, sizeof(bc.paravirt), "%s",
			 s->plan->paravirt);
		result_init(&res);
		result_fail(&res, RUN_SKIPPED, "%s", r->reason);
		ret = store_result_add(s->store, s->run_id,
				       (uint32_t)(s->sched.count + i), &bc,
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

/* A worker that is lost costs the case it had, and is replaced; who loses one
 * after the other has another trouble. */
static int lose_worker(struct session *s, int ret, struct result *res,
		       struct err *err)
{
	if (ret == -ECANCELED || s->lost_count++ == MAX_LOST_WORKERS)
		return ret;
	result_release(res);
	result_init(res);
	result_fail(res, RUN_RUNNER_FAILED, "%s; it was replaced", err->msg);
	if (s->site.worker.is_lab)
		s->boot_id[0] = '\0';
	return site_replace_worker(&s->site, err);
}

static int run_one(struct session *s, uint32_t position, struct progress *p,
		   struct err *err)
{
	const struct bench_case *bc = &s->sched.cases[position];
	char what[64], outcome[480];
	struct result res;
	int ret;

	snprintf(what, sizeof(what), "block %u %s", bc->block + 1, bc->runner);
	progress_begin(p, what);
	result_init(&res);
	ret = worker_link_run(&s->site.worker, bc, &stop_wanted, progress_tick,
			      p, &res, err);
	if (ret)
		ret = lose_worker(s, ret, &res, err);
	if (ret) {
		result_release(&res);
		return ret;
	}
	ret = store_result_add(s->store, s->run_id, position, bc, &res, err);
	if (!ret)
		ret = check_boot_id(s, &res, err);
	s->failed_count += has_failed(&res);
	snprintf(outcome, sizeof(outcome), "%s%s%s",
		 run_status_name(res.status), res.reason[0] ? ": " : "",
		 res.reason);
	progress_end(p, outcome);
	result_release(&res);
	return ret;
}

static bool is_look(const struct plan *plan, size_t block_count)
{
	size_t looks[SEQUENTIAL_MAX_LOOKS];
	size_t i, count = plan->look_count
				  ? sequential_looks(plan->block_count,
						     plan->look_count, looks)
				  : 0;

	for (i = 0; i < count; i++)
		if (looks[i] == block_count)
			return true;
	return false;
}

/* Between blocks: whether nothing is left to decide, or no time. */
static int consider_end(struct session *s, uint32_t done_blocks,
			struct err *err)
{
	uint64_t budget_ns = s->plan->budget_ns;
	bool settled = false;
	int ret = 0;

	if (is_look(s->plan, done_blocks))
		ret = claims_arg_are_settled(s->claims, s->store, s->run_id,
					     &settled, err);
	if (settled)
		s->end = "decided";
	else if (budget_ns && clock_mono_ns() - s->started_ns >= budget_ns)
		s->end = "out of time";
	return ret;
}

static void learn(void *forecast, const char *runner, const char *workload,
		  uint64_t mean_ns)
{
	forecast_learn(forecast, runner, plan_boot_kind(workload), mean_ns);
}

static int session_measure(struct session *s, struct err *err)
{
	struct forecast forecast;
	struct progress p;
	uint32_t i;
	int ret;

	forecast_init(&forecast, &s->sched, s->site.worker.is_lab);
	ret = durations_load(s->store, s->run_id, learn, &forecast, err);
	progress_init(&p, &forecast);
	s->started_ns = clock_mono_ns();
	for (i = 0; i < s->sched.count && !ret; i++) {
		uint32_t block = s->sched.cases[i].block;

		if (i && s->sched.cases[i - 1].block != block)
			ret = consider_end(s, block, err);
		if (ret || s->end)
			break;
		if (stop_wanted)
			ret = err_set(err, -ECANCELED, "stopped");
		else
			ret = run_one(s, i, &p, err);
	}
	progress_finish(&p);
	forecast_release(&forecast);
	return ret;
}

static int session_open(struct session *s, struct run_args *args,
			struct err *err)
{
	const struct site_wants wants = {
		.choice = args->choice,
		.runners = args->wanted,
		.runner_count = args->wanted_count,
		.is_default = args->wanted_is_default,
		.is_micro = plan_is_micro(&args->plan),
		.wants_mshv_emu = args->wants_mshv_emu,
	};
	int ret = store_open(args->db, &s->store, err);
	size_t i;

	if (!ret)
		ret = site_open(&s->site, &wants, err);
	if (ret)
		return ret;
	if (!s->site.runner_count)
		return err_set(
			err, -ENODEV,
			"none of the wanted runners works here; 'l1vh-bench probe' says what this host has, --lab uses an emulated one");
	for (i = 0; i < s->site.runner_count; i++)
		s->plan->runners[i] = s->site.runners[i];
	s->plan->runner_count = s->site.runner_count;
	if (s->site.worker.is_lab)
		s->plan->timeout_ns *= LAB_TIMEOUT_FACTOR;
	return 0;
}

/* The plan is fixed now. */
static int session_begin(struct session *s, struct err *err)
{
	schedule_init(&s->sched, s->plan);
	if (!s->sched.count)
		return err_set(
			err, -ENODEV,
			"there is nothing to boot: natively a footprint is not measured");
	return session_register(s, err);
}

static const char *end_of(const struct session *s, int ret)
{
	if (!ret)
		return s->end ? s->end : "complete";
	return ret == -ECANCELED ? "stopped" : "failed";
}

/*
 * A run of its own, so that what the other's samples are by can be looked at
 * like anything else. Programs have one sample a boot whatever is said.
 */
static int session_pilot(struct session *s, struct err *err)
{
	struct plan *plan = s->plan;
	struct plan pilot = *plan;
	const struct claims *claims = s->claims;
	uint32_t best = 0;
	int ret;

	pilot.name = "pilot";
	pilot.block_count = PILOT_BLOCKS;
	pilot.sample_count = PILOT_SAMPLES;
	pilot.io_block_count = 0;
	pilot.look_count = 0;
	pilot.budget_ns = 0;
	s->plan = &pilot;
	s->claims = NULL;
	fputs("pilot:\n", stderr);
	ret = session_begin(s, err);
	if (!ret)
		ret = session_measure(s, err);
	if (s->run_id) {
		struct err ignored;

		store_run_end(s->store, s->run_id, end_of(s, ret), &ignored);
	}
	s->plan = plan;
	s->claims = claims;
	if (!ret)
		ret = report_pilot(s->store, s->run_id, &best, s->pilot,
				   sizeof(s->pilot), err);
	schedule_release(&s->sched);
	if (ret)
		return ret;
	s->run_id = 0;
	s->failed_count = 0;
	plan->pilot = s->pilot;
	if (best)
		plan->sample_count = best;
	fprintf(stderr, "%u samples a boot%s\n", plan->sample_count,
		best ? "" : ": the pilot cannot tell");
	return 0;
}

static void session_close(struct session *s)
{
	schedule_release(&s->sched);
	site_close(&s->site);
	store_close(s->store);
	free(s->command);
}

/* "results/l1vh.db" gives "results/l1vh.html". */
static char *html_path(const struct run_args *args)
{
	size_t len = strlen(args->db);

	if (args->html)
		return xstrdup(args->html);
	if (len > 3 && !strcmp(args->db + len - 3, ".db"))
		len -= 3;
	return xasprintf("%.*s.html", (int)len, args->db);
}

/* What was measured is shown even of a run that was cut short. */
static int session_show(struct session *s, const struct run_args *args,
			struct err *err)
{
	char *path = html_path(args);
	int ret = report_html_file(s->store, s->run_id, path, err);

	if (!ret)
		ret = report_screen(s->store, s->run_id, args->db, path, err);
	if (!ret)
		ret = report_blind_count(s->store, s->run_id, &s->blind_count,
					 err);
	if (!ret && s->claims)
		ret = claims_arg_judge(s->claims, s->store, s->run_id,
				       &s->claims_status, err);
	free(path);
	return ret;
}

static int status_of(int ret, const struct session *s, const struct err *err)
{
	if (ret == -ECANCELED)
		return complain(STATUS_UNDECIDED,
				"stopped; all boots that had ended are kept");
	if (ret)
		return complain(STATUS_INTERNAL, "run: %s", err->msg);
	if (s->failed_count)
		return complain(
			STATUS_UNDECIDED,
			"%zu of %zu boots failed in whole or in part; 'report --all' says why",
			s->failed_count,
			s->sched.count + s->site.refusal_count);
	if (s->blind_count)
		return complain(
			STATUS_UNDECIDED,
			"%zu series have no undisturbed sample; this host is too noisy for so few",
			s->blind_count);
	return (int)s->claims_status;
}

/* The words as they were given, and the seed even if it was not. */
static char *command_line(int argc, char **argv, uint64_t seed)
{
	struct strbuf text = {0};
	char *copy;
	int i;

	strbuf_puts(&text, "build/l1vh-bench");
	for (i = 0; i < argc; i++)
		strbuf_printf(&text, " %s", argv[i]);
	strbuf_printf(&text, " --seed %" PRIu64, seed);
	copy = xstrdup(text.str);
	text_clean(copy);
	strbuf_release(&text);
	return copy;
}

static int run_run(int argc, char **argv)
{
	struct run_args args;
	struct session s = {.plan = &args.plan};
	struct err err = {0}, end_err = {0};
	int ret, status;

	if (run_args_parse(argc, argv, &args, &err)) {
		run_args_release(&args);
		return complain(STATUS_USAGE, "run: %s", err.msg);
	}
	s.claims = args.claims;
	s.command = command_line(argc, argv, args.plan.seed);
	stop_on_signals();
	ret = session_open(&s, &args, &err);
	if (!ret && args.wants_pilot)
		ret = session_pilot(&s, &err);
	if (!ret)
		ret = session_begin(&s, &err);
	if (!ret)
		ret = store_refusals(&s, &err);
	if (!ret)
		ret = session_measure(&s, &err);
	if (s.run_id) {
		store_run_end(s.store, s.run_id, end_of(&s, ret), &end_err);
		if (session_show(&s, &args, &end_err) && !ret) {
			ret = end_err.code;
			err = end_err;
		}
	}
	status = status_of(ret, &s, &err);
	session_close(&s);
	run_args_release(&args);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.summary = "measure natively and in guests, store, compare",
	.usage = run_args_usage,
	.run = run_run,
};
