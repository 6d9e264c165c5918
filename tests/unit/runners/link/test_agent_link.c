// SPDX-License-Identifier: GPL-3.0-or-later
/* The link: the job that an agent is given, what it may refuse, its programs,
 * and a VMM that says more than anyone can want. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "runners/link/agent_job.h"
#include "runners/measure/watch.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/talk.h"

static int setup(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));

	t->bc.sample_count = 1;
	bench_case_add(&t->bc, "null", "");
	bench_case_add(&t->bc, "mem_chase", "16KiB");
	bench_case_add(&t->bc, "storage", "randread-4k-qd1");
	*state = t;
	return talk_open(t);
}

/* Up to where series may come; what the harness said is taken away. */
static void greet(struct talk *t)
{
	char text[512];

	talk_say(t, WIRE_HELLO, "");
	assert_int_equal(talk_hear(t, text, sizeof(text)), WIRE_JOB);
}

/* --- the job -------------------------------------------------------------- */

static void a_job_is_one_line_per_series(void **state)
{
	struct bench_case bc = {.warmup_count = 3, .target_ns = 1000000};
	char *text;

	(void)state;
	text = agent_job_text(&bc, NULL);
	assert_string_equal(text, "");
	free(text);
	bench_case_add(&bc, "boot", ""); /* the host's to measure */
	bench_case_add(&bc, "null", "");
	bench_case_add(&bc, "mem_chase", "16KiB");
	bench_case_add(&bc, "micro_start", "");
	bench_case_add(&bc, "unheard-of", "x");
	text = agent_job_text(&bc, NULL);
	assert_string_equal(text, "null - 3 1000000\n"
				  "mem_chase 16KiB 3 1000000\n"
				  "unheard-of x 3 1000000\n");
	free(text);
	bench_case_release(&bc);
}

/* What is empty has no line, so that an agent need not tell it apart. */
static void a_job_describes_its_site(void **state)
{
	struct bench_case bc = {.stretch_ppm = 7,
				.io = {.io_ns = 5, .disk_bytes = 9999}};
	struct link_env env = {.disk = "/d",
			       .disk_bytes = 8192,
			       .peer = "192.0.2.1",
			       .net_address = "192.0.2.2/24",
			       .net_failure = "no bridge here"};
	char *text;

	(void)state;
	text = agent_job_text(&bc, &env);
	assert_string_equal(text, "=disk /d\n=peer 192.0.2.1\n"
				  "=net_address 192.0.2.2/24\n"
				  "=net_failure no bridge here\n"
				  "=io_ns 5\n=stretch_ppm 7\n");
	free(text);
	bc.stretch_ppm = 0;
	bench_case_add(&bc, "storage", "randread-4k-qd1");
	env = (struct link_env){.net_gateway = "192.0.2.9",
				.disk_refusal = "none",
				.disk_failure = "full",
				/* Of the plan's, what the disk has. */
				.disk_bytes = 4096,
				.net_refusal = "not root"};
	text = agent_job_text(&bc, &env);
	assert_string_equal(text, "=net_gateway 192.0.2.9\n"
				  "=disk_refusal none\n=disk_failure full\n"
				  "=net_refusal not root\n"
				  "=io_ns 5\n=disk_bytes 4096\n"
				  "storage randread-4k-qd1 0 0\n");
	free(text);
	bench_case_release(&bc);
}

/* --- frames --------------------------------------------------------------- */

/* After a good beginning; each breaks one rule. */
static const struct {
	enum wire_type first, then;
	const char *first_text, *text, *why;
} bad_frames[] = {
	{0, WIRE_HELLO, "", "", "said hello twice"},
	{0, WIRE_JOB, "", "null - 1 1", "of the wrong kind"},
	{0, WIRE_GO, "", "", "of the wrong kind"},
	{0, WIRE_SHUTDOWN, "", "", "of the wrong kind"},
	{0, (enum wire_type)0, "", "", "damaged frame"},
	{0, (enum wire_type)0xffff, "", "", "damaged frame"},
	{0, WIRE_SERIES, "", "null - ns", "began out of order"},
	{0, WIRE_SERIES, "", "null - ns x", "began out of order"},
	{0, WIRE_SERIES, "", "null x ns 1", "not requested"},
	{0, WIRE_SERIES, "", "null - bytes 1", "not requested"},
	{WIRE_SERIES, WIRE_SERIES, "null - ns 1", "mem_chase 16KiB ns 1",
	 "began out of order"},
	{WIRE_SERIES, WIRE_SAMPLE, "null - ns 1", "1 1 -1", "not a number"},
	{WIRE_SERIES, WIRE_SAMPLE, "null - ns 1", "1 1 inf", "not a number"},
	{WIRE_SERIES, WIRE_SAMPLE, "null - ns 1", "1 1", "not a number"},
	{WIRE_SERIES, WIRE_END, "null - ns 1", "0", "wrong number"},
	{WIRE_SERIES, WIRE_END, "null - ns 1", "", "wrong number"},
	{0, WIRE_END, "", "0", "wrong number"},
	{0, WIRE_SKIP, "", "null", "not well formed"},
	{0, WIRE_FAIL, "", "", "not well formed"},
	{0, WIRE_SKIP, "", "boot - why", "not requested"},
	{WIRE_SKIP, WIRE_SKIP, "null - a", "null - b", "not requested"},
	{0, WIRE_MARK, "", "begin 0", "mark came out of order"},
	{0, WIRE_OUTPUT, "", "{}", "output came out of order"},
	{WIRE_SERIES, WIRE_OUTPUT, "null - ns 1", "{}",
	 "output came out of order"},
	{WIRE_SERIES, WIRE_OUTPUT, "storage randread-4k-qd1 document 1", "{}",
	 "output came out of order"},
	{WIRE_SERIES, WIRE_MARK, "storage randread-4k-qd1 document 1",
	 "end 0 1 1 1 1 20500 21000", "mark came out of order"},
	{WIRE_SERIES, WIRE_END, "storage randread-4k-qd1 document 1", "1",
	 "program ended out of order"},
};

static void bad_frames_break_the_link(void **state)
{
	void *one = NULL;
	struct talk *t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad_frames); i++) {
		assert_int_equal(setup(&one), 0);
		t = one;
		greet(t);
		if (bad_frames[i].first)
			talk_say(t, bad_frames[i].first,
				 bad_frames[i].first_text);
		if (t->link.state != LINK_RUNNING)
			fail_msg("row %zu: %s", i, t->link.error);
		talk_say(t, bad_frames[i].then, bad_frames[i].text);
		if (t->link.state != LINK_BROKEN)
			fail_msg("row %zu is taken", i);
		assert_contains(t->link.error, bad_frames[i].why);
		/* The first reason stays, and nothing more is read. */
		talk_say(t, WIRE_SKIP, "mem_chase 16KiB why");
		assert_contains(t->link.error, bad_frames[i].why);
		talk_teardown(&one);
	}
}

static void refusals_have_their_reason(void **state)
{
	struct talk *t = *state;
	const struct series *s;

	greet(t);
	talk_say(t, WIRE_SKIP, "null - no \x1b[31mred\x07 here");
	talk_say(t, WIRE_FAIL, "mem_chase 16KiB ");
	talk_say(t, WIRE_SKIP, "storage randread-4k-qd1 no disk");
	assert_int_equal(t->link.state, LINK_RUNNING);
	s = t->res.series;
	assert_int_equal(t->res.series_count, 3);
	assert_int_equal(s[0].status, RUN_SKIPPED);
	assert_string_equal(s[0].reason, "no ?[31mred? here");
	assert_int_equal(s[1].status, RUN_WORKLOAD_FAILED);
	assert_string_equal(s[1].reason, "no reason given");
	/* A program's has the metric that it would have had. */
	assert_string_equal(s[2].point, "randread-4k-qd1/iops");
	assert_int_equal(agent_link_item(&t->link), t->bc.item_count);
}

/* A series that fails after its first samples has none. */
static void a_series_may_fail_in_the_middle(void **state)
{
	struct talk *t = *state;

	t->bc.sample_count = 3;
	greet(t);
	talk_say(t, WIRE_SERIES, "null - ns 1");
	talk_say(t, WIRE_SAMPLE, "1 1 1");
	talk_say(t, WIRE_FAIL, "null - it broke");
	assert_int_equal(t->link.state, LINK_RUNNING);
	assert_int_equal(t->res.series_count, 1);
	assert_int_equal(t->res.series[0].status, RUN_WORKLOAD_FAILED);
	assert_int_equal(t->res.series[0].sample_count, 0);
	/* The next one may begin. */
	talk_say(t, WIRE_SERIES, "mem_chase 16KiB ns 1");
	assert_int_equal(t->link.state, LINK_RUNNING);
}

struct moments {
	enum watch_moment seen[4];
	size_t count;
};

static void note_moment(void *arg, enum watch_moment moment,
			const struct watch_process *processes, size_t count)
{
	struct moments *m = arg;

	(void)processes;
	(void)count;
	assert_true(m->count < ARRAY_SIZE(m->seen));
	m->seen[m->count++] = moment;
}

/* The agent waits at each mark, so that the host can be read meanwhile. */
static void a_program_is_watched_between_its_marks(void **state)
{
	struct moments m = {.count = 0};
	const struct watch watch = {.at = note_moment, .arg = &m};
	struct talk *t = *state;
	char text[8];

	t->link.watch = &watch;
	t->link.programs.meter.skips_threads = true;
	greet(t);
	talk_say(t, WIRE_SERIES, "storage randread-4k-qd1 document 1");
	talk_say(t, WIRE_MARK, "begin 7");
	assert_int_equal(talk_hear(t, text, sizeof(text)), WIRE_GO);
	assert_string_equal(text, "");
	talk_say(t, WIRE_MARK, "ping");
	assert_int_equal(talk_hear(t, text, sizeof(text)), WIRE_GO);
	assert_int_equal(m.count, 1);
	talk_say(t, WIRE_MARK, "end 7 1000 10 10 5 20500 21000");
	assert_int_equal(talk_hear(t, text, sizeof(text)), WIRE_GO);
	assert_int_equal(m.count, 2);
	assert_int_equal(m.seen[0], WATCH_READY);
	assert_int_equal(m.seen[1], WATCH_TOUCHED);
	talk_say(t, WIRE_OUTPUT, "not JSON");
	talk_say(t, WIRE_END, "1");
	assert_int_equal(t->link.state, LINK_RUNNING);
	agent_link_finish(&t->link);
	assert_int_equal(t->res.series_count, 1);
	assert_int_equal(t->res.series[0].status, RUN_WORKLOAD_FAILED);
	assert_int_equal(t->res.series[0].sample_count, 0);
}

/* A program that prints without end is no reason to run out of memory. */
static void output_has_an_end(void **state)
{
	static char chunk[WIRE_MAX_PAYLOAD];
	static char frame[WIRE_HEADER_BYTES + WIRE_MAX_PAYLOAD];
	struct talk *t = *state;
	size_t len, sent = 0;

	t->link.programs.meter.skips_threads = true;
	greet(t);
	talk_say(t, WIRE_SERIES, "storage randread-4k-qd1 document 1");
	talk_say(t, WIRE_MARK, "begin 0");
	talk_say(t, WIRE_MARK, "ping");
	talk_say(t, WIRE_MARK, "end 0 1 1 1 1 20500 21000");
	memset(chunk, 'x', sizeof(chunk));
	while (t->link.state == LINK_RUNNING && sent < 100 * MIB) {
		len = wire_encode(WIRE_OUTPUT, t->sequence++, chunk,
				  sizeof(chunk), frame);
		agent_link_channel(&t->link, frame, len);
		sent += sizeof(chunk);
	}
	assert_int_equal(t->link.state, LINK_BROKEN);
	assert_contains(t->link.error, "without end");
	assert_true(sent <= 3 * MIB);
}

static void say_output(struct talk *t, const char *bytes, uint32_t len)
{
	static char frame[WIRE_HEADER_BYTES + WIRE_MAX_PAYLOAD];

	agent_link_channel(
		&t->link, frame,
		wire_encode(WIRE_OUTPUT, t->sequence++, bytes, len, frame));
}

static void say_program(struct talk *t, const char *series)
{
	talk_say(t, WIRE_SERIES, series);
	talk_say(t, WIRE_MARK, "begin 0");
	talk_say(t, WIRE_MARK, "ping");
	talk_say(t, WIRE_MARK, "end 0 1 1 1 1 20500 21000");
}

/* A boot may ask for hundreds of programs, and each may print that much. */
static void all_output_has_an_end(void **state)
{
	static char chunk[MIB];
	struct program_log log = {.meter.skips_threads = true};
	size_t taken = 0;
	int ret = 0;

	(void)state;
	while (!ret && taken < 100 * MIB) {
		program_log_open(&log, "storage", "randread-4k-qd1");
		assert_int_equal(program_log_output(&log, chunk, 1), -EPROTO);
		assert_int_equal(program_log_mark(&log, "begin 0"), 0);
		assert_int_equal(program_log_mark(&log, "ping"), 0);
		assert_int_equal(
			program_log_mark(&log, "end 0 1 1 1 1 20500 21000"), 0);
		ret = program_log_output(&log, chunk, sizeof(chunk));
		taken += ret ? 0 : sizeof(chunk);
	}
	assert_int_equal(ret, -EFBIG);
	assert_int_equal(taken, 32 * MIB);
	program_log_release(&log);
}

/* A few bytes each, and a hundred times as much memory for whoever reads
 * them: they are counted before. */
static void a_bomb_of_values_is_not_read(void **state)
{
	static char chunk[65535];
	struct talk *t = *state;
	size_t i;

	t->link.programs.meter.skips_threads = true;
	greet(t);
	say_program(t, "storage randread-4k-qd1 document 1");
	for (i = 0; i < sizeof(chunk); i++)
		chunk[i] = "{},"[i % 3];
	talk_say(t, WIRE_OUTPUT, "{\"a\":[");
	for (i = 0; i < 10; i++)
		say_output(t, chunk, sizeof(chunk));
	talk_say(t, WIRE_OUTPUT, "0]}");
	talk_say(t, WIRE_END, "1");
	assert_int_equal(t->link.state, LINK_RUNNING);
	agent_link_finish(&t->link);
	assert_int_equal(t->res.series[0].status, RUN_WORKLOAD_FAILED);
	assert_string_equal(t->res.series[0].reason,
			    "the program printed more than 200000 values");
	/* Nor is it kept. */
	for (i = 0; i < t->res.document_count; i++)
		assert_string_not_equal(t->res.documents[i].workload,
					"storage");
}

/* --- the other end -------------------------------------------------------- */

static void an_agent_that_does_not_read(void **state)
{
	struct talk *t = *state;
	char zeros[4096] = {0};

	while (send(t->fds[0], zeros, sizeof(zeros), MSG_DONTWAIT) > 0)
		;
	talk_say(t, WIRE_HELLO, "");
	talk_expect_broken(t, "the agent does not read");
}

/* That it has gone shows in the closed streams, not in a failed write. */
static void an_agent_that_has_gone(void **state)
{
	struct talk *t = *state;

	shutdown(t->fds[1], SHUT_RDWR);
	talk_say(t, WIRE_HELLO, "");
	assert_int_equal(t->link.state, LINK_RUNNING);
	assert_int_equal(
		agent_link_run(&t->link, clock_mono_ns() + 10 * NS_PER_S), 0);
	assert_false(t->link.is_point_late);
}

static void the_console_s_tail_is_kept(void **state)
{
	struct talk *t = *state;
	char line[64];
	int console[2], i;

	assert_int_equal(pipe2(console, O_CLOEXEC), 0);
	t->link.console_fd = console[0];
	for (i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "line \x1b%04d of the boot\r\n",
			 i);
		assert_int_equal(write(console[1], line, strlen(line)),
				 (ssize_t)strlen(line));
	}
	close(console[1]);
	shutdown(t->fds[1], SHUT_RDWR);
	assert_int_equal(
		agent_link_run(&t->link, clock_mono_ns() + 10 * NS_PER_S), 0);
	agent_link_finish(&t->link);
	assert_int_equal(strlen(t->res.console), 16384);
	assert_contains(t->res.console, "line ?0999 of the boot");
	assert_null(strstr(t->res.console, "0000 of"));
	close(console[0]);
}

/* --- the VMM -------------------------------------------------------------- */

static void facts_are_part_of_the_identity(void **state)
{
	struct talk *t = *state;

	talk_events(t, "fact cpuid_source host, \x1bmasked\n"
		       "device net vhost-of-a-name-that-is-long\n");
	talk_say(t, WIRE_HELLO, "vcpus=2");
	assert_string_equal(t->res.identity,
			    "vcpus=2\nvmm.cpuid_source=host, ?masked");
	assert_string_equal(t->link.programs.net_backend, "vhost-of-a-name");
}

/* Without a case's network, what the site knows of it stands for it. */
static void a_site_names_the_packet_path(void **state)
{
	const struct link_env env = {.net_backend = "veth"};
	struct talk *t = *state;

	t->link.env = &env;
	greet(t);
	assert_string_equal(t->link.programs.net_backend, "veth");
}

static void a_flood_of_events_is_cut_off(void **state)
{
	struct talk *t = *state;
	char line[128];
	int i;

	for (i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line),
			 "ledger %d pio 1 1\nphase p%d 1\nfact f%d x\n"
			 "count %d c 1\n",
			 i, i, i, i);
		agent_link_events(&t->link, line, strlen(line));
	}
	assert_int_equal(t->link.state, LINK_WANTS_HELLO);
	assert_true(t->res.exit_count >= 64 * 8); /* of the largest machine */
	assert_true(t->res.exit_count < 10000);
	assert_int_equal(t->res.phase_count, 64);
	assert_true(t->link.programs.count_count < 10000);
	assert_true(t->link.facts.len < 10000);
	assert_contains(t->link.facts.str, "vmm.f0=x");
}

static const char *end_at_stop(void *arg, pid_t pid, const char *line)
{
	(void)pid;
	++*(int *)arg;
	return strcmp(line, "stop") ? NULL : "it said stop";
}

/* QEMU's lines are not ours, and one of them may end the machine. */
static void a_listener_has_every_line(void **state)
{
	struct talk *t = *state;
	int count = 0;

	t->link.on_event = end_at_stop;
	t->link.on_event_arg = &count;
	talk_events(t, "phase init 5\n\nend of it\n");
	assert_int_equal(count, 3);
	assert_int_equal(t->link.state, LINK_WANTS_HELLO);
	assert_int_equal(result_phase_ns(&t->res, "init"), 0);
	assert_string_equal(t->link.end, "");
	talk_events(t, "stop\nstop\n");
	talk_expect_broken(t, "it said stop");
}

#define TALK(test) cmocka_unit_test_setup_teardown(test, setup, talk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_is_one_line_per_series),
		cmocka_unit_test(a_job_describes_its_site),
		cmocka_unit_test(bad_frames_break_the_link),
		TALK(refusals_have_their_reason),
		TALK(a_series_may_fail_in_the_middle),
		TALK(a_program_is_watched_between_its_marks),
		TALK(output_has_an_end),
		cmocka_unit_test(all_output_has_an_end),
		TALK(a_bomb_of_values_is_not_read),
		TALK(an_agent_that_does_not_read),
		TALK(an_agent_that_has_gone),
		TALK(the_console_s_tail_is_kept),
		TALK(facts_are_part_of_the_identity),
		TALK(a_site_names_the_packet_path),
		TALK(a_flood_of_events_is_cut_off),
		TALK(a_listener_has_every_line),
	};

	return RUN_TESTS(tests);
}
