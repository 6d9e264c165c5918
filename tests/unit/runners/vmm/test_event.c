// SPDX-License-Identifier: GPL-3.0-or-later
/* event: what the VMM writes is what the harness reads, and nothing else is. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <unistd.h>

#include "runners/vmm/event.h"

/* What was written to OUT, read back; without its line's end. */
static void parse_written(FILE **out, char **text, struct event *e)
{
	fclose(*out);
	(*text)[strcspn(*text, "\n")] = '\0';
	assert_true(event_parse(*text, e));
}

static void what_is_written_is_read(void **state)
{
	struct event e;
	char *text;
	size_t size;
	FILE *out;

	(void)state;
#define WRITE(call)                                 \
	do {                                        \
		out = open_memstream(&text, &size); \
		call;                               \
		parse_written(&out, &text, &e);     \
	} while (0)

	WRITE(event_phase(out, "init", UINT64_MAX));
	assert_int_equal(e.kind, EVENT_PHASE);
	assert_string_equal(e.name, "init");
	assert_true(e.ns == UINT64_MAX);
	free(text);
	WRITE(event_stamp(out, 3, 10, 20, 5));
	assert_int_equal(e.kind, EVENT_STAMP);
	assert_int_equal(e.number, 3);
	assert_int_equal(e.begin_ns, 10);
	assert_int_equal(e.ns, 20);
	assert_int_equal(e.waited_ns, 5);
	free(text);
	WRITE(event_exit_cost(out, 77));
	assert_int_equal(e.kind, EVENT_EXIT_COST);
	assert_int_equal(e.ns, 77);
	free(text);
	WRITE(event_ledger(out, 1, "mmio", 8, 900));
	assert_int_equal(e.kind, EVENT_LEDGER);
	assert_int_equal(e.number, 1);
	assert_string_equal(e.name, "mmio");
	assert_int_equal(e.count, 8);
	assert_int_equal(e.ns, 900);
	free(text);
	WRITE(event_count(out, 14, 100, "%s%d.requests", "blk", 0));
	assert_int_equal(e.kind, EVENT_COUNT);
	assert_int_equal(e.number, 14);
	assert_string_equal(e.name, "blk0.requests");
	assert_int_equal(e.count, 100);
	free(text);
	WRITE(event_device_net(out, "vhost"));
	assert_int_equal(e.kind, EVENT_DEVICE_NET);
	assert_string_equal(e.name, "vhost");
	free(text);
	WRITE(event_fact(out, "cpuid_source", "host, masked"));
	assert_int_equal(e.kind, EVENT_FACT);
	assert_string_equal(e.name, "cpuid_source");
	assert_string_equal(e.text, "host, masked");
	free(text);
	WRITE(event_place(out, 0xffffffff81000000, 4));
	assert_int_equal(e.kind, EVENT_PLACE);
	assert_true(e.rip == 0xffffffff81000000);
	assert_int_equal(e.count, 4);
	free(text);
	WRITE(event_end(out, "power-off", "as asked"));
	assert_int_equal(e.kind, EVENT_END);
	assert_string_equal(e.text, "power-off as asked");
	free(text);
	WRITE(event_error(out, "no such file"));
	assert_int_equal(e.kind, EVENT_ERROR);
	assert_string_equal(e.text, "no such file");
	free(text);
#undef WRITE
}

static void each_time_of_a_section_is_read(void **state)
{
	struct event e;
	char *text;
	size_t size, count = 0;
	FILE *out = open_memstream(&text, &size);
	const char *rest;
	uint64_t ns;

	(void)state;
	event_each_begin(out, 9);
	event_each_add(out, 100);
	event_each_add(out, 300);
	event_each_end(out);
	parse_written(&out, &text, &e);
	assert_int_equal(e.kind, EVENT_EACH);
	assert_int_equal(e.number, 9);
	for (rest = e.text; event_next_ns(&rest, &ns); count++)
		assert_int_equal(ns, count ? 300 : 100);
	assert_int_equal(count, 2);
	free(text);
	assert_true(event_parse("each 9 5 six 7", &e));
	rest = e.text;
	assert_true(event_next_ns(&rest, &ns));
	assert_false(event_next_ns(&rest, &ns));
}

static void other_lines_are_no_events(void **state)
{
	static const char *const lines[] = {"",
					    "phase",
					    "phase init",
					    "phase x y",
					    "stamp 1 2",
					    "stamps 1 2 3 4",
					    "ledger 1",
					    "count 1 name",
					    "each one",
					    "device",
					    "device disk x",
					    "fact",
					    "end",
					    "errors x",
					    " phase init 5",
					    "exit_cost much",
					    "PHASE init 5"};
	struct event e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		if (event_parse(lines[i], &e))
			fail_msg("'%s' was taken for an event", lines[i]);
	/* One of a VMM before waiting was told. */
	assert_true(event_parse("stamp 1 2 3", &e));
	assert_int_equal(e.waited_ns, 0);
	/* A name of a machine that means harm is cut, not kept. */
	assert_true(event_parse("ledger 1 abcdefghijklmno 2 3", &e));
	assert_false(event_parse("ledger 1 abcdefghijklmnop 2 3", &e));
}

static void nobody_listens(void **state)
{
	(void)state;
	event_phase(NULL, "init", 1);
	event_stamp(NULL, 1, 2, 3, 4);
	event_exit_cost(NULL, 1);
	event_ledger(NULL, 1, "mmio", 1, 1);
	event_count(NULL, 1, 2, "name");
	event_each_begin(NULL, 1);
	event_each_add(NULL, 1);
	event_each_end(NULL);
	event_device_net(NULL, "tap");
	event_end(NULL, "x", "y");
	event_error(NULL, "x");
}

/* A pipe that has room again takes the end, and the end tells of the hole. */
static void a_lost_event_is_told_at_the_end(void **state)
{
	char buf[4096] = "";
	int ends[2];
	FILE *out;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	out = fdopen(ends[1], "w");
	event_count(out, 1, 7, "run_ns");
	assert_true(event_finish(out, "power_off", "as asked"));
	assert_true(read(ends[0], buf, sizeof(buf)) > 0);
	assert_non_null(strstr(buf, "\nend power_off as asked\n"));
	while (write(ends[1], buf, sizeof(buf)) > 0)
		;
	event_count(out, 3, 7, "run_ns");
	assert_int_equal(fflush(out), EOF);
	while (read(ends[0], buf, sizeof(buf)) > 0)
		;
	memset(buf, 0, sizeof(buf));
	assert_false(event_finish(out, "power_off", "as asked"));
	assert_true(read(ends[0], buf, sizeof(buf) - 1) > 0);
	assert_null(strstr(buf, "power_off"));
	assert_non_null(strstr(buf, "end events_lost "));
	fclose(out);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest list[] = {
		cmocka_unit_test(a_lost_event_is_told_at_the_end),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(each_time_of_a_section_is_read),
		cmocka_unit_test(other_lines_are_no_events),
		cmocka_unit_test(nobody_listens),
	};

	return RUN_TESTS(list);
}
