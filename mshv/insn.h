/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_INSN_H
#define MSHV_INSN_H

/*
 * insn - the instructions with which drivers touch device memory: decoded by
 * Zydis into a small form, and executed on a register file once the value of
 * the memory operand is known.
 *
 * Under /dev/mshv only the VMM can do this: the hypervisor stops at the
 * instruction and reports its bytes. Meaning of each instruction: Intel SDM
 * vol. 2. An instruction that is not here is an error, never a guess.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSN_MAX_BYTES 15
#define INSN_NO_REG 0xff
#define INSN_RIP 16

enum insn_mode { INSN_MODE_16, INSN_MODE_32, INSN_MODE_64 };

enum insn_op {
	INSN_MOV, /* with sign or zero extension */
	INSN_AND,
	INSN_OR,
	INSN_XOR,
	INSN_ADD,
	INSN_SUB,
	INSN_CMP,
	INSN_TEST,
	INSN_INC,
	INSN_DEC,
	INSN_NOT,
	INSN_NEG,
	INSN_BT,
	INSN_BTS,
	INSN_BTR,
	INSN_BTC,
	INSN_XCHG,
	INSN_XADD,
	INSN_CMPXCHG,
	INSN_STOS,
	INSN_MOVS,
	INSN_LODS,
	INSN_INS, /* string port I/O: for its segment and address size */
	INSN_OUTS,
};

struct insn {
	enum insn_op op;
	uint8_t length_bytes;
	uint8_t mem_bytes;  /* 1, 2, 4 or 8 */
	uint8_t reg_bytes;  /* of the register operand */
	uint8_t addr_bytes; /* 2, 4 or 8 */
	uint8_t reg;        /* as encoded, or INSN_NO_REG */
	bool is_high_byte;  /* AH, CH, DH, BH */
	bool reg_is_first;  /* CMP reg, mem and the like */
	bool mem_is_read;
	bool mem_is_written;
	bool is_sign_extended;
	bool has_imm;
	bool is_rep;
	uint8_t base;  /* register, INSN_RIP or INSN_NO_REG */
	uint8_t index; /* register or INSN_NO_REG */
	uint8_t scale;
	uint8_t segment; /* of the source: es cs ss ds fs gs */
	int64_t displacement;
	uint64_t imm;
};

/* The part of a vCPU that an instruction works on. */
struct insn_cpu {
	uint64_t *gpr; /* 16, borrowed */
	uint64_t rip;
	uint64_t rflags;
	uint64_t segment_base[6]; /* es cs ss ds fs gs */
	enum insn_mode mode;
};

/*
 * -ENODATA: LEN bytes are not the whole instruction; -EINVAL: no
 * instruction; -ENOTSUP: none of ours.
 */
int insn_decode(const uint8_t *bytes, size_t len, enum insn_mode mode,
		struct insn *out);

bool insn_is_string(const struct insn *insn);

/* Linear address of the memory operand; of a string's source. */
uint64_t insn_address(const struct insn *insn, const struct insn_cpu *cpu);

/* Linear address of a string's destination, ES:rDI. */
uint64_t insn_string_dest(const struct insn *insn, const struct insn_cpu *cpu);

/*
 * Do what the instruction does, given MEM, the value that was read (ignored
 * where none is). Changes registers and flags, but not RIP. Returns what
 * goes to memory, if anything does. Not for strings.
 */
uint64_t insn_execute(const struct insn *insn, struct insn_cpu *cpu,
		      uint64_t mem);

/* RIP past the instruction. */
void insn_retire(const struct insn *insn, struct insn_cpu *cpu);

/* Elements that a string instruction still has to do. */
uint64_t insn_string_count(const struct insn *insn, const struct insn_cpu *cpu);

/* One element is done: registers move on, and RIP after the last one. */
void insn_string_advance(const struct insn *insn, struct insn_cpu *cpu);

/* Write VALUE to the register operand, in the architecture's way. */
void insn_reg_write(const struct insn *insn, struct insn_cpu *cpu,
		    uint64_t value);

#endif
