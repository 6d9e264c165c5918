// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * qualify - what this node can do, by one command: every step is a process of its
 * own with a limit, so that a guest or a VMM that hangs costs that and no more.
 * After each step all that was found is on the disk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/cli/qualify_exhibits.h"
#include "harness/core/envinfo.h"
#include "harness/qualify/qualification.h"
#include "harness/qualify/qualification_file.h"
#include "harness/qualify/qualify_child.h"
#include "harness/qualify/qualify_steps.h"
#include "reports/html/html_qualification.h"
#include "reports/text/qualification_text.h"

#define BUDGET_NS (30 * 60 * NS_PER_S)
#define LEAST_BUDGET_NS (60 * NS_PER_S)

struct qualify_args {
	uint64_t budget_ns;
	const char *folder;
	bool wants_emu;
	bool asks_imds;
	bool is_dry;
};

static const struct option_row options[] = {
	{"budget", "TIME", "for all steps together, 1m at least (30m)",
	 OPTION_DURATION(struct qualify_args, budget_ns)},
	{"output", "DIR", "where files are left (results/qualify)",
	 OPTION_TEXT(struct qualify_args, folder)},
	{"mshv-emu", NULL, "the emulator in place of /dev/mshv",
	 OPTION_FLAG(struct qualify_args, wants_emu)},
	{"imds", NULL,
	 "ask Azure's metadata service for the VM's size and tags",
	 OPTION_FLAG(struct qualify_args, asks_imds)},
	{"dry-run", NULL, "print the steps with their limits, and end",
	 OPTION_FLAG(struct qualify_args, is_dry)},
	{0},
};

/* One call of the command. */
struct qualifying {
	struct qualify_site site;
	struct qualification q;
	char *bundle; /* paths, owned */
	char *page;
	uint64_t start_ns;
};

static void describe_host(struct qualification *q)
{
	json_t *o = envinfo_fingerprint();
	const char *kernel =
		json_string_value(json_object_get(o, "kernel.release"));
	const char *cpu =
		json_string_value(json_object_get(o, "cpu.model_name"));

	free(q->host);
	q->host = xasprintf("Linux %s on %s", kernel ? kernel : "unknown",
			    cpu ? cpu : "unknown");
	text_clean(q->host);
	json_decref(o);
}

static void begin(struct qualifying *r, const struct qualify_args *args)
{
	qualify_site_init(&r->site, args->folder, args->budget_ns,
			  args->wants_emu);
	r->site.asks_imds = args->asks_imds;
	qualification_init(&r->q);
	describe_host(&r->q);
	free(r->q.revision);
	r->q.revision = xstrdup(envinfo_revision());
	r->q.is_emulated = args->wants_emu;
	r->q.budget_ns = args->budget_ns;
	r->q.started_unix_ns = clock_unix_ns();
	r->bundle = xasprintf("%s/qualification.json.gz", args->folder);
	r->page = xasprintf("%s/qualification.html", args->folder);
	qualify_steps_add(&r->site, &r->q);
}

static void release(struct qualifying *r)
{
	qualification_release(&r->q);
	free(r->bundle);
	free(r->page);
}

/* All that is known so far: the file to send, and the page. */
static int save(const struct qualifying *r, struct err *err)
{
	struct strbuf page = {0};
	int ret = qualification_write(&r->q, r->bundle, err);

	html_qualification_write(&r->q, &page);
	if (!ret)
		ret = file_write(r->page, page.str, page.len, err);
	strbuf_release(&page);
	return ret;
}

/* A step that cannot even be started is a finding like any other. */
static void run_words(struct qualifying *r, size_t i, char **words,
		      uint64_t limit_ns)
{
	struct step *s = &r->q.steps[i];
	struct strbuf output = {0};
	struct child_end end;
	struct err err = {0};

	if (child_run(words, limit_ns, &stop_wanted, &output, &end, &err)) {
		step_end(s, STEP_FINDING, err.msg);
	} else {
		s->elapsed_ns = end.elapsed_ns;
		s->exit_status = end.exit_status;
		free(s->output);
		s->output = xstrdup(strbuf_str(&output));
		text_clean(s->output);
		/* What somebody stopped came to nothing, and stays under way. */
		if (!end.is_stopped)
			qualify_step_judge(&r->site, &r->q, i, end.is_late);
	}
	strbuf_release(&output);
}

static void take_step(struct qualifying *r, size_t i)
{
	uint64_t passed_ns = clock_mono_ns() - r->start_ns;
	uint64_t left_ns = r->site.budget_ns > passed_ns
				   ? r->site.budget_ns - passed_ns
				   : 0;
	uint64_t limit_ns = qualify_step_limit(&r->site, &r->q, i, left_ns);
	struct step *s = &r->q.steps[i];
	char **words;

	if (!limit_ns) {
		step_end(s, STEP_LATE, "the budget was used up before it");
		return;
	}
	s->limit_ns = limit_ns;
	words = qualify_step_words(&r->site, &r->q, i,
				   limit_ns * 9 / 10 / NS_PER_S);
	if (words)
		run_words(r, i, words, limit_ns);
	qualify_words_free(words);
}

static int take_steps(struct qualifying *r, struct err *err)
{
	int ret = save(r, err);
	size_t i;

	for (i = 0; i < r->q.step_count && !ret && !stop_wanted; i++) {
		struct step *s = &r->q.steps[i];

		if (s->status != STEP_WAITING)
			continue;
		s->status = STEP_RUNNING;
		ret = save(r, err);
		fprintf(stderr, "[%zu/%zu] %s: %s ... ", i + 1, r->q.step_count,
			s->name, s->title);
		if (!ret)
			take_step(r, i);
		fprintf(stderr, "%s%s%s (%.1f s)\n",
			step_status_name(s->status), s->finding[0] ? ": " : "",
			s->finding, (double)s->elapsed_ns / NS_PER_S);
		qualify_exhibits_take(&r->q, r->site.folder, i);
		ret = ret ? ret : save(r, err);
	}
	if (!ret && !stop_wanted) {
		r->q.ended_unix_ns = clock_unix_ns();
		ret = save(r, err);
	}
	return ret;
}

static int status_of(const struct qualification *q)
{
	if (qualification_cannot_run(q))
		return STATUS_WORSE;
	return qualification_is_clean(q) ? STATUS_OK : STATUS_UNDECIDED;
}

static int qualify(struct qualifying *r, struct err *err)
{
	int ret = file_mkdirs(r->site.folder, err);

	if (ret)
		return complain(STATUS_INTERNAL, "qualify: %s", err->msg);
	qualify_exhibits_begin(&r->q, r->site.folder);
	r->start_ns = clock_mono_ns();
	stop_on_signals();
	ret = take_steps(r, err);
	if (ret)
		return complain(STATUS_INTERNAL, "qualify: %s", err->msg);
	putchar('\n');
	qualification_text_write(&r->q, stdout);
	printf("Page: %s\nTo send back: %s\n", r->page, r->bundle);
	return stop_wanted ? STATUS_UNDECIDED : status_of(&r->q);
}

static int qualify_run(int argc, char **argv)
{
	struct qualify_args args = {.budget_ns = BUDGET_NS,
				    .folder = "results/qualify"};
	struct qualifying r = {.bundle = NULL};
	struct err err = {0};
	int status = STATUS_OK;

	if (option_parse(argc, argv, options, &args, &err))
		return complain(STATUS_USAGE, "qualify: %s", err.msg);
	if (optind < argc)
		return complain(STATUS_USAGE, "qualify: '%s' is not understood",
				argv[optind]);
	if (args.budget_ns < LEAST_BUDGET_NS)
		return complain(STATUS_USAGE,
				"qualify: --budget is less than a minute");
	begin(&r, &args);
	if (args.is_dry)
		qualification_text_plan(&r.q, stdout);
	else
		status = qualify(&r, &err);
	release(&r);
	return status;
}

const struct command cmd_qualify = {
	.name = "qualify",
	.summary = "what this node can do: one page, one sentence, one file",
	.usage =
		"usage: l1vh-bench qualify [options]\n"
		"Finds out whether this node runs guests under /dev/mshv, and how well: devices,\n"
		"selftest, a traced boot and its replay, each VMM that is here, exit costs,\n"
		"footprint, the quick plan. A step that fails or hangs is a finding; the rest goes\n"
		"on. After each step all that was found is in DIR.\n",
	.options = options,
	.help_column = 18,
	.notes =
		"Exit status: 0 it can, without findings, 1 it cannot, 2 it can, with findings,\n"
		"or that is not known, 64 usage, 70 internal.\n",
	.run = qualify_run,
};
