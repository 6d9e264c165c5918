// SPDX-License-Identifier: GPL-3.0-or-later
/* QEMU's runners, with a script in QEMU's place: what it says it uses, what it
 * really has open, and what becomes of a case. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/machine/qemu.h"
#include "runners/machine/qemu_program.h"
#include "runners/machine/qemu_witness.h"
#include "runners/measure/watch.h"
#include "runners/site/io_site.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/stage.h"

/* --- the witness ---------------------------------------------------------- */

struct scene {
	struct bench_case bc;
	struct io_site site;
	struct qemu_witness witness;
	struct result res;
	int qmp[2]; /* QEMU's end is the second */
	int watched;
	pid_t watched_pid;
};

static void count_moment(void *arg, enum watch_moment moment,
			 const struct watch_process *processes, size_t count)
{
	struct scene *s = arg;

	assert_int_equal(moment, WATCH_STARTED);
	assert_int_equal(count, 1);
	s->watched++;
	s->watched_pid = processes[0].pid;
}

static void scene_init(struct scene *s, const char *wanted)
{
	memset(s, 0, sizeof(*s));
	s->site.bc = &s->bc;
	s->witness = (struct qemu_witness){.wanted = wanted, .site = &s->site};
	result_init(&s->res);
	s->res.identity = xstrdup("vcpus=1");
	series_add_sample(result_add_series(&s->res, "null", "", "ns"));
	assert_int_equal(pipe2(s->qmp, O_NONBLOCK | O_CLOEXEC), 0);
	s->witness.qmp.fd = s->qmp[1];
}

static void scene_release(struct scene *s)
{
	result_release(&s->res);
	close(s->qmp[0]);
	close(s->qmp[1]);
}

/* QEMU names its accelerator since version 10.2; before, it answers for KVM
 * alone, and the rest is what the process has open. */
static void what_was_used_is_found_out(void **state)
{
	static const struct {
		const char *wanted, *named;
		bool knows, has_kvm, kvm_open, mshv_open;
		const char *used; /* NULL: what was wanted */
	} rows[] = {
		{"kvm", "kvm", true, true, false, false, NULL},
		{"kvm", "tcg", true, true, true, false, "tcg"},
		{"mshv", "mshv", false, false, false, false, NULL},
		{"kvm", "", true, true, true, false, NULL},
		{"kvm", "", true, true, false, false, "unknown"},
		{"kvm", "", true, false, true, false, "tcg"},
		{"kvm", "", false, false, true, false, "unknown"},
		{"tcg", "", true, false, false, false, NULL},
		{"tcg", "", true, true, true, false, "kvm"},
		{"tcg", "", true, false, false, true, "mshv"},
		{"mshv", "", true, false, false, true, NULL},
		{"mshv", "", true, false, true, false, "tcg"},
	};
	struct scene s;
	char words[40];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		scene_init(&s, rows[i].wanted);
		snprintf(s.witness.qmp.accelerator,
			 sizeof(s.witness.qmp.accelerator), "%s",
			 rows[i].named);
		s.witness.qmp.knows_kvm = rows[i].knows;
		s.witness.qmp.kvm_enabled = rows[i].has_kvm;
		s.witness.has_kvm_open = rows[i].kvm_open;
		s.witness.has_mshv_open = rows[i].mshv_open;
		qemu_witness_judge(&s.witness, &s.res);
		snprintf(words, sizeof(words), "asked for %s and used %s",
			 rows[i].wanted, rows[i].used ? rows[i].used : "");
		assert_int_equal(s.res.status,
				 rows[i].used ? RUN_RUNNER_FAILED : RUN_OK);
		assert_int_equal(s.res.series_count, rows[i].used ? 0 : 1);
		if (rows[i].used)
			assert_contains(s.res.reason, words);
		scene_release(&s);
	}
}

/* Without a hello nothing was measured, and its own reason is the better
 * one. */
static void who_said_nothing_is_not_judged(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, "kvm");
	free(s.res.identity);
	s.res.identity = NULL;
	result_fail(&s.res, RUN_TIMEOUT, "no end");
	qemu_witness_judge(&s.witness, &s.res);
	assert_int_equal(s.res.status, RUN_TIMEOUT);
	assert_string_equal(s.res.reason, "no end");
	scene_release(&s);
}

static void a_packet_path_is_part_of_what_was_asked(void **state)
{
	static const struct {
		const char *vhost, *backend;
		bool has_net, is_fine;
	} rows[] = {
		{"on", "vhost", true, true},   {"on", "tap", true, false},
		{"off", "tap", true, true},    {"auto", "tap", true, true},
		{"auto", "vhost", true, true}, {"on", "tap", false, true},
	};
	struct scene s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		scene_init(&s, "tcg");
		s.witness.qmp.knows_kvm = true;
		s.site.has_net = rows[i].has_net;
		snprintf(s.bc.io.vhost, sizeof(s.bc.io.vhost), "%s",
			 rows[i].vhost);
		snprintf(s.site.env.net_backend, sizeof(s.site.env.net_backend),
			 "%s", rows[i].backend);
		qemu_witness_judge(&s.witness, &s.res);
		assert_int_equal(s.res.status,
				 rows[i].is_fine ? RUN_OK : RUN_RUNNER_FAILED);
		if (!rows[i].is_fine)
			assert_contains(s.res.reason,
					"asked for vhost and used tap");
		scene_release(&s);
	}
}

static void a_paused_machine_is_looked_at_once(void **state)
{
	static const char answer[] =
		"{\"id\":\"kvm\",\"return\":{\"enabled\":true}}";
	struct scene s;
	const struct watch watch = {.at = count_moment, .arg = &s};
	char text[64] = "";

	(void)state;
	scene_init(&s, "kvm");
	s.witness.watch = &watch;
	assert_null(qemu_witness_line(&s.witness, 99, "{\"event\":\"STOP\"}"));
	assert_int_equal(s.watched, 0);
	assert_null(qemu_witness_line(&s.witness, 99, answer));
	assert_int_equal(s.watched, 1);
	assert_int_equal(s.watched_pid, 99);
	assert_true(read(s.qmp[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "{\"execute\":\"cont\"}\n");
	assert_null(qemu_witness_line(&s.witness, 99, answer));
	assert_int_equal(s.watched, 1);
	scene_release(&s);
}

/* What has fallen back is ended at once, not after its whole case. */
static void a_fallback_ends_the_machine(void **state)
{
	static const struct {
		const char *wanted, *enabled, *words;
	} rows[] = {
		{"kvm", "true", NULL},
		{"tcg", "false", NULL},
		{"mshv", "false", NULL},
		{"kvm", "false", "kvm and used tcg"},
		{"tcg", "true", "tcg and used kvm"},
		{"mshv", "true", "mshv and used kvm"},
		{"kvm", "\"yes\"", NULL}, /* no answer at all */
		{"kvm", "null", NULL},
	};
	struct scene s;
	char line[80];
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		scene_init(&s, rows[i].wanted);
		snprintf(line, sizeof(line),
			 "{\"id\":\"kvm\",\"return\":{\"enabled\":%s}}",
			 rows[i].enabled);
		why = qemu_witness_line(&s.witness, 1, line);
		assert_int_equal(why != NULL, rows[i].words != NULL);
		if (why)
			assert_contains(why, rows[i].words);
		scene_release(&s);
	}
}

/* No message can claim it: these are descriptors of a real process, ours. */
static void open_devices_are_seen(void **state)
{
	int fd = memfd_create("mshv", MFD_CLOEXEC);
	struct scene s;

	(void)state;
	scene_init(&s, "mshv");
	assert_true(qemu_has_open(getpid(), "/memfd:mshv (deleted)"));
	assert_false(qemu_has_open(getpid(), "/memfd:mshv"));
	assert_false(qemu_has_open(getpid(), "/nonexistent"));
	assert_false(qemu_has_open(-1, "/memfd:mshv (deleted)"));
	qemu_witness_look(&s.witness, getpid());
	assert_true(s.witness.has_mshv_open);
	assert_false(s.witness.has_kvm_open);
	assert_string_equal(s.site.env.net_backend, "tap");
	close(fd);
	qemu_witness_look(&s.witness, getpid());
	assert_false(s.witness.has_mshv_open);
	scene_release(&s);
}

static void its_version_and_reason_are_kept(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, "tcg");
	qemu_witness_add_words(&s.witness.qmp, &s.res);
	assert_string_equal(s.res.identity, "vcpus=1");
	snprintf(s.witness.qmp.version, sizeof(s.witness.qmp.version),
		 "10.0.2 (\x1b[1m)");
	snprintf(s.witness.qmp.shutdown, sizeof(s.witness.qmp.shutdown),
		 "guest-panic");
	qemu_witness_add_words(&s.witness.qmp, &s.res);
	assert_string_equal(s.res.identity,
			    "vcpus=1\nvmm.version=QEMU 10.0.2 (?[1m)");
	assert_int_equal(s.res.status, RUN_OK);
	assert_string_equal(s.res.reason, "");
	result_fail(&s.res, RUN_RUNNER_FAILED, "qemu ended");
	qemu_witness_add_words(&s.witness.qmp, &s.res);
	assert_string_equal(s.res.reason,
			    "qemu ended: QEMU reports guest-panic");
	scene_release(&s);
}

/* --- whole cases ---------------------------------------------------------- */

/* Each play is what the script does after it wrote down its words. */
#define QEMU                                                              \
	"case \"$*\" in '-accel help')"                                   \
	" printf 'Accelerators supported in QEMU binary:\\ntcg\\nkvm\\n'" \
	"; [ -e \"$here/new\" ] && echo mshv; exit 0;; esac\n"            \
	"for a; do echo \"$a\"; done >\"$here/args\"\n"
#define GREET                                                        \
	"echo '{\"QMP\":{\"version\":{\"qemu\":{\"major\":10,"       \
	"\"minor\":1,\"micro\":2},\"package\":\"made up\"}}}' >&4\n" \
	"read a <&4; read b <&4; read c <&4\n"
#define NO_KVM "echo '{\"id\":\"kvm\",\"return\":{\"enabled\":false}}' >&4\n"
#define HAS_KVM "echo '{\"id\":\"kvm\",\"return\":{\"enabled\":true}}' >&4\n"
#define NAMES(name)                                                      \
	"echo '{\"id\":\"accelerators\",\"return\":{\"enabled\":\"" name \
	"\"}}' >&4\n"
#define PANIC                                     \
	"echo '{\"event\":\"SHUTDOWN\",\"data\":" \
	"{\"reason\":\"guest-panic\"}}' >&4\nexit 1\n"
/* An agent that skips its only series. */
#define AGENT "cat \"$here/hello\" >&3\nexit 0\n"

static void run(const struct runner_ops *runner, const char *play,
		struct result *res)
{
	struct bench_case bc = {.vcpu_count = 1,
				.ram_bytes = 256 * MIB,
				.paravirt = "best",
				.timeout_ns = 20 * NS_PER_S};

	setenv("L1VH_QEMU", stage_path("qemu"), 1);
	stage_script("qemu", play);
	stage_forget("args");
	bench_case_add(&bc, "null", "");
	result_init(res);
	runner->run(&bc, res);
	bench_case_release(&bc);
}

static void a_qemu_that_keeps_its_word(void **state)
{
	struct result res;

	(void)state;
	stage_agent("hello", 3);
	run(&runner_qemu_tcg, QEMU GREET NO_KVM AGENT, &res);
	if (res.status != RUN_OK)
		fail_msg("%s", res.reason);
	assert_int_equal(res.grade, GRADE_EMULATED);
	assert_int_equal(res.series_count, 1);
	assert_int_equal(res.series[0].status, RUN_SKIPPED);
	assert_contains(res.identity, "vmm.version=QEMU 10.1.2 made up");
	result_release(&res);
}

static void bad_ends_of_a_qemu(void **state)
{
	static const struct {
		const struct runner_ops *runner;
		const char *play;
		const char *words;
	} rows[] = {
		{&runner_qemu_kvm, QEMU GREET NO_KVM AGENT, "used tcg"},
		{&runner_qemu_tcg, QEMU GREET HAS_KVM AGENT, "used kvm"},
		{&runner_qemu_kvm, QEMU GREET HAS_KVM NAMES("tcg") AGENT,
		 "asked for kvm and used tcg"},
		{&runner_qemu_tcg, QEMU AGENT, "used unknown"},
		{&runner_qemu_tcg, QEMU GREET NO_KVM PANIC, "guest-panic"},
		{&runner_qemu_tcg, QEMU "echo no disk; exit 1\n", "no disk"},
	};
	struct result res;
	size_t i;

	(void)state;
	stage_agent("hello", 3);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		run(rows[i].runner, rows[i].play, &res);
		assert_int_equal(res.status, RUN_RUNNER_FAILED);
		assert_int_equal(res.series_count, 0);
		assert_contains(res.reason, rows[i].words);
		result_release(&res);
	}
}

/* A QEMU that lacks the accelerator is never started with it. */
static void without_an_accelerator_nothing_runs(void **state)
{
	static const char *const plays[] = {
		"exit 1\n",
		"[ $2 = help ] && echo && echo xkvm && echo kvm-not\n",
		"printf 'kvm\\n'\n", /* of a title alone */
	};
	struct result res;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(plays); i++) {
		run(&runner_qemu_kvm, plays[i], &res);
		assert_int_equal(res.status, RUN_SKIPPED);
		assert_contains(res.reason, "no accelerator kvm");
		assert_contains(res.reason, "/qemu");
		assert_null(stage_text("args"));
		result_release(&res);
	}
	setenv("L1VH_QEMU", "/nonexistent/qemu", 1);
	assert_false(qemu_has_accelerator("tcg"));
	unsetenv("L1VH_QEMU");
	assert_string_equal(qemu_path(), "qemu-system-x86_64");
}

/* On the emulated device it is our own program that starts QEMU. */
static void an_emulated_mshv_is_in_front(void **state)
{
	static const char *const words[] = {"mshv-emu", "--hide-kvm", "--",
					    NULL};
	struct result res;
	char *args;

	(void)state;
	stage_agent("hello", 3);
	stage_file("new", "", 0);
	stage_script("l1vh-bench",
		     "printf '%s\\n' \"$1\" \"$2\" \"$3\" >\"$here/words\"\n"
		     "shift 3; exec \"$@\"\n");
	run(&runner_qemu_mshv_emu, QEMU GREET NO_KVM NAMES("mshv") AGENT, &res);
	if (res.status != RUN_OK)
		fail_msg("%s", res.reason);
	stage_expect_lines("words", words);
	args = stage_text("args");
	assert_contains(args, "-accel\nmshv\n");
	free(args);
	stage_forget("new");
	result_release(&res);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_used_is_found_out),
		cmocka_unit_test(who_said_nothing_is_not_judged),
		cmocka_unit_test(a_packet_path_is_part_of_what_was_asked),
		cmocka_unit_test(a_paused_machine_is_looked_at_once),
		cmocka_unit_test(a_fallback_ends_the_machine),
		cmocka_unit_test(open_devices_are_seen),
		cmocka_unit_test(its_version_and_reason_are_kept),
		cmocka_unit_test(a_qemu_that_keeps_its_word),
		cmocka_unit_test(bad_ends_of_a_qemu),
		cmocka_unit_test(without_an_accelerator_nothing_runs),
		cmocka_unit_test(an_emulated_mshv_is_in_front),
	};

	return RUN_TESTS(tests);
}

int main(void)
{
	return stage_main(all_tests);
}
