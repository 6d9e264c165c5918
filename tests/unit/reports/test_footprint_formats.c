// SPDX-License-Identifier: GPL-3.0-or-later
/* A footprint of known numbers as text, on the page and as JSON. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <math.h>

#include "harness/base/strbuf.h"
#include "harness/findings/footprint.h"
#include "harness/kubevirt/release.h"
#include "reports/data/footprint_json.h"
#include "reports/html/html_footprint.h"
#include "reports/text/footprint_text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/json_path.h"

#define MI ((double)MIB)
#define NOTHING                  \
	{                        \
		NAN, NAN, NAN, 0 \
	}

struct fixture {
	struct footprint fp;
	struct footprint_boot boot;
	struct footprints all;
	char *text;
};

/* A fit of two terms, by so many boots. */
static void set_fit(struct footprint *fp, enum footprint_cost cost,
		    double fixed_mib, double vcpu_mib, size_t boots)
{
	fp->has_fit[cost] = true;
	fp->fits[cost] = (struct regression){
		.term_count = 2,
		.df = boots - 2,
		.value = {fixed_mib * MI, vcpu_mib * MI},
		.low = {(fixed_mib - 1) * MI, (vcpu_mib - 1) * MI},
		.high = {(fixed_mib + 1) * MI, (vcpu_mib + 1) * MI}};
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->boot.deposited_bytes = NAN;
	f->fp = (struct footprint){
		.runner = "k<v>m",
		.boots = &f->boot,
		.boot_count = 1,
		.answer = FOOTPRINT_COVERED,
		.has_term = {[FOOTPRINT_FIXED] = true, [FOOTPRINT_VCPU] = true},
		.granted = {38 * MI, 8 * MI, 2 * MI, 0, NAN},
		.margins = {{"256M-1cpu", 6, 46 * MI, 20 * MI, 19 * MI, 21 * MI,
			     FOOTPRINT_COVERED},
			    {"256M-2cpu", 1, 54 * MI, -3 * MI, NAN, NAN,
			     FOOTPRINT_NOT_COVERED}},
		.margin_count = 2,
		.roles = {{"vmm", 280 * MI, 270 * MI, 286 * MI},
			  {"virtqemud", 41 * MI, NAN, 40 * MI}},
		.role_shapes = {"256M-1cpu", "256M-2cpu"},
		.role_count = 2,
		.lefts = {NOTHING, NOTHING},
		.advice = {.is_known = true, .qemu_mib = 31, .ratio = 1.03},
	};
	set_fit(&f->fp, FOOTPRINT_CHARGED, 20, 3, 6);
	set_fit(&f->fp, FOOTPRINT_SYSTEM, 25, 4, 4);
	f->all = (struct footprints){.release = kubevirt_release_find("v1.9"),
				     .rows = &f->fp,
				     .count = 1};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->text);
	free(f);
	return 0;
}

/* Both are valid until the next call. */
static const char *as_text(struct fixture *f, bool wants_advice)
{
	size_t size = 0;
	FILE *out;

	free(f->text);
	f->text = NULL;
	out = open_memstream(&f->text, &size);
	footprint_text_write(&f->all, wants_advice, out);
	fclose(out);
	return f->text;
}

static const char *as_html(struct fixture *f)
{
	struct strbuf out = {0};

	html_footprint_write(&f->all, &out);
	strbuf_puts(&out, "");
	free(f->text);
	f->text = out.str;
	return f->text;
}

static void costs_have_a_line_per_term(void **state)
{
	struct fixture *f = *state;
	const char *text = as_text(f, false);

	assert_contains(text, "the VMM itself      20.0 MiB "
			      "[19.0 MiB, 21.0 MiB]  ");
	/* Four boots and two terms are as three values: no interval. */
	assert_contains(text, "   25.0 MiB 4 boots                   "
			      "38.0 MiB\n");
	assert_contains(text, "each vCPU           3.00 MiB ");
	assert_null(strstr(text, "each GiB"));
	assert_null(strstr(text, "each card"));
	f->fp.has_term[FOOTPRINT_NIC] = true;
	f->fp.has_fit[FOOTPRINT_CHARGED] = false;
	text = as_text(f, false);
	/* Nothing is known of it, and the formula does not say either. */
	assert_contains(text, "the VMM itself             -  ");
	assert_contains(strstr(text, "each card"), "-\n");
	assert_null(strstr(text, "nan"));
}

static void margins_have_their_answers(void **state)
{
	const char *text = as_text(*state, false);

	assert_contains(text, "\n256M-1cpu                    6    20.0 MiB "
			      "[19.0 MiB, 21.0 MiB]      covered\n");
	assert_contains(text, "\n256M-2cpu                    1   -3.00 MiB "
			      "1 boot                    not covered: ");
}

static void processes_are_held_to_their_constants(void **state)
{
	const char *text = as_text(*state, false);

	assert_contains(text, "\nvmm              280 MiB     270 MiB"
			      "     286 MiB  within (256M-1cpu)\n");
	assert_contains(text, "\nvirtqemud       41.0 MiB           -"
			      "    40.0 MiB  BEYOND (256M-2cpu)\n");
}

static void what_was_kept_is_said_if_known(void **state)
{
	struct fixture *f = *state;
	const char *text = as_text(f, false);

	assert_null(strstr(text, "not returned"));
	assert_null(strstr(text, "deposited"));
	f->fp.lefts[FOOTPRINT_LEFT_SYSTEM] =
		(struct footprint_interval){9 * MI, 7 * MI, 11 * MI, 6};
	/* As certain, and less than a host's own variation. */
	f->fp.lefts[FOOTPRINT_LEFT_CHARGED] =
		(struct footprint_interval){MI / 4, MI / 8, MI / 2, 6};
	f->boot.deposited_bytes = 3 * MI;
	text = as_text(f, false);
	assert_contains(text, "system-wide: 9.00 MiB [7.00 MiB, 11.0 MiB]"
			      ": A LEAK\n");
	assert_contains(text, "charged to its cgroup: 256 KiB "
			      "[128 KiB, 512 KiB]\n");
	assert_contains(text, "deposited to the hypervisor: 3.00 MiB\n");
	assert_int_equal(count_of(as_html(f), "<b>a leak</b>"), 1);
}

static void advice_is_given_if_wanted_and_known(void **state)
{
	struct fixture *f = *state;

	assert_null(strstr(as_text(f, false), "QemuOverhead"));
	assert_contains(as_text(f, true), "QemuOverhead = 31Mi,\nor "
					  "additionalGuestMemoryOverheadRatio:"
					  " \"1.03\"\n");
	assert_contains(as_html(f), "QemuOverhead = 31Mi,");
	f->fp.advice = (struct footprint_advice){.reason = "too few"};
	assert_contains(as_text(f, true), "no recommendation: too few\n");
	assert_null(strstr(as_html(f), "QemuOverhead"));
}

static void the_page_has_the_same_numbers(void **state)
{
	struct fixture *f = *state;
	const char *html = as_html(f);

	assert_contains(html, "<h3>k&lt;v&gt;m: covered <span class=\"grade "
			      "hardware\">");
	assert_contains(
		html,
		"<tr><td>the VMM itself</td><td class=\"n\" "
		"title=\"6 boots, hardware\">20.0 MiB<br>[19.0 MiB, 21.0 MiB]</td>");
	assert_contains(html,
			"title=\"4 boots, hardware\">25.0 MiB<br>4 boots</td>"
			"<td class=\"n\">38.0 MiB</td></tr>");
	assert_contains(html,
			"title=\"1 boot, hardware\">-3.00 MiB<br>1 boot</td>"
			"<td>not covered");
	assert_contains(html, "<td>virtqemud</td><td>256M-2cpu</td>"
			      "<td class=\"n\">41.0 MiB</td>"
			      "<td class=\"n\">-</td>"
			      "<td class=\"n\">40.0 MiB</td>"
			      "<td>beyond</td></tr>");
	/* The first row of each table as well. */
	assert_contains(
		html,
		"<tr><td>256M-1cpu</td><td class=\"n\">6</td>"
		"<td class=\"n\">46.0 MiB</td><td class=\"n\" "
		"title=\"6 boots, hardware\">20.0 MiB<br>[19.0 MiB, 21.0 MiB]</td>"
		"<td>covered</td></tr>");
	assert_contains(html, "<tr><td>vmm</td><td>256M-1cpu</td>");
	assert_int_equal(count_of(html, "<td>within</td></tr>"), 1);
	assert_null(strstr(html, "each GiB"));
	assert_null(strstr(html, "nan"));
	assert_null(strstr(html, "EMULATED"));
	f->fp.grade = GRADE_EMULATED;
	assert_contains(as_html(f), "EMULATED");
	f->all.count = 0;
	assert_string_equal(as_html(f), "");
}

static void json_has_the_same_numbers(void **state)
{
	static const struct {
		const char *path;
		double value; /* NaN: null */
	} numbers[] = {
		{"costs.charged.fixed.bytes", 20 * MI},
		{"costs.charged.fixed.low", 19 * MI},
		{"costs.charged.vcpu.high", 4 * MI},
		{"costs.charged.fixed.boots", 6},
		{"costs.system.fixed.bytes", 25 * MI},
		{"costs.system.fixed.low", NAN},
		{"granted.fixed", 38 * MI},
		{"granted.nic", NAN},
		{"margins.0.margin.low", 19 * MI},
		{"margins.1.margin.bytes", -3 * MI},
		{"margins.1.margin.low", NAN},
		{"processes.0.rss_bytes", 280 * MI},
		{"processes.1.pss_bytes", NAN},
		{"left_system.bytes", NAN},
		{"left_system.boots", 0},
		{"recommended.qemu_overhead_mib", 31},
		{"recommended.additional_guest_memory_overhead_ratio", 1.03},
	};
	struct fixture *f = *state;
	json_t *json = footprint_json(&f->all);
	const json_t *runner = json_at(json, "runners.0");
	size_t i;

	assert_json_text(json, "release", "v1.9.0");
	assert_json_text(runner, "runner", "k<v>m");
	assert_json_text(runner, "answer", "covered");
	assert_int_equal(json_object_size(json_at(runner, "costs.charged")), 2);
	assert_int_equal(json_object_size(json_at(runner, "costs.beside_rss")),
			 0);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_json_number(runner, numbers[i].path, numbers[i].value);
	json_decref(json);
}

static void json_says_why_there_is_no_advice(void **state)
{
	struct fixture *f = *state;
	json_t *json;

	f->fp.advice = (struct footprint_advice){.reason = "too few"};
	json = footprint_json(&f->all);
	assert_json_text(json, "runners.0.recommended.reason", "too few");
	assert_int_equal(
		json_object_size(json_at(json, "runners.0.recommended")), 1);
	json_decref(json);
}

#define WITH_FIXTURE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(costs_have_a_line_per_term),
		WITH_FIXTURE(margins_have_their_answers),
		WITH_FIXTURE(processes_are_held_to_their_constants),
		WITH_FIXTURE(what_was_kept_is_said_if_known),
		WITH_FIXTURE(advice_is_given_if_wanted_and_known),
		WITH_FIXTURE(the_page_has_the_same_numbers),
		WITH_FIXTURE(json_has_the_same_numbers),
		WITH_FIXTURE(json_says_why_there_is_no_advice),
	};

	return RUN_TESTS(tests);
}
