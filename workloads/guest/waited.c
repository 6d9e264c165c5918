// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/waited.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t waited_read_ns(void)
{
	static int fd = -2;
	char text[96];
	const char *blank;
	ssize_t n;

	if (fd == -2)
		fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	blank = strchr(text, ' ');
	return blank ? strtoull(blank, NULL, 10) : 0;
}
