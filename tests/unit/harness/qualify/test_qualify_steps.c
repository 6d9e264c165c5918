// SPDX-License-Identifier: GPL-3.0-or-later
/* qualify_steps and qualify_child: what is done, within what time. */
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/qualify/qualification.h"
#include "harness/qualify/qualify_child.h"
#include "harness/qualify/qualify_steps.h"
#include "tests/unit/fixture/expect.h"

static struct qualify_site everything(bool is_emulated)
{
	return (struct qualify_site){.folder = "/tmp/a b",
				     .budget_ns = 30 * 60 * NS_PER_S,
				     .is_emulated = is_emulated,
				     .has_mshv = true,
				     .has_kvm = true,
				     .has_guest = true};
}

static size_t index_of(const struct qualification *q, const char *name)
{
	const struct step *s = qualification_step(q, name);

	assert_non_null(s);
	return (size_t)(s - q->steps);
}

static char *command_of(const struct qualify_site *site,
			struct qualification *q, const char *name,
			uint64_t seconds)
{
	size_t i = index_of(q, name);
	char **words = qualify_step_words(site, q, i, seconds);

	if (!words)
		return NULL;
	qualify_words_free(words);
	return q->steps[i].command;
}

static void without_a_device_nothing_of_it_is_tried(void **state)
{
	struct qualify_site site = {.folder = "/tmp",
				    .budget_ns = 60 * NS_PER_S};
	struct qualification q;
	size_t i, waiting = 0;

	(void)state;
	qualification_init(&q);
	qualify_steps_add(&site, &q);
	for (i = 0; i < q.step_count; i++) {
		const struct step *s = &q.steps[i];

		waiting += s->status == STEP_WAITING;
		if (strstr(s->name, "mshv"))
			assert_int_equal(s->status, STEP_SKIPPED);
		if (s->status == STEP_SKIPPED)
			assert_true(s->finding[0]);
	}
	/* The host, KubeVirt, and what decides later. */
	assert_int_equal(waiting, 4);
	qualification_release(&q);
}

static void commands_name_this_site(void **state)
{
	struct qualify_site site = everything(false);
	struct qualification q;
	char *command;

	(void)state;
	qualification_init(&q);
	qualify_steps_add(&site, &q);
	command = command_of(&site, &q, "boot-mshv", 60);
	assert_contains(command, "--hv mshv --trace '/tmp/a b/boot.trace'");
	assert_contains(command, "--cmdline 'console=ttyS0 ");
	command = command_of(&site, &q, "device", 60);
	assert_null(strstr(command, "imds"));
	site.asks_imds = true;
	command = command_of(&site, &q, "device", 60);
	assert_contains(command, "probe --json --imds");
	assert_contains(command_of(&site, &q, "micro", 60),
			"--runners native,mshv,kvm --workloads micro");
	assert_contains(command_of(&site, &q, "micro", 60), "--budget 60s");
	assert_contains(command_of(&site, &q, "run-mshv", 100),
			"--runners mshv --workloads boot --blocks 1 "
			"--samples 1 --timeout 50");
	qualification_release(&q);
	site = everything(true);
	qualification_init(&q);
	qualify_steps_add(&site, &q);
	assert_contains(command_of(&site, &q, "selftest", 60), "--mshv-emu");
	assert_contains(command_of(&site, &q, "qemu-mshv", 60),
			"--runners qemu-mshv-emu");
	assert_contains(command_of(&site, &q, "cloud-hypervisor", 60),
			"mshv-emu --hide-kvm -- cloud-hypervisor --kernel");
	assert_int_equal(q.steps[index_of(&q, "libvirt-mshv")].status,
			 STEP_SKIPPED);
	qualification_release(&q);
}

/* What boots is measured, and nothing else. */
static void later_steps_stand_on_earlier_ones(void **state)
{
	struct qualify_site site = everything(true);
	struct qualification q;

	(void)state;
	qualification_init(&q);
	qualify_steps_add(&site, &q);
	assert_null(command_of(&site, &q, "plan", 60));
	assert_int_equal(q.steps[index_of(&q, "plan")].status, STEP_SKIPPED);
	assert_null(command_of(&site, &q, "replay", 60));
	q.steps[index_of(&q, "plan")].status = STEP_WAITING;
	step_end(&q.steps[index_of(&q, "run-mshv")], STEP_OK, "");
	step_end(&q.steps[index_of(&q, "run-kvm")], STEP_LATE, "");
	step_end(&q.steps[index_of(&q, "qemu-kvm")], STEP_OK, "");
	assert_contains(command_of(&site, &q, "plan", 60),
			"--runners native,mshv-emu,qemu-kvm --budget 60s");
	qualification_release(&q);
}

/* Whatever a step takes of its limit, all of them fit into the budget. */
static void limits_fit_the_budget(void **state)
{
	static const uint64_t budgets_s[] = {60, 120, 600, 1800, 7200};
	struct qualify_site site = everything(false);
	struct qualification q;
	size_t i, k;

	(void)state;
	for (k = 0; k < ARRAY_SIZE(budgets_s); k++) {
		uint64_t left_ns = budgets_s[k] * NS_PER_S;
		uint64_t limit_ns;

		site.budget_ns = left_ns;
		qualification_init(&q);
		qualify_steps_add(&site, &q);
		for (i = 0; i < q.step_count; i++) {
			if (q.steps[i].status != STEP_WAITING)
				continue;
			limit_ns = qualify_step_limit(&site, &q, i, left_ns);
			assert_true(limit_ns > 0);
			assert_true(limit_ns <= left_ns);
			left_ns -= limit_ns;
			step_end(&q.steps[i], STEP_LATE, "");
		}
		/* The last one takes the rest. */
		assert_true(left_ns < budgets_s[k] * NS_PER_S / 100);
		qualification_release(&q);
	}
	qualification_init(&q);
	qualify_steps_add(&site, &q);
	assert_int_equal(qualify_step_limit(&site, &q, 0, 0), 0);
	qualification_release(&q);
}

static void judge(struct qualification *q, const char *name, int exit_status,
		  const char *output, bool is_late)
{
	struct qualify_site site = everything(false);
	size_t i;

	qualification_init(q);
	qualify_steps_add(&site, q);
	i = index_of(q, name);
	q->steps[i].status = STEP_WAITING;
	q->steps[i].exit_status = exit_status;
	q->steps[i].elapsed_ns = 7 * NS_PER_S;
	free(q->steps[i].output);
	q->steps[i].output = xstrdup(output);
	qualify_step_judge(&site, q, i, is_late);
}

static void an_outcome_has_its_line(void **state)
{
	static const struct {
		const char *step;
		int exit_status;
		const char *output;
		bool is_late;
		enum step_status status;
		const char *finding;
	} cases[] = {
		{"selftest", 0, "ok 1 - a\n# 92 ok", false, STEP_OK, ""},
		{"selftest", 1, "ok 1 - a\nnot ok 2 - b\n# why\nok 3 - c\n",
		 false, STEP_FINDING, "not ok 2 - b"},
		{"boot-mshv", 11, "console\nguest ended: triple_fault: at\nx\n",
		 false, STEP_FINDING, "guest ended: triple_fault: at"},
		{"boot-mshv", -1, "a\nguest ended: stopped: rip\n", true,
		 STEP_LATE, "no end after 7 s: guest ended: stopped: rip"},
		{"run-kvm", 2, "1/1 kvm: timeout: no hello\nl1vh-bench: 1 of 1",
		 false, STEP_FINDING, "1/1 kvm: timeout: no hello"},
		{"qemu-mshv", 70,
		 "qemu-mshv cannot boot Linux on this host: "
		 "'qemu' is missing or has no accelerator mshv\n",
		 false, STEP_SKIPPED,
		 "qemu-mshv cannot boot Linux on this host: 'qemu' is missing "
		 "or has no accelerator mshv"},
		{"run-kvm", 70, "\n\n", false, STEP_FINDING, ""},
		{"churn", 2, "Claims: 3 NOT EVALUABLE\nStore: x\n", false,
		 STEP_OK, ""},
		{"churn", 2, "1/8 kvm: timeout: no\nStore: x\n", false,
		 STEP_FINDING, "1/8 kvm: timeout: no"},
		{"churn", 2,
		 "8/8 kvm: ok\nl1vh-bench: 1 of 8 boots failed in whole\n",
		 false, STEP_FINDING,
		 "l1vh-bench: 1 of 8 boots failed in whole"},
		{"churn", 2, "  x: only 12 guests fit into the time\n", false,
		 STEP_SKIPPED, "  x: only 12 guests fit into the time"},
		{"churn", 1, "Claims: 1 FAIL\nStore: x\n", false, STEP_FINDING,
		 "Claims: 1 FAIL"},
		{"micro", 2, "l1vh-bench: noisy\n", false, STEP_FINDING,
		 "l1vh-bench: noisy"},
		{"device", 0,
		 "{\"probe\":{\"mshv\":{\"usable\":false,\"reason\":\"no\"}}}",
		 false, STEP_FINDING, "/dev/mshv: no"},
		{"device", 0, "{\"probe\":{\"mshv\":{\"usable\":true}}}", false,
		 STEP_OK, ""},
	};
	struct qualification q;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct step *s;

		judge(&q, cases[i].step, cases[i].exit_status, cases[i].output,
		      cases[i].is_late);
		s = qualification_step(&q, cases[i].step);
		assert_int_equal(s->status, cases[i].status);
		assert_string_equal(s->finding, cases[i].finding);
		qualification_release(&q);
	}
}

/* --- children -------------------------------------------------------------- */

static int run(const char *script, uint64_t limit_ns, const volatile bool *stop,
	       struct strbuf *output, struct child_end *end)
{
	char *const words[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)script,
			       NULL};
	struct err err = {0};

	memset(output, 0, sizeof(*output));
	return child_run(words, limit_ns, stop, output, end, &err);
}

static void both_streams_and_the_status(void **state)
{
	struct child_end end;
	struct strbuf output;

	(void)state;
	assert_int_equal(run("read x; echo out; echo err >&2; exit 3",
			     60 * NS_PER_S, NULL, &output, &end),
			 0);
	assert_int_equal(end.exit_status, 3);
	assert_false(end.is_late);
	assert_contains(output.str, "out\n");
	assert_contains(output.str, "err\n");
	strbuf_release(&output);
	assert_int_equal(run("kill -9 $$", 60 * NS_PER_S, NULL, &output, &end),
			 0);
	assert_int_equal(end.exit_status, -1);
	assert_false(end.is_late);
	strbuf_release(&output);
}

static void a_child_that_hangs_is_ended(void **state)
{
	static volatile bool stop = true;
	struct child_end end;
	struct strbuf output;

	(void)state;
	assert_int_equal(run("trap 'echo last words; exit 5' TERM; "
			     "while :; do sleep 0.05; done",
			     200 * NS_PER_MS, NULL, &output, &end),
			 0);
	assert_true(end.is_late);
	assert_int_equal(end.exit_status, 5);
	assert_contains(output.str, "last words");
	strbuf_release(&output);
	/* Somebody presses Ctrl-C. */
	assert_int_equal(
		run("exec sleep 100", 60 * NS_PER_S, &stop, &output, &end), 0);
	assert_true(end.is_stopped);
	assert_false(end.is_late);
	strbuf_release(&output);
}

/* Its own child keeps the stream open, and is not waited for. */
static void a_grandchild_costs_nothing(void **state)
{
	struct child_end end;
	struct strbuf output;

	(void)state;
	assert_int_equal(
		run("sleep 30 & echo done", 60 * NS_PER_S, NULL, &output, &end),
		0);
	assert_false(end.is_late);
	assert_int_equal(end.exit_status, 0);
	assert_string_equal(output.str, "done\n");
	strbuf_release(&output);
}

static void endless_output_is_cut(void **state)
{
	struct child_end end;
	struct strbuf output;

	(void)state;
	assert_int_equal(run("i=0; while [ $i -lt 20000 ]; do "
			     "echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx $i; "
			     "i=$((i+1)); done; echo end",
			     60 * NS_PER_S, NULL, &output, &end),
			 0);
	assert_true(output.len <= 256 * 1024 && output.len > 1000);
	assert_string_equal(output.str + output.len - 4, "end\n");
	strbuf_release(&output);
}

static void a_missing_program_is_an_error(void **state)
{
	char *const words[] = {(char[]){"/nonexistent/x"}, NULL};
	struct strbuf output = {0};
	struct child_end end;
	struct err err = {0};

	(void)state;
	assert_true(child_run(words, NS_PER_S, NULL, &output, &end, &err) < 0);
	assert_contains(err.msg, "/nonexistent/x");
	strbuf_release(&output);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_device_nothing_of_it_is_tried),
		cmocka_unit_test(commands_name_this_site),
		cmocka_unit_test(later_steps_stand_on_earlier_ones),
		cmocka_unit_test(limits_fit_the_budget),
		cmocka_unit_test(an_outcome_has_its_line),
		cmocka_unit_test(both_streams_and_the_status),
		cmocka_unit_test(a_child_that_hangs_is_ended),
		cmocka_unit_test(a_grandchild_costs_nothing),
		cmocka_unit_test(endless_output_is_cut),
		cmocka_unit_test(a_missing_program_is_an_error),
	};

	return RUN_TESTS(tests);
}
