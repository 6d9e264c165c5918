// SPDX-License-Identifier: GPL-3.0-or-later
/* reports for other programs: whatever a run holds, it stays data. */
#include "tests/unit/fixture/run/json_path.h"
#include "tests/unit/test.h"

#include <math.h>
#include <termios.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/findings/findings.h"
#include "harness/verdict/claims.h"
#include "reports/data/csv.h"
#include "reports/data/junit.h"
#include "reports/data/markdown.h"
#include "reports/data/openmetrics.h"
#include "reports/html/html.h"
#include "reports/text/paint.h"
#include "reports/text/text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/made_run.h"
#include "tests/unit/fixture/terminal.h"

struct fixture {
	struct run_data run;
	struct findings findings;
	struct strbuf out;
};

static struct result *add_boot(struct fixture *f, const char *runner,
			       uint32_t block)
{
	struct boot_data *b = made_run_boot(&f->run, runner, block);

	b->res.started_unix_ns = 1700000000 * NS_PER_S;
	b->res.elapsed_ns = 1234567890;
	return &b->res;
}

static void add_value(struct result *res, const char *workload,
		      const char *point, double value)
{
	struct series *s = result_add_series(res, workload, point, "ns");

	series_add_sample(s)->value = value;
}

/* Native and a guest in each block; the guest takes twice as long. */
static void fill_blocks(struct fixture *f, enum grade grade, uint32_t count)
{
	static const char *const runners[] = {"native", "kvm"};
	static const double values[] = {10, 20, 11, 22.5};
	struct result *res;
	uint32_t i;

	for (i = 0; i < 2 * count; i++) {
		res = add_boot(f, runners[i % 2], i / 2);
		add_value(res, "cpu_integer", "",
			  values[i % ARRAY_SIZE(values)]);
		res->grade = grade;
	}
}

static void fill(struct fixture *f, enum grade grade)
{
	fill_blocks(f, grade, 2);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	made_run_init(&f->run, "{}");
	f->run.id = 7;
	snprintf(f->run.uuid, sizeof(f->run.uuid), "u-u");
	f->run.started_unix_ns = 1700000000 * NS_PER_S;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	strbuf_release(&f->out);
	findings_release(&f->findings);
	run_data_release(&f->run);
	free(f);
	return 0;
}

static const char *written(struct fixture *f,
			   void (*write)(const struct findings *found,
					 struct strbuf *out))
{
	strbuf_release(&f->out);
	findings_release(&f->findings);
	findings_init(&f->findings, &f->run, NULL);
	write(&f->findings, &f->out);
	return strbuf_str(&f->out);
}

static void assert_has(const char *text, const char *const *parts, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		assert_contains(text, parts[i]);
}

static void set_revision(struct fixture *f, const char *text)
{
	free(f->run.revision);
	f->run.revision = strdup(text);
}

/* A series of each outcome; no boot of mshv gets as far as a series. */
static void fill_all_outcomes(struct fixture *f)
{
	static const enum run_status statuses[] = {RUN_SKIPPED, RUN_VOID,
						   RUN_WORKLOAD_FAILED};
	static const char *const workloads[] = {"cpu_aes", "storage", "null"};
	struct result *res;
	size_t i;

	fill(f, GRADE_HARDWARE);
	res = &f->run.boots[1].res;
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct series *s =
			result_add_series(res, workloads[i], "", "ns");

		s->status = statuses[i];
		snprintf(s->reason, sizeof(s->reason), "no, %zu", i);
	}
	add_value(res, "delay", "", 5);
	res->series[res->series_count - 1].samples[0].disturbances = 1;
	result_fail(add_boot(f, "mshv", 0), RUN_TIMEOUT, "no end after 9 s");
	result_fail(add_boot(f, "mshv", 1), RUN_SKIPPED, "no /dev/mshv");
	result_fail(add_boot(f, "qemu", 0), RUN_RUNNER_FAILED, "signal 11");
	result_fail(add_boot(f, "qemu", 1), RUN_VOID, "nothing was moved");
	result_fail(add_boot(f, "qemu", 1), RUN_WORKLOAD_FAILED, "exit 3");
}

static void assert_portable(const char *text, const struct escape *table,
			    const char *want)
{
	struct strbuf out = {0};

	portable_text(&out, text, table);
	assert_string_equal(strbuf_str(&out), want);
	strbuf_release(&out);
}

#define BAD "\xef\xbf\xbd"

static void damaged_text_is_replaced(void **state)
{
	static const struct escape none[] = {{NULL, NULL}};
	static const char *const cases[][2] = {
		{"", ""},
		{"plain\tand\r\n", "plain\tand\r\n"},
		{"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
		 "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\x01\x1b[31m\x7f", BAD BAD "[31m" BAD},
		/* Cut, alone, overlong, a surrogate, beyond the last, C1. */
		{"\xe2\x82", BAD BAD},
		{"\x80z", BAD "z"},
		{"\xc0\xaf", BAD BAD},
		{"\xed\xa0\x80", BAD BAD BAD},
		{"\xf4\x90\x80\x80", BAD BAD BAD BAD},
		{"\xff\xfe", BAD BAD},
		{"\xc2\x85", BAD BAD},
		{"\xef\xbf\xbf", BAD BAD BAD},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_portable(cases[i][0], none, cases[i][1]);
}

static void markup_is_escaped(void **state)
{
	(void)state;
	assert_portable("<a b='\"&\n", escape_markup,
			"&lt;a b=&#39;&quot;&amp;\n");
	assert_portable("a\tb\r\n", escape_attribute, "a&#9;b&#13;&#10;");
}

static void numbers_come_back_as_they_were(void **state)
{
	static const double values[] = {
		0,      0.1,         1.0 / 3,
		1e-300, 1e300,       -2.5,
		5e-324, 123456789.0, 1 + 2.220446049250313e-16};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++)
		assert_true(strtod(portable_number(values[i], buf, sizeof(buf)),
				   NULL) == values[i]);
	assert_string_equal(portable_number(0.1, buf, sizeof(buf)), "0.1");
	assert_string_equal(portable_number(NAN, buf, sizeof(buf)), "");
	assert_string_equal(portable_number(-INFINITY, buf, sizeof(buf)), "");
}

#define CSV_HEAD                                                       \
	"run_uuid,revision,workload,point,unit,better,runner,grade,"   \
	"boot_count,disturbed_count,median,ratio_to_native,ratio_low," \
	"ratio_high,ratio_block_count,status,reason\r\n"

static void csv_has_all_digits(void **state)
{
	struct fixture *f = *state;
	const char *line;

	fill(f, GRADE_SOFTWARE);
	line = strstr(written(f, csv_write), "\r\n") + 2;
	assert_memory_equal(f->out.str, CSV_HEAD, strlen(CSV_HEAD));
	assert_memory_equal(
		line, "u-u,abc,cpu_integer,,ns,lower,native,software,2,0,10.5,",
		55);
	line = strstr(line, "\r\n") + 2;
	assert_memory_equal(
		line, "u-u,abc,cpu_integer,,ns,lower,kvm,software,2,0,21.25,",
		53);
	/* The geometric mean of 20/10 and 22.5/11, to the last bit. */
	assert_true(fabs(strtod(line + 53, NULL) -
			 f->findings.model.rows[0].cells[1].ratio.ratio) == 0);
	/* Two blocks have no interval. */
	assert_string_equal(line + strlen(line) - 10, ",,,2,ok,\r\n");
}

static void csv_leaves_absent_numbers_empty(void **state)
{
	static const char *const rows[] = {
		"cpu_aes,,ns,higher,kvm,hardware,0,0,,,,,0,skipped,\"no, 0\"\r\n",
		"storage,,ns,higher,kvm,hardware,0,0,,,,,0,void,\"no, 1\"\r\n",
		"null,,ns,lower,kvm,hardware,0,0,,,,,0,workload_failed,\"no, 2\"\r\n",
		"null,,ns,lower,native,,0,0,,,,,0,not measured,\r\n",
		"delay,,ns,lower,kvm,hardware,0,1,,,,,0,disturbed,",
		"cpu_integer,,ns,lower,mshv,,0,0,,,,,0,skipped,no /dev/mshv\r\n",
		"cpu_integer,,ns,lower,qemu,,0,0,,,,,0,workload_failed,exit 3\r\n",
	};
	struct fixture *f = *state;

	fill_all_outcomes(f);
	assert_has(written(f, csv_write), rows, ARRAY_SIZE(rows));
	assert_null(strstr(f->out.str, "nan"));
}

static void csv_runs_no_formula(void **state)
{
	static const char *const cases[][2] = {
		{"=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""},
		{"+1", "\"'+1\""},
		{"-1", "\"'-1\""},
		{"@SUM(A1)", "\"'@SUM(A1)\""},
		{"\t=1", "\"'\t=1\""},
		{"a=1", "a=1"},
		{"a\"b", "\"a\"\"b\""},
		{"a,b", "\"a,b\""},
		{"a\r\nb", "\"a\r\nb\""},
		{"\x01\xff", BAD BAD},
		{"<script>]]>", "<script>]]>"},
	};
	struct fixture *f = *state;
	char want[80];
	size_t i;

	fill(f, GRADE_HARDWARE);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_revision(f, cases[i][0]);
		snprintf(want, sizeof(want), "\r\nu-u,%s,cpu_integer,",
			 cases[i][1]);
		assert_contains(written(f, csv_write), want);
	}
}

static void csv_of_nothing_is_its_head(void **state)
{
	assert_string_equal(written(*state, csv_write), CSV_HEAD);
}

/* Where it cannot be overlooked: above every figure. */
static void markdown_says_the_grade_first(void **state)
{
	struct fixture *f = *state;
	const char *text, *banner;

	fill(f, GRADE_EMULATED);
	text = written(f, markdown_write);
	banner = strstr(text, "> **EMULATED: measured inside the lab; ");
	assert_memory_equal(text, "## l1vh-bench: run 7, grade emulated\n", 37);
	assert_non_null(banner);
	assert_non_null(strstr(banner, "\n| cpu\\_integer | lower | 10.5 ns | "
				       "21.2 ns | 2.023 (2 blocks) |"
				       " 2/2 | emulated |\n"));
	f->run.boots[0].res.grade = GRADE_HARDWARE;
	assert_non_null(strstr(written(f, markdown_write),
			       "grade hardware, emulated\n"));
}

static void markdown_lists_what_has_no_figure(void **state)
{
	static const char *const parts[] = {
		"| null | lower | not measured | workload\\_failed | skipped |"
		" workload\\_failed | - | - | - | 0/0/0/0 | hardware |\n",
		"- storage under kvm: no, 1 (1 boots)\n",
		"- boot 4, block 0, mshv: **timeout**: no end after 9 s\n",
		"- boot 5, block 1, mshv: **skipped**: no /dev/mshv\n",
		"- boot 6, block 0, qemu: **runner\\_failed**: signal 11\n",
		"- boot 7, block 1, qemu: **void**: nothing was moved\n",
	};
	struct fixture *f = *state;

	fill_all_outcomes(f);
	assert_has(written(f, markdown_write), parts, ARRAY_SIZE(parts));
	assert_null(strstr(f->out.str, "nan"));
}

static void markdown_passes_no_markup(void **state)
{
	static const char *const cases[][2] = {
		{"a|b", "a\\|b"},
		{"`rm`", "\\`rm\\`"},
		{"<script>&amp;", "&lt;script&gt;&amp;amp;"},
		{"a\n\n# b\r\n---", "a  #&#8203; b ---"},
		{"![x](http://y)", "!\\[x\\](http:&#8203;//y)"},
		{"**b** _i_ ~s~", "\\*\\*b\\*\\* \\_i\\_ \\~s\\~"},
		{"@all www.x a\\|", "@&#8203;all www&#8203;.x a&#92;\\|"},
		{"\x1b\xff", BAD BAD},
	};
	struct fixture *f = *state;
	char want[120];
	size_t i;

	fill(f, GRADE_HARDWARE);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_revision(f, cases[i][0]);
		snprintf(want, sizeof(want), " of revision %s, seed ",
			 cases[i][1]);
		assert_contains(written(f, markdown_write), want);
	}
}

static void markdown_of_nothing_says_so(void **state)
{
	struct fixture *f = *state;

	assert_non_null(strstr(written(f, markdown_write), "grade none\n"));
	assert_non_null(strstr(f->out.str, "Nothing was measured."));
	assert_null(strstr(f->out.str, "|"));
}

static void junit_has_an_outcome_for_each_boot(void **state)
{
	static const char *const parts[] = {
		"<testsuites name=\"l1vh-bench\" tests=\"9\""
		" failures=\"0\" errors=\"5\" time=\"11.111\">",
		/* Of a boot that is whole, but for a series. */
		"<testsuite name=\"kvm\" tests=\"2\""
		" failures=\"0\" errors=\"1\" time=\"2.469\"",
		"<testsuite name=\"mshv\" tests=\"2\""
		" failures=\"0\" errors=\"1\" time=\"2.469\""
		" skipped=\"1\" timestamp=\"2023-11-14T22:13:20\">",
		"name=\"block 0, first of native\""
		" classname=\"l1vh-bench.native\" time=\"1.235\">\n</testcase>",
		"<error type=\"timeout\" message=\"no end after 9 s\"/>",
		"<skipped message=\"no /dev/mshv\"/>",
		"<error type=\"runner_failed\" message=\"signal 11\"/>",
		"<error type=\"void\" message=\"nothing was moved\"/>",
		"<error type=\"workload_failed\" message=\"exit 3\"/>",
		"<system-out>cpu_aes: skipped: no, 0\nstorage: void: no, 1\n"
		"null: workload_failed: no, 2\n</system-out>",
	};
	struct fixture *f = *state;

	fill_all_outcomes(f);
	assert_has(written(f, junit_write), parts, ARRAY_SIZE(parts));
	assert_null(strstr(f->out.str, "EMULATED"));
	f->run.boots[0].res.grade = GRADE_EMULATED;
	assert_non_null(
		strstr(written(f, junit_write), "<system-out>EMULATED: "));
}

#define CLAIM(id, candidate, margin)                                           \
	"  - id: " id "\\n    text: it is <fast>\\n    metric: cpu_integer\\n" \
	"    candidate: " candidate "\\n    baseline: native\\n"               \
	"    kind: non-inferior\\n    margin: " margin "\\n"                   \
	"    confidence: 0.95\\n    reason: why\\n"

static void junit_judges_what_was_claimed(void **state)
{
	static const char *const parts[] = {
		"<testsuite name=\"claims\" tests=\"5\""
		" failures=\"1\" errors=\"1\" time=\"0.000\" skipped=\"2\"",
		"<testcase name=\"pass\" classname=\"l1vh-bench.claims\""
		" time=\"0.000\">\n<system-out>it is &lt;fast&gt;<",
		"<failure type=\"FAIL\" message=\"FAIL: cpu_integer of kvm over"
		" native, claimed to be not worse by 5 %; ratio 2.023 (2 blocks)\"",
		"<skipped message=\"UNDECIDED: ",
		"<skipped message=\"NOT EVALUABLE: cpu_integer of mshv over",
		"<error type=\"VOID\" message=\"VOID: ",
		"; no bytes were moved\"/>",
	};
	struct fixture *f = *state;
	struct series *s;

	fill(f, GRADE_HARDWARE);
	s = result_add_series(add_boot(f, "qemu", 0), "cpu_integer", "", "ns");
	s->status = RUN_VOID;
	snprintf(s->reason, sizeof(s->reason), "no bytes were moved");
	free(f->run.plan);
	f->run.plan = strdup(
		"{\"claims\":{\"text\":\"name: mine\\nclaims:\\n" CLAIM(
			"pass", "kvm", "1.5") CLAIM("fail", "kvm", "0.05")
			CLAIM("open", "kvm", "1.02") CLAIM("none", "mshv", "1")
				CLAIM("void", "qemu", "1") "\"}}");
	assert_has(written(f, junit_write), parts, ARRAY_SIZE(parts));
}

#undef CLAIM

/* What WRITE makes of the run with CLAIMS named for it. */
static void assert_judged(struct fixture *f, const struct claims *claims,
			  void (*write)(const struct findings *found,
					struct strbuf *out),
			  const char *const *parts, size_t count)
{
	const struct findings_options options = {.claims = claims};

	strbuf_release(&f->out);
	findings_release(&f->findings);
	findings_init(&f->findings, &f->run, &options);
	write(&f->findings, &f->out);
	assert_has(strbuf_str(&f->out), parts, count);
}

/* One fails, and one's words are hostile; CLAIMS are for claims_free(). */
static struct claims *fill_named(struct fixture *f, bool are_registered)
{
	static const char text[] =
		"name: later\nclaims:\n"
		"  - {id: '=1|<b>', text: it is <fast>, metric: cpu_integer,"
		" candidate: kvm, baseline: native, kind: non-inferior,"
		" margin: 0.05, confidence: 0.95, reason: why}\n";
	struct claims *claims;
	struct err err = {0};
	json_t *plan;

	assert_int_equal(claims_parse(text, strlen(text), &claims, &err), 0);
	fill(f, GRADE_HARDWARE);
	plan = json_pack("{s:{s:s}}", "claims", "text", text);
	if (are_registered) {
		free(f->run.plan);
		f->run.plan = json_dumps(plan, 0);
	}
	json_decref(plan);
	findings_init(&f->findings, &f->run, NULL);
	return claims;
}

static void json_into(const struct findings *found, struct strbuf *out)
{
	json_t *json = json_report(found);
	char *text = json_dumps(json_object_get(json, "claims"), 0);

	strbuf_puts(out, text);
	free(text);
	json_decref(json);
}

/* Which is no reason to say nothing of them. */
static void claims_that_cannot_be_read_are_an_error(void **state)
{
	static const struct {
		void (*write)(const struct findings *f, struct strbuf *out);
		const char *words;
	} rows[] = {
		{junit_write,
		 "<error type=\"unreadable\" message=\"damaged\"/>"},
		{markdown_write, "This run cannot say: damaged."},
	};
	struct fixture *f = *state;
	size_t i;

	fill(f, GRADE_HARDWARE);
	findings_release(&f->findings);
	findings_init(&f->findings, &f->run, NULL);
	f->findings.judgement.unreadable = "damaged";
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		strbuf_release(&f->out);
		rows[i].write(&f->findings, &f->out);
		assert_contains(strbuf_str(&f->out), rows[i].words);
	}
}

static void named_claims_are_in_every_format_and_called_exploratory(
	void **state)
{
	static const char *const in_csv[] = {
		"run_uuid,is_registered,id,",
		"u-u,false,\"'=1|<b>\",cpu_integer,kvm,native,kvm,not worse by,"
		"0.05,0.95,FAIL,2.02"};
	static const char *const in_markdown[] = {
		"### Verdicts: later\n\nEXPLORATORY: ", "All of them: **FAIL**",
		"| =1\\|&lt;b&gt; | **FAIL** | 2.023 (2 blocks) |"};
	static const char *const in_junit[] = {
		"<testsuite name=\"claims\" tests=\"1\" failures=\"1\"",
		"<failure type=\"FAIL\"", "\nEXPLORATORY: "};
	static const char *const in_openmetrics[] = {
		"l1vh_claim_verdict{claims=\"later\",claim=\"=1|<b>\","
		"registered=\"false\",verdict=\"FAIL\"} 1\n",
		"# UNIT l1vh_claim_ratio ratio\n", "\n# EOF\n"};
	static const char *const in_html[] = {
		"Do the claims of 'later' hold here?",
		"EXPLORATORY: ", "<span class=\"verdict fail\">FAIL</span>"};
	static const char *const in_json[] = {"\"is_registered\": false",
					      "\"all_of_them\": \"FAIL\""};
	struct fixture *f = *state;
	struct claims *c = fill_named(f, false);

	assert_judged(f, c, csv_write, in_csv, ARRAY_SIZE(in_csv));
	assert_judged(f, c, markdown_write, in_markdown,
		      ARRAY_SIZE(in_markdown));
	assert_judged(f, c, junit_write, in_junit, ARRAY_SIZE(in_junit));
	assert_judged(f, c, openmetrics_write, in_openmetrics,
		      ARRAY_SIZE(in_openmetrics));
	assert_judged(f, c, html_write, in_html, ARRAY_SIZE(in_html));
	assert_judged(f, c, json_into, in_json, ARRAY_SIZE(in_json));
	claims_free(c);
}

static void the_same_claims_as_before_the_run_are_registered(void **state)
{
	static const char *const registered[] = {"\"is_registered\": true"};
	static const char *const in_markdown[] = {
		"Registered before its first sample was taken."};
	struct fixture *f = *state;
	struct claims *c = fill_named(f, true);

	assert_judged(f, c, json_into, registered, 1);
	assert_judged(f, NULL, json_into, registered, 1);
	assert_judged(f, NULL, markdown_write, in_markdown, 1);
	assert_judged(f, NULL, junit_write, NULL, 0);
	assert_null(strstr(f->out.str, "EXPLORATORY"));
	claims_free(c);
}

static void junit_is_xml_whatever_comes(void **state)
{
	struct fixture *f = *state;

	set_revision(f, "\"><script>\n\x01\xff&");
	result_fail(add_boot(f, "native", 0), RUN_TIMEOUT, "]]>\t<!--");
	f->run.boots[0].res.console = strdup("]]></system-out>\x1b[0m");
	written(f, junit_write);
	assert_non_null(strstr(f->out.str,
			       "value=\"&quot;&gt;&lt;script&gt;&#10;" BAD BAD
			       "&amp;\"/>"));
	assert_non_null(strstr(f->out.str, "message=\"]]&gt;&#9;&lt;!--\"/>"));
	assert_non_null(strstr(f->out.str,
			       "<system-out>]]&gt;&lt;/system-out&gt;" BAD
			       "[0m</system-out>"));
}

static void junit_of_nothing_has_no_suite(void **state)
{
	assert_string_equal(written(*state, junit_write),
			    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			    "<testsuites name=\"l1vh-bench\" tests=\"0\""
			    " failures=\"0\" errors=\"0\""
			    " time=\"0.000\">\n</testsuites>\n");
}

static void openmetrics_leaves_absent_samples_out(void **state)
{
	static const char *const parts[] = {
		"# TYPE l1vh_run info\n",
		"l1vh_run_info{uuid=\"u-u\",revision=\"abc\",grade=\"hardware\""
		",status=\"complete\",seed=\"0\"} 1\n",
		"l1vh_median{workload=\"cpu_integer\",point=\"\",runner=\"kvm\""
		",grade=\"hardware\",unit=\"ns\"} 21.25\n",
		"# UNIT l1vh_ratio ratio\n",
		"l1vh_ratio_blocks{workload=\"cpu_integer\",point=\"\","
		"runner=\"kvm\",grade=\"hardware\"} 2\n",
		"l1vh_boots{workload=\"cpu_aes\",point=\"\",runner=\"kvm\","
		"grade=\"hardware\"} 0\n",
		"l1vh_refused_boots{workload=\"cpu_aes\",point=\"\","
		"runner=\"kvm\",grade=\"hardware\"} 1\n",
		"l1vh_disturbed_samples{workload=\"delay\",point=\"\","
		"runner=\"kvm\",grade=\"hardware\"} 1\n",
		"l1vh_failed_boots{runner=\"qemu\"} 3\n# EOF\n",
	};
	struct fixture *f = *state;

	fill_all_outcomes(f);
	assert_has(written(f, openmetrics_write), parts, ARRAY_SIZE(parts));
	assert_null(strstr(f->out.str, "nan"));
	assert_null(strstr(f->out.str, "l1vh_median{workload=\"cpu_aes\""));
	assert_null(strstr(f->out.str, "l1vh_median{workload=\"delay\""));
	/* Two blocks have a ratio and no interval. */
	assert_non_null(strstr(f->out.str, "l1vh_ratio{"));
	assert_null(strstr(f->out.str, "l1vh_ratio_low{"));
}

static void text_into(const struct findings *found, struct strbuf *out)
{
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	text_write(found, memory);
	fclose(memory);
	strbuf_puts(out, text);
	free(text);
}

static void estimates_into(const struct findings *found, struct strbuf *out)
{
	json_t *json = json_report(found);
	char *text = json_dumps(json_object_get(json, "estimates"), 0);

	strbuf_puts(out, text);
	free(text);
	json_decref(json);
}

/* In every format, by as many blocks as there are. */
static void intervals_begin_at_four_blocks(void **state)
{
	static const struct {
		void (*write)(const struct findings *found, struct strbuf *out);
		const char *three, *four;
	} formats[] = {
		{text_into, "   2.015 3 blocks ", "   2.023 ["},
		{csv_write, ",,,3,ok,\r\n", ",4,ok,\r\n"},
		{markdown_write, "| 2.015 (3 blocks) |", "| 2.023 ["},
		{html_write, "<b>&times;2.015</b> 3 blocks</td>",
		 "<b>&times;2.023</b> 1.9"},
		{openmetrics_write, "l1vh_ratio_blocks{", "l1vh_ratio_low{"},
		{estimates_into,
		 "\"ratio_block_count\": 3, \"ratio_low\": null, "
		 "\"ratio_high\": null,",
		 "\"ratio_block_count\": 4, \"ratio_low\": 1.9"},
	};
	struct fixture *f = *state;
	size_t i;

	fill_blocks(f, GRADE_HARDWARE, 3);
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		assert_has(written(f, formats[i].write), &formats[i].three, 1);
		assert_null(strstr(f->out.str, formats[i].four));
	}
	assert_null(strstr(f->out.str, "\"bootstrap_low\": 1"));
	assert_null(strstr(f->out.str, "\"hodges_lehmann_low\": 1"));
	add_value(add_boot(f, "native", 3), "cpu_integer", "", 11);
	add_value(add_boot(f, "kvm", 3), "cpu_integer", "", 22.5);
	for (i = 0; i < ARRAY_SIZE(formats); i++)
		assert_has(written(f, formats[i].write), &formats[i].four, 1);
	assert_non_null(strstr(f->out.str, "\"bootstrap_low\": 1"));
}

/* What is judged does not hang on what is shown. */
static void verdicts_of_two_blocks_stay(void **state)
{
	struct fixture *f = *state;
	struct claims *c = fill_named(f, false);
	struct claim_verdict v;

	v = verdict_of(&f->findings.model, &f->findings.plan, &c->claims[0],
		       false);
	assert_int_equal(v.block_count, 2);
	assert_int_equal(v.verdict, VERDICT_FAIL);
	assert_true(isfinite(v.ratio.log.low) && isfinite(v.test.p));
	assert_true(isnan(v.ratio.low) && isnan(v.ratio.high));
	claims_free(c);
}

static void openmetrics_labels_stay_labels(void **state)
{
	static const char *const cases[][2] = {
		{"a\"} 1\n# EOF\n", "a\\\"} 1\\n# EOF\\n"},
		{"a\\", "a\\\\"},
		{"a\\\"", "a\\\\\\\""},
		{"a\rb", "a b"},
		{"\x01\xff=1,{}", BAD BAD "=1,{}"},
	};
	struct fixture *f = *state;
	char want[80];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_revision(f, cases[i][0]);
		snprintf(want, sizeof(want), ",revision=\"%s\",grade=\"\",",
			 cases[i][1]);
		assert_contains(written(f, openmetrics_write), want);
	}
}

/* What a terminal gets of WRITE; up to SIZE - 1 bytes, which are few enough
 * for nobody to read them meanwhile. */
static void on_terminal(void (*write)(FILE *out), char *buf, size_t size)
{
	int master;
	FILE *out = terminal_open(&master, 0);
	struct termios raw;
	ssize_t len;

	assert_int_equal(tcgetattr(fileno(out), &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(fileno(out), TCSANOW, &raw), 0);
	write(out);
	fflush(out);
	len = read(master, buf, size - 1);
	assert_true(len > 0);
	buf[len] = '\0';
	fclose(out);
	close(master);
}

static void write_words(FILE *out)
{
	int i;

	for (i = 0; i < VERDICT_COUNT; i++)
		paint_verdict((enum verdict)i, 5, out);
	paint_warning("look\n", out);
}

#define PLAIN_WORDS "PASS FAIL UNDECIDEDNOT EVALUABLEVOID look\n"

static void colour_is_for_terminals(void **state)
{
	/* NO_COLOR and TERM; "-": it is not set. */
	static const struct {
		const char *no_color, *term;
		bool has_colour;
	} cases[] = {
		{"-", "xterm", true},  {"", "xterm", true},
		{"0", "xterm", false}, {"1", "xterm", false},
		{"-", "dumb", false},  {"-", "", false},
		{"-", "-", false},
	};
	char buf[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsetenv("NO_COLOR");
		unsetenv("TERM");
		if (strcmp(cases[i].no_color, "-"))
			setenv("NO_COLOR", cases[i].no_color, 1);
		if (strcmp(cases[i].term, "-"))
			setenv("TERM", cases[i].term, 1);
		on_terminal(write_words, buf, sizeof(buf));
		assert_string_equal(
			buf,
			cases[i].has_colour
				? "\033[32mPASS \033[0m\033[31mFAIL \033[0m"
				  "\033[33mUNDECIDED\033[0m"
				  "\033[33mNOT EVALUABLE\033[0m"
				  "\033[33mVOID \033[0m"
				  "\033[1;33mlook\033[0m\n"
				: PLAIN_WORDS);
	}
}

/* Even where the environment speaks of a terminal. */
static void files_have_no_colour(void **state)
{
	struct fixture *f = *state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	fill(f, GRADE_EMULATED);
	findings_init(&f->findings, &f->run, NULL);
	text_write(&f->findings, out);
	write_words(out);
	fclose(out);
	assert_non_null(strstr(text, "\nEMULATED: "));
	assert_non_null(strstr(text, PLAIN_WORDS));
	assert_null(strchr(text, '\033'));
	free(text);
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_text_is_replaced),
		cmocka_unit_test(markup_is_escaped),
		cmocka_unit_test(numbers_come_back_as_they_were),
		WITH_RUN(csv_has_all_digits),
		WITH_RUN(csv_leaves_absent_numbers_empty),
		WITH_RUN(csv_runs_no_formula),
		WITH_RUN(csv_of_nothing_is_its_head),
		WITH_RUN(markdown_says_the_grade_first),
		WITH_RUN(markdown_lists_what_has_no_figure),
		WITH_RUN(markdown_passes_no_markup),
		WITH_RUN(markdown_of_nothing_says_so),
		WITH_RUN(junit_has_an_outcome_for_each_boot),
		WITH_RUN(junit_judges_what_was_claimed),
		WITH_RUN(claims_that_cannot_be_read_are_an_error),
		WITH_RUN(
			named_claims_are_in_every_format_and_called_exploratory),
		WITH_RUN(the_same_claims_as_before_the_run_are_registered),
		WITH_RUN(junit_is_xml_whatever_comes),
		WITH_RUN(junit_of_nothing_has_no_suite),
		WITH_RUN(openmetrics_leaves_absent_samples_out),
		WITH_RUN(intervals_begin_at_four_blocks),
		WITH_RUN(verdicts_of_two_blocks_stay),
		WITH_RUN(openmetrics_labels_stay_labels),
		cmocka_unit_test(colour_is_for_terminals),
		WITH_RUN(files_have_no_colour),
	};

	return RUN_TESTS(tests);
}
