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

#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/output.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/claims_arg.h"
#include "harness/cli/command_text.h"
#include "harness/cli/commands.h"
#include "harness/cli/progress.h"
#include "harness/cli/report_out.h"
#include "harness/cli/run_args.h"
#include "harness/core/bench_case.h"
#include "harness/core/forecast.h"
#include "harness/core/imds.h"
#include "harness/core/result.h"
#include "harness/session/session.h"
#include "harness/stats/sequential.h"
#include "harness/store/durations.h"

#define PILOT_BLOCKS 3
#define PILOT_SAMPLES 10

/* One call of the command. */
struct running {
	struct plan *plan;           /* of the run, and in its turn the pilot */
	const struct claims *claims; /* borrowed; NULL: none */
	struct session session;
	struct progress progress;
	char *page;           /* owned; its path */
	bool is_page_refused; /* before anything was measured */
	const char *end;      /* why the run has ended */
	uint64_t started_ns;
	size_t blind_count; /* series without one undisturbed sample */
	enum exit_status claims_status;
	char *command;  /* owned; what makes this run again */
	char pilot[40]; /* UUID of the run before this one; "" */
	json_t *imds;   /* owned; NULL: not asked, or no answer */
};

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
static int consider_end(void *arg, uint32_t done_count, const char **end,
			struct err *err)
{
	struct running *r = arg;
	uint64_t budget_ns = r->plan->budget_ns;
	bool settled = false;
	int ret = 0;

	if (is_look(r->plan, done_count))
		ret = claims_arg_are_settled(r->claims, r->session.store,
					     r->session.run_id, &settled, err);
	if (settled)
		*end = "decided";
	else if (budget_ns && clock_mono_ns() - r->started_ns >= budget_ns)
		*end = "out of time";
	return ret;
}

static void show_began(void *arg, const struct bench_case *bc)
{
	struct running *r = arg;
	char what[64];

	snprintf(what, sizeof(what), "block %u %s", bc->block + 1, bc->runner);
	progress_begin(&r->progress, what);
}

static void show_tick(void *arg)
{
	struct running *r = arg;

	progress_tick(&r->progress);
}

static void show_ended(void *arg, const struct bench_case *bc,
		       const struct result *res)
{
	struct running *r = arg;
	char outcome[480];

	(void)bc;
	snprintf(outcome, sizeof(outcome), "%s%s%s",
		 run_status_name(res->status), res->reason[0] ? ": " : "",
		 res->reason);
	progress_end(&r->progress, outcome);
}

static void learn(void *forecast, const char *runner, const char *workload,
		  uint64_t mean_ns)
{
	forecast_learn(forecast, runner, plan_boot_kind(workload), mean_ns);
}

/* Boot what of the schedule has not been booted. */
static int measure_part(struct running *r, struct err *err)
{
	const struct session_watch watch = {
		.began = show_began,
		.tick = show_tick,
		.ended = show_ended,
		.at_block = consider_end,
		.arg = r,
	};
	struct session *s = &r->session;
	const struct schedule part = {
		.cases = s->sched.cases + s->measured_count,
		.count = s->sched.count - s->measured_count};
	struct forecast forecast;
	int ret;

	forecast_init(&forecast, &part, s->site.worker.is_lab);
	ret = durations_load(s->store, s->run_id, learn, &forecast, err);
	progress_init(&r->progress, &forecast);
	if (!ret)
		ret = session_measure(s, &watch, &r->end, err);
	progress_finish(&r->progress);
	forecast_release(&forecast);
	return ret;
}

static void show_more(const struct bench_case *open, size_t block_count)
{
	size_t i;

	fprintf(stderr, "two modes, and not decided: %zu more blocks of",
		block_count);
	for (i = 0; i < open->item_count; i++)
		fprintf(stderr, "%s %s%s%s", i ? "," : "",
			open->items[i].workload,
			open->items[i].point[0] ? ":" : "",
			open->items[i].point);
	fputc('\n', stderr);
}

/* After the first blocks: those that only some series have. */
static int measure_more(struct running *r, struct err *err)
{
	const struct plan *plan = r->plan;
	size_t looks[SEQUENTIAL_MORE_LOOKS];
	double spent[SEQUENTIAL_MORE_LOOKS];
	size_t i, count = sequential_more_looks(plan->block_count,
						plan->more_block_count, looks,
						spent);
	struct session *s = &r->session;
	int ret = 0;

	for (i = 1; i < count && !ret && !strcmp(r->end, "complete"); i++) {
		size_t more = looks[i] - looks[i - 1];
		struct bench_case open = {.item_count = 0};

		ret = claims_arg_needs_more(r->claims, s->store, s->run_id,
					    &plan->series, &open, err);
		if (ret || !open.item_count) {
			bench_case_release(&open);
			break;
		}
		show_more(&open, more);
		ret = session_extend(s, plan, &open, (uint32_t)looks[i - 1],
				     (uint32_t)more, err);
		bench_case_release(&open);
		if (!ret)
			ret = measure_part(r, err);
	}
	return ret;
}

static int measure(struct running *r, struct err *err)
{
	int ret;

	r->started_ns = clock_mono_ns();
	r->end = "complete";
	ret = measure_part(r, err);
	if (!ret && r->plan->more_block_count)
		ret = measure_more(r, err);
	return ret;
}

static int open_session(struct running *r, const struct run_args *args,
			struct err *err)
{
	const struct session_wants wants = {
		.db = args->db,
		.site = {.choice = args->choice,
			 .runners = args->wanted,
			 .runner_count = args->wanted_count,
			 .is_default = args->wanted_is_default,
			 .is_micro = plan_is_micro(r->plan),
			 .paravirt = r->plan->paravirt,
			 .guest_kernel = r->plan->guest_kernel,
			 .sandbox = r->plan->sandbox,
			 .wants_mshv_emu = args->wants_mshv_emu,
			 .needs_iommu = args->plan.io.device_count > 0,
			 .stop = &stop_wanted},
	};
	int ret = session_open(&r->session, &wants, r->plan, err);

	if (!ret && !r->session.site.runner_count)
		return err_set(
			err, -ENODEV,
			"none of the requested runners works on this host; 'l1vh-bench probe' shows what it has, and --lab uses an emulated host");
	return ret;
}

/*
 * A run of its own, so that what the other's samples are by can be looked at
 * like anything else. Programs have one sample per boot whatever is said.
 */
static int run_pilot(struct running *r, struct err *err)
{
	struct session *s = &r->session;
	struct plan *plan = r->plan;
	struct plan pilot = *plan;
	const struct session_run run = {
		.plan = &pilot, .command = r->command, .imds = r->imds};
	uint32_t best = 0;
	int ret;

	pilot.name = "pilot";
	pilot.block_count = PILOT_BLOCKS;
	pilot.sample_count = PILOT_SAMPLES;
	pilot.io_block_count = 0;
	pilot.look_count = pilot.more_block_count = 0;
	pilot.budget_ns = 0;
	fputs("pilot:\n", stderr);
	r->plan = &pilot;
	ret = session_begin(s, &run, err);
	if (!ret)
		ret = measure(r, err);
	r->plan = plan;
	ret = session_end(s, ret, r->end, err);
	if (!ret)
		ret = report_pilot(s->store, s->run_id, &best, r->pilot,
				   sizeof(r->pilot), err);
	if (ret)
		return ret;
	plan->pilot = r->pilot;
	if (best)
		plan->sample_count = best;
	fprintf(stderr, "%u samples per boot%s\n", plan->sample_count,
		best ? "" : ": the pilot cannot tell");
	return 0;
}

/* Off Azure nothing answers; the run is worth as much without. */
static void ask_imds(struct running *r, const char *url)
{
	struct err err = {0};

	if (url && imds_get(url, &r->imds, &err))
		complain(STATUS_OK, "run: %s; the run has no azure.* keys",
			 err.msg);
}

static int run_plan(struct running *r, struct err *err)
{
	const struct session_run run = {.plan = r->plan,
					.command = r->command,
					.claims = r->claims,
					.imds = r->imds};
	int ret = session_begin(&r->session, &run, err);

	if (!ret)
		ret = session_keep_refusals(&r->session, r->plan, err);
	return ret ? ret : measure(r, err);
}

/* Before the first boot, where the store exists already. */
static int check_page(const struct running *r, const struct run_args *args,
		      struct err *err)
{
	if (output_is_same(r->page, args->db))
		return err_set(
			err, -EINVAL,
			"--html '%s' would overwrite the results themselves",
			r->page);
	return output_check(r->page, err);
}

/* What was measured is shown even of a run that was cut short, or whose page cannot be
 * written. */
static int show_report(struct running *r, const struct run_args *args,
		       struct err *err)
{
	const struct session *s = &r->session;
	struct err page_err = {0};
	bool has_page =
		!report_html_file(s->store, s->run_id, r->page, &page_err);
	int ret = report_screen(s->store, s->run_id, args->db,
				has_page ? r->page : NULL, err);

	if (!ret)
		ret = report_blind_count(s->store, s->run_id, &r->blind_count,
					 err);
	if (!ret && r->claims)
		ret = claims_arg_judge(r->claims, s->store, s->run_id,
				       &r->claims_status, err);
	if (!ret && !has_page) {
		*err = page_err;
		ret = page_err.code;
	}
	return ret;
}

static int status_of(int ret, const struct running *r, const struct err *err)
{
	const struct session *s = &r->session;

	if (r->is_page_refused)
		return complain(STATUS_USAGE, "run: %s", err->msg);
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
	if (r->blind_count)
		return complain(
			STATUS_UNDECIDED,
			"%zu series have no undisturbed sample; this host is too noisy for so few",
			r->blind_count);
	return (int)r->claims_status;
}

static int run_run(int argc, char **argv)
{
	struct run_args args;
	struct running r = {.plan = &args.plan};
	struct err err = {0}, show_err = {0};
	int ret, status;

	if (run_args_parse(argc, argv, &args, &err)) {
		run_args_release(&args);
		return complain(STATUS_USAGE, "run: %s", err.msg);
	}
	r.claims = args.claims;
	r.page = args.html ? xstrdup(args.html) : report_page_path(args.db);
	r.command = command_text(argc, argv, args.plan.seed);
	stop_on_signals();
	ask_imds(&r, args.imds_url);
	ret = open_session(&r, &args, &err);
	if (!ret) {
		ret = check_page(&r, &args, &err);
		r.is_page_refused = ret;
	}
	if (!ret && args.wants_pilot)
		ret = run_pilot(&r, &err);
	if (!ret)
		ret = run_plan(&r, &err);
	ret = session_end(&r.session, ret, r.end, &err);
	if (r.session.run_id && show_report(&r, &args, &show_err) && !ret) {
		ret = show_err.code;
		err = show_err;
	}
	status = status_of(ret, &r, &err);
	session_close(&r.session);
	json_decref(r.imds);
	free(r.command);
	free(r.page);
	run_args_release(&args);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.summary = "measure natively and in guests, store, compare",
	.usage =
		"usage: l1vh-bench run [options]\n"
		"Run the quick suite natively and in guests, store every sample, print\n"
		"the comparison on one screen and write one HTML page.\n",
	.options = run_args_options,
	.help_column = 21,
	.notes =
		"Exit status: 0 all measured, and all registered claims pass; 1 a claim\n"
		"fails; 2 one is undecided, or cases failed or the run was stopped; 64 usage,\n"
		"70 internal.\n",
	.run = run_run,
};
