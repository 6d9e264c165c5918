// SPDX-License-Identifier: GPL-3.0-or-later
/* What a run is told to measure: files of plans, and options of a command line. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/run_args.h"
#include "harness/core/plan.h"
#include "harness/verdict/claims.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

#define MAX_OPTIONS 8

static void parse(int argc, char **argv)
{
	struct run_args args;
	struct schedule sched;
	struct err err;

	optind = 1;
	if (!run_args_parse(argc, argv, &args, &err) &&
	    args.plan.block_count <= 4) {
		json_decref(plan_to_json(&args.plan));
		args.plan.runner_count = args.wanted_count;
		memcpy(args.plan.runners, args.wanted, sizeof(args.wanted));
		schedule_init(&sched, &args.plan);
		schedule_release(&sched);
	}
	run_args_release(&args);
}

static void fuzz_plan(const uint8_t *data, size_t size)
{
	char words[][16] = {"run", "--plan", "/plan.yaml"};
	char *argv[] = {words[0], words[1], words[2], NULL};

	files_put("/plan.yaml", data, size);
	parse(3, argv);
	files_forget();
}

/* In each line the first byte chooses an option, and the rest is its argument. */
static void fuzz_run_words(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *at = text, *line;
	char name[] = "run", *argv[2 * MAX_OPTIONS + 2] = {name};
	size_t count = 0;
	int argc = 1, i;

	while (!option_is_end(&run_args_options[count]))
		count++;
	while (argc < 2 * MAX_OPTIONS && (line = strsep(&at, "\n"))) {
		const struct option_row *o =
			&run_args_options[(uint8_t)line[0] % count];

		if (!line[0] || !o->name)
			continue;
		argv[argc++] = xasprintf("--%s", o->name);
		if (o->argument)
			argv[argc++] = xstrdup(line + 1);
	}
	argv[argc] = NULL;
	parse(argc, argv);
	for (i = 1; i < argc; i++)
		free(argv[i]);
	free(text);
}

const struct fuzz_target targets_plan[] = {
	{.name = "plan",
	 .run = fuzz_plan,
	 .max_bytes = 384,
	 .dictionary = "plan"},
	{.name = "run_words",
	 .run = fuzz_run_words,
	 .max_bytes = 128,
	 .dictionary = "plan"},
	{0},
};
