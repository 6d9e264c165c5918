// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/waited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOT_YET (-2)
#define NO_SUCH_FILE (-1)

uint64_t waited_read_ns(void)
{
	static int fd = NOT_YET;
	char text[96];
	const char *blank;
	ssize_t n;

	if (fd == NOT_YET) {
		fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			fd = NOT_YET;
	}
	if (fd == NO_SUCH_FILE)
		return 0;
	n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	blank = strchr(text, ' ');
	return blank ? strtoull(blank, NULL, 10) : WAITED_UNKNOWN;
}

uint64_t waited_since_ns(uint64_t before_ns, uint64_t elapsed_ns)
{
	uint64_t now_ns = waited_read_ns();

	if (before_ns == WAITED_UNKNOWN || now_ns == WAITED_UNKNOWN ||
	    now_ns < before_ns)
		return elapsed_ns;
	return now_ns - before_ns;
}
