// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/qemu_witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/qemu_args.h"
#include "runners/machine/qemu_program.h"
#include "runners/machine/qmp.h"
#include "runners/measure/watch.h"
#include "runners/site/io_site.h"

void qemu_witness_look(void *arg, pid_t pid)
{
	struct qemu_witness *w = arg;

	w->has_kvm_open = qemu_has_open(pid, "/dev/kvm");
	w->has_mshv_open = qemu_has_open(pid, "/dev/mshv") ||
			   qemu_has_open(pid, "/memfd:mshv (deleted)");
	/* QEMU does without the kernel's help where it gets none. */
	snprintf(w->site->env.net_backend, sizeof(w->site->env.net_backend),
		 "%s", qemu_has_open(pid, VHOST_NET_DEVICE) ? "vhost" : "tap");
}

static const char *accelerator_of(const struct qemu_witness *w)
{
	if (w->qmp.accelerator[0])
		return w->qmp.accelerator;
	if (!w->qmp.knows_kvm)
		return "unknown";
	/* Its word is enough to refuse it, and not to take it for what was asked. */
	if (w->qmp.kvm_enabled)
		return w->has_kvm_open || strcmp(w->wanted, "kvm") ? "kvm"
								   : "unknown";
	return w->has_mshv_open ? "mshv" : "tcg";
}

/* What has fallen back is not waited for. */
const char *qemu_witness_line(void *arg, pid_t pid, const char *line)
{
	struct qemu_witness *w = arg;
	bool knew = w->qmp.knows_kvm;

	qmp_line(&w->qmp, line);
	if (!w->qmp.knows_kvm)
		return NULL;
	if (w->watch && !knew) {
		watch_at(w->watch, WATCH_STARTED, pid);
		qmp_continue(&w->qmp);
	}
	if (w->qmp.kvm_enabled == !strcmp(w->wanted, "kvm"))
		return NULL;
	snprintf(w->reason, sizeof(w->reason),
		 "QEMU was asked for %s and used %s", w->wanted,
		 w->qmp.kvm_enabled ? "kvm" : "tcg");
	return w->reason;
}

/* Figures of a fallback accelerator must not count for the requested one. */
void qemu_witness_judge(const struct qemu_witness *w, struct result *res)
{
	const struct io_site *site = w->site;
	const char *wanted = w->wanted, *used = accelerator_of(w);

	if (!res->identity)
		return;
	if (!strcmp(wanted, used)) {
		if (!site->has_net || strcmp(site->bc->io.vhost, "on") ||
		    !strcmp(site->env.net_backend, "vhost"))
			return;
		wanted = "vhost";
		used = site->env.net_backend;
	}
	res->status = RUN_OK;
	result_fail(res, RUN_RUNNER_FAILED, "QEMU was asked for %s and used %s",
		    wanted, used);
	result_drop_series(res);
}

/* Which QEMU it was stands in every result, and why it ended in a bad one. */
void qemu_witness_add_words(const struct qmp *q, struct result *res)
{
	char *text;

	if (q->version[0]) {
		text = xasprintf("QEMU %s", q->version);
		result_add_fact(res, "vmm.version", text);
		free(text);
	}
	if (res->status == RUN_RUNNER_FAILED && q->shutdown[0]) {
		text = xasprintf("%s: QEMU reports %s", res->reason,
				 q->shutdown);
		res->status = RUN_OK;
		result_fail(res, RUN_RUNNER_FAILED, "%s", text);
		free(text);
	}
}
