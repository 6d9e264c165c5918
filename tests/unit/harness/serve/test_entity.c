// SPDX-License-Identifier: GPL-3.0-or-later
/* entity: tags of bytes and coding, one compression per page, and lists of
 * tags. */
#include "tests/unit/test.h"

#include <zlib.h>

#include "harness/base/cache.h"
#include "harness/base/strbuf.h"
#include "harness/serve/entity.h"

static void fill(struct strbuf *body, const char *text, size_t bytes)
{
	strbuf_release(body);
	while (body->len < bytes)
		strbuf_puts(body, text);
}

static void assert_unpacks(const struct strbuf *packed, const char *text,
			   size_t bytes)
{
	struct strbuf want = {0};
	char buf[8192];
	z_stream z = {.next_in = (unsigned char *)packed->str,
		      .avail_in = (unsigned int)packed->len,
		      .next_out = (unsigned char *)buf,
		      .avail_out = sizeof(buf)};

	fill(&want, text, bytes);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, want.len);
	assert_memory_equal(buf, want.str, want.len);
	inflateEnd(&z);
	strbuf_release(&want);
}

static void only_what_is_worth_it_is_compressed(void **state)
{
	static const struct {
		enum accept_coding coding;
		size_t bytes;
		bool is_gzip;
	} cases[] = {
		{ACCEPT_PLAIN, 4000, false},
		{ACCEPT_GZIP, 4000, true},
		{ACCEPT_GZIP, ENTITY_MIN_GZIP_BYTES, true},
		{ACCEPT_GZIP, ENTITY_MIN_GZIP_BYTES - 2, false},
		{ACCEPT_GZIP_ONLY, 2, true},
		{ACCEPT_GZIP_ONLY, 0, false},
	};
	struct cache *kept = cache_create(1 << 20);
	struct strbuf body = {0};
	struct entity entity;
	size_t i, k;

	(void)state;
	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		struct cache *to = i % 2 ? kept : NULL;

		k = i / 2;
		fill(&body, "ab", cases[k].bytes);
		entity_make(to, cases[k].coding, &body, &entity);
		assert_int_equal(entity.is_gzip, cases[k].is_gzip);
		/* What is of this moment is nobody's to compare. */
		assert_int_equal(*entity.tag, to ? '"' : '\0');
		if (entity.is_gzip)
			assert_unpacks(&body, "ab", cases[k].bytes);
		else
			assert_int_equal(body.len, cases[k].bytes);
	}
	strbuf_release(&body);
	cache_destroy(kept);
}

static void a_tag_is_of_bytes_and_coding(void **state)
{
	struct cache *kept = cache_create(1 << 20);
	struct entity plain, packed, again, other;
	struct strbuf body = {0};
	uint64_t bytes;

	(void)state;
	fill(&body, "ab", 4000);
	entity_make(kept, ACCEPT_PLAIN, &body, &plain);
	assert_int_equal(cache_bytes(kept), 0);
	entity_make(kept, ACCEPT_GZIP, &body, &packed);
	bytes = cache_bytes(kept);
	assert_true(bytes > 0);
	fill(&body, "ab", 4000);
	entity_make(kept, ACCEPT_GZIP, &body, &again);
	assert_int_equal(cache_bytes(kept), bytes);
	fill(&body, "ac", 4000);
	entity_make(kept, ACCEPT_GZIP, &body, &other);
	assert_true(cache_bytes(kept) > bytes);
	assert_string_equal(packed.tag, again.tag);
	assert_string_not_equal(plain.tag, packed.tag);
	assert_string_not_equal(packed.tag, other.tag);
	assert_int_equal(strlen(plain.tag), 34);
	strbuf_release(&body);
	cache_destroy(kept);
}

/* RFC 9110, 8.8.3.2 and 13.1. */
static void lists_name_tags(void **state)
{
	static const struct {
		const char *list;
		bool is_known, is_wanted;
	} cases[] = {
		{"\"a\"", true, true},
		{"W/\"a\"", true, false},
		{"*", true, true},
		{" * ", true, true},
		{"\"b\", \"a\"", true, true},
		{"\"b\",W/\"a\" , \"c\"", true, false},
		{",,\"a\",", true, true},
		{"\"b,\\\", \"a\"", true, true},
		{"\"b\"", false, false},
		{"a", false, false},
		{"", false, false},
		{"\"", false, false},
		{"\"a", false, false},
		{"w/\"a\"", false, false},
		{"W/a", false, false},
		{"W/", false, false},
		{"\"A\"", false, false},
		{"\"aa\"", false, false},
		{"\"\"", false, false},
		{"*, \"b\"", false, false},
		{"\"b\" *", false, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (entity_is_known(cases[i].list, "\"a\"") !=
			    cases[i].is_known ||
		    entity_is_wanted(cases[i].list, "\"a\"") !=
			    cases[i].is_wanted)
			fail_msg("%s", cases[i].list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_worth_it_is_compressed),
		cmocka_unit_test(a_tag_is_of_bytes_and_coding),
		cmocka_unit_test(lists_name_tags),
	};

	return RUN_TESTS(tests);
}
