// SPDX-License-Identifier: GPL-3.0-or-later
/* kusto: rows of a table with types. */
#include "tests/unit/test.h"

#include "harness/base/base.h"
#include "reports/data/kusto.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define RUN "u-u,complete,2023-11-14T22:13:20.0000000Z,,abc,false,"

static int setup(void **state)
{
	struct shown *s;

	shown_setup(state);
	s = *state;
	s->run.started_unix_ns = 1700000000 * NS_PER_S;
	return 0;
}

static void a_row_is_a_boots_median(void **state)
{
	struct shown *s = *state;
	struct boot_data *b;
	const char *text;

	shown_sample(s, "kvm", 3, "cpu_integer", "", 3);
	shown_sample(s, "kvm", 3, "cpu_integer", "", 1.5);
	shown_sample(s, "kvm", 3, "cpu_integer", "", 99)->disturbances = 1;
	b = shown_boot(s, "kvm", 3);
	b->bc.vcpu_count = 2;
	b->bc.ram_bytes = 1024;
	snprintf(b->bc.paravirt, sizeof(b->bc.paravirt), "best");
	b->res.started_unix_ns = 1700000001123456789;
	b->res.elapsed_ns = 7;
	b->res.grade = GRADE_EMULATED;
	b->res.series[0].iterations = 9;
	text = shown_print(s, kusto_write);
	assert_contains(
		text,
		"\r\n" RUN ",,,,,,0,3,kvm,2023-11-14T22:13:21.1234567Z,7,2,"
		"1024,best,emulated,true,cpu_integer,,ns,lower,2.25,3,1,9,ok,,"
		"{}\r\n");
	assert_int_equal(count_of(text, "\r\n"), 2);
	assert_int_equal(count_of(text, "\n"), 2);
}

/* An empty field is null, which no zero and no NaN is. */
static void what_has_no_value_has_a_reason(void **state)
{
	struct shown *s = *state;
	const char *text;

	shown_sample(s, "kvm", 0, "null", "", 5)->disturbances = 1;
	shown_refuse(s, "kvm", 0, "storage", "x/iops", RUN_SKIPPED,
		     "no \"disk\", nor\nany");
	result_fail(&shown_boot(s, "mshv", 0)->res, RUN_TIMEOUT, "no end");
	/* Of a boot that failed later both are told. */
	shown_sample(s, "qemu", 0, "null", "", 6);
	result_fail(&shown_boot(s, "qemu", 0)->res, RUN_RUNNER_FAILED, "died");
	text = shown_print(s, kusto_write);
	assert_contains(text, ",null,,ns,lower,,1,1,0,disturbed,"
			      "every sample was disturbed,{}\r\n");
	assert_contains(text, ",storage,x/iops,ops_per_s,higher,,0,0,0,skipped,"
			      "\"no \"\"disk\"\", nor\nany\",{}\r\n");
	assert_contains(text, ",mshv,,0,0,0,,hardware,false,,,,,,0,0,0,timeout,"
			      "no end,{}\r\n");
	assert_contains(text, ",qemu,,0,0,0,,hardware,false,,,,,,0,0,0,"
			      "runner_failed,died,{}\r\n");
	assert_contains(text, ",null,,ns,lower,6,1,0,0,ok,,{}\r\n");
	assert_null(strstr(text, "nan"));
	assert_int_equal(count_of(text, "\r\n"), 6);
}

/* A run whose samples were removed says how many there were. */
static void removed_samples_are_counted(void **state)
{
	const struct figure kept = {.sample_count = 5,
				    .used_count = 3,
				    .median = 2.25},
			    none = {.sample_count = 4};
	struct shown *s = *state;
	struct result *res = &shown_boot(s, "kvm", 0)->res;
	const char *text;

	series_set_figure(result_add_series(res, "null", "", "ns"), &kept);
	series_set_figure(result_add_series(res, "delay", "", "ns"), &none);
	text = shown_print(s, kusto_write);
	assert_contains(text, ",null,,ns,lower,2.25,5,2,0,ok,,{}\r\n");
	assert_contains(text, ",delay,,ns,lower,,4,4,0,disturbed,"
			      "every sample was disturbed,{}\r\n");
}

static void the_fingerprint_is_one_field(void **state)
{
	struct shown *s = *state;

	shown_set(&s->run.fingerprint,
		  "{\"host\": \"pod\", \"fleet.name\": \"a,b\","
		  " \"fleet.node\": \"n\", \"fleet.arm\": \"metal\","
		  " \"fleet.index\": \"3\", \"fleet.attempt\": \"=1\"}");
	shown_sample(s, "kvm", 0, "null", "", 5);
	assert_contains(shown_print(s, kusto_write),
			RUN "pod,\"a,b\",n,metal,3,=1,0,0,kvm,");
	assert_contains(s->out.str,
			",ok,,\"{\"\"host\"\":\"\"pod\"\",\"\"fleet.name\"\":"
			"\"\"a,b\"\",");
	/* Whatever a store holds, it stays JSON. */
	shown_set(&s->run.fingerprint, "damaged");
	assert_contains(shown_print(s, kusto_write), ",ok,,{}\r\n");
}

#define WITH_TIME(test) \
	cmocka_unit_test_setup_teardown(test, setup, shown_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TIME(a_row_is_a_boots_median),
		WITH_TIME(what_has_no_value_has_a_reason),
		WITH_TIME(removed_samples_are_counted),
		WITH_TIME(the_fingerprint_is_one_field),
	};

	return RUN_TESTS(tests);
}
