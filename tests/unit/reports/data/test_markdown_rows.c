// SPDX-License-Identifier: GPL-3.0-or-later
/* markdown: its columns, its notes, and what it lists below the table. */
#include "tests/unit/test.h"

#include "reports/data/markdown.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

static const char *text_of(struct shown *s)
{
	return shown_write(s, markdown_write);
}

/* As many cells in the line of dashes as in the head and in each row. */
static void assert_table(const char *text, size_t cells)
{
	const char *at = strstr(text, "| median of boots |");
	size_t lines = 0;

	assert_non_null(at);
	while (*at == '|') {
		size_t count = 0, len = strcspn(at, "\n"), i;

		for (i = 1; i < len; i++)
			count += at[i] == '|' && at[i - 1] != '\\';
		assert_int_equal(count, cells);
		at += len + 1;
		lines++;
	}
	assert_true(lines >= 3);
}

static void a_table_has_as_many_cells_everywhere(void **state)
{
	static const char *const guests[] = {"k|vm", "mshv", "qemu"};
	struct shown *s = *state;
	size_t i;

	shown_sample(s, "native", 0, "cpu_integer", "", 10);
	/* Name, direction, native, boots and grade. */
	assert_table(text_of(s), 5);
	for (i = 0; i < ARRAY_SIZE(guests); i++) {
		shown_sample(s, guests[i], 0, "cpu_integer", "", 10);
		/* A figure and a ratio more for each. */
		assert_table(text_of(s), 7 + 2 * i);
	}
	shown_sample(s, "qemu", 0, "cpu|aes", "a|b", 10);
	assert_table(text_of(s), 11);
}

static void intervals_need_four_blocks(void **state)
{
	struct shown *s = *state;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		shown_sample(s, "native", i, "cpu_integer", "", 10);
		shown_sample(s, "kvm", i, "cpu_integer", "",
			     i % 2 ? 14.9 : 15.1);
	}
	assert_contains(text_of(s), " (3 blocks) | 3/3 | hardware |\n");
	shown_sample(s, "native", 3, "cpu_integer", "", 10);
	shown_sample(s, "kvm", 3, "cpu_integer", "", 14.9);
	assert_contains(text_of(s), "| 1.500 [1.4");
}

static void notes_have_a_section_of_their_own(void **state)
{
	struct shown *s = *state;
	const char *text;

	shown_sample(s, "kvm", 0, "cpu_integer", "", 10);
	assert_null(strstr(text_of(s), "### Notes"));
	assert_contains(s->out.str, "### Skipped and failed\n\nNothing.\n");
	snprintf(shown_series(s, "kvm", 0, "cpu_integer", "")->reason, 40,
		 "by *hand*, <b>");
	shown_refuse(s, "kvm", 0, "cpu_aes", "", RUN_SKIPPED, "no_AES");
	text = text_of(s);
	assert_contains(text, "\n### Notes\n\n- cpu\\_integer under kvm: by "
			      "\\*hand\\*, &lt;b&gt;\n"
			      "\n### Skipped and failed\n\n"
			      "- cpu\\_aes under kvm: no\\_AES (1 boots)\n");
	assert_null(strstr(text, "Nothing."));
}

/* The first boot's failure, and no boot that went well. */
static void failures_are_listed_by_boot(void **state)
{
	struct shown *s = *state;

	result_fail(&shown_boot(s, "kvm", 4)->res, RUN_TIMEOUT, "no end");
	shown_sample(s, "kvm", 5, "cpu_integer", "", 10);
	assert_contains(text_of(s), "\n### Skipped and failed\n\n"
				    "- boot 0, block 4, kvm: **timeout**: "
				    "no end\n");
	assert_null(strstr(s->out.str, "- boot 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(a_table_has_as_many_cells_everywhere),
		WITH_SHOWN(intervals_need_four_blocks),
		WITH_SHOWN(notes_have_a_section_of_their_own),
		WITH_SHOWN(failures_are_listed_by_boot),
	};

	return RUN_TESTS(tests);
}
