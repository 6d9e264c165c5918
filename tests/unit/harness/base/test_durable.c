// SPDX-License-Identifier: GPL-3.0-or-later
/* durable: what has a name after a power cut has its bytes too. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/durable.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/output.h"
#include "harness/base/strbuf.h"
#include "tests/unit/fixture/disk.h"
#include "tests/unit/fixture/scratch.h"
#include "tests/unit/fixture/vfs_fault.h"

struct fixture {
	char folder[SCRATCH_SIZE], part[48], path[48];
	struct disk *disk;
	struct disk_log log;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err;

	scratch_folder(f->folder, "durable");
	snprintf(f->part, sizeof(f->part), "%s/a.part", f->folder);
	snprintf(f->path, sizeof(f->path), "%s/a", f->folder);
	f->disk = disk_create();
	if (file_write(f->path, "old", 3, &err) ||
	    file_write(f->part, "newer", 5, &err))
		return -1;
	disk_adopt(f->disk, f->path);
	vfs_fault_start(f->disk, &f->log, NULL);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	vfs_fault_stop();
	disk_destroy(f->disk);
	disk_log_release(&f->log);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

/* After a power cut; "-": it is not there. */
static void expect_left(struct fixture *f, enum disk_cut cut, const char *path,
			const char *want)
{
	struct strbuf text = {0};

	disk_cut(f->disk, cut, 1);
	assert_string_equal(
		file_read(path, 100, &text) ? "-" : strbuf_str(&text), want);
	strbuf_release(&text);
}

static void a_renamed_file_is_whole(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	int cut;

	assert_int_equal(durable_rename(f->part, f->path, &err), 0);
	for (cut = 0; cut < DISK_CUT_COUNT; cut++) {
		expect_left(f, (enum disk_cut)cut, f->path, "newer");
		expect_left(f, (enum disk_cut)cut, f->part, "-");
	}
}

/* What rename() alone does, and with a sync of one of the two. */
static void a_rename_alone_is_not_enough(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(rename(f->part, f->path), 0);
	expect_left(f, DISK_NONE_LOST, f->path, "newer");
	expect_left(f, DISK_ALL_LOST, f->path, "old");
	assert_int_equal(durable_name(f->path, &err), 0);
	expect_left(f, DISK_ALL_LOST, f->path, "");
}

static bool is_synced(const struct fixture *f, const char *folder)
{
	size_t i;

	for (i = 0; i < f->log.count; i++)
		if (f->log.changes[i].kind == DISK_FOLDER_SYNCED &&
		    !strcmp(f->log.changes[i].path, folder))
			return true;
	return false;
}

static void a_path_is_synced_up_to_its_root(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	char path[64], folder[48];

	snprintf(folder, sizeof(folder), "%s/b", f->folder);
	snprintf(path, sizeof(path), "%s/c", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(durable_path(path, &err), 0);
	assert_true(is_synced(f, folder));
	assert_true(is_synced(f, f->folder));
	assert_true(is_synced(f, "/tmp"));
	assert_true(is_synced(f, "/"));
	/* Below the folder that a process is in, that is the end. */
	assert_int_equal(durable_path("here", &err), 0);
	assert_int_equal(durable_path("tests/x", &err), 0);
}

static void what_cannot_be_is_told(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(durable_rename("/nowhere/a", f->path, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "cannot open '/nowhere/a'"));
	assert_int_equal(durable_rename(f->part, "/nowhere/a", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "cannot create '/nowhere/a'"));
	assert_int_equal(durable_name("/nowhere/a", &err), -ENOENT);
}

/* --- calls that fail --------------------------------------------------------- */

static void expect_now(const char *path, const char *want)
{
	struct strbuf text = {0};

	assert_int_equal(file_read(path, 100, &text), 0);
	assert_string_equal(strbuf_str(&text), want);
	strbuf_release(&text);
}

/* The file is not synced: the old one stays. The folder is not: the new one is there,
 * and nobody is told that it stays. */
static void a_sync_that_fails_is_no_success(void **state)
{
	struct vfs_fault fault = {.calls = VFS_FSYNC, .at = 1};
	struct fixture *f = *state;
	struct err err = {0};

	vfs_fault_start(f->disk, &f->log, &fault);
	assert_int_equal(durable_rename(f->part, f->path, &err), -EIO);
	assert_non_null(strstr(err.msg, "cannot write '"));
	expect_now(f->path, "old");
	fault = (struct vfs_fault){.calls = VFS_FSYNC, .at = 2};
	assert_int_equal(durable_rename(f->part, f->path, &err), -EIO);
	assert_non_null(strstr(err.msg, f->folder));
	expect_now(f->path, "newer");
	fault = (struct vfs_fault){
		.calls = VFS_FSYNC, .at = 1, .is_full = true};
	assert_int_equal(durable_name(f->path, &err), -ENOSPC);
	/* Each folder on the way. */
	fault = (struct vfs_fault){.calls = VFS_FSYNC, .at = 3};
	assert_int_equal(durable_path(f->path, &err), -EIO);
	assert_int_equal(fault.count, 3);
}

static void a_rename_that_fails_is_no_success(void **state)
{
	struct vfs_fault fault = {.calls = VFS_NAME, .at = 1};
	struct fixture *f = *state;
	struct err err = {0};

	vfs_fault_start(f->disk, &f->log, &fault);
	assert_int_equal(durable_rename(f->part, f->path, &err), -EIO);
	assert_non_null(strstr(err.msg, "cannot create '"));
	expect_now(f->path, "old");
	expect_now(f->part, "newer");
}

static int count_files(const char *folder)
{
	DIR *d = opendir(folder);
	int count = 0;

	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

static int write_output(struct fixture *f, const char *text,
			struct vfs_fault *fault, struct err *err)
{
	struct output out;
	int ret;

	vfs_fault_start(f->disk, &f->log, fault);
	assert_int_equal(output_begin(&out, f->path, err), 0);
	ret = output_write(&out, text, strlen(text), err);
	return output_end(&out, ret, true, err);
}

/* output.h: what could not be written is dropped, and is an error. */
static void expect_dropped(struct fixture *f, struct vfs_fault fault, int code)
{
	int before = count_files(f->folder);
	struct err err = {0};

	assert_int_equal(write_output(f, "lost", &fault, &err), code);
	assert_non_null(strstr(err.msg, f->path));
	expect_now(f->path, "newest");
	assert_int_equal(count_files(f->folder), before);
}

static void an_output_that_fails_is_dropped(void **state)
{
	struct vfs_fault names = {.calls = VFS_NAME};
	struct vfs_fault folder = {.calls = VFS_FSYNC, .at = 2};
	struct fixture *f = *state;
	struct err err = {0};
	long i;

	/* The name that a new file gets, where it has none yet, and the one that
	 * it takes. */
	assert_int_equal(write_output(f, "newest", &names, &err), 0);
	assert_true(names.count >= 1);
	for (i = 1; i <= names.count; i++)
		expect_dropped(f,
			       (struct vfs_fault){.calls = VFS_NAME, .at = i},
			       -EIO);
	expect_dropped(f, (struct vfs_fault){.calls = VFS_FSYNC, .at = 1},
		       -EIO);
	expect_dropped(f,
		       (struct vfs_fault){
			       .calls = VFS_FSYNC, .at = 1, .is_full = true},
		       -ENOSPC);
	/* The folder's sync: it is there, and perhaps not for long. */
	assert_int_equal(write_output(f, "last", &folder, &err), -EIO);
	expect_now(f->path, "last");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_renamed_file_is_whole),
		TEST(a_rename_alone_is_not_enough),
		TEST(a_path_is_synced_up_to_its_root),
		TEST(what_cannot_be_is_told),
		TEST(a_sync_that_fails_is_no_success),
		TEST(a_rename_that_fails_is_no_success),
		TEST(an_output_that_fails_is_dropped),
	};

	return RUN_TESTS(tests);
}
