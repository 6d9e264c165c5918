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
#include <unistd.h>

#include "harness/base/base.h"
#include "mshv/emu/emu_priv.h"
#include "mshv/features.h"

#define TABLE_MAX 256
#define TSC_DEADLINE_FEATURE (1ULL << 17)
#define HV_FIRST 0x40000000u
#define HV_LAST 0x40000006u
#define ANY_HV_LEAF(f) ((f) >= 0x40000000u && (f) < 0x50000000u)

struct table {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entries[TABLE_MAX];
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

static uint32_t *feature_reg(struct table *t, const struct mshv_feature *f)
{
	struct kvm_cpuid_entry2 *e = entry_find(t, f->leaf, f->subleaf);

	return e ? reg_of(e, f->reg) : NULL;
}

static void hide_disabled(const struct emu_partition *pt, struct table *t)
{
	size_t i;

	for (i = 0; i < mshv_feature_count; i++) {
		const struct mshv_feature *f = &mshv_features[i];
		uint32_t *reg = feature_reg(t, f);

		if (reg && pt->disabled[f->bank] >> f->bit & 1)
			*reg &= ~(1u << f->cpuid_bit);
	}
}

/* What KVM supports; NULL where it does not say. It takes long to make its
 * table, which never changes. */
static struct table *supported(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct table table;
	int fd;

	pthread_mutex_lock(&lock);
	fd = table.head.nent ? -1 : emu_kvm_open();
	if (fd >= 0) {
		table.head.nent = TABLE_MAX;
		if (ioctl(fd, KVM_GET_SUPPORTED_CPUID, &table))
			table.head.nent = 0;
		close(fd);
	}
	pthread_mutex_unlock(&lock);
	return table.head.nent ? &table : NULL;
}

uint64_t emu_features(uint32_t bank)
{
	struct table *t = supported();
	uint64_t bits = 0;
	size_t i;

	for (i = 0; i < mshv_feature_count && t; i++) {
		const struct mshv_feature *f = &mshv_features[i];
		const uint32_t *reg = feature_reg(t, f);

		if (f->bank == bank && reg && *reg >> f->cpuid_bit & 1)
			bits |= 1ULL << f->bit;
	}
	/* KVM has the timer, and leaves it to the VMM to say so. */
	return bank == MSHV_BANK_CPU1 ? bits | TSC_DEADLINE_FEATURE : bits;
}

bool emu_cpuid_has(uint32_t leaf)
{
	struct table *t = supported();

	return ANY_HV_LEAF(leaf) || (t && entry_find(t, leaf, 0));
}

uint32_t emu_cpuid_supported(uint32_t leaf, enum mshv_cpuid_reg reg)
{
	struct table *t = supported();
	struct kvm_cpuid_entry2 *e = t ? entry_find(t, leaf, 0) : NULL;

	return e ? *reg_of(e, reg) : 0;
}

/* KVM signs "Linux KVM Hv", which no guest takes for Hyper-V. Bits 2 to 8 of
 * the property are bits 0 to 6 of leaf 3, bits 9 to 11 are in their places. */
static void hv_leaf_adjust(struct kvm_cpuid_entry2 *e, uint64_t wanted)
{
	if (e->function == HV_FIRST) {
		e->eax = HV_LAST;
		memcpy(&e->ebx, "Micr", 4);
		memcpy(&e->ecx, "osof", 4);
		memcpy(&e->edx, "t Hv", 4);
	} else if (e->function == HV_FIRST + 1) {
		memcpy(&e->eax, "Hv#1", 4);
	} else if (e->function == HV_FIRST + 3) {
		e->eax &= (uint32_t)((wanted >> 2 & 0x7f) | (wanted & 0xe00));
	}
}

/* What KVM's Hyper-V can do; all zero where it was built without. */
static void hv_supported_read(struct emu_partition *pt, struct table *hv)
{
	hv->head.nent = TABLE_MAX;
	if (!emu_knobs.no_hyperv &&
	    !ioctl(pt->device_fd, KVM_GET_SUPPORTED_HV_CPUID, hv))
		return;
	hv->head.nent = 0;
	emu_log_once("this KVM was built without Hyper-V: the guest is shown"
		     " its leaves, and no feature in them");
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
	uint32_t i, leaf;

	for (i = 0; i < t->head.nent; i++)
		if (!ANY_HV_LEAF(t->entries[i].function))
			t->entries[kept++] = t->entries[i];
	t->head.nent = kept;
	if (!(features_wanted & 1))
		return 0;
	hv = calloc(1, sizeof(*hv));
	if (!hv)
		return -ENOMEM;
	hv_supported_read(pt, hv);
	for (leaf = HV_FIRST; leaf <= HV_LAST; leaf++) {
		const struct kvm_cpuid_entry2 *known = entry_find(hv, leaf, 0);
		struct kvm_cpuid_entry2 *e = entry_add(t, leaf);

		if (e && known)
			*e = *known;
		if (e)
			hv_leaf_adjust(e, features_wanted);
	}
	free(hv);
	return kept + HV_LAST - HV_FIRST < TABLE_MAX ? 0 : -E2BIG;
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

static int base_read(struct emu_partition *pt, uint32_t vp, struct table *t)
{
	const struct table *all = supported();
	int ret;

	if (!all)
		return -EIO;
	memcpy(t, all, sizeof(*t));
	ret = hv_leaves_set(pt, t);
	per_vp_set(t, vp);
	hide_disabled(pt, t);
	return ret;
}

/* Bits of features that a VMM may set although KVM does not list them: what it
 * emulates, and what follows the guest's control registers. */
static uint32_t always_allowed(const struct kvm_cpuid_entry2 *e, int reg)
{
	if (e->function == 1 && reg == MSHV_ECX)
		return 1u << 21 | 1u << 24 | 1u << 27 | 1u << 31;
	if (e->function == 1 && reg == MSHV_EDX)
		return 1u << 9 | 1u << 28; /* local APIC, threads */
	return e->function == 7 && !e->index && reg == MSHV_ECX ? 1u << 4 : 0;
}

/* The registers of a leaf that are lists of features. */
static uint32_t feature_regs(const struct kvm_cpuid_entry2 *e)
{
	const uint32_t ebx = 1u << MSHV_EBX,
		       cd = 1u << MSHV_ECX | 1u << MSHV_EDX;

	switch (e->function) {
	case 1:
	case 0x80000001:
		return cd;
	case 7:
		return e->index ? ~0u : ebx | cd;
	case 0xd:
		return e->index > 1    ? 0
		       : e->index == 1 ? ~0u & ~ebx
				       : 1u << MSHV_EAX | 1u << MSHV_EDX;
	case 0x80000008:
		return ebx;
	default:
		return 0;
	}
}

/*
 * A VMM shows what the property list of the partition allows, and some of it
 * may be unknown to this KVM, which then refuses the whole table (AMX without
 * its permission). A real partition does not have such a bit either.
 */
static void limit_to_supported(struct table *t)
{
	struct table *all = supported();
	uint32_t i;
	int reg;

	for (i = 0; i < t->head.nent && all; i++) {
		struct kvm_cpuid_entry2 *e = &t->entries[i];
		struct kvm_cpuid_entry2 *known =
			entry_find(all, e->function, e->index);

		for (reg = 0; reg < 4; reg++) {
			uint32_t allowed = always_allowed(e, reg) |
					   (known ? *reg_of(known, reg) : 0);

			if (!(feature_regs(e) >> reg & 1) ||
			    !(*reg_of(e, reg) & ~allowed))
				continue;
			emu_log_once("CPUID 0x%x.%u, register %d: 0x%x is"
				     " nothing that this KVM supports",
				     e->function, e->index, reg,
				     *reg_of(e, reg) & ~allowed);
			*reg_of(e, reg) &= allowed;
		}
	}
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
	if (overridden && !ret)
		limit_to_supported(t);
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
		out[MSHV_EAX] = e->eax;
		out[MSHV_EBX] = e->ebx;
		out[MSHV_ECX] = e->ecx;
		out[MSHV_EDX] = e->edx;
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
	int ret;

	pthread_mutex_lock(&pt->lock);
	pt->has_run = true;
	ret = emu_cpuid_prepare(vp);
	if (!ret)
		emu_synic_enable(vp);
	pthread_mutex_unlock(&pt->lock);
	vp->has_cpuid = !ret;
	return ret;
}
