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

/* Far from its ends, for the kernel maps pages around one that is touched. Linux
 * 6.18 was seen to map all of the page cache's folio, which may hold every constant
 * of this program: none is read between giving them back and looking. */
static const char constants[1 << 20] = {[1 << 19] = 'c'};
static const char *const volatile middle = &constants[1 << 19];
/* Written by the dynamic loader, and then read-only. */
static const char *const relocated[] = {"one", "two"};
static int written = 1;

/* Documentation/admin-guide/mm/pagemap.rst, bit 63 */
static bool is_mapped(int pagemap, const void *p)
{
	uint64_t entry = 0;
	off_t at = (off_t)((uintptr_t)p / (uintptr_t)getpagesize() *
			   sizeof(entry));

	assert_int_equal(pread(pagemap, &entry, sizeof(entry), at),
			 sizeof(entry));
	return entry >> 63;
}

static void code_comes_again_when_it_is_needed(void **state)
{
	const char *const volatile *words = relocated;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	bool was_mapped;

	(void)state;
	assert_true(pagemap >= 0);
	written = 2;
	assert_int_equal(*middle, 'c');
	was_mapped = is_mapped(pagemap, middle);
	assert_true(was_mapped);
	trim_code();
	was_mapped = is_mapped(pagemap, middle);
	assert_false(was_mapped);
	assert_int_equal(*middle, 'c');
	assert_true(is_mapped(pagemap, middle));
	assert_string_equal(words[1], "two");
	assert_int_equal(written, 2);
	close(pagemap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_comes_again_when_it_is_needed),
	};

	return RUN_TESTS(tests);
}
