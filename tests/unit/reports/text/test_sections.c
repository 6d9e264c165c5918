// SPDX-License-Identifier: GPL-3.0-or-later
/* sections: implausible results and oddities in a few lines, on the page too. */
#include "tests/unit/test.h"

#include "reports/html/html.h"
#include "reports/text/sections.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

/* By hand, so that the words do not hang on any test's power. */
struct fixture {
	struct model_row rows[2];
	struct oddity odd[4];
	struct implausible doubts[2];
	struct findings findings;
	char *text; /* owned */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct findings *all = &f->findings;

	snprintf(f->rows[0].workload, 32, "cpu_integer");
	snprintf(f->rows[1].workload, 32, "storage");
	/* A detail, which no table of the run shows. */
	snprintf(f->rows[1].point, 32, "randread-4k-qd1/p999");
	all->model.runners[0] = "native";
	all->model.runners[1] = "kvm";
	all->model.runner_count = 2;
	all->oddities.rows = f->odd;
	all->plausibility.rows = f->doubts;
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

static void add_odd(struct fixture *f, size_t row, size_t runner,
		    const char *text, bool is_outliers_alone)
{
	struct oddity *odd = &f->odd[f->findings.oddities.count++];

	*odd = (struct oddity){.row = &f->rows[row],
			       .runner = runner,
			       .is_outliers_alone = is_outliers_alone};
	snprintf(odd->text, sizeof(odd->text), "%s", text);
}

static const char *text_of(struct fixture *f,
			   void (*write)(const struct findings *f, FILE *out))
{
	size_t size;
	FILE *out;

	free(f->text);
	f->text = NULL;
	out = open_memstream(&f->text, &size);
	write(&f->findings, out);
	fclose(out);
	return f->text;
}

static void nothing_odd_is_nothing_said(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(text_of(f, sections_write_oddities), "");
	assert_string_equal(text_of(f, sections_write_implausible), "");
	add_odd(f, 1, 1, "two modes", false);
	add_odd(f, 1, 0, "1 outlier", true);
	assert_string_equal(text_of(f, sections_write_oddities), "");
}

static void oddities_have_one_heading(void **state)
{
	struct fixture *f = *state;
	const char *text;

	add_odd(f, 0, 1, "drift 1.100 (p 0.001)", false);
	add_odd(f, 0, 0, "two modes, 2 outliers", false);
	text = text_of(f, sections_write_oddities);
	assert_int_equal(count_of(text, "Unusual series"), 1);
	assert_contains(text,
			"\n  cpu_integer under kvm: drift 1.100 (p 0.001)\n"
			"  cpu_integer under native: two modes, 2 outliers\n");
	assert_null(strstr(text, "only outliers"));
}

/* They are counted, and not listed: most runs have some. */
static void outliers_alone_are_counted(void **state)
{
	struct fixture *f = *state;

	add_odd(f, 0, 1, "3 outliers", true);
	add_odd(f, 0, 0, "1 outlier", true);
	add_odd(f, 1, 0, "1 outlier", true);
	assert_memory_equal(text_of(f, sections_write_oddities),
			    "2 series have only outliers", 27);
	assert_null(strstr(f->text, "Unusual"));
	assert_null(strstr(f->text, "3 outliers"));
	add_odd(f, 0, 1, "two modes", false);
	assert_contains(text_of(f, sections_write_oddities),
			": two modes\n  2 series have only outliers");
}

static void doubts_name_runner_and_workload(void **state)
{
	struct fixture *f = *state;

	f->findings.plausibility.count = 2;
	f->doubts[0] = (struct implausible){.runner = "kvm",
					    .workload = "mem_latency",
					    .text = "too soon",
					    .is_blocking = true};
	f->doubts[1] = (struct implausible){.runner = "qemu", .text = "drifts"};
	assert_string_equal(text_of(f, sections_write_implausible),
			    "\nImplausible results:\n"
			    "  kvm, mem_latency: too soon; no PASS may rely on "
			    "it\n  qemu: drifts\n");
}

/* A section of the page, named in its contents, only where there is a doubt. */
static void the_page_has_a_section_for_doubts(void **state)
{
	struct shown *s;

	shown_setup((void **)&s);
	shown_sample(s, "kvm", 0, "boot", "agent_ready", 90e6);
	assert_null(strstr(shown_write(s, html_write), "id=\"implausible\""));
	/* No Linux boots in a millisecond. */
	shown_sample(s, "mshv", 0, "boot", "agent_ready", 1e6);
	shown_write(s, html_write);
	assert_contains(s->out.str, "<li><a href=\"#implausible\">");
	assert_contains(s->out.str, "<h2 id=\"implausible\">");
	assert_contains(s->out.str, "  mshv, boot: Linux was ready after 1.0");
	shown_teardown((void **)&s);
	(void)state;
}

#define WITH_FIXTURE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(nothing_odd_is_nothing_said),
		WITH_FIXTURE(oddities_have_one_heading),
		WITH_FIXTURE(outliers_alone_are_counted),
		WITH_FIXTURE(doubts_name_runner_and_workload),
		cmocka_unit_test(the_page_has_a_section_for_doubts),
	};

	return RUN_TESTS(tests);
}
