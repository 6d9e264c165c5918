// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * outbox and delivery: what is in the folder is delivered once, whoever left it
 * there and in whatever state.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/node/delivery.h"
#include "harness/fleet/node/outbox.h"
#include "harness/store/bundle.h"
#include "harness/store/run_data.h"
#include "harness/store/run_list.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"
#include "tests/unit/fixture/mountns.h"
#include "tests/unit/fixture/scratch.h"

/* A dashboard: takes bundles into a store, or has an answer for each. */
struct dashboard {
	char folder[SCRATCH_SIZE];
	struct store *store;
	int answers[8]; /* 0: takes it */
	int asked;
	char last_status[16];
	struct delivery delivery;
};

static int take(void *arg, const char *path, const struct run_line *run,
		struct err *err)
{
	struct dashboard *d = arg;
	int answer = d->asked < 8 ? d->answers[d->asked] : 0;
	int64_t run_id;
	bool is_new;

	d->asked++;
	snprintf(d->last_status, sizeof(d->last_status), "%s", run->status);
	if (answer)
		return err_set(err, answer, "answer %d", d->asked);
	return bundle_import(d->store, path, &run_id, &is_new, err);
}

static int set_up(void **state)
{
	struct dashboard *d = xcalloc(1, sizeof(*d));
	struct err err;
	char *db;

	scratch_folder(d->folder, "outbox");
	db = xasprintf("%s/dashboard/d.db", d->folder);
	assert_int_equal(store_open(db, &d->store, &err), 0);
	free(db);
	d->delivery = (struct delivery){take, d};
	unsetenv("SLURM_JOB_ID");
	setenv("L1VH_NODE", "n1", 1);
	setenv("L1VH_INDEX", "0", 1);
	setenv("L1VH_ATTEMPT", "a1", 1);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct dashboard *d = *state;

	store_close(d->store);
	scratch_remove(d->folder);
	free(d);
	unsetenv("L1VH_NODE");
	unsetenv("L1VH_INDEX");
	unsetenv("L1VH_ATTEMPT");
	return 0;
}

/* This attempt's place in the folder; each test closes it. */
static void open_box(const struct dashboard *d, struct outbox *o)
{
	char folder[SCRATCH_SIZE + 8];
	struct err err = {0};

	snprintf(folder, sizeof(folder), "%s/out", d->folder);
	if (outbox_open(o, folder, &err) || outbox_lock(o, 0, &err))
		fail_msg("%s", err.msg);
}

static struct store *add_run(const char *db, int64_t *run_id)
{
	struct store *store;
	struct err err = {0};

	if (store_open(db, &store, &err))
		fail_msg("%s", err.msg);
	*run_id = stored_run(store, "abc", "{\"host\": \"n1\"}");
	stored_boot(store, *run_id, 0, "native", "null", 7);
	return store;
}

static void leave_run(const char *db, const char *end)
{
	struct err err = {0};
	int64_t run_id;
	struct store *store = add_run(db, &run_id);

	assert_int_equal(store_run_end(store, run_id, end, &err), 0);
	store_close(store);
}

/* By a process that ends as SIGKILL ends one: the log stays beside the store. */
static void leave_killed_run(const char *db)
{
	char *log = xasprintf("%s-wal", db);
	int64_t run_id;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		add_run(db, &run_id);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(access(log, F_OK), 0);
	free(log);
}

static size_t runs_there(const struct dashboard *d)
{
	const struct run_filter all = {.id = 0};
	struct run_list list;
	struct err err = {0};
	size_t count;

	assert_int_equal(run_list_load(d->store, &all, &list, &err), 0);
	count = list.count;
	run_list_release(&list);
	return count;
}

static void what_was_measured_is_delivered_once(void **state)
{
	struct dashboard *d = *state;
	struct delivery_count count = {0};
	struct err err = {0};
	struct outbox o;
	char *state_file;

	open_box(d, &o);
	/* Before anything was measured there is nothing. */
	assert_int_equal(outbox_deliver_own(&o, &d->delivery, &count, &err), 0);
	leave_run(o.db, "complete");
	leave_run(o.db, "decided");
	assert_int_equal(outbox_deliver_own(&o, &d->delivery, &count, &err), 0);
	assert_int_equal(count.delivered, 2);
	assert_int_equal(count.left, 0);
	assert_string_equal(d->last_status, "decided");
	assert_int_equal(outbox_deliver_own(&o, &d->delivery, &count, &err), 0);
	assert_int_equal(d->asked, 2);
	assert_int_equal(runs_there(d), 2);
	/* Where the state is lost, the dashboard knows the runs. */
	state_file = xasprintf("%s/%s.delivered", o.folder, o.name);
	assert_int_equal(unlink(state_file), 0);
	assert_int_equal(outbox_deliver_own(&o, &d->delivery, &count, &err), 0);
	assert_int_equal(d->asked, 4);
	assert_int_equal(runs_there(d), 2);
	free(state_file);
	outbox_close(&o);
}

static void a_killed_run_is_ended_first(void **state)
{
	struct dashboard *d = *state;
	struct delivery_count count = {0};
	struct run_data run;
	struct err err = {0};
	struct outbox o;

	open_box(d, &o);
	leave_killed_run(o.db);
	assert_int_equal(outbox_deliver_own(&o, &d->delivery, &count, &err), 0);
	assert_string_equal(d->last_status, "failed");
	assert_int_equal(run_data_load(d->store, 1, &run, &err), 0);
	assert_string_equal(run.status, "failed");
	assert_int_equal(run.boot_count, 1);
	assert_true(run.ended_unix_ns > 0);
	run_data_release(&run);
	outbox_close(&o);
}

/* A rejected run does not hold up the next; an absent server holds up all. */
static void an_answer_has_its_meaning(void **state)
{
	static const struct {
		int answer;
		int asked;
		size_t delivered, left;
	} rows[] = {
		{-EPROTO, 2, 1, 1},
		{-EHOSTUNREACH, 1, 0, 2},
	};
	struct dashboard *d = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct delivery_count count = {0};
		struct err err = {0};
		struct outbox o;

		setenv("L1VH_ATTEMPT", i ? "b" : "a", 1);
		open_box(d, &o);
		leave_run(o.db, "complete");
		leave_run(o.db, "complete");
		d->asked = 0;
		d->answers[0] = rows[i].answer;
		assert_int_equal(
			outbox_deliver_own(&o, &d->delivery, &count, &err),
			rows[i].answer);
		assert_string_equal(err.msg, "answer 1");
		assert_int_equal(d->asked, rows[i].asked);
		assert_int_equal(count.delivered, rows[i].delivered);
		assert_int_equal(count.left, rows[i].left);
		/* Later it is as if nothing had been. */
		d->answers[0] = 0;
		count = (struct delivery_count){0};
		assert_int_equal(
			outbox_deliver_own(&o, &d->delivery, &count, &err), 0);
		assert_int_equal(count.delivered, rows[i].left);
		outbox_close(&o);
	}
	assert_int_equal(runs_there(d), 4);
}

/* Two pods of one index on one node are two attempts. */
static void attempts_do_not_meet(void **state)
{
	struct dashboard *d = *state;
	struct delivery_count count = {0};
	struct err err = {0};
	struct outbox one, other;

	open_box(d, &one);
	setenv("L1VH_ATTEMPT", "a2", 1);
	open_box(d, &other);
	assert_string_not_equal(one.db, other.db);
	leave_killed_run(one.db);
	leave_run(other.db, "complete");
	/* Of the one that lives nothing is touched. */
	assert_int_equal(
		outbox_deliver_others(&other, &d->delivery, &count, &err), 0);
	assert_int_equal(count.busy, 1);
	assert_int_equal(count.delivered, 0);
	outbox_close(&one);
	assert_int_equal(
		outbox_deliver_others(&other, &d->delivery, &count, &err), 0);
	assert_int_equal(count.delivered, 1);
	assert_string_equal(d->last_status, "failed");
	assert_int_equal(outbox_deliver_own(&other, &d->delivery, &count, &err),
			 0);
	assert_int_equal(runs_there(d), 2);
	outbox_close(&other);
}

static void others_are_left_where_nobody_takes_them(void **state)
{
	struct dashboard *d = *state;
	struct delivery_count count = {0};
	char path[SCRATCH_SIZE + 32];
	struct err err = {0};
	struct outbox o;
	int i;

	open_box(d, &o);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/out/%d.db", d->folder, i);
		leave_run(path, "complete");
	}
	d->answers[0] = -EHOSTUNREACH;
	assert_int_equal(outbox_deliver_others(&o, &d->delivery, &count, &err),
			 -EHOSTUNREACH);
	assert_int_equal(d->asked, 1);
	/* What is no store of ours is told, and holds up nobody. */
	snprintf(path, sizeof(path), "%s/out/0a.db", d->folder);
	assert_int_equal(file_write(path, "no store", 8, &err), 0);
	count = (struct delivery_count){0};
	assert_true(outbox_deliver_others(&o, &d->delivery, &count, &err) < 0);
	assert_contains(err.msg, "0a.db");
	assert_int_equal(count.delivered, 3);
	assert_int_equal(count.left, 1);
	outbox_close(&o);
}

static void a_lock_is_of_one_process(void **state)
{
	struct dashboard *d = *state;
	struct err err = {0};
	struct outbox one, other;
	char folder[SCRATCH_SIZE + 8];

	open_box(d, &one);
	snprintf(folder, sizeof(folder), "%s/out", d->folder);
	assert_int_equal(outbox_open(&other, folder, &err), 0);
	assert_int_equal(outbox_lock(&other, 1, &err), -EBUSY);
	assert_contains(err.msg, one.db);
	outbox_close(&one);
	assert_int_equal(outbox_lock(&other, 0, &err), 0);
	outbox_close(&other);
}

/* Whatever a node and an attempt are called, and however alike. */
static void names_are_files(void **state)
{
	static const char *const attempts[] = {
		"../../etc",
		"a/b",
		"a-b",
		"a b",
		"",
		"15/17.1",
		"0123456789012345678901234567890123456789012345678901234567891",
		"0123456789012345678901234567890123456789012345678901234567892",
	};
	struct dashboard *d = *state;
	char folder[SCRATCH_SIZE + 8];
	char *names[ARRAY_SIZE(attempts)];
	struct outbox o;
	struct err err;
	size_t i, j;

	snprintf(folder, sizeof(folder), "%s/out", d->folder);
	for (i = 0; i < ARRAY_SIZE(attempts); i++) {
		setenv("L1VH_ATTEMPT", attempts[i], 1);
		assert_int_equal(outbox_is_named(), *attempts[i] != '\0');
		assert_int_equal(outbox_open(&o, folder, &err), 0);
		names[i] = xstrdup(o.name);
		assert_null(strchr(names[i], '/'));
		assert_true(*names[i] != '.' && strlen(names[i]) < 200);
		for (j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
		outbox_close(&o);
	}
	for (i = 0; i < ARRAY_SIZE(attempts); i++)
		free(names[i]);
}

/* A volume that is full when the run was killed: nothing can be written to it,
 * neither a store's spare file nor a bundle. */
static void a_full_volume_is_emptied_all_the_same(void **state)
{
	struct dashboard *d = *state;
	struct delivery_count count = {0};
	char folder[SCRATCH_SIZE + 8], path[SCRATCH_SIZE + 32];
	char zeros[4096] = {0};
	struct err err = {0};
	const char *refusal;
	struct outbox o;
	int fd, ret;

	snprintf(folder, sizeof(folder), "%s/out", d->folder);
	assert_int_equal(file_mkdirs(folder, &err), 0);
	refusal = mountns_enter();
	if (!refusal && mount("tmpfs", folder, "tmpfs", 0, "size=8m"))
		refusal = strerror(errno);
	if (refusal) {
		print_message("skipped: no small disk: %s\n", refusal);
		skip();
	}
	open_box(d, &o);
	leave_killed_run(o.db);
	snprintf(path, sizeof(path), "%s/fill", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
	ret = outbox_deliver_own(&o, &d->delivery, &count, &err);
	if (ret)
		fail_msg("%s", err.msg);
	assert_int_equal(count.delivered, 1);
	assert_string_equal(d->last_status, "failed");
	assert_int_equal(runs_there(d), 1);
	outbox_close(&o);
	assert_int_equal(umount2(folder, MNT_DETACH), 0);
}

static int take_note(void *arg, const char *path, const struct run_line *run,
		     struct err *err)
{
	struct dashboard *d = arg;

	d->asked += !strcmp(run->status, "failed");
	return access(path, R_OK) ? err_set(err, -ENOENT, "no bundle") : 0;
}

/* The rescue of a privileged pod may read its files, and not write them. */
static void another_user_delivers_too(void **state)
{
	struct dashboard *d = *state;
	struct delivery_count count = {0};
	struct err err = {0};
	struct outbox o;
	int status;
	pid_t pid;

	if (geteuid()) {
		print_message("skipped: only root can become another user\n");
		skip();
	}
	open_box(d, &o);
	leave_killed_run(o.db);
	outbox_close(&o);
	d->delivery.send = take_note;
	/* As an emptyDir with fsGroup. */
	assert_int_equal(chmod(d->folder, 0711), 0);
	pid = fork();
	if (pid == 0) {
		if (setgid(65534) || setuid(65534))
			_exit(2);
		open_box(d, &o);
		if (outbox_deliver_own(&o, &d->delivery, &count, &err))
			fprintf(stderr, "%s\n", err.msg);
		_exit(count.delivered != 1 || d->asked != 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_measured_is_delivered_once),
		TEST(a_killed_run_is_ended_first),
		TEST(an_answer_has_its_meaning),
		TEST(attempts_do_not_meet),
		TEST(others_are_left_where_nobody_takes_them),
		TEST(a_lock_is_of_one_process),
		TEST(names_are_files),
		TEST(another_user_delivers_too),
		TEST(a_full_volume_is_emptied_all_the_same),
	};

	return RUN_TESTS(tests);
}
