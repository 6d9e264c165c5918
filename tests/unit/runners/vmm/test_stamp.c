// SPDX-License-Identifier: GPL-3.0-or-later
/* Stamps: what a guest writes to the stamp port, in and out of order. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "runners/vmm/event.h"
#include "runners/vmm/stamp.h"
#include "tests/unit/fixture/expect.h"

struct bench {
	struct stamp_log log;
	struct thread_wait wait;
	char *text;
	size_t size;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->log.out = open_memstream(&b->text, &b->size);
	*state = b;
	return b->log.out ? 0 : -1;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	thread_wait_close(&b->wait);
	fclose(b->log.out);
	free(b->text);
	free(b);
	return 0;
}

static void write_now(struct bench *b, uint32_t value)
{
	stamp_write(&b->log, &b->wait, value, clock_mono_ns());
}

static const char *written(struct bench *b)
{
	fflush(b->log.out);
	return b->text;
}

static void a_section_is_as_long_as_it_took(void **state)
{
	struct bench *b = *state;
	uint64_t before = clock_mono_ns(), after;
	struct event e;
	char line[128];

	write_now(b, STAMP_BEGIN | 0x0fffffff);
	after = clock_mono_ns();
	stamp_write(&b->log, &b->wait, STAMP_END | 0x0fffffff, after + 5000);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(written(b), "\n"),
		 written(b));
	assert_true(event_parse(line, &e));
	assert_int_equal(e.kind, EVENT_STAMP);
	assert_int_equal(e.number, 0x0fffffff);
	assert_in_range(e.begin_ns, before, after);
	assert_int_equal(e.ns, after + 5000);
}

/* Only the end that follows its own begin makes a stamp. */
static void ends_belong_to_their_begin(void **state)
{
	static const uint32_t rows[][4] = {
		{STAMP_END | 1, 0, 0, 0},
		{STAMP_BEGIN | 1, STAMP_END | 2, 0, 0},
		/* The wrong end ends it, too. */
		{STAMP_BEGIN | 1, STAMP_END | 2, STAMP_END | 1, 0},
		{STAMP_BEGIN | 1, STAMP_BEGIN | 2, STAMP_END | 1, 0},
	};
	struct bench *b = *state;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		for (k = 0; k < 4 && rows[i][k]; k++)
			write_now(b, rows[i][k]);
	assert_int_equal(count_of(written(b), "stamp"), 0);
	write_now(b, STAMP_BEGIN | 3);
	write_now(b, STAMP_END | 3);
	write_now(b, STAMP_END | 3);
	assert_int_equal(count_of(written(b), "stamp"), 1);
}

/* A guest reports each once, however often it writes; others are not its to
 * report. */
static void phases_come_once(void **state)
{
	static const uint32_t others[] = {0, 4, 31, 32, 0x0fffffff};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < 3; i++) {
		write_now(b, STAMP_PHASE | STAMP_PHASE_INIT);
		write_now(b, STAMP_PHASE | STAMP_PHASE_AGENT_READY);
	}
	for (i = 0; i < ARRAY_SIZE(others); i++)
		write_now(b, STAMP_PHASE | others[i]);
	assert_int_equal(count_of(written(b), "phase "), 2);
	assert_int_equal(count_of(written(b), "phase init "), 1);
	assert_int_equal(count_of(written(b), "phase agent_ready "), 1);
}

/* From the end of one write to the exit of the next: the longest counts. */
static void an_exit_costs_what_the_longest_did(void **state)
{
	struct bench *b = *state;
	uint64_t before, after, exit_ns;

	write_now(b, STAMP_CALIBRATE | 0);
	assert_int_equal(b->log.exit_cost_ns, 0); /* the first is no interval */
	before = clock_mono_ns();
	write_now(b, STAMP_CALIBRATE | 0);
	after = clock_mono_ns();
	exit_ns = after + 7 * NS_PER_S;
	stamp_write(&b->log, &b->wait, STAMP_CALIBRATE | 1, exit_ns);
	assert_in_range(b->log.exit_cost_ns, exit_ns - after, exit_ns - before);
	write_now(b, STAMP_CALIBRATE | 2); /* a shorter one */
	assert_in_range(b->log.exit_cost_ns, exit_ns - after, exit_ns - before);
	assert_int_equal(count_of(written(b), "exit_cost "), 1);
}

/* A number alone does not make an interval of it: that would be all the time
 * since the host's start, and no clock could be wrong by more. */
static void an_interval_has_a_beginning(void **state)
{
	struct bench *b = *state;

	write_now(b, STAMP_CALIBRATE | 1);
	assert_int_equal(b->log.exit_cost_ns, 0);
	assert_string_equal(written(b), "");
}

/* Each vCPU's section reads a file of its own thread's, which the other's
 * closes: never a descriptor that is something else by then. */
#define TURNS 3000

static void *stamp_again(void *arg)
{
	int i;

	for (i = 0; i < TURNS; i++) {
		write_now(arg, STAMP_BEGIN | 1);
		write_now(arg, STAMP_END | 1);
	}
	return NULL;
}

static void two_vcpus_close_no_file_of_others(void **state)
{
	pthread_t threads[2];
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_create(&threads[i], NULL, stamp_again, *state);
	for (i = 0; i < TURNS; i++) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		sched_yield();
		assert_int_equal(close(fd), 0);
	}
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
}

static void other_kinds_are_nothing(void **state)
{
	static const uint32_t others[] = {0,           1,          0x50000000,
					  0x60000001,  0x70000000, 0xf0000001,
					  0xffffffffu, 0x80000001};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		write_now(b, others[i]);
	assert_string_equal(written(b), "");
}

static void nobody_need_read_them(void **state)
{
	struct stamp_log log = {.out = NULL};
	struct thread_wait wait = {0};
	uint64_t now = clock_mono_ns();

	(void)state;
	stamp_write(&log, &wait, STAMP_BEGIN | 1, now);
	stamp_write(&log, &wait, STAMP_END | 1, now);
	stamp_write(&log, &wait, STAMP_PHASE | STAMP_PHASE_INIT, now);
	stamp_write(&log, &wait, STAMP_CALIBRATE | 0, now);
	stamp_write(&log, &wait, STAMP_CALIBRATE | 1, now + NS_PER_S);
	stamp_phase(&log, "vm_ready", now);
	assert_true(log.exit_cost_ns > 0);
	thread_wait_close(&wait);
}

#define LOG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG(a_section_is_as_long_as_it_took),
		LOG(ends_belong_to_their_begin),
		LOG(phases_come_once),
		LOG(an_exit_costs_what_the_longest_did),
		LOG(an_interval_has_a_beginning),
		LOG(two_vcpus_close_no_file_of_others),
		LOG(other_kinds_are_nothing),
		cmocka_unit_test(nobody_need_read_them),
	};

	return RUN_TESTS(tests);
}
