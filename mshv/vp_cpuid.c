// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mshv backend: the CPU that a VP shows. The hypervisor's own table is
 * read, the policy that all backends share is applied, and every leaf of the
 * outcome is registered as an override.
 */
#include <errno.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "mshv/features.h"
#include "mshv/hvcall.h"
#include "mshv/mshv_priv.h"
#include "mshv/sys.h"
#include "runners/vmm/cpuid.h"

#define LEAF_MAX 0x40u
#define EXT_BASE 0x80000000u
#define EXT_MAX 0x80000040u
#define SUBLEAF_MAX 64u
#define HV_BASE 0x40000000u
#define HV_MAX 0x4000000fu

#define LEAF1_ECX_TSC_DEADLINE (1u << 24)
#define LEAF1_ECX_OSXSAVE (1u << 27)
#define LEAF1_EDX_APIC (1u << 9)
#define LEAF7_ECX_OSPKE (1u << 4)
#define EXT7_EDX_INVARIANT_TSC (1u << 8)
#define XSAVE_STATES_BASELINE 3u /* x87 and SSE */

static const uint32_t with_subleaves[] = {
	0x4,  0x7,  0xb,  0xd,  0xf,  0x10, 0x12,       0x14,
	0x17, 0x18, 0x1a, 0x1d, 0x1e, 0x1f, 0x8000001d, 0x80000026,
};

static bool has_subleaves(uint32_t leaf)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(with_subleaves); i++)
		if (with_subleaves[i] == leaf)
			return true;
	return false;
}

/* Where the table is read from. */
struct source {
	struct mshv_vcpu *vcpu;
	bool is_host; /* this CPU, and not the hypervisor */
	int failure;  /* of the hypervisor, the first */
};

static struct cpuid_entry leaf_read(struct source *s, uint32_t leaf,
				    uint32_t subleaf)
{
	struct cpuid_entry e = {.function = leaf, .index = subleaf};
	uint32_t out[4] = {0};
	int ret;

	if (s->is_host) {
		e = cpuid_native(leaf, subleaf);
	} else {
		ret = hvcall_cpuid_get(s->vcpu->vm->sys, s->vcpu->vm->pt_fd,
				       s->vcpu->base.index, leaf, subleaf, out);
		if (ret && !s->failure)
			s->failure = ret;
		e.eax = out[0];
		e.ebx = out[1];
		e.ecx = out[2];
		e.edx = out[3];
	}
	e.has_index = has_subleaves(leaf);
	return e;
}

static bool is_empty(const struct cpuid_entry *e)
{
	return !e->eax && !e->ebx && !e->ecx && !e->edx;
}

/* How many subleaves there are, each kind of leaf says in its own way; empty
 * ones need no entry, as a guest reads zero there anyway. */
static int leaf_add(struct source *s, struct cpuid_table *table, uint32_t leaf)
{
	uint32_t last = has_subleaves(leaf) ? SUBLEAF_MAX : 0;
	uint32_t sub;

	for (sub = 0; sub <= last; sub++) {
		struct cpuid_entry e = leaf_read(s, leaf, sub);

		/* Caches and topology end at the first level of no kind. */
		if (sub && leaf != 0xd && is_empty(&e))
			break;
		if ((leaf == 0xb || leaf == 0x1f) && sub && !(e.ecx & 0xff00))
			break;
		if ((leaf == 4 || leaf == 0x8000001d) && !(e.eax & 0x1f))
			last = sub;
		if (leaf == 7 && !sub)
			last = e.eax;
		if (sub && is_empty(&e))
			continue;
		if (table->count == ARRAY_SIZE(table->entries))
			return -E2BIG;
		table->entries[table->count++] = e;
	}
	return 0;
}

static int range_add(struct source *s, struct cpuid_table *table, uint32_t base,
		     uint32_t limit)
{
	uint32_t last = leaf_read(s, base, 0).eax;
	uint32_t leaf;
	int ret = 0;

	for (leaf = base; leaf <= last && leaf < limit && !ret && !s->failure;
	     leaf++)
		ret = leaf_add(s, table, leaf);
	return ret;
}

/* Bits that follow the guest's control registers stay the hypervisor's. */
static void masks_of(const struct cpuid_entry *e, uint32_t mask[4])
{
	mask[0] = mask[1] = mask[2] = mask[3] = ~0u;
	if (e->function == 1) {
		mask[2] = ~LEAF1_ECX_OSXSAVE;
		mask[3] = ~LEAF1_EDX_APIC;
	} else if (e->function == 7 && !e->index) {
		mask[2] = ~LEAF7_ECX_OSPKE;
	} else if (e->function == 0xd && e->index <= 1) {
		mask[1] = 0;
	} else if (e->function == EXT_BASE + 1) {
		mask[3] = ~LEAF1_EDX_APIC;
	}
}

static int override(struct mshv_vcpu *vcpu, const struct cpuid_entry *e)
{
	const uint32_t value[4] = {e->eax, e->ebx, e->ecx, e->edx};
	struct mshv_in_cpuid_result in = {
		.vp = vcpu->base.index,
		.type = MSHV_INTERCEPT_CPUID,
		.leaf = e->function,
		.subleaf = e->has_index ? e->index : 0,
		.is_subleaf = e->has_index,
		.always = 1,
	};
	struct hvcall call = {.code = MSHV_HVCALL_REGISTER_RESULT,
			      .in = &in,
			      .in_bytes = sizeof(in)};
	uint32_t mask[4];
	int i;

	masks_of(e, mask);
	for (i = 0; i < 4; i++)
		in.out[i] = (struct mshv_masked){.value = value[i] & mask[i],
						 .mask = mask[i]};
	return hvcall(vcpu->vm->sys, vcpu->vm->pt_fd, &call);
}

/*
 * The leaves at 0x40000000 are the hypervisor's own: a refusal there is not
 * fatal, and the attested CPUID of the guest shows what came of it.
 */
static bool is_optional(uint32_t leaf)
{
	return leaf >= HV_BASE && leaf <= HV_MAX;
}

static int override_all(struct mshv_vcpu *vcpu, struct cpuid_table *wanted,
			const struct cpuid_table *base, struct err *err)
{
	size_t i;
	int ret;

	for (i = 0; i < base->count; i++) {
		struct cpuid_entry gone = base->entries[i];

		if (cpuid_find(wanted, gone.function, gone.index))
			continue;
		gone.eax = gone.ebx = gone.ecx = gone.edx = 0;
		ret = override(vcpu, &gone);
		if (ret && !is_optional(gone.function))
			return err_sys(err, ret, "cannot hide CPUID leaf 0x%x",
				       gone.function);
	}
	for (i = 0; i < wanted->count; i++) {
		ret = override(vcpu, &wanted->entries[i]);
		if (ret && !is_optional(wanted->entries[i].function))
			return err_sys(err, ret, "cannot set CPUID leaf 0x%x",
				       wanted->entries[i].function);
	}
	return 0;
}

static int ranges_add(struct source *s, struct cpuid_table *table)
{
	int ret = range_add(s, table, 0, LEAF_MAX);

	if (!ret && !s->failure)
		ret = range_add(s, table, EXT_BASE, EXT_MAX);
	return ret;
}

/* Of the features that every partition on hosts with L1VH has: x86-64-v2. */
#define BASELINE_CPU0 \
	(1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 7 | 1u << 8)

static uint64_t property(struct mshv_vcpu *vcpu, uint32_t code,
			 uint64_t fallback)
{
	uint64_t value;

	return hvcall_property_get(vcpu->vm->sys, vcpu->vm->pt_fd, code, &value)
		       ? fallback
		       : value;
}

/* The components of XSAVE that a partition has (SDM vol. 1, 13.1). */
static void mask_xsave(struct cpuid_table *table, uint64_t states)
{
	size_t i, kept = 0;

	for (i = 0; i < table->count; i++) {
		struct cpuid_entry e = table->entries[i];

		if (e.function == 0xd && !e.index) {
			e.eax &= (uint32_t)states;
			e.edx &= (uint32_t)(states >> 32);
		}
		if (e.function == 0xd && e.index == 1)
			e.ecx = e.edx = 0; /* supervisor state */
		if (e.function == 0xd && e.index > 1 &&
		    !(states >> e.index & 1))
			continue;
		table->entries[kept++] = e;
	}
	table->count = kept;
}

/*
 * The host's own CPU has features that a partition lacks (AMX, CET), and a guest
 * that was shown them crashes: what the partition's properties do not list is
 * hidden.
 */
static void mask_by_properties(struct mshv_vcpu *vcpu,
			       struct cpuid_table *table)
{
	const uint64_t banks[MSHV_BANK_COUNT] = {
		[MSHV_BANK_CPU0] = property(vcpu, MSHV_PROP_PROCESSOR_FEATURES0,
					    BASELINE_CPU0),
		[MSHV_BANK_CPU1] =
			property(vcpu, MSHV_PROP_PROCESSOR_FEATURES1, 0),
		[MSHV_BANK_XSAVE] = property(vcpu, MSHV_PROP_XSAVE_FEATURES, 0),
	};
	size_t i;

	for (i = 0; i < mshv_feature_count; i++) {
		const struct mshv_feature *f = &mshv_features[i];
		struct cpuid_entry *e = cpuid_find(table, f->leaf, f->subleaf);
		uint32_t *const regs[] = {
			e ? &e->eax : NULL, e ? &e->ebx : NULL,
			e ? &e->ecx : NULL, e ? &e->edx : NULL};

		if (e && !(banks[f->bank] >> f->bit & 1))
			*regs[f->reg] &= ~(1u << f->cpuid_bit);
	}
	mask_xsave(table, property(vcpu, MSHV_PROP_XSAVE_STATES,
				   XSAVE_STATES_BASELINE));
}

/* All of it is the hypervisor's, or none: a table of two sources would show a
 * CPU that does not exist. */
static int table_read(struct mshv_vcpu *vcpu, struct cpuid_table *table)
{
	struct source source = {.vcpu = vcpu};
	int ret = ranges_add(&source, table);

	vcpu->vm->base.cpuid_source = "hypervisor";
	if (ret || !source.failure)
		return ret;
	table->count = 0;
	source = (struct source){.vcpu = vcpu, .is_host = true};
	ret = ranges_add(&source, table);
	mask_by_properties(vcpu, table);
	vcpu->vm->base.cpuid_source =
		"host, masked by the partition's properties";
	return ret;
}

int mshv_cpuid_set(struct mshv_vcpu *vcpu, struct err *err)
{
	struct cpuid_table *tables = calloc(2, sizeof(*tables));
	struct cpuid_policy policy = {
		.paravirt = vcpu->vm->cfg.paravirt,
		.vcpu_index = vcpu->base.index,
		.vcpu_count = vcpu->vm->cfg.vcpu_count,
	};
	const struct cpuid_entry *leaf1, *power;
	int ret;

	if (!tables)
		return err_set(err, -ENOMEM, "cannot allocate a CPUID table");
	ret = table_read(vcpu, &tables[0]);
	if (ret) {
		err_sys(err, ret, "cannot read the hypervisor's CPUID");
		goto out;
	}
	tables[1] = tables[0];
	leaf1 = cpuid_find(&tables[0], 1, 0);
	policy.has_tsc_deadline =
		leaf1 && (leaf1->ecx & LEAF1_ECX_TSC_DEADLINE);
	power = cpuid_find(&tables[0], EXT_BASE + 7, 0);
	policy.has_invariant_tsc =
		power && (power->edx & EXT7_EDX_INVARIANT_TSC);
	ret = cpuid_apply(&tables[1], &policy);
	if (ret)
		err_sys(err, ret, "cannot build the guest's CPUID");
	else
		ret = override_all(vcpu, &tables[1], &tables[0], err);
out:
	free(tables);
	return ret;
}
