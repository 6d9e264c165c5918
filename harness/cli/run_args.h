/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_RUN_ARGS_H
#define HARNESS_CLI_RUN_ARGS_H

/* run_args - the options of `l1vh-bench run`. */
#include <stdbool.h>
#include <stddef.h>

#include "harness/cli/option.h"
#include "harness/core/plan.h"
#include "harness/session/site.h"

struct claims;
struct err;
struct plan_file;

struct run_args {
	struct plan plan;
	const char *wanted[PLAN_MAX_RUNNERS];
	size_t wanted_count;
	bool wanted_is_default;
	bool wants_mshv_emu;
	bool wants_pilot;
	bool has_block_count; /* somebody said how many */
	const char *workloads;
	const char *db;
	const char *html;            /* NULL: beside the results */
	struct claims *claims;       /* owned; NULL: nothing is claimed */
	struct plan_file *plan_file; /* owned; others point into it */
	enum site_choice choice;
	const char *imds_url; /* NULL: the service is not asked */
};

/* --lab and --no-lab, of every command that boots. */
option_take_fn take_site;
#define OPTION_SITE(type, field) \
	.take = take_site, .offset = OPTION_FIELD(type, field, enum site_choice)

/* What `run` takes; those that a plan may have are marked. */
extern const struct option_row run_args_options[];

/* ARGS is to be given to run_args_release() in any case. */
int run_args_parse(int argc, char **argv, struct run_args *args,
		   struct err *err);
void run_args_release(struct run_args *args);

/*
 * Check the options of a run that others will start, COUNT of WORDS and, unless it is
 * NULL, --plan PLAN: as they will check them, before a thousand of them do. WHOSE is
 * for the message: "the pods'".
 */
int run_args_check(const char *whose, const char *plan,
		   const char *const *words, size_t count, struct err *err);

#endif
