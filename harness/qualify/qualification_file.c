// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/qualify/qualification_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/output.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/qualify/qualification.h"

/* Unpacked; a trace of a boot has a fifth of it. What a hostile file can make of
 * it in memory is some twenty times as much. */
#define MAX_BYTES (64 * MIB)

static const char begin[] = "{\"l1vh_qualification\"";

static int write_part(const char *bytes, size_t len, void *arg)
{
	return gzwrite(arg, bytes, (unsigned int)len) == (int)len ? 0 : -1;
}

static int write_packed(const struct qualification *q, int fd, struct err *err)
{
	json_t *o = qualification_to_json(q);
	gzFile file = gzdopen(dup(fd), "wb");
	int ret = o && file ? json_dump_callback(o, write_part, file,
						 JSON_COMPACT)
			    : -1;

	if (file && gzclose(file) != Z_OK)
		ret = -1;
	json_decref(o);
	return ret ? err_set(err, -EIO, "cannot write all of it") : 0;
}

int qualification_write(const struct qualification *q, const char *path,
			struct err *err)
{
	struct output out;
	int ret = output_begin(&out, path, err);

	if (ret)
		return ret;
	ret = write_packed(q, out.fd, err);
	return output_end(&out, ret, true, err);
}

bool qualification_is_file(const char *path)
{
	char head[sizeof(begin) - 1];
	gzFile file = gzopen(path, "rbe");
	bool is_one = file &&
		      gzread(file, head, sizeof(head)) == sizeof(head) &&
		      !memcmp(head, begin, sizeof(head));

	if (file)
		gzclose(file);
	return is_one;
}

static int read_packed(const char *path, struct strbuf *text, struct err *err)
{
	gzFile file = gzopen(path, "rbe");
	char buf[65536];
	int n, ret = 0;

	if (!file)
		return err_sys(err, -errno, "cannot open '%s'", path);
	while ((n = gzread(file, buf, sizeof(buf))) > 0 &&
	       text->len + (size_t)n <= MAX_BYTES)
		strbuf_add(text, buf, (size_t)n);
	if (n > 0)
		ret = err_set(err, -EPROTO, "'%s' is too large", path);
	/* A file that was cut off ends without an error, but not in one piece. */
	if (gzclose(file) != Z_OK || n < 0)
		ret = err_set(err, -EPROTO, "'%s' is damaged", path);
	return ret;
}

int qualification_read(const char *path, struct qualification *q,
		       struct err *err)
{
	struct strbuf text = {0};
	json_error_t bad;
	json_t *o;
	int ret;

	qualification_init(q);
	ret = read_packed(path, &text, err);
	if (!ret) {
		qualification_release(q);
		o = json_loadb(strbuf_str(&text), text.len, 0, &bad);
		ret = qualification_from_json(o, q, err);
		if (!o)
			ret = err_set(err, -EPROTO, "'%s' is damaged: %s", path,
				      bad.text);
		json_decref(o);
	}
	strbuf_release(&text);
	return ret;
}
