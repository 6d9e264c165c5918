// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/libvirt/virsh.h"

#include <stddef.h>

#include "harness/base/err.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"
#include "runners/machine/qmp.h"

#define URI "qemu:///system"

int virsh(const char *verb, const char *arg, const char *more, struct err *err)
{
	const char *const argv[] = {"virsh", "-q", "-c", URI,
				    verb,    arg,  more, NULL};
	struct strbuf out = {0};
	int ret = proc_capture_all(argv, &out, err);

	if (ret && out.len) {
		text_clean(out.str);
		err_set(err, ret, "virsh %s: %.400s", verb, out.str);
	}
	strbuf_release(&out);
	return ret;
}

bool virsh_guest_rip(const char *name, uint64_t *rip)
{
	/* A monitor that hangs with its guest is not waited for. */
	const char *const argv[] = {"timeout",
				    "--signal=KILL",
				    "1",
				    "virsh",
				    "-q",
				    "-c",
				    URI,
				    "qemu-monitor-command",
				    name,
				    "--hmp",
				    "info registers",
				    NULL};
	struct strbuf out = {0};
	struct err ignored;
	bool knows = !proc_capture(argv, NULL, &out, &ignored) &&
		     qmp_parse_rip(strbuf_str(&out), rip);

	strbuf_release(&out);
	return knows;
}
