/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_EMU_EMU_DECODE_H
#define MSHV_EMU_EMU_DECODE_H

/*
 * emu_decode - the guest's code around RIP, as Zydis decodes it. Addresses are not
 * computed by the VMM's emulator, so an error there is not hidden.
 */
#include <Zydis/Zydis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mshv/emu/emu_priv.h"

struct emu_decoded {
	ZydisDecodedInstruction i;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
};

/*
 * At most LEN bytes of code at RIP, up to 16, at *BYTES; returns how many can be
 * fetched. All of an exit's calls see the code as it was at the first one. The
 * bytes last until the VP's next call.
 */
size_t emu_fetch(struct emu_vp *vp, uint64_t rip, size_t len,
		 const uint8_t **bytes);

/* The instruction at RIP, in LEN bytes; NULL: there is no whole one. It lasts until
 * the VP's next call. */
const struct emu_decoded *emu_decode(struct emu_vp *vp, uint64_t rip,
				     size_t len);

bool emu_is_string(const struct emu_decoded *d);
bool emu_is_rep(const struct emu_decoded *d);
uint8_t emu_element_bytes(const struct emu_decoded *d); /* of a string */

/* Of a general register or a part of one; false for others. */
bool emu_register_value(struct emu_vp *vp, ZydisRegister reg, uint64_t *value);

/* A plain OUT that, with the VP's registers, does what the last exit reports. */
bool emu_is_the_out(const struct emu_vp *vp, const struct emu_decoded *d);

/*
 * A memory operand. KVM reports an access by pieces, of at most 8 bytes and in
 * one page each.
 */
struct emu_operand {
	uint64_t gpa;
	uint32_t piece_bytes; /* of the first piece; 0: of any size */
	bool is_store;        /* is written, and not read before */

	/* What was found. */
	uint64_t gva;
	uint32_t bytes;
};

/* Find an operand of D, which is at vp->regs.rip; fills the rest of OPERAND. */
bool emu_operand_find(struct emu_vp *vp, const struct emu_decoded *d,
		      struct emu_operand *operand);

/* As emu_describe(), for D at vp->regs.rip; D NULL: not decoded, OPERAND NULL: not
 * found. */
void emu_describe_as(struct emu_vp *vp, const struct emu_decoded *d,
		     const struct emu_operand *operand, struct emu_insn *insn);

#endif
