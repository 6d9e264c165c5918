// SPDX-License-Identifier: GPL-3.0-or-later
/* push - a stored run into the store of another's dashboard. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/evidence/evidence.h"
#include "harness/serve/push.h"
#include "harness/store/store.h"

#define FIRST_RETRY_MS 1000

struct push_args {
	const char *db, *url, *ca;
	uint64_t run_id;        /* 0: the latest */
	const char *token_file; /* NULL: none */
};

/* In a file, because arguments are seen by all of the host. */
static int take_token(const struct option_row *o, const char *path, void *args,
		      struct err *err)
{
	struct push_args *a = args;
	char token[256];

	(void)o;
	a->token_file = path;
	return push_read_token(path, token, sizeof(token), err);
}

static const struct option_row options[] = {
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct push_args, db)},
	{"token-file", "FILE", "its first line is the token",
	 .take = take_token},
	{"ca-file", "FILE",
	 "trust this certificate instead of the system's, PEM",
	 OPTION_TEXT(struct push_args, ca)},
	{0},
};

static int parse_arguments(int argc, char **argv, struct push_args *a,
			   struct err *err)
{
	int ret = option_parse(argc, argv, options, a, err);

	if (ret)
		return ret;
	if (argc - optind < 1 || argc - optind > 2)
		return err_set(err, -EINVAL, "give a URL and at most one run");
	a->url = argv[optind];
	return argc - optind == 2 ? units_parse_uint(argv[optind + 1], 1,
						     INT64_MAX, &a->run_id, err)
				  : 0;
}

static int export_to(const struct push_args *a, const char *path,
		     struct err *err)
{
	int64_t run_id = (int64_t)a->run_id;
	struct store *store = NULL;
	int ret = store_open_readonly(a->db, &store, err);

	if (!ret && !run_id)
		ret = store_run_latest(store, &run_id, err);
	if (!ret)
		ret = evidence_export(store, run_id, NULL, path, err);
	store_close(store);
	return ret;
}

static int push(const struct push_args *a, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = xasprintf("%s/l1vh-push-XXXXXX", tmp ? tmp : "/tmp");
	struct push p = {.url = a->url,
			 .token_file = a->token_file,
			 .ca = a->ca,
			 .retry_ms = FIRST_RETRY_MS};
	struct push_reply reply;
	char clock[100], *path = NULL;
	int ret;

	if (!mkdtemp(folder)) {
		ret = err_sys(err, -errno, "cannot create '%s'", folder);
		free(folder);
		return ret;
	}
	path = xasprintf("%s/run.json.gz", folder);
	p.path = path;
	ret = export_to(a, path, err);
	if (!ret)
		ret = push_bundle(&p, &reply, err);
	if (!ret)
		printf("%s: taken%s\n", a->url,
		       reply.is_new ? "" : ", already in the store");
	if (!ret && *push_clock_text(&reply, clock, sizeof(clock)))
		complain(STATUS_OK, "push: %s", clock);
	unlink(path);
	rmdir(folder);
	free(path);
	free(folder);
	return ret;
}

static int push_run(int argc, char **argv)
{
	struct push_args args = {.db = "results/l1vh.db"};
	struct err err = {0};
	int ret = parse_arguments(argc, argv, &args, &err);

	if (!ret)
		ret = push(&args, &err);
	if (ret == -EINVAL || ret == -ENOENT || ret == -EPROTO)
		return complain(STATUS_USAGE, "push: %s", err.msg);
	return ret ? complain(STATUS_INTERNAL, "push: %s", err.msg) : STATUS_OK;
}

const struct command cmd_push = {
	.name = "push",
	.summary = "send a stored run to a dashboard",
	.usage =
		"usage: l1vh-bench push URL [RUN] [options]\n"
		"Sends a run, by default the latest, to a dashboard that has tokens (serve\n"
		"--tokens). Without an answer, push tries three more times, and waits as long\n"
		"as the dashboard's Retry-After says.\n",
	.options = options,
	.help_column = 21,
	.notes =
		"Exit status: 0 stored, 64 usage or rejected, 70 no server accepted the run.\n",
	.run = push_run,
};
