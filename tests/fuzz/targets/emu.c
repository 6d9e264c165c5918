// SPDX-License-Identifier: GPL-3.0-or-later
/* Calls of any VMM to the emulated /dev/mshv. They need /dev/kvm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "mshv/abi.h"
#include "mshv/emu/emu.h"
#include "mshv/hvcall.h"
#include "tests/fuzz/fuzz.h"

#define STEP_BYTES 40

struct machine {
	int dev, pt, vp, event_fd;
};

static uint8_t in[MSHV_PAGE_BYTES] __attribute__((aligned(4096)));
static uint8_t out[2 * MSHV_PAGE_BYTES] __attribute__((aligned(4096)));
static uint8_t ram[16 * MSHV_PAGE_BYTES] __attribute__((aligned(4096)));

static int machine_create(struct machine *m)
{
	struct mshv_create_partition create = {.flags = MSHV_PT_LAPIC |
							MSHV_PT_X2APIC};
	struct mshv_create_vp vp = {.index = 0};

	m->pt = m->vp = -1;
	m->dev = sys_open(&mshv_sys_emu, MSHV_DEVICE);
	if (m->dev < 0)
		return m->dev;
	m->pt = sys_ioctl(&mshv_sys_emu, m->dev, MSHV_CREATE_PARTITION,
			  &create);
	if (m->pt < 0)
		return m->pt;
	sys_ioctl(&mshv_sys_emu, m->pt, MSHV_INITIALIZE_PARTITION, NULL);
	m->vp = sys_ioctl(&mshv_sys_emu, m->pt, MSHV_CREATE_VP, &vp);
	return m->vp;
}

static void machine_destroy(struct machine *m)
{
	if (m->vp >= 0)
		sys_close(&mshv_sys_emu, m->vp);
	if (m->pt >= 0)
		sys_close(&mshv_sys_emu, m->pt);
	if (m->dev >= 0)
		sys_close(&mshv_sys_emu, m->dev);
}

static void hypercall(const struct machine *m, const uint8_t *data)
{
	struct mshv_hvcall call = {
		.code = (uint16_t)(data[2] | (data[3] & 1) << 8),
		.reps = data[4] % 16u,
		.in_bytes = (uint16_t)(data[5] * 8u),
		.out_bytes = (uint16_t)(data[6] * 8u),
		.in_ptr = (uintptr_t)in,
		.out_ptr = (uintptr_t)out,
	};
	const int fds[] = {m->dev, m->pt, m->vp};

	memset(in, 0, 512);
	memcpy(in, data + 8, STEP_BYTES - 8);
	sys_ioctl(&mshv_sys_emu, fds[data[7] % 3], MSHV_ROOT_HVCALL, &call);
}

static void memory(const struct machine *m, const uint8_t *data)
{
	struct mshv_mem_region region = {
		.guest_pfn = data[2] % 64u,
		.size_bytes =
			(data[3] % 16u) * MSHV_PAGE_BYTES + (data[4] == 1),
		.flags = data[5] % 8,
		.host_addr = (uintptr_t)(ram + data[6] % 16u * MSHV_PAGE_BYTES),
	};

	if (data[6] % 16u + data[3] % 16u > 16)
		return;
	sys_ioctl(&mshv_sys_emu, m->pt, MSHV_SET_GUEST_MEMORY, &region);
}

static void state(const struct machine *m, const uint8_t *data)
{
	struct mshv_vp_state s = {.type = data[2] % 8,
				  .buf_bytes = (uint32_t)data[3] * 64,
				  .buf_ptr = (uintptr_t)out};

	memcpy(out, data + 8, STEP_BYTES - 8);
	sys_ioctl(&mshv_sys_emu, m->vp,
		  data[4] & 1 ? MSHV_GET_VP_STATE : MSHV_SET_VP_STATE, &s);
}

static void events(const struct machine *m, const uint8_t *data)
{
	struct mshv_irqfd irq = {.fd = data[3] & 1 ? m->event_fd : -1,
				 .resample_fd = data[3] & 2 ? m->event_fd : -1,
				 .gsi = data[4] % 64u,
				 .flags = data[5] % 8u};
	struct mshv_ioeventfd io = {.datamatch = data[6],
				    .addr = data[7] * 512u,
				    .len_bytes = data[4] % 16u,
				    .fd = data[3] & 1 ? m->event_fd : -1,
				    .flags = data[5] % 8u};

	if (data[2] & 1)
		sys_ioctl(&mshv_sys_emu, m->pt, MSHV_IRQFD, &irq);
	else
		sys_ioctl(&mshv_sys_emu, m->pt, MSHV_IOEVENTFD, &io);
}

static void routes(const struct machine *m, const uint8_t *data)
{
	struct mshv_route_table *table = (void *)in;

	memset(in, 0, 512);
	memcpy(in, data + 8, STEP_BYTES - 8);
	table->count = data[2] % 8u;
	table->rsvd = data[3] == 1;
	sys_ioctl(&mshv_sys_emu, m->pt, MSHV_SET_MSI_ROUTING, table);
}

static void bitmap(const struct machine *m, const uint8_t *data)
{
	struct mshv_gpap_bitmap b = {.type = data[2] % 3,
				     .op = data[3] % 4,
				     .page_count = data[4],
				     .first_pfn = data[5],
				     .bitmap_ptr = (uintptr_t)out};

	sys_ioctl(&mshv_sys_emu, m->pt, MSHV_GET_GPAP_BITMAP, &b);
}

static void more_vps(const struct machine *m, const uint8_t *data)
{
	struct mshv_create_vp vp = {.index = data[2]};
	int fd = sys_ioctl(&mshv_sys_emu, m->pt, MSHV_CREATE_VP, &vp);

	if (fd >= 0)
		sys_close(&mshv_sys_emu, fd);
}

static void fuzz_emu(const uint8_t *data, size_t size)
{
	static void (*const steps[])(const struct machine *m,
				     const uint8_t *data) = {
		hypercall, hypercall, hypercall, memory,  state,
		events,    routes,    bitmap,    more_vps};
	static int event_fd = -1;
	struct machine m;

	if (event_fd < 0) {
		setenv("L1VH_MSHV_EMU_LOG", "/dev/null", 1);
		event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	}
	machine_create(&m);
	m.event_fd = event_fd;
	for (; m.vp >= 0 && size >= STEP_BYTES;
	     data += STEP_BYTES, size -= STEP_BYTES)
		steps[data[0] % ARRAY_SIZE(steps)](&m, data);
	machine_destroy(&m);
}

const struct fuzz_target targets_emu[] = {
	{.name = "emu", .run = fuzz_emu, .max_bytes = 640, .share = 50},
	{0},
};
