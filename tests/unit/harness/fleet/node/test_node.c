// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * node: what becomes of a run that ends well, badly, or not at all. A script
 * plays l1vh-bench: it puts the store there that the test made.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/fleet/node/node.h"
#include "harness/fleet/node/outbox.h"
#include "harness/store/run_list.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"
#include "tests/unit/fixture/scratch.h"
#include "tests/unit/fixture/stage.h"

/* The store is the last word. */
#define LAST "for db; do :; done\n"
#define MAKE LAST "cp \"$here/made.db\" \"$db\"\n"

struct fixture {
	struct node_task task;
	struct delivery brief, patient;
	const char *options[3];
	int answer; /* of the dashboard */
	int brief_asked, patient_asked;
	char last[48]; /* "UUID STATUS" of what was sent last */
	volatile bool stop;
};

static int send_brief(void *arg, const char *path, const struct run_line *run,
		      struct err *err)
{
	struct fixture *f = arg;

	(void)path;
	(void)run;
	f->brief_asked++;
	return err_set(err, -EHOSTUNREACH, "nobody is there yet");
}

static int send_patient(void *arg, const char *path, const struct run_line *run,
			struct err *err)
{
	struct fixture *f = arg;

	assert_int_equal(access(path, R_OK), 0);
	f->patient_asked++;
	snprintf(f->last, sizeof(f->last), "%.33s %.12s", run->uuid,
		 run->status);
	return f->answer ? err_set(err, f->answer, "no dashboard") : 0;
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->brief = (struct delivery){send_brief, f};
	f->patient = (struct delivery){send_patient, f};
	f->options[0] = "--blocks";
	f->options[1] = "3";
	f->task = (struct node_task){.folder = xstrdup(stage_path("out")),
				     .run = f->options,
				     .brief = &f->brief,
				     .patient = &f->patient,
				     .stop = &f->stop,
				     .message_file =
					     xstrdup(stage_path("message"))};
	stage_file("message", "", 0);
	stage_forget("made.db");
	setenv("L1VH_NODE", "n1", 1);
	setenv("L1VH_ATTEMPT", "a1", 1);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	scratch_remove(f->task.folder);
	free((char *)f->task.folder);
	free((char *)f->task.message_file);
	free(f);
	return 0;
}

/* What the script will put there: boots of these statuses, and the run's end;
 * NULL: it was not ended. */
static void make_store(const char *end, enum run_status last_boot)
{
	struct store *store;
	struct bench_case bc = {
		.runner = "native", .vcpu_count = 1, .ram_bytes = 1 << 20};
	struct result res;
	struct err err = {0};
	int64_t run_id;

	stage_forget("made.db");
	if (store_open(stage_path("made.db"), &store, &err))
		fail_msg("%s", err.msg);
	run_id = stored_run(store, "abc", "{}");
	stored_boot(store, run_id, 0, "native", "null", 7);
	result_init(&res);
	res.status = last_boot;
	assert_int_equal(store_result_add(store, run_id, 1, &bc, &res, &err),
			 0);
	result_release(&res);
	if (end)
		assert_int_equal(store_run_end(store, run_id, end, &err), 0);
	store_close(store);
}

static const struct {
	const char *end; /* of the run; NULL: it was not ended */
	enum run_status last_boot;
	const char *script; /* after the store is there */
	int answer;         /* of the dashboard */
	enum node_condition condition;
	const char *text, *sent;
} rows[] = {
	{"complete", RUN_OK, "exit 0", 0, NODE_OK, "measured; delivered",
	 " complete"},
	{"decided", RUN_OK, "exit 1", 0, NODE_PROBLEM,
	 "measured; a claim fails; delivered", " decided"},
	{"complete", RUN_TIMEOUT, "exit 2", 0, NODE_PROBLEM,
	 "1 of 2 boots failed; delivered", " complete"},
	{"complete", RUN_SKIPPED, "exit 2", 0, NODE_PROBLEM,
	 "1 of 2 boots failed; delivered", " complete"},
	/* A claim that is undecided is judged over all nodes. */
	{"complete", RUN_OK, "exit 2", 0, NODE_OK,
	 "measured; undecided; delivered", " complete"},
	{"stopped", RUN_OK, "exit 2", 0, NODE_UNKNOWN,
	 "stopped before the end; delivered", " stopped"},
	{"failed", RUN_OK, "exit 70", 0, NODE_UNKNOWN,
	 "measured in part: 'run' ended with status 70; delivered", " failed"},
	/* By the kernel, as all of its children. */
	{NULL, RUN_OK, "kill -9 $$", 0, NODE_UNKNOWN,
	 "the run was killed by signal 9 (Killed); delivered", " failed"},
	{NULL, RUN_OK, "kill -SEGV $$", 0, NODE_UNKNOWN,
	 "the run was killed by signal 11 (Segmentation fault); delivered",
	 " failed"},
	{"complete", RUN_OK, "exit 0", -EHOSTUNREACH, NODE_UNKNOWN,
	 "measured; not delivered, but kept: no dashboard", " complete"},
	{"complete", RUN_TIMEOUT, "exit 2", -EPROTO, NODE_UNKNOWN,
	 "1 of 2 boots failed; not delivered, but kept: no dashboard",
	 " complete"},
};

static void every_end_has_its_condition(void **state)
{
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct node_report report;
		char script[200], attempt[8], *message;

		snprintf(attempt, sizeof(attempt), "%zu", i);
		setenv("L1VH_ATTEMPT", attempt, 1);
		make_store(rows[i].end, rows[i].last_boot);
		snprintf(script, sizeof(script), MAKE "%s\n", rows[i].script);
		stage_script("l1vh-bench", script);
		stage_file("message", "", 0);
		f->answer = rows[i].answer;
		node_measure(&f->task, &report);
		if (report.condition != rows[i].condition ||
		    strncmp(report.text, rows[i].text, strlen(rows[i].text)))
			fail_msg("row %zu: %d '%s'", i, (int)report.condition,
				 report.text);
		assert_false(report.is_usage);
		assert_int_equal(strlen(report.uuid), 32);
		assert_contains(f->last, report.uuid);
		assert_contains(f->last, rows[i].sent);
		/* Kubernetes shows the same line. */
		message = stage_text("message");
		assert_contains(message, report.uuid);
		assert_contains(message, report.text);
		assert_int_equal(count_of(message, "\n"), 1);
		free(message);
	}
}

static void what_never_began_is_told(void **state)
{
	static const struct {
		const char *script;
		bool is_usage;
		const char *text;
	} ends[] = {
		{"exit 64", true, "'run' ended with status 64"},
		{"exit 70", false, "'run' ended with status 70"},
		{"exit 0", false, "'run' ended with status 0"},
		{"kill -9 $$", false, "was killed by signal 9"},
	};
	struct fixture *f = *state;
	struct node_report report;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		char script[64];

		snprintf(script, sizeof(script), "%s\n", ends[i].script);
		stage_script("l1vh-bench", script);
		node_measure(&f->task, &report);
		assert_int_equal(report.condition, NODE_UNKNOWN);
		assert_int_equal(report.is_usage, ends[i].is_usage);
		assert_contains(report.text, ends[i].text);
		assert_string_equal(report.uuid, "");
	}
	assert_int_equal(f->patient_asked, 0);
	stage_forget("l1vh-bench");
	node_measure(&f->task, &report);
	assert_int_equal(report.condition, NODE_UNKNOWN);
	assert_contains(report.text, "cannot start");
}

/* The options as they are, and the store last. */
static void the_child_gets_the_options(void **state)
{
	struct fixture *f = *state;
	struct node_report report;
	const char *words[] = {"run", "--blocks", "3", "--db", "*", NULL};

	stage_script("l1vh-bench", "printf '%s\\n' \"$@\" >\"$here/words\"\n");
	node_measure(&f->task, &report);
	stage_expect_lines("words", words);
}

/* SIGTERM goes on to the child, which ends its run by itself. */
static void a_stop_goes_on_to_the_child(void **state)
{
	struct fixture *f = *state;
	struct node_report report;

	make_store("stopped", RUN_OK);
	stage_script("l1vh-bench",
		     LAST "trap 'cp \"$here/made.db\" \"$db\"; exit 2' TERM\n"
			  "while :; do sleep 0.01; done\n");
	f->stop = true;
	node_measure(&f->task, &report);
	assert_int_equal(report.condition, NODE_UNKNOWN);
	assert_contains(report.text, "stopped before the end");
}

/* What was left before is tried once, and later again. */
static void earlier_runs_are_delivered_too(void **state)
{
	struct fixture *f = *state;
	struct node_report report;

	make_store(NULL, RUN_OK);
	stage_script("l1vh-bench", MAKE "kill -9 $$\n");
	f->answer = -EHOSTUNREACH;
	node_measure(&f->task, &report);
	assert_int_equal(f->brief_asked, 0);
	assert_int_equal(f->patient_asked, 1);
	/* Another pod on the same volume. */
	setenv("L1VH_ATTEMPT", "a2", 1);
	make_store("complete", RUN_OK);
	stage_script("l1vh-bench", MAKE "exit 0\n");
	f->answer = 0;
	node_measure(&f->task, &report);
	assert_int_equal(report.condition, NODE_OK);
	assert_int_equal(f->patient_asked, 2);
	assert_int_equal(f->brief_asked, 2);
	assert_contains(report.text,
			"earlier runs are not delivered: nobody is there yet");
	/* The container is started again, in the same pod. */
	f->task.brief = &f->patient;
	node_measure(&f->task, &report);
	assert_contains(report.text, "not measured");
	assert_int_equal(f->patient_asked, 3);
	assert_contains(f->last, " failed");
}

static void nothing_is_sent_without_a_dashboard(void **state)
{
	struct fixture *f = *state;
	struct node_report report;

	f->task.brief = f->task.patient = NULL;
	make_store("complete", RUN_OK);
	stage_script("l1vh-bench", MAKE "exit 0\n");
	node_measure(&f->task, &report);
	assert_int_equal(report.condition, NODE_OK);
	assert_string_equal(report.text, "measured");
	assert_int_equal(f->patient_asked, 0);
}

/* A process of the attempt that has to be waited for; its end of a pipe. */
static pid_t measure_elsewhere(struct fixture *f)
{
	struct node_report report;
	pid_t pid = fork();

	if (pid == 0) {
		node_measure(&f->task, &report);
		_exit(0);
	}
	return pid;
}

static void wait_for(const char *name)
{
	while (access(stage_path(name), F_OK))
		usleep(1000);
}

/* Main and its child die at once, as when a pod's memory is used up. */
static void a_rescue_delivers_what_was_killed(void **state)
{
	struct fixture *f = *state;
	struct node_report report;
	int status;
	pid_t pid;

	make_store(NULL, RUN_OK);
	stage_forget("begun");
	stage_forget("go");
	stage_script("l1vh-bench", MAKE
		     "trap 'until [ -e \"$here/go\" ]; do sleep 0.01; done;"
		     " exit 0' TERM\n"
		     ": >\"$here/begun\"\n"
		     "while :; do sleep 0.01; done\n");
	pid = measure_elsewhere(f);
	wait_for("begun");
	/* While they live nothing of theirs is touched. */
	node_rescue(&f->task, 1, &report);
	assert_int_equal(report.condition, NODE_UNKNOWN);
	assert_contains(report.text, "another process still writes");
	assert_int_equal(f->patient_asked, 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* The kernel tells the child, which takes its time to end. */
	node_rescue(&f->task, 1, &report);
	assert_contains(report.text, "another process still writes");
	stage_file("go", "", 0);
	node_rescue(&f->task, 60 * NS_PER_S, &report);
	assert_int_equal(report.condition, NODE_OK);
	assert_string_equal(report.text, "delivered");
	assert_contains(f->last, " failed");
	node_rescue(&f->task, 1, &report);
	assert_string_equal(report.text, "nothing was left to deliver");
	assert_int_equal(f->patient_asked, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int tests(void)
{
	const struct CMUnitTest list[] = {
		TEST(every_end_has_its_condition),
		TEST(what_never_began_is_told),
		TEST(the_child_gets_the_options),
		TEST(a_stop_goes_on_to_the_child),
		TEST(earlier_runs_are_delivered_too),
		TEST(nothing_is_sent_without_a_dashboard),
		TEST(a_rescue_delivers_what_was_killed),
	};

	return RUN_TESTS(list);
}

int main(void)
{
	return stage_main(tests);
}
