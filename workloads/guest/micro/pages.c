// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/micro/pages.h"

#include <stddef.h>
#include <string.h>

#include "workloads/guest/micro/abi.h"
#include "workloads/guest/micro/cpu.h"

#define PAGE_BYTES 4096ull
#define HUGE_BYTES (2ull << 20)
#define GIANT_BYTES (1ull << 30)
#define ENTRIES 512u

#define PTE_OPEN 0x7ull /* present, writable, ring 3 */
#define PTE_LARGE 0x80ull
#define CPUID_GIANT (1u << 26) /* 0x80000001.EDX */

/* Entries of the top table; the VMM's map has the first. */
#define WINDOW_SLOT 1ull
#define DEMAND_SLOT 2ull
#define SLOT_BYTES (1ull << 39)
#define WINDOW_VA (WINDOW_SLOT * SLOT_BYTES)
#define DEMAND_VA (DEMAND_SLOT * SLOT_BYTES)
#define DEMAND_MAX_PAGES 2048u

/* For 64 MiB of small pages, and the tables above them. */
#define WINDOW_TABLES 36u
#define DEMAND_TABLES (2 + DEMAND_MAX_PAGES / ENTRIES)

typedef uint64_t table[ENTRIES];

static table window_tables[WINDOW_TABLES] __attribute__((aligned(4096)));
static table demand_tables[DEMAND_TABLES] __attribute__((aligned(4096)));
static uint8_t demand_page[PAGE_BYTES] __attribute__((aligned(4096)));
static uint32_t demand_count;

static uint64_t *top_table(void)
{
	uint64_t cr3;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	return (uint64_t *)(cr3 & ~(PAGE_BYTES - 1));
}

static void flush_all(void)
{
	__asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3"
			 :
			 :
			 : "rax", "memory");
}

static uint64_t entry_of(const table *t)
{
	return (uint64_t)t | PTE_OPEN;
}

/* Tables in the order in which they are needed; NULL when used up. */
struct pool {
	uint64_t *top;
	table *tables;
	uint32_t count;
	uint32_t used;
};

static uint64_t *table_below(struct pool *pool, uint64_t *entry)
{
	if (!*entry) {
		if (pool->used == pool->count)
			return NULL;
		*entry = entry_of(&pool->tables[pool->used++]);
	}
	return (uint64_t *)(*entry & ~(PAGE_BYTES - 1));
}

static bool map_one(struct pool *pool, uint64_t va, uint64_t gpa,
		    uint64_t page_bytes)
{
	uint64_t *t = table_below(pool, &pool->top[va >> 39 & 511]);
	uint64_t level_bytes = GIANT_BYTES;

	for (; t && level_bytes > page_bytes; level_bytes /= ENTRIES)
		t = table_below(pool, &t[va / level_bytes & 511]);
	if (!t)
		return false;
	t[va / page_bytes & 511] =
		gpa | PTE_OPEN | (page_bytes > PAGE_BYTES ? PTE_LARGE : 0);
	return true;
}

/* The window's tables; this runs in ring 3, which takes the page of the top
 * table from ring 0. */
struct window {
	uint64_t *top;
	uint64_t first, end; /* guest-physical */
	uint64_t page_bytes;
	bool is_mapped;
};

static void map_window(void *arg)
{
	struct window *w = arg;
	struct pool pool = {w->top, window_tables, WINDOW_TABLES, 0};
	uint64_t at;

	memset(window_tables, 0, sizeof(window_tables));
	w->top[WINDOW_SLOT] = 0;
	w->is_mapped = true;
	for (at = w->first; at < w->end && w->is_mapped; at += w->page_bytes)
		w->is_mapped = map_one(&pool, WINDOW_VA + at - w->first, at,
				       w->page_bytes);
}

void *pages_map(uint64_t gpa, uint64_t bytes, uint64_t page_bytes)
{
	struct window w = {.top = top_table(),
			   .first = gpa & ~(page_bytes - 1),
			   .end = gpa + bytes,
			   .page_bytes = page_bytes};

	if (page_bytes == GIANT_BYTES &&
	    !(cpuid(0x80000001, 0).edx & CPUID_GIANT))
		return NULL;
	if (!guard_run(map_window, &w, 3) || !w.is_mapped)
		return NULL;
	flush_all();
	return (void *)(WINDOW_VA + gpa - w.first);
}

static bool on_fault(uint64_t va)
{
	uint64_t page = (va - DEMAND_VA) / PAGE_BYTES;

	if (va < DEMAND_VA || page >= demand_count)
		return false;
	demand_tables[2 + page / ENTRIES][page % ENTRIES] =
		(uint64_t)demand_page | PTE_OPEN;
	return true;
}

static void clear_demand(void *arg)
{
	uint32_t i;

	(void)arg;
	memset(demand_tables, 0, sizeof(demand_tables));
	demand_tables[0][0] = entry_of(&demand_tables[1]);
	for (i = 2; i < DEMAND_TABLES; i++)
		demand_tables[1][i - 2] = entry_of(&demand_tables[i]);
}

void *pages_demand(uint32_t count)
{
	if (!guard_run(clear_demand, NULL, 3))
		return NULL;
	demand_count = count < DEMAND_MAX_PAGES ? count : DEMAND_MAX_PAGES;
	top_table()[DEMAND_SLOT] = entry_of(&demand_tables[0]);
	flush_all();
	cpu_on_fault = on_fault;
	return (void *)DEMAND_VA;
}
