// SPDX-License-Identifier: GPL-3.0-or-later
/* progress: lines in a log, a bar on a terminal, and the time that is left. */
#include "tests/unit/test.h"

#include <unistd.h>

#include "harness/cli/progress.h"
#include "harness/core/forecast.h"
#include "harness/core/plan.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/terminal.h"

#define CASES 4

/*
 * Four native boots of one sample of a minute. To that a forecast adds 80 ms,
 * so that nothing is on the edge of a second: 240.32 s in all.
 */
struct fixture {
	struct schedule sched;
	struct forecast forecast;
	struct progress progress;
};

static void set_up(struct fixture *f)
{
	struct plan plan;
	struct err err;

	plan_init_quick(&plan);
	plan.block_count = CASES;
	plan.warmup_count = 0;
	plan.sample_count = 1;
	plan.target_ns = 60 * NS_PER_S;
	plan.runners[plan.runner_count++] = "native";
	assert_int_equal(plan_add_workloads(&plan, "delay", &err), 0);
	schedule_init(&f->sched, &plan);
	assert_int_equal(f->sched.count, CASES);
	plan_release(&plan);
	forecast_init(&f->forecast, &f->sched, false);
	progress_init(&f->progress, &f->forecast);
}

static void tear_down(struct fixture *f)
{
	forecast_release(&f->forecast);
	schedule_release(&f->sched);
}

/* The case that runs now began so many seconds earlier. */
static void let_pass(struct progress *p, uint64_t seconds)
{
	p->case_began_ns -= seconds * NS_PER_S;
}

/* A run of four cases that take as long as was expected. */
static void play(void *arg)
{
	static const char *const outcomes[] = {"ok", "failed: no such device",
					       "ok", "ok"};
	struct fixture f;
	size_t i;

	(void)arg;
	set_up(&f);
	for (i = 0; i < CASES; i++) {
		char what[32];

		snprintf(what, sizeof(what), "block %zu native", i + 1);
		progress_begin(&f.progress, what);
		let_pass(&f.progress, 60);
		progress_tick(&f.progress);
		progress_end(&f.progress, outcomes[i]);
	}
	progress_finish(&f.progress);
	tear_down(&f);
}

static int play_as_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	play(NULL);
	return STATUS_OK;
}

static const struct command command = {.name = "play", .run = play_as_command};

static void a_log_has_a_line_per_case(void **state)
{
	(void)state;
	assert_int_equal(CALL(command), STATUS_OK);
	assert_string_equal(
		called.err,
		"1/4 block 1 native: ok, about 3:00 left\n"
		"2/4 block 2 native: failed: no such device, about 2:00 left\n"
		"3/4 block 3 native: ok, about 1:00 left\n"
		"4/4 block 4 native: ok, about 0:00 left\n");
	assert_string_equal(called.out, "");
}

/* What comes out of a terminal comes later, up to this mark. */
#define MARK "[end]"

/* What PLAYED(ARG) writes to stderr where that is a terminal. */
static void on_terminal(void (*played)(void *arg), void *arg, char *text,
			size_t size)
{
	size_t len = 0;
	int master, kept;
	FILE *tty = terminal_open(&master, 80);
	char *end;

	kept = dup(STDERR_FILENO);
	dup2(fileno(tty), STDERR_FILENO);
	played(arg);
	dup2(kept, STDERR_FILENO);
	close(kept);
	fputs(MARK, tty);
	fflush(tty);
	*text = '\0';
	while (!(end = strstr(text, MARK))) {
		ssize_t n = read(master, text + len, size - 1 - len);

		assert_true(n > 0);
		len += (size_t)n;
		text[len] = '\0';
	}
	*end = '\0';
	fclose(tty);
	close(master);
}

static void a_terminal_has_a_bar(void **state)
{
	char text[4096];

	(void)state;
	on_terminal(play, NULL, text, sizeof(text));
	/* At the start, in a case, and at the end: 30, 7 of 30, and none. */
	assert_contains(text, "\r[..............................] 0/4 "
			      "block 1 native, about 4:00 left\033[K");
	assert_contains(text, "\r[..............................] 0/4 "
			      "block 1 native, about 3:00 left\033[K");
	assert_contains(text, "\r[#######.......................] 1/4 "
			      "block 1 native, about 3:00 left\033[K");
	assert_contains(text, "\r[##############################] 4/4 "
			      "block 4 native, about 0:00 left\033[K");
	/* The outcome of each stands in the report; the line is wiped. */
	assert_null(strstr(text, "no such device"));
	assert_null(strchr(text, '\n'));
	assert_string_equal(text + strlen(text) - 4, "\r\033[K");
}

/* LEFT is the time that the bar shows now. */
static void expect_left(struct fixture *f, const char *left)
{
	char text[512], want[48];

	f->progress.is_terminal = true;
	on_terminal(progress_tick, &f->progress, text, sizeof(text));
	snprintf(want, sizeof(want), "about %s left", left);
	assert_contains(text, want);
}

static void a_case_that_takes_longer_does_not_go_below_the_rest(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f);
	expect_left(&f, "4:00");
	progress_begin(&f.progress, "one");
	let_pass(&f.progress, 30);
	expect_left(&f, "3:30");
	let_pass(&f.progress, 30);
	expect_left(&f, "3:00");
	/* Three more are to come, however long this one takes. */
	let_pass(&f.progress, 1000);
	expect_left(&f, "3:00");
	tear_down(&f);
}

static void what_took_twice_as_long_doubles_the_rest(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f);
	progress_begin(&f.progress, "one");
	let_pass(&f.progress, 120);
	progress_end(&f.progress, "ok");
	expect_left(&f, "6:00");
	tear_down(&f);
}

static void play_nothing(void *arg)
{
	struct schedule none = {0};
	struct forecast forecast;
	struct progress p;

	(void)arg;
	forecast_init(&forecast, &none, false);
	progress_init(&p, &forecast);
	progress_begin(&p, "nothing");
	progress_tick(&p);
	forecast_release(&forecast);
}

static void no_cases_have_no_bar(void **state)
{
	char text[256];

	(void)state;
	on_terminal(play_nothing, NULL, text, sizeof(text));
	assert_string_equal(text, "");
}

static void a_long_name_is_cut(void **state)
{
	char name[200];
	struct fixture f;

	(void)state;
	set_up(&f);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	f.progress.is_terminal = false;
	progress_begin(&f.progress, name);
	assert_int_equal(strlen(f.progress.what), sizeof(f.progress.what) - 1);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_has_a_line_per_case),
		cmocka_unit_test(a_terminal_has_a_bar),
		cmocka_unit_test(
			a_case_that_takes_longer_does_not_go_below_the_rest),
		cmocka_unit_test(what_took_twice_as_long_doubles_the_rest),
		cmocka_unit_test(no_cases_have_no_bar),
		cmocka_unit_test(a_long_name_is_cut),
	};

	return RUN_TESTS(tests);
}
