// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/cli/claims_arg.h"
#include "harness/cli/commands.h"
#include "harness/cli/report_out.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"
#include "harness/verdict/claims.h"
#include "reports/csv.h"
#include "reports/explain.h"
#include "reports/html.h"
#include "reports/json.h"
#include "reports/junit.h"
#include "reports/markdown.h"
#include "reports/model.h"
#include "reports/openmetrics.h"
#include "reports/pilot.h"
#include "reports/power.h"
#include "reports/text.h"

/* One of the two functions is there: formats that are made whole, and those
 * that are printed as they come. */
static const struct {
	const char *name;
	void (*build)(const struct model *m, struct strbuf *out);
	void (*print)(const struct model *m, FILE *out);
} formats[] = {
	{"text", NULL, text_write},
	{"json", NULL, json_report_write},
	{"html", html_write, NULL},
	{"csv", csv_write, NULL},
	{"markdown", markdown_write, NULL},
	{"junit", junit_write, NULL},
	{"openmetrics", openmetrics_write, NULL},
	{"explain", NULL, explain_write},
	{"power", NULL, power_write},
	{"samples", NULL, pilot_write},
};

#define FORMAT_NAMES                                                     \
	"text, json, html, csv, markdown, junit, openmetrics, explain, " \
	"power, samples"

static void write_format(size_t format, const struct model *m, FILE *out)
{
	struct strbuf page = {0};

	if (formats[format].print) {
		formats[format].print(m, out);
		return;
	}
	formats[format].build(m, &page);
	fwrite(strbuf_str(&page), 1, page.len, out);
	strbuf_release(&page);
}

int report_out(struct store *store, int64_t run_id, const char *format,
	       FILE *out, struct err *err)
{
	struct run_data run;
	struct model model;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, format))
			break;
	if (i == ARRAY_SIZE(formats))
		return err_set(err, -EINVAL,
			       "unknown format '%s'; there are " FORMAT_NAMES,
			       format);
	ret = run_data_load(store, run_id, &run, err);
	if (ret)
		return ret;
	model_init(&model, &run);
	write_format(i, &model, out);
	model_release(&model);
	run_data_release(&run);
	if (fflush(out) || ferror(out))
		return err_sys(err, -errno, "cannot write the report");
	return 0;
}

int report_blind_count(struct store *store, int64_t run_id, size_t *count,
		       struct err *err)
{
	struct run_data run;
	struct model model;
	int ret = run_data_load(store, run_id, &run, err);
	size_t i, k;

	*count = 0;
	if (ret)
		return ret;
	model_init(&model, &run);
	for (i = 0; i < model.row_count; i++)
		for (k = 0; k < model.runner_count; k++) {
			const struct model_cell *c = &model.rows[i].cells[k];

			*count += c->disturbed_count && !c->boot_count;
		}
	model_release(&model);
	run_data_release(&run);
	return 0;
}

int report_pilot(struct store *store, int64_t run_id, uint32_t *sample_count,
		 char *uuid, size_t uuid_size, struct err *err)
{
	struct run_data run;
	struct model model;
	int ret = run_data_load(store, run_id, &run, err);

	if (ret)
		return ret;
	model_init(&model, &run);
	*sample_count = pilot_best_samples(&model);
	snprintf(uuid, uuid_size, "%s", run.uuid);
	model_release(&model);
	run_data_release(&run);
	return 0;
}

int report_html_file(struct store *store, int64_t run_id, const char *path,
		     struct err *err)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&bytes, &size);
	int ret = report_out(store, run_id, "html", f, err);

	fclose(f);
	if (!ret)
		ret = file_write(path, bytes, size, err);
	free(bytes);
	return ret;
}

static const char usage[] =
	"usage: l1vh-bench report [RUN] [options]\n"
	"Show a stored run, the latest one by default.\n"
	"  --db FILE       results (results/l1vh.db)\n"
	"  --format NAME   one of these, text unless said:\n"
	"    " FORMAT_NAMES "\n"
	"  --output FILE   write there instead of stdout\n"
	"  --claims NAME   hold claims against it: near-native, l1vh-vs-nested, or a file\n"
	"                  (docs/statistics.md). Exit status: 0 all pass, 1 one fails, 2\n"
	"                  one is undecided or cannot be evaluated\n";

enum { O_DB = 1, O_FORMAT, O_OUTPUT, O_CLAIMS, O_OVERRIDE };

static const struct option options[] = {
	{"db", required_argument, NULL, O_DB},
	{"format", required_argument, NULL, O_FORMAT},
	{"output", required_argument, NULL, O_OUTPUT},
	{"claims", required_argument, NULL, O_CLAIMS},
	/* In no usage: for tests of the verdicts themselves. */
	{"grade-override-for-testing", no_argument, NULL, O_OVERRIDE},
	{NULL, 0, NULL, 0},
};

struct report_args {
	const char *db;
	const char *format;
	const char *output;
	const char *claims; /* NULL: none are judged */
	bool overrides_grade;
	uint64_t run_id; /* 0: the latest */
};

static int parse(int argc, char **argv, struct report_args *args,
		 struct err *err)
{
	int id;

	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == O_DB)
			args->db = optarg;
		else if (id == O_FORMAT)
			args->format = optarg;
		else if (id == O_OUTPUT)
			args->output = optarg;
		else if (id == O_CLAIMS)
			args->claims = optarg;
		else if (id == O_OVERRIDE)
			args->overrides_grade = true;
		else
			return err_set(err, -EINVAL,
				       "see 'l1vh-bench report --help'");
	}
	if (optind < argc)
		return units_parse_uint(argv[optind], 1, INT64_MAX,
					&args->run_id, err);
	return 0;
}

static int judge_claims(const struct report_args *args, struct store *store,
			int64_t run_id, FILE *out, enum exit_status *status,
			struct err *err)
{
	struct claims *claims = NULL;
	int ret = claims_arg_load(args->claims, &claims, err);

	if (!ret) {
		claims->overrides_grade = args->overrides_grade;
		ret = claims_arg_judge(claims, store, run_id, out, status, err);
	}
	claims_free(claims);
	return ret;
}

static int write_report(const struct report_args *args, struct store *store,
			enum exit_status *status, struct err *err)
{
	int64_t run_id = (int64_t)args->run_id;
	FILE *out = stdout;
	int ret = 0;

	if (!run_id)
		ret = store_run_latest(store, &run_id, err);
	if (!ret && args->output && !args->claims &&
	    !strcmp(args->format, "html"))
		return report_html_file(store, run_id, args->output, err);
	if (!ret && args->output) {
		out = fopen(args->output, "we");
		if (!out)
			return err_sys(err, -errno, "cannot create '%s'",
				       args->output);
	}
	if (!ret && args->claims)
		ret = judge_claims(args, store, run_id, out, status, err);
	else if (!ret)
		ret = report_out(store, run_id, args->format, out, err);
	if (out != stdout)
		fclose(out);
	return ret;
}

static int show(int argc, char **argv, const char *format)
{
	struct report_args args = {.db = "results/l1vh.db", .format = format};
	enum exit_status status = STATUS_OK;
	struct store *store = NULL;
	struct err err = {0};
	int ret = parse(argc, argv, &args, &err);

	if (!ret)
		ret = store_open_readonly(args.db, &store, &err);
	if (!ret)
		ret = write_report(&args, store, &status, &err);
	store_close(store);
	if (ret == -EINVAL || ret == -ENOENT)
		return complain(STATUS_USAGE, "%s: %s", argv[0], err.msg);
	return ret ? complain(STATUS_INTERNAL, "%s: %s", argv[0], err.msg)
		   : (int)status;
}

static int report_run(int argc, char **argv)
{
	return show(argc, argv, "text");
}

static int explain_run(int argc, char **argv)
{
	return show(argc, argv, "explain");
}

static int plan_run(int argc, char **argv)
{
	if (argc < 2 ||
	    (strcmp(argv[1], "power") && strcmp(argv[1], "samples")))
		return complain(
			STATUS_USAGE,
			"plan: there are 'plan power' and 'plan samples'");
	return show(argc - 1, argv + 1, argv[1]);
}

const struct command cmd_report = {
	.name = "report",
	.summary = "show a stored run as text, JSON or HTML",
	.usage = usage,
	.run = report_run,
};

const struct command cmd_explain = {
	.name = "explain",
	.summary = "how much of a slow-down its exits account for",
	.usage =
		"usage: l1vh-bench explain [RUN] [options]\n"
		"For each workload of a stored run that counts operations, the latest run by\n"
		"default: exits, doorbells and interrupts for each operation, times what the\n"
		"micro guest measured that one costs.\n"
		"  --db FILE       results (results/l1vh.db)\n"
		"  --output FILE   write there instead of stdout\n",
	.run = explain_run,
};

const struct command cmd_plan = {
	.name = "plan",
	.summary = "how many blocks a margin needs here, and samples a boot",
	.usage =
		"usage: l1vh-bench plan power|samples [RUN] [options]\n"
		"By the noise of a stored run, the latest one by default. power: the blocks that\n"
		"a run needs to tell whether a guest is within 3, 5 or 10 % of native. samples:\n"
		"how many samples a boot should take.\n"
		"  --db FILE       results (results/l1vh.db)\n"
		"  --output FILE   write there instead of stdout\n",
	.run = plan_run,
};
