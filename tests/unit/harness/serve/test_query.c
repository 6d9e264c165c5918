// SPDX-License-Identifier: GPL-3.0-or-later
/* query: addresses are decoded once, or refused. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/serve/query.h"
#include "tests/unit/fixture/expect.h"

static const struct {
	const char *target, *says; /* "path|name=value|..." */
} good[] = {
	{"/", "/"},
	{"/a%20+b?x=1+2%2b&y=&&z==", "/a +b|x=1 2+|y=|z=="},
	{"/?", "/"},
	{"/?&&&", "/"},
	{"/?a=b&", "/|a=b"},
	{"/?a=b?c", "/|a=b?c"},
	{"/?=", "/|="},
	{"/?a=1&A=2", "/|a=1|A=2"},
	{"/?a%3db=c", "/|a=b=c"},
	{"/?a=%26b%3Dc", "/|a=&b=c"},
	{"/%2e%2e/%2F", "/..//"},
	{"/?a=%c3%a4%E2%82%AC", "/|a=\xc3\xa4\xe2\x82\xac"},
	{"/?a=%25%32%30", "/|a=%20"}, /* once, not twice */
	{"/a?b=%09", "/a|b=\t"},
	{"*", "*"},
	{"http://h/a%20b?c=d", "/a b|c=d"},
	{"HTTPS://h:1?c=http://i/", "/|c=http://i/"},
	{"http://h", "/"},
	{"http://", "/"},
	{"/http://h/", "/http://h/"},
};

static void addresses_are_decoded_once(void **state)
{
	struct strbuf says = {0};
	struct err err = {0};
	struct query q;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		if (query_parse(good[i].target, &q, &err))
			fail_msg("%s: %s", good[i].target, err.msg);
		strbuf_puts(&says, q.path);
		for (k = 0; k < q.count; k++)
			strbuf_printf(&says, "|%s=%s", q.parameters[k].name,
				      q.parameters[k].value);
		assert_string_equal(says.str, good[i].says);
		strbuf_release(&says);
		query_release(&q);
		assert_null(q.text);
	}
}

static void damaged_addresses_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"a",
		"**",
		"h:443",
		"http:/h/",
		"ftp://h/",
		"http://h/%00",
		"http://h/?a=1&a=1",
		"/#x?y=z",
		"/a b",
		"/a\tb",
		"/?a=b\r",
		"?a=b",
		"%2",
		"//%",
		"/%4",
		"/%zz",
		"/%00",
		"/%0",
		"/%g0",
		"/%-1",
		"/%ff",
		"/%c0%af",
		"/%ed%a0%80",
		"/%1b",
		"/\x7f",
		"/\x80",
		"/%c2%85",
		"/?a",
		"/?a=1&a=1",
		"/?a=1&%61=2",
		"/?a=%",
		"/?%=a",
		"/?a=%0",
		"/?a=b&c",
		"/?=&=",
		"/?%1b=a",
		"/?a=%ef%bf%bf",
	};
	struct err err = {0};
	struct query q;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (query_parse(bad[i], &q, &err) != -EINVAL)
			fail_msg("taken: '%s'", bad[i]);
		assert_null(q.text);
		assert_true(portable_is_text(err.msg));
	}
}

static void an_authority_is_kept_apart(void **state)
{
	static const struct {
		const char *target, *authority;
	} cases[] = {
		{"/a", NULL},
		{"*", NULL},
		{"http://h:80/a", "h:80"},
		{"httpS://[::1]?a=b", "[::1]"},
		{"http://u@h/", "u@h"},
		{"http:///a", ""},
	};
	struct err err = {0};
	struct query q;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(query_parse(cases[i].target, &q, &err), 0);
		if (cases[i].authority)
			assert_string_equal(q.authority, cases[i].authority);
		else
			assert_null(q.authority);
		query_release(&q);
	}
}

static int parse_many(size_t count, struct query *q, struct err *err)
{
	struct strbuf target = {0};
	size_t i;
	int ret;

	strbuf_puts(&target, "/?");
	for (i = 0; i < count; i++)
		strbuf_printf(&target, "p%zu=%zu&", i, i);
	ret = query_parse(target.str, q, err);
	strbuf_release(&target);
	return ret;
}

static void parameters_are_counted(void **state)
{
	struct err err = {0};
	struct query q;

	(void)state;
	assert_int_equal(parse_many(QUERY_MAX_PARAMETERS, &q, &err), 0);
	assert_int_equal(q.count, QUERY_MAX_PARAMETERS);
	assert_string_equal(query_get(&q, "p15"), "15");
	query_release(&q);
	assert_int_equal(parse_many(QUERY_MAX_PARAMETERS + 1, &q, &err),
			 -EINVAL);
}

static void only_known_names_are_let_in(void **state)
{
	static const char *const all[] = {"y", "x", NULL};
	static const char *const one[] = {"x", NULL};
	static const char *const none[] = {NULL};
	struct err err = {0};
	struct query q;

	(void)state;
	assert_int_equal(query_parse("/?x=1&y=", &q, &err), 0);
	assert_string_equal(query_get(&q, "x"), "1");
	/* A field of a form that was left blank, and one that it has not. */
	assert_null(query_get(&q, "y"));
	assert_null(query_get(&q, "z"));
	assert_null(query_get(&q, ""));
	assert_int_equal(query_only(&q, all, &err), 0);
	assert_int_equal(query_only(&q, one, &err), -EINVAL);
	assert_contains(err.msg, "'y'");
	assert_int_equal(query_only(&q, none, &err), -EINVAL);
	query_release(&q);
	assert_int_equal(query_parse("/", &q, &err), 0);
	assert_int_equal(query_only(&q, none, &err), 0);
	query_release(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_decoded_once),
		cmocka_unit_test(damaged_addresses_are_refused),
		cmocka_unit_test(an_authority_is_kept_apart),
		cmocka_unit_test(parameters_are_counted),
		cmocka_unit_test(only_known_names_are_let_in),
	};

	return RUN_TESTS(tests);
}
