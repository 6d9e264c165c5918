// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * limits: `footprint --prove` and `--memlock` against guests that need a known
 * amount. Of KubeVirt v1.9 a guest of 256 MiB and one vCPU gets 46.50 MiB
 * beside its RAM: 30 for QEMU, 8 for the vCPU, 8 for the I/O thread, and a
 * 512th of its RAM for page tables.
 */
#include "tests/unit/test.h"

#include <signal.h>

#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/core/result.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/fake_worker.h"
#include "tests/unit/fixture/expect.h"

static struct fixture {
	struct fake_worker worker;
	char *db;
} f;

static void answer(const char *key, enum run_status status, bool is_killed,
		   bool said_hello)
{
	struct result res;

	result_init(&res);
	if (status != RUN_OK)
		result_fail(&res, status, "because of %s", key);
	res.is_oom_killed = is_killed;
	if (said_hello)
		result_add_phase(&res, "hello", 1);
	fake_worker_answer(&f.worker, key, &res);
	result_release(&res);
}

static int set_up(void **state)
{
	(void)state;
	fake_worker_install(&f.worker);
	f.db = xasprintf("%s/db", f.worker.folder);
	/* The first boot is the site's trial. */
	answer("0", RUN_OK, false, true);
	answer("enough", RUN_OK, false, true);
	answer("short", RUN_RUNNER_FAILED, true, false);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_worker_remove(&f.worker);
	free(f.db);
	return 0;
}

#define FOOTPRINT(...)                      \
	(fake_worker_count_anew(&f.worker), \
	 CALL(cmd_footprint, "--db", f.db, "--no-lab", ##__VA_ARGS__))

static size_t boot_count(void)
{
	char *requests = fake_worker_requests(&f.worker);
	size_t count = count_of(requests, "\"op\":\"run\"");

	free(requests);
	return count;
}

static void the_least_limit_is_found_below_the_grant(void **state)
{
	(void)state;
	fake_worker_limit(&f.worker, "cgroup_bytes", 280 * MIB);
	assert_int_equal(FOOTPRINT("--prove"), STATUS_OK);
	assert_contains(called.out, "kvm 256M-1cpu, limit 302.50 MiB");
	assert_contains(called.out, "the guest survives");
	assert_contains(called.out, "survives with 280.00 MiB, is killed with "
				    "279.00 MiB; each 3 times");
	assert_contains(called.out, "v1.9.0's limit has 22.50 MiB to spare");
	assert_contains(called.err, "280.00 MiB: survives\n");
	assert_contains(called.err, "279.00 MiB: killed\n");
}

static void a_grant_that_is_too_small_is_worse(void **state)
{
	(void)state;
	fake_worker_limit(&f.worker, "cgroup_bytes", 400 * MIB);
	assert_int_equal(FOOTPRINT("--prove"), STATUS_WORSE);
	assert_contains(called.out, "is killed: its pod would be");
	/* Whole MiB above 302.50. */
	assert_contains(called.out, "survives with 400.50 MiB, is killed with "
				    "399.50 MiB");
	assert_contains(called.out, "has -98.00 MiB to spare");
}

static void one_limit_is_one_boot(void **state)
{
	(void)state;
	fake_worker_limit(&f.worker, "cgroup_bytes", 280 * MIB);
	assert_int_equal(FOOTPRINT("--prove", "--limit", "279M"), STATUS_WORSE);
	assert_contains(called.out, "limit 279.00 MiB: as asked for");
	assert_null(strstr(called.out, "to spare"));
	assert_int_equal(boot_count(), 2);
	assert_int_equal(FOOTPRINT("--prove", "--limit=280M"), STATUS_OK);
}

static void no_limit_is_enough(void **state)
{
	(void)state;
	fake_worker_limit(&f.worker, "cgroup_bytes", UINT32_MAX);
	assert_int_equal(FOOTPRINT("--prove"), STATUS_INTERNAL);
	/* Four times its RAM, and a GiB. */
	assert_contains(called.err, "not even a limit of 2048 MiB");
}

static void tries_are_boots_of_a_stored_run(void **state)
{
	struct store *store;
	struct run_data run;
	struct err err;
	int64_t id;

	(void)state;
	fake_worker_limit(&f.worker, "cgroup_bytes", 280 * MIB);
	assert_int_equal(FOOTPRINT("--prove", "--limit=300M"), STATUS_OK);
	assert_int_equal(FOOTPRINT("--prove"), STATUS_OK);
	assert_int_equal(store_open_readonly(f.db, &store, &err), 0);
	assert_int_equal(store_run_latest(store, &id, &err), 0);
	assert_int_equal(id, 2);
	assert_int_equal(run_data_load(store, id, &run, &err), 0);
	assert_string_equal(run.status, "complete");
	/* Less the two trials and the one try of the first run. */
	assert_int_equal(run.boot_count, boot_count() - 3);
	assert_contains(run.plan, "\"prove\"");
	run_data_release(&run);
	store_close(store);
}

static void other_failures_tell_nothing_of_the_limit(void **state)
{
	static const struct {
		enum run_status status;
		bool is_killed;
	} cases[] = {
		{RUN_TIMEOUT, false},
		{RUN_SKIPPED, false},
		{RUN_RUNNER_FAILED, false}, /* and nobody killed it */
		{RUN_WORKLOAD_FAILED, true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		answer("1", cases[i].status, cases[i].is_killed, true);
		assert_int_equal(FOOTPRINT("--prove"), STATUS_INTERNAL);
		assert_contains(called.err, "a guest limited to 302 MiB");
		assert_contains(called.err, "because of 1");
	}
	fake_worker_lose(&f.worker, "1");
	/* A worker that is gone is no guest that was killed. */
	assert_int_equal(FOOTPRINT("--prove"), STATUS_INTERNAL);
	assert_contains(called.err, "a new worker");
}

static void what_must_be_locked_is_found(void **state)
{
	(void)state;
	fake_worker_limit(&f.worker, "memlock_bytes", 300 * MIB);
	assert_int_equal(FOOTPRINT("--memlock", "--mlock"), STATUS_OK);
	assert_contains(called.err, "0.00 MiB: does not start\n");
	assert_contains(called.out,
			"kvm 256M-1cpu starts with 300.00 MiB, does "
			"not with 299.00 MiB");
	assert_contains(called.out, "v1.0.0 1579680289: suffices\n");
	assert_null(strstr(called.out, "/dev/mshv"));
}

/* Up to v1.9 KubeVirt allows RAM, overhead and 1 GiB; later no limit. */
static void each_release_suffices_or_does_not(void **state)
{
	size_t enough, too_little;

	(void)state;
	fake_worker_limit(&f.worker, "memlock_bytes", 300 * MIB);
	assert_int_equal(FOOTPRINT("--memlock", "--mlock"), STATUS_OK);
	enough = count_of(called.out, "suffices\n");
	assert_true(enough > 0);
	assert_int_equal(count_of(called.out, "DOES NOT SUFFICE"), 0);
	fake_worker_limit(&f.worker, "memlock_bytes", 3 * GIB);
	assert_int_equal(FOOTPRINT("--memlock", "--mlock"), STATUS_OK);
	too_little = count_of(called.out, "DOES NOT SUFFICE");
	assert_true(too_little > 0);
	/* Those without a limit suffice for both. */
	assert_int_equal(count_of(called.out, ": suffices\n") + too_little,
			 enough);
	assert_contains(called.out, "unlimited: suffices");
}

static void a_guest_may_need_nothing_to_lock(void **state)
{
	char *requests;

	(void)state;
	assert_int_equal(
		(answer("kvm", RUN_OK, false, true), FOOTPRINT("--memlock")),
		STATUS_OK);
	assert_contains(called.out,
			"starts with nothing to lock; with --mlock");
	requests = fake_worker_requests(&f.worker);
	assert_contains(requests, "\"has_memlock\":true,\"memlock_bytes\":0,"
				  "\"locks_ram\":false");
	free(requests);
	assert_int_equal(boot_count(), 2);
}

static void a_guest_that_started_did_not_fail_for_the_limit(void **state)
{
	(void)state;
	answer("kvm", RUN_RUNNER_FAILED, false, true);
	assert_int_equal(FOOTPRINT("--memlock"), STATUS_INTERNAL);
	assert_contains(called.err, "a guest limited to 0 MiB");
}

static void an_emulated_mshv_has_its_note(void **state)
{
	(void)state;
	answer("mshv-emu", RUN_OK, false, true);
	assert_int_equal(FOOTPRINT("--memlock", "--runner=mshv-emu"),
			 STATUS_OK);
	assert_contains(called.out, "6.19");
}

static void a_runner_that_does_not_work_is_said(void **state)
{
	(void)state;
	answer("0", RUN_RUNNER_FAILED, false, false);
	assert_int_equal(FOOTPRINT("--prove"), STATUS_INTERNAL);
	assert_contains(called.err, "cannot boot Linux here: because of 0");
	assert_int_equal(boot_count(), 1);
}

static void mistakes_are_of_usage(void **state)
{
	static const struct refused_call rows[] = {
		{{"--prove", "--memlock"}, "not both"},
		{{"--prove", "1"}, "unexpected argument '1'"},
		{{"--prove", "--runner=native"}, "native"},
		{{"--prove", "--runner=xen"}, "unknown runner 'xen'"},
		{{"--prove", "--shape=small"}, "small"},
		{{"--prove", "--shape=3G-1cpu"}, "unknown shape '3G-1cpu'"},
		{{"--prove", "--shape=256M-1cpu-x4"}, "one guest at a time"},
		{{"--prove", "--limit=255M"}, "below the guest's own RAM"},
		{{"--prove", "--release=v0.9"}, "v0.9"},
	};

	(void)state;
	expect_refused(&cmd_footprint, rows, ARRAY_SIZE(rows));
	assert_int_equal(fake_worker_starts(&f.worker, false), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_least_limit_is_found_below_the_grant),
		TEST(a_grant_that_is_too_small_is_worse),
		TEST(one_limit_is_one_boot),
		TEST(no_limit_is_enough),
		TEST(tries_are_boots_of_a_stored_run),
		TEST(other_failures_tell_nothing_of_the_limit),
		TEST(what_must_be_locked_is_found),
		TEST(each_release_suffices_or_does_not),
		TEST(a_guest_may_need_nothing_to_lock),
		TEST(a_guest_that_started_did_not_fail_for_the_limit),
		TEST(an_emulated_mshv_has_its_note),
		TEST(a_runner_that_does_not_work_is_said),
		TEST(mistakes_are_of_usage),
	};

	signal(SIGPIPE, SIG_IGN);
	return RUN_TESTS(tests);
}
