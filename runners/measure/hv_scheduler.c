// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/measure/hv_scheduler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"

#define LOG_MAX_BYTES (4 * MIB)
#define RECORD_BYTES 8192

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
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct strbuf log = {0};
	char record[RECORD_BYTES];
	ssize_t n = 0;

	/* A record per read; EPIPE: some were overwritten meanwhile. */
	while (fd >= 0 && log.len < LOG_MAX_BYTES) {
		n = read(fd, record, sizeof(record));
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		strbuf_add(&log, record, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
	hv_scheduler_of_log(strbuf_str(&log), name);
	strbuf_release(&log);
	return name;
}

bool hv_scheduler_shows_cpu(const char *name)
{
	return !strcmp(name, "root scheduler");
}
