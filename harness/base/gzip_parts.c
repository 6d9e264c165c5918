// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/gzip_parts.h"

#include <errno.h>
#include <limits.h>
#include <zlib.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"

#define RAW_WINDOW (-MAX_WBITS) /* zlib: without a header */
#define MEMORY_LEVEL 8          /* zlib's own default */
/* Of lines of samples it makes 9 % more than level 6, in half the time. */
#define LEVEL 3

static int deflate_all(z_stream *z, struct strbuf *out)
{
	unsigned char room[64 << 10];
	int code;

	do {
		z->next_out = room;
		z->avail_out = sizeof(room);
		code = deflate(z, Z_SYNC_FLUSH);
		if (code != Z_OK && code != Z_BUF_ERROR)
			return code;
		strbuf_add(out, room, sizeof(room) - z->avail_out);
	} while (!z->avail_out);
	return Z_OK;
}

int gzip_part_make(struct gzip_part *p, const void *text, size_t len,
		   struct err *err)
{
	z_stream z = {.next_in = (unsigned char *)text,
		      .avail_in = (unsigned int)len};
	int code;

	*p = (struct gzip_part){.len = len};
	if (len > UINT_MAX)
		return err_set(err, -EFBIG, "too large a part: %zu bytes", len);
	p->crc = (uint32_t)crc32(0, text, (unsigned int)len);
	code = deflateInit2(&z, LEVEL, Z_DEFLATED, RAW_WINDOW, MEMORY_LEVEL,
			    Z_DEFAULT_STRATEGY);
	if (code == Z_OK) {
		code = deflate_all(&z, &p->packed);
		deflateEnd(&z);
	}
	if (code == Z_OK)
		return 0;
	gzip_part_release(p);
	return err_set(err, -ENOMEM, "cannot compress: %s", zError(code));
}

void gzip_part_release(struct gzip_part *p)
{
	strbuf_release(&p->packed);
	*p = (struct gzip_part){.len = 0};
}

static int put(const struct gzip_file *f, const void *bytes, size_t len,
	       struct err *err)
{
	int ret = file_write_all(f->fd, bytes, len);

	return ret ? err_sys(err, ret, "cannot write") : 0;
}

/* RFC 1952: no name and no time, from Unix. */
int gzip_file_begin(struct gzip_file *f, int fd, struct err *err)
{
	static const unsigned char head[] = {0x1f, 0x8b, Z_DEFLATED, 0, 0,
					     0,    0,    0,          0, 3};

	*f = (struct gzip_file){.fd = fd, .crc = (uint32_t)crc32(0, NULL, 0)};
	return put(f, head, sizeof(head), err);
}

int gzip_file_add(struct gzip_file *f, const struct gzip_part *p,
		  struct err *err)
{
	f->crc = (uint32_t)crc32_combine(f->crc, p->crc, (z_off_t)p->len);
	f->len += p->len;
	return put(f, strbuf_str(&p->packed), p->packed.len, err);
}

static void put_u32(unsigned char *at, uint32_t value)
{
	size_t i;

	for (i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

int gzip_file_end(struct gzip_file *f, struct err *err)
{
	/* A last block without anything in it. */
	unsigned char tail[10] = {3, 0};

	put_u32(tail + 2, f->crc);
	put_u32(tail + 6, (uint32_t)f->len);
	return put(f, tail, sizeof(tail), err);
}
