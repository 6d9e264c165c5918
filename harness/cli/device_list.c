// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/device_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/pci_host.h"

static int add(const char *word, struct io_plan *io, struct err *err)
{
	uint32_t i;
	int ret;

	if (io->device_count == IO_MAX_DEVICES)
		return err_set(err, -E2BIG, "more than %d devices",
			       IO_MAX_DEVICES);
	ret = pci_host_address(word, io->devices[io->device_count], err);
	for (i = 0; !ret && i < io->device_count; i++)
		if (!strcmp(io->devices[i], io->devices[io->device_count]))
			ret = err_set(err, -EINVAL, "%s is there twice",
				      io->devices[i]);
	io->device_count += !ret;
	return ret;
}

int device_list_parse(const char *text, struct io_plan *io, struct err *err)
{
	char *copy = xstrdup(text), *rest = copy, *word;
	int ret = 0;

	io->device_count = 0;
	while (!ret && (word = strsep(&rest, ",")))
		ret = add(word, io, err);
	free(copy);
	return ret;
}
