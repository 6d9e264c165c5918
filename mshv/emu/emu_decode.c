// SPDX-License-Identifier: GPL-3.0-or-later
#include "mshv/emu/emu_decode.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"

#define PAGE_MASK (MSHV_PAGE_BYTES - 1ULL)
#define EFER_LMA (1ULL << 10)
#define AROUND 32 /* bytes of code, before and behind */
#define SLOTS 32
#define PLACES 8
#define PIECE_BYTES 8

/* What is decoded again and again, by the address of the code; the bytes must be
 * the same. */
struct slot {
	bool is_used;
	uint8_t mode;
	uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
	struct emu_decoded decoded;
};

/* Where an operand was, by pages. */
struct place {
	uint64_t cr3, gva, gpa; /* 0: none */
};

struct emu_code {
	uint64_t linear; /* of the bytes */
	size_t count;    /* 0: not fetched since the last exit */
	uint8_t bytes[2 * AROUND];
	uint8_t across[EMU_FETCH_BYTES]; /* of two pages */
	struct place places[PLACES];
	struct slot slots[SLOTS];
};

bool emu_code_create(struct emu_vp *vp)
{
	vp->code = calloc(1, sizeof(*vp->code));
	return vp->code;
}

void emu_code_destroy(struct emu_vp *vp)
{
	free(vp->code);
}

void emu_code_forget(struct emu_vp *vp)
{
	vp->code->count = 0;
}

static bool is_long(const struct emu_vp *vp)
{
	return (vp->sregs.efer & EFER_LMA) && vp->sregs.cs.l;
}

/* --- code ----------------------------------------------------------------- */

size_t emu_guest_copy(struct emu_vp *vp, uint64_t gva, uint8_t *to,
		      const uint8_t *from, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t part = MSHV_PAGE_BYTES - ((gva + done) & PAGE_MASK);
		uint64_t gpa;
		uint8_t *ram;

		part = part > len - done ? len - done : part;
		if (emu_translate(vp, gva + done, &gpa))
			break;
		ram = emu_ram(vp->pt, gpa, part);
		if (!ram)
			break;
		if (to)
			memcpy(to + done, ram, part);
		else
			memcpy(ram, from + done, part);
		done += part;
	}
	return done;
}

/* As much as there is of it in the page of LINEAR. */
static void code_load(struct emu_vp *vp, uint64_t linear)
{
	struct emu_code *code = vp->code;
	uint64_t page = linear & ~PAGE_MASK;
	size_t at = linear & PAGE_MASK;
	size_t from = at > AROUND ? at - AROUND : 0;
	size_t end =
		at + AROUND < MSHV_PAGE_BYTES ? at + AROUND : MSHV_PAGE_BYTES;

	code->linear = page + from;
	code->count =
		emu_guest_copy(vp, code->linear, code->bytes, NULL, end - from);
}

size_t emu_fetch(struct emu_vp *vp, uint64_t rip, size_t len,
		 const uint8_t **bytes)
{
	struct emu_code *code = vp->code;
	uint64_t linear =
		is_long(vp) ? rip : (uint32_t)(vp->sregs.cs.base + rip);
	uint64_t at;

	if (!code->count)
		code_load(vp, linear);
	at = linear - code->linear;
	if (at < code->count && len <= code->count - at) {
		*bytes = code->bytes + at;
		return len;
	}
	*bytes = code->across;
	return emu_guest_copy(vp, linear, code->across, NULL, len);
}

static void decoder_init(ZydisDecoder *decoder, ZydisMachineMode mode)
{
	ZydisDecoderInit(
		decoder, mode,
		mode == ZYDIS_MACHINE_MODE_LONG_64     ? ZYDIS_STACK_WIDTH_64
		: mode == ZYDIS_MACHINE_MODE_LEGACY_32 ? ZYDIS_STACK_WIDTH_32
						       : ZYDIS_STACK_WIDTH_16);
}

const struct emu_decoded *emu_decode(struct emu_vp *vp, uint64_t rip,
				     size_t len)
{
	ZydisMachineMode mode = is_long(vp) ? ZYDIS_MACHINE_MODE_LONG_64
				: vp->sregs.cs.db
					? ZYDIS_MACHINE_MODE_LEGACY_32
					: ZYDIS_MACHINE_MODE_LEGACY_16;
	struct slot *slot = &vp->code->slots[(rip ^ rip >> 5) % SLOTS];
	struct emu_decoded *d = &slot->decoded;
	ZydisDecoder decoder;
	const uint8_t *bytes;

	len = emu_fetch(vp, rip, len, &bytes);
	/* Bytes behind an instruction have no effect on how it is decoded. */
	if (slot->is_used && slot->mode == mode && d->i.length <= len &&
	    !memcmp(slot->bytes, bytes, d->i.length))
		return d;
	decoder_init(&decoder, mode);
	slot->is_used = ZYAN_SUCCESS(
		ZydisDecoderDecodeFull(&decoder, bytes, len, &d->i, d->ops));
	if (!slot->is_used)
		return NULL;
	slot->mode = (uint8_t)mode;
	memcpy(slot->bytes, bytes, d->i.length);
	return d;
}

/* --- what kind it is of --------------------------------------------------- */

bool emu_is_string(const struct emu_decoded *d)
{
	return d->i.meta.category == ZYDIS_CATEGORY_STRINGOP ||
	       d->i.meta.category == ZYDIS_CATEGORY_IOSTRINGOP;
}

bool emu_is_rep(const struct emu_decoded *d)
{
	return d->i.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
				  ZYDIS_ATTRIB_HAS_REPNE);
}

uint8_t emu_element_bytes(const struct emu_decoded *d)
{
	uint8_t bytes = 0;
	int i;

	for (i = 0; i < d->i.operand_count; i++)
		if (d->ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
			bytes = (uint8_t)(d->ops[i].size / 8);
	return bytes;
}

static bool moves_to_ram(const struct emu_decoded *d)
{
	int i;

	for (i = 0; i < d->i.operand_count; i++)
		if (d->ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    (d->ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			return true;
	return false;
}

bool emu_is_the_out(const struct emu_vp *vp, const struct emu_decoded *d)
{
	const struct kvm_run *run = vp->run;
	uint64_t mask = ~0ULL >> (64 - 8 * run->io.size);
	uint64_t port, data = 0;

	if (d->i.mnemonic != ZYDIS_MNEMONIC_OUT ||
	    d->ops[1].size / 8 != run->io.size)
		return false;
	port = d->ops[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE
		       ? d->ops[0].imm.value.u & 0xff
		       : vp->regs.rdx & 0xffff;
	memcpy(&data, (const uint8_t *)run + run->io.data_offset, run->io.size);
	return port == run->io.port && (vp->regs.rax & mask) == data;
}

/* --- registers ------------------------------------------------------------ */

/* AH, CH, DH and BH come behind AL to BL, and behind them SPL to R15B. */
static bool register_find(ZydisRegister reg, struct emu_load *part)
{
	static const struct {
		ZydisRegister first, last;
		uint8_t number, bytes, shift;
	} ranges[] = {
		{ZYDIS_REGISTER_RAX, ZYDIS_REGISTER_R15, 0, 8, 0},
		{ZYDIS_REGISTER_EAX, ZYDIS_REGISTER_R15D, 0, 4, 0},
		{ZYDIS_REGISTER_AX, ZYDIS_REGISTER_R15W, 0, 2, 0},
		{ZYDIS_REGISTER_AL, ZYDIS_REGISTER_BL, 0, 1, 0},
		{ZYDIS_REGISTER_AH, ZYDIS_REGISTER_BH, 0, 1, 8},
		{ZYDIS_REGISTER_SPL, ZYDIS_REGISTER_R15B, 4, 1, 0},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (reg >= ranges[i].first && reg <= ranges[i].last) {
			part->number = (uint8_t)(ranges[i].number +
						 (reg - ranges[i].first));
			part->reg_bytes = ranges[i].bytes;
			part->shift = ranges[i].shift;
			return true;
		}
	return false;
}

bool emu_register_value(struct emu_vp *vp, ZydisRegister reg, uint64_t *value)
{
	struct emu_load part;

	if (!register_find(reg, &part))
		return false;
	*value = *emu_gpr(&vp->regs, part.number) >> part.shift &
		 (~0ULL >> (64 - 8 * part.reg_bytes));
	return true;
}

/* A load from memory or a port that only fills a general register. */
static void load_fill(const struct emu_decoded *d, struct emu_load *load)
{
	ZydisMnemonic m = d->i.mnemonic;
	bool is_in = m == ZYDIS_MNEMONIC_IN;

	load->is_signed =
		m == ZYDIS_MNEMONIC_MOVSX || m == ZYDIS_MNEMONIC_MOVSXD;
	if (!is_in && !load->is_signed && m != ZYDIS_MNEMONIC_MOV &&
	    m != ZYDIS_MNEMONIC_MOVZX)
		return;
	if (d->ops[0].type != ZYDIS_OPERAND_TYPE_REGISTER ||
	    (!is_in && d->ops[1].type != ZYDIS_OPERAND_TYPE_MEMORY) ||
	    !register_find(d->ops[0].reg.value, load))
		return;
	load->bytes = (uint8_t)(d->ops[is_in ? 0 : 1].size / 8);
}

/* --- addresses ------------------------------------------------------------ */

static uint64_t segment_base(const struct emu_vp *vp, ZydisRegister segment)
{
	const struct kvm_sregs *s = &vp->sregs;

	switch ((int)segment) {
	case ZYDIS_REGISTER_FS:
		return s->fs.base;
	case ZYDIS_REGISTER_GS:
		return s->gs.base;
	case ZYDIS_REGISTER_ES:
		return is_long(vp) ? 0 : s->es.base;
	case ZYDIS_REGISTER_CS:
		return is_long(vp) ? 0 : s->cs.base;
	case ZYDIS_REGISTER_SS:
		return is_long(vp) ? 0 : s->ss.base;
	default:
		return is_long(vp) ? 0 : s->ds.base;
	}
}

/* Base, index and displacement; the VMM's own decoder computes it apart from
 * this. */
static uint64_t operand_address(struct emu_vp *vp, const struct emu_decoded *d,
				const ZydisDecodedOperand *op)
{
	uint64_t offset = (uint64_t)op->mem.disp.value, part = 0;

	if (op->mem.base == ZYDIS_REGISTER_RIP ||
	    op->mem.base == ZYDIS_REGISTER_EIP)
		offset += vp->regs.rip + d->i.length;
	else if (emu_register_value(vp, op->mem.base, &part))
		offset += part;
	if (emu_register_value(vp, op->mem.index, &part))
		offset += part * op->mem.scale;
	if (d->i.address_width < 64)
		offset &= (1ULL << d->i.address_width) - 1;
	offset += segment_base(vp, op->mem.segment);
	return is_long(vp) ? offset : (uint32_t)offset;
}

static uint32_t first_piece(uint32_t bytes, uint64_t gpa)
{
	uint32_t in_page = MSHV_PAGE_BYTES - (uint32_t)(gpa & PAGE_MASK);

	bytes = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
	return bytes < in_page ? bytes : in_page;
}

/* One that reads its operand first has stopped KVM with that. */
static bool is_store(const ZydisDecodedOperand *op)
{
	return (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
	       !(op->actions & ZYDIS_OPERAND_ACTION_MASK_READ);
}

/*
 * Is GVA at GPA? KVM reports GPA, so the tables need not be asked again for a pair
 * that was right before: a remapped page would be reported as another one.
 */
static bool is_at(struct emu_vp *vp, uint64_t gva, uint64_t gpa)
{
	const struct place wanted = {.cr3 = vp->sregs.cr3,
				     .gva = gva / MSHV_PAGE_BYTES,
				     .gpa = gpa / MSHV_PAGE_BYTES};
	struct place *known = &vp->code->places[wanted.gva % PLACES];
	uint64_t found;

	if ((gva ^ gpa) & PAGE_MASK)
		return false;
	if (known->gpa == wanted.gpa && known->gva == wanted.gva &&
	    known->cr3 == wanted.cr3)
		return true;
	if (emu_translate(vp, gva, &found) || found != gpa)
		return false;
	*known = wanted;
	return true;
}

bool emu_operand_find(struct emu_vp *vp, const struct emu_decoded *d,
		      struct emu_operand *operand)
{
	int i;

	for (i = 0; i < d->i.operand_count; i++) {
		const ZydisDecodedOperand *op = &d->ops[i];

		operand->bytes = op->size / 8;
		if (op->type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    (operand->piece_bytes &&
		     first_piece(operand->bytes, operand->gpa) !=
			     operand->piece_bytes) ||
		    (operand->is_store && !is_store(op)))
			continue;
		operand->gva = operand_address(vp, d, op);
		if (is_at(vp, operand->gva, operand->gpa))
			return true;
	}
	return false;
}

uint64_t emu_string_dest(const struct emu_vp *vp)
{
	return is_long(vp)
		       ? vp->regs.rdi
		       : (uint32_t)(vp->sregs.es.base +
				    (vp->sregs.cs.db ? vp->regs.rdi
						     : (uint16_t)vp->regs.rdi));
}

void emu_describe_as(struct emu_vp *vp, const struct emu_decoded *d,
		     const struct emu_operand *operand, struct emu_insn *insn)
{
	const struct kvm_run *run = vp->run;
	const uint8_t *bytes;

	memset(insn, 0, sizeof(*insn));
	insn->count =
		(uint8_t)emu_fetch(vp, vp->regs.rip, EMU_FETCH_BYTES, &bytes);
	memcpy(insn->bytes, bytes, insn->count);
	if (!d)
		return;
	insn->length = d->i.length;
	insn->is_string = emu_is_string(d);
	if (insn->is_string) {
		insn->is_rep = emu_is_rep(d);
		insn->element_bytes = emu_element_bytes(d);
		insn->moves_to_ram = moves_to_ram(d);
	}
	load_fill(d, &insn->load);
	insn->is_the_out = run->exit_reason == KVM_EXIT_IO &&
			   run->io.direction == KVM_EXIT_IO_OUT &&
			   emu_is_the_out(vp, d);
	insn->has_gva = operand;
	insn->gva = operand ? operand->gva : 0;
}

/* KVM reads what a plain load has to read, and nothing else, so this is where the
 * exit comes from. */
static bool is_load_at(struct emu_vp *vp, const struct emu_decoded *d,
		       struct emu_operand *operand)
{
	struct emu_load load = {0};

	load_fill(d, &load);
	if (!load.bytes)
		return false;
	operand->gva = operand_address(vp, d, &d->ops[1]);
	return !((operand->gva ^ operand->gpa) & PAGE_MASK);
}

void emu_describe(struct emu_vp *vp, uint64_t gpa, struct emu_insn *insn)
{
	struct emu_operand operand = {.gpa = gpa};
	const struct emu_decoded *d =
		emu_decode(vp, vp->regs.rip, EMU_FETCH_BYTES);
	bool is_mmio = vp->run->exit_reason == KVM_EXIT_MMIO;
	bool found =
		d && is_mmio &&
		((!vp->run->mmio.is_write && is_load_at(vp, d, &operand)) ||
		 emu_operand_find(vp, d, &operand));

	emu_describe_as(vp, d, found ? &operand : NULL, insn);
}
