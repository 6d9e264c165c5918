// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/profile.h"

#include <inttypes.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"

static void add(struct profile *p, const char *name, uint64_t ns)
{
	if (p->count < PROFILE_MAX)
		p->rows[p->count++] = (struct profile_row){name, ns};
}

void profile_begin(struct profile *p)
{
	struct timespec used = {0};

	*p = (struct profile){.last_mono_ns = clock_mono_ns()};
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	add(p, "exec",
	    (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec);
}

void profile_mark(struct profile *p, const char *name, uint64_t mono_ns)
{
	if (!p)
		return;
	add(p, name, mono_ns - p->last_mono_ns);
	p->last_mono_ns = mono_ns;
}

void profile_write(const struct profile *p, FILE *out)
{
	uint64_t sum_ns = 0;
	uint32_t i;

	for (i = 0; i < p->count; i++) {
		fprintf(out, "profile %s %" PRIu64 "\n", p->rows[i].name,
			p->rows[i].ns);
		sum_ns += p->rows[i].ns;
	}
	fprintf(out, "profile sum %" PRIu64 "\n", sum_ns);
}
