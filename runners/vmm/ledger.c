// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/event.h"
#include "runners/vmm/ledger.h"

#include <stdatomic.h>
#include <stdlib.h>

#define EACH_PER_LINE 128

/* One writer, so that a plain sum stored whole is enough. */
static void add_relaxed(_Atomic uint64_t *field, uint64_t value)
{
	uint64_t old = atomic_load_explicit(field, memory_order_relaxed);

	atomic_store_explicit(field, old + value, memory_order_relaxed);
}

static void add_each(struct ledger *l, uint64_t ns)
{
	if (l->skips_next)
		l->skips_next = false;
	else if (l->each_count < LEDGER_MAX_EACH)
		l->each_ns[l->each_count++] =
			ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

void ledger_add_run(struct ledger *l, uint64_t ns)
{
	add_relaxed(&l->run_ns, ns);
}

void ledger_add_exit(struct ledger *l, enum hv_exit_kind kind, uint64_t ns)
{
	add_relaxed(&l->count[kind], 1);
	add_relaxed(&l->handled_ns[kind], ns);
	if (l->each_ns)
		add_each(l, ns);
}

bool ledger_begin_each(struct ledger *l)
{
	if (!l->each_ns)
		l->each_ns = calloc(LEDGER_MAX_EACH, sizeof(*l->each_ns));
	l->each_count = 0;
	l->skips_next = true;
	return l->each_ns;
}

void ledger_write_each(struct ledger *l, uint32_t number, FILE *out)
{
	uint32_t i;

	for (i = 0; i < l->each_count; i++) {
		if (i % EACH_PER_LINE == 0)
			event_each_begin(out, number);
		event_each_add(out, l->each_ns[i]);
		if (i % EACH_PER_LINE == EACH_PER_LINE - 1 ||
		    i + 1 == l->each_count)
			event_each_end(out);
	}
	ledger_release(l);
}

void ledger_release(struct ledger *l)
{
	free(l->each_ns);
	l->each_ns = NULL;
	l->each_count = 0;
}
