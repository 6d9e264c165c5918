// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest - is /dev/mshv what we take it for, and does the backend still do
 * what it did when a trace was taken? TAP on stdout, and a record as JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/core/envinfo.h"
#include "harness/core/hostprobe.h"
#include "mshv/emu/emu.h"
#include "mshv/selftest/facts.h"
#include "mshv/selftest/selftest.h"
#include "mshv/sys.h"
#include "mshv/trace/replay.h"
#include "runners/machine/vmm_child.h"

static const char usage[] =
	"usage: l1vh-bench selftest mshv [--device PATH | --mshv-emu] [--json FILE]\n"
	"       l1vh-bench selftest --replay TRACE\n"
	"Checks every behaviour of /dev/mshv that l1vh-bench relies on, and prints TAP.\n"
	"The checks take a few seconds and create only small partitions; each deviation is a\n"
	"finding. --replay plays a trace of 'l1vh-bench vmm --trace' against the backend\n"
	"without a device.\n";

struct args {
	const char *device;
	const char *only; /* NULL: all checks */
	const char *json;
	const char *replay;
	bool wants_emu;
};

static const struct option_row options[] = {
	{"device", "PATH", "the device (/dev/mshv)",
	 OPTION_TEXT(struct args, device)},
	{"mshv-emu", NULL, "the emulator instead of a device",
	 OPTION_FLAG(struct args, wants_emu)},
	{"only", "TEXT", "the checks with TEXT in their names (all)",
	 OPTION_TEXT(struct args, only)},
	{"json", "FILE", "the record to send with a report (none)",
	 OPTION_TEXT(struct args, json)},
	{"replay", "TRACE", "the trace to play",
	 OPTION_TEXT(struct args, replay)},
	{0},
};

struct listing {
	unsigned int position;
	json_t *checks;
};

static const char *status_name(enum selftest_status status)
{
	return status == SELFTEST_OK     ? "ok"
	       : status == SELFTEST_SKIP ? "skipped"
					 : "deviation";
}

static void list_one(void *arg, const struct selftest_result *result)
{
	struct listing *list = arg;

	printf("%sok %u - %s%s%s\n",
	       result->status == SELFTEST_DEVIATION ? "not " : "",
	       ++list->position, result->name,
	       result->status == SELFTEST_SKIP ? " # SKIP " : "",
	       result->status == SELFTEST_SKIP ? result->detail : "");
	if (result->status == SELFTEST_DEVIATION)
		printf("# %s\n", result->detail);
	fflush(stdout);
	json_array_append_new(list->checks,
			      json_pack("{s:s, s:s, s:s, s:I}", "name",
					result->name, "status",
					status_name(result->status), "detail",
					result->detail, "elapsed_ns",
					(json_int_t)result->elapsed_ns));
}

/* The same library may be under us that others are given. */
static bool is_emulated(const struct args *args)
{
	return args->wants_emu || vmm_child_mshv_is_emulated();
}

/* Numbers of 64 bits are text, for readers that have doubles alone. */
static void list_fact(void *arg, const struct mshv_fact *fact)
{
	json_t *facts = arg;
	char code[16], value[24];

	snprintf(code, sizeof(code), "0x%" PRIx32, fact->code);
	snprintf(value, sizeof(value), "0x%" PRIx64, fact->value);
	json_array_append_new(
		facts,
		fact->error ? json_pack("{s:s, s:s, s:s}", "name", fact->name,
					"code", code, "refused",
					strerror(-fact->error))
			    : json_pack("{s:s, s:s, s:s}", "name", fact->name,
					"code", code, "value", value));
}

/* An object: the properties, or why there are none. */
static json_t *facts_of(const struct args *args, const struct mshv_sys *sys)
{
	json_t *facts = json_array();
	int ret = facts_gather(sys, args->device, list_fact, facts);

	if (!ret)
		return facts;
	json_decref(facts);
	return json_string(strerror(-ret));
}

static int record_save(const struct args *args, json_t *record)
{
	char *text = record ? json_dumps(record, JSON_INDENT(2)) : NULL;
	struct err err = {.msg = "out of memory"};
	int ret = text ? file_write(args->json, text, strlen(text), &err)
		       : -ENOMEM;

	free(text);
	return ret ? complain(STATUS_INTERNAL, "selftest: %s", err.msg)
		   : STATUS_OK;
}

static int record_write(const struct args *args, const struct mshv_sys *sys,
			const struct selftest_summary *sum, json_t *checks)
{
	json_t *record = json_pack(
		"{s:s, s:s, s:s, s:b, s:s, s:I, s:{s:i, s:i, s:i}, s:o, s:o, s:o, s:O}",
		"record", "l1vh-bench selftest mshv", "revision",
		envinfo_revision(), "interface", sys->name, "is_emulated",
		is_emulated(args), "device", args->device, "finished_unix_ns",
		(json_int_t)clock_unix_ns(), "summary", "ok", (int)sum->ok,
		"deviations", (int)sum->deviations, "skipped",
		(int)sum->skipped, "fingerprint", envinfo_fingerprint(),
		"probe", hostprobe_json(), "properties", json_null(), "checks",
		checks);
	int status = record_save(args, record);

	/* Once more: a device that hung in a check may hang in this. */
	if (!status) {
		json_object_set_new(record, "properties", facts_of(args, sys));
		status = record_save(args, record);
	}
	json_decref(record);
	return status;
}

static int run_checks(const struct args *args)
{
	const struct mshv_sys *sys =
		args->wants_emu ? &mshv_sys_emu : &mshv_sys_device;
	struct listing list = {.checks = json_array()};
	struct selftest_summary sum;
	struct err err = {0};
	int status = STATUS_OK;

	printf("TAP version 13\n1..%u\n", selftest_count(args->only));
	if (is_emulated(args))
		puts("# EMULATED: this is the emulator, not a hypervisor");
	if (selftest_run(sys, args->device, args->only, list_one, &list, &sum,
			 &err)) {
		printf("Bail out! %s\n", err.msg);
		json_decref(list.checks);
		return complain(STATUS_INTERNAL, "selftest: %s", err.msg);
	}
	printf("# %u ok, %u deviations, %u skipped\n", sum.ok, sum.deviations,
	       sum.skipped);
	if (args->json)
		status = record_write(args, sys, &sum, list.checks);
	json_decref(list.checks);
	if (status)
		return status;
	return sum.deviations ? STATUS_WORSE : STATUS_OK;
}

static int run_replay(const char *path)
{
	struct replay_summary sum = {0};
	struct err err = {0};
	int ret = replay_run(path, &sum, &err);

	printf("TAP version 13\n1..1\n%sok 1 - %s\n", ret ? "not " : "", path);
	if (ret)
		printf("# %s\n", err.msg);
	printf("# %" PRIu64 " calls, %" PRIu64
	       " entries into the guest, %" PRIu64 " system calls\n",
	       sum.calls, sum.runs, sum.syscalls);
	if (ret && ret != -EBADMSG)
		return complain(STATUS_INTERNAL, "selftest: %s", err.msg);
	return ret ? STATUS_WORSE : STATUS_OK;
}

static int selftest_run_command(int argc, char **argv)
{
	struct args args = {.device = MSHV_DEVICE};
	struct err err = {0};

	if (option_parse(argc, argv, options, &args, &err))
		return complain(STATUS_USAGE, "selftest: %s", err.msg);
	if (args.replay && optind == argc)
		return run_replay(args.replay);
	if (args.replay || optind + 1 != argc || strcmp(argv[optind], "mshv"))
		return complain(
			STATUS_USAGE,
			"selftest: no target; see 'l1vh-bench selftest --help'");
	if (!selftest_count(args.only))
		return complain(STATUS_USAGE,
				"selftest: no check has '%s' in its name",
				args.only);
	return run_checks(&args);
}

const struct command cmd_selftest = {
	.name = "selftest",
	.summary = "check the behaviour of /dev/mshv",
	.usage = usage,
	.options = options,
	.help_column = 21,
	.notes =
		"Exit status: 0 no deviation, 1 deviations, 64 usage, 70 no device.\n",
	.run = selftest_run_command,
};
