// SPDX-License-Identifier: GPL-3.0-or-later
/* deadlines: a connection that is late is ended, and no other. */
#include "tests/unit/test.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/serve/deadlines.h"

struct pair {
	int ours, theirs;
	struct deadline *at;
};

static struct deadlines *deadlines;

static int setup(void **state)
{
	struct err err = {0};

	(void)state;
	/* Without a grace, what may take no bytes is late at once. */
	return deadlines_start(0, &deadlines, &err);
}

static int teardown(void **state)
{
	(void)state;
	deadlines_stop(deadlines);
	return 0;
}

static struct pair pair_make(void)
{
	struct pair p;
	int fds[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	p.ours = fds[0];
	p.theirs = fds[1];
	p.at = deadline_add(deadlines, p.ours);
	return p;
}

static void pair_close(struct pair *p)
{
	deadline_remove(p->at);
	close(p->ours);
	close(p->theirs);
}

/* Returns once the server has hung up. */
static void await_end(const struct pair *p)
{
	char byte;

	assert_int_equal(recv(p->theirs, &byte, 1, 0), 0);
}

static bool is_open(const struct pair *p)
{
	char byte;

	return recv(p->theirs, &byte, 1, MSG_DONTWAIT) < 0 &&
	       send(p->theirs, "x", 1, MSG_NOSIGNAL) == 1;
}

static void who_is_late_is_ended(void **state)
{
	struct pair late = pair_make();

	(void)state;
	deadline_set(late.at, 0);
	await_end(&late);
	pair_close(&late);
}

/* An end of another shows that the others were looked at. */
static void who_has_time_stays(void **state)
{
	struct pair busy = pair_make(), large = pair_make(), late = pair_make();

	(void)state;
	deadline_set(busy.at, 1 << 20);
	deadline_clear(busy.at);
	/* What is not waited for has no time that could grow. */
	deadline_extend(busy.at, 1);
	deadline_set(large.at, 1 << 20);
	deadline_extend(large.at, 1);
	deadline_set(late.at, 0);
	await_end(&late);
	assert_true(is_open(&busy));
	assert_true(is_open(&large));
	deadline_set(busy.at, 0);
	await_end(&busy);
	pair_close(&busy);
	pair_close(&large);
	pair_close(&late);
}

static void nobody_is_fine(void **state)
{
	(void)state;
	deadline_set(NULL, 1);
	deadline_extend(NULL, 1);
	deadline_clear(NULL);
	deadline_remove(NULL);
	deadlines_stop(NULL);
}

#define TIMED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIMED(who_is_late_is_ended),
		TIMED(who_has_time_stays),
		TIMED(nobody_is_fine),
	};

	return RUN_TESTS(tests);
}
