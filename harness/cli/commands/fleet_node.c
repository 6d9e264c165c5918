// SPDX-License-Identifier: GPL-3.0-or-later
/* fleet node - measures on this node and delivers, or rescues what is left. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/fleet/node/node.h"
#include "harness/fleet/node/outbox.h"
#include "harness/serve/push.h"
#include "harness/store/run_list.h"

/* Less than Kubernetes' grace period in the manifests, and than what Slurm's
 * users set for KillWait. */
#define RESCUE_NS (100 * NS_PER_S)
#define GONE_NS (20 * NS_PER_S)

struct node_args {
	const char *url, *token_file, *ca, *folder;
	const char *message_file;
	uint64_t push_for_ns, hold_ns;
	uint32_t retry_ms, retry_max_ms;
	bool asks_imds;
	bool is_rescue;
};

/* One end of the pushes of a call. */
struct pusher {
	const struct node_args *args;
	bool is_brief;
	uint64_t end_ns; /* of the patience; 0: it begins with the first push */
	char clock[100]; /* what push_clock_text() said last */
};

static const struct option_row options[] = {
	{"push", "URL", "deliver to this dashboard",
	 OPTION_TEXT(struct node_args, url)},
	{"token-file", "FILE", "its first line is the token, read for each try",
	 OPTION_TEXT(struct node_args, token_file)},
	{"ca-file", "FILE",
	 "trust this certificate instead of the system's, PEM",
	 OPTION_TEXT(struct node_args, ca)},
	{"push-for", "TIME", "try so long: 30m, 6h (6h)",
	 OPTION_DURATION(struct node_args, push_for_ns)},
	{"results", "DIR", "keep results there (results)",
	 OPTION_TEXT(struct node_args, folder)},
	{"hold", "TIME",
	 "live at least so long, until all pods of the fleet have\n"
	 "their node",
	 OPTION_DURATION(struct node_args, hold_ns)},
	{"imds", NULL, "as of 'run'", OPTION_FLAG(struct node_args, asks_imds)},
	{"rescue", NULL,
	 "measure nothing: wait for SIGTERM, then deliver what the\n"
	 "node's killed processes left",
	 OPTION_FLAG(struct node_args, is_rescue)},
	/* For tests. */
	{"message-file", "FILE", NULL,
	 OPTION_TEXT(struct node_args, message_file)},
	{"retry-ms", "N", NULL,
	 OPTION_U32(struct node_args, retry_ms, 1, 60000)},
	{"retry-max-ms", "N", NULL,
	 OPTION_U32(struct node_args, retry_max_ms, 1, 60000)},
	{0},
};

static void tell_wait(void *arg, const struct err *why, uint64_t pause_ns)
{
	char pause[32];

	(void)arg;
	complain(STATUS_OK, "fleet node: %s; next try in %s", why->msg,
		 units_format((double)pause_ns, "ns", pause, sizeof(pause)));
}

/* What is left of the patience; a brief one is one try. */
static uint64_t patience_ns(struct pusher *p)
{
	uint64_t now_ns = clock_mono_ns();

	if (p->is_brief)
		return 1;
	if (!p->end_ns)
		p->end_ns = now_ns + p->args->push_for_ns;
	return p->end_ns > now_ns ? p->end_ns - now_ns : 1;
}

static int send_bundle(void *arg, const char *path, const struct run_line *run,
		       struct err *err)
{
	struct pusher *p = arg;
	const struct push push = {
		.url = p->args->url,
		.path = path,
		.token_file = p->args->token_file,
		.ca = p->args->ca,
		.retry_ms = p->args->retry_ms,
		.retry_max_ms = p->args->retry_max_ms,
		.patience_ns = patience_ns(p),
		.stop = p->args->is_rescue ? NULL : &stop_wanted,
		.waits = tell_wait,
	};
	struct push_reply reply;
	int ret = push_bundle(&push, &reply, err);

	if (ret)
		return ret;
	push_clock_text(&reply, p->clock, sizeof(p->clock));
	complain(STATUS_OK, "fleet node: run %s (%s) is delivered to '%s'%s",
		 run->uuid, run->status, p->args->url,
		 reply.is_new ? "" : ", which had it");
	return 0;
}

/* Single-threaded until then, so a blocked signal is not lost. */
static void await_signal(void)
{
	sigset_t ends;
	int sig;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	complain(STATUS_OK, "fleet node: the rescue waits for SIGTERM");
	sigwait(&ends, &sig);
}

static int show(const struct node_report *report, const struct pusher *p)
{
	static const int statuses[] = {
		[NODE_OK] = STATUS_OK,
		[NODE_PROBLEM] = STATUS_WORSE,
		[NODE_UNKNOWN] = STATUS_UNDECIDED,
	};
	int status =
		report->is_usage ? STATUS_USAGE : statuses[report->condition];

	if (*p->clock)
		complain(status, "fleet node: %s", p->clock);
	return complain(status, "fleet node: %s%s%s%s",
			*report->uuid ? "run " : "", report->uuid,
			*report->uuid ? ": " : "", report->text);
}

static int check(const struct node_args *args, struct err *err)
{
	char token[256];

	if (!args->url && (args->token_file || args->ca || args->is_rescue))
		return err_set(
			err, -EINVAL,
			"--token-file, --ca-file and --rescue need --push");
	if (args->url && strncmp(args->url, "http://", 7) &&
	    strncmp(args->url, "https://", 8))
		return err_set(err, -EINVAL,
			       "'%s' is not the URL of a dashboard", args->url);
	if (args->is_rescue && !outbox_is_named())
		return err_set(
			err, -EINVAL,
			"--rescue needs L1VH_ATTEMPT or SLURM_JOB_ID to know whose results to deliver");
	return args->token_file ? push_read_token(args->token_file, token,
						  sizeof(token), err)
				: 0;
}

/* The options of `run`, to a NULL; the caller frees the array. */
static const char **run_options(const struct node_args *args, char **words)
{
	size_t count = 0, i, at = 0;
	const char **out;

	while (words[count])
		count++;
	out = xcalloc(count + 2, sizeof(*out));
	if (args->asks_imds)
		out[at++] = "--imds";
	for (i = 0; i < count; i++)
		out[at++] = words[i];
	return out;
}

static void rescue(struct node_args *args, struct node_task *task,
		   struct node_report *report)
{
	if (args->push_for_ns > RESCUE_NS)
		args->push_for_ns = RESCUE_NS;
	await_signal();
	node_rescue(task, GONE_NS, report);
}

static void measure(const struct node_args *args, char **words,
		    struct node_task *task, struct node_report *report)
{
	const char **options_of_run = run_options(args, words);

	task->run = options_of_run;
	stop_on_signals();
	node_measure(task, report);
	free(options_of_run);
}

static int fleet_node(struct node_args *args, char **words)
{
	struct pusher brief = {.args = args, .is_brief = true};
	struct pusher patient = {.args = args};
	const struct delivery once = {send_bundle, &brief};
	const struct delivery again = {send_bundle, &patient};
	struct node_task task = {
		.folder = args->folder,
		.brief = args->url ? &once : NULL,
		.patient = args->url ? &again : NULL,
		.hold_ns = args->hold_ns,
		.stop = &stop_wanted,
		.message_file = args->message_file,
	};
	struct node_report report;

	if (args->is_rescue)
		rescue(args, &task, &report);
	else
		measure(args, words, &task, &report);
	return show(&report, &patient);
}

static int fleet_node_run(int argc, char **argv)
{
	struct node_args args = {.folder = "results",
				 .message_file = "/dev/termination-log",
				 .push_for_ns = 6 * 3600 * NS_PER_S,
				 .retry_ms = 1000,
				 .retry_max_ms = 60000};
	struct err err = {0};
	int ret = option_parse(argc, argv, options, &args, &err);

	if (!ret)
		ret = check(&args, &err);
	return ret ? complain(STATUS_USAGE, "fleet node: %s", err.msg)
		   : fleet_node(&args, argv + optind);
}

const struct command cmd_fleet_node = {
	.name = "fleet node",
	.summary = "measure on this node and deliver the run",
	.usage =
		"usage: l1vh-bench fleet node [options] -- RUN-OPTIONS\n"
		"       l1vh-bench fleet node --rescue [options]\n"
		"The program of a pod or a Slurm task: runs 'l1vh-bench run RUN-OPTIONS' in a\n"
		"child process, then delivers the run, and what earlier attempts left in DIR.\n"
		"The run keeps its place in the fleet (L1VH_FLEET, L1VH_NODE, L1VH_ARM,\n"
		"L1VH_INDEX, L1VH_ATTEMPT, L1VH_ENGINE, L1VH_INSTANCE_TYPE, L1VH_ZONE,\n"
		"L1VH_REGION, or Slurm's variables).\n",
	.options = options,
	.help_column = 21,
	.notes =
		"Exit status: 0 measured and delivered; 1 boots or a claim failed; 2 not\n"
		"measured to the end, or not delivered; 64 usage.\n",
	.run = fleet_node_run,
};
