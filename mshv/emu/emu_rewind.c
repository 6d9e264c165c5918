// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Finds the start of the instruction of an exit.
 *
 * The hypervisor stops before an instruction; KVM has begun to execute it. At
 * a read KVM's RIP is still at the instruction. At a write RIP is after it,
 * unless the instruction repeats, and a string instruction's registers have
 * advanced. So for a write the emulator searches backwards: the bytes before
 * RIP must decode to one instruction of that length that writes this size to
 * this address.
 */
#include <string.h>

#include "mshv/emu/emu_decode.h"

#define FLAG_DF (1ULL << 10)
#define INSN_MAX 15

/* With the width of the instruction's addresses: 16 bits wrap and leave the rest
 * alone, 32 bits clear the upper half (SDM vol. 1, 3.4.1.1). */
static void address_add(__u64 *reg, uint64_t by, unsigned int bits)
{
	if (bits == 16)
		*reg = (*reg & ~0xffffULL) | ((*reg + by) & 0xffff);
	else
		*reg = bits == 32 ? (uint32_t)(*reg + by) : *reg + by;
}

static void element_undo(struct emu_vp *vp, const struct emu_decoded *d)
{
	uint64_t bytes = emu_element_bytes(d);
	uint64_t by = vp->regs.rflags & FLAG_DF ? bytes : -bytes;
	ZydisMnemonic m = d->i.mnemonic;
	bool is_stos = m == ZYDIS_MNEMONIC_STOSB || m == ZYDIS_MNEMONIC_STOSW ||
		       m == ZYDIS_MNEMONIC_STOSD || m == ZYDIS_MNEMONIC_STOSQ;

	if (!is_stos)
		address_add(&vp->regs.rsi, by, d->i.address_width);
	if (d->i.meta.category == ZYDIS_CATEGORY_STRINGOP)
		address_add(&vp->regs.rdi, by, d->i.address_width);
	if (emu_is_rep(d))
		address_add(&vp->regs.rcx, 1, d->i.address_width);
}

/* What a plain store would have written; others began with a read. */
static bool value_matches(struct emu_vp *vp, const struct emu_decoded *d)
{
	uint64_t mask = ~0ULL >> (64 - 8 * vp->run->mmio.len);
	uint64_t value, data;

	if (emu_is_string(d) || d->i.mnemonic != ZYDIS_MNEMONIC_MOV)
		return true;
	memcpy(&data, vp->run->mmio.data, sizeof(data));
	if (d->ops[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
		value = d->ops[1].imm.value.u;
	else if (d->ops[1].type != ZYDIS_OPERAND_TYPE_REGISTER)
		return false;
	/* A segment register's value is not worth a comparison. */
	else if (!emu_register_value(vp, d->ops[1].reg.value, &value))
		return true;
	return (value & mask) == (data & mask);
}

static bool is_the_outs(const struct emu_vp *vp, const struct emu_decoded *d)
{
	return d->i.meta.category == ZYDIS_CATEGORY_IOSTRINGOP &&
	       vp->run->io.port == (vp->regs.rdx & 0xffff);
}

struct search {
	const struct emu_decoded *d; /* what was found; NULL: nothing */
	struct emu_operand operand;  /* that it stores, if not to a port */
	uint32_t bytes;              /* of the operand; 0: not known */
};

/* Has D at vp->regs.rip done what the exit reports? */
static bool is_the_one(struct emu_vp *vp, const struct emu_decoded *d,
		       struct search *s)
{
	if (vp->run->exit_reason == KVM_EXIT_IO)
		return emu_is_the_out(vp, d) || is_the_outs(vp, d);
	s->operand = (struct emu_operand){.gpa = vp->run->mmio.phys_addr,
					  .piece_bytes = vp->run->mmio.len,
					  .is_store = true};
	return emu_operand_find(vp, d, &s->operand) && value_matches(vp, d) &&
	       (!s->bytes || s->operand.bytes == s->bytes);
}

/* The same for D at RIP; leaves the VP in front of it if so. */
static bool try_at(struct emu_vp *vp, const struct emu_decoded *d, uint64_t rip,
		   struct search *s)
{
	__u64 rcx = vp->regs.rcx, rsi = vp->regs.rsi, rdi = vp->regs.rdi;
	__u64 end = vp->regs.rip;

	if (emu_is_string(d))
		element_undo(vp, d);
	vp->regs.rip = rip;
	if (is_the_one(vp, d, s)) {
		s->d = d;
		return true;
	}
	vp->regs.rcx = rcx;
	vp->regs.rsi = rsi;
	vp->regs.rdi = rdi;
	vp->regs.rip = end;
	return false;
}

/* A look at the prefixes, much cheaper than the instruction. */
static bool may_repeat(struct emu_vp *vp, uint64_t rip)
{
	static const uint8_t others[] = {0x26, 0x2e, 0x36, 0x3e, 0x64,
					 0x65, 0x66, 0x67, 0xf0};
	const uint8_t *bytes;
	size_t i, n = emu_fetch(vp, rip, INSN_MAX, &bytes);

	for (i = 0; i < n; i++) {
		if (bytes[i] == 0xf2 || bytes[i] == 0xf3)
			return true;
		if (!memchr(others, bytes[i], sizeof(others)))
			return false;
	}
	return false;
}

static bool try_here(struct emu_vp *vp, struct search *s)
{
	uint64_t rip = vp->regs.rip;
	const struct emu_decoded *d;

	if (!may_repeat(vp, rip))
		return false;
	d = emu_decode(vp, rip, INSN_MAX);
	return d && emu_is_string(d) && emu_is_rep(d) && try_at(vp, d, rip, s);
}

/* An instruction of LEN bytes that ends at RIP. */
static bool try_length(struct emu_vp *vp, unsigned int len, struct search *s)
{
	uint64_t rip = vp->regs.rip - len;
	const struct emu_decoded *d = emu_decode(vp, rip, len);

	return d && d->i.length == len &&
	       !(emu_is_string(d) && emu_is_rep(d)) && try_at(vp, d, rip, s);
}

/* The length that was right for this RIP the last time is tried first. */
static bool try_before(struct emu_vp *vp, struct search *s)
{
	uint64_t end = vp->regs.rip;
	struct emu_ending *known = &vp->endings[end % EMU_ENDINGS];
	unsigned int len;

	if (known->len && known->rip == end && try_length(vp, known->len, s))
		return true;
	for (len = 1; len <= INSN_MAX; len++)
		if (try_length(vp, len, s)) {
			*known = (struct emu_ending){.rip = end,
						     .len = (uint8_t)len};
			return true;
		}
	return false;
}

/*
 * A repeated instruction has RIP at itself, all others behind them. If RIP
 * is where the VP was entered, nothing but a repeated one can have run.
 */
static bool search(struct emu_vp *vp, struct search *s)
{
	bool at_entry = vp->regs.rip == vp->resume_rip;

	return (at_entry && try_here(vp, s)) || try_before(vp, s) ||
	       try_here(vp, s);
}

static void log_lost(const struct emu_vp *vp, uint32_t bytes, const char *to,
		     uint64_t address)
{
	emu_log("cannot find the instruction that wrote %u bytes to %s 0x%llx, before rip 0x%llx",
		bytes, to, (unsigned long long)address,
		(unsigned long long)vp->regs.rip);
}

/* OUT is e6 or e7 with a port's number, or ee or ef; OUTS is 6e or 6f. Where the
 * bytes cannot be read, there may be one. */
bool emu_out_may_be_behind(struct emu_vp *vp)
{
	const uint8_t *bytes;

	if (emu_fetch(vp, vp->regs.rip - 2, 2, &bytes) != 2)
		return true;
	return (bytes[0] & ~1) == 0xe6 || (bytes[1] & ~1) == 0xee ||
	       (bytes[1] & ~1) == 0x6e;
}

void emu_rewind_out(struct emu_vp *vp, struct emu_insn *insn)
{
	struct search s = {0};

	if (search(vp, &s)) {
		emu_describe_as(vp, s.d, NULL, insn);
		return;
	}
	log_lost(vp, vp->run->io.size, "port", vp->run->io.port);
	emu_describe(vp, 0, insn);
}

bool emu_rewind_mmio_write(struct emu_vp *vp, uint32_t bytes,
			   struct emu_insn *insn)
{
	struct search s = {.bytes = bytes};

	if (search(vp, &s)) {
		emu_describe_as(vp, s.d, &s.operand, insn);
		/* At a page's end even a store that fits may be the middle of
		 * a longer one: its last bytes decode as well. */
		return s.operand.bytes == s.operand.piece_bytes &&
		       (s.operand.gpa + s.operand.bytes) % MSHV_PAGE_BYTES;
	}
	log_lost(vp, vp->run->mmio.len, "address", vp->run->mmio.phys_addr);
	emu_describe(vp, vp->run->mmio.phys_addr, insn);
	return false;
}
