// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/bench_case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "workloads/workload.h"

void bench_case_release(struct bench_case *bc)
{
	free(bc->items);
	memset(bc, 0, sizeof(*bc));
}

void bench_case_add(struct bench_case *bc, const char *workload,
		    const char *point)
{
	struct case_item *item;

	bc->items = xrealloc(bc->items, bc->item_count + 1, sizeof(*bc->items));
	item = &bc->items[bc->item_count++];
	memset(item, 0, sizeof(*item));
	snprintf(item->workload, sizeof(item->workload), "%s", workload);
	snprintf(item->point, sizeof(item->point), "%s", point);
}

bool bench_case_has(const struct bench_case *bc, const char *workload)
{
	size_t i;

	for (i = 0; i < bc->item_count; i++)
		if (!strcmp(bc->items[i].workload, workload))
			return true;
	return false;
}

bool bench_case_needs(const struct bench_case *bc, uint32_t wl_flags)
{
	size_t i;

	for (i = 0; i < bc->item_count; i++) {
		const struct workload *wl =
			workload_find(bc->items[i].workload);

		if (wl && (wl->flags & wl_flags))
			return true;
	}
	return false;
}

const char *io_plan_null_size(const char *disk)
{
	static const char prefix[] = "null:";
	size_t len = sizeof(prefix) - 1;

	return strncmp(disk, prefix, len) ? NULL : disk + len;
}

bool io_plan_caches(const struct io_plan *io)
{
	return !strcmp(io->disk_cache, "host");
}

bool io_plan_has_ioeventfd(const struct io_plan *io)
{
	return strcmp(io->ioeventfd, "off") != 0;
}

/* What earlier runs had no choice about, and had as it is where it is not said. */
static void add_choices(const struct io_plan *io, json_t *out)
{
	if (io_plan_caches(io))
		json_object_set_new(out, "disk_cache",
				    json_string(io->disk_cache));
	if (!io_plan_has_ioeventfd(io))
		json_object_set_new(out, "ioeventfd",
				    json_string(io->ioeventfd));
	if (io->disk_poll_us)
		json_object_set_new(out, "disk_poll_us",
				    json_integer(io->disk_poll_us));
	if (io->net_poll_us)
		json_object_set_new(out, "net_poll_us",
				    json_integer(io->net_poll_us));
}

json_t *io_plan_to_json(const struct io_plan *io)
{
	json_t *devices = json_array();
	json_t *out;
	uint32_t i;

	for (i = 0; i < io->device_count; i++)
		json_array_append_new(devices, json_string(io->devices[i]));
	out = json_pack("{s:I, s:s, s:I, s:b, s:i, s:s, s:s, s:s, s:s, s:s,"
			" s:b, s:o, s:b}",
			"io_ns", (json_int_t)io->io_ns, "disk", io->disk,
			"disk_bytes", (json_int_t)io->disk_bytes,
			"may_overwrite", io->may_overwrite, "queue_count",
			(int)io->queue_count, "vhost", io->vhost, "peer",
			io->peer, "interface", io->interface, "guest_address",
			io->guest_address, "guest_gateway", io->guest_gateway,
			"ignores_panic", io->ignores_panic, "devices", devices,
			"may_overwrite_device", io->may_overwrite_device);
	add_choices(io, out);
	return out;
}

static int io_from_json(json_t *json, struct io_plan *io)
{
	const char *disk, *vhost, *peer, *interface, *address, *gateway;
	const char *cache = "", *ioeventfd = "";
	json_t *devices = NULL, *device;
	size_t i;
	int may_overwrite, queues, ignores, overwrites_device = 0;
	int disk_poll = 0, net_poll = 0;
	json_int_t ns, bytes;

	if (json_unpack(json,
			"{s:I, s:s, s:I, s:b, s:i, s:s, s:s, s:s, s:s, s:s,"
			" s:b, s?o, s?b, s?s, s?s, s?i, s?i}",
			"io_ns", &ns, "disk", &disk, "disk_bytes", &bytes,
			"may_overwrite", &may_overwrite, "queue_count", &queues,
			"vhost", &vhost, "peer", &peer, "interface", &interface,
			"guest_address", &address, "guest_gateway", &gateway,
			"ignores_panic", &ignores, "devices", &devices,
			"may_overwrite_device", &overwrites_device,
			"disk_cache", &cache, "ioeventfd", &ioeventfd,
			"disk_poll_us", &disk_poll, "net_poll_us", &net_poll) ||
	    (*ioeventfd && strcmp(ioeventfd, "on") != 0 &&
	     strcmp(ioeventfd, "off") != 0) ||
	    (devices && !json_is_array(devices)) || disk_poll < 0 ||
	    net_poll < 0)
		return -EPROTO;
	io->io_ns = (uint64_t)ns;
	io->disk_bytes = (uint64_t)bytes;
	io->may_overwrite = may_overwrite;
	io->queue_count = (uint32_t)queues;
	io->ignores_panic = ignores;
	io->may_overwrite_device = overwrites_device;
	io->disk_poll_us = (uint32_t)disk_poll;
	io->net_poll_us = (uint32_t)net_poll;
	io->device_count = 0;
	json_array_foreach(devices, i, device) {
		if (i == IO_MAX_DEVICES || !json_is_string(device))
			return -EPROTO;
		snprintf(io->devices[io->device_count++],
			 sizeof(io->devices[0]), "%s",
			 json_string_value(device));
	}
	snprintf(io->disk, sizeof(io->disk), "%s", disk);
	snprintf(io->disk_cache, sizeof(io->disk_cache), "%s", cache);
	snprintf(io->ioeventfd, sizeof(io->ioeventfd), "%s", ioeventfd);
	snprintf(io->vhost, sizeof(io->vhost), "%s", vhost);
	snprintf(io->peer, sizeof(io->peer), "%s", peer);
	snprintf(io->interface, sizeof(io->interface), "%s", interface);
	snprintf(io->guest_address, sizeof(io->guest_address), "%s", address);
	snprintf(io->guest_gateway, sizeof(io->guest_gateway), "%s", gateway);
	return 0;
}

static json_t *limits_to_json(const struct mem_limits *l)
{
	return json_pack("{s:I, s:b, s:I, s:b}", "cgroup_bytes",
			 (json_int_t)l->cgroup_bytes, "has_memlock",
			 l->has_memlock, "memlock_bytes",
			 (json_int_t)l->memlock_bytes, "locks_ram",
			 l->locks_ram);
}

static int limits_from_json(json_t *json, struct mem_limits *l)
{
	json_int_t cgroup, memlock;
	int has_memlock, locks;

	if (json_unpack(json, "{s:I, s:b, s:I, s:b}", "cgroup_bytes", &cgroup,
			"has_memlock", &has_memlock, "memlock_bytes", &memlock,
			"locks_ram", &locks))
		return -EPROTO;
	*l = (struct mem_limits){.cgroup_bytes = (uint64_t)cgroup,
				 .has_memlock = has_memlock,
				 .memlock_bytes = (uint64_t)memlock,
				 .locks_ram = locks};
	return 0;
}

json_t *bench_case_to_json(const struct bench_case *bc)
{
	json_t *items = json_array();
	size_t i;

	for (i = 0; i < bc->item_count; i++)
		json_array_append_new(items,
				      json_pack("{s:s, s:s}", "workload",
						bc->items[i].workload, "point",
						bc->items[i].point));
	return json_pack(
		"{s:s, s:i, s:i, s:I, s:s, s:s, s:i, s:i, s:I, s:I,"
		" s:I, s:o, s:o, s:o, s:s, s:s}",
		"runner", bc->runner, "block", (int)bc->block, "vcpu_count",
		(int)bc->vcpu_count, "ram_bytes", (json_int_t)bc->ram_bytes,
		"paravirt", bc->paravirt, "sandbox", bc->sandbox,
		"warmup_count", (int)bc->warmup_count, "sample_count",
		(int)bc->sample_count, "target_ns", (json_int_t)bc->target_ns,
		"timeout_ns", (json_int_t)bc->timeout_ns, "stretch_ppm",
		(json_int_t)bc->stretch_ppm, "items", items, "io",
		io_plan_to_json(&bc->io), "limits", limits_to_json(&bc->limits),
		"guest_kernel", bc->guest_kernel, "pinning", bc->pinning);
}

int bench_case_from_json(const json_t *json, struct bench_case *bc,
			 struct err *err)
{
	const char *runner, *paravirt, *sandbox, *kernel, *pinning, *workload,
		*point;
	json_int_t ram, target, timeout, stretch;
	int block, vcpus, warmup, samples;
	json_t *items, *item, *io, *limits;
	size_t i;

	memset(bc, 0, sizeof(*bc));
	if (json_unpack((json_t *)json,
			"{s:s, s:i, s:i, s:I, s:s, s:s, s:i, s:i, s:I, s:I,"
			" s:I, s:o, s:o, s:o, s:s, s:s}",
			"runner", &runner, "block", &block, "vcpu_count",
			&vcpus, "ram_bytes", &ram, "paravirt", &paravirt,
			"sandbox", &sandbox, "warmup_count", &warmup,
			"sample_count", &samples, "target_ns", &target,
			"timeout_ns", &timeout, "stretch_ppm", &stretch,
			"items", &items, "io", &io, "limits", &limits,
			"guest_kernel", &kernel, "pinning", &pinning) ||
	    io_from_json(io, &bc->io) || limits_from_json(limits, &bc->limits))
		return err_set(err, -EPROTO, "a case is not well formed");
	snprintf(bc->runner, sizeof(bc->runner), "%s", runner);
	snprintf(bc->paravirt, sizeof(bc->paravirt), "%s", paravirt);
	snprintf(bc->sandbox, sizeof(bc->sandbox), "%s", sandbox);
	snprintf(bc->guest_kernel, sizeof(bc->guest_kernel), "%s", kernel);
	snprintf(bc->pinning, sizeof(bc->pinning), "%s", pinning);
	bc->block = (uint32_t)block;
	bc->vcpu_count = (uint32_t)vcpus;
	bc->ram_bytes = (uint64_t)ram;
	bc->warmup_count = (uint32_t)warmup;
	bc->sample_count = (uint32_t)samples;
	bc->target_ns = (uint64_t)target;
	bc->timeout_ns = (uint64_t)timeout;
	bc->stretch_ppm = (uint64_t)stretch;
	json_array_foreach(items, i, item) {
		if (json_unpack(item, "{s:s, s:s}", "workload", &workload,
				"point", &point)) {
			bench_case_release(bc);
			return err_set(err, -EPROTO,
				       "a case's series is not well formed");
		}
		bench_case_add(bc, workload, point);
	}
	return 0;
}
