// SPDX-License-Identifier: GPL-3.0-or-later
/* thread: the stack that was asked for, and whose waiting is counted. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/thread.h"

static void *tell_stack(void *arg)
{
	pthread_attr_t attr;
	size_t *bytes = arg;

	if (pthread_getattr_np(pthread_self(), &attr))
		return NULL;
	pthread_attr_getstacksize(&attr, bytes);
	pthread_attr_destroy(&attr);
	return arg;
}

static void stacks_are_as_large_as_asked(void **state)
{
	static const size_t sizes[] = {256 * KIB, 1 * MIB, 4 * MIB};
	pthread_t thread;
	size_t i, bytes;
	void *result;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bytes = 0;
		assert_int_equal(
			thread_start(&thread, sizes[i], tell_stack, &bytes), 0);
		assert_int_equal(pthread_join(thread, &result), 0);
		assert_ptr_equal(result, &bytes);
		assert_int_equal(bytes, sizes[i]);
	}
}

static void no_thread_has_a_stack_without_memory(void **state)
{
	pthread_t thread;
	size_t bytes = 0;

	(void)state;
	assert_int_equal(
		thread_start(&thread, (size_t)1 << 60, tell_stack, &bytes),
		-EAGAIN);
	assert_int_equal(bytes, 0);
}

/* What the kernel says of the caller at this moment: proc(5), schedstat. */
static uint64_t kernel_wait_ns(void)
{
	struct strbuf text = {0};
	char path[64];
	char *rest;
	uint64_t waited_ns;

	snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", gettid());
	assert_int_equal(file_read(path, 200, &text), 0);
	strtoull(text.str, &rest, 10);
	waited_ns = strtoull(rest, NULL, 10);
	strbuf_release(&text);
	return waited_ns;
}

static void must_agree(struct thread_wait *w)
{
	uint64_t before_ns = kernel_wait_ns();
	uint64_t waited_ns = thread_wait_ns(w);

	assert_true(before_ns <= waited_ns);
	assert_true(waited_ns <= kernel_wait_ns());
	assert_int_equal(w->tid, gettid());
}

static void *agree_in_thread(void *arg)
{
	must_agree(arg);
	return NULL;
}

/* One of them is given from thread to thread, as that of a vCPU's is. */
static void waiting_is_that_of_the_caller(void **state)
{
	struct thread_wait w = {0};
	pthread_t thread;
	int first_fd;

	(void)state;
	if (access("/proc/self/schedstat", R_OK)) {
		print_message("skipped: the kernel has no schedstat\n");
		skip();
	}
	must_agree(&w);
	first_fd = w.fd;
	must_agree(&w);
	assert_int_equal(w.fd, first_fd);
	assert_int_equal(thread_start(&thread, MIB, agree_in_thread, &w), 0);
	pthread_join(thread, NULL);
	/* That of the other thread was closed; none is left behind. */
	must_agree(&w);
	assert_int_equal(w.fd, first_fd);
	thread_wait_close(&w);
	assert_int_equal(w.tid, 0);
	assert_int_equal(fcntl(first_fd, F_GETFD), -1);
	thread_wait_close(&w);
	must_agree(&w);
	thread_wait_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_as_large_as_asked),
		cmocka_unit_test(no_thread_has_a_stack_without_memory),
		cmocka_unit_test(waiting_is_that_of_the_caller),
	};

	return RUN_TESTS(tests);
}
