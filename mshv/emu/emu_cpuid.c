// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulator's CPUID: what KVM supports, as a partition would show it,
 * with the VMM's overrides on top. KVM takes the outcome before a VP runs for
 * the first time, and not after that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "harness/base/base.h"
#include "mshv/emu/emu_priv.h"

#define TABLE_MAX 256
#define ANY_HV_LEAF(f) ((f) >= 0x40000000u && (f) < 0x50000000u)

struct table {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entries[TABLE_MAX];
};

/* CPUID output registers in the order of struct mshv_in_cpuid_result. */
enum { EAX, EBX, ECX, EDX };

/* What the bits of a partition's disable masks hide; those that KVM knows. */
static const struct {
	uint8_t bank;
	uint8_t bit;
	uint32_t leaf;
	uint8_t reg;
	uint8_t cpuid_bit;
} features[] = {
	{0, 0, 1, ECX, 0},
	{0, 1, 0x80000001, ECX, 0},
	{0, 2, 1, ECX, 9},
	{0, 3, 1, ECX, 19},
	{0, 4, 1, ECX, 20},
	{0, 5, 0x80000001, ECX, 6},
	{0, 7, 1, ECX, 23},
	{0, 8, 1, ECX, 13},
	{0, 10, 0x80000001, ECX, 5},
	{0, 15, 0x80000001, EDX, 26},
	{0, 16, 1, ECX, 25},
	{0, 17, 1, ECX, 1},
	{0, 18, 1, ECX, 17},
	{0, 20, 1, ECX, 29},
	{0, 21, 1, ECX, 30},
	{0, 22, 7, EBX, 0},
	{0, 23, 7, EBX, 7},
	{0, 24, 7, EBX, 9},
	{0, 25, 7, EBX, 3},
	{0, 26, 7, EBX, 8},
	{0, 29, 1, ECX, 22},
	{0, 32, 7, EBX, 18},
	{0, 33, 7, EBX, 19},
	{0, 35, 7, EBX, 20},
	{0, 38, 0x80000001, EDX, 27},
	{0, 39, 7, EBX, 23},
	{0, 40, 7, EBX, 24},
	{0, 41, 7, EBX, 29},
	{0, 43, 7, EBX, 10},
	{0, 57, 7, ECX, 22},
	{0, 58, 7, ECX, 2},
	{1, 1, 0x80000007, EDX, 8},
	{1, 4, 7, ECX, 16},
	{1, 17, 1, ECX, 24},
};

static uint32_t *reg_of(struct kvm_cpuid_entry2 *e, int reg)
{
	uint32_t *const regs[] = {&e->eax, &e->ebx, &e->ecx, &e->edx};

	return regs[reg];
}

static struct kvm_cpuid_entry2 *entry_find(struct table *t, uint32_t leaf,
					   uint32_t subleaf)
{
	uint32_t i;

	for (i = 0; i < t->head.nent; i++) {
		struct kvm_cpuid_entry2 *e = &t->entries[i];

		if (e->function == leaf &&
		    (!(e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) ||
		     e->index == subleaf))
			return e;
	}
	return NULL;
}

static struct kvm_cpuid_entry2 *entry_add(struct table *t, uint32_t leaf)
{
	struct kvm_cpuid_entry2 *e;

	if (t->head.nent == TABLE_MAX)
		return NULL;
	e = &t->entries[t->head.nent++];
	memset(e, 0, sizeof(*e));
	e->function = leaf;
	return e;
}

static void hide_disabled(const struct emu_partition *pt, struct table *t)
{
	struct kvm_cpuid_entry2 *e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(features); i++) {
		if (!(pt->disabled_cpu[features[i].bank] >> features[i].bit &
		      1))
			continue;
		e = entry_find(t, features[i].leaf, 0);
		if (e)
			*reg_of(e, features[i].reg) &=
				~(1u << features[i].cpuid_bit);
	}
}

/* KVM signs "Linux KVM Hv", which no guest takes for Hyper-V. Bits 2 to 8 of
 * the property are bits 0 to 6 of leaf 3, bits 9 to 11 are in their places. */
static void hv_leaf_adjust(struct kvm_cpuid_entry2 *e, uint64_t wanted)
{
	if (e->function == 0x40000000) {
		e->eax = 0x40000006;
		memcpy(&e->ebx, "Micr", 4);
		memcpy(&e->ecx, "osof", 4);
		memcpy(&e->edx, "t Hv", 4);
	} else if (e->function == 0x40000003) {
		e->eax &= (uint32_t)((wanted >> 2 & 0x7f) | (wanted & 0xe00));
	}
}

/*
 * A partition has Hyper-V's leaves only if it was given synthetic features;
 * KVM's own are never shown. Which features KVM cannot give, its leaves say.
 */
static int hv_leaves_set(struct emu_partition *pt, struct table *t)
{
	uint64_t features_wanted =
		emu_property(pt, MSHV_PROP_SYNTHETIC_FEATURES);
	struct table *hv;
	uint32_t kept = 0;
	uint32_t i;
	int ret = 0;

	for (i = 0; i < t->head.nent; i++)
		if (!ANY_HV_LEAF(t->entries[i].function))
			t->entries[kept++] = t->entries[i];
	t->head.nent = kept;
	if (!(features_wanted & 1))
		return 0;
	hv = calloc(1, sizeof(*hv));
	if (!hv)
		return -ENOMEM;
	hv->head.nent = TABLE_MAX;
	if (ioctl(pt->device_fd, KVM_GET_SUPPORTED_HV_CPUID, hv))
		ret = -errno;
	for (i = 0; i < hv->head.nent && !ret; i++) {
		struct kvm_cpuid_entry2 *e;

		if (hv->entries[i].function > 0x40000006)
			continue;
		e = entry_add(t, hv->entries[i].function);
		if (!e)
			ret = -E2BIG;
		else
			*e = hv->entries[i];
		if (e)
			hv_leaf_adjust(e, features_wanted);
	}
	free(hv);
	return ret;
}

static void per_vp_set(struct table *t, uint32_t vp)
{
	struct kvm_cpuid_entry2 *e = entry_find(t, 1, 0);
	uint32_t i;

	if (e) {
		e->ebx = (e->ebx & 0x00ffffff) | vp << 24;
		e->ecx |= 1u << 24 | 1u << 21; /* TSC deadline, x2APIC */
	}
	for (i = 0; i < t->head.nent; i++)
		if (t->entries[i].function == 0xb ||
		    t->entries[i].function == 0x1f)
			t->entries[i].edx = vp;
}

/* KVM takes long to make its table, and it never changes. */
static int supported_read(struct emu_partition *pt)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->head.nent = TABLE_MAX;
	if (ioctl(pt->device_fd, KVM_GET_SUPPORTED_CPUID, t)) {
		int ret = -errno;

		free(t);
		return ret;
	}
	pt->supported_cpuid = t;
	return 0;
}

static int base_read(struct emu_partition *pt, uint32_t vp, struct table *t)
{
	int ret = pt->supported_cpuid ? 0 : supported_read(pt);

	if (ret)
		return ret;
	memcpy(t, pt->supported_cpuid, sizeof(*t));
	ret = hv_leaves_set(pt, t);
	per_vp_set(t, vp);
	hide_disabled(pt, t);
	return ret;
}

/* An override of a leaf that has subleaves needs an entry of its own. */
static void override_apply(struct table *t,
			   const struct mshv_in_cpuid_result *in)
{
	struct kvm_cpuid_entry2 *e = entry_find(t, in->leaf, in->subleaf);
	uint32_t any = 0;
	int i;

	for (i = 0; i < 4; i++)
		any |= in->out[i].value;
	if (!e && !any)
		return;
	if (!e) {
		e = entry_add(t, in->leaf);
		if (!e)
			return;
		e->index = in->is_subleaf ? in->subleaf : 0;
		e->flags = in->is_subleaf ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0;
	}
	for (i = 0; i < 4; i++) {
		uint32_t *reg = reg_of(e, i);

		*reg = (*reg & ~in->out[i].mask) |
		       (in->out[i].value & in->out[i].mask);
	}
}

static int table_build(struct emu_partition *pt, uint32_t vp, bool overridden,
		       struct table *t)
{
	int ret = base_read(pt, vp, t);
	uint32_t i;

	for (i = 0; i < pt->override_count && overridden && !ret; i++)
		if (pt->overrides[i].vp == vp ||
		    pt->overrides[i].vp == MSHV_VP_ANY)
			override_apply(t, &pt->overrides[i]);
	return ret;
}

uint16_t emu_cpuid_register(struct emu_partition *pt,
			    const struct mshv_in_cpuid_result *in)
{
	struct mshv_in_cpuid_result *grown;

	if (in->vp != MSHV_VP_ANY && in->vp >= MSHV_MAX_VPS)
		return MSHV_STATUS_INVALID_VP_INDEX;
	/* KVM does not change a CPU that has run. */
	if (pt->has_run)
		return MSHV_STATUS_INVALID_PARTITION_STATE;
	if (pt->override_count == EMU_MAX_OVERRIDES)
		return MSHV_STATUS_INSUFFICIENT_MEMORY;
	grown = realloc(pt->overrides,
			(pt->override_count + 1) * sizeof(*grown));
	if (!grown)
		return MSHV_STATUS_INSUFFICIENT_MEMORY;
	grown[pt->override_count++] = *in;
	pt->overrides = grown;
	return MSHV_STATUS_SUCCESS;
}

uint16_t emu_cpuid_get(struct emu_partition *pt, uint32_t vp, uint32_t flags,
		       const struct mshv_cpuid_query *query, uint32_t out[4])
{
	struct table *t;
	const struct kvm_cpuid_entry2 *e;

	if (vp >= MSHV_MAX_VPS || !pt->vps[vp])
		return MSHV_STATUS_INVALID_VP_INDEX;
	t = malloc(sizeof(*t));
	if (!t || table_build(pt, vp, flags & 2, t)) {
		free(t);
		return MSHV_STATUS_INSUFFICIENT_MEMORY;
	}
	memset(out, 0, 4 * sizeof(*out));
	e = entry_find(t, query->leaf, query->subleaf);
	if (e) {
		out[EAX] = e->eax;
		out[EBX] = e->ebx;
		out[ECX] = e->ecx;
		out[EDX] = e->edx;
	}
	free(t);
	return MSHV_STATUS_SUCCESS;
}

int emu_cpuid_prepare(struct emu_vp *vp)
{
	struct table *t = malloc(sizeof(*t));
	int ret = t ? table_build(vp->pt, vp->index, true, t) : -ENOMEM;

	if (!ret && ioctl(vp->vcpu_fd, KVM_SET_CPUID2, t))
		ret = -errno;
	free(t);
	return ret;
}

int emu_cpuid_apply(struct emu_vp *vp)
{
	struct emu_partition *pt = vp->pt;
	struct kvm_enable_cap synic = {.cap = KVM_CAP_HYPERV_SYNIC2};
	int ret;

	pthread_mutex_lock(&pt->lock);
	pt->has_run = true;
	ret = emu_cpuid_prepare(vp);
	if (!ret &&
	    (emu_property(pt, MSHV_PROP_SYNTHETIC_FEATURES) >> MSHV_SYN_SYNIC &
	     1))
		ioctl(vp->vcpu_fd, KVM_ENABLE_CAP, &synic);
	pthread_mutex_unlock(&pt->lock);
	vp->has_cpuid = !ret;
	return ret;
}
