// SPDX-License-Identifier: GPL-3.0-or-later
/* Constants that are given back leave the page table, and come again as they were. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "runners/vmm/trim.h"

/* Far from its ends, for the kernel maps pages around one that is touched. */
static const char constants[1 << 20] = {[1 << 19] = 'c'};
static const char *const volatile middle = &constants[1 << 19];
/* Written by the dynamic loader, and then read-only. */
static const char *const relocated[] = {"one", "two"};
static int written = 1;

/* Documentation/admin-guide/mm/pagemap.rst, bit 63 */
static bool is_mapped(const void *p)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	off_t at = (off_t)((uintptr_t)p / (uintptr_t)getpagesize() *
			   sizeof(entry));

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &entry, sizeof(entry), at), sizeof(entry));
	close(fd);
	return entry >> 63;
}

static void code_comes_again_when_it_is_needed(void **state)
{
	const char *const volatile *words = relocated;

	(void)state;
	written = 2;
	assert_int_equal(*middle, 'c');
	assert_true(is_mapped(middle));
	trim_code();
	assert_false(is_mapped(middle));
	assert_int_equal(*middle, 'c');
	assert_true(is_mapped(middle));
	assert_string_equal(words[1], "two");
	assert_int_equal(written, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_comes_again_when_it_is_needed),
	};

	return RUN_TESTS(tests);
}
