// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Finds the start of the instruction of an exit.
 *
 * The hypervisor stops before an instruction; KVM has begun to execute it. At
 * a read KVM's RIP is still at the instruction. At a write RIP is after it,
 * unless the instruction repeats, and a string instruction's registers have
 * advanced. So for a write the emulator searches backwards: the bytes before
 * RIP must decode to one instruction of that length that writes this size to
 * this address. Zydis computes addresses here, not the VMM's emulator, so an
 * error there is not hidden.
 */
#include <Zydis/Zydis.h>
#include <string.h>

#include "harness/base/base.h"
#include "mshv/emu/emu_priv.h"

#define PAGE_MASK (MSHV_PAGE_BYTES - 1ULL)
#define FLAG_DF (1ULL << 10)
#define EFER_LMA (1ULL << 10)
#define INSN_MAX 15

struct decoded {
	ZydisDecodedInstruction i;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
};

static bool is_long(const struct emu_vp *vp)
{
	return (vp->sregs.efer & EFER_LMA) && vp->sregs.cs.l;
}

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

static size_t fetch(struct emu_vp *vp, uint64_t rip, uint8_t *bytes, size_t len)
{
	uint64_t linear =
		is_long(vp) ? rip : (uint32_t)(vp->sregs.cs.base + rip);

	return emu_guest_copy(vp, linear, bytes, NULL, len);
}

static bool decode(const struct emu_vp *vp, const uint8_t *bytes, size_t len,
		   struct decoded *d)
{
	ZydisDecoder decoder;

	if (is_long(vp))
		ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
				 ZYDIS_STACK_WIDTH_64);
	else if (vp->sregs.cs.db)
		ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32,
				 ZYDIS_STACK_WIDTH_32);
	else
		ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_16,
				 ZYDIS_STACK_WIDTH_16);
	return ZYAN_SUCCESS(
		ZydisDecoderDecodeFull(&decoder, bytes, len, &d->i, d->ops));
}

static bool is_string(const struct decoded *d)
{
	return d->i.meta.category == ZYDIS_CATEGORY_STRINGOP ||
	       d->i.meta.category == ZYDIS_CATEGORY_IOSTRINGOP;
}

static bool is_rep(const struct decoded *d)
{
	return d->i.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
				  ZYDIS_ATTRIB_HAS_REPNE);
}

/* --- addresses ------------------------------------------------------------ */

static void context_fill(const struct emu_vp *vp, ZydisRegisterContext *context)
{
	const struct kvm_regs *r = &vp->regs;
	const uint64_t gpr[16] = {
		r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi,
		r->r8,  r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15};
	int i;

	for (i = 0; i < 4; i++) {
		context->values[ZYDIS_REGISTER_AL + i] = (uint8_t)gpr[i];
		context->values[ZYDIS_REGISTER_AH + i] = (uint8_t)(gpr[i] >> 8);
	}
	/* Behind BH come SPL to R15B. */
	for (i = 4; i < 16; i++)
		context->values[ZYDIS_REGISTER_SPL + i - 4] = (uint8_t)gpr[i];
	for (i = 0; i < 16; i++) {
		context->values[ZYDIS_REGISTER_RAX + i] = gpr[i];
		context->values[ZYDIS_REGISTER_EAX + i] = (uint32_t)gpr[i];
		context->values[ZYDIS_REGISTER_AX + i] = (uint16_t)gpr[i];
	}
}

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

static bool operand_address(const struct emu_vp *vp, const struct decoded *d,
			    const ZydisDecodedOperand *op, uint64_t rip,
			    uint64_t *gva)
{
	ZydisRegisterContext context = {{0}};
	ZyanU64 offset;

	context_fill(vp, &context);
	if (!ZYAN_SUCCESS(ZydisCalcAbsoluteAddressEx(&d->i, op, rip, &context,
						     &offset)))
		return false;
	if (d->i.address_width < 64)
		offset &= (1ULL << d->i.address_width) - 1;
	*gva = offset + segment_base(vp, op->mem.segment);
	if (!is_long(vp))
		*gva = (uint32_t)*gva;
	return true;
}

/* One that reads its operand first has stopped KVM with that. */
static bool is_plain_write(const ZydisDecodedOperand *op)
{
	return (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
	       !(op->actions & ZYDIS_OPERAND_ACTION_MASK_READ);
}

/* Find an operand that is at GPA, wanting WRITTEN ones of BYTES if so. */
static bool operand_at(struct emu_vp *vp, const struct decoded *d, uint64_t rip,
		       uint64_t gpa, uint32_t bytes, bool written,
		       uint64_t *gva)
{
	int i;

	for (i = 0; i < d->i.operand_count; i++) {
		const ZydisDecodedOperand *op = &d->ops[i];
		uint64_t found;

		if (op->type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    (bytes && op->size / 8 != bytes) ||
		    (written && !is_plain_write(op)))
			continue;
		if (operand_address(vp, d, op, rip, gva) &&
		    !emu_translate(vp, *gva, &found) && found == gpa)
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

/* --- what an exit is of --------------------------------------------------- */

struct search {
	bool is_port;
	uint32_t bytes;
	uint64_t addr; /* port or GPA */
	uint64_t data;
};

static struct search out_search(const struct kvm_run *run)
{
	struct search s = {
		.is_port = true, .bytes = run->io.size, .addr = run->io.port};

	memcpy(&s.data, (const uint8_t *)run + run->io.data_offset, s.bytes);
	return s;
}

static bool port_matches(const struct emu_vp *vp, const struct decoded *d,
			 const struct search *s)
{
	uint64_t mask = ~0ULL >> (64 - 8 * s->bytes);
	uint64_t port = d->ops[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE
				? d->ops[0].imm.value.u & 0xff
				: vp->regs.rdx & 0xffff;

	if (d->i.meta.category == ZYDIS_CATEGORY_IOSTRINGOP)
		return s->addr == (vp->regs.rdx & 0xffff);
	return d->i.mnemonic == ZYDIS_MNEMONIC_OUT && port == s->addr &&
	       d->ops[1].size / 8 == s->bytes &&
	       (vp->regs.rax & mask) == (s->data & mask);
}

/* --- describing ----------------------------------------------------------- */

/* AH, CH, DH and BH come behind AL to BL, and behind them SPL to R15B. */
static bool register_fill(ZydisRegister reg, struct emu_load *load)
{
	static const struct {
		ZydisRegister first, last;
		uint8_t number, bytes, shift;
	} ranges[] = {
		{ZYDIS_REGISTER_AL, ZYDIS_REGISTER_BL, 0, 1, 0},
		{ZYDIS_REGISTER_AH, ZYDIS_REGISTER_BH, 0, 1, 8},
		{ZYDIS_REGISTER_SPL, ZYDIS_REGISTER_R15B, 4, 1, 0},
		{ZYDIS_REGISTER_AX, ZYDIS_REGISTER_R15W, 0, 2, 0},
		{ZYDIS_REGISTER_EAX, ZYDIS_REGISTER_R15D, 0, 4, 0},
		{ZYDIS_REGISTER_RAX, ZYDIS_REGISTER_R15, 0, 8, 0},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (reg >= ranges[i].first && reg <= ranges[i].last) {
			load->number = (uint8_t)(ranges[i].number +
						 (reg - ranges[i].first));
			load->reg_bytes = ranges[i].bytes;
			load->shift = ranges[i].shift;
			return true;
		}
	return false;
}

static void load_fill(const struct decoded *d, struct emu_load *load)
{
	const ZydisDecodedOperand *from = &d->ops[1];

	if (d->ops[0].type != ZYDIS_OPERAND_TYPE_REGISTER ||
	    !register_fill(d->ops[0].reg.value, load))
		return;
	switch ((int)d->i.mnemonic) {
	case ZYDIS_MNEMONIC_IN:
		from = &d->ops[0];
		break;
	case ZYDIS_MNEMONIC_MOVSX:
	case ZYDIS_MNEMONIC_MOVSXD:
		load->is_signed = true;
		break;
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_MOVZX:
		break;
	default:
		return;
	}
	if (d->i.mnemonic == ZYDIS_MNEMONIC_IN ||
	    from->type == ZYDIS_OPERAND_TYPE_MEMORY)
		load->bytes = (uint8_t)(from->size / 8);
}

void emu_describe(struct emu_vp *vp, uint64_t gpa, struct emu_insn *insn)
{
	bool is_io = vp->run->exit_reason == KVM_EXIT_IO;
	struct search out;
	struct decoded d;
	int i;

	memset(insn, 0, sizeof(*insn));
	insn->count = (uint8_t)fetch(vp, vp->regs.rip, insn->bytes,
				     sizeof(insn->bytes));
	if (!decode(vp, insn->bytes, insn->count, &d))
		return;
	insn->length = d.i.length;
	insn->is_string = is_string(&d);
	insn->is_rep = insn->is_string && is_rep(&d);
	for (i = 0; i < d.i.operand_count && insn->is_string; i++)
		if (d.ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY) {
			insn->element_bytes = (uint8_t)(d.ops[i].size / 8);
			insn->moves_to_ram |=
				!!(d.ops[i].actions &
				   ZYDIS_OPERAND_ACTION_MASK_WRITE);
		}
	load_fill(&d, &insn->load);
	if (is_io && vp->run->io.direction == KVM_EXIT_IO_OUT) {
		out = out_search(vp->run);
		insn->is_the_out =
			!insn->is_string && port_matches(vp, &d, &out);
	}
	insn->has_gva =
		operand_at(vp, &d, vp->regs.rip, gpa, 0, false, &insn->gva);
}

/* --- searching ------------------------------------------------------------ */

/* With the width of the instruction's addresses: 16 bits wrap and leave the rest
 * alone, 32 bits clear the upper half (SDM vol. 1, 3.4.1.1). */
static void address_add(__u64 *reg, uint64_t by, unsigned int bits)
{
	if (bits == 16)
		*reg = (*reg & ~0xffffULL) | ((*reg + by) & 0xffff);
	else
		*reg = bits == 32 ? (uint32_t)(*reg + by) : *reg + by;
}

static void element_undo(struct emu_vp *vp, const struct decoded *d,
			 uint32_t bytes)
{
	uint64_t by = vp->regs.rflags & FLAG_DF ? bytes : -(uint64_t)bytes;
	ZydisMnemonic m = d->i.mnemonic;
	bool is_stos = m == ZYDIS_MNEMONIC_STOSB || m == ZYDIS_MNEMONIC_STOSW ||
		       m == ZYDIS_MNEMONIC_STOSD || m == ZYDIS_MNEMONIC_STOSQ;

	if (!is_stos)
		address_add(&vp->regs.rsi, by, d->i.address_width);
	if (d->i.meta.category == ZYDIS_CATEGORY_STRINGOP)
		address_add(&vp->regs.rdi, by, d->i.address_width);
	if (is_rep(d))
		address_add(&vp->regs.rcx, 1, d->i.address_width);
}

/* What a plain store would have written; others began with a read. */
static bool value_matches(const struct emu_vp *vp, const struct decoded *d,
			  const struct search *s)
{
	uint64_t mask = ~0ULL >> (64 - 8 * s->bytes);
	ZydisRegisterContext context = {{0}};
	uint64_t value;

	if (is_string(d) || d->i.mnemonic != ZYDIS_MNEMONIC_MOV)
		return true;
	context_fill(vp, &context);
	if (d->ops[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
		value = d->ops[1].imm.value.u;
	else if (d->ops[1].type == ZYDIS_OPERAND_TYPE_REGISTER)
		value = context.values[d->ops[1].reg.value];
	else
		return false;
	return (value & mask) == (s->data & mask);
}

/* Is the instruction D at RIP the one? Leaves the VP in front of it if so. */
static bool try_at(struct emu_vp *vp, const struct decoded *d, uint64_t rip,
		   const struct search *s)
{
	struct kvm_regs before = vp->regs;
	uint64_t gva;

	if (is_string(d))
		element_undo(vp, d, s->bytes);
	vp->regs.rip = rip;
	if (s->is_port
		    ? port_matches(vp, d, s)
		    : operand_at(vp, d, rip, s->addr, s->bytes, true, &gva) &&
			      value_matches(vp, d, s))
		return true;
	vp->regs = before;
	return false;
}

static bool try_here(struct emu_vp *vp, const struct search *s)
{
	uint8_t bytes[16];
	struct decoded d;
	size_t n = fetch(vp, vp->regs.rip, bytes, sizeof(bytes));

	return decode(vp, bytes, n, &d) && is_string(&d) && is_rep(&d) &&
	       try_at(vp, &d, vp->regs.rip, s);
}

static bool try_before(struct emu_vp *vp, const struct search *s)
{
	uint64_t end = vp->regs.rip;
	unsigned int len;

	for (len = 1; len <= INSN_MAX; len++) {
		uint8_t bytes[INSN_MAX];
		struct decoded d;

		if (fetch(vp, end - len, bytes, len) == len &&
		    decode(vp, bytes, len, &d) && d.i.length == len &&
		    !(is_string(&d) && is_rep(&d)) &&
		    try_at(vp, &d, end - len, s))
			return true;
	}
	return false;
}

/*
 * A repeated instruction has RIP at itself, all others behind them. If RIP
 * is where the VP was entered, nothing but a repeated one can have run.
 */
static bool search(struct emu_vp *vp, const struct search *s)
{
	bool at_entry = vp->regs.rip == vp->resume_rip;

	if (at_entry && try_here(vp, s))
		return true;
	if (try_before(vp, s) || try_here(vp, s))
		return true;
	emu_log("cannot find the instruction that wrote %u bytes to %s 0x%llx, before rip 0x%llx",
		s->bytes, s->is_port ? "port" : "address",
		(unsigned long long)s->addr, (unsigned long long)vp->regs.rip);
	return false;
}

/* OUT is e6 or e7 with a port's number, or ee or ef; OUTS is 6e or 6f. Where the
 * bytes cannot be read, there may be one. */
bool emu_out_may_be_behind(struct emu_vp *vp)
{
	uint8_t bytes[2];

	if (fetch(vp, vp->regs.rip - 2, bytes, 2) != 2)
		return true;
	return (bytes[0] & ~1) == 0xe6 || (bytes[1] & ~1) == 0xee ||
	       (bytes[1] & ~1) == 0x6e;
}

void emu_rewind_out(struct emu_vp *vp)
{
	struct search s = out_search(vp->run);

	search(vp, &s);
}

bool emu_rewind_mmio_write(struct emu_vp *vp)
{
	struct search s = {.bytes = vp->run->mmio.len,
			   .addr = vp->run->mmio.phys_addr};

	memcpy(&s.data, vp->run->mmio.data, sizeof(s.data));
	return search(vp, &s);
}
