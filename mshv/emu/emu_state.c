// SPDX-License-Identifier: GPL-3.0-or-later
/* The emulator's big VP states: local APIC, XSAVE, SynIC pages, timers. */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "mshv/emu/emu_priv.h"

#define APIC_BASE_X2APIC (1ULL << 10)
#define XSAVE_LEGACY_BYTES 512u
#define XSAVE_HEADER_BYTES 64u
#define XCOMP_COMPACT (1ULL << 63)
#define FEATURES 64
#define XSAVE_X87_SSE 3u

/* --- local APIC ----------------------------------------------------------- */

/* Where each field is in the architecture's register page (SDM 11.4.1). */
static const struct {
	uint16_t field;
	uint16_t reg;
	uint8_t count; /* of registers, 16 bytes apart */
} lapic_map[] = {
	{offsetof(struct mshv_lapic, version), 0x30, 1},
	{offsetof(struct mshv_lapic, ldr), 0xd0, 1},
	{offsetof(struct mshv_lapic, dfr), 0xe0, 1},
	{offsetof(struct mshv_lapic, svr), 0xf0, 1},
	{offsetof(struct mshv_lapic, isr), 0x100, 8},
	{offsetof(struct mshv_lapic, tmr), 0x180, 8},
	{offsetof(struct mshv_lapic, irr), 0x200, 8},
	{offsetof(struct mshv_lapic, esr), 0x280, 1},
	{offsetof(struct mshv_lapic, icr_high), 0x310, 1},
	{offsetof(struct mshv_lapic, icr_low), 0x300, 1},
	{offsetof(struct mshv_lapic, lvt_timer), 0x320, 1},
	{offsetof(struct mshv_lapic, lvt_thermal), 0x330, 1},
	{offsetof(struct mshv_lapic, lvt_perf), 0x340, 1},
	{offsetof(struct mshv_lapic, lvt_lint0), 0x350, 1},
	{offsetof(struct mshv_lapic, lvt_lint1), 0x360, 1},
	{offsetof(struct mshv_lapic, lvt_error), 0x370, 1},
	{offsetof(struct mshv_lapic, lvt_cmci), 0x2f0, 1},
	{offsetof(struct mshv_lapic, initial_count), 0x380, 1},
	{offsetof(struct mshv_lapic, current_count), 0x390, 1},
	{offsetof(struct mshv_lapic, divide), 0x3e0, 1},
};

static uint32_t *apic_reg(struct kvm_lapic_state *k, uint32_t reg)
{
	return (uint32_t *)(void *)(k->regs + reg);
}

static void lapic_move(struct kvm_lapic_state *k, struct mshv_lapic *m,
		       bool is_x2apic, bool is_set)
{
	unsigned int shift = is_x2apic ? 0 : 24;
	size_t i;
	uint8_t n;

	if (is_set)
		*apic_reg(k, 0x20) = m->id << shift;
	else
		m->id = *apic_reg(k, 0x20) >> shift;
	for (i = 0; i < ARRAY_SIZE(lapic_map); i++) {
		uint32_t *field =
			(uint32_t *)(void *)((uint8_t *)m + lapic_map[i].field);

		for (n = 0; n < lapic_map[i].count; n++) {
			uint32_t *reg = apic_reg(k, lapic_map[i].reg + n * 16u);

			if (is_set)
				*reg = field[n];
			else
				field[n] = *reg;
		}
	}
}

static int lapic_state(struct emu_vp *vp, uint8_t *buf, bool is_set)
{
	bool is_x2apic = vp->sregs.apic_base & APIC_BASE_X2APIC;
	struct kvm_lapic_state k;
	struct mshv_lapic m;

	if (emu_kvm(vp, KVM_GET_LAPIC, &k))
		return -EIO;
	memcpy(&m, buf, sizeof(m));
	if (!is_set)
		memset(&m, 0, sizeof(m));
	lapic_move(&k, &m, is_x2apic, is_set);
	if (is_set)
		return emu_kvm(vp, KVM_SET_LAPIC, &k) ? -EINVAL : 0;
	memset(buf, 0, MSHV_PAGE_BYTES);
	memcpy(buf, &m, sizeof(m));
	return 0;
}

/* --- XSAVE ---------------------------------------------------------------- */

/* One component of the state, as CPUID leaf 0xd has it (SDM vol. 1, 13.2). */
struct component {
	uint32_t bytes;
	uint32_t offset; /* in KVM's standard format */
	bool is_aligned; /* to 64 bytes, in the compacted format */
};

/* False for what is not carried: supervisor state is not KVM's to give, and
 * what lies behind its area comes by another ioctl. */
static bool component(uint64_t mask, int n, struct component *c)
{
	uint32_t ecx, edx;

	if (!(mask >> n & 1))
		return false;
	__cpuid_count(0xd, n, c->bytes, c->offset, ecx, edx);
	c->is_aligned = ecx & 2;
	return c->bytes && !(ecx & 1) &&
	       c->offset + c->bytes <= sizeof(struct kvm_xsave);
}

static uint64_t user_features(void)
{
	uint32_t eax, ebx, ecx, edx;

	if (!__get_cpuid_count(0xd, 0, &eax, &ebx, &ecx, &edx))
		return XSAVE_X87_SSE;
	return eax | (uint64_t)edx << 32;
}

/* Where C is in the compacted format, behind AT (SDM vol. 1, 13.4.3). */
static uint32_t place(const struct component *c, uint32_t at)
{
	return c->is_aligned ? (at + 63) & ~63u : at;
}

uint64_t emu_xsave_components(void)
{
	uint64_t mask = user_features(), carried = mask & XSAVE_X87_SSE;
	struct component c;
	int n;

	for (n = 2; n < FEATURES - 1; n++)
		if (component(mask, n, &c))
			carried |= 1ULL << n;
	return carried;
}

uint64_t emu_xsave_bytes(void)
{
	uint64_t mask = user_features();
	uint32_t at = XSAVE_LEGACY_BYTES + XSAVE_HEADER_BYTES;
	struct component c;
	int n;

	for (n = 2; n < FEATURES - 1; n++)
		if (component(mask, n, &c))
			at = place(&c, at) + c.bytes;
	return at;
}

/* Between KVM's standard layout and the hypervisor's compacted one. */
static void xsave_move(uint8_t *standard, uint8_t *compact, bool is_set)
{
	uint64_t mask = user_features();
	uint32_t at = XSAVE_LEGACY_BYTES + XSAVE_HEADER_BYTES;
	struct component c;
	int n;

	for (n = 2; n < FEATURES - 1; n++) {
		if (!component(mask, n, &c))
			continue;
		at = place(&c, at);
		memcpy(is_set ? standard + c.offset : compact + at,
		       is_set ? compact + at : standard + c.offset, c.bytes);
		at += c.bytes;
	}
}

static int xsave_state(struct emu_vp *vp, uint8_t *buf, bool is_set)
{
	const size_t head = XSAVE_LEGACY_BYTES + XSAVE_HEADER_BYTES;
	uint64_t carried = emu_xsave_components();
	uint64_t xcomp = XCOMP_COMPACT | carried;
	struct kvm_xsave xsave;
	uint8_t *standard = (uint8_t *)&xsave;
	uint64_t given, present;

	if (emu_kvm(vp, KVM_GET_XSAVE, &xsave))
		return -EIO;
	if (!is_set) {
		memcpy(buf, standard, head);
		memcpy(&present, buf + XSAVE_LEGACY_BYTES, sizeof(present));
		present &= carried;
		memcpy(buf + XSAVE_LEGACY_BYTES, &present, sizeof(present));
		memcpy(buf + XSAVE_LEGACY_BYTES + 8, &xcomp, sizeof(xcomp));
		xsave_move(standard, buf, false);
		return 0;
	}
	memcpy(&given, buf + XSAVE_LEGACY_BYTES + 8, sizeof(given));
	if (!(given & XCOMP_COMPACT))
		return -EINVAL;
	memcpy(standard, buf, head);
	memset(standard + XSAVE_LEGACY_BYTES + 8, 0, 8);
	xsave_move(standard, buf, true);
	return emu_kvm(vp, KVM_SET_XSAVE, &xsave) ? -EINVAL : 0;
}

/* --- SynIC pages ---------------------------------------------------------- */

/* They lie in guest memory, where the guest has said; else they are kept. A new VP's,
 * whose SynIC is off, can be set as well: mshv-ioctls' own test does it. */
static int synic_state(struct emu_vp *vp, uint32_t name, uint8_t *buf,
		       bool is_set)
{
	uint8_t *kept = vp->synic_pages[name == MSHV_REG_SIEFP];
	union mshv_value value = {.u64 = 0};
	uint8_t *ram = NULL;

	if (!emu_reg_get(vp, name, &value) && (value.u64 & 1))
		ram = emu_ram(vp->pt, value.u64 & ~0xfffULL, MSHV_PAGE_BYTES);
	if (!ram)
		ram = kept;
	memcpy(is_set ? ram : buf, is_set ? buf : ram, MSHV_PAGE_BYTES);
	return 0;
}

/* KVM has two registers of each; the rest is kept and given back. A count before its
 * configuration: with auto-enable it would start a timer that has ended. */
static int timers_state(struct emu_vp *vp, uint8_t *buf, bool is_set)
{
	bool is_promised = emu_synic_is_promised(vp->pt);
	uint32_t i, name = MSHV_REG_STIMER0_CONFIG;
	struct mshv_timers t;

	memcpy(&t, is_set ? buf : vp->timers, sizeof(t));
	for (i = 0; i < ARRAY_SIZE(t.timers) && is_promised; i++, name += 2) {
		union mshv_value config = {.u64 = t.timers[i].config};
		union mshv_value count = {.u64 = t.timers[i].count};
		bool changed;

		if (is_set) {
			if (emu_reg_set(vp, name + 1, &count, &changed) ||
			    emu_reg_set(vp, name, &config, &changed))
				return -EIO;
		} else if (!emu_reg_get(vp, name, &config) &&
			   !emu_reg_get(vp, name + 1, &count)) {
			t.timers[i].config = config.u64;
			t.timers[i].count = count.u64;
		}
	}
	memcpy(is_set ? vp->timers : buf, &t, sizeof(t));
	return 0;
}

/* --- the two ioctls ------------------------------------------------------- */

static uint64_t state_bytes(uint8_t type)
{
	if (type == MSHV_STATE_XSAVE)
		return emu_xsave_bytes();
	return type == MSHV_STATE_TIMERS ? sizeof(struct mshv_timers)
					 : MSHV_PAGE_BYTES;
}

static int state_move(struct emu_vp *vp, uint8_t type, uint8_t *buf,
		      bool is_set)
{
	switch (type) {
	case MSHV_STATE_LAPIC:
		return lapic_state(vp, buf, is_set);
	case MSHV_STATE_XSAVE:
		return xsave_state(vp, buf, is_set);
	case MSHV_STATE_SIMP:
		return synic_state(vp, MSHV_REG_SIMP, buf, is_set);
	case MSHV_STATE_SIEFP:
		return synic_state(vp, MSHV_REG_SIEFP, buf, is_set);
	default:
		return timers_state(vp, buf, is_set);
	}
}

int emu_vp_state(struct emu_vp *vp, void *user, bool is_set)
{
	struct mshv_vp_state arg;
	uint32_t given;
	uint8_t *buf;
	int ret;

	if (emu_copy_in(&arg, (uintptr_t)user, sizeof(arg)))
		return -EFAULT;
	if (arg.type >= MSHV_STATE_COUNT || arg.rsvd[0] || arg.rsvd[1] ||
	    arg.rsvd[2] || !arg.buf_bytes || arg.buf_bytes % MSHV_PAGE_BYTES ||
	    arg.buf_ptr % MSHV_PAGE_BYTES)
		return -EINVAL;
	if (arg.buf_ptr + arg.buf_bytes < arg.buf_ptr)
		return -EOVERFLOW;
	given = arg.buf_bytes;
	arg.buf_bytes = (uint32_t)state_bytes(arg.type);
	if (emu_copy_out((uintptr_t)user, &arg, sizeof(arg)))
		return -EFAULT;
	if (arg.buf_bytes > given)
		return -EINVAL;
	buf = calloc(1, 4 * MSHV_PAGE_BYTES);
	if (!buf)
		return -ENOMEM;
	ret = emu_copy_in(buf, arg.buf_ptr, arg.buf_bytes);
	if (!ret)
		ret = state_move(vp, arg.type, buf, is_set);
	if (!ret && !is_set)
		ret = emu_copy_out(arg.buf_ptr, buf, arg.buf_bytes);
	free(buf);
	return ret;
}
