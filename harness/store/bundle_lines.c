// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/bundle_lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/bundle_limits.h"
#include "harness/store/bundle_priv.h"

#define GZIP_WINDOW (16 + MAX_WBITS) /* zlib: a gzip member, nothing else */

enum form { FORM_UNKNOWN, FORM_TEXT, FORM_GZIP };

/* That much is read and unpacked at once. */
#define STEP_BYTES 65536

struct bundle_lines {
	int fd;
	enum form form;
	z_stream z; /* of FORM_GZIP */
	unsigned char raw[STEP_BYTES];
	size_t raw_at, raw_len; /* read and not used */
	bool is_read;           /* FD has no more */
	bool is_unpacked;       /* the member ended */
	struct strbuf text;
	size_t taken; /* of TEXT, by the last line */
	uint64_t total_bytes;
};

struct bundle_lines *bundle_lines_create(int fd)
{
	struct bundle_lines *in = xcalloc(1, sizeof(*in));

	in->fd = fd;
	return in;
}

void bundle_lines_destroy(struct bundle_lines *in)
{
	if (!in)
		return;
	if (in->form == FORM_GZIP)
		inflateEnd(&in->z);
	strbuf_release(&in->text);
	free(in);
}

static int damaged(struct err *err)
{
	return err_set(err, -EPROTO, "the file is damaged or truncated");
}

/* What is left of RAW moves to its front. */
static int read_raw(struct bundle_lines *in, struct err *err)
{
	ssize_t n;

	in->raw_len -= in->raw_at;
	memmove(in->raw, in->raw + in->raw_at, in->raw_len);
	in->raw_at = 0;
	do
		n = read(in->fd, in->raw + in->raw_len,
			 sizeof(in->raw) - in->raw_len);
	while (n < 0 && errno == EINTR);
	/* The disk's fault, and not the bundle's. */
	if (n < 0)
		return err_sys(err, -errno, "cannot read the file");
	in->raw_len += (size_t)n;
	in->is_read = !n;
	return 0;
}

/* Reads on until the first two bytes are there. */
static int find_form(struct bundle_lines *in, struct err *err)
{
	int ret = 0;

	while (in->raw_len < 2 && !in->is_read && !ret)
		ret = read_raw(in, err);
	if (ret)
		return ret;
	in->form = FORM_TEXT;
	if (in->raw_len < 2 || in->raw[0] != 0x1f || in->raw[1] != 0x8b)
		return 0;
	if (inflateInit2(&in->z, GZIP_WINDOW) != Z_OK)
		return err_set(err, -EIO, "cannot unpack a bundle");
	in->form = FORM_GZIP;
	return 0;
}

static void take_text(struct bundle_lines *in)
{
	size_t len = in->raw_len - in->raw_at;

	strbuf_add(&in->text, in->raw + in->raw_at, len);
	in->total_bytes += len;
	in->raw_at = in->raw_len;
}

static int take_gzip(struct bundle_lines *in, struct err *err)
{
	char out[STEP_BYTES];
	int code;

	in->z.next_in = in->raw + in->raw_at;
	in->z.avail_in = (unsigned int)(in->raw_len - in->raw_at);
	in->z.next_out = (unsigned char *)out;
	in->z.avail_out = sizeof(out);
	code = inflate(&in->z, Z_NO_FLUSH);
	if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
		return damaged(err);
	in->raw_at = in->raw_len - in->z.avail_in;
	strbuf_add(&in->text, out, sizeof(out) - in->z.avail_out);
	in->total_bytes += sizeof(out) - in->z.avail_out;
	in->is_unpacked = code == Z_STREAM_END;
	/* Without input it may still have output; with neither it was cut off. */
	if (code == Z_BUF_ERROR && in->is_read && in->raw_at == in->raw_len)
		return damaged(err);
	return 0;
}

static bool is_at_end(const struct bundle_lines *in)
{
	if (in->form == FORM_GZIP)
		return in->is_unpacked;
	return in->is_read && in->raw_at == in->raw_len;
}

static int check_size(const struct bundle_lines *in, struct err *err)
{
	const struct bundle_limits counts = {.byte_count = in->total_bytes};

	/* A line, and the beginning of the next. */
	if (in->text.len > BUNDLE_MAX_LINE_BYTES + STEP_BYTES)
		return err_set(err, -EPROTO, "a line is larger than any boot");
	return bundle_limits_check(&bundle_limits, &counts, -EPROTO, err);
}

/* More of TEXT, or none at the end. */
static int fill(struct bundle_lines *in, struct err *err)
{
	size_t before = in->text.len;
	int ret = in->form == FORM_UNKNOWN ? find_form(in, err) : 0;

	while (!ret && in->text.len == before && !is_at_end(in)) {
		if (in->raw_at == in->raw_len && !in->is_read)
			ret = read_raw(in, err);
		if (!ret && in->form == FORM_TEXT)
			take_text(in);
		else if (!ret)
			ret = take_gzip(in, err);
	}
	return ret ? ret : check_size(in, err);
}

int bundle_lines_next(struct bundle_lines *in, char **line, size_t *len,
		      struct err *err)
{
	size_t seen = 0;

	strbuf_consume(&in->text, in->taken);
	in->taken = 0;
	for (;;) {
		char *nl = in->text.len > seen
				   ? memchr(in->text.str + seen, '\n',
					    in->text.len - seen)
				   : NULL;
		int ret;

		if (nl) {
			*line = in->text.str;
			*len = (size_t)(nl - in->text.str);
			*nl = '\0';
			in->taken = *len + 1;
			return 0;
		}
		seen = in->text.len;
		ret = fill(in, err);
		if (ret)
			return ret;
		if (in->text.len == seen)
			return err_set(err, -EPROTO, "the file is truncated");
	}
}

int bundle_lines_end(struct bundle_lines *in, struct err *err)
{
	int ret = 0;

	/* The member's own checksum stands behind its last byte of text. */
	while (!ret && !is_at_end(in) && in->text.len == in->taken)
		ret = fill(in, err);
	if (!ret && in->raw_at == in->raw_len && !in->is_read)
		ret = read_raw(in, err);
	if (!ret && (in->text.len != in->taken || in->raw_at != in->raw_len))
		ret = err_set(err, -EPROTO,
			      "the file has data after its end record");
	return ret;
}
