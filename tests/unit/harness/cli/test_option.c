// SPDX-License-Identifier: GPL-3.0-or-later
/* option: one table is what is parsed and what is shown, and those of the
 * commands are sound. */
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

#include "harness/cli/command.h"
#include "harness/cli/option.h"
#include "harness/cli/run_args.h"

struct args {
	bool is_on;
	const char *text;
	uint32_t count;
	uint64_t time_ns, bytes, budget_ns;
	char last[32]; /* the name of the row that took something itself */
};

static int take_name(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	struct args *a = args;

	snprintf(a->last, sizeof(a->last), "%s=%s", o->name, arg ? arg : "");
	return arg && !strcmp(arg, "bad") ? err_set(err, -ERANGE, "bad indeed")
					  : 0;
}

static const struct option_row table[] = {
	{"on", NULL, "a switch", OPTION_FLAG(struct args, is_on)},
	{"text", "WORD", "a text,\nand more of it",
	 OPTION_TEXT(struct args, text)},
	{.help = "Numbers:"},
	{"count", "N", "so many", OPTION_U32(struct args, count, 2, 9)},
	{"time", "MS", "so long",
	 OPTION_SCALED(struct args, time_ns, 1, 5, 1000000)},
	{"bytes", "SIZE", "so much", OPTION_BYTES(struct args, bytes)},
	{"budget-of-it-all", "TIME", "so long at most",
	 OPTION_DURATION(struct args, budget_ns)},
	{"hidden", "X", NULL, .take = take_name},
	{"own", NULL, "by itself", .take = take_name},
	{0},
};

static int parse(struct args *a, struct err *err, int count, ...)
{
	char *argv[16] = {(char *)"command"};
	va_list ap;
	int i;

	va_start(ap, count);
	for (i = 0; i < count; i++)
		argv[i + 1] = va_arg(ap, char *);
	va_end(ap);
	optind = 1;
	memset(a, 0, sizeof(*a));
	memset(err, 0, sizeof(*err));
	return option_parse(count + 1, argv, table, a, err);
}

static void every_kind_is_taken(void **state)
{
	struct args a;
	struct err err;

	(void)state;
	assert_int_equal(parse(&a, &err, 10, "--on", "--text", "a b", "--count",
			       "9", "--time=5", "--bytes", "2M",
			       "--budget-of-it-all", "3m"),
			 0);
	assert_true(a.is_on);
	assert_string_equal(a.text, "a b");
	assert_int_equal(a.count, 9);
	assert_int_equal(a.time_ns, 5000000);
	assert_int_equal(a.bytes, 2 * MIB);
	assert_int_equal(a.budget_ns, 180 * NS_PER_S);
	assert_int_equal(parse(&a, &err, 3, "--hidden", "x", "word"), 0);
	assert_string_equal(a.last, "hidden=x");
	assert_int_equal(optind, 3);
	assert_int_equal(parse(&a, &err, 1, "--own"), 0);
	assert_string_equal(a.last, "own=");
}

static void what_is_wrong_is_told(void **state)
{
	struct args a;
	struct err err;

	(void)state;
	assert_int_equal(parse(&a, &err, 2, "--count", "1"), -EINVAL);
	assert_non_null(strstr(err.msg, "'1' is not a number from 2 to 9"));
	assert_int_equal(parse(&a, &err, 2, "--time", "6"), -EINVAL);
	assert_int_equal(parse(&a, &err, 2, "--bytes", "much"), -EINVAL);
	assert_int_equal(parse(&a, &err, 4, "--hidden", "bad", "--hidden", "x"),
			 -ERANGE);
	assert_string_equal(a.last, "hidden=bad");
	assert_int_equal(parse(&a, &err, 1, "--no-such"), -EINVAL);
	assert_string_equal(err.msg, "see 'l1vh-bench command --help'");
	assert_int_equal(parse(&a, &err, 1, "--text"), -EINVAL);
}

static void one_may_be_looked_at_first(void **state)
{
	char *argv[] = {(char *)"command",
			(char *)"--bad",
			(char *)"--text",
			(char *)"first",
			(char *)"--text",
			(char *)"last",
			NULL};

	(void)state;
	optind = 1;
	assert_string_equal(option_look(6, argv, table, "text"), "last");
	assert_null(option_look(6, argv, table, "bytes"));
	assert_int_equal(optind, 1);
	assert_ptr_equal(option_find(table, "own"), &table[8]);
	assert_null(option_find(table, "Numbers:"));
}

static void help_is_the_table(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	option_write_help(table, 16, out);
	fclose(out);
	assert_string_equal(text,
			    "  --on          a switch\n"
			    "  --text WORD   a text,\n"
			    "                and more of it\n"
			    "Numbers:\n"
			    "  --count N     so many\n"
			    "  --time MS     so long\n"
			    "  --bytes SIZE  so much\n"
			    "  --budget-of-it-all TIME   so long at most\n"
			    "  --own         by itself\n");
	free(text);
}

static void check_row(const struct command *c, const struct option_row *o)
{
	const char *line;

	if (o->name) {
		assert_non_null(o->take);
		/* Takers of a value crash without one. */
		if (o->take == option_flag)
			assert_null(o->argument);
		if (o->take == option_text || o->take == option_u32 ||
		    o->take == option_u64 || o->take == option_bytes ||
		    o->take == option_duration)
			assert_non_null(o->argument);
		assert_ptr_equal(option_find(c->options, o->name), o);
	}
	for (line = o->help; line && *line;
	     line += strcspn(line, "\n") + (line[strcspn(line, "\n")] != 0))
		if (strcspn(line, "\n") + (size_t)c->help_column > 100)
			fail_msg("%s --%s: a line of help is too long", c->name,
				 o->name);
}

/* No two of one name, no line wider than a screen. */
static void the_tables_of_all_commands_are_sound(void **state)
{
	const struct command *const *c;
	const struct option_row *o;
	size_t count = 0;

	(void)state;
	for (c = commands; *c; c++) {
		for (o = (*c)->options; o && !option_is_end(o); o++) {
			check_row(*c, o);
			count++;
		}
		assert_true(!o || o - (*c)->options <= OPTION_MAX);
	}
	assert_true(count > 100);
}

static void keys_of_a_plan_take_a_value(void **state)
{
	const struct option_row *o;
	size_t count = 0;

	(void)state;
	for (o = run_args_options; !option_is_end(o); o++)
		if (o->is_plan_key) {
			assert_non_null(o->name);
			assert_non_null(o->argument);
			count++;
		}
	assert_int_equal(count, 24);
}

int main(void)
{
	const struct CMUnitTest list[] = {
		cmocka_unit_test(every_kind_is_taken),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(one_may_be_looked_at_first),
		cmocka_unit_test(help_is_the_table),
		cmocka_unit_test(the_tables_of_all_commands_are_sound),
		cmocka_unit_test(keys_of_a_plan_take_a_value),
	};

	return RUN_TESTS(list);
}
