// SPDX-License-Identifier: GPL-3.0-or-later
/* device_list: what --device takes, and what it refuses. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/cli/device_list.h"
#include "harness/core/bench_case.h"
#include "tests/unit/fixture/expect.h"

static void a_list_keeps_its_order(void **state)
{
	struct io_plan io = {.device_count = 0};
	struct err err = {0};

	(void)state;
	if (device_list_parse("00:06.0,0000:00:05.0,ABCD:01:00.1", &io, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(io.device_count, 3);
	assert_string_equal(io.devices[0], "0000:00:06.0");
	assert_string_equal(io.devices[1], "0000:00:05.0");
	assert_string_equal(io.devices[2], "abcd:01:00.1");
	/* The last option counts, and nothing of the one before. */
	assert_int_equal(device_list_parse("00:07.0", &io, &err), 0);
	assert_int_equal(io.device_count, 1);
	assert_string_equal(io.devices[0], "0000:00:07.0");
}

static void a_list_has_as_many_as_a_guest_may_have(void **state)
{
	struct io_plan io = {.device_count = 0};
	struct err err = {0};

	(void)state;
	assert_int_equal(IO_MAX_DEVICES, 4);
	if (device_list_parse("1:0.0,2:0.0,3:0.0,4:0.0", &io, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(io.device_count, IO_MAX_DEVICES);
	assert_int_equal(
		device_list_parse("1:0.0,2:0.0,3:0.0,4:0.0,5:0.0", &io, &err),
		-E2BIG);
	assert_contains(err.msg, "more than 4 devices");
}

static void what_is_no_list_is_refused(void **state)
{
	static const struct {
		const char *list, *says;
	} rows[] = {
		{"", "'' is not the address"},
		{"00:05.0,", "'' is not the address"},
		{",00:05.0", "'' is not the address"},
		{"00:05.0 ,00:06.0", "'00:05.0 ' is not the address"},
		{"nvme0", "'nvme0' is not the address"},
		/* The same function, by another spelling. */
		{"0000:0A:05.0,0a:05.0", "0000:0a:05.0 is there twice"},
		{"1:0.0,2:0.0,1:0.0", "0000:01:00.0 is there twice"},
	};
	struct io_plan io;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		err = (struct err){0};
		if (device_list_parse(rows[i].list, &io, &err) != -EINVAL)
			fail_msg("'%s' was taken", rows[i].list);
		assert_contains(err.msg, rows[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_keeps_its_order),
		cmocka_unit_test(a_list_has_as_many_as_a_guest_may_have),
		cmocka_unit_test(what_is_no_list_is_refused),
	};

	return RUN_TESTS(tests);
}
