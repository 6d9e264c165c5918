// SPDX-License-Identifier: GPL-3.0-or-later
/* Plans in files: those that come with the program, and bad ones. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/cli/run_args.h"
#include "harness/verdict/claims.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

static int parse(const char *plan, const char *more, const char *value,
		 struct run_args *args, struct err *err)
{
	char *argv[6] = {(char *)"run", (char *)"--plan", (char *)plan,
			 (char *)more,  (char *)value,    NULL};

	optind = 1;
	memset(err, 0, sizeof(*err));
	return run_args_parse(more ? 5 : 3, argv, args, err);
}

static void shipped_plans_are_understood(void **state)
{
	static const char *const files[] = {
		"harness/plans/quick.yaml", "harness/plans/full.yaml",
		"harness/plans/a-a.yaml", "harness/plans/nightly.yaml"};
	struct run_args args;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		/* Claims go by a name beside the program, which this is not. */
		if (parse(files[i], "--claims",
			  "reports/claims/near-native.yaml", &args, &err) &&
		    !strstr(err.msg, "/reports/claims/"))
			fail_msg("%s", err.msg);
		run_args_release(&args);
	}
}

static void the_command_line_has_the_last_word(void **state)
{
	static const char text[] = "name: n\nreason: r\nblocks: 7\nsamples: 3\n"
				   "runners: native\nmemory: 256M\n";
	char path[SCRATCH_SIZE];
	struct run_args args;
	struct err err;

	(void)state;
	scratch_file(path, text, strlen(text));
	if (parse(path, "--blocks", "2", &args, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(args.plan.block_count, 2);
	assert_int_equal(args.plan.sample_count, 3);
	assert_int_equal(args.plan.ram_bytes, 256 * MIB);
	assert_int_equal(args.wanted_count, 1);
	run_args_release(&args);
	unlink(path);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"name: n\nreason: r\nblocks: 0\n",
		 "line 3, key 'blocks': '0' is not a number from 1"},
		{"name: n\nreason: r\nblcks: 3\n", "Unexpected key: blcks"},
		{"name: n\nblocks: 3\n", "reason"},
		{"name: n\nreason: r\nparavirt: fast\n", "key 'paravirt'"},
		{"name: n\nreason: r\nrunners: xen\n", "unknown runner 'xen'"},
		{"name: n\nreason: r\nblocks: [1]\n", "line: 3"},
		{"name: n\nreason: r\nblocks: 3\nblocks: 4\n", "already seen"},
		{"name: n\nreason: r\nblocks:\n", "'blocks'"},
		{"name: n\nreason: r\ndisk: x\n", "Unexpected key: disk"},
		{"name: n\nreason: r\nplan: quick\n", "key: plan"},
		{"name: n\nreason: r\nmemory: *a\n", "'memory'"},
		{"name: n\nreason: r\nclaims: /no/such\n", "'/no/such'"},
		{"[1, 2]\n", "Expecting MAPPING"},
		{"---\nname: n\n---\nname: m\n", "reason"},
		{"\tname: n\n", "plan '"},
		{"", "empty"},
		{"# nothing but this\n", "says nothing"},
	};
	struct run_args args;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[SCRATCH_SIZE];

		scratch_file(path, cases[i].text, strlen(cases[i].text));
		assert_int_not_equal(parse(path, NULL, NULL, &args, &err), 0);
		assert_contains(err.msg, cases[i].says);
		run_args_release(&args);
		unlink(path);
	}
}

/* A plan of SIZE bytes whose last line is its only option. */
static int parse_large(size_t size, struct run_args *args, struct err *err)
{
	static const char head[] = "name: n\nreason: r\n#";
	static const char tail[] = "\nblocks: 2\n";
	char *text = malloc(size);
	char path[SCRATCH_SIZE];
	int ret;

	assert_non_null(text);
	memset(text, '#', size);
	memcpy(text, head, strlen(head));
	memcpy(text + size - strlen(tail), tail, strlen(tail));
	scratch_file(path, text, size);
	ret = parse(path, NULL, NULL, args, err);
	unlink(path);
	free(text);
	return ret;
}

static void a_plan_that_is_too_large_is_refused_and_not_cut(void **state)
{
	struct run_args args;
	struct err err;

	(void)state;
	assert_int_not_equal(parse_large(64 * 1024 + 1, &args, &err), 0);
	assert_contains(err.msg, "too large");
	run_args_release(&args);
	if (parse_large(64 * 1024, &args, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(args.plan.block_count, 2);
	run_args_release(&args);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_plans_are_understood),
		cmocka_unit_test(the_command_line_has_the_last_word),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(
			a_plan_that_is_too_large_is_refused_and_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
