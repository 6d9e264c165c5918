// SPDX-License-Identifier: GPL-3.0-or-later
/* verify - whether a bundle is what it says, judged again from its raw samples. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/ed25519.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/claims_arg.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/cli/qualify_exhibits.h"
#include "harness/cli/spool.h"
#include "harness/evidence/evidence.h"
#include "harness/qualify/qualification.h"
#include "harness/qualify/qualification_file.h"
#include "harness/verdict/claims.h"
#include "reports/text/evidence_text.h"

struct verify_args {
	const char *key;    /* NULL: any */
	const char *claims; /* NULL: only those of the run */
};

static const struct option_row options[] = {
	{"key", "FILE", "public keys in PEM, one of which must have signed",
	 OPTION_TEXT(struct verify_args, key)},
	{"claims", "NAME", "judge these claims as well: a name or a file",
	 OPTION_TEXT(struct verify_args, claims)},
	{0},
};

/* What one bundle is held against; all may be NULL. */
struct wants {
	const struct ed25519_keys *keys;
	const char *key_path;
	const struct claims *claims;
};

static const enum exit_status statuses[] = {
	[EVIDENCE_VERIFIED] = STATUS_OK,
	[EVIDENCE_REFUTED] = STATUS_WORSE,
	[EVIDENCE_OPEN] = STATUS_UNDECIDED,
};

static int verify_fd(int fd, const char *name, const struct wants *w,
		     enum exit_status *status, struct err *err)
{
	struct evidence e;
	int ret = evidence_verify(fd, w->keys, &e, err);

	if (!ret) {
		const struct evidence_text text = {name, w->key_path,
						   w->claims};

		ret = evidence_text_write(&e, &text, stdout, err);
		*status = statuses[e.outcome];
	}
	evidence_release(&e);
	return ret ? err_wrap(err, "'%s'", name) : 0;
}

/* The worst of all: refuted, then open. */
static enum exit_status worse(enum exit_status a, enum exit_status b)
{
	if (a == STATUS_WORSE || b == STATUS_WORSE)
		return STATUS_WORSE;
	return a > b ? a : b;
}

struct qualified {
	const char *path;
	const struct wants *wants;
	enum exit_status status;
	size_t count;
};

static int verify_qualified(void *arg, int fd, const char *name,
			    struct err *err)
{
	struct qualified *all = arg;
	char *full = xasprintf("%s: %s", all->path, name);
	enum exit_status one = STATUS_OK;
	int ret;

	if (all->count++)
		putchar('\n');
	ret = verify_fd(fd, full, all->wants, &one, err);
	all->status = worse(all->status, one);
	free(full);
	return ret;
}

/* Each of its runs; what else is in it nobody can judge again. */
static int verify_qualification(const char *path, const char *name,
				const struct wants *w, enum exit_status *status,
				struct err *err)
{
	struct qualified all = {.path = name, .wants = w};
	struct qualification q;
	int ret = qualification_read(path, &q, err);

	if (!ret)
		ret = qualify_exhibits_each_run(&q, verify_qualified, &all,
						err);
	if (!ret)
		printf("%s%s: a qualification, %zu runs\n",
		       all.count ? "\n" : "", name, all.count);
	qualification_release(&q);
	*status = all.count || ret ? all.status : STATUS_UNDECIDED;
	return ret;
}

/* A pipe is kept first: what it sends is looked at before it is read. */
static int verify_one(const char *path, const struct wants *w,
		      enum exit_status *status, struct err *err)
{
	const char *name = strcmp(path, "-") ? path : "standard input";
	struct spool in;
	int ret = spool_open(&in, path, SPOOL_BUNDLE_BYTES, err);

	if (ret)
		return ret;
	if (qualification_is_file(in.path))
		ret = verify_qualification(in.path, name, w, status, err);
	else if (lseek(in.fd, 0, SEEK_SET))
		ret = err_sys(err, -errno, "cannot read '%s'", name);
	else
		ret = verify_fd(in.fd, name, w, status, err);
	spool_close(&in);
	return ret;
}

static bool is_of_usage(int ret)
{
	return ret == -EINVAL || ret == -ENOENT || ret == -EPROTO ||
	       ret == -EISDIR;
}

static int verify_fails(int ret, const struct err *err)
{
	return complain(is_of_usage(ret) ? STATUS_USAGE : STATUS_INTERNAL,
			"verify: %s", err->msg);
}

/* A file that cannot be read hides none that is refuted. */
static enum exit_status verify_all(int argc, char **argv, const struct wants *w)
{
	enum exit_status status = STATUS_OK;
	int i;

	for (i = optind; i < argc; i++) {
		enum exit_status one = STATUS_OK;
		struct err err = {0};
		int ret;

		if (i > optind)
			putchar('\n');
		ret = verify_one(argv[i], w, &one, &err);
		status = worse(status, one);
		if (ret)
			status = worse(status, verify_fails(ret, &err));
	}
	return status;
}

static int verify_run(int argc, char **argv)
{
	struct verify_args args = {.key = NULL};
	struct ed25519_keys keys = {.count = 0};
	enum exit_status status = STATUS_OK;
	struct claims *claims = NULL;
	struct wants w = {.keys = NULL};
	struct err err = {0};
	int ret = option_parse(argc, argv, options, &args, &err);

	if (!ret && optind == argc)
		ret = err_set(&err, -EINVAL, "name a file, or - for stdin");
	if (!ret && args.key)
		ret = ed25519_load_public(args.key, &keys, &err);
	if (!ret && args.claims)
		ret = claims_arg_load(args.claims, &claims, &err);
	w.keys = args.key ? &keys : NULL;
	w.key_path = args.key;
	w.claims = claims;
	if (!ret)
		status = verify_all(argc, argv, &w);
	ed25519_keys_release(&keys);
	claims_free(claims);
	return ret ? verify_fails(ret, &err) : (int)status;
}

const struct command cmd_verify = {
	.name = "verify",
	.summary = "check an exported file, and judge it again",
	.usage =
		"usage: l1vh-bench verify FILE... [options]\n"
		"Checks the checksums and the signature of exported runs and judges each again\n"
		"from its raw samples. It needs no results file, and no network. - is stdin.\n",
	.options = options,
	.help_column = 18,
	.notes =
		"Exit status: 0 verified; 1 damaged, forged, or judged otherwise; 2 nothing is\n"
		"wrong, but not all can be judged again; 64 usage, a file that is not there or is\n"
		"no export; 70 a file cannot be read.\n",
	.run = verify_run,
};
