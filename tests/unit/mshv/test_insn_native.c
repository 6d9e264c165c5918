// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulated instructions against the CPU that runs this test: both get the
 * same bytes, registers, flags and memory, and must end with the same ones.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/mman.h>

#include "mshv/insn.h"
#include "runners/vmm/vcpu_regs.h"

#define CF 1u
#define PF 4u
#define AF 0x10u
#define ZF 0x40u
#define SF 0x80u
#define DF 0x400u
#define OF 0x800u
#define FLAGS (CF | PF | AF | ZF | SF | OF)

#define MEM_BYTES 256
#define MEM_MIDDLE 128

/* Where RBX points to its middle, and what the instruction works on. */
struct machine {
	uint64_t gpr[16]; /* RSP: only as it was found */
	uint64_t rflags;
	uint8_t mem[MEM_BYTES];
};

/* void stub(struct machine *): runs the 16 bytes at insn_slot. */
__asm__(".pushsection .rodata\n"
	"insn_stub:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14\n"
	"	push %r15; push %rdi\n"
	"	push 128(%rdi); popfq\n"
	"	mov 0(%rdi), %rax;   mov 8(%rdi), %rcx\n"
	"	mov 16(%rdi), %rdx;  mov 24(%rdi), %rbx\n"
	"	mov 40(%rdi), %rbp;  mov 48(%rdi), %rsi\n"
	"	mov 64(%rdi), %r8;   mov 72(%rdi), %r9\n"
	"	mov 80(%rdi), %r10;  mov 88(%rdi), %r11\n"
	"	mov 96(%rdi), %r12;  mov 104(%rdi), %r13\n"
	"	mov 112(%rdi), %r14; mov 120(%rdi), %r15\n"
	"	mov 56(%rdi), %rdi\n"
	"insn_slot:\n"
	"	.fill 16, 1, 0x90\n"
	"	pushfq; cld; push %rdi; mov 16(%rsp), %rdi\n"
	"	mov %rax, 0(%rdi);   mov %rcx, 8(%rdi)\n"
	"	mov %rdx, 16(%rdi);  mov %rbx, 24(%rdi)\n"
	"	lea 16(%rsp), %rax;  mov %rax, 32(%rdi)\n"
	"	mov %rbp, 40(%rdi);  mov %rsi, 48(%rdi)\n"
	"	mov %r8, 64(%rdi);   mov %r9, 72(%rdi)\n"
	"	mov %r10, 80(%rdi);  mov %r11, 88(%rdi)\n"
	"	mov %r12, 96(%rdi);  mov %r13, 104(%rdi)\n"
	"	mov %r14, 112(%rdi); mov %r15, 120(%rdi)\n"
	"	pop 56(%rdi); pop 128(%rdi)\n"
	"	pop %rdi; pop %r15; pop %r14; pop %r13; pop %r12\n"
	"	pop %rbp; pop %rbx; ret\n"
	"insn_stub_end:\n"
	".popsection\n");
extern const uint8_t insn_stub[], insn_slot[], insn_stub_end[];

static uint8_t *stub; /* a copy that can be changed and run */

static int stub_map(void **state)
{
	(void)state;
	stub = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stub == MAP_FAILED)
		return -1;
	memcpy(stub, insn_stub, (size_t)(insn_stub_end - insn_stub));
	return 0;
}

static int stub_unmap(void **state)
{
	(void)state;
	return munmap(stub, 4096);
}

static uint8_t *slot(void)
{
	return stub + (insn_slot - insn_stub);
}

static void run_native(const uint8_t *bytes, size_t len, struct machine *m)
{
	void (*run)(struct machine *);

	memset(slot(), 0x90, 16);
	memcpy(slot(), bytes, len);
	memcpy(&run, &stub, sizeof(run));
	run(m);
}

/* --- values --------------------------------------------------------------- */

static uint64_t seed = 1;

/* Mostly edges, where carries and signs change, or the last one again. */
static uint64_t draw(void)
{
	static const uint64_t edges[] = {
		0,          1,          2,
		0x0f,       0x10,       0x7f,
		0x80,       0xff,       0x7fff,
		0x8000,     0xffff,     0x7fffffff,
		0x80000000, 0xffffffff, INT64_MAX,
		~0ULL,      1ULL << 63, 0x1234567890abcdef};
	static uint64_t last;

	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	if (seed >> 62 == 0)
		last = seed ^ seed >> 29;
	else if (seed >> 62 != 1)
		last = edges[(seed >> 33) % ARRAY_SIZE(edges)];
	return last;
}

static void machine_draw(struct machine *m)
{
	uint64_t word;
	size_t i;

	for (i = 0; i < 16; i++)
		m->gpr[i] = draw();
	m->rflags = 2 | (draw() & FLAGS);
	for (i = 0; i < MEM_BYTES; i += sizeof(word)) {
		word = draw();
		memcpy(m->mem + i, &word, sizeof(word));
	}
	m->gpr[VCPU_RBX] = (uintptr_t)m->mem + MEM_MIDDLE;
}

/* --- one step of each ----------------------------------------------------- */

static struct insn_cpu cpu_of(struct machine *m)
{
	return (struct insn_cpu){.mode = INSN_MODE_64,
				 .rip = (uintptr_t)slot(),
				 .rflags = m->rflags,
				 .gpr = m->gpr};
}

static void *at(struct machine *m, const struct machine *origin,
		uint64_t address, size_t len)
{
	uint64_t offset = address - (uintptr_t)origin->mem;

	if (offset > MEM_BYTES - len)
		fail_msg("0x%llx is not in the memory",
			 (unsigned long long)address);
	return m->mem + offset;
}

/* Addresses in M are those of ORIGIN. */
static void emulate(const struct insn *insn, struct machine *m,
		    const struct machine *origin)
{
	struct insn_cpu cpu = cpu_of(m);
	void *mem = at(m, origin, insn_address(insn, &cpu), insn->mem_bytes);
	uint64_t value = 0;

	memcpy(&value, mem, insn->mem_bytes);
	value = insn_execute(insn, &cpu, value);
	if (insn->mem_is_written)
		memcpy(mem, &value, insn->mem_bytes);
	m->rflags = cpu.rflags;
}

static void hex_of(const uint8_t *bytes, size_t len, char *hex)
{
	size_t i;

	for (i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static void compare(const char *name, const uint8_t *bytes, size_t len,
		    const struct machine *ours, const struct machine *native,
		    uint64_t undefined)
{
	uint64_t care = (FLAGS | DF) & ~undefined;
	char hex[33] = "";
	size_t i;

	hex_of(bytes, len, hex);
	for (i = 0; i < 16; i++)
		if (ours->gpr[i] != native->gpr[i])
			fail_msg("%s %s: register %zu is 0x%llx, CPU: 0x%llx",
				 name, hex, i, (unsigned long long)ours->gpr[i],
				 (unsigned long long)native->gpr[i]);
	if ((ours->rflags ^ native->rflags) & care)
		fail_msg("%s %s: flags are 0x%llx, CPU: 0x%llx", name, hex,
			 (unsigned long long)(ours->rflags & care),
			 (unsigned long long)(native->rflags & care));
	for (i = 0; i < MEM_BYTES; i++)
		if (ours->mem[i] != native->mem[i])
			fail_msg("%s %s: byte %zu is 0x%x, CPU: 0x%x", name,
				 hex, i, ours->mem[i], native->mem[i]);
}

/* --- instructions with a memory operand ----------------------------------- */

enum widths { BYTE = 1, WIDE = 2, WIDE32 = 4 }; /* WIDE: 2, 4 and 8 bytes */

#define REG (-1) /* ModRM's middle is a register, not a digit */

struct family {
	const char *name;
	uint8_t escape; /* 0x0f or none */
	uint8_t opcode;
	int8_t digit;
	uint8_t imm_bytes; /* at most; 0: none */
	uint8_t widths;
	uint64_t undefined; /* flags, as the SDM says */
	bool is_bit_offset; /* the register picks the address */
};

#define LOGIC AF
#define BITS (OF | SF | AF | PF)
/* The four forms of an operation between a register and memory. */
#define ALU(name, opcode, undefined)                                             \
	{name, 0, opcode, REG, 0, BYTE, undefined, false},                       \
		{name, 0, (opcode) + 1, REG, 0, WIDE, undefined, false},         \
		{name, 0, (opcode) + 2, REG, 0, BYTE, undefined, false},         \
		{name, 0, (opcode) + 3, REG, 0, WIDE, undefined, false},         \
		{name " imm", 0, 0x80, (opcode) / 8, 1, BYTE, undefined, false}, \
		{name " imm", 0, 0x81, (opcode) / 8, 4, WIDE, undefined, false}, \
	{                                                                        \
		name " imm8", 0, 0x83, (opcode) / 8, 1, WIDE, undefined, false   \
	}
/* An opcode for bytes and the next one for what is wider. */
#define PAIR(name, escape, opcode, digit, imm, undefined)                      \
	{name, escape, opcode, digit, (imm) ? 1 : 0, BYTE, undefined, false},  \
	{                                                                      \
		name, escape, (opcode) + 1, digit, imm, WIDE, undefined, false \
	}

static const struct family families[] = {
	ALU("add", 0x00, 0),
	ALU("or", 0x08, LOGIC),
	ALU("and", 0x20, LOGIC),
	ALU("sub", 0x28, 0),
	ALU("xor", 0x30, LOGIC),
	ALU("cmp", 0x38, 0),
	PAIR("test", 0, 0x84, REG, 0, LOGIC),
	PAIR("test imm", 0, 0xf6, 0, 4, LOGIC),
	PAIR("not", 0, 0xf6, 2, 0, 0),
	PAIR("neg", 0, 0xf6, 3, 0, 0),
	PAIR("inc", 0, 0xfe, 0, 0, 0),
	PAIR("dec", 0, 0xfe, 1, 0, 0),
	PAIR("xchg", 0, 0x86, REG, 0, 0),
	PAIR("xadd", 0x0f, 0xc0, REG, 0, 0),
	PAIR("cmpxchg", 0x0f, 0xb0, REG, 0, 0),
	PAIR("mov to", 0, 0x88, REG, 0, 0),
	PAIR("mov from", 0, 0x8a, REG, 0, 0),
	PAIR("mov imm", 0, 0xc6, 0, 4, 0),
	{"movnti", 0x0f, 0xc3, REG, 0, WIDE32, 0, false},
	{"movzb", 0x0f, 0xb6, REG, 0, WIDE, 0, false},
	{"movzw", 0x0f, 0xb7, REG, 0, WIDE, 0, false},
	{"movsb", 0x0f, 0xbe, REG, 0, WIDE, 0, false},
	{"movsw", 0x0f, 0xbf, REG, 0, WIDE, 0, false},
	{"movslq", 0, 0x63, REG, 0, WIDE32, 0, false},
	{"bt", 0x0f, 0xa3, REG, 0, WIDE, BITS, true},
	{"bts", 0x0f, 0xab, REG, 0, WIDE, BITS, true},
	{"btr", 0x0f, 0xb3, REG, 0, WIDE, BITS, true},
	{"btc", 0x0f, 0xbb, REG, 0, WIDE, BITS, true},
	{"bt imm", 0x0f, 0xba, 4, 1, WIDE, BITS, false},
	{"bts imm", 0x0f, 0xba, 5, 1, WIDE, BITS, false},
	{"btr imm", 0x0f, 0xba, 6, 1, WIDE, BITS, false},
	{"btc imm", 0x0f, 0xba, 7, 1, WIDE, BITS, false},
};

/* On DISP8(%rbx); returns the length. */
static size_t encode(const struct family *f, unsigned int width, bool rex,
		     unsigned int reg, uint8_t *bytes)
{
	unsigned int middle = f->digit == REG ? reg : (unsigned int)f->digit;
	unsigned int imm_bytes = f->imm_bytes;
	uint64_t imm = draw();
	size_t n = 0;

	if (width == 2)
		bytes[n++] = 0x66;
	if (rex || width == 8 || middle > 7)
		bytes[n++] =
			(uint8_t)(0x40 | (width == 8) << 3 | (middle > 7) << 2);
	if (f->escape)
		bytes[n++] = f->escape;
	bytes[n++] = f->opcode;
	bytes[n++] = (uint8_t)(0x43 | (middle & 7) << 3);
	bytes[n++] = (uint8_t)(draw() % 32 - 16);
	if (imm_bytes > width)
		imm_bytes = width;
	memcpy(bytes + n, &imm, imm_bytes);
	return n + imm_bytes;
}

static void try_one(const struct family *f, unsigned int width, bool rex,
		    unsigned int reg)
{
	struct machine before, native, ours;
	uint8_t bytes[16];
	size_t len = encode(f, width, rex, reg, bytes);
	struct insn insn, part;

	machine_draw(&native);
	if (f->is_bit_offset)
		native.gpr[reg] = draw() % 640 - 320;
	before = native;
	run_native(bytes, len, &native);
	ours = before;
	ours.gpr[VCPU_RSP] = native.gpr[VCPU_RSP];
	if (insn_decode(bytes, len, INSN_MODE_64, &insn))
		fail_msg("%s of %u bytes is not decoded", f->name, width);
	assert_int_equal(insn.length_bytes, len);
	/* A part of it is no instruction, and never another one. */
	assert_int_equal(insn_decode(bytes, draw() % len, INSN_MODE_64, &part),
			 -ENODATA);
	emulate(&insn, &ours, &native);
	compare(f->name, bytes, len, &ours, &native, f->undefined);
}

/* RSP is the test's own, RBX the base; without REX, 4 and 7 are AH and BH. */
static bool is_free(const struct family *f, unsigned int width, bool rex,
		    unsigned int reg)
{
	bool is_byte_reg = width == 1 && !rex;

	if (f->digit != REG)
		return reg == 0;
	if (is_byte_reg && reg < 8)
		return !(reg == 7 && f->opcode & 2);
	return reg != VCPU_RSP && reg != VCPU_RBX;
}

static void try_width(const struct family *f, unsigned int width)
{
	unsigned int reg, rex, round;

	for (reg = 0; reg < 16; reg++)
		for (rex = 0; rex < 2; rex++)
			for (round = 0; is_free(f, width, rex, reg) &&
					round < (f->digit == REG ? 8 : 64);
			     round++)
				try_one(f, width, rex, reg);
}

static void memory_operands(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *f = &families[i];

		if (f->widths & BYTE)
			try_width(f, 1);
		if (f->widths & WIDE)
			try_width(f, 2);
		if (f->widths & (WIDE | WIDE32)) {
			try_width(f, 4);
			try_width(f, 8);
		}
	}
}

/* --- addresses ------------------------------------------------------------ */

/* LEA computes what a load with the same operand would read. */
static void addresses(void **state)
{
	uint8_t load[16] = {0}, lea[16];
	struct machine m, after;
	struct insn_cpu cpu;
	struct insn insn;
	unsigned int i;
	uint64_t tail;
	size_t n;

	(void)state;
	for (i = 0; i < 20000; i++) {
		unsigned int modrm = i & 0xff;

		if (modrm >= 0xc0)
			continue; /* a register */
		tail = draw() ^ draw() << 17;
		n = 0;
		if (i & 0x100)
			load[n++] = 0x67;
		load[n++] = (uint8_t)(0x48 | (draw() & 3)); /* X and B */
		load[n++] = 0x8b;
		load[n++] = (uint8_t)(modrm & 0xc7); /* to RAX */
		memcpy(load + n, &tail, sizeof(tail));
		assert_int_equal(insn_decode(load, 15, INSN_MODE_64, &insn), 0);
		memcpy(lea, load, sizeof(lea));
		lea[n - 2] = 0x8d;
		machine_draw(&m);
		after = m;
		run_native(lea, insn.length_bytes, &after);
		m.gpr[VCPU_RSP] = after.gpr[VCPU_RSP];
		cpu = cpu_of(&m);
		if (insn_address(&insn, &cpu) != after.gpr[VCPU_RAX])
			fail_msg(
				"ModRM 0x%02x, then 0x%llx: 0x%llx, CPU: 0x%llx",
				modrm, (unsigned long long)tail,
				(unsigned long long)insn_address(&insn, &cpu),
				(unsigned long long)after.gpr[VCPU_RAX]);
	}
}

/* --- strings -------------------------------------------------------------- */

static void emulate_string(const struct insn *insn, struct machine *m,
			   const struct machine *origin)
{
	struct insn_cpu cpu = cpu_of(m);
	uint64_t value;

	while (insn_string_count(insn, &cpu) && cpu.rip == (uintptr_t)slot()) {
		value = m->gpr[VCPU_RAX];
		if (insn->op != INSN_STOS)
			memcpy(&value,
			       at(m, origin, insn_address(insn, &cpu),
				  insn->mem_bytes),
			       insn->mem_bytes);
		if (insn->op == INSN_LODS)
			insn_reg_write(insn, &cpu, value);
		else
			memcpy(at(m, origin, insn_string_dest(insn, &cpu),
				  insn->mem_bytes),
			       &value, insn->mem_bytes);
		insn_string_advance(insn, &cpu);
	}
}

static void strings(void **state)
{
	static const uint8_t opcodes[] = {0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad};
	static const uint8_t prefixes[] = {0x90, 0x66, 0x48};
	struct machine native, ours;
	struct insn insn;
	uint8_t bytes[3];
	unsigned int i;

	(void)state;
	for (i = 0; i < 6 * 3 * 2 * 2 * 8; i++) {
		uint8_t prefix = prefixes[i / 6 % 3];
		bool is_rep = i / 18 % 2;
		size_t n = 0;

		if (is_rep)
			bytes[n++] = 0xf3;
		if (prefix != 0x90)
			bytes[n++] = prefix;
		bytes[n++] = opcodes[i % 6];
		machine_draw(&native);
		native.gpr[VCPU_RCX] = draw() % 9;
		native.gpr[VCPU_RSI] = native.gpr[VCPU_RBX] + draw() % 32 - 16;
		native.gpr[VCPU_RDI] = native.gpr[VCPU_RBX] + draw() % 32 - 16;
		native.rflags |= i / 36 % 2 ? DF : 0;
		ours = native;
		run_native(bytes, n, &native);
		ours.gpr[VCPU_RSP] = native.gpr[VCPU_RSP];
		assert_int_equal(insn_decode(bytes, n, INSN_MODE_64, &insn), 0);
		assert_int_equal(insn.is_rep, is_rep);
		emulate_string(&insn, &ours, &native);
		compare("string", bytes, n, &ours, &native, 0);
	}
}

/* --- what is not emulated --------------------------------------------------- */

static void refusals(void **state)
{
	static const struct {
		const char *name;
		uint8_t bytes[10];
		int ret;
	} cases[] = {
		{"adc (%rbx),%eax", {0x13, 0x03}, -ENOTSUP},
		{"sbb %eax,(%rbx)", {0x19, 0x03}, -ENOTSUP},
		{"shl (%rbx)", {0xd1, 0x23}, -ENOTSUP},
		{"mul (%rbx)", {0xf7, 0x23}, -ENOTSUP},
		{"push (%rbx)", {0xff, 0x33}, -ENOTSUP},
		{"pop (%rbx)", {0x8f, 0x03}, -ENOTSUP},
		{"call *(%rbx)", {0xff, 0x13}, -ENOTSUP},
		{"jmp *(%rbx)", {0xff, 0x23}, -ENOTSUP},
		{"lea (%rbx),%eax", {0x8d, 0x03}, -ENOTSUP},
		{"mov (%rbx),%ds", {0x8e, 0x1b}, -ENOTSUP},
		{"cmpxchg8b (%rbx)", {0x0f, 0xc7, 0x0b}, -ENOTSUP},
		{"cmpxchg16b (%rbx)", {0x48, 0x0f, 0xc7, 0x0b}, -ENOTSUP},
		{"movbe (%rbx),%eax", {0x0f, 0x38, 0xf0, 0x03}, -ENOTSUP},
		/* Named as a string instruction is. */
		{"movsd (%rbx),%xmm0", {0xf2, 0x0f, 0x10, 0x03}, -ENOTSUP},
		{"movdqu (%rbx),%xmm0", {0xf3, 0x0f, 0x6f, 0x03}, -ENOTSUP},
		{"cmpsd $0,(%rbx),%xmm0",
		 {0xf2, 0x0f, 0xc2, 0x03, 0},
		 -ENOTSUP},
		{"flds (%rbx)", {0xd9, 0x03}, -ENOTSUP},
		{"scasb", {0xae}, -ENOTSUP},
		{"cmpsb", {0xa6}, -ENOTSUP},
		{"mov %eax,%ebx", {0x89, 0xc3}, -ENOTSUP},
		{"add $1,%eax", {0x83, 0xc0, 0x01}, -ENOTSUP},
		{"nop", {0x90}, -ENOTSUP},
		/* Not in 64-bit mode, and never. */
		{"push %es", {0x06}, -EINVAL},
		{"lock mov %eax,(%rbx)", {0xf0, 0x89, 0x03}, -EINVAL},
		{"ud0", {0x0f, 0xff, 0x03}, -ENOTSUP},
	};
	struct insn insn;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = insn_decode(cases[i].bytes, 10, INSN_MODE_64, &insn);

		if (ret != cases[i].ret)
			fail_msg("%s: %d", cases[i].name, ret);
	}
}

/* Fifteen bytes are the longest instruction that there can be. */
static void prefixes_without_end(void **state)
{
	uint8_t bytes[16];
	struct insn insn;

	(void)state;
	memset(bytes, 0x66, sizeof(bytes));
	assert_int_equal(insn_decode(bytes, 14, INSN_MODE_64, &insn), -ENODATA);
	assert_int_equal(insn_decode(bytes, 15, INSN_MODE_64, &insn), -EINVAL);
	assert_int_equal(insn_decode(bytes, 16, INSN_MODE_64, &insn), -EINVAL);
	bytes[13] = 0x89;
	bytes[14] = 0x03;
	assert_int_equal(insn_decode(bytes, 15, INSN_MODE_64, &insn), 0);
	assert_int_equal(insn.length_bytes, 15);
}

/* An address of as many bytes as addresses have, and no ModRM. */
static void absolute_addresses(void **state)
{
	static const uint8_t bytes[] = {0x65, 0xa3, 0x88, 0x77, 0x66,
					0x55, 0x44, 0x33, 0x22, 0x11};
	static const struct {
		enum insn_mode mode;
		uint8_t length, mem_bytes;
		uint64_t address;
	} cases[] = {
		{INSN_MODE_64, 10, 4, 0x1122334455667788 + 0x1000},
		{INSN_MODE_32, 6, 4, 0x55667788 + 0x1000},
		{INSN_MODE_16, 4, 2, 0x7788 + 0x1000},
	};
	uint64_t gpr[16] = {0x99};
	struct insn_cpu cpu = {.gpr = gpr, .segment_base = {[5] = 0x1000}};
	struct insn insn;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		cpu.mode = cases[i].mode;
		assert_int_equal(insn_decode(bytes, 10, cpu.mode, &insn), 0);
		assert_int_equal(insn.length_bytes, cases[i].length);
		assert_int_equal(insn.mem_bytes, cases[i].mem_bytes);
		assert_true(insn.mem_is_written && !insn.mem_is_read);
		assert_int_equal(insn_address(&insn, &cpu), cases[i].address);
		assert_int_equal(insn_execute(&insn, &cpu, 0), 0x99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_operands),
		cmocka_unit_test(addresses),
		cmocka_unit_test(strings),
		cmocka_unit_test(refusals),
		cmocka_unit_test(prefixes_without_end),
		cmocka_unit_test(absolute_addresses),
	};

	return cmocka_run_group_tests(tests, stub_map, stub_unmap);
}
