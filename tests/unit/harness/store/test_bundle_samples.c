// SPDX-License-Identifier: GPL-3.0-or-later
/* bundle_samples: numbers by JSON's grammar and no others, and each array to its
 * series. */
#include "tests/unit/test.h"

#include <errno.h>
#include <jansson.h>

#include "harness/core/result.h"
#include "harness/store/bundle_samples.h"

static int take(const char *text, char rest[400], struct bundle_samples *s)
{
	struct err err = {0};
	size_t len = strlen(text);
	int ret;

	memcpy(rest, text, len + 1);
	ret = bundle_samples_take(rest, &len, s, &err);
	assert_true(ret == 0 || ret == -EPROTO);
	if (!ret)
		assert_int_equal(strlen(rest), len);
	return ret;
}

static void numbers_come_out(void **state)
{
	static const char text[] =
		"{\"a\": \"\\\"samples\\\": [1]\", \"samples\" : [ [0, 1,2 ,3.5e-1,\t4,"
		"5], [4294967295,9223372036854775807,0,1E2,0,0,77,-1.5]] , \"b\":"
		" [{\"samples\":[]}]}";
	struct bundle_samples s = {.count = 7};
	char rest[400];

	(void)state;
	assert_int_equal(take(text, rest, &s), 0);
	assert_string_equal(rest,
			    "{\"a\": \"\\\"samples\\\": [1]\", \"samples\" :"
			    " [] , \"b\": [{\"samples\":[]}]}");
	assert_int_equal(s.series_count, 2);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.ends[0], 2);
	assert_int_equal(s.samples[0].section, 0);
	assert_int_equal(s.samples[0].elapsed_ns, 1);
	assert_int_equal(s.samples[0].host_elapsed_ns, 2);
	assert_true(s.samples[0].value == .35);
	assert_int_equal(s.samples[0].waited_ns, 4);
	assert_int_equal(s.samples[0].disturbances, 5);
	assert_int_equal(s.samples[1].section, UINT32_MAX);
	assert_int_equal(s.samples[1].elapsed_ns, INT64_MAX);
	assert_true(s.samples[1].value == 100);
	assert_int_equal(s.ends[1], 2);
	bundle_samples_release(&s);
}

static void other_words_are_refused(void **state)
{
	static const char *const lists[] = {
		"",
		"[",
		"[]",
		"[0,0,0,0,0]",        /* too few */
		"[0,0,0,0,0,0",       /* not closed */
		"[0,0,0,0,0,0],",     /* a comma too many */
		"[0,0,0,0,0,0][0,0]", /* a comma too few */
		",[0,0,0,0,0,0]",     /* one before the first */
		"[0,0,0,0,0,0,]",
		"[0,0,0,NaN,0,0]", /* no number of JSON's */
		"[0,0,0,nan,0,0]",
		"[0,0,0,Infinity,0,0]",
		"[0,0,0,inf,0,0]",
		"[0,0,0,1e999,0,0]", /* an infinite one */
		"[0,0,0,-1e999,0,0]",
		"[0,0,0,0x10,0,0]", /* which strtod() takes */
		"[0,0,0,0x1p3,0,0]",
		"[0,0,0,+1,0,0]",
		"[0,0,0,.5,0,0]",
		"[0,0,0,1.,0,0]",
		"[0,0,0,1e,0,0]",
		"[0,0,0,1e+,0,0]",
		"[0,0,0,01,0,0]",
		"[0,0,0,-,0,0]",
		"[0,0,0,1 2,0,0]",
		"[0,0,0,\"1\",0,0]",
		"[0,0,0,null,0,0]",
		"[0,0,0,[1],0,0]",
		"[00,0,0,0,0,0]",
		"[-1,0,0,0,0,0]", /* not of that type */
		"[0.5,0,0,0,0,0]",
		"[1e1,0,0,0,0,0]",
		"[4294967296,0,0,0,0,0]",
		"[0,9223372036854775808,0,0,0,0]",
		"[0,18446744073709551616,0,0,0,0]",
		"[99999999999999999999,0,0,0,0,0]",
		"[0,-0,0,0,0,0]",
		"[0,0,0,0,0,0,x]",
		"0",
		"{}",
	};
	char text[200], rest[400];
	struct bundle_samples s = {.count = 7};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		snprintf(text, sizeof(text), "{\"samples\":[%s]}", lists[i]);
		/* Without any there is an array without samples. */
		if (take(text, rest, &s) != (i ? -EPROTO : 0))
			fail_msg("%s", text);
		bundle_samples_release(&s);
		snprintf(text, sizeof(text), "{\"samples\":[%s", lists[i]);
		assert_int_equal(take(text, rest, &s), -EPROTO);
		bundle_samples_release(&s);
	}
	assert_int_equal(take("{\"a", rest, &s), -EPROTO);
	bundle_samples_release(&s);
	assert_int_equal(take("\"\\", rest, &s), -EPROTO);
	bundle_samples_release(&s);
}

/* Of the parser that the rest of a line has. */
static void numbers_are_those_of_jansson(void **state)
{
	static const char *const numbers[] = {"0",
					      "-0.0",
					      "1.5",
					      "123456789.123456789",
					      "1e-320",
					      "5e-324",
					      "1.7976931348623157e308",
					      "0.1",
					      "1e22",
					      "9007199254740993",
					      "2.2250738585072011e-308",
					      "0.30000000000000004",
					      "1E+2",
					      "1e-400"};
	char text[200], rest[400];
	struct bundle_samples s = {.count = 7};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		json_t *want = json_loads(numbers[i], JSON_DECODE_ANY, NULL);

		assert_non_null(want);
		snprintf(text, sizeof(text), "{\"samples\":[[0,0,0,%s,0,0]]}",
			 numbers[i]);
		assert_int_equal(take(text, rest, &s), 0);
		assert_true(s.samples[0].value == json_number_value(want));
		bundle_samples_release(&s);
		json_decref(want);
	}
}

static int give(const char *text, size_t series_count, struct result *res)
{
	struct bundle_samples s = {.count = 7};
	struct err err = {0};
	char rest[400];
	size_t i;
	int ret;

	result_init(res);
	for (i = 0; i < series_count; i++)
		result_add_series(res, "null", "", "ns");
	assert_int_equal(take(text, rest, &s), 0);
	ret = bundle_samples_give(&s, res, &err);
	bundle_samples_release(&s);
	return ret;
}

static void each_series_gets_its_own(void **state)
{
	static const char two[] =
		"[{\"samples\":[[1,0,0,0,0,0]]},"
		"{\"samples\":[[2,0,0,0,0,0],[3,0,0,0,0,0]]}]";
	struct bundle_samples s = {.count = 7};
	struct err err = {0};
	struct result res;
	char rest[400];

	(void)state;
	assert_int_equal(give(two, 2, &res), 0);
	assert_int_equal(res.series[0].sample_count, 1);
	assert_int_equal(res.series[1].sample_count, 2);
	assert_int_equal(res.series[1].samples[1].section, 3);
	result_release(&res);
	assert_int_equal(give(two, 1, &res), -EPROTO);
	result_release(&res);
	assert_int_equal(give(two, 3, &res), -EPROTO);
	result_release(&res);
	/* One that JSON's parser found elsewhere, by an escaped key. */
	result_init(&res);
	series_add_sample(result_add_series(&res, "null", "", "ns"));
	assert_int_equal(take("{\"samples\":[]}", rest, &s), 0);
	assert_int_equal(bundle_samples_give(&s, &res, &err), -EPROTO);
	bundle_samples_release(&s);
	result_release(&res);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_out),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(numbers_are_those_of_jansson),
		cmocka_unit_test(each_series_gets_its_own),
	};

	return RUN_TESTS(tests);
}
