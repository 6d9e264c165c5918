// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/core/forecast.h"

#define BAR_WIDTH 30u

void progress_init(struct progress *p, struct forecast *forecast)
{
	*p = (struct progress){
		.total_count = forecast->sched->count,
		.forecast = forecast,
		.is_terminal = isatty(STDERR_FILENO),
	};
}

/* The case that runs now is part of what is left, less what it has taken. */
static void time_left(const struct progress *p, char *buf, size_t size)
{
	uint64_t left_ns = forecast_left_ns(p->forecast, p->done_count);
	uint64_t spent_ns =
		p->case_began_ns ? clock_mono_ns() - p->case_began_ns : 0;
	uint64_t case_ns =
		left_ns - forecast_left_ns(p->forecast, p->done_count + 1);
	uint64_t left_s;

	left_ns -= spent_ns < case_ns ? spent_ns : case_ns;
	left_s = (left_ns + NS_PER_S / 2) / NS_PER_S;
	snprintf(buf, size, "about %llu:%02llu left",
		 (unsigned long long)left_s / 60,
		 (unsigned long long)left_s % 60);
}

void progress_tick(void *progress)
{
	struct progress *p = progress;
	char bar[BAR_WIDTH + 1];
	char left[48];
	size_t full;

	if (!p->is_terminal || !p->total_count)
		return;
	full = p->done_count * BAR_WIDTH / p->total_count;
	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', full);
	bar[BAR_WIDTH] = '\0';
	time_left(p, left, sizeof(left));
	fprintf(stderr, "\r[%s] %zu/%zu %s, %s\033[K", bar, p->done_count,
		p->total_count, p->what, left);
}

void progress_begin(struct progress *p, const char *what)
{
	snprintf(p->what, sizeof(p->what), "%s", what);
	p->case_began_ns = clock_mono_ns();
	progress_tick(p);
}

void progress_end(struct progress *p, const char *outcome)
{
	char left[48];

	forecast_take(p->forecast, p->done_count,
		      clock_mono_ns() - p->case_began_ns);
	p->case_began_ns = 0;
	p->done_count++;
	if (p->is_terminal) {
		progress_tick(p);
		return;
	}
	time_left(p, left, sizeof(left));
	fprintf(stderr, "%zu/%zu %s: %s, %s\n", p->done_count, p->total_count,
		p->what, outcome, left);
}

void progress_finish(struct progress *p)
{
	if (p->is_terminal)
		fputs("\r\033[K", stderr);
}
