// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * quantity: amounts in all the forms that Kubernetes takes, exact to 10^-9, and
 * rounded up where KubeVirt rounds.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/kubevirt/quantity.h"
#include "tests/unit/fixture/expect.h"

#define GI ((int64_t)GIB)

static struct quantity read_it(const char *text)
{
	struct quantity q = {0};
	struct err err;

	if (quantity_read(text, &q, &err))
		fail_msg("%s", err.msg);
	return q;
}

static const struct {
	const char *text;
	int64_t value;
} amounts[] = {
	{"0", 0},
	{"1", 1},
	{"1Gi", GI},
	{"1.5Gi", GI * 3 / 2},
	{"1e3", 1000},
	{"1E3", 1000},
	{"1e+3", 1000},
	{"12e-1", 2},
	{"1E", 1000000000000000000},
	{"7Ei", 8070450532247928832},
	{"1Ti", 1024 * GI},
	{"1Pi", 1024 * 1024 * GI},
	{"1P", 1000000000000000},
	{"3T", 3000000000000},
	{"2G", 2000000000},
	{"100M", 100000000},
	{"64Mi", 64 << 20},
	{"1500m", 2},
	{"1m", 1},
	{"1n", 1},
	{"0n", 0},
	{"2u", 1},
	{"2k", 2000},
	{"3Ki", 3072},
	{".5Ki", 512},
	{"5.", 5},
	{"+3", 3},
	{"007", 7},
	{"0.1Ki", 103},
	{"1e-40", 1},
	{"0e40", 0},
	{"9223372036854775807", INT64_MAX},
	{"9223372036854775806.5", INT64_MAX},
};

static void amounts_are_kubernetes(void **state)
{
	struct err err;
	int64_t value = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(amounts); i++) {
		if (quantity_parse(amounts[i].text, &value, &err))
			fail_msg("%s", err.msg);
		if (value != amounts[i].value)
			fail_msg("'%s' is %lld", amounts[i].text,
				 (long long)value);
	}
}

static const struct {
	const char *text;
	int ret;
} refused[] = {
	{"", -EINVAL},
	{"Gi", -EINVAL},
	{"0x10", -EINVAL},
	{"1 GiB", -EINVAL},
	{"1GiB", -EINVAL},
	{"1gi", -EINVAL},
	{"1K", -EINVAL},
	{"-1", -EINVAL},
	{"1..2", -EINVAL},
	{"1e", -EINVAL},
	{"1e+", -EINVAL},
	{"e3", -EINVAL},
	{"1Gi ", -EINVAL},
	{" 1", -EINVAL},
	{"1e3Gi", -EINVAL},
	{"1.5.5", -EINVAL},
	{"1e99", -EINVAL},
	{"1e99999999999999999999", -EINVAL},
	{"nan", -EINVAL},
	{"inf", -EINVAL},
	{"1,5", -EINVAL},
	{".", -EINVAL},
	{"+", -EINVAL},
	{"++1", -EINVAL},
	{"1234567890123456789012345678901", -EINVAL},
	{"9223372036854775808", -ERANGE},
	{"9223372036854775807.1", -ERANGE},
	{"8Ei", -ERANGE},
	{"10E", -ERANGE},
	{"1e19", -ERANGE},
	{"1e40", -ERANGE},
	{"123456789012345678901234567890Ei", -ERANGE},
};

static void other_texts_are_no_amounts(void **state)
{
	int64_t value = 77;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		struct err err = {0};

		if (quantity_parse(refused[i].text, &value, &err) !=
		    refused[i].ret)
			fail_msg("'%s': %s", refused[i].text, err.msg);
		assert_contains(err.msg, "'");
	}
	assert_int_equal(value, 77);
}

static void they_are_exact(void **state)
{
	static const struct {
		const char *a, *b;
		bool are_equal;
	} cases[] = {
		{"2", "2000m", true},
		{"2Gi", "2048Mi", true},
		{"1.5Gi", "1536Mi", true},
		{"1e3", "1k", true},
		{"0.5", "500m", true},
		{"0", "0n", true},
		{"1u", "1000n", true},
		{"2000m", "1999m", false},
		{"2", "2000000001n", false},
		{"1Gi", "1G", false},
		/* Up to the next 10^-9. */
		{"1.0000000001", "1000000001n", true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct quantity a = read_it(cases[i].a),
				b = read_it(cases[i].b);

		if ((a.nano == b.nano) != cases[i].are_equal)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
	assert_true(read_it("5n").nano == 5);
}

static void values_are_rounded_up(void **state)
{
	static const struct {
		const char *text;
		int64_t value, kilo, milli;
	} cases[] = {
		{"0", 0, 0, 0},
		{"1n", 1, 1, 1},
		{"1m", 1, 1, 1},
		{"1500u", 1, 1, 2},
		{"999", 999, 1, 999000},
		{"1000", 1000, 1, 1000000},
		{"1000000001n", 2, 1, 1001},
		{"1000001m", 1001, 2, 1000001},
		{"1001", 1001, 2, 1001000},
		{"1Gi", GI, 1073742, GI * 1000},
		{"2500m", 3, 1, 2500},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct quantity q = read_it(cases[i].text);

		if (quantity_value(q) != cases[i].value ||
		    quantity_kilo(q) != cases[i].kilo ||
		    quantity_milli(q) != cases[i].milli)
			fail_msg("%s", cases[i].text);
	}
}

static void sums_and_differences_are_exact(void **state)
{
	struct quantity a = read_it("1Gi"), b = read_it("1500m");

	(void)state;
	assert_int_equal(quantity_milli(quantity_add(a, b)), GI * 1000 + 1500);
	assert_int_equal(quantity_value(quantity_add(a, b)), GI + 2);
	assert_int_equal(quantity_milli(quantity_subtract(a, b)),
			 GI * 1000 - 1500);
	assert_true(quantity_subtract(b, b).nano == 0);
	/* Toward zero: more is not asked for less than nothing. */
	assert_int_equal(quantity_value(quantity_subtract(b, read_it("3"))),
			 -1);
	a = quantity_of(INT64_MAX);
	assert_true(quantity_subtract(quantity_add(a, a), a).nano == a.nano);
}

static void a_missing_amount_is_zero(void **state)
{
	const struct amount none = {0}, zero = amount_of(0), two = amount_of(2);
	const struct amount unset = {quantity_of(2), false};
	const struct amount same = {read_it("2000m"), true};

	(void)state;
	assert_true(amount_is_zero(none) && amount_is_zero(zero) &&
		    amount_is_zero(unset));
	assert_false(amount_is_zero(two));
	assert_true(amounts_are_equal(none, zero));
	assert_true(amounts_are_equal(unset, none));
	assert_true(amounts_are_equal(two, same));
	assert_false(amounts_are_equal(two, none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_kubernetes),
		cmocka_unit_test(other_texts_are_no_amounts),
		cmocka_unit_test(they_are_exact),
		cmocka_unit_test(values_are_rounded_up),
		cmocka_unit_test(sums_and_differences_are_exact),
		cmocka_unit_test(a_missing_amount_is_zero),
	};

	return RUN_TESTS(tests);
}
