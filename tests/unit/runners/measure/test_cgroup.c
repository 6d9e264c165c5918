// SPDX-License-Identifier: GPL-3.0-or-later
/* Control groups in made-up folders: both versions' files, what is found in
 * /proc, and groups that a dead process left behind. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "runners/measure/cgroup.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mountns.h"
#include "tests/unit/fixture/scratch.h"

static const char *no_mounts;
static bool is_covered; /* /proc, by an empty one */
static char folder[SCRATCH_SIZE];

static int setup(void **state)
{
	(void)state;
	scratch_folder(folder, "cgroup");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	/* Sanitizers need the real one at the end. */
	if (is_covered)
		mountns_uncover("/proc");
	is_covered = false;
	scratch_remove(folder);
	return 0;
}

static void put(const char *name, const char *text)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	mountns_write(path, text);
}

static void expect_file(const char *name, const char *text)
{
	struct strbuf got = {0};
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(file_read(path, 4096, &got), 0);
	assert_string_equal(strbuf_str(&got), text);
	strbuf_release(&got);
}

static bool is_there(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return !access(path, F_OK);
}

static struct cgroup group_here(bool is_v2)
{
	struct cgroup cg = {.procs_fd = -1, .is_v2 = is_v2};

	snprintf(cg.path, sizeof(cg.path), "%s", folder);
	return cg;
}

/* --- values --------------------------------------------------------------- */

/* A key is a whole word: "anon" is not "anon_thp", nor "inactive_anon". */
static void version_2_is_read(void **state)
{
	const struct cgroup cg = group_here(true);
	uint64_t v[CGROUP_VALUE_COUNT];

	(void)state;
	put("memory.current", "1000\n");
	put("memory.peak", "2000\n");
	put("memory.stat",
	    "inactive_anon 1\nanon_thp 2\nanon 300\nfile 400\nkernel 50\n"
	    "pagetables 6\nsec_pagetables 7\nslab_reclaimable 8\nslab 9\n"
	    "sock 10\nshmem 11\n");
	put("memory.events", "low 0\noom 5\noom_kill 3\n");
	cgroup_read(&cg, v);
	assert_int_equal(v[CGROUP_CURRENT], 1000);
	assert_int_equal(v[CGROUP_PEAK], 2000);
	assert_int_equal(v[CGROUP_ANON], 300);
	assert_int_equal(v[CGROUP_FILE], 400);
	assert_int_equal(v[CGROUP_KERNEL], 50);
	assert_int_equal(v[CGROUP_PAGETABLES], 6);
	assert_int_equal(v[CGROUP_SEC_PAGETABLES], 7);
	assert_int_equal(v[CGROUP_SLAB], 9);
	assert_int_equal(v[CGROUP_SLAB_RECLAIMABLE], 8);
	assert_int_equal(v[CGROUP_SOCK], 10);
	assert_int_equal(v[CGROUP_SHMEM], 11);
	assert_int_equal(v[CGROUP_OOM_KILLS], 3);
	/* 300 + 11 + 50 + 10, less 8 that can be dropped. */
	assert_int_equal(cgroup_unreclaimable(v), 363);
}

static void version_1_is_read(void **state)
{
	const struct cgroup cg = group_here(false);
	uint64_t v[CGROUP_VALUE_COUNT];

	(void)state;
	put("memory.usage_in_bytes", "1000\n");
	put("memory.max_usage_in_bytes", "2000\n");
	put("memory.stat", "rss 1\ntotal_rss 300\ntotal_cache 400\n"
			   "total_shmem 11\n");
	put("memory.kmem.usage_in_bytes", "50\n");
	put("memory.oom_control", "oom_kill_disable 0\noom_kill 4\n");
	cgroup_read(&cg, v);
	assert_int_equal(v[CGROUP_CURRENT], 1000);
	assert_int_equal(v[CGROUP_PEAK], 2000);
	assert_int_equal(v[CGROUP_ANON], 300);
	assert_int_equal(v[CGROUP_FILE], 400);
	assert_int_equal(v[CGROUP_KERNEL], 50);
	assert_int_equal(v[CGROUP_OOM_KILLS], 4);
	assert_true(v[CGROUP_PAGETABLES] == UINT64_MAX);
	assert_true(v[CGROUP_SLAB] == UINT64_MAX);
	assert_true(v[CGROUP_SOCK] == UINT64_MAX); /* no such file here */
	assert_int_equal(cgroup_unreclaimable(v), 361);
}

static void what_is_not_there_has_no_value(void **state)
{
	struct cgroup cg = group_here(true);
	uint64_t v[CGROUP_VALUE_COUNT];
	size_t i;

	(void)state;
	put("memory.current", ""); /* as of a group that is going */
	cgroup_read(&cg, v);
	for (i = 0; i < CGROUP_VALUE_COUNT; i++)
		assert_true(v[i] == UINT64_MAX);
	assert_true(cgroup_unreclaimable(v) == UINT64_MAX);
	cg.path[0] = '\0';
	put("memory.current", "1000\n");
	cgroup_read(&cg, v);
	assert_true(v[CGROUP_CURRENT] == UINT64_MAX);
	cgroup_destroy(&cg); /* of none: not the working folder's */
	assert_true(is_there("memory.current"));
}

/* --- limits --------------------------------------------------------------- */

/* Without swap, which would hide what a pod is killed for. */
static void limits_are_written_to_both_versions(void **state)
{
	struct cgroup cg = group_here(true);
	struct err err = {0};

	(void)state;
	put("memory.max", "");
	put("memory.swap.max", "");
	assert_int_equal(cgroup_limit(&cg, 12345678901, &err), 0);
	expect_file("memory.max", "12345678901");
	expect_file("memory.swap.max", "0");
	cg = group_here(false);
	put("memory.limit_in_bytes", "");
	assert_int_equal(cgroup_limit(&cg, 4096, &err), 0);
	expect_file("memory.limit_in_bytes", "4096");
	/* A kernel without swap has no such file; one with it has. */
	put("memory.memsw.limit_in_bytes", "");
	assert_int_equal(cgroup_limit(&cg, 8192, &err), 0);
	expect_file("memory.memsw.limit_in_bytes", "8192");
}

static void a_limit_that_is_refused_says_so(void **state)
{
	const struct cgroup cg = group_here(true);
	struct err err = {0};

	(void)state;
	assert_int_equal(cgroup_limit(&cg, 4096, &err), -ENOENT);
	assert_contains(err.msg, folder);
	assert_contains(err.msg, "4096 bytes");
}

/* --- /proc ---------------------------------------------------------------- */

static void need_proc(void)
{
	const char *why = no_mounts;

	if (!why)
		why = mountns_cover("/proc");
	is_covered = !why;
	if (!why)
		return;
	print_message("SKIP: %s\n", why);
	skip();
}

/* A cgroup2 with CONTROLLERS at our folder, and a group of ours in it. */
static void make_hierarchy(const char *controllers)
{
	char line[200];

	snprintf(line, sizeof(line),
		 "proc /proc proc rw 0 0\n\nshort\n"
		 "cgroup2 %s cgroup2 rw,nosuid 0 0\n",
		 folder);
	mountns_write("/proc/mounts", line);
	mountns_write("/proc/self/cgroup", "4:memory:/v1\n0::/a/b\n");
	put("cgroup.controllers", controllers);
	put("cgroup.subtree_control", "");
	put("a/b/cgroup.subtree_control", "");
}

/* In a made-up one no cgroup.procs appears, so that each attempt fails: in our
 * own group, then at the top. Nothing is left of them. */
static void a_group_is_tried_below_ours_and_at_the_top(void **state)
{
	struct cgroup cg;
	struct err err = {0};
	char words[100];

	(void)state;
	need_proc();
	make_hierarchy("cpu memory pids\n");
	assert_int_equal(cgroup_create(&cg, &err), -ENOENT);
	snprintf(words, sizeof(words), "'%s/l1vh-", folder);
	assert_contains(err.msg, words);
	assert_true(cg.is_v2);
	assert_string_equal(cg.path, "");
	assert_int_equal(cg.procs_fd, -1);
	expect_file("a/b/cgroup.subtree_control", "+memory");
	expect_file("cgroup.subtree_control", "+memory");
	snprintf(words, sizeof(words), "%s/a/b/cgroup.subtree_control", folder);
	assert_int_equal(unlink(words), 0);
	snprintf(words, sizeof(words), "%s/a/b", folder);
	assert_int_equal(rmdir(words), 0); /* it is empty */
}

static void hosts_without_a_controller_have_none(void **state)
{
	static const char *const mounts[] = {
		"",
		"cgroup %s cgroup rw,cpu,cpuacct 0 0\n",
		"cgroup %s cgroup rw,memory_of_others 0 0\n",
		"tmpfs %s tmpfs rw,memory 0 0\n",
	};
	char line[200];
	struct cgroup cg;
	struct err err;
	size_t i;

	(void)state;
	need_proc();
	make_hierarchy("cpu pids\n"); /* version 2 without memory */
	assert_int_equal(cgroup_create(&cg, &err), -EOPNOTSUPP);
	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		snprintf(line, sizeof(line), mounts[i], folder);
		mountns_write("/proc/mounts", line);
		assert_int_equal(cgroup_create(&cg, &err), -EOPNOTSUPP);
	}
	snprintf(line, sizeof(line), "cgroup %s cgroup rw,cpu,memory 0 0\n",
		 folder);
	mountns_write("/proc/mounts", line);
	assert_true(cgroup_create(&cg, &err) != -EOPNOTSUPP);
	assert_false(cg.is_v2);
}

static void leftovers_of_the_dead_go(void **state)
{
	char dead[64], ours[64], path[200];
	struct cgroup cg;
	struct err err;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	need_proc();
	make_hierarchy("memory\n");
	snprintf(dead, sizeof(dead), "l1vh-%d-3", (int)pid);
	snprintf(ours, sizeof(ours), "l1vh-%d-999", (int)getpid());
	snprintf(path, sizeof(path), "%s/%s", folder, dead);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s", folder, ours);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/l1vh-others", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	cgroup_create(&cg, &err);
	assert_false(is_there(dead));
	assert_true(is_there(ours));
	assert_true(is_there("l1vh-others"));
}

/* A process is in a group or below it; numbers may begin alike. */
static void a_process_is_in_its_group_alone(void **state)
{
	static const struct {
		const char *line;
		bool holds;
	} rows[] = {
		{"0::/pods/l1vh-7-1\n", true},
		{"4:memory:/l1vh-7-1\n3:cpu:/\n", true},
		{"0::/pods/l1vh-7-1/emulator\n", true},
		{"0::/pods/l1vh-7-12\n", false},
		{"0::/pods/l1vh-77-1\n", false},
		{"0::/\n", false},
		{"", false},
	};
	struct cgroup cg = {.path = "/sys/fs/cgroup/pods/l1vh-7-1",
			    .procs_fd = -1};
	size_t i;

	(void)state;
	need_proc();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		mountns_write("/proc/99/cgroup", rows[i].line);
		if (cgroup_holds(&cg, 99) != rows[i].holds)
			fail_msg("'%s'", rows[i].line);
	}
	assert_false(cgroup_holds(&cg, 98));
	cg.path[0] = '\0';
	assert_false(cgroup_holds(&cg, getpid()));
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HERE(version_2_is_read),
		HERE(version_1_is_read),
		HERE(what_is_not_there_has_no_value),
		HERE(limits_are_written_to_both_versions),
		HERE(a_limit_that_is_refused_says_so),
		HERE(a_group_is_tried_below_ours_and_at_the_top),
		HERE(hosts_without_a_controller_have_none),
		HERE(leftovers_of_the_dead_go),
		HERE(a_process_is_in_its_group_alone),
	};

	no_mounts = mountns_enter();
	return RUN_TESTS(tests);
}
