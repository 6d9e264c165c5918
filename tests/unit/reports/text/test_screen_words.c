// SPDX-License-Identifier: GPL-3.0-or-later
/* screen: its words on the host, the claims, the failures and the places. */
#include "tests/unit/test.h"

#include "harness/base/portable.h"
#include "reports/text/lines.h"
#include "reports/text/screen.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

static void screen_into(const struct findings *f, FILE *out)
{
	static const struct line_style style = {LINES_COLUMNS, false};
	static const struct screen_places places = {.command = "show all"};

	screen_write(f, &style, &places, out);
}

static const char *screen(struct shown *s)
{
	return shown_print(s, screen_into);
}

/* Of what is known; "unknown" is not. */
static void the_host_is_told_as_far_as_known(void **state)
{
	static const struct {
		const char *fingerprint, *line;
	} cases[] = {
		{"damaged", "\nHost: unknown\n"},
		{"{}", "\nHost: unknown\n"},
		{"{\"host\": \"unknown\", \"cpu.model_name\": \"X\"}",
		 "\nHost: unknown, X\n"},
		{"{\"host\": \"vm\", \"cpu.model_name\": \"unknown\","
		 " \"kernel.release\": \"6.1\"}",
		 "\nHost: vm, Linux 6.1\n"},
		{"{\"host\": 5, \"kernel.release\": \"6\\u001b[1m\\n.1\"}",
		 "\nHost: unknown, Linux 6?[1m .1\n"},
	};
	struct shown *s = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		shown_set(&s->run.fingerprint, cases[i].fingerprint);
		assert_contains(screen(s), cases[i].line);
	}
	s->run.is_lab = true;
	assert_contains(screen(s), "\nHost: the lab, emulated by QEMU, ");
}

static void blocks_and_boots_are_counted(void **state)
{
	struct shown *s = *state;

	assert_contains(screen(s), "\nGrade: none, nothing was measured; "
				   "0 boots of 0 runners in 0 blocks\n");
	shown_sample(s, "kvm", 0, "cpu_integer", "", 1);
	assert_contains(screen(s), "\nGrade: hardware; 1 boot of 1 runner in "
				   "1 block\n");
	shown_sample(s, "native", 3, "cpu_integer", "", 1);
	assert_contains(screen(s), "; 2 boots of 2 runners in 4 blocks\n");
}

#define CLAIM(id, candidate, margin)                                    \
	"  - {id: " id ", text: it is fast, metric: cpu_integer,"       \
	" candidate: " candidate ", baseline: native, kind: superior, " \
	"margin: " margin ", confidence: 0.95, reason: why}\n"

static void verdicts_are_tallied(void **state)
{
	struct shown *s = *state;
	uint32_t i;

	for (i = 0; i < 6; i++) {
		shown_sample(s, "native", i, "cpu_integer", "", 10);
		shown_sample(s, "kvm", i, "cpu_integer", "",
			     i % 2 ? 10.01 : 10.03);
	}
	assert_contains(screen(s), "nothing is judged");
	assert_null(strstr(s->out.str, "Claims of"));
	shown_claim(s, "name: \"m\\e\"\nclaims:\n" CLAIM("a", "kvm", "0.1")
			       CLAIM("b", "kvm", "0.2") CLAIM("c", "xen", "0"));
	assert_contains(screen(s), "\nClaims of 'm?': 2 FAIL, 1 NOT EVALUABLE. "
				   "EXPLORATORY: ");
	assert_contains(s->out.str, "\nNo: 2 of the 3 claims of 'm?'");
}

/* A reason once with its boots; those beyond what fits are only counted. */
static void failures_are_counted_and_explained(void **state)
{
	struct shown *s = *state;
	uint32_t i;

	shown_sample(s, "native", 0, "cpu_integer", "", 1);
	assert_contains(screen(s), "\nFailed: 0 of 1 boot.\n");
	assert_null(strstr(s->out.str, "Skipped"));
	for (i = 0; i < 3; i++)
		result_fail(&shown_boot(s, "kvm", i)->res, RUN_TIMEOUT,
			    "no end");
	result_fail(&shown_boot(s, "qemu", 0)->res, RUN_SKIPPED, "no qemu");
	shown_refuse(s, "native", 0, "cpu_aes", "", RUN_WORKLOAD_FAILED,
		     "no AES");
	shown_refuse(s, "native", 0, "cpu_float", "", RUN_SKIPPED, "no FPU");
	assert_contains(screen(s), "\nFailed: 3 of 5 boots and 1 series. "
				   "Skipped: 1 boot and 1 series.\n"
				   "  kvm: timeout: no end (3 boots)\n"
				   "  qemu: skipped: no qemu (1 boot)\n");
	/* Room for one more of two. */
	assert_int_equal((strstr(s->out.str, "no AES") != NULL) +
				 (strstr(s->out.str, "no FPU") != NULL),
			 1);
}

static void doubts_are_counted(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "kvm", 0, "boot", "agent_ready", 1e6);
	assert_contains(screen(s), "\nImplausible: 1 finding; ");
	shown_sample(s, "mshv", 0, "boot", "agent_ready", 1e6);
	assert_contains(screen(s), "\nImplausible: 2 findings; ");
}

static void software_has_a_banner_of_its_own(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "kvm", 0, "cpu_integer", "", 1);
	assert_null(strstr(screen(s), "SOFTWARE"));
	shown_boot(s, "kvm", 0)->res.grade = GRADE_SOFTWARE;
	assert_contains(screen(s), "\nSOFTWARE: ");
	/* The worse one is enough. */
	shown_sample(s, "qemu", 0, "cpu_integer", "", 1);
	shown_boot(s, "qemu", 0)->res.grade = GRADE_EMULATED;
	assert_contains(screen(s), "\nEMULATED: ");
	assert_null(strstr(s->out.str, "SOFTWARE"));
}

/* As many digits as say something, from a tenth to more than anything. */
static void slow_downs_are_short(void **state)
{
	static const struct {
		double ratio;
		const char *words;
	} cases[] = {
		{.1, " 0.10x"},    {1.5, " 1.50x"},    {9.99, " 9.99x"},
		{9.996, " 10.0x"}, {99.9, " 99.9x"},   {99.96, " 100x"},
		{9999, " 9999x"},  {10001, " >9999x"}, {1e300, " >9999x"},
	};
	struct shown *s = *state;
	size_t i;

	shown_sample(s, "native", 0, "cpu_integer", "", 1);
	shown_sample(s, "kvm", 0, "cpu_integer", "", 1);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		shown_series(s, "kvm", 0, "cpu_integer", "")->samples[0].value =
			cases[i].ratio;
		assert_contains(screen(s), cases[i].words);
	}
}

/* Nothing of another run's own controls the terminal. */
static void foreign_words_control_no_terminal(void **state)
{
	struct shown *s = *state;

	shown_set(&s->run.status, "done\x1b[2J\nHost: ours");
	shown_set(&s->run.revision, "r\x07\xff");
	result_fail(&shown_boot(s, "k\x1bvm", 0)->res, RUN_TIMEOUT, "x");
	snprintf(shown_boot(s, "k\x1bvm", 0)->res.reason, 20, "a\x9b\rb\nc");
	shown_refuse(s, "qemu", 0, "w\x1b", "\x1b", RUN_VOID, "\x1b]0;\x07");
	screen(s);
	assert_null(strpbrk(s->out.str, "\x1b\x07\r\x7f"));
	assert_true(portable_is_text(s->out.str));
	assert_int_equal(count_of(s->out.str, "\nHost: "), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(the_host_is_told_as_far_as_known),
		WITH_SHOWN(blocks_and_boots_are_counted),
		WITH_SHOWN(verdicts_are_tallied),
		WITH_SHOWN(failures_are_counted_and_explained),
		WITH_SHOWN(doubts_are_counted),
		WITH_SHOWN(software_has_a_banner_of_its_own),
		WITH_SHOWN(slow_downs_are_short),
		WITH_SHOWN(foreign_words_control_no_terminal),
	};

	return RUN_TESTS(tests);
}
