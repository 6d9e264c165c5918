// SPDX-License-Identifier: GPL-3.0-or-later
/* file: what is read is cut where it must be, what is written is whole. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

static char folder[SCRATCH_SIZE];

static int setup(void **state)
{
	(void)state;
	scratch_folder(folder, "filetest");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

/* Valid until the next call. */
static const char *in_folder(const char *name)
{
	static char path[2][96];
	static unsigned int turn;

	turn++;
	snprintf(path[turn % 2], sizeof(path[0]), "%s/%s", folder, name);
	return path[turn % 2];
}

static void put(const char *path, const char *bytes)
{
	struct err err = {0};

	if (file_write(path, bytes, strlen(bytes), &err))
		fail_msg("%s", err.msg);
}

static void must_hold(const char *path, const char *bytes)
{
	struct strbuf text = {0};

	assert_int_equal(file_read(path, MIB, &text), 0);
	assert_string_equal(strbuf_str(&text), bytes);
	strbuf_release(&text);
}

static size_t count_entries(void)
{
	DIR *dir = opendir(folder);
	size_t count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2; /* "." and ".." */
}

/* Below, at and above the size of the buffer that it is read through. */
static void no_more_than_allowed_is_read(void **state)
{
	static const size_t limits[] = {0,     1,     16383, 16384,
					16385, 40000, 50000};
	const char *path = in_folder("big");
	struct strbuf bytes = {0}, got = {0};
	struct err err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 40000; i++)
		strbuf_printf(&bytes, "%c", (int)('a' + i % 23));
	assert_int_equal(file_write(path, bytes.str, bytes.len, &err), 0);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		size_t want = limits[i] < 40000 ? limits[i] : 40000;

		assert_int_equal(file_read(path, limits[i], &got), 0);
		assert_int_equal(got.len, want);
		if (want)
			assert_memory_equal(got.str, bytes.str, want);
		strbuf_release(&got);
	}
	strbuf_release(&bytes);
}

static void what_is_read_is_appended(void **state)
{
	const char *path = in_folder("end");
	struct strbuf got = {0};

	(void)state;
	put(path, "end");
	strbuf_puts(&got, "begin ");
	assert_int_equal(file_read(path, 100, &got), 0);
	assert_string_equal(got.str, "begin end");
	/* A failure leaves it alone. */
	assert_int_equal(file_read(in_folder("none"), 100, &got), -ENOENT);
	assert_int_equal(file_read(folder, 100, &got), -EISDIR);
	assert_string_equal(got.str, "begin end");
	strbuf_release(&got);
}

static void first_lines_fit(void **state)
{
	static const struct {
		const char *bytes, *line;
	} cases[] = {
		{"", ""},
		{"\n", ""},
		{"\nb", ""},
		{"a", "a"},
		{"a\n", "a"},
		{"a\nb\n", "a"},
		{"1234567", "1234567"},
		{"12345678", "1234567"}, /* of a buffer of eight */
		{"1234567\n", "1234567"},
		{" a b\r\n", " a b\r"},
	};
	const char *path = in_folder("line");
	char buf[9];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put(path, cases[i].bytes);
		memset(buf, 'x', sizeof(buf));
		assert_string_equal(file_first_line(path, buf, 8),
				    cases[i].line);
		assert_int_equal(buf[8], 'x');
	}
	memset(buf, 'x', sizeof(buf));
	assert_string_equal(file_first_line(in_folder("none"), buf, 8), "");
	memset(buf, 'x', sizeof(buf));
	assert_string_equal(file_first_line(folder, buf, 8), "");
}

/* Who has the old file open keeps it, whole. */
static void readers_see_the_old_or_the_new(void **state)
{
	const char *path = in_folder("f");
	char buf[16] = "";
	int fd;

	(void)state;
	put(path, "old bytes");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	put(path, "new");
	assert_int_equal(read(fd, buf, sizeof(buf) - 1), 9);
	assert_string_equal(buf, "old bytes");
	must_hold(path, "new");
	put(path, "");
	must_hold(path, "");
	assert_int_equal(count_entries(), 1);
	close(fd);
}

static void a_failed_write_leaves_no_trace(void **state)
{
	const char *path = in_folder("f");
	struct err err = {0};
	char below[128];

	(void)state;
	assert_int_equal(file_write("/nonexistent/x", "a", 1, &err), -ENOENT);
	assert_contains(err.msg, "/nonexistent/x");
	/* Below a file, and in the place of a folder. */
	put(path, "kept");
	snprintf(below, sizeof(below), "%s/x", path);
	assert_int_equal(file_write(below, "a", 1, &err), -ENOTDIR);
	must_hold(path, "kept");
	assert_int_equal(mkdir(in_folder("d"), 0755), 0);
	assert_int_equal(file_write(in_folder("d"), "a", 1, &err), -EISDIR);
	assert_contains(err.msg, "cannot write");
	assert_int_equal(count_entries(), 2);
}

/* The kernel takes the first ten bytes and no more, as a full disk would. */
static void half_a_file_replaces_nothing(void **state)
{
	const char *path = in_folder("f");
	const struct rlimit ten = {10, RLIM_INFINITY};
	struct rlimit before;
	struct err err = {0};
	int ret;

	(void)state;
	put(path, "old");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &ten), 0);
	ret = file_write(path, "more than ten bytes", 19, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(ret, -EFBIG);
	assert_int_equal(err.code, -EFBIG);
	assert_contains(err.msg, path);
	must_hold(path, "old");
	assert_int_equal(count_entries(), 1);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static void folders_are_made_on_the_way(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(file_mkdirs(in_folder("a/b/c"), &err), 0);
	assert_true(is_folder(in_folder("a/b/c")));
	assert_int_equal(file_mkdirs(in_folder("a/b/c"), &err), 0);
	assert_int_equal(file_mkdirs(in_folder("a//d/"), &err), 0);
	assert_true(is_folder(in_folder("a/d")));
	assert_int_equal(file_mkdirs_above(in_folder("e/f/name"), &err), 0);
	assert_true(is_folder(in_folder("e/f")));
	assert_int_equal(access(in_folder("e/f/name"), F_OK), -1);
	/* Those that need none. */
	assert_int_equal(file_mkdirs_above("name", &err), 0);
	assert_int_equal(file_mkdirs_above("/name", &err), 0);
	assert_int_equal(file_mkdirs("/", &err), 0);
	put(in_folder("file"), "");
	assert_int_equal(file_mkdirs(in_folder("file/x/y"), &err), -ENOTDIR);
	assert_contains(err.msg, "/file/x'");
	assert_int_equal(file_mkdirs_above(in_folder("file/x/y"), &err),
			 -ENOTDIR);
}

static void own_files_are_beside_the_program(void **state)
{
	static const char *const paths[] = {
		"./quick", "plans/quick", "/quick", "quick.yaml", "..", "a.b"};
	char *self = file_beside_exe("test_file");
	char *shipped = file_shipped("plans", "quick");
	char *slash;
	size_t i;

	(void)state;
	/* This program, and what make puts in the folder above. */
	assert_int_equal(access(self, X_OK), 0);
	slash = strrchr(self, '/');
	assert_non_null(slash);
	assert_int_equal(strncmp(shipped, self, (size_t)(slash - self)), 0);
	assert_string_equal(shipped + (slash - self), "/../plans/quick.yaml");
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		char *path = file_shipped("plans", paths[i]);

		assert_string_equal(path, paths[i]);
		free(path);
	}
	free(shipped);
	free(self);
}

static void programs_are_those_in_path(void **state)
{
	char *before = strdup(getenv("PATH") ?: "");
	char path[160];

	(void)state;
	put(in_folder("tool"), "#!/bin/sh\n");
	snprintf(path, sizeof(path), "/nonexistent:%s", folder);
	assert_int_equal(setenv("PATH", path, 1), 0);
	/* Root may read everything, but runs only what may be run. */
	assert_false(file_in_path("tool"));
	assert_int_equal(chmod(in_folder("tool"), 0755), 0);
	assert_true(file_in_path("tool"));
	assert_false(file_in_path("too"));
	assert_false(file_in_path("sh"));
	assert_int_equal(unsetenv("PATH"), 0);
	assert_false(file_in_path("tool"));
	assert_true(file_in_path("sh"));
	setenv("PATH", before, 1);
	free(before);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(no_more_than_allowed_is_read),
		IN_FOLDER(what_is_read_is_appended),
		IN_FOLDER(first_lines_fit),
		IN_FOLDER(readers_see_the_old_or_the_new),
		IN_FOLDER(a_failed_write_leaves_no_trace),
		IN_FOLDER(half_a_file_replaces_nothing),
		IN_FOLDER(folders_are_made_on_the_way),
		cmocka_unit_test(own_files_are_beside_the_program),
		IN_FOLDER(programs_are_those_in_path),
	};

	return RUN_TESTS(tests);
}
