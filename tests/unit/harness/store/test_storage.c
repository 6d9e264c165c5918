// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * store: the power fails, the process is killed and the disk fails, at each of the
 * calls of each of the operations that write. Afterwards the store opens and is
 * sound, it has all that its caller was told of, nothing twice and nothing in half;
 * and the operation, done again, succeeds and leaves what it would have left.
 *
 * With L1VH_STORAGE=all in the environment every call has its turn, with a number one
 * of so many; without it one of STRIDE. If it is not every call, each operation has
 * a third of the kinds of failures; but of our own calls, which are few, every one fails.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/disk.h"
#include "tests/unit/fixture/harness/store_ops.h"
#include "tests/unit/fixture/scratch.h"
#include "tests/unit/fixture/vfs_fault.h"

#define STRIDE 61
#define KINDS 3
/* Few, and all tried. */
#define OUR_CALLS ((unsigned int)(VFS_FSYNC | VFS_NAME))
#define MAX_STEPS 8
#define MAX_SHOWN 12

struct rig {
	struct store_world w;
	const struct store_op *op;
	struct disk *initial;          /* before the operation */
	struct disk_log log;           /* what the operation did */
	struct strbuf notes;           /* of what was delivered */
	struct strbuf want[MAX_STEPS]; /* what is there after each step */
	size_t step_count;             /* WANT has one more */
	size_t told;
	bool is_recording;
	struct disk *live;      /* borrowed; NULL: nobody asks for the next: */
	struct disk *when_told; /* as LIVE was after the last step */
	long stride;
};

static long tried, survived;

/* --- what has to be there -------------------------------------------------- */

/* Of a store that may be absent before the operation. */
static bool dump_one(const char *db, struct strbuf *out, struct err *err)
{
	struct strbuf one = {0};
	struct store *store;
	bool is_sound;

	if (store_open(db, &store, err))
		return false;
	is_sound = store_dump(store, &one);
	store_close(store);
	if (!is_sound)
		err_set(err, -EIO, "%.200s", strbuf_str(&one));
	strbuf_puts(out, strbuf_str(&one));
	strbuf_release(&one);
	return is_sound;
}

static void dump_file(const char *path, struct strbuf *out)
{
	struct strbuf text = {0};
	uint32_t sum = 0;
	size_t i;

	if (file_read(path, 1 << 20, &text))
		return;
	for (i = 0; i < text.len; i++)
		sum = sum * 31 + (unsigned char)text.str[i];
	strbuf_printf(out, "-- a file: %zu bytes, %u\n", text.len, sum);
	strbuf_release(&text);
}

static bool dump_all(const struct store_world *w, struct strbuf *out,
		     struct err *err)
{
	strbuf_release(out);
	if (!dump_one(w->db, out, err))
		return false;
	dump_file(w->exported, out);
	return (access(w->out_db, F_OK) || dump_one(w->out_db, out, err)) &&
	       (access(w->copy, F_OK) || dump_one(w->copy, out, err));
}

static void told(struct store_world *w, struct store *store)
{
	struct rig *r = w->arg;

	(void)store;
	r->told++;
	if (r->live) {
		disk_destroy(r->when_told);
		r->when_told = disk_clone(r->live);
	}
	if (r->is_recording)
		disk_log_add(&r->log, &(struct disk_change){.kind = DISK_MARK});
}

static size_t lines_of(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* What is there is what was there after TOLD steps, or after the next one. */
static bool has_state(struct rig *r, const struct strbuf *got, size_t step,
		      struct err *err)
{
	size_t i;

	for (i = step; i <= r->step_count && i <= step + 1; i++)
		if (!strcmp(strbuf_str(got), strbuf_str(&r->want[i])))
			return true;
	err_set(err, -EIO,
		"after %zu of %zu steps there are %zu rows, and not %zu", step,
		r->step_count, lines_of(strbuf_str(got)),
		lines_of(strbuf_str(&r->want[step])));
	if (getenv("L1VH_STORAGE_SHOW"))
		print_message("--- want\n%s--- got\n%s",
			      strbuf_str(&r->want[step]), strbuf_str(got));
	return false;
}

static bool is_right(struct rig *r, size_t step, struct err *err)
{
	struct strbuf got = {0};
	bool is = dump_all(&r->w, &got, err) && has_state(r, &got, step, err);

	strbuf_release(&got);
	return is;
}

/* At least what the whole operation leaves. */
static bool has_rows(struct rig *r, struct err *err)
{
	struct strbuf got = {0};
	bool is = dump_all(&r->w, &got, err);

	if (is && lines_of(strbuf_str(&got)) <
			  lines_of(strbuf_str(&r->want[r->step_count])))
		is = !err_set(err, -EIO, "there are only %zu rows",
			      lines_of(strbuf_str(&got)));
	strbuf_release(&got);
	return is;
}

/* Done once more, all of it is there; that is all, but for what adds anew. */
static bool is_done_again(struct rig *r, struct err *err)
{
	struct strbuf before = {0}, after = {0};
	size_t rows = lines_of(strbuf_str(&r->want[r->step_count])) -
		      lines_of(strbuf_str(&r->want[0]));
	bool is = !r->op->adds_anew || dump_all(&r->w, &before, err);

	r->told = 0;
	if (is && r->op->run(&r->w, err))
		is = false;
	is = is && dump_all(&r->w, &after, err);
	if (is && !r->op->adds_anew)
		is = has_state(r, &after, r->step_count, err);
	else if (is &&
		 lines_of(strbuf_str(&after)) - lines_of(strbuf_str(&before)) <
			 rows - 1) /* an identity is shared */
		is = !err_set(err, -EIO, "done again it adds too little");
	strbuf_release(&before);
	strbuf_release(&after);
	return is;
}

static bool survives(struct rig *r, const char *what, long n, bool is,
		     const struct err *err)
{
	tried++;
	survived += is;
	if (!is && tried - survived <= MAX_SHOWN)
		print_message("%s, %s at %ld: %s\n", r->op->name, what, n,
			      err->msg);
	return is;
}

/* --- a rig ----------------------------------------------------------------- */

static struct disk *adopt_all(const struct store_world *w)
{
	struct disk *d = disk_create();

	disk_adopt(d, w->db);
	disk_adopt(d, w->out_db);
	return d;
}

static void start_over(struct rig *r)
{
	store_world_wipe(&r->w);
	disk_restore(r->initial);
	r->told = 0;
}

static void want_state(struct rig *r, const struct disk *at)
{
	struct err err = {0};

	assert_true(r->step_count < MAX_STEPS);
	store_world_wipe(&r->w);
	disk_cut(at, DISK_NONE_LOST, 0);
	if (!dump_all(&r->w, &r->want[r->step_count], &err))
		fail_msg("%s: %s", r->op->name, err.msg);
}

static void record(struct rig *r)
{
	struct disk *d = disk_clone(r->initial), *at = disk_clone(r->initial);
	struct err err = {0};
	size_t i;

	r->is_recording = true;
	vfs_fault_start(d, &r->log, NULL);
	if (r->op->run(&r->w, &err))
		fail_msg("%s: %s", r->op->name, err.msg);
	r->is_recording = false;
	vfs_fault_start(NULL, NULL, NULL);
	want_state(r, at);
	for (i = 0; i < r->log.count; i++) {
		disk_change(at, &r->log.changes[i]);
		if (r->log.changes[i].kind == DISK_MARK) {
			r->step_count++;
			want_state(r, at);
		}
	}
	disk_destroy(at);
	disk_destroy(d);
}

static long stride_of(void)
{
	const char *one_of = getenv("L1VH_STORAGE");
	long count = one_of ? strtol(one_of, NULL, 10) : STRIDE;

	return count > 0 ? count : 1;
}

static void rig_open(struct rig *r, const struct store_op *op)
{
	*r = (struct rig){.op = op, .stride = stride_of()};
	scratch_folder(r->w.folder, "storage");
	store_world_init(&r->w);
	r->w.told = told;
	r->w.arg = r;
	vfs_fault_start(NULL, NULL, NULL);
	op->prepare(&r->w);
	r->initial = adopt_all(&r->w);
	record(r);
}

static void rig_close(struct rig *r)
{
	size_t i;

	vfs_fault_stop();
	disk_destroy(r->initial);
	disk_log_release(&r->log);
	for (i = 0; i < MAX_STEPS; i++)
		strbuf_release(&r->want[i]);
	store_world_release(&r->w);
}

/* --- the power fails ------------------------------------------------------- */

/* The memory that connections shared is never read again. */
static void leave_shm(const struct rig *r)
{
	unsigned char bytes[4096];
	char path[128];
	struct err err;

	memset(bytes, 0xa5, sizeof(bytes));
	snprintf(path, sizeof(path), "%s-shm", r->w.db);
	assert_int_equal(file_write(path, bytes, sizeof(bytes), &err), 0);
}

static void cut_power(struct rig *r, const struct disk *d, size_t step, long n)
{
	static const char *const names[DISK_CUT_COUNT] = {
		"power cut, all lost",    "power cut, none lost",
		"power cut, every other", "power cut, torn",
		"power cut, random",      "power cut, garbage",
	};
	int cut;

	for (cut = 0; cut < DISK_CUT_COUNT; cut++) {
		struct err err = {0};
		bool is;

		if (cut != DISK_NONE_LOST && !disk_is_unsettled(d))
			continue;
		store_world_wipe(&r->w);
		disk_cut(d, (enum disk_cut)cut, (uint64_t)n);
		if (cut == DISK_GARBAGE)
			leave_shm(r);
		is = is_right(r, step, &err) && is_done_again(r, &err);
		survives(r, names[cut], n, is, &err);
	}
}

/* The whole operation on the disk D, as it is; the power fails when the last step was
 * told, and not only when all was closed. */
static bool is_done_then_cut(struct rig *r, struct disk *d, struct err *err)
{
	bool is;

	vfs_fault_start(d, NULL, NULL);
	r->told = 0;
	r->live = d;
	is = !r->op->run(&r->w, err);
	r->live = NULL;
	vfs_fault_start(NULL, NULL, NULL);
	store_world_wipe(&r->w);
	/* Of what was done before, a push has nothing to tell. */
	disk_cut(r->when_told ? r->when_told : d, DISK_ALL_LOST, 0);
	disk_destroy(r->when_told);
	r->when_told = NULL;
	if (!is)
		return false;
	return r->op->adds_anew ? has_rows(r, err)
				: is_right(r, r->step_count, err);
}

/* The process is killed; another one does it again, and then the power fails: what
 * the second was told survives, though the first wrote it. */
static void kill_then_cut(struct rig *r, const struct disk *at, long n)
{
	struct disk *d = disk_clone(at);
	struct err err = {0};
	bool is;

	if (!disk_is_unsettled(d)) {
		disk_destroy(d);
		return;
	}
	store_world_wipe(&r->w);
	disk_cut(d, DISK_NONE_LOST, 0);
	is = is_done_then_cut(r, d, &err);
	survives(r, "killed, done again, power cut", n, is, &err);
	disk_destroy(d);
}

static void every_power_cut(struct rig *r)
{
	struct disk *d = disk_clone(r->initial);
	size_t i, step = 0;

	for (i = 0; i <= r->log.count; i++) {
		if (!((long)i % r->stride)) {
			cut_power(r, d, step, (long)i);
			kill_then_cut(r, d, (long)i);
		}
		if (i == r->log.count)
			break;
		step += r->log.changes[i].kind == DISK_MARK;
		disk_change(d, &r->log.changes[i]);
	}
	disk_destroy(d);
}

/* --- the disk fails -------------------------------------------------------- */

static const struct {
	const char *name;
	struct vfs_fault fault;
} faults[] = {
	{"a read fails", {.calls = VFS_READ}},
	{"a write fails", {.calls = VFS_WRITE}},
	{"a write is torn", {.calls = VFS_WRITE, .is_torn = true}},
	{"a sync fails", {.calls = VFS_SYNC}},
	{"a sync of our own fails", {.calls = VFS_FSYNC}},
	{"no room for a sync of our own",
	 {.calls = VFS_FSYNC, .is_full = true, .is_lasting = true}},
	{"a file gets no name", {.calls = VFS_NAME}},
	{"no file gets a name", {.calls = VFS_NAME, .is_lasting = true}},
	{"a truncation fails", {.calls = VFS_TRUNCATE}},
	{"a removal fails", {.calls = VFS_DELETE}},
	{"an open fails", {.calls = VFS_OPEN}},
	{"a look for a file fails", {.calls = VFS_ACCESS}},
	{"a look at a size fails", {.calls = VFS_SIZE}},
	{"a lock fails", {.calls = VFS_LOCK}},
	{"shared memory fails", {.calls = VFS_SHM_MAP}},
	{"no room for a write", {.calls = VFS_WRITE, .is_full = true}},
	{"no room any more",
	 {.calls = VFS_WRITE,
	  .is_full = true,
	  .is_torn = true,
	  .is_lasting = true}},
	{"the disk is gone",
	 {.calls = VFS_WRITE | VFS_SYNC | VFS_TRUNCATE | VFS_FSYNC | VFS_NAME,
	  .is_lasting = true}},
};

/* After what went wrong in D: it is told, what was done is there, and the rest can
 * be done in the same process. */
static bool gets_over(struct rig *r, struct disk *d, int ret, struct err *err)
{
	struct disk *lost = disk_clone(d);
	size_t step = r->told;
	bool is;

	if (ret && (!*err->msg || err->code != ret))
		return !err_wrap(err, "failed with %d, and says", ret);
	if (!ret && step != r->step_count)
		return !err_set(err, -EIO, "done, but only %zu steps", step);
	/* In the same process and on the same disk. */
	is = is_done_then_cut(r, d, err);
	/* Or the power fails. */
	store_world_wipe(&r->w);
	disk_cut(lost, DISK_ALL_LOST, 0);
	is = is && is_right(r, step, err);
	disk_destroy(lost);
	return is;
}

static bool fail_once(struct rig *r, size_t which, long n)
{
	struct vfs_fault fault = faults[which].fault;
	struct disk *d = disk_clone(r->initial);
	struct err err = {0};
	int ret;
	bool is;

	start_over(r);
	fault.at = n;
	vfs_fault_start(d, NULL, &fault);
	ret = r->op->run(&r->w, &err);
	vfs_fault_start(NULL, NULL, NULL);
	if (fault.count >= n) {
		is = gets_over(r, d, ret, &err);
		survives(r, faults[which].name, n, is, &err);
	}
	disk_destroy(d);
	return fault.count >= n;
}

static void every_failure(struct rig *r)
{
	size_t i;
	long n;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		bool is_ours = !(faults[i].fault.calls & ~OUR_CALLS);

		if (!is_ours && r->stride > 1 && (i + r->log.count) % KINDS)
			continue;
		n = 1;
		while (fail_once(r, i, n))
			n += is_ours ? 1 : r->stride;
	}
}

static void nothing_is_lost(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < STORE_OP_COUNT; i++) {
		long tried_before = tried, survived_before = survived;
		struct rig r;

		rig_open(&r, &store_ops[i]);
		every_power_cut(&r);
		every_failure(&r);
		print_message("%s: %zu changes of files, %zu steps: %ld tried,"
			      " %ld survived\n",
			      r.op->name, r.log.count, r.step_count,
			      tried - tried_before, survived - survived_before);
		rig_close(&r);
	}
	print_message("# faults: storage: %ld tried, %ld survived\n", tried,
		      survived);
	assert_true(tried > 50);
	assert_int_equal(tried, survived);
}

/* Its name is on the disk with the first commit, though who made it never syncs. */
static void a_log_that_a_reader_made_is_kept(void **state)
{
	struct store_world w = {.told = NULL};
	struct store *reader = NULL, *writer = NULL;
	struct strbuf want = {0}, got = {0};
	struct err err = {0};
	struct disk *d;

	(void)state;
	scratch_folder(w.folder, "log");
	store_world_init(&w);
	vfs_fault_start(NULL, NULL, NULL);
	store_ops[STORE_OP_PRUNE].prepare(&w);
	d = adopt_all(&w);
	vfs_fault_start(d, NULL, NULL);
	assert_int_equal(store_open_readonly(w.db, &reader, &err), 0);
	assert_int_equal(store_open(w.db, &writer, &err), 0);
	assert_int_equal(store_run_end(writer, 2, "stopped", &err), 0);
	assert_true(store_dump(writer, &want));
	vfs_fault_start(NULL, NULL, NULL);
	store_close(writer);
	store_close(reader);
	store_world_wipe(&w);
	disk_cut(d, DISK_ALL_LOST, 0);
	assert_true(dump_one(w.db, &got, &err));
	assert_string_equal(strbuf_str(&got), strbuf_str(&want));
	vfs_fault_stop();
	strbuf_release(&got);
	strbuf_release(&want);
	disk_destroy(d);
	store_world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_that_a_reader_made_is_kept),
		cmocka_unit_test(nothing_is_lost),
	};

	return RUN_TESTS(tests);
}
