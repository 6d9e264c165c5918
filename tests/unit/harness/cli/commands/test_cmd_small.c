// SPDX-License-Identifier: GPL-3.0-or-later
/* The commands that hand over: list, vmm, worker, peer, mshv-emu; their table. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/core/runner.h"
#include "tests/unit/fixture/cli/beside.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/netns.h"
#include "tests/unit/fixture/scratch.h"
#include "workloads/workload.h"

static void commands_have_names_of_their_own(void **state)
{
	const struct command *const *c, *const *d;

	(void)state;
	for (c = commands; *c; c++) {
		assert_non_null((*c)->run);
		for (d = commands; d < c; d++)
			assert_string_not_equal((*c)->name, (*d)->name);
		/* What is listed has a help, and what has options as well; two
		 * print their own. */
		if ((*c)->summary && *c != &cmd_vmm && *c != &cmd_fleet)
			assert_non_null((*c)->usage);
		if ((*c)->options) {
			assert_non_null((*c)->usage);
			assert_in_range((*c)->help_column, 10, 40);
		}
	}
}

static void list_has_every_runner_and_workload(void **state)
{
	const struct runner_ops *const *r;
	const struct workload *const *wl;
	char name[40];

	(void)state;
	assert_int_equal(CALL(cmd_list), STATUS_OK);
	for (r = runners; *r; r++) {
		snprintf(name, sizeof(name), "\n  %s ", (*r)->name);
		assert_int_equal(count_of(called.out, name), 1);
	}
	for (wl = workloads; *wl; wl++) {
		snprintf(name, sizeof(name), "\n  %s ", (*wl)->name);
		assert_int_equal(count_of(called.out, name),
				 !((*wl)->flags & WL_SELFTEST));
	}
	assert_int_equal(CALL(cmd_list, "all"), STATUS_USAGE);
	assert_contains(called.err, "'all'");
}

static void vmm_becomes_the_other_program(void **state)
{
	(void)state;
	beside_file("l1vh-vmm", "#!/bin/sh\necho \"$#\" \"$@\"\nexit 11\n");
	assert_int_equal(CALL_FORKED(cmd_vmm, "--micro", "a b", "--help"), 11);
	assert_string_equal(called.out, "3 --micro a b --help\n");
	beside_remove("l1vh-vmm");
	assert_int_equal(CALL_FORKED(cmd_vmm, "--help"), STATUS_INTERNAL);
	assert_contains(called.err, "l1vh-vmm");
}

static void a_worker_answers_until_it_is_told_to_quit(void **state)
{
	json_t *hello, *node;

	(void)state;
	assert_int_equal(call_with_input(&cmd_worker,
					 "{\"op\":\"hello\"}\n"
					 "{\"op\":\"quit\"}\n"
					 "{\"op\":\"hello\"}\n",
					 NULL),
			 STATUS_OK);
	/* One answer: the second is not asked for any more. */
	assert_int_equal(count_of(called.out, "\n"), 1);
	hello = json_loads(called.out, 0, NULL);
	assert_non_null(hello);
	node = json_object_get(json_object_get(hello, "hello"), "probe");
	assert_non_null(json_object_get(node, "grade"));
	json_decref(hello);
	/* The end of the input is as good. */
	assert_int_equal(call_with_input(&cmd_worker, "", NULL), STATUS_OK);
	assert_string_equal(called.out, "");
}

static void a_worker_refuses_what_makes_no_sense(void **state)
{
	static const char *const requests[] = {
		"nonsense\n",
		"{\"op\":\"dance\"}\n",
		"{}\n",
		"[]\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		if (call_with_input(&cmd_worker, requests[i], NULL) !=
		    STATUS_INTERNAL)
			fail_msg("%s%s", requests[i], called.out);
		assert_contains(called.err, "worker: invalid request");
	}
}

/* That is the case's fault, and the worker goes on. */
static void a_case_that_makes_no_sense_has_failed(void **state)
{
	(void)state;
	assert_int_equal(
		call_with_input(&cmd_worker,
				"{\"op\":\"run\"}\n"
				"{\"op\":\"run\",\"case\":{\"runner\":7}}\n",
				NULL),
		STATUS_OK);
	assert_int_equal(count_of(called.out, "\"runner_failed\""), 2);
}

/* Its echo is a program that is beside it; here one that ends at once. */
static void a_peer_whose_server_ends_is_an_error(void **state)
{
	const char *cannot = netns_enter();

	(void)state;
	assert_int_equal(CALL(cmd_peer, "5201"), STATUS_USAGE);
	assert_contains(called.err, "'5201'");
	if (cannot) {
		/* Another server may listen at the port. */
		print_message("SKIP: %s\n", cannot);
		skip();
	}
	beside_file("guest-agent", "#!/bin/sh\nexit 1\n");
	assert_int_equal(CALL(cmd_peer), STATUS_INTERNAL);
	assert_contains(called.err, "peer: the peer's ");
	assert_string_equal(called.out, "");
	beside_remove("guest-agent");
	assert_int_equal(CALL(cmd_peer), STATUS_INTERNAL);
}

/* --- mshv-emu --------------------------------------------------------------- */

static bool has_kvm(void)
{
	if (!access("/dev/kvm", R_OK | W_OK))
		return true;
	print_message("SKIP: cannot open /dev/kvm\n");
	return false;
}

#define LIBRARY "libmshv-emu.so"

/* An empty file is no library: the loader says so, and goes on without. */
static void make_library(void)
{
	beside_file(LIBRARY, "");
}

#define SHOW "printf '%s;' \"$LD_PRELOAD\" \"$L1VH_MSHV_EMU_HIDE_KVM\" \"$@\""

static void a_program_gets_the_emulator_in_front(void **state)
{
	char *library = file_beside_exe(LIBRARY), *want;

	(void)state;
	if (!has_kvm())
		skip();
	make_library();
	unsetenv("LD_PRELOAD");
	want = xasprintf("%s;;a b;", library);
	assert_int_equal(
		CALL_FORKED(cmd_mshv_emu, "--", "sh", "-c", SHOW, "x", "a b"),
		0);
	assert_string_equal(called.out, want);
	free(want);
	/* Before what is there already; and the status is the program's. */
	setenv("LD_PRELOAD", "/no/such/library.so", 1);
	want = xasprintf("%s:/no/such/library.so;1;", library);
	assert_int_equal(CALL_FORKED(cmd_mshv_emu, "--hide-kvm", "/bin/sh",
				     "-c", SHOW "; exit 5"),
			 5);
	assert_string_equal(called.out, want);
	unsetenv("LD_PRELOAD");
	free(want);
	free(library);
	beside_remove(LIBRARY);
}

/* SIGPIPE is ignored in this program, and ends others as ever. */
static void a_program_can_be_ended_by_a_pipe(void **state)
{
	(void)state;
	if (!has_kvm())
		skip();
	make_library();
	assert_int_equal(CALL_FORKED(cmd_mshv_emu, "sh", "-c", "kill -PIPE $$"),
			 128 + SIGPIPE);
	beside_remove(LIBRARY);
}

/* An ELF header of 64 bits with COUNT program headers of TYPE. */
static void make_elf(char path[SCRATCH_SIZE], uint16_t count, uint32_t type)
{
	static uint8_t elf[64 + 4 * 56];
	uint16_t i;

	memset(elf, 0, sizeof(elf));
	memcpy(elf, "\177ELF\2\1\1", 7);
	elf[32] = 64; /* e_phoff */
	elf[54] = 56; /* e_phentsize */
	memcpy(&elf[56], &count, sizeof(count));
	for (i = 0; i < 4; i++)
		memcpy(&elf[64 + 56 * i], &type, sizeof(type));
	scratch_file(path, elf, sizeof(elf));
	chmod(path, 0755);
}

#define PT_LOAD 1
#define PT_INTERP 3

static void a_static_program_is_refused(void **state)
{
	char fixed[SCRATCH_SIZE], dynamic[SCRATCH_SIZE], cut[SCRATCH_SIZE];
	(void)state;
	if (!has_kvm())
		skip();
	make_library();
	make_elf(fixed, 4, PT_LOAD);
	make_elf(dynamic, 4, PT_INTERP);
	make_elf(cut, 5, PT_LOAD); /* its headers go on behind its end */
	assert_int_equal(CALL_FORKED(cmd_mshv_emu, fixed), STATUS_INTERNAL);
	assert_contains(called.err, "statically linked");
	/* With the loader in front the program behind it counts. */
	assert_int_equal(CALL_FORKED(cmd_mshv_emu, "/lib/ld-x.so.2", "--argv0",
				     "x", "--list", fixed),
			 STATUS_INTERNAL);
	assert_contains(called.err, fixed);
	/* The kernel refuses these two, not we. */
	assert_int_equal(CALL_FORKED(cmd_mshv_emu, dynamic), STATUS_INTERNAL);
	assert_contains(called.err, "cannot start");
	assert_int_equal(CALL_FORKED(cmd_mshv_emu, cut), STATUS_INTERNAL);
	assert_contains(called.err, "cannot start");
	unlink(fixed);
	unlink(dynamic);
	unlink(cut);
	beside_remove(LIBRARY);
}

static void a_program_that_is_not_there_is_said(void **state)
{
	(void)state;
	assert_int_equal(CALL(cmd_mshv_emu), STATUS_USAGE);
	assert_int_equal(CALL(cmd_mshv_emu, "--hide-kvm", "--"), STATUS_USAGE);
	assert_contains(called.err, "no command given");
	unsetenv("L1VH_MSHV_EMU_HIDE_KVM");
	if (!has_kvm())
		skip();
	assert_int_equal(CALL_FORKED(cmd_mshv_emu, "sh"), STATUS_INTERNAL);
	assert_contains(called.err, "libmshv-emu.so");
	make_library();
	assert_int_equal(CALL_FORKED(cmd_mshv_emu, "no-such-program-here"),
			 STATUS_INTERNAL);
	assert_contains(called.err, "cannot start 'no-such-program-here'");
	beside_remove(LIBRARY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_have_names_of_their_own),
		cmocka_unit_test(list_has_every_runner_and_workload),
		cmocka_unit_test(vmm_becomes_the_other_program),
		cmocka_unit_test(a_worker_answers_until_it_is_told_to_quit),
		cmocka_unit_test(a_worker_refuses_what_makes_no_sense),
		cmocka_unit_test(a_case_that_makes_no_sense_has_failed),
		cmocka_unit_test(a_program_gets_the_emulator_in_front),
		cmocka_unit_test(a_program_can_be_ended_by_a_pipe),
		cmocka_unit_test(a_static_program_is_refused),
		cmocka_unit_test(a_program_that_is_not_there_is_said),
		/* Last, as it leaves this network. */
		cmocka_unit_test(a_peer_whose_server_ends_is_an_error),
	};

	signal(SIGPIPE, SIG_IGN);
	return RUN_TESTS(tests);
}
