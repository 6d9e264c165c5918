// SPDX-License-Identifier: GPL-3.0-or-later
/* html_run: the page's details of a run, its boots, its host and its plan. */
#include "tests/unit/test.h"

#include "reports/html/html_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define BAD "\xef\xbf\xbd"

static const char *page_of(struct shown *s)
{
	return shown_write(s, html_run_write);
}

static void banner_into(const struct findings *f, struct strbuf *out)
{
	html_run_write_banner(&f->model, out);
}

static void line_into(const struct findings *f, struct strbuf *out)
{
	html_run_write_line(&f->model, out);
}

/* From the fold of that id to its end. */
static const char *fold_of(const char *page, const char *id, size_t *len)
{
	char begin[64];

	snprintf(begin, sizeof(begin), "<div id=\"%s\">", id);
	page = strstr(page, begin);
	assert_non_null(page);
	*len = (size_t)(strstr(page, "</details>") - page);
	return page;
}

static void assert_fold(struct shown *s, const char *id, const char *words)
{
	size_t len;
	const char *fold = fold_of(page_of(s), id, &len);
	char *text = strndup(fold, len);

	assert_contains(text, words);
	free(text);
}

static size_t rows_of(struct shown *s, const char *id)
{
	size_t len, count;
	const char *fold = fold_of(page_of(s), id, &len);
	char *text = strndup(fold, len);

	count = count_of(text, "<tr><td");
	free(text);
	return count;
}

static void what_vmms_say_of_themselves_is_shown(void **state)
{
	struct shown *s = *state;
	struct boot_data *b = shown_boot(s, "kvm", 0);

	assert_null(strstr(page_of(s), "pinning"));
	b->res.identity = strdup("a=1\nvmm.sandbox=<b>\n"
				 "vmm.placement=cores, kept");
	assert_contains(page_of(s),
			"<p class=\"note\">sandbox of the VMM: &lt;b&gt;</p>\n"
			"<p class=\"note\">pinning: cores, kept</p>\n");
}

static void a_boot_has_a_row_with_its_outcome(void **state)
{
	struct shown *s = *state;
	struct boot_data *b;

	assert_int_equal(rows_of(s, "boots"), 0);
	shown_sample(s, "kvm", 3, "cpu_integer", "", 1);
	b = shown_boot(s, "kvm", 3);
	snprintf(b->bc.paravirt, sizeof(b->bc.paravirt), "identical");
	b->res.elapsed_ns = 2500000000;
	result_fail(&shown_boot(s, "m<s>hv", 4)->res, RUN_TIMEOUT, "no <end>");
	shown_boot(s, "m<s>hv", 4)->res.grade = GRADE_SOFTWARE;
	assert_int_equal(rows_of(s, "boots"), 2);
	assert_fold(s, "boots",
		    "<tr><td class=\"n\">0</td><td class=\"n\">3</td>"
		    "<td>kvm</td><td>identical</td><td>ok</td><td>0 of 1</td>"
		    "<td class=\"n\">2.50 s</td><td>"
		    "<span class=\"grade hardware\">");
	assert_fold(s, "boots",
		    "<tr><td class=\"n\">1</td><td class=\"n\">4</td>"
		    "<td>m&lt;s&gt;hv</td><td></td><td>timeout: no &lt;end&gt;"
		    "</td><td>0 of 0</td><td class=\"n\">0.00 ns</td><td>"
		    "<span class=\"grade software\">");
}

/* How many samples, and by what any of them was. */
static void disturbances_are_summed_up(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "kvm", 0, "cpu_integer", "", 1)->disturbances =
		DISTURBED_CLOCKS;
	shown_sample(s, "kvm", 0, "cpu_integer", "", 1);
	shown_sample(s, "kvm", 0, "cpu_float", "", 1)->disturbances =
		DISTURBED_STEAL | DISTURBED_CLOCKS;
	assert_fold(s, "boots", "<td>2 of 3: clocks, steal</td>");
}

static void exits_are_a_ledger(void **state)
{
	struct shown *s = *state;
	struct exit_row *e;

	assert_int_equal(rows_of(s, "exits"), 0);
	shown_boot(s, "native", 0);
	e = result_add_exit(&shown_boot(s, "kvm", 0)->res);
	*e = (struct exit_row){.vcpu = 2,
			       .kind = "<mmio>",
			       .count = UINT64_MAX,
			       .handled_ns = 1500};
	assert_int_equal(rows_of(s, "exits"), 1);
	assert_fold(s, "exits",
		    "<tr><td class=\"n\">1</td><td>kvm</td><td class=\"n\">2"
		    "</td><td>&lt;mmio&gt;</td><td class=\"n\">"
		    "18446744073709551615</td><td class=\"n\">1.50 us</td>");
}

/* Texts as they are, everything else as JSON; damaged ones are empty. */
static void stored_objects_are_tables(void **state)
{
	struct shown *s = *state;

	shown_set(&s->run.fingerprint,
		  "{\"a\\\"b\": \"<x>\\u0001\", \"n\": 1.5, \"z\": null,"
		  " \"list\": [1, \"&\"]}");
	assert_fold(s, "fingerprint",
		    "<tr><th scope=\"row\">a&quot;b</th>"
		    "<td class=\"w\">&lt;x&gt;" BAD "</td></tr>");
	assert_fold(s, "fingerprint", "n</th><td class=\"w\">1.5</td>");
	assert_fold(s, "fingerprint", "z</th><td class=\"w\">null</td>");
	assert_fold(s, "fingerprint",
		    "list</th><td class=\"w\">[1,&quot;&amp;&quot;]</td>");
	shown_set(&s->run.fingerprint, "{\"a\": 1");
	assert_fold(s, "fingerprint", "<tbody>\n</tbody>");
	shown_set(&s->run.fingerprint, "[{\"a\": 1}]");
	assert_fold(s, "fingerprint", "<tbody>\n</tbody>");
}

/* KubeVirt's findings are answers to questions, further up. */
static void the_probe_is_shown_but_for_kubevirt(void **state)
{
	struct shown *s = *state;

	shown_set(&s->run.probe,
		  "{\"kvm\": {\"works\": true}, \"kubevirt\": {\"a\": 1}}");
	assert_fold(s, "probe",
		    "kvm</th><td class=\"w\">{&quot;works&quot;:"
		    "true}</td></tr>\n</tbody>");
	assert_null(strstr(s->out.str, "kubevirt"));
	/* No other object lacks a key of that name. */
	shown_set(&s->run.plan, "{\"kubevirt\": 2}");
	assert_fold(s, "plan", "kubevirt</th><td class=\"w\">2</td>");
}

static void a_run_says_how_to_do_it_again(void **state)
{
	struct shown *s = *state;
	const char *page = page_of(s);

	assert_contains(page, "git checkout abc\nmake all guest\n"
			      "# the command was not stored\n"
			      "build/l1vh-bench report 7 --format html");
	assert_null(strstr(page, "uncommitted"));
	shown_set(&s->run.plan, "{\"command\": \"l1vh-bench run <b>\"}");
	shown_set(&s->run.revision, "abc-dirty");
	shown_set(&s->run.guest_manifest, "kernel <1>");
	page = page_of(s);
	assert_contains(page, "git checkout abc\n");
	assert_contains(page, "\nl1vh-bench run &lt;b&gt;\n");
	assert_contains(page, "uncommitted");
	assert_contains(page, ">kernel &lt;1&gt;</pre>");
}

/* As git describes what follows a tag. */
static void a_tag_is_part_of_the_revision(void **state)
{
	static const struct {
		const char *revision, *checkout;
		bool is_changed;
	} cases[] = {
		{"v1.0-2-gabc", "git checkout v1.0-2-gabc\n", false},
		{"v1.0-2-gabc-dirty", "git checkout v1.0-2-gabc\n", true},
		{"-dirty", "git checkout \n", true},
		{"dirty", "git checkout dirty\n", false},
		{"", "git checkout \n", false},
	};
	struct shown *s = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		shown_set(&s->run.revision, cases[i].revision);
		assert_contains(page_of(s), cases[i].checkout);
		assert_int_equal(strstr(s->out.str, "uncommitted") != NULL,
				 cases[i].is_changed);
	}
}

/* The worst grade that any figure has. */
static void the_banner_is_by_grade(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "native", 0, "cpu_integer", "", 1);
	shown_sample(s, "kvm", 0, "cpu_integer", "", 1);
	assert_string_equal(shown_write(s, banner_into), "");
	s->run.boots[1].res.grade = GRADE_SOFTWARE;
	assert_contains(shown_write(s, banner_into), ">SOFTWARE. ");
	s->run.boots[0].res.grade = GRADE_EMULATED;
	assert_contains(shown_write(s, banner_into), ">EMULATED. ");
	assert_null(strstr(s->out.str, "SOFTWARE"));
}

static void the_line_counts_boots(void **state)
{
	struct shown *s = *state;

	s->run.started_unix_ns = 1700000000 * NS_PER_S;
	s->run.scheduled_count = 9;
	shown_set(&s->run.revision, "<r>");
	shown_sample(s, "kvm", 0, "cpu_integer", "", 1);
	result_fail(&shown_boot(s, "kvm", 1)->res, RUN_SKIPPED, "no");
	assert_contains(shown_write(s, line_into),
			"<p>Run 7 of 2023-11-14 22:13 UTC, complete, by "
			"revision &lt;r&gt;. Evidence grade: hardware. It has "
			"2 of 9 boots; 1 of them failed.</p>");
	assert_null(strstr(shown_write(s, line_into), "signed"));
	snprintf(s->run.signer, sizeof(s->run.signer), "<k>");
	assert_contains(shown_write(s, line_into),
			"<p class=\"note\">It was imported from a file signed "
			"by key &lt;k&gt;: the signature was right, whose key "
			"it is was not checked.</p>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(what_vmms_say_of_themselves_is_shown),
		WITH_SHOWN(a_boot_has_a_row_with_its_outcome),
		WITH_SHOWN(disturbances_are_summed_up),
		WITH_SHOWN(exits_are_a_ledger),
		WITH_SHOWN(stored_objects_are_tables),
		WITH_SHOWN(the_probe_is_shown_but_for_kubevirt),
		WITH_SHOWN(a_run_says_how_to_do_it_again),
		WITH_SHOWN(a_tag_is_part_of_the_revision),
		WITH_SHOWN(the_banner_is_by_grade),
		WITH_SHOWN(the_line_counts_boots),
	};

	return RUN_TESTS(tests);
}
