// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The rings of a disk: what a thread that its guest rules could still do with
 * one, what is recorded where the kernel refuses a part, and that they are made
 * before the VMM gives its rights up.
 */
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runners/vmm/sandbox/sandbox.h"
#include "runners/vmm/virtio/blk_priv.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"
#include "tests/unit/fixture/vdriver.h"

#define DISK_BYTES (64 * KIB)
#define BLOCK 4096u
#define PATTERN 0x5a
#define S_NONE 0x7f
#define NEW_HINTS                                                 \
	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | \
	 IORING_SETUP_TASKRUN_FLAG)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool is_sanitized = true; /* it makes calls of its own */
#else
static const bool is_sanitized = false;
#endif

static unsigned int tried, refused;

/* --- a kernel that refuses ------------------------------------------------ */

enum { SETUP, FILES, BUFFERS, RESTRICTIONS, ENABLE, CALL_COUNT, NONE = -1 };

static struct {
	unsigned int unknown_flags; /* of a ring: -EINVAL */
	int call, nth, error;       /* the NTH of CALL from 1; 0: each */
	int any_nth;                /* of all calls together, from 1 */
	int counts[CALL_COUNT], all;
	bool can_register_buffers; /* the real kernel did */
	bool has_failed;
} kernel;

static void kernel_reset(void)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.call = NONE;
}

static int refusal(int call)
{
	bool fails = ++kernel.all == kernel.any_nth;

	kernel.counts[call]++;
	if (kernel.call == call &&
	    (!kernel.nth || kernel.nth == kernel.counts[call]))
		fails = true;
	kernel.has_failed |= fails;
	return fails ? kernel.error : 0;
}

int __real_io_uring_queue_init_params(unsigned int entries,
				      struct io_uring *ring,
				      struct io_uring_params *p);
int __wrap_io_uring_queue_init_params(unsigned int entries,
				      struct io_uring *ring,
				      struct io_uring_params *p);
int __wrap_io_uring_queue_init_params(unsigned int entries,
				      struct io_uring *ring,
				      struct io_uring_params *p)
{
	int ret = refusal(SETUP);

	if (p->flags & kernel.unknown_flags)
		return -EINVAL;
	return ret ? ret : __real_io_uring_queue_init_params(entries, ring, p);
}

int __real_io_uring_register_files(struct io_uring *ring, const int *files,
				   unsigned int count);
int __wrap_io_uring_register_files(struct io_uring *ring, const int *files,
				   unsigned int count);
int __wrap_io_uring_register_files(struct io_uring *ring, const int *files,
				   unsigned int count)
{
	int ret = refusal(FILES);

	return ret ? ret : __real_io_uring_register_files(ring, files, count);
}

int __real_io_uring_register_buffers(struct io_uring *ring,
				     const struct iovec *list,
				     unsigned int count);
int __wrap_io_uring_register_buffers(struct io_uring *ring,
				     const struct iovec *list,
				     unsigned int count);
int __wrap_io_uring_register_buffers(struct io_uring *ring,
				     const struct iovec *list,
				     unsigned int count)
{
	int ret = refusal(BUFFERS);

	if (ret)
		return ret;
	ret = __real_io_uring_register_buffers(ring, list, count);
	kernel.can_register_buffers = !ret;
	return ret;
}

int __real_io_uring_register_restrictions(struct io_uring *ring,
					  struct io_uring_restriction *list,
					  unsigned int count);
int __wrap_io_uring_register_restrictions(struct io_uring *ring,
					  struct io_uring_restriction *list,
					  unsigned int count);
int __wrap_io_uring_register_restrictions(struct io_uring *ring,
					  struct io_uring_restriction *list,
					  unsigned int count)
{
	int ret = refusal(RESTRICTIONS);

	return ret ? ret
		   : __real_io_uring_register_restrictions(ring, list, count);
}

int __real_io_uring_enable_rings(struct io_uring *ring);
int __wrap_io_uring_enable_rings(struct io_uring *ring);
int __wrap_io_uring_enable_rings(struct io_uring *ring)
{
	int ret = refusal(ENABLE);

	return ret ? ret : __real_io_uring_enable_rings(ring);
}

/* --- a disk ----------------------------------------------------------------- */

struct bench {
	struct vdriver d;
	struct blk *blk;
	struct blk_config cfg;
	char path[SCRATCH_SIZE];
};

static int setup(void **state)
{
	static uint8_t bytes[DISK_BYTES];
	struct bench *b = calloc(1, sizeof(*b));
	struct err err = {0};

	kernel_reset();
	memset(bytes, PATTERN, sizeof(bytes));
	scratch_file(b->path, bytes, sizeof(bytes));
	b->cfg = (struct blk_config){.disk.path = b->path,
				     .disk.is_buffered = true,
				     .queue_count = 1};
	*state = b;
	return vdriver_init(&b->d, &err);
}

static void disk_remove(struct bench *b)
{
	vdriver_detach(&b->d);
	blk_destroy(b->blk);
	b->blk = NULL;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	disk_remove(b);
	vdriver_release(&b->d);
	unlink(b->path);
	free(b);
	return 0;
}

static void disk_add(struct bench *b)
{
	struct err err = {0};

	if (blk_create(&b->cfg, &b->d.mem, &b->blk, &err))
		fail_msg("%s", err.msg);
	b->blk->disk.is_memory = false; /* wherever /tmp is */
	assert_int_equal(vdriver_attach(&b->d, blk_dev(b->blk)), 0);
}

/* Whether a block comes from the file. */
static bool reads(struct bench *b)
{
	uint64_t head = vdriver_alloc(&b->d, 16, 16);
	uint64_t data = vdriver_alloc(&b->d, BLOCK, BLOCK);
	uint64_t status = vdriver_alloc(&b->d, 1, 1);
	const struct vseg segs[] = {
		{head, 16, false}, {data, BLOCK, true}, {status, 1, true}};
	const uint8_t *bytes = vdriver_ptr(&b->d, data);

	memset(vdriver_ptr(&b->d, head), 0, 16); /* IN, sector 0 */
	*(uint8_t *)vdriver_ptr(&b->d, status) = S_NONE;
	if (vqueue_add(&b->d.queues[0], segs, 3) < 0)
		return false;
	vqueue_kick(&b->d, &b->d.queues[0]);
	return vqueue_wait(&b->d, &b->d.queues[0], NULL) >= 0 &&
	       !*(uint8_t *)vdriver_ptr(&b->d, status) && bytes[0] == PATTERN &&
	       bytes[BLOCK - 1] == PATTERN;
}

static bool starts(struct bench *b)
{
	return !vdriver_start(&b->d, UINT64_MAX, (uint16_t)b->cfg.queue_count,
			      16) &&
	       !vdriver_needs_reset(&b->d);
}

static const char *engine(const struct bench *b)
{
	static char text[BLK_ENGINE_TEXT_BYTES];
	bool is_whole = blk_engine_text(b->blk, text, sizeof(text));

	assert_int_equal(is_whole, !strstr(text, "not:"));
	return text;
}

/* --- what its ring cannot do ------------------------------------------------ */

static const uint8_t own[] = {
	IORING_OP_READ,   IORING_OP_WRITE,      IORING_OP_READV,
	IORING_OP_WRITEV, IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED,
	IORING_OP_FSYNC,  IORING_OP_FALLOCATE,
};

static bool is_own(unsigned int op)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own); i++)
		if (own[i] == op)
			return true;
	return false;
}

static int last_op(void)
{
	struct io_uring_probe *probe = io_uring_get_probe();
	int last;

	assert_non_null(probe);
	last = probe->last_op;
	io_uring_free_probe(probe);
	return last;
}

/* The result of one operation, on FD or on the place of that number. */
static int do_op(struct blk_worker *w, unsigned int op, unsigned int flags,
		 int fd, void *arg, unsigned int len)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&w->ring);
	struct io_uring_cqe *cqe;
	int ret;

	if (!sqe)
		return -ENOBUFS;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = (uint8_t)op;
	sqe->flags = (uint8_t)flags;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)arg;
	sqe->len = len;
	assert_true(io_uring_submit_and_wait(&w->ring, 1) >= 0);
	assert_int_equal(io_uring_wait_cqe(&w->ring, &cqe), 0);
	ret = cqe->res;
	io_uring_cqe_seen(&w->ring, cqe);
	return ret;
}

static void must_be_forbidden(int ret, const char *what, unsigned int number)
{
	tried++;
	if (ret != -EACCES)
		fail_msg("%s %u: %d", what, number, ret);
	refused++;
}

/* The ring as its thread has it. */
static struct blk_worker *ring_of(struct bench *b)
{
	disk_add(b);
	if (b->blk->lacks[BLK_WISH_RESTRICTED]) {
		printf("SKIP: this kernel restricts no ring: %s\n", engine(b));
		skip();
	}
	assert_int_equal(blk_ring_enable(&b->blk->workers[0]), 0);
	return &b->blk->workers[0];
}

static void every_operation_but_its_own_is_forbidden(void **state)
{
	struct blk_worker *w = ring_of(*state);
	int op, last = last_op();
	char path[] = "/etc/passwd";

	assert_true(last > IORING_OP_FALLOCATE);
	for (op = 0; op <= last; op++) {
		if (is_own((unsigned int)op))
			continue;
		must_be_forbidden(do_op(w, (unsigned int)op, IOSQE_FIXED_FILE,
					BLK_FILE_DISK, path, 0),
				  "operation", (unsigned int)op);
		must_be_forbidden(
			do_op(w, (unsigned int)op, 0, AT_FDCWD, path, 0),
			"operation on a descriptor", (unsigned int)op);
	}
	/* Behind the last there is none. */
	assert_int_equal(
		do_op(w, (unsigned int)last + 1, IOSQE_FIXED_FILE, 0, path, 0),
		-EINVAL);
}

static void no_descriptor_of_the_process_is_reached(void **state)
{
	struct bench *b = *state;
	struct blk_worker *w = ring_of(b);
	uint8_t bytes[BLOCK] = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own); i++) {
		must_be_forbidden(
			do_op(w, own[i], 0, b->blk->disk.fd, bytes, 1),
			"operation on a descriptor", own[i]);
		must_be_forbidden(do_op(w, own[i],
					IOSQE_FIXED_FILE | IOSQE_IO_LINK,
					BLK_FILE_DISK, bytes, 1),
				  "linked operation", own[i]);
		must_be_forbidden(do_op(w, own[i],
					IOSQE_FIXED_FILE | IOSQE_ASYNC,
					BLK_FILE_DISK, bytes, 1),
				  "operation by a kernel thread", own[i]);
	}
	/* Its places are the disk, the orders and each queue. */
	assert_int_equal(do_op(w, IORING_OP_READ, IOSQE_FIXED_FILE,
			       BLK_FILE_QUEUE + 1, bytes, 1),
			 -EBADF);
	assert_int_equal(do_op(w, IORING_OP_READ, IOSQE_FIXED_FILE,
			       BLK_FILE_DISK, bytes, BLOCK),
			 BLOCK);
	assert_int_equal(bytes[BLOCK - 1], PATTERN);
}

static int do_register(const struct blk_worker *w, unsigned int op, void *arg,
		       unsigned int count)
{
	return syscall(SYS_io_uring_register, w->ring.ring_fd, op, arg, count)
		       ? -errno
		       : 0;
}

static void nothing_can_be_registered_any_more(void **state)
{
	struct blk_worker *w = ring_of(*state);
	uint8_t arg[256] = {0};
	unsigned int op;

	for (op = 0; op < IORING_REGISTER_LAST; op++)
		if (op != IORING_REGISTER_ENABLE_RINGS)
			must_be_forbidden(do_register(w, op, arg, 1),
					  "registration", op);
	/* Was done, and cannot be undone. */
	assert_int_equal(do_register(w, IORING_REGISTER_ENABLE_RINGS, NULL, 0),
			 -EBADFD);
}

/* --- what a host refuses ---------------------------------------------------- */

static void an_older_kernel_is_recorded(void **state)
{
	static const struct {
		unsigned int unknown_flags;
		int call, error;
		bool wants_sqpoll;
		const char *engine;
	} cases[] = {
		{0, NONE, 0, false, "io_uring, restricted"},
		{NEW_HINTS, NONE, 0, false,
		 "io_uring, restricted; not: cooperative task work (Invalid argument)"},
		{NEW_HINTS | IORING_SETUP_R_DISABLED, NONE, 0, false,
		 "io_uring; not: cooperative task work (Invalid argument), "
		 "restricted (Invalid argument)"},
		{0, RESTRICTIONS, -EINVAL, false,
		 "io_uring; not: restricted (Invalid argument)"},
		{0, NONE, 0, true, "io_uring, sqpoll, restricted"},
		{IORING_SETUP_R_DISABLED, NONE, 0, true,
		 "io_uring, sqpoll; not: restricted (Invalid argument)"},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel_reset();
		kernel.unknown_flags = cases[i].unknown_flags;
		kernel.call = cases[i].call;
		kernel.error = cases[i].error;
		b->cfg.wants_sqpoll = cases[i].wants_sqpoll;
		disk_add(b);
		assert_true(starts(b) && reads(b));
		assert_string_equal(engine(b), cases[i].engine);
		disk_remove(b);
	}
}

static void a_null_disk_says_so(void **state)
{
	struct bench *b = *state;

	b->cfg.disk.path = "null:1M";
	disk_add(b);
	assert_true(starts(b));
	assert_string_equal(engine(b),
			    "null, doorbells by io_uring, restricted");
	disk_remove(b);
	b->cfg.wants_fixed = true;
	disk_add(b);
	assert_string_equal(engine(b),
			    "null, doorbells by io_uring, restricted; "
			    "not: fixed buffers (Operation not supported)");
}

static void fixed_buffers_are_had_or_recorded(void **state)
{
	struct bench *b = *state;

	b->cfg.wants_fixed = true;
	disk_add(b);
	assert_true(starts(b) && reads(b));
	if (kernel.can_register_buffers)
		assert_string_equal(engine(b),
				    "io_uring, fixed buffers, restricted");
	else
		assert_contains(engine(b), "not: fixed buffers (");
	disk_remove(b);
	/* What one thread's ring lacks no other uses. */
	b->cfg.queue_count = 2;
	b->cfg.has_thread_per_queue = true;
	kernel_reset();
	kernel.call = BUFFERS;
	kernel.nth = 2;
	kernel.error = -ENOMEM;
	disk_add(b);
	assert_true(starts(b) && reads(b));
	assert_contains(engine(b),
			"io_uring, restricted; not: fixed buffers (");
	assert_int_equal(b->blk->workers[0].fixed_count, 0);
	assert_int_equal(b->blk->workers[1].fixed_count, 0);
}

static void without_io_uring_there_is_no_disk(void **state)
{
	struct bench *b = *state;
	struct err err = {0};

	kernel.call = SETUP;
	kernel.error = -EPERM;
	assert_int_equal(blk_create(&b->cfg, &b->d.mem, &b->blk, &err), -EPERM);
	assert_string_equal(err.msg, "disks need io_uring, which this host "
				     "refuses: Operation not permitted");
	assert_null(b->blk);
	b->cfg.wants_sqpoll = true; /* asks when it starts its threads */
	assert_int_equal(blk_create(&b->cfg, &b->d.mem, &b->blk, &err), 0);
	assert_int_equal(blk_threads_start(b->blk, &err), -EPERM);
	kernel_reset();
	assert_int_equal(blk_threads_start(b->blk, &err), 0);
}

static size_t open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Each ends in a disk that works, or in an error that says why. */
static void each_call_may_fail(void **state)
{
	struct bench *b = *state;
	size_t before = open_files();
	struct err err = {0};
	int n = 0;

	b->cfg.queue_count = 2;
	b->cfg.has_thread_per_queue = true;
	b->cfg.wants_fixed = true;
	do {
		kernel_reset();
		kernel.any_nth = ++n;
		kernel.error = -ENOMEM;
		if (blk_create(&b->cfg, &b->d.mem, &b->blk, &err)) {
			assert_contains(err.msg, "Cannot allocate memory");
		} else if (blk_threads_start(b->blk, &err)) {
			assert_contains(err.msg,
					"cannot start a disk's thread");
		} else {
			assert_int_equal(vdriver_attach(&b->d, blk_dev(b->blk)),
					 0);
			assert_true(starts(b) && reads(b));
			assert_int_equal(kernel.has_failed,
					 strstr(engine(b), "not:") != NULL);
		}
		disk_remove(b);
		assert_int_equal(open_files(), before);
		tried += kernel.has_failed;
		refused += kernel.has_failed;
	} while (kernel.has_failed);
	/* Two rings: setup, files, buffers, restrictions, enabling. */
	assert_int_equal(n, 11);
}

/* --- in the sandbox ---------------------------------------------------------- */

/* Of a process of its own, because nothing leads out of a sandbox. */
static void in_child(struct bench *b, void (*fn)(struct bench *b, FILE *out),
		     char *text, size_t size)
{
	int fds[2], status;
	size_t got = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		FILE *out = fdopen(fds[1], "w");

		fn(b, out);
		fflush(out);
		_exit(0);
	}
	close(fds[1]);
	while ((n = read(fds[0], text + got, size - 1 - got)) > 0)
		got += (size_t)n;
	text[got] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void box_open(enum sandbox_mode mode)
{
	const struct sandbox_config cfg = {.mode = mode,
					   .calls = SANDBOX_CALLS_KVM,
					   .events_fd = -1,
					   .has_seccomp = !is_sanitized};

	sandbox_init(&cfg);
}

/* What was asked for while there were rights lasts over resets. */
static void serve_without_rights(struct bench *b, FILE *out)
{
	struct err err = {0};
	int round;

	box_open(SANDBOX_ON);
	disk_add(b);
	if (sandbox_isolate(false, &err)) {
		fprintf(out, "%s\n", err.msg);
		return;
	}
	kernel_reset();
	kernel.call = SETUP;
	kernel.error = -EPERM;
	if (blk_threads_start(b->blk, &err) || sandbox_seal(&err)) {
		fprintf(out, "%s\n", err.msg);
		return;
	}
	sandbox_go();
	for (round = 0; round < 3; round++) {
		fprintf(out, "%d\n", starts(b) && reads(b));
		vdriver_reset(&b->d);
	}
	fprintf(out, "rings: %d, %s; %s\n", kernel.counts[SETUP], engine(b),
		sandbox_text());
	disk_remove(b);
	fprintf(out, "removed\n");
}

static void rings_are_made_before_rights_are_given_up(void **state)
{
	struct bench *b = *state;
	char text[1024];

	in_child(b, serve_without_rights, text, sizeof(text));
	assert_contains(text, "1\n1\n1\nrings: 0, io_uring");
	assert_contains(text, "\nremoved\n");
	tried++;
	refused++;
}

static void lack_restrictions(struct bench *b, FILE *out)
{
	struct err err = {0};
	int ret;

	box_open(SANDBOX_REQUIRED);
	kernel.call = RESTRICTIONS;
	kernel.error = -EINVAL;
	disk_add(b);
	ret = sandbox_isolate(false, &err);
	if (!ret)
		ret = blk_threads_start(b->blk, &err);
	if (!ret)
		ret = sandbox_seal(&err);
	sandbox_go();
	fprintf(out, "%d: %s\n%s\n", ret, err.msg, sandbox_text());
}

static void rings_without_restrictions_are_recorded(void **state)
{
	char text[1024];

	in_child(*state, lack_restrictions, text, sizeof(text));
	assert_contains(text, "-1: this host does not permit the whole "
			      "sandbox: ");
	assert_int_equal(count_of(text, "restricted io_uring"), 2);
	tried++;
	refused++;
}

/* The first thread is in by then, and waits for a go that comes all the same. */
static void start_half(struct bench *b, FILE *out)
{
	struct err err = {0};
	int ret;

	alarm(60);
	box_open(SANDBOX_ON);
	b->cfg.queue_count = 2;
	b->cfg.has_thread_per_queue = true;
	kernel.call = ENABLE;
	kernel.nth = 2;
	kernel.error = -ENOMEM;
	disk_add(b);
	ret = sandbox_isolate(false, &err);
	if (!ret)
		ret = blk_threads_start(b->blk, &err);
	fprintf(out, "%d: %s, %d\n", ret, err.msg,
		b->blk->workers[0].has_thread);
	sandbox_go();
	disk_remove(b);
	fprintf(out, "ended\n");
}

static void no_thread_outlasts_a_start_that_failed(void **state)
{
	char text[1024];

	in_child(*state, start_half, text, sizeof(text));
	assert_string_equal(text, "-12: cannot start a disk's thread: Cannot "
				  "allocate memory, 1\nended\n");
	tried++;
	refused++;
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(every_operation_but_its_own_is_forbidden),
		ON_DISK(no_descriptor_of_the_process_is_reached),
		ON_DISK(nothing_can_be_registered_any_more),
		ON_DISK(an_older_kernel_is_recorded),
		ON_DISK(a_null_disk_says_so),
		ON_DISK(fixed_buffers_are_had_or_recorded),
		ON_DISK(without_io_uring_there_is_no_disk),
		ON_DISK(each_call_may_fail),
		ON_DISK(rings_are_made_before_rights_are_given_up),
		ON_DISK(rings_without_restrictions_are_recorded),
		ON_DISK(no_thread_outlasts_a_start_that_failed),
	};
	int failed = RUN_TESTS(tests);

	printf("# faults: sandbox: %u tried, %u survived\n", tried, refused);
	return failed;
}
