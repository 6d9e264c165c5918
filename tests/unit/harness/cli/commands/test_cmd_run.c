// SPDX-License-Identifier: GPL-3.0-or-later
/* run: what the command stores, shows and ends with, by what its worker says. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <signal.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/core/result.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/fake_worker.h"
#include "tests/unit/fixture/cli/one_claim.h"
#include "tests/unit/fixture/expect.h"

#define SAMPLES 5

static struct fixture {
	struct fake_worker worker;
	char *db, *html, *claims;
} f;

static const double noise[] = {1, 1.01, .99, 1.005, .995, 1.008, .992, 1.002};

/* The boot NUMBER of RUNNER, which measures cpu_integer at LEVEL, with a noise of
 * 1 %. */
static void answer_one(const char *runner, size_t number, double level,
		       uint32_t disturbances)
{
	struct result res;
	struct series *s;
	char key[32];
	size_t k;

	result_init(&res);
	res.grade = GRADE_HARDWARE;
	snprintf(res.boot_id, sizeof(res.boot_id), "one");
	s = result_add_series(&res, "cpu_integer", "", "ns");
	for (k = 0; k < SAMPLES; k++) {
		struct sample *p = series_add_sample(s);

		p->value = level * noise[number % 8] * noise[(number + k) % 8];
		p->disturbances = disturbances;
	}
	snprintf(key, sizeof(key), "%s-%zu", runner, number);
	fake_worker_answer(&f.worker, key, &res);
	result_release(&res);
}

static void answer(const char *runner, double level, uint32_t disturbances)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(noise); i++)
		answer_one(runner, i, level, disturbances);
}

static void answer_failed(const char *key, enum run_status status)
{
	struct result res;

	result_init(&res);
	result_fail(&res, status, "out of luck");
	fake_worker_answer(&f.worker, key, &res);
	result_release(&res);
}

static int set_up(void **state)
{
	(void)state;
	fake_worker_install(&f.worker);
	f.db = xasprintf("%s/r.db", f.worker.folder);
	f.html = xasprintf("%s/r.html", f.worker.folder);
	f.claims = xasprintf("%s/claims.yaml", f.worker.folder);
	answer("native", 100, 0);
	answer("kvm", 110, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_worker_remove(&f.worker);
	free(f.db);
	free(f.html);
	free(f.claims);
	return 0;
}

#define RUN(...)                                                         \
	(fake_worker_count_anew(&f.worker),                              \
	 CALL(cmd_run, "--db", f.db, "--no-lab", "--runners=native,kvm", \
	      "--workloads=cpu_integer", "--seed=7", ##__VA_ARGS__))

/* The run ID of the store; the caller releases it. */
static void load(int64_t id, struct run_data *run)
{
	struct store *store;
	struct err err;

	assert_int_equal(store_open_readonly(f.db, &store, &err), 0);
	if (run_data_load(store, id, run, &err))
		fail_msg("%s", err.msg);
	store_close(store);
}

static void all_that_was_measured_is_stored_and_shown(void **state)
{
	struct strbuf page = {0};
	struct run_data run;
	json_t *plan;

	(void)state;
	assert_int_equal(RUN(), STATUS_OK);
	load(1, &run);
	assert_string_equal(run.status, "complete");
	/* Four blocks of A B B A, after one trial. */
	assert_int_equal(run.boot_count, 16);
	assert_int_equal(run.scheduled_count, 16);
	assert_int_equal(run.boots[0].res.series[0].sample_count, SAMPLES);
	plan = json_loads(run.plan, 0, NULL);
	assert_contains(json_string_value(json_object_get(plan, "command")),
			"--workloads=cpu_integer --seed=7 --seed 7");
	json_decref(plan);
	run_data_release(&run);
	assert_contains(called.out, "1.10x");
	assert_contains(called.err, "16/16 block 4 ");
	/* The page is beside the store. */
	assert_int_equal(file_read(f.html, 4 * MIB, &page), 0);
	assert_contains(strbuf_str(&page), "cpu_integer");
	strbuf_release(&page);
}

/* Boots of kvm that are in one of two modes; the claim stays open by them, and all
 * that is added is theirs. */
static void two_modes_get_more_blocks(void **state)
{
	static const double levels[] = {100, 150, 100, 100, 150, 100, 150, 100};
	struct run_data run;
	json_t *plan;
	size_t i;

	(void)state;
	one_claim_write(f.claims, "0.30");
	for (i = 0; i < ARRAY_SIZE(levels); i++)
		answer_one("kvm", i, levels[i], 0);
	assert_int_equal(RUN("--claims", f.claims, "--more-blocks=3"),
			 STATUS_UNDECIDED);
	load(1, &run);
	assert_string_equal(run.status, "complete");
	/* Four blocks of A B B A, then two, then one. */
	assert_int_equal(run.boot_count, 16 + 8 + 4);
	assert_int_equal(run.scheduled_count, 16 + 8 + 4);
	assert_int_equal(run.done_block_count, 7);
	for (i = 0; i < run.boot_count; i++)
		assert_int_equal(run.boots[i].bc.block, i / 4);
	plan = json_loads(run.plan, 0, NULL);
	assert_int_equal(
		json_integer_value(json_object_get(plan, "more_block_count")),
		3);
	json_decref(plan);
	run_data_release(&run);
	assert_contains(called.err, "two modes, and not decided: 2 more blocks "
				    "of cpu_integer\n");
	assert_contains(called.err, "not decided: 1 more blocks");
}

/* One mode: however open the claim is, nothing is added, and its level is that of the
 * first of several looks. */
static void one_mode_gets_no_more_blocks(void **state)
{
	struct run_data run;

	(void)state;
	one_claim_write(f.claims, "0.10");
	assert_int_equal(RUN("--claims", f.claims, "--more-blocks=3"),
			 STATUS_UNDECIDED);
	load(1, &run);
	assert_int_equal(run.boot_count, 16);
	run_data_release(&run);
	assert_null(strstr(called.err, "two modes"));
	assert_int_equal(RUN("--more-blocks=3"), STATUS_USAGE);
	assert_contains(called.err, "--more-blocks needs --claims");
	assert_int_equal(
		RUN("--claims", f.claims, "--more-blocks=3", "--until-decided"),
		STATUS_USAGE);
	assert_contains(called.err, "choose one");
}

static void a_page_has_the_name_that_was_given(void **state)
{
	char *other = xasprintf("%s/other.html", f.worker.folder);

	(void)state;
	assert_int_equal(RUN("--blocks=1", "--html", other), STATUS_OK);
	assert_int_equal(access(other, F_OK), 0);
	assert_int_not_equal(access(f.html, F_OK), 0);
	free(other);
}

static void a_page_that_cannot_be_written_is_refused_first(void **state)
{
	struct run_data run;

	(void)state;
	assert_int_equal(RUN("--blocks=1", "--html=/no/such/folder/x"),
			 STATUS_USAGE);
	assert_contains(called.err, "/no/such/folder/x");
	assert_int_equal(RUN("--blocks=1", "--html", f.db), STATUS_USAGE);
	assert_contains(called.err, "would overwrite the results themselves");
	assert_int_equal(RUN("--blocks=1"), STATUS_OK);
	load(1, &run);
	run_data_release(&run);
}

/* Of a disk that is full only then. */
static void without_its_page_a_run_is_shown(void **state)
{
	(void)state;
	assert_int_equal(RUN("--blocks=1", "--html=/dev/full"),
			 STATUS_INTERNAL);
	assert_contains(called.err, "/dev/full");
	assert_contains(called.out, "Every row, interval and reason: ");
	assert_null(strstr(called.out, "Page: "));
}

static void boots_that_failed_leave_it_undecided(void **state)
{
	(void)state;
	answer_failed("3", RUN_TIMEOUT);
	assert_int_equal(RUN(), STATUS_UNDECIDED);
	assert_contains(called.err, "out of luck");
	assert_contains(called.err, "1 of 16 boots failed");
}

static void a_runner_that_was_refused_counts_as_failed(void **state)
{
	struct run_data run;

	(void)state;
	answer_failed("0", RUN_SKIPPED); /* the trial of kvm */
	assert_int_equal(RUN(), STATUS_UNDECIDED);
	assert_contains(called.err, "1 of 5 boots failed");
	load(1, &run);
	assert_string_equal(run.boots[4].bc.runner, "kvm");
	assert_int_equal(run.boots[4].res.status, RUN_SKIPPED);
	run_data_release(&run);
}

static void without_a_runner_there_is_no_run(void **state)
{
	(void)state;
	answer_failed("0", RUN_SKIPPED);
	assert_int_equal(RUN("--runners=kvm"), STATUS_INTERNAL);
	assert_contains(called.err, "none of the requested runners");
	assert_int_not_equal(access(f.html, F_OK), 0);
}

static void noise_in_every_sample_leaves_it_undecided(void **state)
{
	(void)state;
	answer("kvm", 110, DISTURBED_CPU);
	assert_int_equal(RUN("--blocks=1"), STATUS_UNDECIDED);
	assert_contains(called.err, "1 series have no undisturbed sample");
}

/* The signal comes with the fourth boot of the run, number 4 with the trial. */
static void a_signal_keeps_what_there_is(void **state)
{
	struct run_data run;
	char words[40];

	(void)state;
	fake_worker_stops_at(&f.worker, 4);
	assert_int_equal(RUN(), STATUS_UNDECIDED);
	assert_contains(called.err, "stopped; all boots");
	load(1, &run);
	assert_string_equal(run.status, "stopped");
	/* That boot may end before the signal is seen. */
	assert_in_range(run.boot_count, 3, 4);
	snprintf(words, sizeof(words), "%zu boots of 2 runners",
		 run.boot_count);
	run_data_release(&run);
	/* It is shown all the same. */
	assert_contains(called.out, words);
	assert_int_equal(access(f.html, F_OK), 0);
}

static void a_worker_that_dies_at_each_boot_is_an_error(void **state)
{
	(void)state;
	/* Nothing was laid down for this runner. */
	assert_int_equal(RUN("--blocks=6", "--runners=native-again"),
			 STATUS_INTERNAL);
	assert_contains(called.err, "run: the worker has ended");
	/* Three are replaced, each with its boot lost. */
	assert_int_equal(count_of(called.err, "a new worker"), 3);
}

static void claims_give_the_status(void **state)
{
	struct run_data run;

	(void)state;
	/* 1.10 times native is within 20 % and not within 5 %. */
	one_claim_write(f.claims, "0.20");
	assert_int_equal(RUN("--claims", f.claims), STATUS_OK);
	one_claim_write(f.claims, "0.05");
	assert_int_equal(RUN("--claims", f.claims), STATUS_WORSE);
	load(2, &run);
	assert_contains(run.plan, "fast enough");
	run_data_release(&run);
	one_claim_write(f.claims, "0.10"); /* the truth itself is neither */
	assert_int_equal(RUN("--claims", f.claims), STATUS_UNDECIDED);
}

static void a_run_ends_when_all_is_decided(void **state)
{
	struct run_data run;

	(void)state;
	one_claim_write(f.claims, "0.20");
	assert_int_equal(
		RUN("--claims", f.claims, "--until-decided", "--blocks=16"),
		STATUS_OK);
	load(1, &run);
	assert_string_equal(run.status, "decided");
	/* At one of four looks, which are of whole blocks. */
	assert_true(run.boot_count < 64 && run.boot_count % 16 == 0);
	assert_int_equal(run.scheduled_count, 64);
	run_data_release(&run);
	one_claim_write(f.claims, "0.10");
	assert_int_equal(
		RUN("--claims", f.claims, "--until-decided", "--blocks=8"),
		STATUS_UNDECIDED);
	load(2, &run);
	assert_string_equal(run.status, "complete");
	run_data_release(&run);
}

static void a_pilot_is_a_run_before_the_run(void **state)
{
	struct run_data pilot, run;

	(void)state;
	assert_int_equal(RUN("--pilot", "--blocks=2"), STATUS_OK);
	assert_contains(called.err, "pilot:\n");
	assert_contains(called.err, "samples per boot");
	load(1, &pilot);
	load(2, &run);
	assert_string_equal(pilot.status, "complete");
	assert_int_equal(pilot.boot_count, 12);
	assert_contains(pilot.plan, "\"pilot\"");
	/* The run says which one it goes by. */
	assert_contains(run.plan, pilot.uuid);
	assert_int_equal(run.boot_count, 8);
	run_data_release(&run);
	run_data_release(&pilot);
}

/* A shell that reads the stored command gives the words back. */
static void the_command_can_be_typed_again(void **state)
{
	char *page = xasprintf("%s/it's a $(page).html", f.worker.folder);
	char *script, word[256] = "";
	struct run_data run;
	json_t *plan;
	FILE *shell;

	(void)state;
	assert_int_equal(CALL(cmd_run, "--db", f.db, "--no-lab",
			      "--runners=native", "--workloads=cpu_integer",
			      "--blocks=1", "--html", page),
			 STATUS_OK);
	load(1, &run);
	plan = json_loads(run.plan, 0, NULL);
	script = xasprintf("set -- %s\nprintf %%s \"${10}\"",
			   json_string_value(json_object_get(plan, "command")));
	shell = popen(script, "r");
	assert_non_null(shell);
	assert_non_null(fgets(word, sizeof(word), shell));
	pclose(shell);
	assert_string_equal(word, page);
	/* It has a seed, although none was given. */
	assert_contains(script, " --seed ");
	json_decref(plan);
	run_data_release(&run);
	free(script);
	free(page);
}

static void a_stored_command_has_no_control_characters(void **state)
{
	char *page = xasprintf("%s/\033[31mx", f.worker.folder);
	struct run_data run;

	(void)state;
	assert_int_equal(RUN("--blocks=1", "--html", page), STATUS_OK);
	load(1, &run);
	assert_contains(run.plan, "/?[31mx");
	run_data_release(&run);
	free(page);
}

static void mistakes_are_of_usage(void **state)
{
	static const struct refused_call rows[] = {
		{{"--blocks=0"}, "run: --blocks: '0'"},
		{{"--memory=30M"}, "--memory: a guest has at least 32M"},
		{{"--memory=33M"}, "a multiple of 2M"},
		{{"--workloads=cpu_integers"}, "cpu_integers"},
		{{"more"}, "unexpected argument 'more'"},
		{{"--plan=/no/such/plan"}, "/no/such/plan"},
	};

	(void)state;
	expect_refused(&cmd_run, rows, ARRAY_SIZE(rows));
	assert_int_equal(fake_worker_starts(&f.worker, false), 0);
	/* A store that cannot be made is none. */
	assert_int_equal(CALL(cmd_run, "--db=/dev/null/x", "--no-lab"),
			 STATUS_INTERNAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_that_was_measured_is_stored_and_shown),
		TEST(two_modes_get_more_blocks),
		TEST(one_mode_gets_no_more_blocks),
		TEST(a_page_has_the_name_that_was_given),
		TEST(a_page_that_cannot_be_written_is_refused_first),
		TEST(without_its_page_a_run_is_shown),
		TEST(boots_that_failed_leave_it_undecided),
		TEST(a_runner_that_was_refused_counts_as_failed),
		TEST(without_a_runner_there_is_no_run),
		TEST(noise_in_every_sample_leaves_it_undecided),
		TEST(a_signal_keeps_what_there_is),
		TEST(a_worker_that_dies_at_each_boot_is_an_error),
		TEST(claims_give_the_status),
		TEST(a_run_ends_when_all_is_decided),
		TEST(a_pilot_is_a_run_before_the_run),
		TEST(the_command_can_be_typed_again),
		TEST(a_stored_command_has_no_control_characters),
		TEST(mistakes_are_of_usage),
	};

	signal(SIGPIPE, SIG_IGN);
	return RUN_TESTS(tests);
}
