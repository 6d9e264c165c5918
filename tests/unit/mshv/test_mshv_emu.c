// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mshv backend on the emulator, with guests of a few bytes. What a guest
 * sees must not depend on the hypervisor, so most of them say through the
 * stamp port what they have read.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "mshv/emu/emu.h"
#include "runners/vmm/hv.h"
#include "runners/vmm/kvm.h"
#include "tests/unit/fixture/micro.h"

/* mov $0x600,%dx; and $0x0fffffff,%eax; or $0x20000000,%eax (END) */
#define STAMP_PREPARE                                                     \
	0x66, 0xba, 0x00, 0x06, 0x25, 0xff, 0xff, 0xff, 0x0f, 0x0d, 0x00, \
		0x00, 0x00, 0x20
/* mov $0x600,%dx; mov VALUE|BEGIN,%eax; out %eax,(%dx) */
#define BEGIN(a, b, c, d) \
	0x66, 0xba, 0x00, 0x06, 0xb8, a, b, c, 0x10 | (d), 0xef
#define END_EAX STAMP_PREPARE, 0xef
/* mov $0xd0000000,%ebx: an address that nobody owns */
#define OPEN_BUS 0xbb, 0x00, 0x00, 0x00, 0xd0

struct guest {
	const char *name;
	uint8_t code[64];
	size_t len;
	const char *expected[4]; /* in the events */
};

#define CODE(...)                         \
	.code = {__VA_ARGS__, POWER_OFF}, \
	.len = sizeof((uint8_t[]){__VA_ARGS__, POWER_OFF})

static const struct guest guests[] = {
	{"out", CODE(0x90), {"ledger 0 pio 1 "}},
	{"mov (%rbx),%eax",
	 CODE(BEGIN(0xff, 0xff, 0xff, 0xf), OPEN_BUS, 0x8b, 0x03, END_EAX),
	 {"stamp 268435455 ", "ledger 0 mmio 1 ", "ledger 0 pio 3 "}},
	{"mov %eax,(%rbx)",
	 CODE(OPEN_BUS, 0x89, 0x03),
	 {"ledger 0 mmio 1 ", "ledger 0 pio 1 "}},
	/* Read through its wrong end, this is mov %bh,(%rsi): mov %ebx,%esi;
	 * mov $0x77,%edi; mov %dil,(%rsi) */
	{"mov %dil,(%rsi)",
	 CODE(OPEN_BUS, 0x89, 0xde, 0xbf, 0x77, 0, 0, 0, 0x40, 0x88, 0x3e),
	 {"ledger 0 mmio 1 ", "ledger 0 pio 1 "}},
	{"orl $1,(%rbx)",
	 CODE(OPEN_BUS, 0x83, 0x0b, 0x01),
	 {"ledger 0 mmio 2 ", "ledger 0 pio 1 "}},
	{"xchg %eax,(%rbx)",
	 CODE(BEGIN(0xff, 0xff, 0xff, 0xf), 0x31, 0xc0, OPEN_BUS, 0x87, 0x03,
	      END_EAX),
	 {"stamp 268435455 ", "ledger 0 mmio 2 "}},
	/* mov $3,%ecx; mov %ebx,%edi; rep stosl */
	{"rep stosl",
	 CODE(OPEN_BUS, 0xb9, 3, 0, 0, 0, 0x89, 0xdf, 0xf3, 0xab),
	 {"ledger 0 mmio 3 ", "ledger 0 pio 1 "}},
	/* mov $2,%ecx; mov %ebx,%esi; mov $0x300000,%edi; rep movsl;
	 * mov 0x300004,%eax */
	{"rep movsl",
	 CODE(BEGIN(0xff, 0xff, 0xff, 0xf), OPEN_BUS, 0xb9, 2, 0, 0, 0, 0x89,
	      0xde, 0xbf, 0, 0, 0x30, 0, 0xf3, 0xa5, 0x8b, 0x04, 0x25, 4, 0,
	      0x30, 0, END_EAX),
	 {"stamp 268435455 ", "ledger 0 mmio 2 "}},
	/* mov $0x80,%dx; mov $0x100000,%esi; mov $3,%ecx; rep outsb */
	{"rep outsb",
	 CODE(0x66, 0xba, 0x80, 0, 0xbe, 0, 0, 0x10, 0, 0xb9, 3, 0, 0, 0, 0xf3,
	      0x6e),
	 {"ledger 0 pio 4 "}},
	/* mov $0x80,%dx; mov $0x300000,%edi; mov $4,%ecx; rep insb;
	 * mov 0x300000,%eax */
	{"rep insb",
	 CODE(BEGIN(0xff, 0xff, 0xff, 0xf), 0x66, 0xba, 0x80, 0, 0xbf, 0, 0,
	      0x30, 0, 0xb9, 4, 0, 0, 0, 0xf3, 0x6c, 0x8b, 0x04, 0x25, 0, 0,
	      0x30, 0, END_EAX),
	 {"stamp 268435455 ", "ledger 0 pio 7 "}},
	/* mov $0x80,%dx; xor %eax,%eax; in (%dx),%eax */
	{"in",
	 CODE(BEGIN(0xff, 0xff, 0xff, 0xf), 0x66, 0xba, 0x80, 0, 0x31, 0xc0,
	      0xed, END_EAX),
	 {"stamp 268435455 ", "ledger 0 pio 4 "}},
};

static void run_guests(const struct hv_ops *hv)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(guests); i++) {
		const struct guest *g = &guests[i];
		char *events = NULL;
		enum vm_end end =
			micro_run(hv, g->code, g->len, false, &events);

		if (end != VM_END_POWER_OFF)
			fail_msg("%s on %s ended with %s: %s", g->name,
				 hv->name, vm_end_name(end), events);
		for (k = 0; k < ARRAY_SIZE(g->expected) && g->expected[k]; k++)
			if (!strstr(events, g->expected[k]))
				fail_msg("%s on %s: no '%s' in:\n%s", g->name,
					 hv->name, g->expected[k], events);
		free(events);
	}
}

static int knobs_reset(void **state)
{
	(void)state;
	memset(&emu_knobs, 0, sizeof(emu_knobs));
	return 0;
}

/* The expectations themselves, on the backend that is known to work. */
static void kvm_shows_the_same(void **state)
{
	(void)state;
	if (micro_cannot_run())
		skip();
	run_guests(&hv_kvm);
}

/* With whatever knobs the test has turned. */
static void run_on_emulator(void)
{
	if (micro_cannot_run())
		skip();
	run_guests(&hv_mshv_emu);
}

static void instructions(void **state)
{
	(void)state;
	run_on_emulator();
}

static void without_a_register_page(void **state)
{
	(void)state;
	emu_knobs.no_register_page = true;
	run_on_emulator();
}

/* Messages with 3 bytes of the instruction, with none, and with addresses
 * that say less, as on some hosts. */
static void with_poorer_messages(void **state)
{
	(void)state;
	emu_knobs.insn_bytes = 4;
	emu_knobs.page_aligned_gpa = true;
	run_on_emulator();
	emu_knobs.insn_bytes = 1;
	run_on_emulator();
}

/* As KVM of many a distribution; a guest may be shown Hyper-V all the same. */
static void on_a_kvm_without_hyperv(void **state)
{
	const struct hv_vm_config cfg = {.vcpu_count = 1,
					 .paravirt = HV_PARAVIRT_BEST};
	struct hv_vcpu *vcpu = NULL;
	struct hv_vm *vm = NULL;
	struct err err = {0};

	(void)state;
	if (micro_cannot_run())
		skip();
	emu_knobs.no_hyperv = true;
	if (hv_vm_create(&hv_mshv_emu, &cfg, &vm, &err) ||
	    hv_vcpu_create(vm, 0, &vcpu, &err))
		fail_msg("%s", err.msg);
	hv_vcpu_destroy(vcpu);
	hv_vm_destroy(vm);
}

static void like_an_older_kernel(void **state)
{
	(void)state;
	emu_knobs.kernel = 615;
	run_on_emulator();
}

static void ends(void **state)
{
	const uint8_t fault[] = {0x0f, 0x0b};
	const uint8_t loop[] = {0xeb, 0xfe};
	/* mov $0x64,%dx; mov $0xfe,%al; out */
	const uint8_t reset[] = {0x66, 0xba, 0x64, 0x00,
				 0xb0, 0xfe, 0xee, 0xf4};
	char *events = NULL;

	(void)state;
	if (micro_cannot_run())
		skip();
	assert_int_equal(
		micro_run(&hv_mshv_emu, fault, sizeof(fault), false, &events),
		VM_END_TRIPLE_FAULT);
	free(events);
	assert_int_equal(
		micro_run(&hv_mshv_emu, loop, sizeof(loop), true, &events),
		VM_END_STOPPED);
	free(events);
	assert_int_equal(
		micro_run(&hv_mshv_emu, reset, sizeof(reset), false, &events),
		VM_END_RESET);
	free(events);
}

/* shll (%rbx): refused with its bytes, never guessed. */
static void an_unknown_instruction_is_an_error(void **state)
{
	const uint8_t code[] = {OPEN_BUS, 0xd1, 0x23, 0xf4};
	char *events = NULL;

	(void)state;
	if (micro_cannot_run())
		skip();
	assert_int_equal(
		micro_run(&hv_mshv_emu, code, sizeof(code), false, &events),
		VM_END_HV_ERROR);
	assert_non_null(strstr(
		events, "cannot emulate the instruction with bytes d123f4"));
	free(events);
}

/* mov $0xd0000000,%ebx; jmp *%rbx */
static void executing_no_memory_is_an_error(void **state)
{
	const uint8_t code[] = {OPEN_BUS, 0xff, 0xe3};
	char *events = NULL;

	(void)state;
	if (micro_cannot_run())
		skip();
	assert_int_equal(
		micro_run(&hv_mshv_emu, code, sizeof(code), false, &events),
		VM_END_HV_ERROR);
	assert_non_null(strstr(events, "the guest executes 0xd0000000"));
	free(events);
}

/* A write that matches rings and does not come up; another one does. */
static void doorbells(const struct hv_ops *hv)
{
	const uint8_t code[] = {OPEN_BUS, 0x89, 0x03,     0x66,
				0x89,     0x03, POWER_OFF};
	struct hv_doorbell bell = {.gpa = 0xd0000000, .len_bytes = 4};
	struct vm *vm = micro_vm(hv, code, sizeof(code), NULL);
	enum vm_end end = VM_END_NONE;
	struct err err = {0};
	uint64_t rung = 0;

	bell.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(hv_doorbell_set(vm->hv, &bell, false), -ENOENT);
	assert_int_equal(hv_doorbell_set(vm->hv, &bell, true), 0);
	assert_int_equal(hv_doorbell_set(vm->hv, &bell, true), -EEXIST);
	assert_int_equal(vm_run(vm, &end, &err), 0);
	assert_int_equal(end, VM_END_POWER_OFF);
	assert_int_equal(vm->vcpus[0].ledger.count[HV_EXIT_MMIO], 1);
	assert_int_equal(read(bell.fd, &rung, sizeof(rung)), sizeof(rung));
	assert_int_equal(rung, 1);
	assert_int_equal(hv_doorbell_set(vm->hv, &bell, false), 0);
	vm_destroy(vm);
	close(bell.fd);
}

static void irqfds(const struct hv_ops *hv)
{
	const uint8_t code[] = {POWER_OFF};
	const struct hv_msi msi = {.addr = 0xfee00000, .data = 0x40};
	struct vm *vm = micro_vm(hv, code, sizeof(code), NULL);
	int fd = eventfd(0, EFD_CLOEXEC);

	assert_int_equal(hv_irqfd_set(vm->hv, HV_IRQFD_COUNT, fd, &msi),
			 -EINVAL);
	assert_int_equal(hv_irqfd_set(vm->hv, 0, fd, &msi), 0);
	assert_int_equal(hv_irqfd_set(vm->hv, 1, fd, &msi), -EBUSY);
	assert_int_equal(hv_irqfd_set(vm->hv, 0, fd, NULL), 0);
	assert_int_equal(hv_irqfd_set(vm->hv, 1, fd, &msi), 0);
	vm_destroy(vm);
	close(fd);
}

static void eventfds_on_both(void **state)
{
	(void)state;
	if (micro_cannot_run())
		skip();
	doorbells(&hv_kvm);
	doorbells(&hv_mshv_emu);
	irqfds(&hv_kvm);
	irqfds(&hv_mshv_emu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kvm_shows_the_same),
		cmocka_unit_test_teardown(instructions, knobs_reset),
		cmocka_unit_test_teardown(without_a_register_page, knobs_reset),
		cmocka_unit_test_teardown(with_poorer_messages, knobs_reset),
		cmocka_unit_test_teardown(like_an_older_kernel, knobs_reset),
		cmocka_unit_test_teardown(on_a_kvm_without_hyperv, knobs_reset),
		cmocka_unit_test(ends),
		cmocka_unit_test(an_unknown_instruction_is_an_error),
		cmocka_unit_test(executing_no_memory_is_an_error),
		cmocka_unit_test(eventfds_on_both),
	};

	return RUN_TESTS(tests);
}
