// SPDX-License-Identifier: GPL-3.0-or-later
/* dot_plot: marks where their ratios are, bars as long as their figures. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "harness/findings/highlights.h"
#include "reports/html/pictures/dot_plot.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

static void plot_into(const struct findings *f, struct strbuf *out)
{
	struct highlight_row rows[HIGHLIGHTS_ALL];
	size_t count = highlights_all(&f->model, rows);

	if (count)
		dot_plot_write(&f->model, rows, count, out);
}

/* Where the first mark behind WORDS stands. */
static double mark_of(const char *svg, const char *words)
{
	const char *at = strstr(svg, words);
	double x = -1;

	at = at ? strstr(at, "translate(") : NULL;
	if (!at || sscanf(at, "translate(%lf", &x) != 1)
		fail_msg("no mark behind '%s' in %s", words, svg);
	return x;
}

static double line_of(const char *svg, const char *class)
{
	const char *at = strstr(svg, class);
	double x = -1;

	at = at ? strstr(at, "d=\"M") : NULL;
	if (!at || sscanf(at, "d=\"M%lf", &x) != 1)
		fail_msg("no line '%s' in %s", class, svg);
	return x;
}

static void marks_stand_on_their_side_of_one(void **state)
{
	struct shown *s = *state;
	const char *svg;
	double one, worse, better;

	shown_sample(s, "native", 0, "cpu_integer", "", 10);
	shown_sample(s, "kvm", 0, "cpu_integer", "", 20);
	shown_sample(s, "native", 0, "cpu_aes", "", 400);
	shown_sample(s, "kvm", 0, "cpu_aes", "", 500);
	svg = shown_write(s, plot_into);
	one = line_of(svg, "class=\"one\"");
	worse = mark_of(svg,
			"<title>integer code under kvm: 2.000 times worse");
	better = mark_of(svg, "<title>AES-128 under kvm: 0.800 times worse");
	assert_true(better < one && one < worse && worse < 460);
	assert_contains(
		svg,
		"1 block; 20.0 ns; 2.000 of native's, 95 %: 1 block; 1 boot, 1 sample, hardware</title>");
	assert_contains(svg, "times worse than native (log); left is better");
	/* No interval of one block. */
	assert_null(strstr(svg, "whisk"));
}

static void intervals_are_lines(void **state)
{
	struct shown *s = *state;
	uint32_t i;

	for (i = 0; i < 6; i++) {
		shown_sample(s, "native", i, "cpu_integer", "", 10);
		shown_sample(s, "kvm", i, "cpu_integer", "", i % 2 ? 19 : 21);
	}
	assert_contains(shown_write(s, plot_into), "class=\"whisk r1\"");
}

/* The native side failed: figures, and no axis of ratios. */
static void figures_are_bars(void **state)
{
	struct shown *s = *state;
	const char *svg;

	shown_refuse(s, "native", 0, "cpu_integer", "", RUN_TIMEOUT, "slow");
	shown_sample(s, "kvm", 0, "cpu_integer", "", 10);
	shown_sample(s, "qemu-kvm", 0, "cpu_integer", "", 20);
	svg = shown_write(s, plot_into);
	assert_contains(svg, "class=\"bar r1\" d=\"M142.0 44.5H272.0\"");
	assert_contains(svg, "class=\"bar r4\" d=\"M142.0 59.5H402.0\"");
	assert_null(strstr(svg, "times worse"));
}

static void names_are_cut_and_escaped(void **state)
{
	struct shown *s = *state;
	const char *svg;

	shown_sample(s, "kvm", 0, "<b>", "a-very-long-point", 10);
	svg = shown_write(s, plot_into);
	assert_contains(svg, ">&lt;b&gt; a-very-long-po~</text>");
	assert_null(strstr(svg, "<b>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(marks_stand_on_their_side_of_one),
		WITH_SHOWN(intervals_are_lines),
		WITH_SHOWN(figures_are_bars),
		WITH_SHOWN(names_are_cut_and_escaped),
	};

	return RUN_TESTS(tests);
}
