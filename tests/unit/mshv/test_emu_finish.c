// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Whatever a VMM does with a VP that the emulator has stopped in front of an
 * access, the guest goes on with exactly the registers that the VMM has set, and
 * makes the access again if RIP is still there. Driven by ioctls, without the
 * backend; on the machine's own KVM.
 */
#include "tests/unit/test.h"

#include "mshv/emu/emu.h"
#include "mshv/hvcall.h"
#include "mshv/sys.h"
#include "runners/vmm/vm.h"
#include "tests/unit/fixture/emu_guest.h"

#define RAM 0x300000ULL
#define IDT 0x200000ULL
#define HANDLER 0x201000ULL
#define VECTOR 0x40
#define DATA 0x8182838485868788ULL

/* --- ways of a VMM -------------------------------------------------------- */

/* What is between the message and the next entry: nothing of it may count. */
static void look_around(struct emu_guest *g)
{
	static const uint32_t names[] = {MSHV_REG_DR7,     MSHV_REG_XFEM,
					 MSHV_REG_XMM0,    MSHV_REG_ACTIVITY,
					 MSHV_REG_TSC_AUX, MSHV_REG_CR3};
	_Alignas(MSHV_PAGE_BYTES) uint8_t buf[MSHV_PAGE_BYTES];
	struct mshv_vp_state state = {.type = MSHV_STATE_LAPIC,
				      .buf_bytes = sizeof(buf),
				      .buf_ptr = (uintptr_t)buf};
	union mshv_value values[ARRAY_SIZE(names)];
	struct mshv_register list[2] = {{.name = MSHV_REG_DR0},
					{.name = MSHV_REG_CR3}};
	const struct mshv_sys *sys = g->vcpu->vm->sys;
	int fd = g->vcpu->fd;

	assert_int_equal(
		hvcall_regs_get(sys, fd, 0, names, values, ARRAY_SIZE(names)),
		0);
	assert_int_equal(sys_ioctl(sys, fd, MSHV_GET_VP_STATE, &state), 0);
	assert_int_equal(sys_ioctl(sys, fd, MSHV_SET_VP_STATE, &state), 0);
	list[0].value.u64 = 0x1234;
	list[1].value = values[5];
	assert_int_equal(hvcall_regs_set(sys, fd, 0, list, 2), 0);
	/* Through the partition, as another thread does. */
	assert_int_equal(hvcall_regs_get(sys, g->vcpu->vm->pt_fd, 0, names,
					 values, ARRAY_SIZE(names)),
			 0);
}

enum way {
	BY_CALL,
	BY_PAGE,
	AFTER_A_LOOK,
	AFTER_REPEATS, /* of the access, by RIP as it was */
	WITH_ANOTHER_REGISTER,
	WAY_COUNT,
};

/* In g->regs is what the instruction makes. */
static void go_on(struct emu_guest *g, enum way way)
{
	if (way == AFTER_A_LOOK)
		look_around(g);
	if (way == WITH_ANOTHER_REGISTER)
		g->regs[R15 - 1] ^= 0xff;
	if (way == BY_PAGE)
		guest_regs_set_by_page(g);
	else
		guest_regs_set(g);
}

/* --- loads ---------------------------------------------------------------- */

struct load {
	const char *name;
	uint8_t code[10];
	uint8_t len;
	uint8_t reg;
	uint64_t set, clear; /* bits that DATA changes it by */
};

static const struct load loads[] = {
	{"mov (%rbx),%al", {0x8a, 0x03}, 2, RAX, 0x88, 0xff},
	{"mov (%rbx),%ah", {0x8a, 0x23}, 2, RAX, 0x8800, 0xff00},
	{"mov (%rbx),%sil", {0x40, 0x8a, 0x33}, 3, RSI, 0x88, 0xff},
	{"mov (%rbx),%r15b", {0x44, 0x8a, 0x3b}, 3, R15, 0x88, 0xff},
	{"mov (%rbx),%ax", {0x66, 0x8b, 0x03}, 3, RAX, 0x8788, 0xffff},
	{"mov (%rbx),%eax", {0x8b, 0x03}, 2, RAX, 0x85868788, ~0ULL},
	{"mov (%rbx),%rax", {0x48, 0x8b, 0x03}, 3, RAX, DATA, ~0ULL},
	{"mov (%rbx),%ebx", {0x8b, 0x1b}, 2, RBX, 0x85868788, ~0ULL},
	{"mov 0(%rbx),%r15d",
	 {0x44, 0x8b, 0x7b, 0x00},
	 4,
	 R15,
	 0x85868788,
	 ~0ULL},
	{"mov 0xd0000000,%eax",
	 {0xa1, 0, 0, 0, 0xd0, 0, 0, 0, 0},
	 9,
	 RAX,
	 0x85868788,
	 ~0ULL},
	{"movzbl (%rbx),%eax", {0x0f, 0xb6, 0x03}, 3, RAX, 0x88, ~0ULL},
	{"movzbw (%rbx),%ax", {0x66, 0x0f, 0xb6, 0x03}, 4, RAX, 0x88, 0xffff},
	{"movzwl (%rbx),%eax", {0x0f, 0xb7, 0x03}, 3, RAX, 0x8788, ~0ULL},
	{"movzwq (%rbx),%rax", {0x48, 0x0f, 0xb7, 0x03}, 4, RAX, 0x8788, ~0ULL},
	{"movsbw (%rbx),%ax", {0x66, 0x0f, 0xbe, 0x03}, 4, RAX, 0xff88, 0xffff},
	{"movsbl (%rbx),%eax", {0x0f, 0xbe, 0x03}, 3, RAX, 0xffffff88, ~0ULL},
	{"movsbq (%rbx),%rax",
	 {0x48, 0x0f, 0xbe, 0x03},
	 4,
	 RAX,
	 0xffffffffffffff88,
	 ~0ULL},
	{"movswl (%rbx),%eax", {0x0f, 0xbf, 0x03}, 3, RAX, 0xffff8788, ~0ULL},
	{"movslq (%rbx),%rax",
	 {0x48, 0x63, 0x03},
	 3,
	 RAX,
	 0xffffffff85868788,
	 ~0ULL},
	{"in (%dx),%al", {0xec}, 1, RAX, 0x88, 0xff},
	{"in $0x80,%al", {0xe4, 0x80}, 2, RAX, 0x88, 0xff},
	{"in (%dx),%ax", {0x66, 0xed}, 2, RAX, 0x8788, 0xffff},
	{"in (%dx),%eax", {0xed}, 1, RAX, 0x85868788, ~0ULL},
};

static bool is_in(const struct load *l)
{
	return strstr(l->name, "in ") == l->name;
}

static void run_to_load(struct emu_guest *g, const struct load *l)
{
	if (is_in(l))
		guest_run_to_port(g, 0x80, CODE);
	else
		guest_run_to_memory(g, DEVICE, CODE, false);
}

static void load_one(const struct load *l, enum way way)
{
	struct emu_guest g;
	int i;

	print_message("%s, way %d\n", l->name, way);
	guest_start(&g, l->code, l->len);
	run_to_load(&g, l);
	for (i = 0; i < 3 && way == AFTER_REPEATS; i++) {
		if (i)
			guest_regs_set(&g);
		run_to_load(&g, l);
	}
	g.regs[l->reg] = (g.regs[l->reg] & ~l->clear) | l->set;
	g.regs[RIP] += l->len;
	go_on(&g, way);
	guest_run_to_end(&g, CODE + l->len);
	guest_stop(&g);
}

static void loads_in_all_ways(void **state)
{
	size_t i;
	int way;

	(void)state;
	if (micro_cannot_run())
		skip();
	for (i = 0; i < ARRAY_SIZE(loads); i++)
		for (way = 0; way < WAY_COUNT; way++)
			load_one(&loads[i], (enum way)way);
}

/* No data give these registers: the VMM's values count all the same. */
static void registers_that_no_load_gives(void **state)
{
	const struct load odd[] = {
		{"mov (%rbx),%eax", {0x8b, 0x03}, 2, RAX, DATA, ~0ULL},
		{"movzbl (%rbx),%eax", {0x0f, 0xb6, 0x03}, 3, RAX, DATA, ~0ULL},
		{"movsbl (%rbx),%eax", {0x0f, 0xbe, 0x03}, 3, RAX, 0x88, ~0ULL},
		{"movslq (%rbx),%rax", {0x48, 0x63, 0x03}, 3, RAX, DATA, ~0ULL},
		{"mov (%rbx),%al", {0x8a, 0x03}, 2, RAX, DATA, ~0ULL},
		{"in (%dx),%al", {0xec}, 1, RAX, DATA, ~0ULL},
		{"in (%dx),%eax", {0xed}, 1, RAX, DATA, ~0ULL},
	};
	size_t i;

	(void)state;
	if (micro_cannot_run())
		skip();
	for (i = 0; i < ARRAY_SIZE(odd); i++)
		load_one(&odd[i], BY_CALL);
}

/* --- stores and OUT ------------------------------------------------------- */

struct store {
	const char *name;
	uint8_t code[12];
	uint8_t len;
	uint16_t offset; /* in the device's page */
};

static const struct store stores[] = {
	{"mov %al,(%rbx)", {0x88, 0x03}, 2, 0},
	{"mov %ah,(%rbx)", {0x88, 0x23}, 2, 0},
	{"mov %ax,(%rbx)", {0x66, 0x89, 0x03}, 3, 0},
	{"mov %eax,(%rbx)", {0x89, 0x03}, 2, 0},
	{"mov %rax,(%rbx)", {0x48, 0x89, 0x03}, 3, 0},
	{"mov %r15d,8(%rbx)", {0x44, 0x89, 0x7b, 8}, 4, 8},
	{"movl $1,(%rbx)", {0xc7, 0x03, 1, 0, 0, 0}, 6, 0},
	{"movq $-1,(%rbx)", {0x48, 0xc7, 0x03, 255, 255, 255, 255}, 7, 0},
	{"mov %eax,0xffe(%rbx)", {0x89, 0x83, 0xfe, 0xf, 0, 0}, 6, 0xffe},
	{"mov %rax,0xfff(%rbx)", {0x48, 0x89, 0x83, 0xff, 0xf, 0, 0}, 7, 0xfff},
	{"mov %rax,0xffc(%rbx)", {0x48, 0x89, 0x83, 0xfc, 0xf, 0, 0}, 7, 0xffc},
	{"mov %eax,0xffc(%rbx)", {0x89, 0x83, 0xfc, 0xf, 0, 0}, 6, 0xffc},
	{"movups %xmm0,(%rbx)", {0x0f, 0x11, 0x03}, 3, 0},
	{"movups %xmm0,0xffa(%rbx)",
	 {0x0f, 0x11, 0x83, 0xfa, 0xf, 0, 0},
	 7,
	 0xffa},
	{"out %al,(%dx)", {0xee}, 1, 0},
	{"out %al,$0x80", {0xe6, 0x80}, 2, 0},
	{"out %ax,(%dx)", {0x66, 0xef}, 2, 0},
	{"out %eax,(%dx)", {0xef}, 1, 0},
};

static bool is_out(const struct store *s)
{
	return strstr(s->name, "out ") == s->name;
}

static void run_to_store(struct emu_guest *g, const struct store *s,
			 uint64_t rip)
{
	if (is_out(s))
		guest_run_to_port(g, 0x80, rip);
	else
		guest_run_to_memory(g, DEVICE + s->offset, rip, true);
}

/* Twice in a row: what ends before RIP then looks like what begins there. */
static void store_one(const struct store *s, enum way way)
{
	uint8_t code[2 * sizeof(s->code)];
	struct emu_guest g;
	int i, round;

	print_message("%s, way %d\n", s->name, way);
	memcpy(code, s->code, s->len);
	memcpy(code + s->len, s->code, s->len);
	guest_start(&g, code, 2 * (size_t)s->len);
	for (round = 0; round < 2; round++) {
		run_to_store(&g, s, g.regs[RIP]);
		for (i = 0; i < 3 && way == AFTER_REPEATS; i++) {
			if (i)
				guest_regs_set(&g);
			run_to_store(&g, s, g.regs[RIP]);
		}
		g.regs[RIP] += s->len;
		go_on(&g, way);
	}
	guest_run_to_end(&g, CODE + 2 * (uint64_t)s->len);
	guest_stop(&g);
}

static void stores_in_all_ways(void **state)
{
	size_t i;
	int way;

	(void)state;
	if (micro_cannot_run())
		skip();
	for (i = 0; i < ARRAY_SIZE(stores); i++)
		for (way = 0; way < WAY_COUNT; way++)
			store_one(&stores[i], (enum way)way);
}

/* --- what KVM has to finish at once --------------------------------------- */

/* or %eax,(%rbx): the VMM reads, writes and sets the flags. */
static void read_modify_write(void **state)
{
	struct emu_guest g;

	(void)state;
	if (micro_cannot_run())
		skip();
	GUEST_START(&g, 0x09, 0x03);
	guest_run_to_memory(&g, DEVICE, CODE, false);
	guest_run_to_memory(&g, DEVICE, CODE, false);
	g.regs[RIP] += 2;
	g.regs[RIP + 1] = 0x46; /* PF and ZF */
	guest_regs_set(&g);
	guest_run_to_end(&g, CODE + 2);
	guest_stop(&g);
}

/* movups (%rbx),%xmm0 and a load across pages */
static void loads_of_several_pieces(void **state)
{
	const struct mshv_sys *sys = &mshv_sys_emu;
	struct mshv_register xmm = {.name = MSHV_REG_XMM0,
				    .value.words = {DATA, ~DATA}};
	const uint32_t name = MSHV_REG_XMM0;
	union mshv_value value;
	struct emu_guest g;

	(void)state;
	if (micro_cannot_run())
		skip();
	GUEST_START(&g, 0x0f, 0x10, 0x03, 0x8b, 0x83, 0xfe, 0xf, 0, 0);
	guest_run_to_memory(&g, DEVICE, CODE, false);
	guest_run_to_memory(&g, DEVICE, CODE, false);
	assert_int_equal(hvcall_regs_set(sys, g.vcpu->fd, 0, &xmm, 1), 0);
	g.regs[RIP] += 3;
	guest_regs_set(&g);
	guest_run_to_memory(&g, DEVICE + 0xffe, CODE + 3, false);
	g.regs[RIP] += 6;
	g.regs[RAX] = 0x85868788;
	guest_regs_set(&g);
	guest_run_to_end(&g, CODE + 9);
	assert_int_equal(hvcall_regs_get(sys, g.vcpu->fd, 0, &name, &value, 1),
			 0);
	assert_int_equal(value.words[0], DATA);
	assert_int_equal(value.words[1], ~DATA);
	guest_stop(&g);
}

/* rep stosb to the device: each element is a message, and none is skipped. */
static void repeated_stores(void **state)
{
	struct emu_guest g;
	int i;

	(void)state;
	if (micro_cannot_run())
		skip();
	GUEST_START(&g, 0xf3, 0xaa);
	g.regs[RCX] = 3;
	guest_regs_set(&g);
	for (i = 0; i < 3; i++) {
		guest_run_to_memory(&g, DEVICE + (uint64_t)i, CODE, true);
		guest_run_to_memory(&g, DEVICE + (uint64_t)i, CODE, true);
		g.regs[RDI]++;
		g.regs[RCX]--;
		g.regs[RIP] += g.regs[RCX] ? 0 : 2;
		guest_regs_set(&g);
	}
	guest_run_to_end(&g, CODE + 2);
	guest_stop(&g);
}

/* rep movsl from the device to RAM, and rep insb: RAM is the VMM's to write. */
static void repeated_loads(void **state)
{
	struct emu_guest g;
	int i;

	(void)state;
	if (micro_cannot_run())
		skip();
	GUEST_START(&g, 0xf3, 0xa5, 0xf3, 0x6c);
	memset(guest_ram(&g, RAM), 0x5a, 16);
	g.regs[RDI] = RAM;
	g.regs[RCX] = 2;
	guest_regs_set(&g);
	for (i = 0; i < 2; i++) {
		guest_run_to_memory(&g, DEVICE + 4 * (uint64_t)i, CODE, false);
		g.regs[RSI] += 4;
		g.regs[RDI] += 4;
		g.regs[RCX]--;
		g.regs[RIP] += g.regs[RCX] ? 0 : 2;
		guest_regs_set(&g);
	}
	g.regs[RCX] = 3;
	guest_regs_set(&g);
	guest_run_to_port(&g, 0x80, CODE + 2);
	g.regs[RDI] += 3;
	g.regs[RCX] = 0;
	g.regs[RIP] += 2;
	guest_regs_set(&g);
	guest_run_to_end(&g, CODE + 4);
	for (i = 0; i < 16; i++)
		assert_int_equal(((uint8_t *)guest_ram(&g, RAM))[i], 0x5a);
	guest_stop(&g);
}

/* rep outsb of RAM, then out %al,(%dx) of the very last byte's value. */
static void repeated_outs(void **state)
{
	struct emu_guest g;
	int i;

	(void)state;
	if (micro_cannot_run())
		skip();
	GUEST_START(&g, 0xf3, 0x6e, 0x6e, 0xee);
	memset(guest_ram(&g, RAM), 0x5a, 16);
	g.regs[RSI] = RAM;
	g.regs[RCX] = 2;
	g.regs[RAX] = 0x5a;
	guest_regs_set(&g);
	for (i = 0; i < 2; i++) {
		guest_run_to_port(&g, 0x80, CODE);
		g.regs[RSI]++;
		g.regs[RCX]--;
		g.regs[RIP] += g.regs[RCX] ? 0 : 2;
		guest_regs_set(&g);
	}
	guest_run_to_port(&g, 0x80, CODE + 2);
	guest_run_to_port(&g, 0x80, CODE + 2);
	g.regs[RSI]++;
	g.regs[RIP]++;
	guest_regs_set(&g);
	guest_run_to_port(&g, 0x80, CODE + 3);
	g.regs[RIP]++;
	guest_regs_set(&g);
	guest_run_to_end(&g, CODE + 4);
	guest_stop(&g);
}

/* --- interrupts ----------------------------------------------------------- */

static void lapic_enable(struct emu_guest *g)
{
	_Alignas(MSHV_PAGE_BYTES) uint8_t buf[MSHV_PAGE_BYTES];
	struct mshv_lapic *lapic = (struct mshv_lapic *)buf;
	struct mshv_vp_state state = {.type = MSHV_STATE_LAPIC,
				      .buf_bytes = sizeof(buf),
				      .buf_ptr = (uintptr_t)buf};
	const struct mshv_sys *sys = g->vcpu->vm->sys;

	assert_int_equal(sys_ioctl(sys, g->vcpu->fd, MSHV_GET_VP_STATE, &state),
			 0);
	lapic->svr |= 0x100;
	assert_int_equal(sys_ioctl(sys, g->vcpu->fd, MSHV_SET_VP_STATE, &state),
			 0);
}

/* The handler writes to port VECTOR. */
static void handler_set(struct emu_guest *g)
{
	struct mshv_register idtr = {
		.name = MSHV_REG_IDTR,
		.value.table = {.limit = 0xfff, .base = IDT}};
	const uint64_t gate = (HANDLER & 0xffff) | 0x10 << 16 |
			      0x8e00ULL << 32 | (HANDLER >> 16) << 48;
	const uint8_t code[] = {0xe6, VECTOR};

	memcpy((uint8_t *)guest_ram(g, IDT) + 16 * VECTOR, &gate, sizeof(gate));
	memcpy(guest_ram(g, HANDLER), code, sizeof(code));
	assert_int_equal(
		hvcall_regs_set(g->vcpu->vm->sys, g->vcpu->fd, 0, &idtr, 1), 0);
	lapic_enable(g);
	g->regs[RIP + 1] |= 0x200;
	guest_regs_set(g);
}

static uint64_t interrupted_rip(struct emu_guest *g)
{
	uint64_t rip;

	guest_run_to_port(g, VECTOR, HANDLER);
	guest_regs_get(g);
	memcpy(&rip,
	       (uint8_t *)guest_ram(g, STACK - MSHV_PAGE_BYTES) +
		       (g->regs[4] - (STACK - MSHV_PAGE_BYTES)),
	       sizeof(rip));
	return rip;
}

/* One that comes while the VP is stopped is taken behind the access that the VMM
 * has completed, or in front of the one that it has not. */
static void interrupt(const uint8_t *code, size_t len, uint64_t rax, bool moves)
{
	const struct hv_msi msi = {.addr = 0xfee00000, .data = VECTOR};
	struct emu_guest g;

	guest_start(&g, code, len);
	handler_set(&g);
	guest_run(&g);
	assert_int_equal(hv_msi_send(g.vm->hv, &msi), 0);
	if (moves) {
		g.regs[RIP] += len;
		g.regs[RAX] = rax;
		guest_regs_set(&g);
	}
	assert_int_equal(interrupted_rip(&g), CODE + (moves ? len : 0));
	assert_int_equal(g.regs[RAX], moves ? rax : 0);
	guest_stop(&g);
}

static void a_pending_interrupt(void **state)
{
	const uint8_t load[] = {0x8b, 0x03}, store[] = {0x89, 0x03};
	const uint8_t out[] = {0xee}, in[] = {0xed};
	int moves;

	(void)state;
	if (micro_cannot_run())
		skip();
	for (moves = 0; moves < 2; moves++) {
		interrupt(load, sizeof(load), 5, moves);
		interrupt(load, sizeof(load), DATA, moves);
		interrupt(store, sizeof(store), 0, moves);
		interrupt(out, sizeof(out), 0, moves);
		interrupt(in, sizeof(in), 5, moves);
	}
}

/* sti; ACCESS; cli: the window is as wide as it is on a CPU, and a VMM can see it
 * where KVM has not emulated the access yet. */
static void interrupt_after_sti(uint8_t first, uint8_t second, bool has_second)
{
	const uint8_t code[] = {0xfb, first, has_second ? second : 0xfa, 0xfa};
	const struct hv_msi msi = {.addr = 0xfee00000, .data = VECTOR};
	uint64_t len = has_second ? 2 : 1;
	struct emu_guest g;

	guest_start(&g, code, has_second ? 4 : 3);
	handler_set(&g);
	g.regs[RIP + 1] &= ~0x200ULL;
	guest_regs_set(&g);
	guest_run(&g);
	assert_int_equal(hv_msi_send(g.vm->hv, &msi), 0);
	guest_regs_get(&g);
	assert_int_equal(g.regs[RIP], CODE + 1);
	if (first == 0x8b || first == 0xed)
		assert_int_equal(g.vcpu->page->interrupt_state, 1);
	g.regs[RIP] += len;
	g.regs[RAX] = 0;
	guest_regs_set(&g);
	assert_int_equal(interrupted_rip(&g), CODE + 1 + len);
	guest_stop(&g);
}

static void an_interrupt_after_sti(void **state)
{
	(void)state;
	if (micro_cannot_run())
		skip();
	interrupt_after_sti(0x8b, 0x03, true);
	interrupt_after_sti(0x89, 0x03, true);
	interrupt_after_sti(0xee, 0, false);
	interrupt_after_sti(0xed, 0, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_in_all_ways),
		cmocka_unit_test(registers_that_no_load_gives),
		cmocka_unit_test(stores_in_all_ways),
		cmocka_unit_test(read_modify_write),
		cmocka_unit_test(loads_of_several_pieces),
		cmocka_unit_test(repeated_stores),
		cmocka_unit_test(repeated_loads),
		cmocka_unit_test(repeated_outs),
		cmocka_unit_test(a_pending_interrupt),
		cmocka_unit_test(an_interrupt_after_sti),
	};

	return RUN_TESTS(tests);
}
