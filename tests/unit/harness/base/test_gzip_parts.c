// SPDX-License-Identifier: GPL-3.0-or-later
/* gzip_parts: one member that others read, and nothing depends on who made it. */
#include "harness/base/gzip_parts.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/unit/fixture/scratch.h"

/* Of these many bytes each. */
static size_t write_parts(const char *path, const char *text,
			  const size_t *lens, size_t count)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	struct gzip_file f;
	struct err err = {0};
	size_t i, at = 0;

	assert_int_equal(gzip_file_begin(&f, fd, &err), 0);
	for (i = 0; i < count; i++) {
		struct gzip_part p;

		assert_int_equal(gzip_part_make(&p, text + at, lens[i], &err),
				 0);
		assert_int_equal(gzip_file_add(&f, &p, &err), 0);
		gzip_part_release(&p);
		at += lens[i];
	}
	assert_int_equal(gzip_file_end(&f, &err), 0);
	close(fd);
	return at;
}

/* By zlib's own reader, which checks the sum and the length. */
static void zlib_reads_it(const char *path, const char *text, size_t len)
{
	char *back = malloc(len + 10);
	gzFile in = gzopen(path, "rb");
	int code;

	assert_int_equal(gzread(in, back, (unsigned int)len + 10), len);
	gzerror(in, &code);
	assert_int_equal(code, Z_OK);
	assert_false(gzdirect(in));
	assert_int_equal(gzclose(in), Z_OK);
	assert_memory_equal(back, text, len);
	free(back);
}

static void parts_are_one_member(void **state)
{
	static const size_t lens[][3] = {{0, 0, 0},
					 {1, 1, 1},
					 {0, 5, 0},
					 {100000, 7, 300000},
					 {65536, 65536, 65535}};
	char path[SCRATCH_SIZE];
	char *text = malloc(500000);
	size_t i;

	(void)state;
	for (i = 0; i < 500000; i++)
		text[i] = (char)("0123456789,[]."[(i * i >> 7) % 14]);
	scratch_file(path, "", 0);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		zlib_reads_it(path, text, write_parts(path, text, lens[i], 3));
	unlink(path);
	free(text);
}

static void a_full_disk_says_so(void **state)
{
	struct gzip_file f;
	struct err err = {0};
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_int_equal(gzip_file_begin(&f, fd, &err), -ENOSPC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_one_member),
		cmocka_unit_test(a_full_disk_says_so),
	};

	return RUN_TESTS(tests);
}
