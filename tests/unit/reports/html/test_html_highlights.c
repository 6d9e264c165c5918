// SPDX-License-Identifier: GPL-3.0-or-later
/* html_chapters, html_questions: the page's chapters and its answers. */
#include "tests/unit/test.h"

#include "reports/html/html_chapters.h"
#include "reports/html/html_distributions.h"
#include "reports/html/html_highlights.h"
#include "reports/html/html_questions.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define N "<td class=\"n\">"
#define NOTE "<span class=\"note\">"

static void table_into(const struct findings *f, struct strbuf *out)
{
	html_chapters_write(f, out);
}

static void distributions_into(const struct findings *f, struct strbuf *out)
{
	html_distributions_write(&f->model, out);
}

/* Times and rates: above one is worse in both. */
static void a_guest_has_its_slow_down(void **state)
{
	struct shown *s = *state;
	const char *html;

	assert_null(strstr(shown_bare(s, table_into), "<section"));
	shown_sample(s, "native", 0, "cpu_integer", "", 10);
	shown_sample(s, "kvm", 0, "cpu_integer", "", 15);
	shown_sample(s, "native", 0, "cpu_aes", "", 400);
	shown_sample(s, "kvm", 0, "cpu_aes", "", 100);
	html = shown_bare(s, table_into);
	assert_contains(html, "<tr><td title=\"cpu_integer\">integer "
			      "code</td><td>lower</td>" N "10.0 ns</td>" N
			      "<b>1.50&times;</b> " NOTE
			      "15.0 ns, 1 block</span></td></tr>");
	assert_contains(html, "<td title=\"cpu_aes\">AES-128</td><td>higher"
			      "</td>" N "400 ns</td>" N
			      "<b>4.00&times;</b> " NOTE "100 ns, 1 block");
}

/* A rate's interval turns with the rate: low stays below high. */
static void intervals_stay_in_order(void **state)
{
	struct shown *s = *state;
	double ratio, low, high;
	const char *at;
	uint32_t i;

	for (i = 0; i < 4; i++) {
		shown_sample(s, "native", i, "cpu_aes", "", 400);
		shown_sample(s, "kvm", i, "cpu_aes", "", i % 2 ? 95 : 105);
	}
	at = strstr(shown_bare(s, table_into), "<b>");
	assert_non_null(at);
	assert_int_equal(sscanf(at,
				"<b>%lf&times;</b> " NOTE
				"100 ns, %lf to %lf</span>",
				&ratio, &low, &high),
			 3);
	assert_true(low < ratio && ratio < high);
	assert_close(ratio, 4, .02);
}

/* A process starts without a machine; a guest that was skipped has a word. */
static void what_cannot_be_compared_has_no_ratio(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "native", 0, "boot", "agent_ready", 1e6);
	shown_sample(s, "kvm", 0, "boot", "agent_ready", 9e7);
	shown_refuse(s, "mshv", 0, "boot", "agent_ready", RUN_SKIPPED, "no");
	assert_contains(shown_bare(s, table_into),
			"<td title=\"boot agent_ready\">guest ready</td>"
			"<td>lower</td>" N "-</td>" N "90.0 ms</td>" N
			"skipped</td></tr>");
}

/* The first rows, under their own names. */
static void unknown_rows_are_better_than_none(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "kvm", 0, "<new>", "a&b", 10);
	assert_contains(shown_bare(s, table_into),
			"<tr><td title=\"&lt;new&gt; a&amp;b\">&lt;new&gt;"
			" a&amp;b</td><td>lower</td>" N "10.0 ns</td>");
}

static void nothing_to_draw_is_said(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "kvm", 0, "cpu_integer", "", 10);
	shown_refuse(s, "kvm", 0, "cpu_aes", "", RUN_SKIPPED, "no AES");
	shown_sample(s, "kvm", 0, "storage", "randread-4k-qd1/p50", 10);
	shown_sample(s, "kvm", 0, "mem_bandwidth", "triad,3x64MiB", 10);
	assert_null(strstr(shown_bare(s, table_into), "class=\"curve"));
	shown_write(s, distributions_into);
	/* Programs have pictures of their own. */
	assert_int_equal(count_of(s->out.str, "<figure>"), 3);
	assert_int_equal(count_of(s->out.str, "No samples to draw."), 1);
}

/* Costs are known, the processes' sizes and what they lock as well; neither a
 * pod nor a process keeps within its grant. */
static void a_footprint_answers_three_questions(void **state)
{
	static const char document[] =
		"{\"footprint\": {\"moments\": {\"touched\": {\"guests\": ["
		"{\"processes\": [{\"role\": \"vmm\", \"rss\": 1073741824, \"locked\": 268435456, \"pinned\": 0},"
		" {\"role\": \"virtlogd\", \"rss\": 1048576}]}]}}}}";
	struct shown *s = *state;
	const char *html;
	uint32_t i;

	for (i = 0; i < 6; i++) {
		shown_sample(s, "kvm", i, "footprint", "256M-1cpu/beside_rss",
			     1);
		shown_sample(s, "kvm", i, "footprint", "256M-1cpu/charged",
			     (i % 2 ? 101 : 99) * (double)MIB);
		result_add_document(&shown_boot(s, "kvm", i)->res, "footprint",
				    "256M-1cpu", document);
	}
	html = shown_write(s, html_questions_write);
	assert_contains(html,
			"<li><b>kvm</b> <span class=\"grade hardware\">"
			"hardware</span>: <span class=\"verdict fail\">FAIL"
			"</span> 256M-1cpu is charged 100.0 MiB in the "
			"mean of 6 boots; KubeVirt v1.9.0 grants 46.5");
	assert_contains(html, "; the VMM itself costs 100 MiB [");
	/* QEMU's 30 MiB and its guest's RAM. */
	assert_contains(html, "vmm has 1.00 GiB resident at most, beyond 286 "
			      "MiB; virtlogd has 1.00 MiB resident at most, "
			      "within 25.0 MiB</li>");
	assert_contains(html, "<span class=\"verdict fail\">FAIL</span> "
			      "256M-1cpu vmm: 3.580 of KubeVirt&#39;s "
			      "constant, at most 3.580 for 99.9 % of guests");
	assert_contains(html, "<span class=\"verdict pass\">PASS</span> "
			      "256M-1cpu: 0.1");
	assert_contains(html,
			" of the limit of locked memory with such devices, "
			"at most 0.1");
	assert_contains(html,
			"<li>By the code of KubeVirt v1.9.0: kvm and "
			"hyperv-direct have the same overhead to the byte");
	assert_int_equal(count_of(html, "Not measured"), 4);
}

static void a_claim_answers_the_first_question(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "kvm", 0, "cpu_integer", "", 10);
	assert_contains(shown_write(s, html_questions_write),
			"<code>l1vh-bench run --plan full</code>");
	shown_claim(s, "name: \"<mine>\"\nclaims:\n"
		       "  - {id: a, text: t, metric: m, candidate: kvm,"
		       " baseline: native, kind: superior, margin: 0,"
		       " confidence: 0.9, reason: r}\n");
	assert_contains(shown_write(s, html_questions_write),
			"<li>This run cannot say: 1 of the 1 claims of "
			"&#39;&lt;mine&gt;&#39;");
	assert_null(strstr(s->out.str, "--plan full"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(a_guest_has_its_slow_down),
		WITH_SHOWN(intervals_stay_in_order),
		WITH_SHOWN(what_cannot_be_compared_has_no_ratio),
		WITH_SHOWN(unknown_rows_are_better_than_none),
		WITH_SHOWN(nothing_to_draw_is_said),
		WITH_SHOWN(a_footprint_answers_three_questions),
		WITH_SHOWN(a_claim_answers_the_first_question),
	};

	return RUN_TESTS(tests);
}
