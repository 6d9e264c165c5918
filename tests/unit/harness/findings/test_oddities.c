// SPDX-License-Identifier: GPL-3.0-or-later
/* oddities: what the boots of a series show in their order, and in JSON. */
#include "tests/unit/fixture/run/json_path.h"
#include "tests/unit/test.h"

#include "harness/findings/oddities.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

/* COUNT boots of about 100; their order has no pattern. */
static void add(struct shown *s, const char *workload, uint32_t first,
		uint32_t count)
{
	static const double noise[] = {.3, -.5, .1,  .6, -.2, -.6, .5,
				       .0, .4,  -.4, .2, -.1, -.3};
	uint32_t i;

	for (i = first; i < first + count; i++)
		shown_sample(s, "kvm", i, workload, "",
			     100 + noise[i * 8 % ARRAY_SIZE(noise)]);
}

static void set(struct shown *s, const char *workload, uint32_t block,
		double value)
{
	shown_series(s, "kvm", block, workload, "")->samples[0].value = value;
}

/* Of the only runner's series in row ROW. */
static const char *odd(struct shown *s, size_t row)
{
	const struct findings *f = shown_find(s);

	return oddities_text(&f->oddities, &f->model.rows[row], 0);
}

static void plain_noise_is_not_odd(void **state)
{
	struct shown *s = *state;

	add(s, "cpu_integer", 0, 26);
	assert_string_equal(odd(s, 0), "");
	assert_int_equal(s->findings.oddities.count, 0);
}

/* Two far away of seven show nothing, of eight they do. */
static void it_takes_eight_boots(void **state)
{
	struct shown *s = *state;

	add(s, "cpu_integer", 0, 7);
	set(s, "cpu_integer", 2, 500);
	set(s, "cpu_integer", 5, 501);
	assert_string_equal(odd(s, 0), "");
	add(s, "cpu_integer", 7, 1);
	assert_contains(odd(s, 0),
			"two modes (6 boots at 100 ns, 2 at 500 ns)");
}

static void boots_that_take_turns_are_correlated(void **state)
{
	struct shown *s = *state;
	uint32_t i;

	for (i = 0; i < 20; i++)
		shown_sample(s, "kvm", i, "cpu_integer", "",
			     i % 2 ? 100.4 : 99.6);
	/* All but one of twenty products of neighbours are -1. */
	assert_string_equal(odd(s, 0), "autocorrelation (-0.95)");
	assert_false(s->findings.oddities.rows[0].is_outliers_alone);
}

static void outliers_are_counted(void **state)
{
	struct shown *s = *state;

	add(s, "cpu_integer", 0, 26);
	set(s, "cpu_integer", 9, 110);
	assert_string_equal(odd(s, 0), "1 outlier");
	assert_true(s->findings.oddities.rows[0].is_outliers_alone);
	set(s, "cpu_integer", 17, 88);
	assert_string_equal(odd(s, 0), "2 outliers");
}

/* All that is odd about a series, in one order. */
static void several_oddities_are_listed(void **state)
{
	struct shown *s = *state;
	uint32_t i;

	for (i = 0; i < 12; i++)
		shown_sample(s, "kvm", i, "cpu_integer", "",
			     (i < 6 ? 100 : 200) + .1 * i);
	assert_memory_equal(odd(s, 0), "drift 2.0", 9);
	assert_contains(odd(s, 0), "), autocorrelation (0.");
	assert_contains(odd(s, 0), "), two modes");
}

/* Six at a time are one value, and what is left over is none. */
static void many_boots_are_averaged(void **state)
{
	struct shown *s = *state;
	uint32_t i, random = 1;

	for (i = 0; i < 1001; i++) {
		random = random * 1664525 + 1013904223;
		shown_sample(s, "kvm", i, "cpu_integer", "",
			     100 + (random >> 16) / 65536.);
	}
	assert_string_equal(odd(s, 0), "");
	set(s, "cpu_integer", 1000, 1e6);
	assert_string_equal(odd(s, 0), "");
	set(s, "cpu_integer", 500, 1e6);
	assert_string_equal(odd(s, 0), "1 outlier");
}

/* Each is of its own series, and none of another. */
static void json_lists_them_beside_their_series(void **state)
{
	struct shown *s = *state;
	json_t *json, *list;
	size_t i;

	add(s, "cpu_integer", 0, 26);
	add(s, "cpu_float", 0, 26);
	set(s, "cpu_float", 9, 110);
	json = json_report(shown_find(s));
	list = json_object_get(json, "estimates");
	assert_int_equal(json_array_size(list), 2);
	for (i = 0; i < 2; i++) {
		json_t *row = json_array_get(list, i);
		const char *workload =
			json_string_value(json_object_get(row, "workload"));

		assert_string_equal(
			json_string_value(json_object_get(row, "odd")),
			strcmp(workload, "cpu_float") ? "" : "1 outlier");
	}
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(plain_noise_is_not_odd),
		WITH_SHOWN(it_takes_eight_boots),
		WITH_SHOWN(boots_that_take_turns_are_correlated),
		WITH_SHOWN(outliers_are_counted),
		WITH_SHOWN(several_oddities_are_listed),
		WITH_SHOWN(many_boots_are_averaged),
		WITH_SHOWN(json_lists_them_beside_their_series),
	};

	return RUN_TESTS(tests);
}
