// SPDX-License-Identifier: GPL-3.0-or-later
/* export, import - a stored run as one file, from one store to another. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/ed25519.h"
#include "harness/base/err.h"
#include "harness/base/output.h"
#include "harness/base/units.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/cli/qualify_exhibits.h"
#include "harness/cli/spool.h"
#include "harness/evidence/evidence.h"
#include "harness/qualify/qualification.h"
#include "harness/qualify/qualification_file.h"
#include "harness/store/bundle.h"
#include "harness/store/store.h"
#include "reports/text/qualification_text.h"

struct bundle_args {
	const char *db;
	const char *output; /* of a run; NULL: none was named, as below */
	const char *copy;   /* of the whole store */
	const char *key;    /* to sign with; NULL */
};

static const struct option_row export_options[] = {
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct bundle_args, db)},
	{"output", "FILE", "output file, usually .json.gz",
	 OPTION_TEXT(struct bundle_args, output)},
	{"sign", "KEY", "sign with this private key: a PEM file, or a pipe",
	 OPTION_TEXT(struct bundle_args, key)},
	{"store", "FILE", "copy all runs instead, into one results file",
	 OPTION_TEXT(struct bundle_args, copy)},
	{0},
};

static const struct option_row import_options[] = {
	{"db", "FILE", "results file to write (results/l1vh.db)",
	 OPTION_TEXT(struct bundle_args, db)},
	{0},
};

static int finish(const char *command, int ret, const struct err *err)
{
	if (!ret)
		return STATUS_OK;
	return complain(ret == -EINVAL || ret == -ENOENT || ret == -EPROTO ||
					ret == -EEXIST || ret == -ENOTSUP ||
					ret == -EISDIR || ret == -EFBIG
				? STATUS_USAGE
				: STATUS_INTERNAL,
			"%s: %s", command, err->msg);
}

/* RUN is 0 for the latest. */
static int export_one(struct store *store, uint64_t run,
		      const struct bundle_args *args, struct err *err)
{
	struct ed25519_key *key = NULL;
	int64_t run_id = (int64_t)run;
	int ret = args->key ? ed25519_load_private(args->key, &key, err) : 0;

	if (!ret && output_is_same(args->output, args->db))
		ret = err_set(
			err, -EINVAL,
			"--output '%s' would overwrite the results themselves",
			args->output);
	if (!ret && !run)
		ret = store_run_latest(store, &run_id, err);
	if (!ret)
		ret = evidence_export(store, run_id, key, args->output, err);
	ed25519_destroy(key);
	return ret;
}

static int export_run(int argc, char **argv)
{
	struct bundle_args args = {.db = "results/l1vh.db"};
	struct store *store = NULL;
	struct err err = {0};
	uint64_t wanted = 0;
	int ret = option_parse(argc, argv, export_options, &args, &err);

	if (!ret && !args.output == !args.copy)
		ret = err_set(&err, -EINVAL,
			      "give --output FILE or --store FILE");
	if (!ret && args.copy && optind < argc)
		ret = err_set(&err, -EINVAL, "--store takes all runs");
	if (!ret && args.copy && args.key)
		ret = err_set(&err, -EINVAL, "--sign is for --output");
	if (!ret && argc - optind > 1)
		ret = err_set(&err, -EINVAL, "unexpected argument '%s'",
			      argv[optind + 1]);
	if (!ret && optind < argc)
		ret = units_parse_uint(argv[optind], 1, INT64_MAX, &wanted,
				       &err);
	if (!ret)
		ret = store_open_readonly(args.db, &store, &err);
	if (!ret && args.copy)
		ret = store_copy(store, args.copy, &err);
	else if (!ret)
		ret = export_one(store, wanted, &args, &err);
	store_close(store);
	return finish("export", ret, &err);
}

/* Its runs, and how far it came. NAME is for people. */
static int import_qualification(struct store *store, const char *path,
				const char *name, struct err *err)
{
	struct qualification q;
	size_t count = 0;
	int ret = qualification_read(path, &q, err);

	if (!ret)
		ret = qualify_exhibits_import(&q, store, &count, err);
	if (!ret) {
		printf("%s: a qualification of %s, %zu of %zu steps, %zu runs\n",
		       name, q.host, qualification_done_count(&q), q.step_count,
		       count);
		qualification_text_write(&q, stdout);
	}
	qualification_release(&q);
	return ret;
}

static int import_bundle(struct store *store, int fd, const char *name,
			 struct err *err)
{
	int64_t run_id = 0;
	bool is_new;
	int ret = bundle_import_fd(store, fd, &run_id, &is_new, err);

	if (ret)
		return err_wrap(err, "bundle '%s'", name);
	printf("%s: run %" PRId64 "%s\n", name, run_id,
	       is_new ? "" : ", already in the store");
	return 0;
}

static int import_one(struct store *store, const char *path, struct err *err)
{
	struct spool in;
	int ret = spool_open(&in, path, SPOOL_BUNDLE_BYTES, err);

	if (ret)
		return ret;
	ret = qualification_is_file(in.path)
		      ? import_qualification(store, in.path, path, err)
		      : import_bundle(store, in.fd, path, err);
	spool_close(&in);
	return ret;
}

static int import_run(int argc, char **argv)
{
	struct bundle_args args = {.db = "results/l1vh.db"};
	struct store *store = NULL;
	struct err err = {0};
	int ret = option_parse(argc, argv, import_options, &args, &err);
	int i;

	if (!ret && optind == argc)
		ret = err_set(&err, -EINVAL, "name a file");
	if (!ret)
		ret = store_open(args.db, &store, &err);
	for (i = optind; i < argc && !ret; i++)
		ret = import_one(store, argv[i], &err);
	store_close(store);
	return finish("import", ret, &err);
}

const struct command cmd_export = {
	.name = "export",
	.summary = "a stored run as one file",
	.usage =
		"usage: l1vh-bench export [RUN] --output FILE [options]\n"
		"Exports all samples of a run (the latest by default), its figures and verdicts,\n"
		"its plan, its host and what made it, compressed, with checksums, for 'import'\n"
		"and 'verify'. --store copies the whole results file, also during a run.\n",
	.options = export_options,
	.help_column = 18,
	.notes =
		"Exit status: 0 written, 64 usage or no such run, 70 internal.\n",
	.run = export_run,
};

const struct command cmd_import = {
	.name = "import",
	.summary = "read runs from exported files",
	.usage =
		"usage: l1vh-bench import FILE... [options]\n"
		"Imports each file completely or not at all: runs, and the qualifications of\n"
		"'qualify', whose steps it prints. A run that is already in the store\n"
		"does not change. A pipe is a file, and - the standard input.\n",
	.options = import_options,
	.help_column = 18,
	.notes =
		"Exit status: 0 all are stored, 64 usage or a file that is not there, damaged or\n"
		"no export, 70 internal.\n",
	.run = import_run,
};
