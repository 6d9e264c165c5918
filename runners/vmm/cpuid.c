// SPDX-License-Identifier: GPL-3.0-or-later
/* Leaf layouts: Intel SDM vol. 2A "CPUID"; AMD APM vol. 3, appendix E. */
#include "runners/vmm/cpuid.h"

#include <cpuid.h>
#include <errno.h>
#include <string.h>

#define LEAF1_ECX_MONITOR (1u << 3)
#define LEAF7_EBX_SGX (1u << 2)
#define LEAF7_ECX_SGX_LC (1u << 30)
#define LEAF1_ECX_VMX (1u << 5)
#define LEAF1_ECX_X2APIC (1u << 21)
#define LEAF1_ECX_TSC_DEADLINE (1u << 24)
#define LEAF1_ECX_HYPERVISOR (1u << 31)
#define LEAF1_EDX_HTT (1u << 28)
#define EXT1_ECX_CMP_LEGACY (1u << 1)
#define EXT1_ECX_SVM (1u << 2)
#define EXT1_ECX_PERFCTR ((1u << 23) | (1u << 24) | (1u << 28))
#define EXT7_EDX_INVARIANT_TSC (1u << 8)

#define HV_LEAF_BASE 0x40000000u
#define HV_LEAF_LAST 0x4fffffffu

struct cpuid_entry *cpuid_find(struct cpuid_table *table, uint32_t function,
			       uint32_t index)
{
	size_t i;

	for (i = 0; i < table->count; i++) {
		struct cpuid_entry *e = &table->entries[i];

		if (e->function == function &&
		    (!e->has_index || e->index == index))
			return e;
	}
	return NULL;
}

struct cpuid_entry cpuid_native(uint32_t function, uint32_t index)
{
	struct cpuid_entry e = {.function = function, .index = index};

	__cpuid_count(function, index, e.eax, e.ebx, e.ecx, e.edx);
	return e;
}

static void drop_leaves(struct cpuid_table *table, uint32_t first,
			uint32_t last)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < table->count; i++)
		if (table->entries[i].function < first ||
		    table->entries[i].function > last)
			table->entries[kept++] = table->entries[i];
	table->count = kept;
}

static int add_leaf(struct cpuid_table *table, const struct cpuid_entry *entry)
{
	if (table->count == sizeof(table->entries) / sizeof(*entry))
		return -E2BIG;
	table->entries[table->count++] = *entry;
	return 0;
}

static unsigned int bits_for(uint32_t count)
{
	unsigned int bits = 0;

	while ((1u << bits) < count)
		bits++;
	return bits;
}

static void set_leaf1(struct cpuid_table *table, const struct cpuid_policy *p)
{
	struct cpuid_entry *e = cpuid_find(table, 1, 0);

	if (!e)
		return;
	e->ebx = (e->ebx & 0x0000ffff) | p->vcpu_index << 24 |
		 (1u << bits_for(p->vcpu_count)) << 16;
	e->ecx &= ~(LEAF1_ECX_MONITOR | LEAF1_ECX_VMX);
	e->ecx |= LEAF1_ECX_HYPERVISOR;
	if (p->has_tsc_deadline)
		e->ecx |= LEAF1_ECX_TSC_DEADLINE;
	/*
	 * Without interrupt remapping Linux uses x2APIC only where it knows
	 * the hypervisor. A hidden hypervisor must not offer it: the kernel
	 * would switch it off again, at the cost of a warning.
	 */
	if (p->paravirt == HV_PARAVIRT_IDENTICAL)
		e->ecx &= ~LEAF1_ECX_X2APIC;
	else
		e->ecx |= LEAF1_ECX_X2APIC;
	if (p->vcpu_count > 1)
		e->edx |= LEAF1_EDX_HTT;
	else
		e->edx &= ~LEAF1_EDX_HTT;
}

/*
 * Cache topology: all vCPUs share the last level, and no others. The host's own
 * sharing says nothing about vCPUs.
 */
static void set_cache_sharing(struct cpuid_entry *e, unsigned int bits)
{
	uint32_t sharers = (1u << bits) - 1;

	if ((e->function != 4 && e->function != 0x8000001d) || !(e->eax & 0x1f))
		return;
	e->eax &= 0x3fff;
	if ((e->eax >> 5 & 7) == 3)
		e->eax |= (sharers & 0xfff) << 14;
	if (e->function == 4)
		e->eax |= (sharers & 0x3f) << 26;
}

/* One package, single-threaded cores, on Intel and AMD alike. */
static int set_topology(struct cpuid_table *table, const struct cpuid_policy *p)
{
	unsigned int bits = bits_for(p->vcpu_count);
	struct cpuid_entry *e;
	size_t i;

	for (i = 0; i < table->count; i++)
		set_cache_sharing(&table->entries[i], bits);
	e = cpuid_find(table, 0x80000008, 0);
	if (e)
		e->ecx = bits << 12 | (p->vcpu_count - 1);
	e = cpuid_find(table, 0x8000001e, 0);
	if (e) {
		e->eax = p->vcpu_index;
		e->ebx = p->vcpu_index;
		e->ecx = 0;
	}
	drop_leaves(table, 0xb, 0xb);
	drop_leaves(table, 0x1f, 0x1f);
	e = cpuid_find(table, 0, 0);
	if (e && e->eax >= 0xb) {
		struct cpuid_entry smt = {.function = 0xb,
					  .index = 0,
					  .has_index = true,
					  .ebx = 1,
					  .ecx = 1 << 8,
					  .edx = p->vcpu_index};
		struct cpuid_entry core = {.function = 0xb,
					   .index = 1,
					   .has_index = true,
					   .eax = bits,
					   .ebx = p->vcpu_count,
					   .ecx = 2 << 8 | 1,
					   .edx = p->vcpu_index};

		if (add_leaf(table, &smt) || add_leaf(table, &core))
			return -E2BIG;
	}
	return 0;
}

static void set_extended(struct cpuid_table *table,
			 const struct cpuid_policy *p)
{
	struct cpuid_entry *e = cpuid_find(table, 0x80000001, 0);

	if (e) {
		e->ecx &= ~(EXT1_ECX_SVM | EXT1_ECX_PERFCTR);
		if (p->vcpu_count == 1)
			e->ecx &= ~EXT1_ECX_CMP_LEGACY;
	}
	e = cpuid_find(table, 0x80000007, 0);
	if (e && p->has_invariant_tsc)
		e->edx |= EXT7_EDX_INVARIANT_TSC;
	/* A virtual PMU depends on the hypervisor, and no workload uses it. */
	e = cpuid_find(table, 0xa, 0);
	if (e)
		e->eax = e->ebx = e->ecx = e->edx = 0;
	drop_leaves(table, 0x80000022, 0x80000022);
}

/*
 * Keep the "there is a hypervisor" bit, since mitigations depend on it, but
 * sign with a name that no guest has enlightenments for.
 */
static int hide_hypervisor(struct cpuid_table *table)
{
	struct cpuid_entry e = {.function = HV_LEAF_BASE, .eax = HV_LEAF_BASE};

	drop_leaves(table, HV_LEAF_BASE, HV_LEAF_LAST);
	memcpy(&e.ebx, "L1VH", 4);
	memcpy(&e.ecx, "-BEN", 4);
	memcpy(&e.edx, "CH\0\0", 4);
	return add_leaf(table, &e);
}

/* A guest that sees SGX or its launch control reads MSR 0x3a as firmware does,
 * which hangs under some hypervisors. */
static void hide_sgx(struct cpuid_table *table)
{
	struct cpuid_entry *e = cpuid_find(table, 7, 0);

	if (e) {
		e->ebx &= ~LEAF7_EBX_SGX;
		e->ecx &= ~LEAF7_ECX_SGX_LC;
	}
	drop_leaves(table, 0x12, 0x12);
}

int cpuid_apply(struct cpuid_table *table, const struct cpuid_policy *policy)
{
	int ret;

	set_leaf1(table, policy);
	hide_sgx(table);
	set_extended(table, policy);
	ret = set_topology(table, policy);
	if (!ret && policy->paravirt == HV_PARAVIRT_IDENTICAL)
		ret = hide_hypervisor(table);
	return ret;
}
