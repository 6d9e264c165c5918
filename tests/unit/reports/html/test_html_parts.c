// SPDX-License-Identifier: GPL-3.0-or-later
/* html_parts: text of any origin, and what a number says of itself. */
#include "tests/unit/test.h"

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "reports/html/html_parts.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

static void text_is_cut_between_characters(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""},
		{"kvm", "kvm"},
		{"four", "four"},
		{"fives", "fiv~"},
		{"<<<<<", "&lt;&lt;&lt;~"},
		{"\u00e4\u00f6\u00fc\u00df", "\u00e4\u00f6\u00fc\u00df"},
		{"\u00e4\u00f6\u00fc\u00dfx", "\u00e4\u00f6\u00fc~"},
	};
	struct strbuf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		html_cut(&out, cases[i].text, 4);
		assert_string_equal(strbuf_str(&out), cases[i].want);
		strbuf_release(&out);
	}
}

/* They would turn round what stands beside them. */
static void marks_of_direction_are_shown(void **state)
{
	struct strbuf out = {0};

	(void)state;
	html_escape(&out, "a\u202e<b>\u2067\u05d0");
	assert_string_equal(out.str, "a[U+202E]&lt;b&gt;[U+2067]\u05d0");
	strbuf_release(&out);
}

static void basis_into(const struct findings *f, struct strbuf *out)
{
	html_basis(out, &f->model.rows[0], 0);
	strbuf_puts(out, "|");
	html_basis(out, &f->model.rows[0], 1);
}

static void a_number_says_what_it_rests_on(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "native", 0, "cpu_integer", "", 10);
	shown_sample(s, "kvm", 0, "cpu_integer", "", 20);
	shown_sample(s, "kvm", 0, "cpu_integer", "", 20);
	shown_boot(s, "kvm", 0)->res.grade = GRADE_EMULATED;
	assert_string_equal(shown_write(s, basis_into),
			    "1 boot, 1 sample, hardware|2.000 of native's, "
			    "95 %: 1 block; 1 boot, 2 samples, emulated");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(marks_of_direction_are_shown),
		WITH_SHOWN(a_number_says_what_it_rests_on),
	};

	return RUN_TESTS(tests);
}
