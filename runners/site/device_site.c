// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/site/device_site.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"

/* A driver may look at its disk for a while. */
#define READY_MS 60000
#define END_NS (60 * NS_PER_S)

static int read_answer(int fd, char *line, size_t size, struct err *err)
{
	int ret = proc_read_line(fd, READY_MS, line, size);

	if (ret == -ETIMEDOUT)
		return err_set(err, ret,
			       "the device changed no driver in time");
	return ret ? err_set(err, ret, "the device's guard has ended") : 0;
}

static int take_answer(struct device_site *site, const char *line,
		       struct err *err)
{
	int code = 0, at = 0;

	if (sscanf(line, "error %d %n", &code, &at) == 1)
		return err_set(err, code < 0 ? code : -EIO, "%s", line + at);
	if (sscanf(line, "ready %" SCNu64, &site->change_ns) != 1)
		return err_set(err, -EPROTO, "the guard said '%.100s'", line);
	return 0;
}

int device_site_open(struct device_site *site, const char *address,
		     enum device_side side, struct err *err)
{
	char *self = file_beside_exe("l1vh-bench");
	const char *argv[] = {self, "device-guard", address,
			      side == DEVICE_VFIO ? "vfio" : "host", NULL};
	char line[512];
	int from = -1;
	int ret;

	*site = (struct device_site){.to_guard = -1};
	ret = proc_spawn_piped(argv, &site->guard, &site->to_guard, &from, err);
	if (!ret)
		ret = read_answer(from, line, sizeof(line), err);
	if (!ret)
		ret = take_answer(site, line, err);
	if (!ret)
		ret = pci_host_read("", address, &site->fn, err);
	if (from >= 0)
		close(from);
	free(self);
	if (ret)
		device_site_close(site);
	return ret;
}

void device_site_close(struct device_site *site)
{
	if (site->guard > 0) {
		close(site->to_guard);
		proc_reap(site->guard, END_NS);
	}
	site->guard = 0;
	site->to_guard = -1;
}
