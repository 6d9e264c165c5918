// SPDX-License-Identifier: GPL-3.0-or-later
/* trend_svg: where a history's points, breaks and changes are drawn. */
#include "tests/unit/test.h"

#include "harness/base/strbuf.h"
#include "reports/html/pictures/trend_svg.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/made_history.h"

/* Ends of the picture's axes, in pixels. */
#define X_FIRST 90.0
#define X_LAST 884.0
#define Y_HIGH 16.0
#define Y_LOW 226.0

/* Valid until the next call. */
static const char *drawn(struct made_history *m, const char *name)
{
	struct strbuf svg = {0};

	trend_svg(made_history_find(m), name, "kvm", &svg);
	free(m->text);
	m->text = svg.str;
	return m->text;
}

/* Where the INDEXth circle is, from 0. */
static void assert_dot(const char *svg, size_t index, double x, double y)
{
	static const char before[] = "<circle class=\"f1\" cx=\"";
	double got_x, got_y;

	do {
		svg = strstr(svg, before);
		assert_non_null(svg);
		svg += strlen(before);
	} while (index--);
	assert_int_equal(sscanf(svg, "%lf\" cy=\"%lf\"", &got_x, &got_y), 2);
	assert_close(got_x, x, .051);
	assert_close(got_y, y, .051);
}

static void one_boot_is_a_dot(void **state)
{
	struct made_history *m = *state;
	const char *svg;

	made_history_add(m, "{}", 250, 1);
	svg = drawn(m, "series");
	assert_int_equal(count_of(svg, "<circle"), 1);
	/* One value has no span, and stands in the middle. */
	assert_dot(svg, 0, X_FIRST, (Y_HIGH + Y_LOW) / 2);
	assert_int_equal(count_of(svg, ">250 ns<"), 1);
	assert_int_equal(count_of(svg, ">2023-11-14 22:13<"), 1);
	assert_null(strstr(svg, "text-anchor=\"end\" font-size=\"12\" "
				"fill=\"currentColor\">2023"));
	assert_null(strstr(svg, "nan"));
}

static void points_stand_by_boot_and_value(void **state)
{
	struct made_history *m = *state;
	const char *svg;

	made_history_add(m, "{}", 100, 1);
	made_history_add(m, "{}", 300, 1);
	made_history_add(m, "{}", 250, 1);
	svg = drawn(m, "series");
	assert_int_equal(count_of(svg, "<polyline"), 1);
	assert_dot(svg, 0, X_FIRST, Y_LOW);
	assert_dot(svg, 1, (X_FIRST + X_LAST) / 2, Y_HIGH);
	assert_dot(svg, 2, X_LAST, Y_HIGH + (Y_LOW - Y_HIGH) / 4);
	assert_contains(svg, ">300 ns<");
	assert_contains(svg, ">100 ns<");
	assert_contains(svg, ">2023-11-16 22:13<");
	assert_null(strstr(svg, "<line"));
}

static double x_of_mark(const char *svg, const char *class)
{
	char before[64];
	const char *at;

	snprintf(before, sizeof(before), "<line class=\"%s\" x1=\"", class);
	at = strstr(svg, before);
	assert_non_null(at);
	return strtod(at + strlen(before), NULL);
}

/* No line leads from one machine to another. */
static void a_break_ends_the_line(void **state)
{
	struct made_history *m = *state;
	const char *svg, *second;
	double x;

	made_history_add(m, "{\"cpu.model\":\"1\"}", 100, 2);
	made_history_add(m, "{\"cpu.model\":\"2\"}", 200, 3);
	svg = drawn(m, "series");
	assert_int_equal(count_of(svg, "<polyline"), 2);
	assert_int_equal(count_of(svg, "<circle"), 5);
	/* Between the second boot and the third, of five. */
	x = X_FIRST + (X_LAST - X_FIRST) * 1.5 / 4;
	assert_close(x_of_mark(svg, "break"), x, .051);
	second = strstr(strstr(svg, "<polyline") + 1, "<polyline");
	second = strstr(second, "points=\"");
	assert_true(strtod(second + 8, NULL) > x);
	/* It has no size to tell; each boot says what it is. */
	assert_null(strstr(svg, " %</title>"));
	assert_int_equal(count_of(svg, "<title>"), 5);
	assert_contains(svg, " ns, boot 3 of 3 of 2023-11-");
}

static void a_change_is_marked_by_its_way(void **state)
{
	struct made_history *m = *state;
	const char *svg;

	made_history_add(m, "{}", 100, 10);
	made_history_add(m, "{}", 80, 10);
	svg = drawn(m, "series");
	assert_int_equal(count_of(svg, "<line class=\"change\""), 1);
	assert_close(x_of_mark(svg, "change"),
		     X_FIRST + (X_LAST - X_FIRST) * 9.5 / 19, .051);
	assert_contains(svg, "stroke=\"var(--good)\"");
	assert_contains(svg, "<title>-20.0 %</title>");
	assert_int_equal(count_of(svg, "<polyline"), 1);
	m->h.lower_is_better = false;
	assert_contains(drawn(m, "series"), "stroke=\"var(--bad)\"");
}

static void foreign_names_are_text(void **state)
{
	struct made_history *m = *state;
	const char *svg;

	made_history_add(m, "{}", 100, 1);
	svg = drawn(m, "\" onload=\"<&'\x01");
	assert_contains(svg, "aria-label=\"&quot; onload=&quot;&lt;&amp;&#39;"
			     "\xef\xbf\xbd\" data-days=\"90:2023-11-14 \"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HISTORY(one_boot_is_a_dot),
		WITH_HISTORY(points_stand_by_boot_and_value),
		WITH_HISTORY(a_break_ends_the_line),
		WITH_HISTORY(a_change_is_marked_by_its_way),
		WITH_HISTORY(foreign_names_are_text),
	};

	return RUN_TESTS(tests);
}
