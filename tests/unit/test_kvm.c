// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The KVM backend on this machine's real /dev/kvm, with guests of a few
 * bytes that need no hardware assistance. Skips where there is no device.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "runners/vmm/boot_x86.h"
#include "runners/vmm/kvm.h"
#include "runners/vmm/vcpu_regs.h"
#include "runners/vmm/vm.h"

#define CODE_GPA 0x100000ULL

static void on_kick(int sig)
{
	(void)sig;
}

static int no_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		print_message("SKIP: cannot open /dev/kvm: %s\n",
			      strerror(errno));
		return 1;
	}
	close(fd);
	return 0;
}

static void *stop_soon(void *vm)
{
	usleep(50000);
	vm_stop(vm);
	return NULL;
}

static enum vm_end run_code(const uint8_t *code, size_t len, bool stop,
			    char **events)
{
	struct vm_config cfg = {.mem = {.bytes = 32 * MIB},
				.vcpu_count = 1,
				.serial_fd = -1,
				.channel_fd = -1,
				.input_fd = -1};
	struct sigaction kick = {.sa_handler = on_kick};
	enum vm_end end = VM_END_NONE;
	struct vcpu_regs regs;
	struct err err = {0};
	struct vm *vm = NULL;
	pthread_t thread;
	size_t size;

	sigaction(SIGUSR1, &kick, NULL);
	cfg.events = open_memstream(events, &size);
	if (vm_create(&hv_kvm, &cfg, &vm, &err))
		fail_msg("%s", err.msg);
	boot_long_mode(&vm->mem, CODE_GPA, &regs);
	memcpy(mem_ptr(&vm->mem, CODE_GPA, len), code, len);
	assert_int_equal(hv_vcpu_regs_set(vm->vcpus[0].hv, &regs), 0);
	if (stop)
		pthread_create(&thread, NULL, stop_soon, vm);
	assert_int_equal(vm_run(vm, &end, &err), 0);
	if (stop)
		pthread_join(thread, NULL);
	vm_write_ledger(vm, cfg.events);
	vm_destroy(vm);
	fclose(cfg.events);
	return end;
}

/* mov $0x604,%dx; mov $0x34,%al; out %al,(%dx); hlt */
#define POWER_OFF 0x66, 0xba, 0x04, 0x06, 0xb0, 0x34, 0xee, 0xf4

static void power_off_and_reset(void **state)
{
	const uint8_t off[] = {POWER_OFF};
	/* mov $0x64,%dx; mov $0xfe,%al; out */
	const uint8_t reset[] = {0x66, 0xba, 0x64, 0x00,
				 0xb0, 0xfe, 0xee, 0xf4};
	char *events = NULL;

	(void)state;
	if (no_kvm())
		skip();
	assert_int_equal(run_code(off, sizeof(off), false, &events),
			 VM_END_POWER_OFF);
	assert_non_null(strstr(events, "ledger 0 pio 1 "));
	free(events);
	assert_int_equal(run_code(reset, sizeof(reset), false, &events),
			 VM_END_RESET);
	free(events);
}

/* ud2 with no IDT: #UD, then #GP, then #DF, then the end. */
static void triple_fault(void **state)
{
	const uint8_t code[] = {0x0f, 0x0b};
	char *events = NULL;

	(void)state;
	if (no_kvm())
		skip();
	assert_int_equal(run_code(code, sizeof(code), false, &events),
			 VM_END_TRIPLE_FAULT);
	free(events);
}

/* jmp . : only vm_stop() ends it. */
static void endless_loop_is_stopped(void **state)
{
	const uint8_t code[] = {0xeb, 0xfe};
	char *events = NULL;

	(void)state;
	if (no_kvm())
		skip();
	assert_int_equal(run_code(code, sizeof(code), true, &events),
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
	if (no_kvm())
		skip();
	assert_int_equal(run_code(code, sizeof(code), false, &events),
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
	if (no_kvm())
		skip();
	assert_int_equal(run_code(code, sizeof(code), false, &events),
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_off_and_reset),
		cmocka_unit_test(triple_fault),
		cmocka_unit_test(endless_loop_is_stopped),
		cmocka_unit_test(open_bus_reads_all_ones),
		cmocka_unit_test(string_io_comes_item_by_item),
		cmocka_unit_test(a_missing_device_names_the_remedy),
	};

	return RUN_TESTS(tests);
}
