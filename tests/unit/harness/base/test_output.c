// SPDX-License-Identifier: GPL-3.0-or-later
/* output: what a path leads to stays what it is, and an old file stays until the
 * new one is whole. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/output.h"
#include "harness/base/strbuf.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

#define NOBODY 65534

static char folder[SCRATCH_SIZE];
static char before[4096];

static int setup(void **state)
{
	(void)state;
	scratch_folder(folder, "outputtest");
	/* So that a test may use short names. */
	return !getcwd(before, sizeof(before)) || chdir(folder);
}

static int teardown(void **state)
{
	(void)state;
	umask(022);
	if (chdir(before))
		return -1;
	scratch_remove(folder);
	return 0;
}

static int try_put(const char *path, const char *bytes, struct err *err)
{
	return file_write(path, bytes, strlen(bytes), err);
}

static void put(const char *path, const char *bytes)
{
	struct err err = {0};

	if (try_put(path, bytes, &err))
		fail_msg("%s", err.msg);
}

static void must_hold(const char *path, const char *bytes)
{
	struct strbuf text = {0};

	assert_int_equal(file_read(path, MIB, &text), 0);
	assert_string_equal(strbuf_str(&text), bytes);
	strbuf_release(&text);
}

static struct stat stat_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

static void must_be_refused(const char *path, int code, const char *reason)
{
	struct err err = {0};

	assert_int_equal(try_put(path, "x", &err), code);
	assert_contains(err.msg, path);
	assert_contains(err.msg, reason);
}

static size_t count_entries(void)
{
	DIR *dir = opendir(".");
	size_t count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2; /* "." and ".." */
}

static void not_here(const char *reason)
{
	print_message("# skip: %s\n", reason);
	skip();
}

static void links_stay_and_their_file_is_replaced(void **state)
{
	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	put("d/file", "old");
	assert_int_equal(symlink("d/file", "one"), 0);
	assert_int_equal(symlink("one", "two"), 0);
	assert_int_equal(symlink("d", "e"), 0);
	assert_int_equal(symlink("../two", "d/three"), 0);
	put("two", "new");
	must_hold("d/file", "new");
	put("e/three", "newer");
	must_hold("d/file", "newer");
	assert_true(S_ISLNK(stat_of("one").st_mode));
	assert_true(S_ISLNK(stat_of("two").st_mode));
	assert_true(S_ISLNK(stat_of("d/three").st_mode));
	assert_true(S_ISREG(stat_of("d/file").st_mode));
	assert_int_equal(count_entries(), 4);
	/* A new name in a folder behind a link. */
	put("e/fresh", "x");
	must_hold("d/fresh", "x");
}

/* As cp: whoever may make links in a folder would choose what is made. */
static void links_to_nothing_are_refused(void **state)
{
	(void)state;
	assert_int_equal(symlink("nothing", "dangling"), 0);
	must_be_refused("dangling", -ENOENT, "does not exist");
	assert_int_equal(symlink("b", "a"), 0);
	assert_int_equal(symlink("a", "b"), 0);
	must_be_refused("a", -ELOOP, "");
	assert_int_equal(count_entries(), 3);
}

static void what_is_no_file_is_written_to(void **state)
{
	struct stat null;
	struct err err = {0};

	(void)state;
	assert_int_equal(symlink("/dev/null", "null"), 0);
	put("null", "x");
	null = stat_of("/dev/null");
	assert_true(S_ISCHR(null.st_mode));
	assert_true(S_ISLNK(stat_of("null").st_mode));
	assert_int_equal(try_put("/dev/full", "x", &err), -ENOSPC);
	assert_true(S_ISCHR(stat_of("/dev/full").st_mode));
	assert_int_equal(mkdir("d", 0755), 0);
	must_be_refused("d", -EISDIR, "cannot write");
	must_be_refused("d/", -EISDIR, "cannot write");
	must_be_refused("none/", -ENOENT, "cannot write");
	must_be_refused("", -ENOENT, "cannot write");
	must_be_refused("none/x", -ENOENT, "cannot write");
	assert_int_equal(count_entries(), 2);
}

static void sockets_are_refused(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	must_be_refused("socket", -ENXIO, "a socket");
	assert_true(S_ISSOCK(stat_of("socket").st_mode));
	close(fd);
}

static void *read_pipe(void *arg)
{
	must_hold("pipe", arg);
	return NULL;
}

static void pipes_are_written_to(void **state)
{
	pthread_t reader;

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(pthread_create(&reader, NULL, read_pipe,
					(void *)(uintptr_t) "through"),
			 0);
	put("pipe", "through");
	assert_int_equal(pthread_join(reader, NULL), 0);
	assert_true(S_ISFIFO(stat_of("pipe").st_mode));
	assert_int_equal(count_entries(), 1);
}

/* `--output /dev/stdout >>file`: behind what is there, and the file is the same. */
static void an_own_descriptor_goes_on_where_it_stands(void **state)
{
	char path[64];
	struct stat st;
	int fd;

	(void)state;
	put("log", "begin ");
	st = stat_of("log");
	fd = open("log", O_WRONLY | O_APPEND | O_CLOEXEC);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	put(path, "middle ");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(symlink(path, "link"), 0);
	put("link", "end");
	must_hold("log", "begin middle end");
	assert_int_equal(stat_of("log").st_ino, st.st_ino);
	close(fd);
	must_be_refused(path, -EBADF, "");
	assert_int_equal(count_entries(), 2);
}

static void names_of_one_file_stay_one(void **state)
{
	(void)state;
	put("a", "old and long");
	assert_int_equal(link("a", "b"), 0);
	put("a", "new");
	must_hold("b", "new");
	assert_int_equal(stat_of("a").st_ino, stat_of("b").st_ino);
	assert_int_equal(count_entries(), 2);
}

static void modes_stay_and_new_ones_follow_the_umask(void **state)
{
	(void)state;
	put("f", "old");
	assert_int_equal(stat_of("f").st_mode & 07777, 0644);
	assert_int_equal(chmod("f", 0600), 0);
	put("f", "new");
	assert_int_equal(stat_of("f").st_mode & 07777, 0600);
	umask(077);
	put("g", "x");
	assert_int_equal(stat_of("g").st_mode & 07777, 0600);
	umask(002);
	put("h", "x");
	assert_int_equal(stat_of("h").st_mode & 07777, 0664);
}

/* What a child of another user does; its exit status is 0 if it must hold. */
static void as_nobody(int (*does)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(setresgid(NOBODY, NOBODY, NOBODY) ||
		      setresuid(NOBODY, NOBODY, NOBODY) || does());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void owners_stay(void **state)
{
	struct stat st;

	(void)state;
	if (geteuid())
		not_here("only root can make files of others");
	put("theirs", "old");
	assert_int_equal(chown("theirs", NOBODY, NOBODY), 0);
	put("theirs", "new");
	st = stat_of("theirs");
	assert_int_equal(st.st_uid, NOBODY);
	assert_int_equal(st.st_gid, NOBODY);
	must_hold("theirs", "new");
}

static int write_others(void)
{
	struct err err = {0};

	/* In a folder of its own: a rename would replace it. */
	return try_put("d/kept", "x", &err) != -EACCES ||
	       /* Of others, who let it write: as it is, in its place. */
	       try_put("d/shared", "mine", &err) ||
	       /* In a folder that it may not change. */
	       try_put("open", "short", &err) ||
	       try_put("new", "x", &err) != -EACCES ||
	       /* Sticky: the new file cannot take the old one's place. */
	       try_put("sticky/shared", "mine", &err);
}

static void what_may_not_be_written_is_not_replaced(void **state)
{
	struct stat st;

	(void)state;
	if (geteuid())
		not_here("only root can make files of others");
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(mkdir("sticky", 0755), 0);
	assert_int_equal(chmod("sticky", 01777), 0);
	put("d/kept", "kept");
	put("d/shared", "root's");
	put("open", "a long text");
	put("sticky/shared", "root's long text");
	assert_int_equal(chmod("d/shared", 0666), 0);
	assert_int_equal(chmod("open", 0666), 0);
	assert_int_equal(chmod("sticky/shared", 0666), 0);
	assert_int_equal(chown("d", NOBODY, NOBODY), 0);
	as_nobody(write_others);
	must_hold("d/kept", "kept");
	must_hold("d/shared", "mine");
	must_hold("open", "short");
	must_hold("sticky/shared", "mine");
	st = stat_of("d/shared");
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(stat_of("sticky/shared").st_uid, 0);
}

/* Killed in the middle: the old file is whole, and nothing else is there. */
static void a_kill_leaves_the_old_file_alone(void **state)
{
	int status;
	pid_t pid;
	int fd = open(".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	(void)state;
	if (fd < 0)
		not_here("this file system has no O_TMPFILE");
	close(fd);
	put("f", "old");
	pid = fork();
	if (!pid) {
		struct err err;
		struct output o, fresh;

		if (!output_begin(&o, "f", &err) &&
		    !output_begin(&fresh, "g", &err) &&
		    !output_write(&o, "half", 4, &err) &&
		    !output_write(&fresh, "half", 4, &err))
			raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	must_hold("f", "old");
	assert_int_equal(count_entries(), 1);
}

static void names_may_be_as_long_as_they_can_be(void **state)
{
	char name[256];

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	put(name, "old");
	put(name, "new");
	must_hold(name, "new");
	assert_int_equal(count_entries(), 1);
}

static void what_fails_is_dropped(void **state)
{
	struct err err = {0};
	struct output o;

	(void)state;
	put("f", "old");
	assert_int_equal(output_begin(&o, "f", &err), 0);
	assert_int_equal(output_write(&o, "new", 3, &err), 0);
	assert_int_equal(output_end(&o, -EIO, true, &err), -EIO);
	must_hold("f", "old");
	assert_int_equal(output_begin(&o, "g", &err), 0);
	assert_int_equal(output_end(&o, 0, true, &err), 0);
	must_hold("g", "");
	assert_int_equal(count_entries(), 2);
}

/* As a beginning would be, and nothing there is touched. */
static void what_could_be_written_is_told_before(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "s"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct err err = {0};

	(void)state;
	put("f", "old");
	assert_int_equal(link("f", "g"), 0); /* would be written in its place */
	assert_int_equal(output_check("f", &err), 0);
	assert_int_equal(output_check("new", &err), 0);
	assert_int_equal(output_check("/dev/full", &err), 0);
	assert_int_equal(mkfifo("p", 0600), 0);
	assert_int_equal(output_check("p", &err), 0); /* nobody reads it */
	assert_int_equal(output_check(".", &err), -EISDIR);
	assert_int_equal(output_check("none/f", &err), -ENOENT);
	assert_contains(err.msg, "none/f");
	assert_int_equal(output_check("", &err), -ENOENT);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(output_check("s", &err), -ENXIO);
	close(fd);
	must_hold("f", "old");
	assert_int_equal(count_entries(), 4);
}

static void one_file_has_many_names(void **state)
{
	(void)state;
	put("f", "x");
	put("g", "x");
	assert_int_equal(symlink("f", "l"), 0);
	assert_true(output_is_same("f", "l"));
	assert_true(output_is_same("./l", "f"));
	assert_false(output_is_same("f", "g"));
	assert_false(output_is_same("f", "none"));
	assert_false(output_is_same("none", "none"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(links_stay_and_their_file_is_replaced),
		IN_FOLDER(links_to_nothing_are_refused),
		IN_FOLDER(what_is_no_file_is_written_to),
		IN_FOLDER(sockets_are_refused),
		IN_FOLDER(what_could_be_written_is_told_before),
		IN_FOLDER(pipes_are_written_to),
		IN_FOLDER(an_own_descriptor_goes_on_where_it_stands),
		IN_FOLDER(names_of_one_file_stay_one),
		IN_FOLDER(modes_stay_and_new_ones_follow_the_umask),
		IN_FOLDER(owners_stay),
		IN_FOLDER(what_may_not_be_written_is_not_replaced),
		IN_FOLDER(a_kill_leaves_the_old_file_alone),
		IN_FOLDER(names_may_be_as_long_as_they_can_be),
		IN_FOLDER(what_fails_is_dropped),
		IN_FOLDER(one_file_has_many_names),
	};

	return RUN_TESTS(tests);
}
