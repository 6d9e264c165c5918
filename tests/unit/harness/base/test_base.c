// SPDX-License-Identifier: GPL-3.0-or-later
/* harness/base: err, strbuf, file, proc. */
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"

static void err_wraps_in_front(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_sys(&err, -ENOENT, "cannot open '%s'", "x"),
			 -ENOENT);
	assert_string_equal(err.msg,
			    "cannot open 'x': No such file or directory");
	assert_int_equal(err_wrap(&err, "cannot boot"), -ENOENT);
	assert_string_equal(
		err.msg,
		"cannot boot: cannot open 'x': No such file or directory");
}

static void err_survives_endless_text(void **state)
{
	struct err err = {0};
	char big[2000];
	int i;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&err, -EIO, "%s", big);
	for (i = 0; i < 5; i++)
		err_wrap(&err, "%s", big);
	assert_true(strlen(err.msg) < sizeof(err.msg));
}

static void strbuf_grows_consumes_and_keeps_tails(void **state)
{
	struct strbuf sb = {0};
	int i;

	(void)state;
	assert_string_equal(strbuf_str(&sb), "");
	for (i = 0; i < 1000; i++)
		strbuf_printf(&sb, "%03d,", i);
	assert_int_equal(sb.len, 4000);
	strbuf_consume(&sb, 4);
	assert_memory_equal(sb.str, "001,", 4);
	strbuf_keep_tail(&sb, 4);
	assert_string_equal(sb.str, "999,");
	strbuf_release(&sb);
	assert_null(sb.str);
}

static void file_write_is_whole_or_nothing(void **state)
{
	struct strbuf text = {0};
	struct err err = {0};
	char path[] = "/tmp/l1vh-test-XXXXXX";

	(void)state;
	close(mkstemp(path));
	assert_int_equal(file_write(path, "hello", 5, &err), 0);
	assert_int_equal(file_read(path, 100, &text), 0);
	assert_string_equal(text.str, "hello");
	unlink(path);
	strbuf_release(&text);
	assert_int_equal(file_write("/nonexistent/x", "a", 1, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nonexistent/x"));
}

static void proc_tells_why_it_cannot_start(void **state)
{
	const char *const argv[] = {"/nonexistent/program", NULL};
	const struct proc_spec spec = {.argv = argv};
	struct err err = {0};
	pid_t pid;

	(void)state;
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nonexistent/program"));
}

static void proc_kills_what_does_not_end(void **state)
{
	const char *const argv[] = {"sleep", "1000", NULL};
	const struct proc_spec spec = {.argv = argv};
	uint64_t start = clock_mono_ns();
	struct err err = {0};
	char text[80];
	pid_t pid;

	(void)state;
	assert_int_equal(proc_spawn(&spec, &pid, &err), 0);
	proc_status_text(proc_reap(pid, 10 * NS_PER_MS), text, sizeof(text));
	assert_string_equal(text, "was killed by signal 9 (Killed)");
	assert_true(clock_mono_ns() - start < 100 * NS_PER_S);
	assert_int_equal(kill(pid, 0), -1);
}

static void proc_captures_output(void **state)
{
	const char *const upper[] = {"tr", "a-z", "A-Z", NULL};
	const char *const bad[] = {"false", NULL};
	struct strbuf out = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(proc_capture(upper, "hello", &out, &err), 0);
	assert_string_equal(out.str, "HELLO");
	strbuf_release(&out);
	assert_int_equal(proc_capture(bad, NULL, &out, &err), -EIO);
	assert_string_equal(err.msg, "'false' exited with status 1");
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_wraps_in_front),
		cmocka_unit_test(err_survives_endless_text),
		cmocka_unit_test(strbuf_grows_consumes_and_keeps_tails),
		cmocka_unit_test(file_write_is_whole_or_nothing),
		cmocka_unit_test(proc_tells_why_it_cannot_start),
		cmocka_unit_test(proc_kills_what_does_not_end),
		cmocka_unit_test(proc_captures_output),
	};

	return RUN_TESTS(tests);
}
