/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_CLAIMS_ARG_H
#define HARNESS_CLI_CLAIMS_ARG_H

/* claims_arg - what --claims names, and how a run stands by it. */
#include <stdint.h>

#include "harness/cli/command.h"

struct bench_case;
struct claims;
struct err;
struct store;

/* A file, or the name of one that comes with this program. */
int claims_arg_load(const char *name, struct claims **out, struct err *err);

/* STATUS becomes that of the worst verdict on a stored run: 0 all pass, 1 one
 * fails, 2 one has no verdict. */
int claims_arg_judge(const struct claims *claims, struct store *store,
		     int64_t run_id, enum exit_status *status, struct err *err);

/*
 * Whether a run that goes on could still decide one of CLAIMS; for a look on
 * the way. Negative errno when the store cannot say.
 */
int claims_arg_are_settled(const struct claims *claims, struct store *store,
			   int64_t run_id, bool *settled, struct err *err);

/* Append to OUT what of SERIES needs more blocks to decide CLAIMS, see
 * harness/findings/more.h. */
int claims_arg_needs_more(const struct claims *claims, struct store *store,
			  int64_t run_id, const struct bench_case *series,
			  struct bench_case *out, struct err *err);

#endif
