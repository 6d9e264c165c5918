// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/output.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/claims_arg.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/cli/report_out.h"
#include "harness/findings/findings.h"
#include "harness/findings/pilot.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"
#include "harness/verdict/claims.h"
#include "reports/formats.h"

#define DEFAULT_DB "results/l1vh.db"
#define SERVER_PAGE "results/l1vh.html"

/* How a run is asked for. */
struct request {
	const struct format *format;
	const struct claims *claims; /* NULL: those of the run */
	const char *db;
	const char *page; /* that was made of it; NULL */
	bool wants_all;   /* of text: every row */
};

/* The command that shows all of it; the caller frees it. */
static char *command_for_all(int64_t run_id, const char *db)
{
	bool is_default = !strcmp(db, DEFAULT_DB);

	return xasprintf("l1vh-bench report %" PRId64 " --all%s%s", run_id,
			 is_default ? "" : " --db ", is_default ? "" : db);
}

static void write_findings(const struct findings *f, const struct request *r,
			   FILE *out)
{
	char *db = store_shown(r->db);
	char *command = command_for_all(f->run->id, db);
	const struct format_places places = {
		.command = command,
		.store = r->page ? db : NULL,
		.page = r->page,
		.wants_all = r->wants_all,
	};

	format_write(r->format, f, &places, out);
	free(command);
	free(db);
}

/* F and RUN are the caller's where it returns 0. */
static int find(struct store *store, int64_t run_id, const struct request *r,
		struct run_data *run, struct findings *f, struct err *err)
{
	const struct findings_options options = {.claims = r->claims};
	int ret;

	if (!r->format->wants_samples)
		return findings_read(f, store, run_id, run, &options, err);
	ret = run_data_load(store, run_id, run, err);
	if (!ret)
		findings_init(f, run, &options);
	return ret;
}

/* With named claims STATUS becomes that of their verdicts. */
static int write_run(struct store *store, int64_t run_id,
		     const struct request *r, FILE *out,
		     enum exit_status *status, struct err *err)
{
	struct run_data run;
	struct findings f;
	int ret = find(store, run_id, r, &run, &f, err);

	if (ret)
		return ret;
	write_findings(&f, r, out);
	if (f.has_named_claims)
		*status = status_of_verdict(f.judgement.together);
	findings_release(&f);
	run_data_release(&run);
	/* Of stdout command_end() sees whether it was written. */
	if (out != stdout && (fflush(out) || ferror(out)))
		return err_sys(err, -errno, "cannot write the report");
	return 0;
}

int report_screen(struct store *store, int64_t run_id, const char *db,
		  const char *page, struct err *err)
{
	const struct request r = {
		.format = format_find(FORMAT_TEXT), .db = db, .page = page};

	return write_run(store, run_id, &r, stdout, NULL, err);
}

int report_blind_count(struct store *store, int64_t run_id, size_t *count,
		       struct err *err)
{
	struct run_data run;
	struct model model;
	int ret = run_data_load(store, run_id, &run, err);

	*count = 0;
	if (ret)
		return ret;
	model_init(&model, &run);
	*count = model_blind_count(&model);
	model_release(&model);
	run_data_release(&run);
	return 0;
}

int report_pilot(struct store *store, int64_t run_id, uint32_t *sample_count,
		 char *uuid, size_t uuid_size, struct err *err)
{
	struct run_data run;
	struct model model;
	struct pilot pilot;
	int ret = run_data_load(store, run_id, &run, err);

	if (ret)
		return ret;
	model_init(&model, &run);
	pilot_init(&pilot, &model);
	*sample_count = pilot.best_samples;
	snprintf(uuid, uuid_size, "%s", run.uuid);
	pilot_release(&pilot);
	model_release(&model);
	run_data_release(&run);
	return 0;
}

/* Into PATH whole or not at all, for those who read it meanwhile. */
static int write_file(struct store *store, int64_t run_id,
		      const struct request *r, const char *path,
		      enum exit_status *status, struct err *err)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);
	int ret = write_run(store, run_id, r, out, status, err);

	fclose(out);
	if (!ret)
		ret = file_write(path, bytes, size, err);
	free(bytes);
	return ret;
}

int report_html_file(struct store *store, int64_t run_id, const char *path,
		     struct err *err)
{
	const struct request r = {.format = format_find(FORMAT_HTML),
				  .db = DEFAULT_DB};

	return write_file(store, run_id, &r, path, NULL, err);
}

char *report_page_path(const char *db)
{
	size_t len = strlen(db);
	struct err ignored;

	if (!store_is_file(db)) {
		/* Writing the page says what is wrong with it. */
		file_mkdirs_above(SERVER_PAGE, &ignored);
		return xstrdup(SERVER_PAGE);
	}
	if (len > 3 && !strcmp(db + len - 3, ".db"))
		len -= 3;
	return xasprintf("%.*s.html", (int)len, db);
}

struct report_args {
	const char *db;
	const char *format;
	const char *output;
	const char *claims; /* NULL: none are judged */
	bool wants_all;
	bool overrides_grade;
	uint64_t run_id; /* 0: the latest */
};

static const struct option_row report_options[] = {
	{"all", NULL, "every row, interval, reason and claim instead",
	 OPTION_FLAG(struct report_args, wants_all)},
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct report_args, db)},
	{"format", "NAME", "one of these, text unless said:",
	 OPTION_TEXT(struct report_args, format)},
	{.help = "    " FORMAT_NAMES_SHOWN ","},
	{.help = "    " FORMAT_NAMES_EXPORT},
	{"output", "FILE", "write there instead of stdout",
	 OPTION_TEXT(struct report_args, output)},
	{"claims", "NAME",
	 "judge claims about it: near-native, l1vh-vs-nested, no-leak, kubevirt, or a file\n"
	 "(docs/statistics.md); text and csv are then their verdicts\n"
	 "alone",
	 OPTION_TEXT(struct report_args, claims)},
	/* For tests of the verdicts themselves. */
	{"grade-override-for-testing", NULL, NULL,
	 OPTION_FLAG(struct report_args, overrides_grade)},
	{0},
};

static const struct option_row explain_options[] = {
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct report_args, db)},
	{"output", "FILE", "write there instead of stdout",
	 OPTION_TEXT(struct report_args, output)},
	{0},
};

int report_take_run(int argc, char **argv, uint64_t *run_id, struct err *err)
{
	if (argc - optind > 1)
		return err_set(err, -EINVAL, "unexpected argument '%s'",
			       argv[optind + 1]);
	if (optind < argc)
		return units_parse_uint(argv[optind], 1, INT64_MAX, run_id,
					err);
	return 0;
}

/* Whether the format can show what else is wanted of it. */
static int check_format(const struct report_args *args, struct request *r,
			struct err *err)
{
	int ret = format_parse(args->format, &r->format, err);
	const char *name = r->format ? r->format->name : "";
	bool is_text = r->format && r->format->is_text;

	if (!ret && r->claims && !r->format->has_verdicts)
		return err_set(err, -EINVAL, "format '%s' has no verdicts",
			       name);
	/* Which is stamped there alone. */
	if (!ret && args->overrides_grade && !is_text)
		return err_set(err, -EINVAL, "an overridden grade is for text");
	if (!ret && args->wants_all && !is_text)
		return err_set(
			err, -EINVAL,
			"--all is for text; format '%s' has every row anyway",
			name);
	return ret;
}

static int write_report(const struct report_args *args, struct store *store,
			const struct claims *claims, enum exit_status *status,
			struct err *err)
{
	struct request r = {
		.claims = claims, .db = args->db, .wants_all = args->wants_all};
	int64_t run_id = (int64_t)args->run_id;
	int ret = check_format(args, &r, err);

	if (!ret && !run_id)
		ret = store_run_latest(store, &run_id, err);
	if (!ret && args->output && output_is_same(args->output, args->db))
		ret = err_set(
			err, -EINVAL,
			"--output '%s' would overwrite the results themselves",
			args->output);
	if (ret)
		return ret;
	return args->output ? write_file(store, run_id, &r, args->output,
					 status, err)
			    : write_run(store, run_id, &r, stdout, status, err);
}

/* The exit status. COMMAND is for messages. */
static int show(const char *command, const struct report_args *args)
{
	enum exit_status status = STATUS_OK;
	struct claims *claims = NULL;
	struct store *store = NULL;
	struct err err = {0};
	int ret = 0;

	if (args->claims)
		ret = claims_arg_load(args->claims, &claims, &err);
	if (claims)
		claims->overrides_grade = args->overrides_grade;
	if (!ret)
		ret = store_open_readonly(args->db, &store, &err);
	if (!ret)
		ret = write_report(args, store, claims, &status, &err);
	store_close(store);
	claims_free(claims);
	if (ret == -EINVAL || ret == -ENOENT)
		return complain(STATUS_USAGE, "%s: %s", command, err.msg);
	return ret ? complain(STATUS_INTERNAL, "%s: %s", command, err.msg)
		   : (int)status;
}

int report_stored(const char *command, const char *db, uint64_t run_id,
		  const char *format, const char *output)
{
	const struct report_args args = {.db = db ? db : DEFAULT_DB,
					 .format = format,
					 .output = output,
					 .run_id = run_id};

	return show(command, &args);
}

static int show_report(int argc, char **argv, const struct option_row *options,
		       const char *format)
{
	struct report_args args = {.db = DEFAULT_DB, .format = format};
	struct err err = {0};

	if (option_parse(argc, argv, options, &args, &err) ||
	    report_take_run(argc, argv, &args.run_id, &err))
		return complain(STATUS_USAGE, "%s: %s", argv[0], err.msg);
	return show(argv[0], &args);
}

static int report_run(int argc, char **argv)
{
	return show_report(argc, argv, report_options, FORMAT_TEXT);
}

static int explain_run(int argc, char **argv)
{
	return show_report(argc, argv, explain_options, "explain");
}

const struct command cmd_report = {
	.name = "report",
	.summary = "show a stored run as text, JSON or HTML",
	.usage =
		"usage: l1vh-bench report [RUN] [options]\n"
		"Show a stored run, by default the latest: its most important rows, on one screen.\n",
	.options = report_options,
	.help_column = 18,
	.notes =
		"Exit status: 0; with --claims 0 all pass, 1 one fails, 2 one is undecided or\n"
		"cannot be evaluated; 64 usage.\n",
	.run = report_run,
};

const struct command cmd_explain = {
	.name = "explain",
	.summary = "the share of a slow-down that exits explain",
	.usage =
		"usage: l1vh-bench explain [RUN] [options]\n"
		"Shows, for each workload that counts operations in a stored run (the latest by\n"
		"default), exits, doorbells and interrupts per operation, times the cost of each\n"
		"that the micro guest measured.\n",
	.options = explain_options,
	.help_column = 18,
	.notes = "Exit status: 0 shown, 64 usage, 70 internal.\n",
	.run = explain_run,
};
