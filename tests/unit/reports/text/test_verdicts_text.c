// SPDX-License-Identifier: GPL-3.0-or-later
/* verdicts_text: claims and their verdicts as a table for a terminal. */
#include "tests/unit/test.h"

#include "harness/base/portable.h"
#include "harness/verdict/claims.h"
#include "reports/text/verdicts_text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define CLAIM(id, candidate, kind, margin)                         \
	"  - {id: " id ", text: it is fast, metric: cpu_integer,"  \
	" candidate: " candidate ", baseline: native, kind: " kind \
	", margin: " margin ", confidence: 0.95, reason: why}\n"

#define CLAIMS(list) "name: mine\nclaims:\n" list

/* The guest takes 1.1 times as long, give or take 1 % a block. */
static void fill(struct shown *s, uint32_t count)
{
	static const double noise[] = {.99, 1.01, 1, 1.005, .995, 1};
	uint32_t i;

	for (i = 0; i < count; i++) {
		shown_sample(s, "native", i, "cpu_integer", "", 10);
		shown_sample(s, "kvm", i, "cpu_integer", "",
			     11 * noise[i % ARRAY_SIZE(noise)]);
	}
}

static const char *text_of(struct shown *s)
{
	return shown_print(s, verdicts_text_write);
}

/* From the beginning of ID's line. */
static const char *line_of(const char *text, const char *id)
{
	char start[40];

	snprintf(start, sizeof(start), "\n%s ", id);
	text = strstr(text, start);
	assert_non_null(text);
	return text + 1;
}

/* A limit has a part that is used, and a share of guests instead of a margin. */
static void a_limit_has_no_margin(void **state)
{
	static const char document[] =
		"{\"footprint\": {\"moments\": {\"touched\": {\"guests\": ["
		"{\"processes\": [{\"role\": \"vmm\", \"rss\": 149946368}]}]}}}}";
	struct shown *s = *state;
	const char *text;
	uint32_t i;

	for (i = 0; i < 2; i++) {
		shown_sample(s, "kvm", i, "footprint", "256M-1cpu/beside_rss",
			     1);
		result_add_document(&shown_boot(s, "kvm", i)->res, "footprint",
				    "256M-1cpu", document);
	}
	shown_claim(s, "name: k\nclaims:\n"
		       "  - {id: p, text: t, metric: kubevirt processes,"
		       " candidate: kvm, baseline: formula, kind: non-inferior,"
		       " margin: 0.001, confidence: 0.95, reason: r}\n"
		       "  - {id: v, text: t, metric: kubevirt vfio,"
		       " candidate: kvm, baseline: formula, kind: non-inferior,"
		       " margin: 0.001, confidence: 0.95, reason: r}\n");
	text = text_of(s);
	/* 143 MiB of QEMU's 30 and its guest's 256. */
	assert_contains(line_of(text, "p"), "PASS");
	assert_contains(line_of(text, "p"), "0.500 of it, up to 0.500");
	assert_contains(line_of(text, "p"), "99.9 % of guests");
	assert_contains(line_of(text, "v"), "NOT EVALUABLE -");
	assert_contains(text, "\"of it\": the measured part of a limit");
}

static void without_claims_there_is_no_table(void **state)
{
	struct shown *s = *state;

	fill(s, 4);
	assert_string_equal(text_of(s), "");
}

static void each_verdict_has_its_numbers(void **state)
{
	struct shown *s = *state;
	char claimed[40];
	const char *text, *line;
	double ratio, low, high, passing, detects;
	unsigned int blocks;

	fill(s, 6);
	shown_claim(s, CLAIMS(CLAIM("good", "kvm", "non-inferior", "0.2") CLAIM(
			       "bad", "kvm", "superior",
			       "0") CLAIM("open", "kvm", "equivalent", "0.1")));
	text = text_of(s);
	line = line_of(text, "good");
	assert_int_equal(
		sscanf(line,
		       "good PASS %lf [ %lf, %lf] %39[a-z ] 20.0 %% %lf %% %lf %% %u",
		       &ratio, &low, &high, claimed, &passing, &detects,
		       &blocks),
		7);
	assert_close(ratio, 1.1, .001);
	assert_true(low < ratio && ratio < high);
	assert_string_equal(claimed, "not worse by ");
	/* The one-sided bound is inside the two-sided interval. */
	assert_true(passing > 10 && passing < 100 * (high - 1));
	assert_true(detects > 0 && detects < 20);
	assert_int_equal(blocks, 6);
	assert_memory_equal(line_of(text, "bad") + 21, "FAIL  ", 6);
	assert_contains(line_of(text, "bad"), " better by  0.0 %");
	assert_memory_equal(line_of(text, "open") + 21, "UNDECIDED  ", 11);
	assert_contains(line_of(text, "all of them"), " FAIL\n\nNo: 1 of ");
}

/* What was not measured has dashes, never zeroes. */
static void no_numbers_are_dashes(void **state)
{
	struct shown *s = *state;
	const char *line;

	fill(s, 4);
	shown_claim(s, CLAIMS(CLAIM("none", "mshv", "equivalent", "0.1")));
	line = line_of(text_of(s), "none");
	assert_memory_equal(line + 21, "NOT EVALUABLE -  ", 17);
	assert_contains(line, " equal within 10.0 %         -         -"
			      "      0      -        -\n"
			      "    mshv was not measured\n");
	assert_null(strstr(line, "nan"));
}

/* A ratio of few blocks is shown without an interval. */
static void few_blocks_are_counted(void **state)
{
	struct shown *s = *state;

	fill(s, 1);
	shown_claim(s, CLAIMS(CLAIM("few", "kvm", "equivalent", "0.1")));
	assert_contains(text_of(s), "  1.089 1 block ");
	assert_contains(s->out.str, "    one block does not show the noise\n");
	fill(s, 3);
	assert_contains(text_of(s), " 3 blocks ");
}

static void a_stand_in_is_named(void **state)
{
	struct shown *s = *state;

	fill(s, 2);
	shown_sample(s, "mshv-emu", 0, "cpu_integer", "", 11);
	shown_claim(s, CLAIMS(CLAIM("emu", "mshv", "equivalent", "0.1")));
	assert_contains(text_of(s), "\n    mshv-emu stands in for mshv\n");
	shown_claim(s, CLAIMS(CLAIM("kvm", "kvm", "equivalent", "0.1")));
	assert_null(strstr(text_of(s), "stands in"));
}

/* Three of six planned blocks are done: the first of four looks. */
static void a_look_says_its_level(void **state)
{
	static const char plan[] = "{\"block_count\": 6, \"look_count\": 4}";
	struct shown *s = *state;

	fill(s, 3);
	shown_set(&s->run.status, "decided");
	shown_set(&s->run.plan, plan);
	s->run.done_block_count = 3;
	shown_claim(s, CLAIMS(CLAIM("look", "kvm", "equivalent", "5")));
	assert_contains(text_of(s), "\n    at look 1, one-sided level 0.00");
	/* The p of one look is none of the whole run. */
	assert_contains(line_of(s->out.str, "look"), "      -\n    at look");
}

static void the_head_says_where_claims_are_from(void **state)
{
	struct shown *s = *state;
	const char *text;

	fill(s, 4);
	shown_claim(s, CLAIMS(CLAIM("a", "kvm", "equivalent", "0.1")));
	text = text_of(s);
	assert_contains(text, "Claims 'mine' (sha256 ");
	assert_memory_equal(strstr(text, "sha256 ") + 7, s->claims->sha256, 12);
	assert_contains(text, ") against run 7.\nEXPLORATORY: ");
	assert_null(strstr(text, "OVERRIDDEN"));
}

/* A bundle has claims of its own; a terminal would obey their texts. */
static void foreign_claims_control_no_terminal(void **state)
{
	struct shown *s = *state;
	const char *text;

	setenv("LC_ALL", "C.UTF-8", 1);
	fill(s, 4);
	shown_claim(s,
		    "name: \"na\\em\\ne\"\nclaims:\n"
		    "  - {id: \"i\\ed\\nall of them PASS\", text: \"\\e[2J\","
		    " metric: \"\\acpu\", candidate: \"k\\x9bvm\","
		    " baseline: native, kind: superior, margin: 0,"
		    " confidence: 0.9, reason: why}\n"
		    "  - {id: fails, text: \"\\e[2J\\nx\", metric: cpu_integer,"
		    " candidate: kvm, baseline: native, kind: superior,"
		    " margin: 0, confidence: 0.9, reason: why}\n");
	text = text_of(s);
	assert_null(strpbrk(text, "\x1b\x07\x7f"));
	assert_true(portable_is_text(text));
	assert_int_equal(count_of(text, "\nall of them"), 1);
	assert_contains(text, "[2J x': cpu_integer is 1.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(a_limit_has_no_margin),
		WITH_SHOWN(without_claims_there_is_no_table),
		WITH_SHOWN(each_verdict_has_its_numbers),
		WITH_SHOWN(no_numbers_are_dashes),
		WITH_SHOWN(few_blocks_are_counted),
		WITH_SHOWN(a_stand_in_is_named),
		WITH_SHOWN(a_look_says_its_level),
		WITH_SHOWN(the_head_says_where_claims_are_from),
		WITH_SHOWN(foreign_claims_control_no_terminal),
	};

	return RUN_TESTS(tests);
}
