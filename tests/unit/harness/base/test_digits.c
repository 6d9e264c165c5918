// SPDX-License-Identifier: GPL-3.0-or-later
/* digits: the same bytes as jansson's. */
#include "harness/base/digits.h"
#include "tests/unit/test.h"

#include <float.h>
#include <jansson.h>
#include <math.h>

#include "harness/base/strbuf.h"

static void same_as_jansson(double value)
{
	struct strbuf out = {0};
	json_t *number = json_real(value);
	char *text = json_dumps(number, JSON_ENCODE_ANY);

	digits_add_real(&out, value);
	assert_string_equal(out.str, text);
	assert_true(strtod(out.str, NULL) == value);
	strbuf_release(&out);
	json_decref(number);
	free(text);
}

static void reals(void **state)
{
	static const double odd[] = {
		0.0,  -0.0, 1,     100,  1e15,    1e16,    1e17,    1e100,
		1e-5, 1e-4, 1e-10, -2.5, 1.0 / 3, DBL_MAX, DBL_MIN, 5e-324};
	uint64_t bits = 1;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(odd); i++)
		same_as_jansson(odd[i]);
	for (i = 0; i < 20000; i++) {
		double value;

		bits = bits * 6364136223846793005u + 1442695040888963407u;
		memcpy(&value, &bits, sizeof(value));
		if (isfinite(value))
			same_as_jansson(value);
	}
}

/* From 1 to 1e15, and at the borders: nanoseconds and what is computed of them. */
static void plain_reals(void **state)
{
	uint64_t bits = 7;
	double at, step;
	int i;

	(void)state;
	for (at = 1; at <= 1e16; at *= 10) {
		same_as_jansson(at);
		same_as_jansson(nextafter(at, 0));
		same_as_jansson(nextafter(at, 2 * at));
	}
	/* Halves of the last digit, where a tie is to be even. */
	for (step = .5; step > 1e-16; step /= 2)
		for (i = 1; i < 2000; i += 7)
			same_as_jansson(i + step);
	for (i = 0; i < 200000; i++) {
		bits = bits * 6364136223846793005u + 1442695040888963407u;
		same_as_jansson(ldexp(1 + (double)(bits >> 12) * 0x1p-52,
				      (int)(bits >> 5 & 63) % 50));
	}
}

static void counts(void **state)
{
	static const uint64_t some[] = {0, 9, 10, 99, 4294967296, UINT64_MAX};
	char want[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(some); i++) {
		struct strbuf out = {0};

		snprintf(want, sizeof(want), "%llu",
			 (unsigned long long)some[i]);
		digits_add_count(&out, some[i]);
		assert_string_equal(out.str, want);
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reals),
		cmocka_unit_test(plain_reals),
		cmocka_unit_test(counts),
	};

	return RUN_TESTS(tests);
}
