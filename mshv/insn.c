// SPDX-License-Identifier: GPL-3.0-or-later
/* The decoding half; what instructions do is in insn_exec.c. */
#include "mshv/insn.h"

#include <Zydis/Zydis.h>
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"

static const struct {
	ZydisMnemonic mnemonic;
	enum insn_op op;
	bool is_sign_extended;
} known[] = {
	{ZYDIS_MNEMONIC_MOV, INSN_MOV, false},
	{ZYDIS_MNEMONIC_MOVNTI, INSN_MOV, false},
	{ZYDIS_MNEMONIC_MOVZX, INSN_MOV, false},
	{ZYDIS_MNEMONIC_MOVSX, INSN_MOV, true},
	{ZYDIS_MNEMONIC_MOVSXD, INSN_MOV, true},
	{ZYDIS_MNEMONIC_AND, INSN_AND, false},
	{ZYDIS_MNEMONIC_OR, INSN_OR, false},
	{ZYDIS_MNEMONIC_XOR, INSN_XOR, false},
	{ZYDIS_MNEMONIC_ADD, INSN_ADD, false},
	{ZYDIS_MNEMONIC_SUB, INSN_SUB, false},
	{ZYDIS_MNEMONIC_CMP, INSN_CMP, false},
	{ZYDIS_MNEMONIC_TEST, INSN_TEST, false},
	{ZYDIS_MNEMONIC_INC, INSN_INC, false},
	{ZYDIS_MNEMONIC_DEC, INSN_DEC, false},
	{ZYDIS_MNEMONIC_NOT, INSN_NOT, false},
	{ZYDIS_MNEMONIC_NEG, INSN_NEG, false},
	{ZYDIS_MNEMONIC_BT, INSN_BT, false},
	{ZYDIS_MNEMONIC_BTS, INSN_BTS, false},
	{ZYDIS_MNEMONIC_BTR, INSN_BTR, false},
	{ZYDIS_MNEMONIC_BTC, INSN_BTC, false},
	{ZYDIS_MNEMONIC_XCHG, INSN_XCHG, false},
	{ZYDIS_MNEMONIC_XADD, INSN_XADD, false},
	{ZYDIS_MNEMONIC_CMPXCHG, INSN_CMPXCHG, false},
	{ZYDIS_MNEMONIC_STOSB, INSN_STOS, false},
	{ZYDIS_MNEMONIC_STOSW, INSN_STOS, false},
	{ZYDIS_MNEMONIC_STOSD, INSN_STOS, false},
	{ZYDIS_MNEMONIC_STOSQ, INSN_STOS, false},
	{ZYDIS_MNEMONIC_MOVSB, INSN_MOVS, false},
	{ZYDIS_MNEMONIC_MOVSW, INSN_MOVS, false},
	{ZYDIS_MNEMONIC_MOVSD, INSN_MOVS, false},
	{ZYDIS_MNEMONIC_MOVSQ, INSN_MOVS, false},
	{ZYDIS_MNEMONIC_LODSB, INSN_LODS, false},
	{ZYDIS_MNEMONIC_LODSW, INSN_LODS, false},
	{ZYDIS_MNEMONIC_LODSD, INSN_LODS, false},
	{ZYDIS_MNEMONIC_LODSQ, INSN_LODS, false},
	{ZYDIS_MNEMONIC_INSB, INSN_INS, false},
	{ZYDIS_MNEMONIC_INSW, INSN_INS, false},
	{ZYDIS_MNEMONIC_INSD, INSN_INS, false},
	{ZYDIS_MNEMONIC_OUTSB, INSN_OUTS, false},
	{ZYDIS_MNEMONIC_OUTSW, INSN_OUTS, false},
	{ZYDIS_MNEMONIC_OUTSD, INSN_OUTS, false},
};

bool insn_is_string(const struct insn *insn)
{
	return insn->op >= INSN_STOS;
}

static int find_op(const ZydisDecodedInstruction *zi, struct insn *out)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].mnemonic == zi->mnemonic) {
			out->op = known[i].op;
			out->is_sign_extended = known[i].is_sign_extended;
			/* SSE has a MOVSD of its own. */
			if (insn_is_string(out) &&
			    zi->meta.category != ZYDIS_CATEGORY_STRINGOP &&
			    zi->meta.category != ZYDIS_CATEGORY_IOSTRINGOP)
				return -ENOTSUP;
			return 0;
		}
	return -ENOTSUP;
}

static uint8_t gpr_number(ZydisRegister reg)
{
	ZyanI8 id;

	if (reg == ZYDIS_REGISTER_NONE)
		return INSN_NO_REG;
	if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP)
		return INSN_RIP;
	/* Zydis numbers the eight-bit ones with AH..BH between BL and SPL. */
	if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH)
		return (uint8_t)(reg - ZYDIS_REGISTER_AH);
	if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B)
		return (uint8_t)(reg - ZYDIS_REGISTER_SPL + 4);
	id = ZydisRegisterGetId(reg);
	return id < 0 || id > 15 ? INSN_NO_REG : (uint8_t)id;
}

static bool is_gpr(ZydisRegister reg)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(reg);

	return class == ZYDIS_REGCLASS_GPR8 || class == ZYDIS_REGCLASS_GPR16 ||
	       class == ZYDIS_REGCLASS_GPR32 || class == ZYDIS_REGCLASS_GPR64;
}

static void take_memory(const ZydisDecodedOperand *op, struct insn *out)
{
	out->mem_bytes = (uint8_t)(op->size / 8);
	out->mem_is_read = op->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
	out->mem_is_written = op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
	out->base = gpr_number(op->mem.base);
	out->index = gpr_number(op->mem.index);
	out->scale = op->mem.scale;
	out->displacement =
		op->mem.disp.has_displacement ? op->mem.disp.value : 0;
	out->segment = (uint8_t)ZydisRegisterGetId(op->mem.segment);
}

static int take_operand(const ZydisDecodedOperand *op, struct insn *out)
{
	if (op->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		if (out->mem_bytes || op->mem.type != ZYDIS_MEMOP_TYPE_MEM)
			return -ENOTSUP;
		take_memory(op, out);
	} else if (op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		out->imm = op->imm.value.u;
		out->has_imm = true;
	} else if (op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		   is_gpr(op->reg.value)) {
		out->reg_is_first = !out->mem_bytes;
		out->reg = gpr_number(op->reg.value);
		out->reg_bytes = (uint8_t)(op->size / 8);
		out->is_high_byte = op->reg.value >= ZYDIS_REGISTER_AH &&
				    op->reg.value <= ZYDIS_REGISTER_BH;
	} else {
		return -ENOTSUP;
	}
	return 0;
}

/* Zydis 4.0 takes R13D as the base where a SIB byte says that there is none. */
static void base_correct(const ZydisDecodedInstruction *zi, struct insn *out)
{
	if (!(zi->attributes & ZYDIS_ATTRIB_HAS_SIB) || zi->raw.modrm.mod ||
	    zi->raw.sib.base != 5)
		return;
	out->base = INSN_NO_REG;
	out->displacement = zi->raw.disp.value;
}

/* The operands of a string instruction are implied; one or two of them are
 * memory. The source's segment can be overridden, the destination's not. */
static void take_string(const ZydisDecodedInstruction *zi,
			const ZydisDecodedOperand *ops, struct insn *out)
{
	int i;

	out->is_rep =
		zi->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
				  ZYDIS_ATTRIB_HAS_REPNE);
	out->segment = 3;
	for (i = 0; i < zi->operand_count; i++)
		if (ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY) {
			out->mem_bytes = (uint8_t)(ops[i].size / 8);
			if (ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_READ)
				out->segment = (uint8_t)ZydisRegisterGetId(
					ops[i].mem.segment);
		}
	out->reg = 0; /* rAX: what STOS writes and LODS reads */
	out->reg_bytes = out->mem_bytes;
}

static int take_all(const ZydisDecodedInstruction *zi,
		    const ZydisDecodedOperand *ops, struct insn *out)
{
	int ret = find_op(zi, out);
	int i;

	if (ret)
		return ret;
	if (insn_is_string(out)) {
		take_string(zi, ops, out);
	} else {
		for (i = 0; i < zi->operand_count_visible && !ret; i++)
			ret = take_operand(&ops[i], out);
		if (ret)
			return ret;
		base_correct(zi, out);
	}
	if (out->mem_bytes != 1 && out->mem_bytes != 2 && out->mem_bytes != 4 &&
	    out->mem_bytes != 8)
		return -ENOTSUP;
	return 0;
}

int insn_decode(const uint8_t *bytes, size_t len, enum insn_mode mode,
		struct insn *out)
{
	static const struct {
		ZydisMachineMode machine;
		ZydisStackWidth stack;
	} modes[] = {
		[INSN_MODE_16] = {ZYDIS_MACHINE_MODE_LEGACY_16,
				  ZYDIS_STACK_WIDTH_16},
		[INSN_MODE_32] = {ZYDIS_MACHINE_MODE_LEGACY_32,
				  ZYDIS_STACK_WIDTH_32},
		[INSN_MODE_64] = {ZYDIS_MACHINE_MODE_LONG_64,
				  ZYDIS_STACK_WIDTH_64},
	};
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction zi;
	ZydisDecoder decoder;
	ZyanStatus status;

	memset(out, 0, sizeof(*out));
	out->reg = out->base = out->index = INSN_NO_REG;
	ZydisDecoderInit(&decoder, modes[mode].machine, modes[mode].stack);
	status = ZydisDecoderDecodeFull(
		&decoder, bytes, len < INSN_MAX_BYTES ? len : INSN_MAX_BYTES,
		&zi, ops);
	if (status == ZYDIS_STATUS_NO_MORE_DATA)
		return len < INSN_MAX_BYTES ? -ENODATA : -EINVAL;
	if (!ZYAN_SUCCESS(status))
		return -EINVAL;
	out->length_bytes = zi.length;
	out->addr_bytes = zi.address_width / 8;
	return take_all(&zi, ops, out);
}
