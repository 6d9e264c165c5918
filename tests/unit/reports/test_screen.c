// SPDX-License-Identifier: GPL-3.0-or-later
/* The terminal's screen, and the rows that it shows. */
#include "tests/unit/test.h"

#include <math.h>
#include <unistd.h>

#include "harness/base/strbuf.h"
#include "harness/core/metric.h"
#include "harness/findings/findings.h"
#include "harness/findings/highlights.h"
#include "reports/text/lines.h"
#include "reports/text/screen.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/made_run.h"
#include "tests/unit/fixture/terminal.h"
#include "workloads/workload.h"

static const struct line_style wide = {LINES_COLUMNS, true};
static const struct line_style narrow = {60, true};
static const struct line_style ascii = {LINES_COLUMNS, false};

static const char *const five[] = {"native", "kvm", "mshv-emu", "qemu-kvm",
				   "libvirt-kvm"};

struct fixture {
	struct run_data run;
	struct findings findings;
	char *text; /* owned; the last screen */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	made_run_init(&f->run,
		      "{\"host\": \"node7\", \"cpu.model_name\": \"A CPU\"}");
	f->run.id = 7;
	f->run.started_unix_ns = 1700000000 * NS_PER_S;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	findings_release(&f->findings);
	run_data_release(&f->run);
	free(f->text);
	free(f);
	return 0;
}

static struct result *add_boot(struct fixture *f, const char *runner,
			       uint32_t block, enum grade grade)
{
	struct boot_data *b = made_run_boot(&f->run, runner, block);

	b->res.grade = grade;
	return &b->res;
}

static const char *unit_of(const struct highlight *h)
{
	const struct metric *metric = metric_of_point(h->point);

	if (metric)
		return metric->unit;
	return h->lower_is_better ? "ns" : "bytes_per_s";
}

static struct series *add_series(struct result *res, const struct highlight *h)
{
	struct series *s =
		result_add_series(res, h->workload, h->point, unit_of(h));

	s->lower_is_better = h->lower_is_better;
	s->list_rank = (uint32_t)(h - highlights);
	return s;
}

/* All that is in the table, under the first COUNT of five runners; each is
 * RUNNER + 1 times worse than native, give or take 1 %. */
static void fill(struct fixture *f, size_t runner_count, uint32_t block_count,
		 enum grade grade, const char *prefix)
{
	const struct highlight *h;
	uint32_t block;
	size_t k;

	for (block = 0; block < block_count; block++)
		for (k = 0; k < runner_count; k++) {
			struct result *res = add_boot(f, five[k], block, grade);

			for (h = highlights; h->group; h++) {
				double worse = (double)k + 1 + block / 100.;

				if (strncmp(h->workload, prefix,
					    strlen(prefix)))
					continue;
				series_add_sample(add_series(res, h))->value =
					h->lower_is_better ? 1234567 * worse
							   : 1e9 / worse;
			}
		}
}

static const char *screen(struct fixture *f, const struct line_style *style)
{
	static const struct screen_places places = {
		"results/l1vh.html", "results/l1vh.db",
		"l1vh-bench report 7 --all"};
	size_t size;
	FILE *out;

	free(f->text);
	findings_release(&f->findings);
	findings_init(&f->findings, &f->run, NULL);
	out = open_memstream(&f->text, &size);
	screen_write(&f->findings, style, &places, out);
	fclose(out);
	return f->text;
}

static bool is_inside_char(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* No line is too long, none ends in a blank, and there are not too many. */
static void assert_fits(const char *text, size_t columns)
{
	size_t lines = 0, width = 0;

	for (; *text; text++) {
		if (*text != '\n') {
			width += !is_inside_char(*text);
			continue;
		}
		if (width > columns)
			fail_msg("%zu columns end at: %.40s", width, text);
		assert_true(!width || text[-1] != ' ');
		width = 0;
		lines++;
	}
	if (lines > SCREEN_LINES)
		fail_msg("%zu lines", lines);
}

/* In the order of preference, one per group and round. */
static void rows_are_taken_in_turn(void **state)
{
	struct fixture *f = *state;
	struct highlight_row rows[HIGHLIGHTS_MOST];
	size_t i, count, groups = 1;

	fill(f, 2, 1, GRADE_HARDWARE, "");
	findings_init(&f->findings, &f->run, NULL);
	assert_int_equal(highlights_choose(&f->findings.model, 99, rows),
			 HIGHLIGHTS_MOST);
	/* Eleven groups have two each: more than there is room for. */
	for (i = 1; i < HIGHLIGHTS_MOST; i++)
		groups += strcmp(rows[i].group, rows[i - 1].group) != 0;
	assert_int_equal(groups, 11);
	count = highlights_choose(&f->findings.model, 9, rows);
	assert_int_equal(count, 9);
	for (i = 1; i < count; i++)
		assert_string_not_equal(rows[i].group, rows[i - 1].group);
	assert_string_equal(rows[0].label, "guest ready");
}

/* A name that no workload has would never be shown. */
static void every_highlight_can_be_measured(void **state)
{
	const struct highlight *h;

	(void)state;
	for (h = highlights; h->group; h++) {
		const struct workload *wl = workload_find(h->workload);
		const struct metric *metric = metric_of_point(h->point);
		char point[32];

		snprintf(point, sizeof(point), "%.*s",
			 (int)strcspn(h->point, "/"), h->point);
		if (!workload_point(wl, point))
			fail_msg("no %s %s", h->workload, h->point);
		if (wl->unit == WL_UNIT_DOCUMENT && !metric)
			fail_msg("no metric: %s", h->point);
		assert_true(h->lower_is_better ==
			    (metric ? metric->lower_is_better
				    : wl->better == WL_LOWER_IS_BETTER));
		assert_true(strlen(h->label) <= HIGHLIGHT_LABEL_MAX);
	}
}

/* Half the throughput is as bad as twice the time. */
static void worse_is_above_one_whatever_is_better(void **state)
{
	struct fixture *f = *state;
	struct highlight_row rows[HIGHLIGHTS_MOST];
	size_t i, count;

	fill(f, 2, 4, GRADE_HARDWARE, "cpu");
	findings_init(&f->findings, &f->run, NULL);
	count = highlights_choose(&f->findings.model, HIGHLIGHTS_MOST, rows);
	assert_int_equal(count, 6);
	for (i = 0; i < count; i++) {
		struct ratio r =
			highlight_worse(&f->findings.model, &rows[i], 1);

		assert_true(fabs(r.ratio - 2) < .1);
		assert_true(r.low < r.ratio && r.ratio < r.high);
		assert_true(
			isnan(highlight_worse(&f->findings.model, &rows[i], 0)
				      .ratio));
	}
}

/* One to five runners, two widths, two alphabets: it is one screen. */
static void it_fits_whatever_was_measured(void **state)
{
	static const char *const prefixes[] = {"", "cpu", "micro", "footprint",
					       "boot"};
	static const size_t widths[] = {40, 60, 79, 80, 99, LINES_COLUMNS};
	size_t count, p, w;

	(void)state;
	for (count = 1; count <= ARRAY_SIZE(five); count++)
		for (p = 0; p < ARRAY_SIZE(prefixes); p++) {
			void *made;
			struct fixture *f;

			setup(&made);
			f = made;
			fill(f, count, 4, GRADE_EMULATED, prefixes[p]);
			for (w = 0; w < 2 * ARRAY_SIZE(widths); w++) {
				struct line_style s = {widths[w / 2], w % 2};

				assert_fits(screen(f, &s), s.columns);
				assert_true(count_of(f->text, "EMULATED") >= 2);
			}
			teardown(&made);
		}
}

static void a_guest_is_told_by_its_ratio(void **state)
{
	struct fixture *f = *state;

	fill(f, 4, 4, GRADE_HARDWARE, "");
	screen(f, &wide);
	assert_non_null(strstr(f->text, "\nHost: node7, A CPU\n"));
	assert_non_null(strstr(f->text, "\nGrade: hardware; 16 boots of 4 "
					"runners in 4 blocks\n"));
	assert_non_null(strstr(f->text, "nothing is judged"));
	assert_non_null(
		strstr(f->text, "integer code      lower    1.25 ms   "));
	assert_non_null(strstr(f->text, "TCP bandwidth     higher "));
	/* A machine's start is not held against a process's. */
	assert_non_null(strstr(f->text, "guest ready       lower          - "));
	assert_non_null(strstr(f->text, "above 1x is worse"));
	assert_non_null(strstr(f->text, "Failed: 0 of 16 boots.\n"));
	assert_non_null(strstr(f->text, "reason: l1vh-bench report 7 --all\n"
					"Page: results/l1vh.html\n"
					"Store: results/l1vh.db\n"));
	assert_null(strstr(f->text, "EMULATED"));
}

static void ascii_has_no_other_byte(void **state)
{
	struct fixture *f = *state;
	const char *at;

	fill(f, 3, 4, GRADE_HARDWARE, "");
	free(f->run.status);
	f->run.status = strdup("f\xc3\xa4iled \x1b[31m");
	for (at = screen(f, &ascii); *at; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
	assert_non_null(strstr(f->text, " ###"));
	assert_null(strstr(screen(f, &wide), "\x1b"));
	assert_non_null(strstr(f->text, "\xe2\x96\x88"));
}

/* Arrows for words, names on two lines, no bars; nothing is lost. */
static void a_narrow_terminal_has_every_guest(void **state)
{
	struct fixture *f = *state;

	fill(f, 5, 4, GRADE_HARDWARE, "");
	screen(f, &narrow);
	assert_non_null(strstr(f->text, "-kvm"));
	assert_non_null(strstr(f->text, "libvirt"));
	assert_non_null(strstr(f->text, "\xe2\x86\x93: lower is better"));
	assert_non_null(strstr(f->text, "1.99x"));
	assert_null(strstr(f->text, "not shown here"));
	assert_non_null(strstr(screen(f, &(struct line_style){40, true}),
			       "not shown here"));
}

static void native_alone_has_figures(void **state)
{
	struct fixture *f = *state;

	fill(f, 1, 4, GRADE_HARDWARE, "kernel");
	screen(f, &wide);
	assert_non_null(
		strstr(f->text, "system call       lower    1.25 ms\n"));
	assert_null(strstr(f->text, "above 1x"));
	assert_null(strstr(f->text, "Bar:"));
	assert_null(strstr(f->text, "interval."));
}

/* What has no interval is said: of all in a sentence, of some by a sign. */
static void few_blocks_are_told(void **state)
{
	struct fixture *f = *state;
	struct result *res;

	fill(f, 2, 3, GRADE_HARDWARE, "cpu");
	screen(f, &wide);
	assert_non_null(strstr(f->text, "Fewer than 4 blocks: no intervals."));
	assert_null(strstr(f->text, "?"));
	res = add_boot(f, "native", 3, GRADE_HARDWARE);
	series_add_sample(add_series(res, &highlights[4]))->value = 1234567;
	res = add_boot(f, "kvm", 3, GRADE_HARDWARE);
	series_add_sample(add_series(res, &highlights[4]))->value = 2500000;
	screen(f, &wide);
	assert_non_null(strstr(f->text, "?1.99x"));
	assert_int_equal(count_of(f->text, "?"), 5 + 1);
	assert_non_null(strstr(f->text, "?: fewer than 4 blocks"));
}

/* A ratio whose interval has 1 in it shows no difference. */
static void no_difference_is_about_one(void **state)
{
	struct fixture *f = *state;
	uint32_t block;

	for (block = 0; block < 4; block++) {
		double value = 100 + (block % 2 ? 1 : -1);

		series_add_sample(
			add_series(add_boot(f, "native", block, GRADE_HARDWARE),
				   &highlights[4]))
			->value = 100;
		series_add_sample(
			add_series(add_boot(f, "kvm", block, GRADE_HARDWARE),
				   &highlights[4]))
			->value = value;
	}
	screen(f, &wide);
	assert_non_null(strstr(f->text, " ~1.00x"));
	assert_non_null(strstr(f->text, "~: 1x is within"));
}

static void a_run_of_failures_says_why(void **state)
{
	struct fixture *f = *state;
	struct series *s;
	struct result *res;
	uint32_t i;

	for (i = 0; i < 30; i++) {
		res = add_boot(f, i % 2 ? "kvm" : "mshv", i, GRADE_HARDWARE);
		result_fail(res, i % 2 ? RUN_TIMEOUT : RUN_SKIPPED,
			    "reason number %u, %0100d", i / 10, 0);
	}
	res = add_boot(f, "native", 0, GRADE_HARDWARE);
	s = add_series(res, &highlights[0]);
	s->status = RUN_WORKLOAD_FAILED;
	snprintf(s->reason, sizeof(s->reason), "exit 3");
	assert_fits(screen(f, &wide), wide.columns);
	assert_non_null(strstr(f->text, "\nNothing was measured.\n"));
	assert_non_null(strstr(f->text, "Failed: 15 of 31 boots and 1 series. "
					"Skipped: 15 boots and 0 series.\n"));
	/* A line for each reason, however many boots it had. */
	assert_int_equal(count_of(f->text, "kvm: timeout: reason number"), 3);
	assert_int_equal(count_of(f->text, "mshv: skipped: reason number"), 3);
	assert_non_null(strstr(f->text, "under native: exit 3\n"));
	assert_fits(screen(f, &narrow), narrow.columns);
}

static void a_run_of_disturbed_samples_says_so(void **state)
{
	struct fixture *f = *state;
	struct result *res = add_boot(f, "native", 0, GRADE_HARDWARE);
	struct series *s = add_series(res, &highlights[0]);

	series_add_sample(s)->disturbances = DISTURBED_CLOCKS;
	assert_fits(screen(f, &narrow), narrow.columns);
	assert_non_null(strstr(f->text, "\nEvery sample was disturbed.\n"));
	assert_non_null(strstr(f->text, "Disturbed throughout: 1 series."));
}

static void an_empty_run_says_so(void **state)
{
	struct fixture *f = *state;

	assert_fits(screen(f, &narrow), narrow.columns);
	assert_non_null(strstr(f->text, "Grade: none, nothing was measured"));
	assert_non_null(strstr(f->text, "\nNothing was measured.\n"));
}

/* Every grade that a run mixes stands above its column. */
static void mixed_grades_are_told_by_column(void **state)
{
	struct fixture *f = *state;

	fill(f, 2, 2, GRADE_HARDWARE, "cpu");
	f->run.boots[1].res.grade = GRADE_EMULATED;
	screen(f, &wide);
	assert_non_null(strstr(f->text, "Grade: hardware, emulated;"));
	assert_non_null(strstr(
		f->text, "\ngrade                     hardware emulated\n"));
}

/* From elsewhere, with what no workload of this version has. */
static void unknown_rows_are_better_than_none(void **state)
{
	struct fixture *f = *state;
	struct result *res = add_boot(f, "native", 0, GRADE_HARDWARE);
	struct series *s =
		result_add_series(res, "tomorrow_s_workload_of_all", "a", "ns");

	series_add_sample(s)->value = 5;
	screen(f, &wide);
	assert_non_null(
		strstr(f->text, "tomorrow_s_workl~ lower    5.00 ns\n"));
}

/* What a terminal gets of the screen: the words alone are the same. */
static void read_terminal(struct fixture *f, char *buf, size_t size)
{
	const struct screen_places places = {NULL, NULL, "report --all"};
	size_t used = 0;
	int master;
	FILE *out = terminal_open(&master, 60);

	findings_release(&f->findings);
	findings_init(&f->findings, &f->run, NULL);
	screen_write(&f->findings, &narrow, &places, out);
	fflush(out);
	fputs("END", out);
	fflush(out);
	while (used < 3 || memcmp(buf + used - 3, "END", 3)) {
		ssize_t len = read(master, buf + used, size - 1 - used);

		assert_true(len > 0);
		used += (size_t)len;
	}
	buf[used] = '\0';
	fclose(out);
	close(master);
}

static void emulated_is_painted_unless_colour_is_unwanted(void **state)
{
	struct fixture *f = *state;
	char buf[8192];

	fill(f, 2, 2, GRADE_EMULATED, "cpu");
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	read_terminal(f, buf, sizeof(buf));
	assert_non_null(strstr(buf, "\033[1;33mEMULATED: measured"));
	setenv("NO_COLOR", "1", 1);
	read_terminal(f, buf, sizeof(buf));
	assert_null(strchr(buf, '\033'));
	assert_non_null(strstr(buf, "EMULATED: measured"));
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RUN(rows_are_taken_in_turn),
		cmocka_unit_test(every_highlight_can_be_measured),
		WITH_RUN(worse_is_above_one_whatever_is_better),
		cmocka_unit_test(it_fits_whatever_was_measured),
		WITH_RUN(a_guest_is_told_by_its_ratio),
		WITH_RUN(ascii_has_no_other_byte),
		WITH_RUN(a_narrow_terminal_has_every_guest),
		WITH_RUN(native_alone_has_figures),
		WITH_RUN(few_blocks_are_told),
		WITH_RUN(no_difference_is_about_one),
		WITH_RUN(a_run_of_failures_says_why),
		WITH_RUN(a_run_of_disturbed_samples_says_so),
		WITH_RUN(an_empty_run_says_so),
		WITH_RUN(mixed_grades_are_told_by_column),
		WITH_RUN(unknown_rows_are_better_than_none),
		WITH_RUN(emulated_is_painted_unless_colour_is_unwanted),
	};

	return RUN_TESTS(tests);
}
