// SPDX-License-Identifier: GPL-3.0-or-later
/* What instructions do (Intel SDM vol. 2 and vol. 1, 3.4.3 for the flags). */
#include "mshv/insn.h"

#define FLAG_CF (1ULL << 0)
#define FLAG_PF (1ULL << 2)
#define FLAG_AF (1ULL << 4)
#define FLAG_ZF (1ULL << 6)
#define FLAG_SF (1ULL << 7)
#define FLAG_DF (1ULL << 10)
#define FLAG_OF (1ULL << 11)

enum { RAX = 0, RCX = 1, RSI = 6, RDI = 7 };

static uint64_t mask_of(unsigned int bytes)
{
	return bytes >= 8 ? ~0ULL : (1ULL << bytes * 8) - 1;
}

static uint64_t sign_extend(uint64_t value, unsigned int bytes)
{
	unsigned int shift = 64 - bytes * 8;

	return (uint64_t)((int64_t)(value << shift) >> shift);
}

static bool sign_of(uint64_t value, unsigned int bytes)
{
	return value >> (bytes * 8 - 1) & 1;
}

static uint64_t reg_read(const struct insn *insn, const struct insn_cpu *cpu)
{
	uint64_t value = cpu->gpr[insn->reg & 15];

	if (insn->is_high_byte)
		value >>= 8;
	return value & mask_of(insn->reg_bytes);
}

void insn_reg_write(const struct insn *insn, struct insn_cpu *cpu,
		    uint64_t value)
{
	uint64_t *reg = &cpu->gpr[insn->reg & 15];
	unsigned int shift = insn->is_high_byte ? 8 : 0;
	uint64_t mask = mask_of(insn->reg_bytes) << shift;

	/* Writing 32 bits clears the upper half; fewer bits leave the rest. */
	if (insn->reg_bytes >= 4)
		*reg = value & mask;
	else
		*reg = (*reg & ~mask) | (value << shift & mask);
}

static void flag_set(struct insn_cpu *cpu, uint64_t flag, bool on)
{
	cpu->rflags = on ? cpu->rflags | flag : cpu->rflags & ~flag;
}

static void flags_of_result(struct insn_cpu *cpu, uint64_t result,
			    unsigned int bytes)
{
	flag_set(cpu, FLAG_ZF, !(result & mask_of(bytes)));
	flag_set(cpu, FLAG_SF, sign_of(result, bytes));
	flag_set(cpu, FLAG_PF, !(__builtin_popcount(result & 0xff) & 1));
}

static uint64_t logic(struct insn_cpu *cpu, uint64_t result, unsigned int bytes)
{
	flag_set(cpu, FLAG_CF | FLAG_OF | FLAG_AF, false);
	flags_of_result(cpu, result, bytes);
	return result;
}

static uint64_t add(struct insn_cpu *cpu, uint64_t a, uint64_t b,
		    unsigned int bytes)
{
	uint64_t sum = (a + b) & mask_of(bytes);

	flag_set(cpu, FLAG_CF, sum < (a & mask_of(bytes)));
	flag_set(cpu, FLAG_AF, (a ^ b ^ sum) & 0x10);
	flag_set(cpu, FLAG_OF, sign_of((a ^ sum) & (b ^ sum), bytes));
	flags_of_result(cpu, sum, bytes);
	return sum;
}

static uint64_t sub(struct insn_cpu *cpu, uint64_t a, uint64_t b,
		    unsigned int bytes)
{
	uint64_t difference = (a - b) & mask_of(bytes);

	flag_set(cpu, FLAG_CF, (a & mask_of(bytes)) < (b & mask_of(bytes)));
	flag_set(cpu, FLAG_AF, (a ^ b ^ difference) & 0x10);
	flag_set(cpu, FLAG_OF, sign_of((a ^ b) & (a ^ difference), bytes));
	flags_of_result(cpu, difference, bytes);
	return difference;
}

/* INC and DEC leave the carry alone. */
static uint64_t step(struct insn_cpu *cpu, uint64_t a, bool up,
		     unsigned int bytes)
{
	uint64_t carry = cpu->rflags & FLAG_CF;
	uint64_t result = up ? add(cpu, a, 1, bytes) : sub(cpu, a, 1, bytes);

	flag_set(cpu, FLAG_CF, carry);
	return result;
}

static uint64_t bit_op(const struct insn *insn, struct insn_cpu *cpu,
		       uint64_t mem, uint64_t offset)
{
	uint64_t bit = 1ULL << (offset & (insn->mem_bytes * 8u - 1));

	flag_set(cpu, FLAG_CF, mem & bit);
	if (insn->op == INSN_BTS)
		return mem | bit;
	if (insn->op == INSN_BTR)
		return mem & ~bit;
	if (insn->op == INSN_BTC)
		return mem ^ bit;
	return mem;
}

static uint64_t compare_exchange(const struct insn *insn, struct insn_cpu *cpu,
				 uint64_t mem, uint64_t source)
{
	struct insn rax = {.reg = RAX, .reg_bytes = insn->mem_bytes};

	if (!sub(cpu, reg_read(&rax, cpu), mem, insn->mem_bytes))
		return source;
	insn_reg_write(&rax, cpu, mem);
	return mem;
}

/* A binary operation of DEST and SOURCE; flags as they are documented. */
static uint64_t alu(const struct insn *insn, struct insn_cpu *cpu,
		    uint64_t dest, uint64_t source)
{
	unsigned int bytes = insn->mem_bytes;

	switch (insn->op) {
	case INSN_AND:
	case INSN_TEST:
		return logic(cpu, dest & source, bytes);
	case INSN_OR:
		return logic(cpu, dest | source, bytes);
	case INSN_XOR:
		return logic(cpu, dest ^ source, bytes);
	case INSN_ADD:
	case INSN_XADD:
		return add(cpu, dest, source, bytes);
	case INSN_SUB:
	case INSN_CMP:
		return sub(cpu, dest, source, bytes);
	case INSN_INC:
		return step(cpu, dest, true, bytes);
	case INSN_DEC:
		return step(cpu, dest, false, bytes);
	case INSN_NOT:
		return ~dest;
	case INSN_NEG:
		return sub(cpu, 0, dest, bytes);
	case INSN_BT:
	case INSN_BTS:
	case INSN_BTR:
	case INSN_BTC:
		return bit_op(insn, cpu, dest, source);
	case INSN_MOV:
	case INSN_XCHG:
		return source;
	case INSN_CMPXCHG:
		return compare_exchange(insn, cpu, dest, source);
	case INSN_STOS:
	case INSN_MOVS:
	case INSN_LODS:
	case INSN_INS:
	case INSN_OUTS:
		break;
	}
	return 0;
}

uint64_t insn_execute(const struct insn *insn, struct insn_cpu *cpu,
		      uint64_t mem)
{
	uint64_t mask = mask_of(insn->mem_bytes);
	uint64_t source;

	mem &= mask;
	if (insn->op == INSN_MOV && insn->mem_is_read) {
		insn_reg_write(insn, cpu,
			       insn->is_sign_extended
				       ? sign_extend(mem, insn->mem_bytes)
				       : mem);
		return 0;
	}
	source = insn->has_imm || insn->reg == INSN_NO_REG
			 ? insn->imm
			 : reg_read(insn, cpu);
	if (insn->mem_is_written) {
		uint64_t result = alu(insn, cpu, mem, source) & mask;

		if (insn->op == INSN_XCHG || insn->op == INSN_XADD)
			insn_reg_write(insn, cpu, mem);
		return result;
	}
	if (insn->op == INSN_CMP && insn->reg_is_first)
		alu(insn, cpu, source, mem);
	else if (insn->op == INSN_CMP || insn->op == INSN_TEST ||
		 insn->op == INSN_BT)
		alu(insn, cpu, mem, source);
	else
		insn_reg_write(insn, cpu, alu(insn, cpu, source, mem));
	return 0;
}

static uint64_t reg_masked(const struct insn *insn, const struct insn_cpu *cpu,
			   uint8_t reg)
{
	return cpu->gpr[reg & 15] & mask_of(insn->addr_bytes);
}

/* Only FS and GS have bases in 64-bit mode. */
static uint64_t linear(const struct insn_cpu *cpu, uint8_t segment,
		       uint64_t offset)
{
	if (cpu->mode != INSN_MODE_64)
		return (uint32_t)(cpu->segment_base[segment] + offset);
	return segment >= 4 && segment < 6 ? cpu->segment_base[segment] + offset
					   : offset;
}

/* With a bit offset in a register, the operand is wherever that bit is. */
static uint64_t bit_displacement(const struct insn *insn,
				 const struct insn_cpu *cpu)
{
	int64_t offset;

	if (insn->op < INSN_BT || insn->op > INSN_BTC || insn->has_imm)
		return 0;
	offset = (int64_t)sign_extend(reg_read(insn, cpu), insn->reg_bytes);
	return (uint64_t)((offset >> (insn->mem_bytes == 8   ? 6
				      : insn->mem_bytes == 4 ? 5
							     : 4)) *
			  insn->mem_bytes);
}

uint64_t insn_address(const struct insn *insn, const struct insn_cpu *cpu)
{
	uint64_t offset = (uint64_t)insn->displacement;

	if (insn_is_string(insn))
		return linear(cpu, insn->segment, reg_masked(insn, cpu, RSI));
	if (insn->base == INSN_RIP)
		offset += cpu->rip + insn->length_bytes;
	else if (insn->base != INSN_NO_REG)
		offset += cpu->gpr[insn->base & 15];
	if (insn->index != INSN_NO_REG)
		offset += cpu->gpr[insn->index & 15] * insn->scale;
	offset += bit_displacement(insn, cpu);
	return linear(cpu, insn->segment, offset & mask_of(insn->addr_bytes));
}

uint64_t insn_string_dest(const struct insn *insn, const struct insn_cpu *cpu)
{
	return linear(cpu, 0, reg_masked(insn, cpu, RDI));
}

void insn_retire(const struct insn *insn, struct insn_cpu *cpu)
{
	cpu->rip += insn->length_bytes;
	if (cpu->mode != INSN_MODE_64)
		cpu->rip = (uint32_t)cpu->rip;
}

uint64_t insn_string_count(const struct insn *insn, const struct insn_cpu *cpu)
{
	return insn->is_rep ? reg_masked(insn, cpu, RCX) : 1;
}

static void move_on(const struct insn *insn, struct insn_cpu *cpu, uint8_t reg,
		    uint64_t by)
{
	struct insn as = {.reg = reg, .reg_bytes = insn->addr_bytes};

	insn_reg_write(&as, cpu, cpu->gpr[reg] + by);
}

void insn_string_advance(const struct insn *insn, struct insn_cpu *cpu)
{
	uint64_t by = cpu->rflags & FLAG_DF ? -(uint64_t)insn->mem_bytes
					    : insn->mem_bytes;

	if (insn->op == INSN_MOVS || insn->op == INSN_LODS ||
	    insn->op == INSN_OUTS)
		move_on(insn, cpu, RSI, by);
	if (insn->op == INSN_MOVS || insn->op == INSN_STOS ||
	    insn->op == INSN_INS)
		move_on(insn, cpu, RDI, by);
	if (insn->is_rep)
		move_on(insn, cpu, RCX, ~0ULL);
	if (!insn->is_rep || !insn_string_count(insn, cpu))
		insn_retire(insn, cpu);
}
