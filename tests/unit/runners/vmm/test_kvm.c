// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The KVM backend on this machine's real /dev/kvm, with guests of a few
 * bytes that need no hardware assistance. Skips where there is no device.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runners/vmm/kvm.h"
#include "tests/unit/fixture/micro.h"

static void power_off_and_reset(void **state)
{
	const uint8_t off[] = {POWER_OFF};
	/* mov $0x64,%dx; mov $0xfe,%al; out */
	const uint8_t reset[] = {0x66, 0xba, 0x64, 0x00,
				 0xb0, 0xfe, 0xee, 0xf4};
	char *events = NULL;

	(void)state;
	if (micro_cannot_run())
		skip();
	assert_int_equal(micro_run(&hv_kvm, off, sizeof(off), false, &events),
			 VM_END_POWER_OFF);
	assert_non_null(strstr(events, "ledger 0 pio 1 "));
	free(events);
	assert_int_equal(
		micro_run(&hv_kvm, reset, sizeof(reset), false, &events),
		VM_END_RESET);
	free(events);
}

/* ud2 with no IDT: #UD, then #GP, then #DF, then the end. */
static void triple_fault(void **state)
{
	const uint8_t code[] = {0x0f, 0x0b};
	char *events = NULL;

	(void)state;
	if (micro_cannot_run())
		skip();
	assert_int_equal(micro_run(&hv_kvm, code, sizeof(code), false, &events),
			 VM_END_TRIPLE_FAULT);
	free(events);
}

/* jmp . : only vm_stop() ends it. */
static void endless_loop_is_stopped(void **state)
{
	const uint8_t code[] = {0xeb, 0xfe};
	char *events = NULL;

	(void)state;
	if (micro_cannot_run())
		skip();
	assert_int_equal(micro_run(&hv_kvm, code, sizeof(code), true, &events),
			 VM_END_STOPPED);
	free(events);
}

/*
 * Read an address that nobody owns, and say through the stamp port what was
 * read: mov 0xd0000000,%eax ; and $0x0fffffff ; or $0x20000000 (END) ...
 * A begin with the expected number goes first, so that the log shows a
 * stamp only if the guest saw all ones.
 */
static void open_bus_reads_all_ones(void **state)
{
	const uint8_t code[] = {
		0x66, 0xba,     0x00, 0x06,       /* mov $0x600,%dx */
		0xb8, 0xff,     0xff, 0xff, 0x1f, /* mov $0x1fffffff,%eax */
		0xef,                             /* out %eax,(%dx) */
		0xbb, 0x00,     0x00, 0x00, 0xd0, /* mov $0xd0000000,%ebx */
		0x8b, 0x03,                       /* mov (%rbx),%eax */
		0x25, 0xff,     0xff, 0xff, 0x0f, /* and $0x0fffffff,%eax */
		0x0d, 0x00,     0x00, 0x00, 0x20, /* or $0x20000000,%eax */
		0xef, POWER_OFF};
	char *events = NULL;

	(void)state;
	if (micro_cannot_run())
		skip();
	assert_int_equal(micro_run(&hv_kvm, code, sizeof(code), false, &events),
			 VM_END_POWER_OFF);
	assert_non_null(strstr(events, "stamp 268435455 "));
	assert_non_null(strstr(events, "ledger 0 mmio 1 "));
	free(events);
}

/* rep outsb of three bytes comes up as three exits. */
static void string_io_comes_item_by_item(void **state)
{
	const uint8_t code[] = {
		0x66,     0xba, 0x80, 0x00,       /* mov $0x80,%dx */
		0xbe,     0x00, 0x00, 0x10, 0x00, /* mov $0x100000,%esi */
		0xb9,     0x03, 0x00, 0x00, 0x00, /* mov $3,%ecx */
		0xf3,     0x6e,                   /* rep outsb */
		POWER_OFF};
	char *events = NULL;

	(void)state;
	if (micro_cannot_run())
		skip();
	assert_int_equal(micro_run(&hv_kvm, code, sizeof(code), false, &events),
			 VM_END_POWER_OFF);
	assert_non_null(strstr(events, "ledger 0 pio 4 "));
	free(events);
}

static void a_missing_device_names_the_remedy(void **state)
{
	struct hv_vm_config cfg = {.vcpu_count = 1};
	struct hv_vm *vm = NULL;
	struct err err = {0};

	(void)state;
	setenv("L1VH_KVM_DEVICE", "/nonexistent/kvm", 1);
	assert_int_equal(hv_vm_create(&hv_kvm, &cfg, &vm, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nonexistent/kvm"));
	assert_non_null(strstr(err.msg, "--lab"));
	setenv("L1VH_KVM_DEVICE", "/dev/null", 1);
	assert_int_equal(hv_vm_create(&hv_kvm, &cfg, &vm, &err), -ENODEV);
	assert_non_null(strstr(err.msg, "not a KVM device"));
	unsetenv("L1VH_KVM_DEVICE");
}

/* EXPECTED with WORDS in the message, in a process that may change itself. */
static void expect_in_child(int (*prepare)(void), int expected,
			    const char *words)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		struct hv_vm_config cfg = {.vcpu_count = 1};
		struct hv_vm *vm = NULL;
		struct err err = {0};

		if (prepare())
			_exit(2);
		_exit(hv_vm_create(&hv_kvm, &cfg, &vm, &err) != expected ||
		      !strstr(err.msg, words));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int become_nobody(void)
{
	return geteuid() ? 0 : setresuid(65534, 65534, 65534);
}

static void without_permission_the_remedy_is_named(void **state)
{
	char path[] = "/tmp/l1vh-kvm-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0), 0);
	setenv("L1VH_KVM_DEVICE", path, 1);
	expect_in_child(become_nobody, -EACCES, "join the device's group");
	unsetenv("L1VH_KVM_DEVICE");
	unlink(path);
	close(fd);
}

/* KVM_CREATE_VM answers as it does beside another hypervisor. */
static int make_busy(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KVM_CREATE_VM, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EBUSY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_SIZE(code), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void beside_another_hypervisor_that_is_said(void **state)
{
	(void)state;
	if (micro_cannot_run())
		skip();
	expect_in_child(make_busy, -EBUSY, "another hypervisor uses this CPU");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_off_and_reset),
		cmocka_unit_test(triple_fault),
		cmocka_unit_test(endless_loop_is_stopped),
		cmocka_unit_test(open_bus_reads_all_ones),
		cmocka_unit_test(string_io_comes_item_by_item),
		cmocka_unit_test(a_missing_device_names_the_remedy),
		cmocka_unit_test(without_permission_the_remedy_is_named),
		cmocka_unit_test(beside_another_hypervisor_that_is_said),
	};

	return RUN_TESTS(tests);
}
