// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * session: what is kept of boots whose worker dies, whose host is another, or
 * that are ended before their time.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include "harness/base/xmalloc.h"
#include "harness/core/plan.h"
#include "harness/core/result.h"
#include "harness/session/session.h"
#include "harness/store/run_data.h"
#include "harness/store/sql_sqlite.h"
#include "harness/store/store.h"
#include "harness/verdict/claims.h"
#include "tests/unit/fixture/cli/fake_worker.h"

#define BLOCKS 6

struct fixture {
	struct fake_worker worker;
	char *db;
	struct plan plan;
	struct session session;
	volatile bool stop;
	uint32_t ends_after; /* blocks; 0: runs to its end */
	uint32_t stops_after;
	uint32_t fails_after;
	bool is_in_lab;
	const struct claims *claims;
	json_t *imds;
	size_t began_count, ended_count;
};

/* What the worker says to the N-th case; without one it dies. */
static void answer(const struct fixture *f, int n, const char *boot_id)
{
	struct result res;
	char key[16];

	result_init(&res);
	snprintf(res.boot_id, sizeof(res.boot_id), "%s", boot_id);
	snprintf(key, sizeof(key), "%d", n);
	fake_worker_answer(&f->worker, key, &res);
	result_release(&res);
}

static void answers(const struct fixture *f, const char *boot_id)
{
	int n;

	for (n = 0; n < BLOCKS; n++)
		answer(f, n, boot_id);
}

static void lose(const struct fixture *f, int n)
{
	char key[16];

	snprintf(key, sizeof(key), "%d", n);
	fake_worker_lose(&f->worker, key);
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err;

	fake_worker_install(&f->worker);
	f->db = xasprintf("%s/db", f->worker.folder);
	plan_init_quick(&f->plan);
	f->plan.block_count = BLOCKS;
	assert_int_equal(plan_add_workloads(&f->plan, "delay", &err), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	session_close(&f->session);
	plan_release(&f->plan);
	fake_worker_remove(&f->worker);
	free(f->db);
	free(f);
	return 0;
}

static void begin(struct fixture *f)
{
	static const char *const runners[] = {"native"};
	const struct session_wants wants = {
		.db = f->db,
		.site = {.choice = f->is_in_lab ? SITE_LAB : SITE_HOST,
			 .runners = runners,
			 .runner_count = 1,
			 .stop = &f->stop},
	};
	const struct session_run run = {.plan = &f->plan,
					.command = "again",
					.claims = f->claims,
					.imds = f->imds};
	struct err err = {0};

	assert_int_equal(session_open(&f->session, &wants, &f->plan, &err), 0);
	assert_int_equal(f->session.site.runner_count, 1);
	assert_int_equal(session_begin(&f->session, &run, &err), 0);
	assert_int_equal(f->session.sched.count, BLOCKS);
}

static void began(void *arg, const struct bench_case *bc)
{
	struct fixture *f = arg;

	assert_int_equal(bc->block, f->began_count++);
}

static void ended(void *arg, const struct bench_case *bc,
		  const struct result *res)
{
	struct fixture *f = arg;

	(void)res;
	f->ended_count++;
	if (bc->block + 1 == f->stops_after)
		f->stop = true;
}

static int at_block(void *arg, uint32_t done_count, const char **end,
		    struct err *err)
{
	const struct fixture *f = arg;

	if (done_count == f->fails_after)
		return err_set(err, -EIO, "cannot look");
	if (done_count == f->ends_after)
		*end = "decided";
	return 0;
}

/* Measure, end, and read back what was kept. */
static int measure(struct fixture *f, struct run_data *run, struct err *err)
{
	const struct session_watch watch = {
		.began = began, .ended = ended, .at_block = at_block, .arg = f};
	const char *end = "complete";
	struct err load_err;
	int ret = session_measure(&f->session, &watch, &end, err);

	ret = session_end(&f->session, ret, end, err);
	assert_int_equal(run_data_load(f->session.store, f->session.run_id, run,
				       &load_err),
			 0);
	return ret;
}

static void a_lost_worker_costs_its_boot_alone(void **state)
{
	struct fixture *f = *state;
	struct run_data run;
	struct err err = {0};
	size_t i;

	answers(f, "one");
	lose(f, 2);
	begin(f);
	assert_int_equal(measure(f, &run, &err), 0);
	assert_string_equal(run.status, "complete");
	assert_int_equal(run.boot_count, BLOCKS);
	for (i = 0; i < BLOCKS; i++)
		assert_int_equal(run.boots[i].res.status,
				 i == 2 ? RUN_RUNNER_FAILED : RUN_OK);
	assert_string_equal(
		run.boots[2].res.reason,
		"the worker has ended; the harness started a new worker");
	assert_int_equal(f->session.failed_count, 1);
	assert_int_equal(f->session.lost_count, 1);
	assert_int_equal(f->began_count, BLOCKS);
	assert_int_equal(f->ended_count, BLOCKS);
	run_data_release(&run);
}

static void workers_that_die_one_after_the_other_end_the_run(void **state)
{
	struct fixture *f = *state;
	struct run_data run;
	struct err err = {0};
	int n;

	answers(f, "one");
	for (n = 1; n < BLOCKS; n++)
		lose(f, n);
	begin(f);
	assert_int_equal(measure(f, &run, &err), -EPIPE);
	assert_string_equal(run.status, "failed");
	/* The first, and three that cost a worker. */
	assert_int_equal(run.boot_count, 4);
	run_data_release(&run);
}

static void a_host_that_was_restarted_is_another_host(void **state)
{
	struct fixture *f = *state;
	struct run_data run;
	struct err err = {0};

	answers(f, "one");
	answer(f, 3, "two");
	begin(f);
	assert_int_equal(measure(f, &run, &err), -EHOSTDOWN);
	assert_non_null(strstr(err.msg, "another boot id"));
	assert_string_equal(run.status, "failed");
	assert_int_equal(run.boot_count, 4);
	run_data_release(&run);
}

static void who_looks_on_may_end_it(void **state)
{
	struct fixture *f = *state;
	struct run_data run;
	struct err err = {0};

	answers(f, "one");
	f->ends_after = 2;
	begin(f);
	assert_int_equal(measure(f, &run, &err), 0);
	assert_string_equal(run.status, "decided");
	assert_int_equal(run.boot_count, 2);
	run_data_release(&run);
}

static void what_is_stopped_keeps_what_it_has(void **state)
{
	struct fixture *f = *state;
	struct run_data run;
	struct err err = {0};

	answers(f, "one");
	f->stops_after = 3;
	begin(f);
	assert_int_equal(measure(f, &run, &err), -ECANCELED);
	assert_string_equal(run.status, "stopped");
	assert_int_equal(run.boot_count, 3);
	assert_int_equal(f->session.failed_count, 0);
	run_data_release(&run);
}

static void a_runner_that_was_refused_stands_in_the_run(void **state)
{
	struct fixture *f = *state;
	struct session *s = &f->session;
	struct run_data run;
	struct err err = {0};

	answers(f, "one");
	begin(f);
	s->site.refusals[0] = (struct site_refusal){.runner = "kvm",
						    .reason = "no such device"};
	s->site.refusal_count = 1;
	assert_int_equal(session_keep_refusals(s, &f->plan, &err), 0);
	assert_int_equal(measure(f, &run, &err), 0);
	assert_int_equal(run.boot_count, BLOCKS + 1);
	assert_string_equal(run.boots[BLOCKS].bc.runner, "kvm");
	assert_int_equal(run.boots[BLOCKS].res.status, RUN_SKIPPED);
	assert_string_equal(run.boots[BLOCKS].res.reason, "no such device");
	assert_int_equal(s->failed_count, 1);
	run_data_release(&run);
}

/* Its name in JUnit's file is that of the boots that measured it. */
static void a_boot_that_failed_keeps_its_shape(void **state)
{
	struct fixture *f = *state;
	struct bench_case bc = {.runner = "kvm", .block = 1};
	struct result failed, res;
	struct run_data run;
	struct err err = {0};

	begin(f);
	result_init(&failed);
	result_fail(&failed, RUN_TIMEOUT, "no word within 60 s");
	fake_worker_answer(&f->worker, "kvm", &failed);
	result_release(&failed);
	bench_case_add(&bc, "footprint", "256M-1cpu-1nic");
	assert_int_equal(
		session_boot(&f->session, BLOCKS, &bc, NULL, &res, &err), 0);
	bench_case_release(&bc);
	result_release(&res);
	assert_int_equal(
		run_data_load(f->session.store, f->session.run_id, &run, &err),
		0);
	assert_int_equal(run.boot_count, 1);
	assert_int_equal(run.boots[0].res.status, RUN_TIMEOUT);
	assert_int_equal(run.boots[0].res.series_count, 1);
	assert_string_equal(run.boots[0].res.series[0].point,
			    "256M-1cpu-1nic/charged");
	assert_int_equal(run.boots[0].res.series[0].sample_count, 0);
	assert_int_equal(run.boots[0].res.series[0].status, RUN_TIMEOUT);
	assert_string_equal(run.boots[0].res.series[0].reason,
			    "no word within 60 s");
	run_data_release(&run);
}

/* As a pilot and the run that it is for. */
static void one_session_has_two_runs(void **state)
{
	struct fixture *f = *state;
	const struct session_run again = {.plan = &f->plan};
	struct run_data run;
	struct err err = {0};
	int64_t first;

	answers(f, "one");
	f->ends_after = 1;
	begin(f);
	assert_int_equal(measure(f, &run, &err), 0);
	run_data_release(&run);
	first = f->session.run_id;
	f->began_count = 0;
	assert_int_equal(session_begin(&f->session, &again, &err), 0);
	assert_true(f->session.run_id > first);
	f->ends_after = 2;
	assert_int_equal(measure(f, &run, &err), 0);
	assert_int_equal(run.boot_count, 2);
	run_data_release(&run);
}

static void a_plan_without_a_boot_is_no_run(void **state)
{
	struct fixture *f = *state;
	struct plan footprint;
	const struct session_run none = {.plan = &footprint};
	struct err err = {0};

	begin(f);
	plan_init_quick(&footprint);
	assert_int_equal(
		plan_add_workloads(&footprint, "footprint:256M-1cpu", &err), 0);
	footprint.runners[footprint.runner_count++] = "native";
	assert_int_equal(session_begin(&f->session, &none, &err), -ENODEV);
	assert_int_equal(f->session.run_id, 0);
	assert_int_equal(session_end(&f->session, -ENODEV, "complete", &err),
			 -ENODEV);
	plan_release(&footprint);
}

/* Its store cannot be opened, so there is no worker; our own input stays. */
static void a_session_that_did_not_open_closes_nothing_else(void **state)
{
	struct fixture *f = *state;
	const struct session_wants wants = {.db = "/dev/null/no/folder/db"};
	struct session s;
	struct err err = {0};

	if (fcntl(STDIN_FILENO, F_GETFD) < 0)
		assert_int_equal(open("/dev/null", O_RDONLY), STDIN_FILENO);
	assert_true(session_open(&s, &wants, &f->plan, &err) < 0);
	session_close(&s);
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
}

/* Another lab is another host, and that is no restart of this one. */
static void a_lost_lab_is_followed_by_another(void **state)
{
	struct fixture *f = *state;
	uint64_t timeout_ns = f->plan.timeout_ns;
	struct run_data run;
	struct err err = {0};
	int n;

	answers(f, "one");
	lose(f, 2);
	for (n = 3; n < BLOCKS; n++)
		answer(f, n, "two");
	f->is_in_lab = true;
	begin(f);
	/* All is slower there. */
	assert_true(f->plan.timeout_ns > timeout_ns);
	assert_true(f->session.sched.cases[0].timeout_ns > timeout_ns);
	assert_int_equal(measure(f, &run, &err), 0);
	assert_string_equal(run.status, "complete");
	assert_true(run.is_lab);
	assert_int_equal(f->session.lost_count, 1);
	run_data_release(&run);
}

static void what_was_claimed_stands_in_the_run(void **state)
{
	struct fixture *f = *state;
	struct claims *claims = NULL;
	struct run_data run;
	struct err err = {0};
	json_t *plan, *kept;

	if (claims_load("reports/claims/near-native.yaml", &claims, &err))
		fail_msg("%s", err.msg);
	answers(f, "one");
	f->claims = claims;
	begin(f);
	assert_int_equal(measure(f, &run, &err), 0);
	plan = json_loads(run.plan, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(plan, "command")),
			    "again");
	kept = json_object_get(plan, "claims");
	assert_string_equal(json_string_value(json_object_get(kept, "sha256")),
			    claims->sha256);
	assert_string_equal(json_string_value(json_object_get(kept, "text")),
			    claims->file);
	json_decref(plan);
	run_data_release(&run);
	claims_free(claims);
}

/* In the lab too, whose own name is not the node's. */
static void the_place_of_a_run_stands_in_its_fingerprint(void **state)
{
	struct fixture *f = *state;
	struct run_data run;
	struct err err = {0};
	json_t *kept;

	answers(f, "one");
	setenv("L1VH_FLEET", "f", 1);
	setenv("L1VH_NODE", "n1", 1);
	f->is_in_lab = true;
	f->imds = json_pack("{s:s, s:{}}", "vm_size", "D8", "tags");
	begin(f);
	assert_int_equal(measure(f, &run, &err), 0);
	kept = json_loads(run.fingerprint, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(kept, "grade")),
			    "emulated");
	assert_string_equal(
		json_string_value(json_object_get(kept, "fleet.name")), "f");
	assert_string_equal(
		json_string_value(json_object_get(kept, "fleet.node")), "n1");
	assert_string_equal(
		json_string_value(json_object_get(kept, "azure.vm_size")),
		"D8");
	assert_null(json_object_get(kept, "host"));
	unsetenv("L1VH_FLEET");
	unsetenv("L1VH_NODE");
	json_decref(kept);
	json_decref(f->imds);
	run_data_release(&run);
}

/* One of its series failed in one boot; that one was skipped is no failure. */
static void a_series_that_failed_fails_its_boot(void **state)
{
	static const enum run_status statuses[] = {RUN_SKIPPED, RUN_TIMEOUT,
						   RUN_OK};
	struct fixture *f = *state;
	struct run_data run;
	struct err err = {0};
	size_t i;

	answers(f, "one");
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct result res;
		struct series *s;
		char key[16];

		result_init(&res);
		s = result_add_series(&res, "delay", "", "ns");
		s->status = statuses[i];
		if (statuses[i] != RUN_OK)
			snprintf(s->reason, sizeof(s->reason), "a reason");
		snprintf(key, sizeof(key), "%zu", i);
		fake_worker_answer(&f->worker, key, &res);
		result_release(&res);
	}
	begin(f);
	assert_int_equal(measure(f, &run, &err), 0);
	assert_int_equal(f->session.failed_count, 1);
	assert_int_equal(run.boots[1].res.series[0].status, RUN_TIMEOUT);
	run_data_release(&run);
}

static void an_error_between_blocks_ends_the_run(void **state)
{
	struct fixture *f = *state;
	struct run_data run;
	struct err err = {0};

	answers(f, "one");
	f->fails_after = 2;
	begin(f);
	assert_int_equal(measure(f, &run, &err), -EIO);
	assert_string_equal(err.msg, "cannot look");
	assert_string_equal(run.status, "failed");
	assert_int_equal(run.boot_count, 2);
	run_data_release(&run);
}

static void a_result_that_cannot_be_kept_ends_the_run(void **state)
{
	struct fixture *f = *state;
	const struct session_watch watch = {.ended = ended, .arg = f};
	const char *end = "complete";
	struct err err = {0};

	answers(f, "one");
	begin(f);
	assert_int_equal(
		sqlite3_exec(sql_sqlite_handle(store_handle(f->session.store)),
			     "CREATE TRIGGER full BEFORE INSERT ON boot"
			     " WHEN new.position = 1"
			     " BEGIN SELECT RAISE(FAIL, 'no'); END",
			     NULL, NULL, NULL),
		SQLITE_OK);
	assert_true(session_measure(&f->session, &watch, &end, &err) < 0);
	assert_string_equal(end, "complete");
	/* Only what was kept is shown as done. */
	assert_int_equal(f->ended_count, 1);
	assert_int_equal(session_end(&f->session, err.code, end, &err),
			 err.code);
}

static void refuse(struct fixture *f, const char *event)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "CREATE TRIGGER full BEFORE %s BEGIN SELECT"
		 " RAISE(FAIL, 'no room'); END",
		 event);
	assert_int_equal(
		sqlite3_exec(sql_sqlite_handle(store_handle(f->session.store)),
			     sql, NULL, NULL, NULL),
		SQLITE_OK);
}

/* A run that looks unfinished for ever is not passed off as a good one. */
static void an_end_that_cannot_be_kept_is_told(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	answers(f, "one");
	begin(f);
	refuse(f, "UPDATE ON run");
	assert_true(session_end(&f->session, 0, "complete", &err) < 0);
	assert_non_null(strstr(err.msg, "not that it is over"));
	assert_non_null(strstr(err.msg, "no room"));
	/* What went wrong before says more. */
	err_set(&err, -ECANCELED, "stopped");
	assert_int_equal(session_end(&f->session, -ECANCELED, "complete", &err),
			 -ECANCELED);
	assert_string_equal(err.msg, "stopped");
}

/* Half a schedule would look like a whole one. */
static void a_run_is_registered_as_a_whole(void **state)
{
	struct fixture *f = *state;
	struct run_data run;
	const struct session_run again = {.plan = &f->plan};
	struct err err = {0};

	answers(f, "one");
	begin(f);
	refuse(f, "INSERT ON schedule WHEN new.position = 1");
	assert_true(session_begin(&f->session, &again, &err) < 0);
	assert_non_null(strstr(err.msg, "no room"));
	assert_int_equal(f->session.run_id, 0);
	assert_int_equal(run_data_load(f->session.store, 2, &run, &err),
			 -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest list[] = {
		TEST(a_lost_worker_costs_its_boot_alone),
		TEST(workers_that_die_one_after_the_other_end_the_run),
		TEST(a_host_that_was_restarted_is_another_host),
		TEST(who_looks_on_may_end_it),
		TEST(what_is_stopped_keeps_what_it_has),
		TEST(a_runner_that_was_refused_stands_in_the_run),
		TEST(a_boot_that_failed_keeps_its_shape),
		TEST(one_session_has_two_runs),
		TEST(a_plan_without_a_boot_is_no_run),
		TEST(an_end_that_cannot_be_kept_is_told),
		TEST(a_run_is_registered_as_a_whole),
		TEST(a_session_that_did_not_open_closes_nothing_else),
		TEST(a_lost_lab_is_followed_by_another),
		TEST(what_was_claimed_stands_in_the_run),
		TEST(the_place_of_a_run_stands_in_its_fingerprint),
		TEST(a_series_that_failed_fails_its_boot),
		TEST(an_error_between_blocks_ends_the_run),
		TEST(a_result_that_cannot_be_kept_ends_the_run),
	};

	signal(SIGPIPE, SIG_IGN);
	return RUN_TESTS(list);
}
