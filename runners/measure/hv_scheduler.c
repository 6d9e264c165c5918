// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/measure/hv_scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/core/hostprobe.h"

const char *hv_scheduler_of_log(const char *log,
				char name[HV_SCHEDULER_NAME_BYTES])
{
	static const char words[] = "ypervisor using ";
	const char *at, *found = NULL;
	size_t len;

	/* A module that was loaded again says it again. */
	for (at = log; (at = strstr(at, words)) != NULL; at++)
		found = at + sizeof(words) - 1;
	len = found ? strcspn(found, "\n") : 0;
	if (!len || found[len] != '\n' || len >= HV_SCHEDULER_NAME_BYTES) {
		snprintf(name, HV_SCHEDULER_NAME_BYTES, "unknown");
		return name;
	}
	snprintf(name, HV_SCHEDULER_NAME_BYTES, "%.*s", (int)len, found);
	text_clean(name);
	return name;
}

const char *hv_scheduler_here(char name[HV_SCHEDULER_NAME_BYTES])
{
	char *log = kernel_log_text();

	hv_scheduler_of_log(log ? log : "", name);
	free(log);
	return name;
}

bool hv_scheduler_shows_cpu(const char *name)
{
	return !strcmp(name, "root scheduler");
}
