// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulator stops a VP in front of an instruction that KVM has begun: for
 * each kind of access, in real mode, the message says where it is, and no
 * register and no byte of RAM has changed.
 */
#include "tests/unit/test.h"

#include <stdalign.h>

#include "mshv/abi.h"
#include "mshv/hvcall.h"
#include "tests/unit/fixture/mshv/emu_rig.h"

#define RAM_BYTES 0x10000u
#define CODE 0x1000u
#define NOPS 8u
#define PORT 0x80u
/* Segments: where there is no memory, 4 KiB apart. */
#define ES 0x20000u
#define SS 0x21000u
#define DS 0x22000u
#define FS 0x23000u
#define GS 0x24000u

static alignas(4096) uint8_t ram[RAM_BYTES];

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

static const uint64_t gprs[8] = {
	[RAX] = 0x11223344, [RCX] = 2,    [RDX] = PORT, [RBX] = 0x40,
	[RSP] = 0x8000,     [RBP] = 0x50, [RSI] = 0x60, [RDI] = 0x70,
};

struct stop {
	const char *name;
	uint8_t bytes[10];
	uint8_t length;
	uint8_t io; /* MSHV_IO_...; 0: memory */
	bool is_write;
	uint32_t gva;              /* of memory */
	bool ds_is_ram, es_is_ram; /* of strings: their base is 0 */
};

#define STRING MSHV_IO_STRING
#define REP (MSHV_IO_STRING | MSHV_IO_REP)
#define B(...) {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
#define OUT(io) io, true, 0, false, false
#define IN(io) io, false, 0, false, false
#define OUTS(io) io, true, 0, true, false
#define INS(io) io, false, 0, false, true
#define WRITE(gva) 0, true, gva, false, false
#define READ(gva) 0, false, gva, false, false

static const struct stop stops[] = {
	{"out %al,$0x80", B(0xe6, 0x80), OUT(1)},
	{"out %al,(%dx)", B(0xee), OUT(1)},
	{"out %ax,(%dx)", B(0xef), OUT(2)},
	{"out %eax,(%dx)", B(0x66, 0xef), OUT(4)},
	{"in $0x80,%al", B(0xe4, 0x80), IN(1)},
	{"in (%dx),%eax", B(0x66, 0xed), IN(4)},
	{"outsb", B(0x6e), OUTS(1 | STRING)},
	{"rep outsb", B(0xf3, 0x6e), OUTS(1 | REP)},
	{"rep outsw", B(0xf3, 0x6f), OUTS(2 | REP)},
	{"insb", B(0x6c), INS(1 | STRING)},
	{"rep insw", B(0xf3, 0x6d), INS(2 | REP)},
	{"mov %al,0x10", B(0xa2, 0x10, 0x00), WRITE(DS + 0x10)},
	{"mov %ax,(%bx,%si)", B(0x89, 0x00), WRITE(DS + 0xa0)},
	{"mov %ah,(%bx)", B(0x88, 0x27), WRITE(DS + 0x40)},
	{"mov %eax,(%bp)", B(0x66, 0x89, 0x46, 0), WRITE(SS + 0x50)},
	{"mov %al,%es:(%bx)", B(0x26, 0x88, 0x07), WRITE(ES + 0x40)},
	{"mov %al,%fs:(%bx)", B(0x64, 0x88, 0x07), WRITE(FS + 0x40)},
	{"mov %al,%gs:(%bx)", B(0x65, 0x88, 0x07), WRITE(GS + 0x40)},
	{"mov %eax,4(%ebx)", B(0x67, 0x66, 0x89, 0x43, 4), WRITE(DS + 0x44)},
	{"movb $0x5a,(%bx)", B(0xc6, 0x07, 0x5a), WRITE(DS + 0x40)},
	{"mov (%bx),%al", B(0x8a, 0x07), READ(DS + 0x40)},
	{"mov (%bp),%eax", B(0x66, 0x8b, 0x46, 0), READ(SS + 0x50)},
	{"orb $1,(%bx)", B(0x80, 0x0f, 1), READ(DS + 0x40)},
	{"stosb", B(0xaa), WRITE(ES + 0x70)},
	{"stosl", B(0x66, 0xab), WRITE(ES + 0x70)},
	{"rep stosw", B(0xf3, 0xab), WRITE(ES + 0x70)},
	{"lodsw", B(0xad), READ(DS + 0x60)},
	{"movsb to nowhere", B(0xa4), 0, true, ES + 0x70, true, false},
	{"movsb from nowhere", B(0xa4), 0, false, DS + 0x60, false, true},
	{"rep movsw from nowhere", B(0xf3, 0xa5), 0, false, DS + 0x60, false,
	 true},
};

/* --- a VP in real mode ------------------------------------------------------------ */

static void map_ram(const struct emu_rig *rig)
{
	struct mshv_mem_region region = {.size_bytes = RAM_BYTES,
					 .host_addr = (uintptr_t)ram,
					 .flags = MSHV_MEM_WRITABLE |
						  MSHV_MEM_EXECUTABLE};

	assert_int_equal(
		sys_ioctl(emu_sys, rig->pt, MSHV_SET_GUEST_MEMORY, &region), 0);
}

static struct mshv_register segment(uint32_t name, uint32_t base)
{
	return (struct mshv_register){
		.name = name,
		.value.segment = {.base = base,
				  .limit = 0xffff,
				  .selector = (uint16_t)(base >> 4),
				  .attr = name == MSHV_REG_CS ? 0x9b : 0x93}};
}

static void registers_set(const struct emu_rig *rig, const struct stop *s,
			  uint32_t rip, bool downwards)
{
	struct mshv_register regs[16];
	size_t i, n = 0;

	for (i = 0; i < 8; i++)
		regs[n++] = (struct mshv_register){.name = MSHV_REG_RAX +
							   (uint32_t)i,
						   .value.u64 = gprs[i]};
	regs[n++] =
		(struct mshv_register){.name = MSHV_REG_RIP, .value.u64 = rip};
	regs[n++] = (struct mshv_register){.name = MSHV_REG_RFLAGS,
					   .value.u64 = downwards ? 0x402 : 2};
	regs[n++] = segment(MSHV_REG_CS, 0);
	regs[n++] = segment(MSHV_REG_DS, s->ds_is_ram ? 0 : DS);
	regs[n++] = segment(MSHV_REG_ES, s->es_is_ram ? 0 : ES);
	regs[n++] = segment(MSHV_REG_SS, SS);
	regs[n++] = segment(MSHV_REG_FS, FS);
	regs[n++] = segment(MSHV_REG_GS, GS);
	assert_int_equal(hvcall_regs_set(emu_sys, rig->vp, 0, regs, n), 0);
}

static void assert_untouched(const struct emu_rig *rig, const struct stop *s,
			     const uint8_t *before)
{
	static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp",
					    "rbp", "rsi", "rdi", "rip"};
	union mshv_value values[9];
	uint32_t wanted[9];
	size_t i;

	for (i = 0; i < 8; i++)
		wanted[i] = MSHV_REG_RAX + (uint32_t)i;
	wanted[8] = MSHV_REG_RIP;
	assert_int_equal(
		hvcall_regs_get(emu_sys, rig->vp, 0, wanted, values, 9), 0);
	for (i = 0; i < 9; i++)
		if (values[i].u64 != (i < 8 ? gprs[i] : CODE))
			fail_msg("%s: %s is 0x%llx", s->name, names[i],
				 (unsigned long long)values[i].u64);
	for (i = 0; i < RAM_BYTES; i++)
		if (ram[i] != before[i])
			fail_msg("%s: the byte at 0x%zx has changed", s->name,
				 i);
}

static void assert_port(const struct stop *s, const struct mshv_message *msg)
{
	const struct mshv_msg_io *io = (const void *)msg->payload;

	assert_int_equal(msg->type, MSHV_MSG_IO_PORT);
	assert_int_equal(io->port, PORT);
	assert_int_equal(io->info, s->io);
	assert_int_equal(io->rax, gprs[RAX]);
	assert_int_equal(io->header.length_cr8 & 15, s->length);
	assert_int_equal(io->header.rip, CODE);
	assert_int_equal(io->header.access, s->is_write);
	assert_memory_equal(io->bytes, s->bytes, s->length);
	if (s->io & STRING) {
		assert_int_equal(io->rcx, gprs[RCX]);
		assert_int_equal(io->rsi, gprs[RSI]);
		assert_int_equal(io->rdi, gprs[RDI]);
	}
}

static void assert_memory(const struct stop *s, const struct mshv_message *msg)
{
	const struct mshv_msg_memory *m = (const void *)msg->payload;

	assert_int_equal(msg->type, MSHV_MSG_UNMAPPED_GPA);
	assert_int_equal(m->header.rip, CODE);
	assert_int_equal(m->header.access, s->is_write);
	assert_int_equal(m->gpa, s->gva); /* there is no paging */
	assert_true(m->info & MSHV_MEM_GVA_VALID);
	assert_int_equal(m->gva, s->gva);
	assert_memory_equal(m->bytes, s->bytes, s->length);
}

/* From RIP on, where NOPs lead to the instruction. */
static void stop_at(const struct stop *s, uint32_t rip, bool downwards)
{
	static uint8_t before[RAM_BYTES];
	struct mshv_message msg;
	struct emu_rig rig;
	size_t i;

	for (i = 0; i < RAM_BYTES; i++)
		ram[i] = (uint8_t)(i * 3 + 1);
	memset(ram + CODE - NOPS, 0x90, NOPS);
	memcpy(ram + CODE, s->bytes, sizeof(s->bytes));
	memcpy(before, ram, sizeof(ram));
	print_message("%s, from 0x%x\n", s->name, rip);
	emu_rig_create(&rig, NULL, 0);
	map_ram(&rig);
	registers_set(&rig, s, rip, downwards);
	assert_int_equal(sys_ioctl(emu_sys, rig.vp, MSHV_RUN_VP, &msg), 0);
	if (s->io)
		assert_port(s, &msg);
	else
		assert_memory(s, &msg);
	assert_untouched(&rig, s, before);
	emu_rig_destroy(&rig);
}

static void behind_other_instructions(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(stops); i++)
		stop_at(&stops[i], CODE - NOPS, false);
}

/* The first instruction of an entry, with nothing in front of it that ran. */
static void at_the_entry(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(stops); i++)
		stop_at(&stops[i], CODE, false);
}

static void downwards(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(stops); i++)
		stop_at(&stops[i], CODE - 1, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behind_other_instructions),
		cmocka_unit_test(at_the_entry),
		cmocka_unit_test(downwards),
	};

	return cmocka_run_group_tests(tests, emu_rig_quiet, NULL);
}
