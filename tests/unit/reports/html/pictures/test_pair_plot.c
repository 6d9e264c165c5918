// SPDX-License-Identifier: GPL-3.0-or-later
/* pair_plot, spark_svg: what is drawn of two runs, and of a small history. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "harness/base/base.h"
#include "harness/findings/runs/run_pair.h"
#include "reports/html/pictures/pair_plot.h"
#include "reports/html/pictures/spark_svg.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

/* Times 10 ns natively; INTEGER and AES are of kvm, in B alone. */
static void fill(struct shown *s, double integer, double aes)
{
	uint32_t i;

	for (i = 0; i < 6; i++) {
		double noise = 1 + .002 * (i % 3);

		shown_sample(s, "native", i, "cpu_integer", "", 10 * noise);
		shown_sample(s, "kvm", i, "cpu_integer", "",
			     integer * (1 + .002 * ((i + 2) % 3)));
		shown_sample(s, "native", i, "cpu_aes", "", 100 * noise);
		shown_sample(s, "kvm", i, "cpu_aes", "",
			     aes * (1 + .002 * ((i + 1) % 3)));
	}
	shown_find(s);
}

static size_t draw(struct shown *a, struct shown *b, size_t most,
		   struct strbuf *out)
{
	const struct run_pair_options options = {.is_forced = true};
	struct run_pair pair;
	size_t count, found;

	run_pair_init(&pair, &a->findings.model, &b->findings.model, &options);
	count = pair_plot_write(&pair, most, &found, out);
	assert_true(count <= found && found <= pair.row_count);
	run_pair_release(&pair);
	return count;
}

static void the_largest_difference_comes_first(void **state)
{
	struct shown *a = *state, *b;
	struct strbuf svg = {0};
	const char *integer, *aes;
	void *other = NULL;

	shown_setup(&other);
	b = other;
	fill(a, 11, 100);
	fill(b, 15, 50);
	assert_int_equal(draw(a, b, 9, &svg), 4);
	/* Half the rate is twice as bad. */
	aes = strstr(svg.str, "<title>cpu_aes, kvm: b is ");
	integer = strstr(svg.str, "<title>cpu_integer, kvm: b is 1.36");
	assert_non_null(aes);
	assert_non_null(integer);
	assert_true(aes < integer);
	assert_int_equal(count_of(svg.str, "<g class=\"fail\">"), 2);
	assert_contains(svg.str, "left is better");
	assert_null(strstr(svg.str, "nan"));
	strbuf_release(&svg);
	assert_int_equal(draw(a, b, 2, &svg), 2);
	assert_int_equal(count_of(svg.str, "<circle"), 2);
	strbuf_release(&svg);
	/* The other way round it is better. */
	assert_int_equal(draw(b, a, 9, &svg), 4);
	assert_int_equal(count_of(svg.str, "<g class=\"pass\">"), 2);
	strbuf_release(&svg);
	shown_teardown(&other);
}

static void nothing_in_common_is_not_drawn(void **state)
{
	struct shown *a = *state;
	struct strbuf svg = {0};
	void *other = NULL;

	shown_setup(&other);
	shown_find(a);
	shown_find(other);
	assert_int_equal(draw(a, other, 9, &svg), 0);
	assert_int_equal(svg.len, 0);
	shown_teardown(&other);
}

/* Noise of a hundredth fills no more than a tenth of the height. */
static void a_spark_does_not_magnify_noise(void **state)
{
	static const double quiet[] = {100, 101, 100, 101};
	static const double loud[] = {100, 100, 150, 150};
	struct spark s = {.values = quiet, .count = 4, .label = "<s>"};
	double first, second;
	struct strbuf svg = {0};

	(void)state;
	spark_svg(&s, &svg);
	assert_contains(svg.str, "aria-label=\"&lt;s&gt;\"");
	assert_int_equal(sscanf(strstr(svg.str, " d=\"M"),
				" d=\"M%*f %lfL%*f %lf", &first, &second),
			 2);
	assert_true(first - second > 0 && first - second < 5);
	assert_null(strstr(svg.str, "worse"));
	strbuf_release(&svg);
	s = (struct spark){loud, 4, true, 2, true, ""};
	spark_svg(&s, &svg);
	assert_contains(svg.str, "<path class=\"worse\" d=\"M100.0 1V");
	strbuf_release(&svg);
	s = (struct spark){.values = loud, .count = 0, .label = ""};
	spark_svg(&s, &svg);
	assert_null(strstr(svg.str, "nan"));
	assert_null(strstr(svg.str, "inf"));
	strbuf_release(&svg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(the_largest_difference_comes_first),
		WITH_SHOWN(nothing_in_common_is_not_drawn),
		cmocka_unit_test(a_spark_does_not_magnify_noise),
	};

	return RUN_TESTS(tests);
}
