// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/entity.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "harness/base/cache.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

#define TAG_HASH_BYTES 16
#define GZIP_WINDOW (15 + 16) /* zlib's: the format of gzip */
#define GZIP_MEMORY 8
/* Of what is compressed for one client only. */
#define QUICK 1

/* Fails only without memory, which ends the program elsewhere as well. */
static int compress_bytes(const struct strbuf *in, int level,
			  struct strbuf *out)
{
	z_stream z = {.next_in = (unsigned char *)in->str,
		      .avail_in = (uInt)in->len};
	size_t bound;
	char *bytes;
	int ret;

	if (in->len > UINT32_MAX / 2 ||
	    deflateInit2(&z, level, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -EFBIG;
	bound = deflateBound(&z, in->len);
	bytes = xcalloc(1, bound);
	z.next_out = (unsigned char *)bytes;
	z.avail_out = (uInt)bound;
	ret = deflate(&z, Z_FINISH) == Z_STREAM_END ? 0 : -EIO;
	if (!ret)
		strbuf_add(out, bytes, z.total_out);
	deflateEnd(&z);
	free(bytes);
	return ret;
}

static int make_kept(void *arg, struct strbuf *out, struct err *err)
{
	int ret = compress_bytes(arg, Z_DEFAULT_COMPRESSION, out);

	return ret ? err_set(err, ret, "cannot compress") : 0;
}

static void name_tag(const uint8_t *hash, bool is_gzip, char *tag)
{
	char hex[2 * TAG_HASH_BYTES + 1];
	size_t i;

	for (i = 0; i < TAG_HASH_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	snprintf(tag, ENTITY_TAG_BYTES, "\"%s%s\"", hex, is_gzip ? "-gz" : "");
}

void entity_make(struct cache *kept, enum accept_coding coding,
		 struct strbuf *body, struct entity *out)
{
	uint8_t hash[CACHE_KEY_BYTES];
	struct strbuf packed = {0};
	struct err err = {0};
	int ret = -ENODATA;

	*out = (struct entity){.is_gzip = false};
	if (kept)
		EVP_Digest(strbuf_str(body), body->len, hash, NULL,
			   EVP_sha256(), NULL);
	if (body->len &&
	    (coding == ACCEPT_GZIP_ONLY ||
	     (coding == ACCEPT_GZIP && body->len >= ENTITY_MIN_GZIP_BYTES)))
		ret = kept ? cache_get(kept, hash, make_kept, body, &packed,
				       &err)
			   : compress_bytes(body, QUICK, &packed);
	if (ret) {
		strbuf_release(&packed);
	} else {
		strbuf_release(body);
		*body = packed;
		out->is_gzip = true;
	}
	if (kept)
		name_tag(hash, out->is_gzip, out->tag);
}

/* One of a list; past what is none. NULL: there is no more. */
static const char *next_tag(const char **p, bool *is_weak, size_t *len)
{
	const char *tag, *end;

	while (**p) {
		*p += strspn(*p, " \t,");
		*is_weak = !strncmp(*p, "W/", 2);
		tag = *p + 2 * *is_weak;
		if (*tag != '"') {
			*p += strcspn(*p, ",");
			continue;
		}
		end = strchr(tag + 1, '"');
		if (!end)
			return NULL;
		*len = (size_t)(end + 1 - tag);
		*p = end + 1;
		return tag;
	}
	return NULL;
}

static bool names(const char *list, const char *tag, bool is_weak_enough)
{
	const char *found;
	bool is_weak;
	size_t len;

	list += strspn(list, " \t");
	if (*list == '*')
		return !list[1 + strspn(list + 1, " \t")];
	while ((found = next_tag(&list, &is_weak, &len)))
		if (len == strlen(tag) && !memcmp(found, tag, len) &&
		    (is_weak_enough || !is_weak))
			return true;
	return false;
}

bool entity_is_known(const char *list, const char *tag)
{
	return names(list, tag, true);
}

bool entity_is_wanted(const char *list, const char *tag)
{
	return names(list, tag, false);
}
