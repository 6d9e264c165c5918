// SPDX-License-Identifier: GPL-3.0-or-later
/* identity: what machines report of themselves, compared and shown. */
#include "tests/unit/test.h"

#include "reports/html/html_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

/* A boot of RUNNER for WORKLOAD that reports TEXT. */
static void add(struct shown *s, const char *runner, uint32_t block,
		const char *workload, const char *text)
{
	shown_sample(s, runner, block, workload, "", 1);
	shown_set(&shown_boot(s, runner, block)->res.identity, text);
}

static const struct identity_diff *diff_of(struct shown *s)
{
	return &shown_find(s)->identity;
}

static const struct identity_diff_row *row_of(const struct identity_diff *d,
					      const char *key)
{
	size_t i;

	for (i = 0; i < d->row_count; i++)
		if (!strcmp(d->rows[i].key, key))
			return &d->rows[i];
	fail_msg("no row '%s'", key);
	return NULL;
}

static void assert_verdict(struct shown *s, const char *words)
{
	char buf[240];

	assert_contains(identity_verdict(diff_of(s), buf, sizeof(buf)), words);
}

static void who_reports_nothing_is_not_compared(void **state)
{
	struct shown *s = *state;

	assert_verdict(s, "nothing was compared");
	add(s, "kvm", 0, "cpu_integer", "");
	add(s, "mshv", 0, "cpu_integer", "no equals sign\n\n");
	assert_verdict(s, "nothing was compared");
	/* Native's own report is none of a guest. */
	add(s, "native", 0, "cpu_integer", "kernel=6.1\n");
	assert_verdict(s, "nothing was compared");
	assert_int_equal(diff_of(s)->guest_runner_count, 2);
	assert_int_equal(diff_of(s)->boot_count[MACHINE_PLAIN][1], 0);
}

/* Two keys that differ behind many bytes are two. */
static void keys_are_kept_whole(void **state)
{
	struct shown *s = *state;
	const char text[] =
		"module.kvm_intel.a_parameter_with_a_name_that_is_longer_than_any_buffer_1=a\n"
		"module.kvm_intel.a_parameter_with_a_name_that_is_longer_than_any_buffer_2=b\n";

	add(s, "kvm", 0, "cpu_integer", text);
	add(s, "mshv", 0, "cpu_integer", text);
	assert_int_equal(diff_of(s)->compared_count, 2);
	assert_int_equal(diff_of(s)->row_count, 0);
	assert_int_equal(diff_of(s)->unstable_count, 0);
}

static void values_end_at_the_line(void **state)
{
	struct shown *s = *state;
	const struct identity_diff_row *row;

	add(s, "kvm", 0, "cpu_integer", "a=1=2\nb=\nc");
	add(s, "mshv", 0, "cpu_integer", "a=1=3\nb=\nc=");
	assert_int_equal(diff_of(s)->compared_count, 3);
	assert_int_equal(diff_of(s)->row_count, 2);
	row = row_of(diff_of(s), "a");
	assert_string_equal(row->values[0], "1=2");
	assert_string_equal(row->values[1], "1=3");
	row = row_of(diff_of(s), "c");
	assert_null(row->values[0]);
	assert_string_equal(row->values[1], "");
	assert_verdict(s, "differ in 2 values");
}

/* Boots of one runner that disagree, or of which some are silent. */
static void a_changing_value_is_found(void **state)
{
	struct shown *s = *state;
	const struct identity_diff_row *row;

	add(s, "kvm", 0, "cpu_integer", "a=1\nb=1\n");
	add(s, "kvm", 1, "cpu_integer", "a=2\n");
	row = row_of(diff_of(s), "a");
	assert_true(row->is_unstable[0]);
	assert_string_equal(row->values[0], "1");
	assert_true(row_of(diff_of(s), "b")->is_unstable[0]);
	assert_int_equal(diff_of(s)->unstable_count, 2);
	assert_verdict(s, "disagree in 2 values");
	/* It does so under the other one, too, and that counts as well. */
	add(s, "mshv", 0, "cpu_integer", "a=1\nb=1\n");
	add(s, "mshv", 1, "cpu_integer", "a=2\nb=1\n");
	assert_int_equal(diff_of(s)->unstable_count, 3);
}

static void unavoidable_differences_are_listed_only(void **state)
{
	struct shown *s = *state;

	add(s, "kvm", 0, "cpu_integer", "cpuid.0000000d.1=1\nvmm.version=1\n");
	add(s, "mshv", 0, "cpu_integer", "cpuid.0000000d.1=2\nvmm.version=2\n");
	assert_int_equal(diff_of(s)->row_count, 2);
	assert_true(row_of(diff_of(s), "vmm.version")->is_unavoidable);
	assert_int_equal(diff_of(s)->guest_difference_count, 0);
	assert_verdict(s, "identical in all 2 values");
	/* Nor do they count where boots of one runner disagree. */
	add(s, "kvm", 1, "cpu_integer", "cpuid.0000000d.1=9\nvmm.version=1\n");
	assert_verdict(s, "identical in all 2 values");
	/* The next leaf is none of them. */
	add(s, "kvm", 2, "cpu_integer", "cpuid.0000000e.0=1\n");
	assert_verdict(s, "disagree in 1 values");
}

/* A guest that is like native in nothing is compared with guests alone. */
static void native_is_shown_and_not_judged(void **state)
{
	struct shown *s = *state;
	const struct identity_diff_row *row;

	add(s, "native", 0, "cpu_integer", "a=host\n");
	add(s, "kvm", 0, "cpu_integer", "a=guest\n");
	add(s, "mshv", 0, "cpu_integer", "a=guest\n");
	row = row_of(diff_of(s), "a");
	assert_string_equal(row->values[0], "host");
	assert_string_equal(row->values[2], "guest");
	assert_verdict(s, "identical in all 1 values");
}

/* Shapes are meant to differ. */
static void shapes_are_not_compared(void **state)
{
	struct shown *s = *state;

	add(s, "kvm", 0, "footprint", "memory=256\n");
	add(s, "mshv", 0, "footprint", "memory=512\n");
	assert_int_equal(diff_of(s)->row_count, 0);
	assert_int_equal(diff_of(s)->compared_count, 0);
}

/* The same difference with a disk and without is one row. */
static void kinds_of_machines_share_a_row(void **state)
{
	struct shown *s = *state;
	const struct identity_diff *d;
	char scope[96];

	add(s, "kvm", 0, "cpu_integer", "a=1\nb=1\n");
	add(s, "mshv", 0, "cpu_integer", "a=2\nb=1\n");
	add(s, "kvm", 1, "storage", "a=1\nb=1\n");
	add(s, "mshv", 1, "storage", "a=2\nb=2\n");
	add(s, "kvm", 2, "network", "a=1\nb=1\n");
	add(s, "mshv", 2, "network", "a=2\nb=2\n");
	d = diff_of(s);
	assert_int_equal(d->row_count, 2);
	assert_string_equal(
		identity_row_scope(d, row_of(d, "a"), scope, sizeof(scope)),
		"");
	assert_string_equal(
		identity_row_scope(d, row_of(d, "b"), scope, sizeof(scope)),
		" (with a disk, with a network card)");
	/* Counted per kind, in which it is judged. */
	assert_int_equal(d->guest_difference_count, 5);
	/* Cut where there is no room. */
	identity_row_scope(d, row_of(d, "b"), scope, 10);
	assert_string_equal(scope, " (with a ");
}

static void the_page_lists_the_differences(void **state)
{
	struct shown *s = *state;
	const char *html;

	add(s, "kvm", 0, "cpu_integer", "<k>=<v>\nb=1\n");
	add(s, "kvm", 1, "cpu_integer", "<k>=<w>\nb=1\n");
	add(s, "mshv", 0, "cpu_integer", "b=1\n");
	html = shown_write(s, html_run_write);
	assert_contains(html, "<th>what</th><th>kvm</th><th>mshv</th>");
	assert_contains(html, "<tr><td>&lt;k&gt;</td><td class=\"w\">&lt;v&gt; "
			      "<em>(not in all boots)</em></td>"
			      "<td class=\"w\">absent</td></tr>");
	assert_null(strstr(html, "<tr><td>b</td>"));
	assert_contains(html, "disagree in 1 values");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(who_reports_nothing_is_not_compared),
		WITH_SHOWN(keys_are_kept_whole),
		WITH_SHOWN(values_end_at_the_line),
		WITH_SHOWN(a_changing_value_is_found),
		WITH_SHOWN(unavoidable_differences_are_listed_only),
		WITH_SHOWN(native_is_shown_and_not_judged),
		WITH_SHOWN(shapes_are_not_compared),
		WITH_SHOWN(kinds_of_machines_share_a_row),
		WITH_SHOWN(the_page_lists_the_differences),
	};

	return RUN_TESTS(tests);
}
