// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulator's descriptors: which are its own, what they keep alive, what
 * their copies are; and copies from and to memory that may be anywhere.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mshv/emu/emu_priv.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/micro.h"
#include "tests/unit/fixture/scratch.h"

static char log_path[SCRATCH_SIZE];

static int log_make(void **state)
{
	(void)state;
	scratch_file(log_path, "", 0);
	return setenv("L1VH_MSHV_EMU_LOG", log_path, 1);
}

static int log_remove(void **state)
{
	(void)state;
	return unlink(log_path);
}

static char *log_text(void)
{
	static char text[65536];
	FILE *file = fopen(log_path, "re");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

static void ours_close(int fd)
{
	emu_close(fd);
	close(fd);
}

static int partition_create(int dev)
{
	struct mshv_create_partition arg = {.flags = MSHV_PT_LAPIC};

	return emu_ioctl(dev, MSHV_CREATE_PARTITION, &arg);
}

static int vp_create(int pt, uint32_t index)
{
	struct mshv_create_vp arg = {.index = index};

	return emu_ioctl(pt, MSHV_CREATE_VP, &arg);
}

/* --- descriptors ------------------------------------------------------------ */

static void what_is_not_ours(void **state)
{
	static const int fds[] = {-1, 0, 1, EMU_MAX_FDS, INT32_MAX, INT32_MIN};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_false(emu_owns(fds[i]));
		assert_int_equal(emu_ioctl(fds[i], MSHV_RUN_VP, NULL), -EBADF);
		assert_int_equal(emu_mmap_check(fds[i], 0), -ENODEV);
		emu_close(fds[i]);
	}
}

static void a_device_comes_and_goes(void **state)
{
	int dev;

	(void)state;
	if (micro_cannot_run())
		skip();
	dev = emu_open();
	assert_true(dev >= 0);
	assert_true(emu_owns(dev));
	assert_true(fcntl(dev, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(emu_mmap_check(dev, 0), -ENODEV);
	assert_int_equal(emu_ioctl(dev, MSHV_RUN_VP, NULL), -ENOTTY);
	ours_close(dev);
	assert_false(emu_owns(dev));
	assert_int_equal(emu_ioctl(dev, MSHV_RUN_VP, NULL), -EBADF);
}

/* The request is an int to libc, and negative if its 31st bit is set. */
static void a_request_has_32_bits(void **state)
{
	struct mshv_hvcall call = {.code = 0};
	int dev;

	(void)state;
	if (micro_cannot_run())
		skip();
	dev = emu_open();
	assert_int_equal(
		emu_ioctl(dev, (unsigned long)(int)MSHV_ROOT_HVCALL, &call),
		-EINVAL);
	assert_int_equal(emu_ioctl(dev, MSHV_ROOT_HVCALL | 1UL << 40, &call),
			 -EINVAL);
	ours_close(dev);
}

/* Whichever of them is closed first. */
static void a_partition_lives_as_long_as_a_descriptor(void **state)
{
	int dev, pt, vp, again, order;

	(void)state;
	if (micro_cannot_run())
		skip();
	for (order = 0; order < 3; order++) {
		dev = emu_open();
		pt = partition_create(dev);
		assert_true(pt >= 0);
		assert_int_equal(emu_ioctl(pt, MSHV_INITIALIZE_PARTITION, NULL),
				 0);
		vp = vp_create(pt, 0);
		assert_true(vp >= 0);
		again = fcntl(pt, F_DUPFD_CLOEXEC, 0);
		emu_dup(pt, again);
		ours_close(dev);
		ours_close(order == 0 ? pt : order == 1 ? vp : again);
		/* The copy is the partition as well as the first one was. */
		if (order != 2)
			assert_int_equal(vp_create(again, 0), -EEXIST);
		if (order != 0)
			assert_int_equal(vp_create(pt, 0), -EEXIST);
		if (order != 1)
			assert_int_equal(emu_mmap_check(vp, 0), 0);
		if (order != 0)
			ours_close(pt);
		if (order != 2)
			ours_close(again);
		if (order != 1)
			ours_close(vp);
	}
}

static void a_copy_over_another(void **state)
{
	int dev, pt, plain;

	(void)state;
	if (micro_cannot_run())
		skip();
	dev = emu_open();
	pt = partition_create(dev);
	emu_dup(dev, pt); /* dup2(): the partition has no descriptor left */
	assert_int_equal(emu_ioctl(pt, MSHV_INITIALIZE_PARTITION, NULL),
			 -ENOTTY);
	plain = open("/dev/null", O_RDONLY | O_CLOEXEC);
	emu_dup(plain, pt); /* and now it is nothing of ours */
	assert_false(emu_owns(pt));
	close(plain);
	close(pt);
	ours_close(dev);
}

static void pages_of_a_vp(void **state)
{
	static const struct {
		uint64_t offset;
		int ret;
	} cases[] = {{0, 0},
		     {MSHV_PAGE_BYTES, 0},
		     {2 * MSHV_PAGE_BYTES, -ENODEV},
		     {3 * MSHV_PAGE_BYTES, -EINVAL},
		     {~0ULL, -EINVAL}};
	int dev, pt, vp;
	size_t i;

	(void)state;
	if (micro_cannot_run())
		skip();
	dev = emu_open();
	pt = partition_create(dev);
	emu_ioctl(pt, MSHV_INITIALIZE_PARTITION, NULL);
	vp = vp_create(pt, 5);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(emu_mmap_check(vp, cases[i].offset),
				 cases[i].ret);
	emu_knobs.no_register_page = true;
	assert_int_equal(emu_mmap_check(vp, 0), -ENODEV);
	emu_knobs.no_register_page = false;
	ours_close(vp);
	ours_close(pt);
	ours_close(dev);
}

/* A device that another process opened is as good; a partition is not. */
static void descriptors_of_another_process(void **state)
{
	int device = memfd_create("mshv", MFD_CLOEXEC);
	int partition = memfd_create("mshv_partition", MFD_CLOEXEC);
	int other = memfd_create("mshvx", MFD_CLOEXEC);

	(void)state;
	assert_true(device >= 0 && partition >= 0 && other >= 0);
	assert_true(emu_adopt(device));
	assert_true(emu_owns(device));
	assert_int_equal(emu_ioctl(device, MSHV_RUN_VP, NULL), -ENOTTY);
	assert_false(emu_adopt(partition));
	assert_false(emu_owns(partition));
	assert_contains(log_text(), "a partition of another process");
	assert_false(emu_adopt(other));
	assert_false(emu_adopt(-1));
	assert_false(emu_adopt(STDERR_FILENO));
	ours_close(device);
	close(partition);
	close(other);
}

/* --- copies ------------------------------------------------------------------ */

static void copies_from_anywhere(void **state)
{
	const long page = 4096;
	uint8_t got[16] = {0}, *pages;
	uint64_t edge;

	(void)state;
	pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(pages != MAP_FAILED);
	munmap(pages + page, 4096);
	emu_mappings_changed();
	edge = (uintptr_t)pages + 4096;
	memset(pages, 0x5a, 4096);
	assert_int_equal(emu_copy_in(got, edge - 16, 16), 0);
	assert_int_equal(got[15], 0x5a);
	assert_int_equal(emu_copy_in(got, edge - 15, 16), -EFAULT);
	assert_int_equal(emu_copy_out(edge - 15, got, 16), -EFAULT);
	assert_int_equal(emu_copy_in(got, 0, 1), -EFAULT);
	assert_int_equal(emu_copy_out(0, got, 1), -EFAULT);
	assert_int_equal(emu_copy_in(got, ~0ULL - 3, 16), -EFAULT);
	assert_int_equal(emu_copy_in(got, 1ULL << 63, 1), -EFAULT);
	assert_int_equal(emu_copy_in(got, 0, 0), 0); /* no byte, no fault */
	assert_int_equal(emu_copy_out(edge - 2, "\1\2", 2), 0);
	assert_int_equal(pages[4095], 2);
	munmap(pages, 4096);
	emu_mappings_changed();
	assert_int_equal(emu_copy_in(got, edge - 16, 16), -EFAULT);
	assert_int_equal(emu_copy_out(edge - 16, got, 16), -EFAULT);
}

/* That a page can be read says nothing of writes, nor after a change. */
static void a_known_page_is_known_as_it_was(void **state)
{
	uint8_t got[4], *page = mmap(NULL, 4096, PROT_READ,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	(void)state;
	assert_true(page != MAP_FAILED);
	emu_mappings_changed();
	for (i = 0; i < 3; i++) {
		assert_int_equal(emu_copy_in(got, (uintptr_t)page, 4), 0);
		assert_int_equal(emu_copy_out((uintptr_t)page, got, 4),
				 -EFAULT);
	}
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	emu_mappings_changed();
	assert_int_equal(emu_copy_out((uintptr_t)page, "abcd", 4), 0);
	assert_memory_equal(page, "abcd", 4);
	mprotect(page, 4096, PROT_READ);
	emu_mappings_changed();
	assert_int_equal(emu_copy_out((uintptr_t)page, "efgh", 4), -EFAULT);
	assert_memory_equal(page, "abcd", 4);
	munmap(page, 4096);
	emu_mappings_changed();
}

/* --- the rest ---------------------------------------------------------------- */

static void a_line_is_logged_once(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		emu_log_once("the same %s", "words");
		emu_log_once("other words, %d", i % 2);
	}
	assert_int_equal(count_of(log_text(), "the same words\n"), 1);
	assert_int_equal(count_of(log_text(), "other words, 0\n"), 1);
	assert_int_equal(count_of(log_text(), "other words, 1\n"), 1);
	/* A VMM that says ever new things fills no disk. */
	for (i = 0; i < 2000; i++)
		emu_log_once("number %d of many", i);
	assert_true(count_of(log_text(), "of many") < 600);
}

static void which_kernel_it_is(void **state)
{
	static const struct {
		const char *env;
		int knob, kernel;
	} cases[] = {{NULL, 0, 700},  {"6.15", 0, 615}, {"6.19", 0, 619},
		     {"7.0", 0, 700}, {"", 0, 700},     {"6.15", 619, 619}};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsetenv("L1VH_MSHV_EMU_KERNEL");
		if (cases[i].env)
			setenv("L1VH_MSHV_EMU_KERNEL", cases[i].env, 1);
		emu_knobs.kernel = cases[i].knob;
		assert_int_equal(emu_kernel(), cases[i].kernel);
	}
	unsetenv("L1VH_MSHV_EMU_KERNEL");
	emu_knobs.kernel = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_ours),
		cmocka_unit_test(a_device_comes_and_goes),
		cmocka_unit_test(a_request_has_32_bits),
		cmocka_unit_test(a_partition_lives_as_long_as_a_descriptor),
		cmocka_unit_test(a_copy_over_another),
		cmocka_unit_test(pages_of_a_vp),
		cmocka_unit_test(descriptors_of_another_process),
		cmocka_unit_test(copies_from_anywhere),
		cmocka_unit_test(a_known_page_is_known_as_it_was),
		cmocka_unit_test(a_line_is_logged_once),
		cmocka_unit_test(which_kernel_it_is),
	};

	return cmocka_run_group_tests(tests, log_make, log_remove);
}
