// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/vmi.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/kubevirt/release.h"

void vmi_release(struct vmi *v)
{
	free(v->interfaces);
	free(v->networks);
	free(v->host_devices);
	free(v->gpus);
	free(v->volumes);
	free(v->filesystems);
	*v = (struct vmi){.name = ""};
}

static void *copy_list(const void *list, size_t count, size_t size)
{
	void *copy = NULL;

	if (count) {
		copy = xrealloc(NULL, count, size);
		memcpy(copy, list, count * size);
	}
	return copy;
}

#define COPY_LIST(v, list, count) \
	((v)->list = copy_list((v)->list, (v)->count, sizeof(*(v)->list)))

struct vmi vmi_copy(const struct vmi *from)
{
	struct vmi v = *from;

	COPY_LIST(&v, interfaces, interface_count);
	COPY_LIST(&v, networks, network_count);
	COPY_LIST(&v, host_devices, host_device_count);
	COPY_LIST(&v, gpus, gpu_count);
	COPY_LIST(&v, volumes, volume_count);
	COPY_LIST(&v, filesystems, filesystem_count);
	return v;
}

struct vmi vmi_of_shape(int64_t ram_bytes, uint32_t vcpu_count,
			size_t vfio_count)
{
	struct vmi v = {
		.name = "",
		.space = "",
		.has_cpu = true,
		.sockets = vcpu_count,
		.cores = 1,
		.threads = 1,
		.graphics = FLAG_FALSE,
		.host_device_count = vfio_count,
	};
	size_t i;

	if (ram_bytes)
		resources_set(&v.requests, RESOURCE_MEMORY,
			      quantity_of(ram_bytes));
	if (vfio_count)
		v.host_devices = xcalloc(vfio_count, sizeof(*v.host_devices));
	for (i = 0; i < vfio_count; i++)
		v.host_devices[i].resource = "";
	return v;
}

size_t vmi_vfio_count(const struct vmi *v)
{
	size_t count = v->host_device_count + v->gpu_count, i;

	for (i = 0; i < v->interface_count; i++)
		count += v->interfaces[i].has_sriov;
	return count;
}

bool vmi_has_passt_binding(const struct vmi *v)
{
	size_t i;

	for (i = 0; i < v->interface_count; i++)
		if (v->interfaces[i].has_passt_binding)
			return true;
	return false;
}

/* Fields that are zero are passed over, in 32 bits as in Go. */
int64_t vmi_vcpu_count(const struct vmi *v)
{
	uint32_t count = v->cores;

	if (v->sockets)
		count = count ? count * v->sockets : v->sockets;
	if (v->threads)
		count = count ? count * v->threads : v->threads;
	return count;
}

static bool is_guaranteed_in(const struct vmi *v, const char *name,
			     bool is_limit_enough)
{
	struct amount request = resources_get(&v->requests, name);
	struct amount limit = resources_get(&v->limits, name);

	if (amount_is_zero(request))
		return is_limit_enough && !amount_is_zero(limit);
	return amounts_are_equal(request, limit);
}

bool vmi_is_guaranteed(const struct vmi *v, const struct kubevirt_release *r)
{
	return is_guaranteed_in(v, RESOURCE_MEMORY,
				kubevirt_trait(r, TRAIT_QOS_BY_LIMIT)) &&
	       is_guaranteed_in(v, RESOURCE_CPU, false);
}
