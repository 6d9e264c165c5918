// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/workload.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "workloads/list.h"

const struct wl_point wl_no_point = {.name = ""};

const struct workload *const workloads[] = {
	&wl_boot,
	&wl_null,
	&wl_delay,
	&wl_cpu_integer,
	&wl_cpu_float,
	&wl_cpu_branch,
	&wl_cpu_aes,
	&wl_cpu_sha256,
	&wl_cpu_memcpy,
	&wl_kernel_syscall,
	&wl_kernel_switch,
	&wl_kernel_fault,
	&wl_kernel_forkexec,
	&wl_kernel_mmap,
	&wl_mem_latency,
	&wl_mem_bandwidth,
	&wl_storage,
	&wl_storage_verify,
	&wl_network,
	&wl_network_rr,
	&wl_passthrough,
	&wl_passthrough_virtio,
	&wl_passthrough_mmio,
	&wl_passthrough_host,
	&wl_passthrough_start,
	&wl_footprint,
	&wl_footprint_more,
	&wl_footprint_vfio,
	&wl_micro_exit,
	&wl_micro_clock,
	&wl_micro_cpu,
	&wl_micro_walk,
	&wl_micro_start,
	&wl_churn,
	&wl_restore,
	&wl_restore_linux,
	&wl_micro_fault,
	&wl_selftest_panic,
	&wl_selftest_hang,
	&wl_selftest_fail,
	NULL,
};

static const char *const unit_names[] = {
	[WL_UNIT_NS] = "ns",
	[WL_UNIT_BYTES_PER_S] = "bytes_per_s",
	[WL_UNIT_DOCUMENT] = "document",
};

const struct workload *workload_find(const char *name)
{
	const struct workload *const *w;

	for (w = workloads; *w; w++)
		if (!strcmp((*w)->name, name))
			return *w;
	return NULL;
}

const struct wl_point *workload_point(const struct workload *wl,
				      const char *name)
{
	uint32_t i;

	for (i = 0; wl && i < wl->point_count; i++)
		if (!strcmp(wl->points[i].name, name))
			return &wl->points[i];
	return NULL;
}

uint32_t workload_rank(const char *workload, const char *point)
{
	const struct workload *const *wl;
	uint32_t rank = 0;

	for (wl = workloads; *wl; wl++) {
		const struct wl_point *p = workload_point(*wl, point);

		if (p && !strcmp((*wl)->name, workload))
			return rank + (uint32_t)(p - (*wl)->points);
		rank += (*wl)->point_count;
	}
	return rank;
}

const char *wl_unit_name(enum wl_unit unit)
{
	return unit_names[unit];
}

const char *wl_better_name(enum wl_better better)
{
	return better == WL_LOWER_IS_BETTER ? "lower" : "higher";
}

enum wl_answer wl_say(struct wl_ctx *ctx, enum wl_answer answer,
		      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ctx->reason, sizeof(ctx->reason), fmt, ap);
	va_end(ap);
	return answer;
}
