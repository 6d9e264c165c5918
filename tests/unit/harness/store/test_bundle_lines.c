// SPDX-License-Identifier: GPL-3.0-or-later
/* bundle_lines: what is compressed and what is not, in pieces, cut off, and with
 * something behind it. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/strbuf.h"
#include "harness/store/bundle_lines.h"
#include "tests/unit/fixture/expect.h"

/* BYTES as one gzip member. */
static void pack(struct strbuf *out, const void *bytes, size_t len)
{
	size_t room = len + 1000;
	unsigned char *to = calloc(1, room);
	z_stream z = {.next_in = (unsigned char *)bytes,
		      .avail_in = (unsigned int)len,
		      .next_out = to,
		      .avail_out = (unsigned int)room};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8,
				      Z_DEFAULT_STRATEGY),
			 Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	strbuf_add(out, to, room - z.avail_out);
	deflateEnd(&z);
	free(to);
}

static int file_of(const void *bytes, size_t len)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);

	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* COUNT lines and then the end; what became of it. */
static int read_lines(int fd, size_t count, struct strbuf *out, struct err *err)
{
	struct bundle_lines *in = bundle_lines_create(fd);
	int ret = 0;
	size_t i;

	for (i = 0; i < count && !ret; i++) {
		size_t len = 0;
		char *line = NULL;

		ret = bundle_lines_next(in, &line, &len, err);
		if (ret)
			break;
		assert_int_equal(line[len], '\0');
		strbuf_add(out, line, len);
		strbuf_add(out, "|", 1);
	}
	if (!ret)
		ret = bundle_lines_end(in, err);
	bundle_lines_destroy(in);
	return ret;
}

static int read_bytes(const void *bytes, size_t len, size_t count,
		      struct strbuf *out, struct err *err)
{
	int fd = file_of(bytes, len), ret;

	strbuf_release(out);
	ret = read_lines(fd, count, out, err);
	close(fd);
	return ret;
}

static void lines_come_one_by_one(void **state)
{
	struct strbuf out = {0}, packed = {0};
	struct err err = {0};

	(void)state;
	pack(&packed, "a\n\nbc\n", 6);
	assert_int_equal(read_bytes("a\n\nbc\n", 6, 3, &out, &err), 0);
	assert_string_equal(out.str, "a||bc|");
	assert_int_equal(read_bytes(packed.str, packed.len, 3, &out, &err), 0);
	assert_string_equal(out.str, "a||bc|");
	assert_int_equal(read_bytes("a\n\nbc\n", 6, 2, &out, &err), -EPROTO);
	assert_contains(err.msg, "data after its end");
	assert_int_equal(read_bytes(packed.str, packed.len, 2, &out, &err),
			 -EPROTO);
	assert_int_equal(read_bytes("a\n\nbc", 5, 3, &out, &err), -EPROTO);
	assert_contains(err.msg, "truncated");
	assert_int_equal(read_bytes("", 0, 1, &out, &err), -EPROTO);
	assert_int_equal(read_bytes("\x1f", 1, 1, &out, &err), -EPROTO);
	assert_int_equal(read_bytes("\n", 1, 1, &out, &err), 0);
	strbuf_release(&packed);
	strbuf_release(&out);
}

/* zlib's own reader stops there without a word. */
static void nothing_stands_behind_the_member(void **state)
{
	static const char *const rests[] = {"x", "\n", "\x1f\x8b", "\0\0\0\0"};
	struct strbuf out = {0}, packed = {0};
	struct err err = {0};
	size_t i, len;

	(void)state;
	pack(&packed, "a\n", 2);
	len = packed.len;
	for (i = 0; i < ARRAY_SIZE(rests); i++) {
		packed.len = len;
		strbuf_add(&packed, rests[i], i == 3 ? 4 : strlen(rests[i]));
		assert_int_equal(
			read_bytes(packed.str, packed.len, 1, &out, &err),
			-EPROTO);
		assert_contains(err.msg, "data after its end");
	}
	/* A second member is no part of a bundle either. */
	packed.len = len;
	pack(&packed, "a\n", 2);
	assert_int_equal(read_bytes(packed.str, packed.len, 1, &out, &err),
			 -EPROTO);
	assert_int_equal(read_bytes(packed.str, packed.len, 2, &out, &err),
			 -EPROTO);
	strbuf_release(&packed);
	strbuf_release(&out);
}

static void every_cut_is_found(void **state)
{
	struct strbuf text = {0}, out = {0}, packed = {0};
	struct err err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++)
		strbuf_printf(&text, "line %zu\n", i * i * 7919);
	pack(&packed, text.str, text.len);
	for (i = 0; i < packed.len; i++)
		assert_int_equal(read_bytes(packed.str, i, 200, &out, &err),
				 -EPROTO);
	assert_int_equal(read_bytes(packed.str, packed.len, 200, &out, &err),
			 0);
	strbuf_release(&packed);
	strbuf_release(&text);
	strbuf_release(&out);
}

struct slow {
	int fd;
	const struct strbuf *bytes;
};

static void *write_slowly(void *arg)
{
	struct slow *s = arg;
	size_t i;

	for (i = 0; i < s->bytes->len; i++)
		if (write(s->fd, s->bytes->str + i, 1) != 1)
			break;
	close(s->fd);
	return NULL;
}

/* Byte by byte, which is how a pipe may have it. */
static void a_pipe_is_read(void **state)
{
	struct strbuf packed = {0}, out = {0};
	struct err err = {0};
	pthread_t thread;
	struct slow s;
	int ends[2];

	(void)state;
	pack(&packed, "a\nb\n", 4);
	assert_int_equal(pipe(ends), 0);
	s = (struct slow){ends[1], &packed};
	assert_int_equal(pthread_create(&thread, NULL, write_slowly, &s), 0);
	assert_int_equal(read_lines(ends[0], 2, &out, &err), 0);
	pthread_join(thread, NULL);
	assert_string_equal(out.str, "a|b|");
	close(ends[0]);
	assert_int_equal(read_lines(-1, 1, &out, &err), -EBADF);
	strbuf_release(&packed);
	strbuf_release(&out);
}

/* 64 MiB of zeros are 64 KiB. */
static void bombs_are_bounded(void **state)
{
	struct strbuf packed = {0}, out = {0};
	size_t len = 64 * MIB;
	char *zeros = calloc(1, len);
	struct err err = {0};

	(void)state;
	pack(&packed, zeros, len);
	assert_int_equal(read_bytes(packed.str, packed.len, 1, &out, &err),
			 -EPROTO);
	assert_contains(err.msg, "larger than any boot");
	free(zeros);
	strbuf_release(&packed);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_one_by_one),
		cmocka_unit_test(nothing_stands_behind_the_member),
		cmocka_unit_test(every_cut_is_found),
		cmocka_unit_test(a_pipe_is_read),
		cmocka_unit_test(bombs_are_bounded),
	};

	return RUN_TESTS(tests);
}
