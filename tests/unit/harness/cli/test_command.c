// SPDX-License-Identifier: GPL-3.0-or-later
/* command: what a program says and ends with when its output goes nowhere. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/cli/command.h"
#include "harness/cli/option.h"
#include "tests/unit/fixture/cli/called.h"

#define MANY 100000 /* more than any buffer holds */

/* The status of a program with OUT for stdout that prints, and comes to STATUS;
 * what it says on stderr goes to SAID. */
static int status_of_program(int out, int status, size_t count, char *said,
			     size_t size)
{
	int talk[2], wait_status;
	size_t total = 0;
	ssize_t len;
	size_t i;
	pid_t pid;

	assert_int_equal(pipe(talk), 0);
	fflush(stdout); /* or the program would have it to print as well */
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGPIPE, SIG_IGN);
		dup2(out, STDOUT_FILENO);
		dup2(talk[1], STDERR_FILENO);
		for (i = 0; i < count; i++)
			putchar('x');
		_exit(command_end(status));
	}
	close(talk[1]);
	/* The message comes in parts, as stderr has no buffer. */
	while ((len = read(talk[0], said + total, size - 1 - total)) > 0)
		total += (size_t)len;
	assert_true(len >= 0);
	said[total] = '\0';
	close(talk[0]);
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_true(WIFEXITED(wait_status));
	return WEXITSTATUS(wait_status);
}

static void a_reader_that_has_enough_is_no_fault(void **state)
{
	static const int statuses[] = {STATUS_OK, STATUS_WORSE,
				       STATUS_UNDECIDED, STATUS_USAGE};
	char said[200];
	size_t i;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		assert_int_equal(status_of_program(ends[1], statuses[i], MANY,
						   said, sizeof(said)),
				 statuses[i]);
		assert_string_equal(said, "");
		/* Little, which is only written at the end. */
		assert_int_equal(status_of_program(ends[1], statuses[i], 1,
						   said, sizeof(said)),
				 statuses[i]);
		assert_string_equal(said, "");
	}
	close(ends[1]);
}

static void a_full_disk_is_one(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	char said[200];

	(void)state;
	assert_true(full >= 0);
	assert_int_equal(
		status_of_program(full, STATUS_OK, MANY, said, sizeof(said)),
		STATUS_INTERNAL);
	assert_non_null(strstr(said, "cannot write to the standard output"));
	assert_int_equal(
		status_of_program(full, STATUS_OK, 1, said, sizeof(said)),
		STATUS_INTERNAL);
	/* Who prints nothing has lost nothing. */
	assert_int_equal(
		status_of_program(full, STATUS_OK, 0, said, sizeof(said)),
		STATUS_OK);
	assert_string_equal(said, "");
	close(full);
}

static void a_verdict_has_its_status(void **state)
{
	static const enum exit_status statuses[VERDICT_COUNT] = {
		[VERDICT_PASS] = STATUS_OK,
		[VERDICT_FAIL] = STATUS_WORSE,
		[VERDICT_UNDECIDED] = STATUS_UNDECIDED,
		[VERDICT_NOT_EVALUABLE] = STATUS_UNDECIDED,
		[VERDICT_VOID] = STATUS_UNDECIDED,
	};
	int v;

	(void)state;
	for (v = 0; v < VERDICT_COUNT; v++)
		assert_int_equal(status_of_verdict((enum verdict)v),
				 statuses[v]);
}

/* What was printed before comes out before, where both go to one place. */
static int complain_behind_output(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	dup2(STDOUT_FILENO, STDERR_FILENO);
	printf("first ");
	return complain(STATUS_WORSE, "%s is %d", "it", 7);
}

static void a_complaint_comes_behind_what_was_printed(void **state)
{
	static const struct command command = {.name = "x",
					       .run = complain_behind_output};

	(void)state;
	assert_int_equal(CALL(command), STATUS_WORSE);
	assert_string_equal(called.out, "first l1vh-bench: it is 7\n");
}

static int take_words(int argc, char **argv)
{
	(void)argv;
	return argc;
}

/* Behind "--" are words of another program. */
static void help_is_given_wherever_it_is_asked_for(void **state)
{
	static const struct option_row rows[] = {{0}};
	static const struct command command = {.name = "x",
					       .usage = "usage: x\n",
					       .options = rows,
					       .run = take_words};

	char name[] = "x", run[] = "7", end[] = "--", help[] = "--help";
	char *first[] = {name, help, NULL}, *later[] = {name, run, help, NULL},
	     *behind[] = {name, end, help, NULL};

	(void)state;
	assert_int_equal(command_call(&command, 2, first), STATUS_OK);
	assert_int_equal(command_call(&command, 3, later), STATUS_OK);
	assert_int_equal(command_call(&command, 3, behind), 3);
}

static void signals_ask_to_stop(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	size_t i;

	(void)state;
	stop_on_signals();
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		stop_wanted = false;
		assert_int_equal(raise(signals[i]), 0);
		assert_true(stop_wanted);
		signal(signals[i], SIG_DFL);
	}
	/* One that came before the wait is not missed. */
	assert_true(wait_until_stopped(UINT64_MAX));
	stop_wanted = false;
	/* A time that is over is no stop. */
	assert_false(wait_until_stopped(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_that_has_enough_is_no_fault),
		cmocka_unit_test(a_full_disk_is_one),
		cmocka_unit_test(a_verdict_has_its_status),
		cmocka_unit_test(a_complaint_comes_behind_what_was_printed),
		cmocka_unit_test(help_is_given_wherever_it_is_asked_for),
		cmocka_unit_test(signals_ask_to_stop),
	};

	return RUN_TESTS(tests);
}
