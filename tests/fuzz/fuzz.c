// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Everything that parses what a guest, a hypervisor or a worker sends, fed with damaged
 * input. Runs alone for a bounded number of rounds from a fixed seed (with
 * the sanitizers in `make check`), or as a libFuzzer target:
 *   clang -fsanitize=fuzzer,address -DLIBFUZZER ...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/portable.h"
#include "harness/core/bench_case.h"
#include "harness/core/io_doc.h"
#include "harness/core/result.h"
#include "harness/core/shape.h"
#include "harness/findings/footprint.h"
#include "harness/findings/model.h"
#include "harness/kubevirt/instancetype.h"
#include "harness/kubevirt/quantity.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/survey.h"
#include "harness/serve/accept.h"
#include "harness/serve/query.h"
#include "harness/store/bundle.h"
#include "harness/store/store.h"
#include "harness/verdict/claims.h"
#include "mshv/insn.h"
#include "mshv/trace/replay.h"
#include "reports/text/footprint_text.h"
#include "runners/link/agent_link.h"
#include "runners/vmm/boot_x86.h"
#include "runners/vmm/dev/micro.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/trace.h"
#include "runners/vmm/vcpu_regs.h"
#include "runners/vmm/vfio/vfio_pci.h"
#include "runners/vmm/virtio/blk.h"
#include "runners/vmm/virtio/net.h"
#include "runners/vmm/virtio/rng.h"
#include "runners/vmm/virtio/virtio_pci.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/mshv_fake.h"
#include "tests/unit/fixture/netns.h"
#include "tests/unit/fixture/vdriver.h"
#include "tests/unit/fixture/vfio_fake.h"
#include "workloads/guest/micro/abi.h"
#include "workloads/wire.h"

#define MEM_BYTES (32 * MIB)

static void fuzz_wire(const uint8_t *data, size_t size)
{
	struct wire_frame f;
	long used = wire_decode(data, size, &f);

	if (used > 0 && ((size_t)used > size || f.length > size))
		abort();
}

/* Valid frames with fuzzed payloads, so that the checksum is passed. */
static void fuzz_link(const uint8_t *data, size_t size)
{
	struct bench_case bc = {.sample_count = 2};
	struct agent_link link;
	struct result res;
	char buf[WIRE_HEADER_BYTES + 256];
	uint32_t sequence = 0;

	bench_case_add(&bc, "null", "");
	bench_case_add(&bc, "mem_latency", "16KiB,4KiB-pages");
	bench_case_add(&bc, "micro_exit", "cpuid,ring3");
	result_init(&res);
	agent_link_init(&link, &bc, &res);
	link.has_stamps = true;
	link.channel_fd = -1;
	while (size > 2) {
		uint32_t type = data[0] % WIRE_TYPE_COUNT;
		uint32_t len = data[1];

		data += 2;
		size -= 2;
		if (len > size)
			len = (uint32_t)size;
		agent_link_channel(
			&link, buf,
			wire_encode(type, sequence++, data, len, buf));
		agent_link_events(&link, data, len);
		data += len;
		size -= len;
	}
	agent_link_finish(&link);
	agent_link_release(&link);
	result_release(&res);
	bench_case_release(&bc);
}

static void fuzz_json(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, 0, NULL);
	struct bench_case bc;
	struct result res;
	struct err err;

	if (!json)
		return;
	if (!result_from_json(json, &res, &err))
		result_release(&res);
	if (!bench_case_from_json(json, &bc, &err))
		bench_case_release(&bc);
	json_decref(json);
}

/* What programs print: the whole, or the place of a number or a list in what
 * they would print. */
static void fuzz_documents(const uint8_t *data, size_t size)
{
	static const struct {
		const char *workload;
		const char *format;
	} documents[] = {
		{"storage", "%.*s"},
		{"storage_verify", "%.*s"},
		{"network", "{\"end\":{\"sum_received\":%.*s}}"},
		{"network_rr", "{\"rr\":%.*s}"},
		{"micro_exit", "{\"micro\":%.*s}"},
		{"micro_walk",
		 "{\"micro\":{\"repeat\":4,\"tsc_khz\":9,\"cycles\":[%.*s]}}"},
		{"storage", "{\"jobs\":[{\"error\":0,\"read\":%.*s}]}"},
	};
	char text[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(documents); i++) {
		struct io_doc doc;
		struct err err;
		json_t *json;

		snprintf(text, sizeof(text), documents[i].format, (int)size,
			 (const char *)data);
		json = json_loads(text, 0, NULL);
		if (json &&
		    !io_doc_read(documents[i].workload, json, &doc, &err)) {
			io_doc_quantile(&doc, 0.5);
			io_doc_release(&doc);
		}
		json_decref(json);
	}
}

/* Any length of a frame, at any register. */
static void fuzz_micro(const uint8_t *data, size_t size)
{
	const struct mem_config cfg = {.bytes = MEM_MIN_BYTES};
	_Atomic(int) end = 1;
	struct micro micro = {.channel_fd = -1, .end = &end};
	struct hv_access access = {.is_write = size && data[0] & 1};
	struct mem mem;
	struct err err;

	if (size < 12 || mem_init(&mem, &cfg, &err))
		return;
	micro.mem = &mem;
	access.addr = data[1] % MICRO_PORT_COUNT;
	access.len_bytes = (uint8_t)(1 << data[2] % 3);
	memcpy(&access.data, data + 4, sizeof(access.data));
	micro_port_access(&micro, &access);
	micro_nop_access(&micro, &access);
	mem_release(&mem);
}

/* A device whose registers and rings are all the guest's invention. */
static void fuzz_virtio(const uint8_t *data, size_t size)
{
	static struct hv_vm vm = {.ops = &hv_fake};
	struct mem_config mc = {.bytes = MEM_BYTES};
	static struct mem mem;
	struct pci_bus pci;
	struct rng rng;
	struct virtio_pci vp;
	struct err err;

	if (!mem.host && mem_init(&mem, &mc, &err))
		abort();
	memcpy(mem_ptr(&mem, 0, size), data, size);
	pci_bus_init(&pci, &vm);
	rng_init(&rng, &mem);
	if (virtio_pci_init(&vp, &pci, 1, &rng.dev))
		abort();
	for (; size >= 12; data += 12, size -= 12) {
		struct hv_access a = {.len_bytes = (uint8_t)(1 << data[0] % 4),
				      .is_write = data[0] & 0x80,
				      .addr = data[1] | (uint32_t)data[2] << 8};

		memcpy(&a.data, data + 4, 8);
		a.addr &= 0x3fff;
		if (data[3] & 1)
			a.addr = data[1] % 0x38 & ~3u;
		if (data[3] & 2) {
			vp.fn.ops->bar_access(&vp.fn, 0, &a);
		} else if (data[3] & 4) {
			a.addr = data[1] & 7;
			pci_config_access(&pci, &a);
		} else {
			a.addr += PCI_BAR_BYTES * (2 + (data[3] >> 7));
			pci_mmio_access(&pci, &a);
		}
	}
	virtio_pci_release(&vp);
	rng_release(&rng);
	pci_bus_release(&pci);
}

/* --- a function of the host ------------------------------------------- */

struct vfio_bench {
	struct hv_vm vm;
	struct pci_bus bus;
	struct vfio_iommu iommu;
	struct vfio_pci vp;
};

static void vfio_start(struct vfio_bench *b)
{
	struct vfio_device dev;
	struct err err;

	memset(b, 0, sizeof(*b));
	b->vm.ops = &hv_fake;
	pci_bus_init(&b->bus, &b->vm);
	if (vfio_iommu_open(&b->iommu, &vfio_fake, VFIO_IOMMU_AUTO, &err))
		abort();
	if (!vfio_device_open(&dev, &b->iommu, VFIO_FAKE_ADDRESS, &err))
		vfio_pci_init(&b->vp, &dev, &b->bus, VFIO_SLOT, &err);
}

/* Nothing of RAM, of the pages with vectors, or of the device's own registers of
 * interrupts and addresses is the guest's. */
static void vfio_check(const struct vfio_bench *b)
{
	const struct hv_fake_state *s = &hv_fake_state;
	int i;

	for (i = 0; i < s->map_count; i++) {
		uint64_t low = s->maps[i].gpa - PCI_MMIO_GPA;
		uint64_t high = s->maps[i].gpa - PCI_HIGH_GPA;
		uint64_t bytes = s->maps[i].size_bytes;

		if (low + bytes > PCI_MMIO_SIZE_BYTES &&
		    high + bytes > PCI_HIGH_SIZE_BYTES)
			abort();
		if (b->vp.fn.msix_cap && bytes > VFIO_FAKE_TABLE)
			abort();
	}
	for (i = 0; i < vfio_fake_state.write_count && i < VFIO_FAKE_KEPT;
	     i++) {
		const struct vfio_fake_write *w = &vfio_fake_state.writes[i];
		uint64_t end = w->off + w->len;

		if (w->region == VFIO_PCI_CONFIG_REGION_INDEX &&
		    ((end > 0x10 && w->off < 0x28) ||
		     (end > VFIO_FAKE_MSI && w->off < VFIO_FAKE_MSI + 10)))
			abort();
		if (w->region != VFIO_PCI_CONFIG_REGION_INDEX &&
		    b->vp.fn.msix_cap && end <= VFIO_FAKE_PBA &&
		    w->off >= VFIO_FAKE_TABLE &&
		    w->off < VFIO_FAKE_TABLE + 16 * VFIO_FAKE_VECTORS)
			abort();
	}
}

static void vfio_stop(struct vfio_bench *b)
{
	vfio_pci_release(&b->vp);
	vfio_iommu_close(&b->iommu);
	pci_bus_release(&b->bus);
	if (!vfio_fake_is_clean() || vfio_fake_state.unsafe_resets ||
	    hv_fake_state.map_count)
		abort();
}

/* Twelve bytes each: registers of the configuration space, vectors, anything in
 * either window. */
static void vfio_poke(struct vfio_bench *b, const uint8_t *data)
{
	struct hv_access a = {.len_bytes = (uint8_t)(1 << data[0] % 4),
			      .is_write = data[0] & 0x80};
	struct hv_access at = {.len_bytes = 4,
			       .is_write = true,
			       .data = 1u << 31 | VFIO_SLOT << 11 |
				       (data[1] & 0xfc)};
	uint64_t bar = pci_bar_gpa(&b->vp.fn, 0);
	uint32_t off = data[1] | (uint32_t)data[2] << 8;

	memcpy(&a.data, data + 4, 8);
	switch (data[3] % 4) {
	case 0:
		pci_config_access(&b->bus, &at);
		a.addr = 4 + (data[1] & 3);
		a.len_bytes = (uint8_t)(1 << data[0] % 3);
		pci_config_access(&b->bus, &a);
		break;
	case 1: /* where the BAR's address and decoding are */
		at.data = (at.data & ~0xfcull) | (data[1] & 1 ? 4 : 0x10) |
			  (data[1] & 4);
		pci_config_access(&b->bus, &at);
		a.addr = 4;
		a.len_bytes = 4;
		if (data[1] & 2)
			a.data = data[1] & 4 ? PCI_HIGH_GPA >> 32
					     : PCI_MMIO_GPA + off * 0x4000ull;
		pci_config_access(&b->bus, &a);
		break;
	case 2:
		off = VFIO_FAKE_TABLE + off % 0x2000;
		/* fall through */
	default:
		a.addr = bar -
			 (bar >= PCI_HIGH_GPA ? PCI_HIGH_GPA : PCI_MMIO_GPA) +
			 (off & 0x3fff);
		if (bar >= PCI_HIGH_GPA)
			pci_high_access(&b->bus, &a);
		else
			pci_mmio_access(&b->bus, &a);
	}
}

/* Other targets' devices are on the same fake hypervisor. */
static void fuzz_vfio(const uint8_t *data, size_t size)
{
	static struct hv_fake_state kept;
	struct vfio_bench b;

	if (!size)
		return;
	kept = hv_fake_state;
	hv_fake_reset();
	vfio_fake_reset();
	if (data[0] & 1)
		vfio_fake_use_msi(data[0] & 2, data[0] & 4,
				  1 << data[0] / 8 % 6);
	vfio_start(&b);
	if (!b.bus.slots[VFIO_SLOT])
		abort();
	vfio_fake_state.vectors_left = data[0] / 64;
	vfio_fake_state.write_count = 0;
	for (; size >= 12; data += 12, size -= 12) {
		vfio_poke(&b, data);
		vfio_check(&b);
		vfio_fake_state.write_count = 0;
	}
	vfio_stop(&b);
	hv_fake_state = kept;
}

/* A kernel that says anything of a region, and a function that says anything of
 * itself. Mostly a size that a BAR may have. */
static void fuzz_vfio_info(const uint8_t *data, size_t size)
{
	static struct hv_fake_state kept;
	struct vfio_region_info info;
	struct vfio_bench b;
	uint8_t bytes[512];
	size_t i;

	if (size < 64 || size > sizeof(bytes))
		return;
	kept = hv_fake_state;
	hv_fake_reset();
	vfio_fake_reset();
	memcpy(bytes, data, size);
	memcpy(&info, bytes, sizeof(info));
	if (data[16] % 8)
		info.size = 1ull << data[17] % 64;
	if (data[16] & 0x10)
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
	if (data[16] & 0x20)
		info.cap_offset %= size;
	if (data[16] & 0x40)
		info.argsz = (uint32_t)size;
	if (data[16] & 0x80)
		info.offset = 0;
	memcpy(bytes, &info, sizeof(info));
	if (info.cap_offset + 8ull < size && data[18] & 1)
		bytes[info.cap_offset] = 1, bytes[info.cap_offset + 1] = 0;
	vfio_fake_state.info = bytes;
	vfio_fake_state.info_bytes = size;
	for (i = 0; i + 1 < data[19] % 32u; i += 2)
		vfio_fake_state.config[0x10 + data[20 + i] % 0x70] =
			data[21 + i];
	vfio_start(&b);
	for (i = 0; b.bus.slots[VFIO_SLOT] && i + 12 <= size; i += 12)
		vfio_poke(&b, data + i);
	vfio_stop(&b);
	hv_fake_state = kept;
}

/* --- devices with threads ---------------------------------------------- */

#define QUEUE_SIZE 8
#define BUFFERS_GPA 0x10000ULL
#define BUFFERS_BYTES 0x10000ULL

static uint64_t ring_gpa(uint16_t queue)
{
	return 0x1000 * (1ull + queue);
}

/* Requests of a disk; to other devices they are noise as well. */
static void make_buffers(struct vdriver *d, const uint8_t *data, size_t size)
{
	uint8_t *at = mem_ptr(&d->mem, BUFFERS_GPA, BUFFERS_BYTES);
	size_t i;

	for (i = 0; i < BUFFERS_BYTES; i += 16) {
		uint32_t type = data[i / 16 % size] % 16;
		uint64_t sector = data[(i / 16 + 1) % size] * 16u;

		memcpy(at + i, &type, sizeof(type));
		memcpy(at + i + 8, &sector, sizeof(sector));
	}
}

/* Noise where HOW says so, and otherwise something that may do. */
static void make_desc(struct vdesc *desc, uint16_t i, unsigned int how,
		      bool is_all_in)
{
	bool is_in = is_all_in || i % 4 == 3 || how % 32 == 3;

	if (how % 16 != 1)
		desc->addr = BUFFERS_GPA +
			     desc->addr % (BUFFERS_BYTES / 2) / 16 * 16 +
			     (how & 0x2000 ? 1 : 0);
	if (how / 16 % 16 != 1)
		desc->len = how & 0x1000 ? 16 : desc->len % 0x2000;
	if (how / 256 % 16 != 1)
		desc->flags = (uint16_t)((i % 4 != 3 ? VDESC_NEXT : 0) |
					 (is_in ? VDESC_WRITE : 0));
	if (how % 64 == 2)
		desc->flags = VDESC_INDIRECT;
	if (how / 64 % 16 != 1)
		desc->next = (uint16_t)(i + 1) % QUEUE_SIZE;
}

static void make_rings(struct vdriver *d, uint16_t queue, const uint8_t *data,
		       size_t size)
{
	uint64_t at = ring_gpa(queue);
	struct vdesc *desc = mem_ptr(&d->mem, at, 0x1000);
	uint16_t *avail = mem_ptr(&d->mem, at + 0x800, 0x800);
	uint16_t i;

	for (i = 0; i < 0x1000; i++)
		((uint8_t *)desc)[i] = data[(i + 31u * queue) % size];
	for (i = 0; i < QUEUE_SIZE; i++) {
		unsigned int how = data[(2u * i + queue) % size] |
				   data[(2u * i + 7) % size] << 8;

		make_desc(&desc[i], i, how, data[queue] & 0x40);
		if (how % 32)
			avail[2 + i] = i * 4 % QUEUE_SIZE + how / 128 % 3;
	}
	if (data[0] % 16)
		avail[1] = 1 + data[1 % size] % QUEUE_SIZE;
}

static void set_queue(struct vdriver *d, uint16_t queue, bool is_odd)
{
	vdriver_write(d, 22, 2, queue);
	vdriver_write(d, 24, 2, QUEUE_SIZE);
	vdriver_write(d, 26, 2, queue);
	vdriver_write(d, 32, 8, ring_gpa(queue) + (is_odd ? 8 : 0));
	vdriver_write(d, 40, 8, ring_gpa(queue) + 0x800);
	vdriver_write(d, 48, 8, ring_gpa(queue) + 0xc00);
	vdriver_write(d, 28, 2, 1);
}

/* Accesses while the threads run: five bytes each, to what matters most. */
static void poke(struct vdriver *d, const uint8_t *data, size_t size)
{
	int i;

	for (i = 0; i < 16 && size >= 5; i++, data += 5, size -= 5) {
		uint32_t v;

		memcpy(&v, data, sizeof(v));
		switch (data[4] % 8) {
		case 0: /* the registers, the status among them */
			vdriver_write(d, data[0] % 0x38, 1 << data[1] % 4, v);
			break;
		case 1: /* the vectors */
			vdriver_write(d, d->table - d->bar + data[0] % 0x60u, 4,
				      v);
			break;
		case 2:
			vdriver_pci_write(d, data[0], 1 << data[1] % 3, v);
			break;
		case 3:
			vdriver_config(d, data[0], 8);
			break;
		default:
			vdriver_write(d, d->notify + 4u * (data[0] % 6), 2, 0);
		}
	}
}

static void run_device(struct vdriver *d, const uint8_t *data, size_t size)
{
	uint16_t i, queues = (uint16_t)d->vp.dev->queue_count;
	uint64_t features;

	if (size < 16)
		return;
	memcpy(&features, data + 8, sizeof(features));
	make_buffers(d, data, size);
	for (i = 0; i < queues; i++)
		make_rings(d, i, data, size);
	vdriver_negotiate(d, features);
	for (i = 0; i < queues; i++)
		if ((data[2] & 0x1f) != i)
			set_queue(d, i, (data[3] & 0x1f) == i);
	vdriver_ok(d);
	poke(d, data + 16, size - 16);
	vdriver_pci_write(d, 0x10, 4, PCI_MMIO_GPA + d->bar);
	vdriver_pci_write(d, 0x14, 4, PCI_MMIO_GPA + d->table);
	vdriver_pci_write(d, 4, 2, 6);
	vdriver_reset(d);
	if (vdriver_status(d))
		abort();
}

/* Threads are dear, and queues of a TAP wait for the kernel's RCU: a part of
 * the rounds has them. */
#define BLK_ROUNDS 4
#define NET_ROUNDS 16

static void disk_attach(struct vdriver *d, const char *path)
{
	const struct blk_config cfg = {.disk.path = path,
				       .disk.is_buffered = true,
				       .queue_count = 2,
				       .has_thread_per_queue = path[0] == '/'};
	struct blk *blk;
	struct err err;

	if (vdriver_init(d, &err) || blk_create(&cfg, &d->mem, &blk, &err) ||
	    vdriver_attach(d, blk_dev(blk)))
		abort();
}

static void fuzz_blk(const uint8_t *data, size_t size)
{
	static char path[] = "/tmp/l1vh-fuzz-XXXXXX";
	static struct vdriver on_null, on_file;
	static unsigned long rounds;
	static int fd = -1;

	if (rounds++ % BLK_ROUNDS)
		return;
	if (fd < 0) {
		fd = mkstemp(path);
		if (fd < 0 || ftruncate(fd, MIB))
			abort();
		disk_attach(&on_null, "null:1M");
		disk_attach(&on_file, path);
	}
	if (size)
		run_device(data[0] & 0x80 ? &on_file : &on_null, data, size);
}

static bool card_attach(struct vdriver *d, int *host)
{
	const struct net_config cfg = {.tap_name = NETNS_TAP,
				       .fd = -1,
				       .pair_count = 2,
				       .vhost = NET_VHOST_OFF};
	const char *why_not = netns_enter();
	struct net *net;
	struct err err = {0};

	if (vdriver_init(d, &err))
		abort();
	if (!why_not && net_create(&cfg, &d->mem, &net, &err))
		why_not = err.msg;
	if (why_not) {
		fprintf(stderr, "fuzz: no network card: %s\n", why_not);
		return false;
	}
	*host = netns_link_up(NETNS_TAP, 1500);
	return *host >= 0 && !vdriver_attach(d, net_dev(net));
}

/* Packets are there for the driver before it is. */
static void fuzz_net(const uint8_t *data, size_t size)
{
	static struct vdriver d;
	static int host = -1;
	static unsigned long rounds;
	static bool is_there;
	int i;

	if (rounds++ % NET_ROUNDS)
		return;
	if (host < 0 && !d.mem.host)
		is_there = card_attach(&d, &host);
	if (!is_there || size < 14)
		return;
	for (i = 0; i < 2; i++)
		if (write(host, data, size) < 0)
			break;
	run_device(&d, data, size);
}

static void fuzz_bzimage(const uint8_t *data, size_t size)
{
	struct mem_config mc = {.bytes = MEM_BYTES};
	static char path[] = "/tmp/l1vh-fuzz-XXXXXX";
	static struct mem mem;
	static int fd = -1;
	struct boot_config cfg = {
		.kernel_path = path, .initrd_path = path, .cmdline = "x"};
	struct vcpu_regs regs;
	struct err err;

	if (fd < 0) {
		fd = mkstemp(path);
		if (fd < 0 || mem_init(&mem, &mc, &err))
			abort();
	}
	/* Mostly a header that passes its own first checks. */
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0x1f1) < 0 ||
	    (size && data[0] & 3 &&
	     (pwrite(fd, "\x55\xaa", 2, 0x1fe) < 0 ||
	      pwrite(fd, "HdrS\x0f\x02", 6, 0x202) < 0 ||
	      pwrite(fd, "\x01", 1, 0x236) < 0)))
		abort();
	boot_load(&mem, &cfg, &regs, &err);
}

/* Bytes of instructions, and whatever registers they find. */
static void fuzz_insn(const uint8_t *data, size_t size)
{
	uint64_t gpr[16];
	struct insn_cpu cpu = {.gpr = gpr};
	struct insn insn;

	if (size < 16 + sizeof(gpr))
		return;
	cpu.mode = (enum insn_mode)(data[15] % 3);
	memcpy(gpr, data + 16, sizeof(gpr));
	cpu.rip = gpr[0];
	cpu.rflags = gpr[1];
	if (insn_decode(data, data[14] % 16, cpu.mode, &insn))
		return;
	if (!insn.length_bytes || insn.length_bytes > INSN_MAX_BYTES)
		abort();
	insn_address(&insn, &cpu);
	if (insn_is_string(&insn)) {
		insn_string_dest(&insn, &cpu);
		insn_string_advance(&insn, &cpu);
	} else {
		insn_execute(&insn, &cpu, gpr[2]);
		insn_retire(&insn, &cpu);
	}
}

static const uint32_t message_types[] = {
	MSHV_MSG_IO_PORT,      MSHV_MSG_UNMAPPED_GPA, MSHV_MSG_GPA_INTERCEPT,
	MSHV_MSG_MSR,          MSHV_MSG_CPUID,        MSHV_MSG_APIC_EOI,
	MSHV_MSG_UNRECOVERABLE};

/*
 * A hypervisor that says anything, to a guest whose registers, page tables
 * and memory are anything.
 */
static void fuzz_messages(const uint8_t *data, size_t size)
{
	const struct hv_vm_config cfg = {.vcpu_count = 1};
	struct mem_config mc = {.bytes = MEM_BYTES};
	struct mshv_fake_state *s = &mshv_fake_state;
	struct hv_vcpu *vcpu = NULL;
	struct hv_exit exit = {.kind = HV_EXIT_KIND_COUNT};
	static struct mem mem;
	struct hv_vm *vm = NULL;
	struct err err;
	int i;

	if (size < sizeof(struct mshv_register_page) / 2)
		return;
	if (!mem.host && mem_init(&mem, &mc, &err))
		abort();
	memcpy(mem_ptr(&mem, 0x1000, size), data, size);
	mshv_fake_reset();
	if (hv_vm_create(&hv_mshv_fake, &cfg, &vm, &err) ||
	    mem_map_guest(&mem, vm, &err) || hv_vcpu_create(vm, 0, &vcpu, &err))
		abort();
	memcpy(&s->page, data, size < sizeof(s->page) ? size : sizeof(s->page));
	s->page.cr3 = 0x1000;
	for (i = 0; i < 4; i++) {
		size_t at = (size_t)data[i] % (size / 2);
		size_t len = size - at;

		memcpy(s->script[i].payload, data + at, len < 240 ? len : 240);
		s->script[i].type =
			message_types[data[4 + i] % ARRAY_SIZE(message_types)];
	}
	s->script_len = 4;
	for (i = 0; i < 64 && exit.kind != HV_EXIT_KICKED &&
		    exit.kind != HV_EXIT_ERROR;
	     i++) {
		hv_vcpu_run(vcpu, &exit);
		exit.access.data = data[i % size];
		if ((exit.kind == HV_EXIT_PIO || exit.kind == HV_EXIT_MMIO) &&
		    exit.access.len_bytes > 8)
			abort();
	}
	hv_vcpu_destroy(vcpu);
	hv_vm_destroy(vm);
	if (s->open_count)
		abort();
}

/* Half of them begin as a trace does. */
static void fuzz_trace(const uint8_t *data, size_t size)
{
	static const char head[] = "l1vh-trace 1\n1 1 S open = 9\n"
				   "2 1 S ioctl 9 4010b800 07*15; = 10 -\n";
	static char path[] = "/tmp/l1vh-fuzz-XXXXXX";
	static int fd = -1;
	struct replay_summary sum;
	struct err err;
	uint8_t back[64];
	char text[256];
	size_t len;

	if (fd < 0)
		fd = mkstemp(path);
	if (fd < 0 || ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0 ||
	    (size && data[0] & 1 && write(fd, head, sizeof(head) - 1) < 0) ||
	    write(fd, data, size) < 0)
		abort();
	replay_run(path, &sum, &err);
	len = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
	memcpy(text, data, len);
	text[len] = '\0';
	trace_decode(text, back, sizeof(back), &len);
}

/* A file, and the place of a value in one that is right but for it. */
static void fuzz_claims(const uint8_t *data, size_t size)
{
	static const char *const formats[] = {
		"%.*s",
		"name: x\nclaims:\n  - id: a\n    text: t\n    metric: m\n"
		"    candidate: c\n    baseline: b\n    kind: superior\n"
		"    margin: 1\n    confidence: 0.9\n    reason: %.*s\n",
		"name: x\nclaims:\n  - id: a\n    text: t\n    metric: m\n"
		"    candidate: c\n    baseline: b\n    kind: superior\n"
		"    confidence: 0.9\n    reason: r\n    margin: %.*s\n",
	};
	char text[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		struct claims *claims;
		struct err err;

		snprintf(text, sizeof(text), formats[i],
			 (int)(size < 512 ? size : 512), (const char *)data);
		claims_parse(text, strlen(text), &claims, &err);
		claims_free(claims);
	}
}

/* A head that is fine, and what may follow it. */
static void fuzz_bundle(const uint8_t *data, size_t size)
{
	static const char *const formats[] = {
		"%.*s",
		"{\"l1vh_bundle\": 1, \"run\": {\"uuid\":"
		" \"00000000000000000000000000000000\", \"status\":"
		" \"complete\", \"started_unix_ns\": 1, \"ended_unix_ns\": 1,"
		" \"seed\": 1, \"revision\": \"\", \"is_lab\": false, \"plan\":"
		" {}, \"fingerprint\": {}, \"probe\": {}, \"guest_manifest\":"
		" \"\", \"schedule\": []}}\n%.*s",
	};
	static struct store *store;
	char text[2048], path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		int fd = memfd_create("bundle", MFD_CLOEXEC);
		struct err err;
		int64_t id;
		bool is_new;
		int len = snprintf(text, sizeof(text), formats[i],
				   (int)(size < 512 ? size : 512),
				   (const char *)data);

		if (!store) {
			snprintf(path, sizeof(path), "/tmp/l1vh-fuzz-%d.db",
				 (int)getpid());
			if (store_open(path, &store, &err))
				abort();
		}
		if (write(fd, text, (size_t)len) != len)
			abort();
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		bundle_import(store, path, &id, &is_new, &err);
		close(fd);
	}
}

/* Figures that a guest has must be ones that can be asked for. */
static void check_guest(const struct survey_guest *g, void *arg)
{
	struct survey *s = arg;
	size_t i;

	for (i = 0; g->figures && i < s->release_count; i++)
		if (g->figures[i].overhead.total_bytes < 0 ||
		    !g->figures[i].pod.container_count)
			abort();
	if (!g->figures != (g->error != NULL))
		abort();
}

static void survey_text(const char *text, size_t len)
{
	const struct manifest_parameter parameter = {"A", "1Gi"};
	struct survey s = {
		.releases = {kubevirt_release_find("v1.0.0"),
			     kubevirt_release_find("v1.6.2"),
			     kubevirt_release_find("main")},
		.release_count = 3,
		.cluster = kubevirt_cluster_default(),
		.base = {.name = "", .space = ""},
		.options = {&parameter, 1},
		.types = instancetypes_new(),
		.each = check_guest,
	};
	FILE *in = fmemopen((void *)text, len, "r");
	struct err err;

	s.arg = &s;
	s.cluster.has_memory_quota = s.cluster.has_cpu_quota = true;
	if (in) {
		survey_stream(&s, in, false, &err);
		fclose(in);
	}
	survey_release(&s);
	instancetypes_free(s.types);
}

/* Manifests with damage in one place, and amounts. */
static void fuzz_vmi(const uint8_t *data, size_t size)
{
	static const char *const formats[] = {
		"%.*s",
		"kind: VirtualMachine\nspec: {template: {spec: {domain: {%.*s}}}}\n",
		"kind: VirtualMachineInstance\nspec:\n  domain:\n"
		"    memory: {guest: %.*s}\n",
		"kind: VirtualMachineInstance\nspec: {domain: {}, %.*s}\n",
		"kind: List\nitems: [{kind: VirtualMachine, spec: {template:"
		" &t {spec: {domain: {}}}}}, %.*s]\n",
		"kind: Template\nparameters: [{name: B, value: '2'}]\n"
		"objects: [{kind: VirtualMachine, spec: {template: {spec:"
		" {domain: {cpu: {cores: '${{B}}'}, memory: {guest: '${A}'},"
		" %.*s}}}}}]\n",
		"kind: VirtualMachineInstancetype\nmetadata: {name: t}\n"
		"spec: {cpu: {guest: 2}, memory: {guest: 1Gi}, %.*s}\n---\n"
		"kind: VirtualMachinePreference\nmetadata: {name: t}\n"
		"spec: {%.*s}\n---\n"
		"kind: VirtualMachine\nspec: {instancetype: {name: t, kind:"
		" VirtualMachineInstancetype}, preference: {name: t, kind:"
		" VirtualMachinePreference}, template: {spec: {domain: {}}}}\n",
		"kind: VirtualMachinePool\nspec: {replicas: 3,"
		" virtualMachineTemplate: {spec: {template: {metadata:"
		" {annotations: {hooks.kubevirt.io/hookSidecars: '%.*s'}},"
		" spec: {domain: {}}}}}}\n",
	};
	int most = (int)(size < 256 ? size : 256), len;
	char text[2048];

	if (!size)
		return;
	len = snprintf(text, sizeof(text), formats[size % ARRAY_SIZE(formats)],
		       most, (const char *)data, most, (const char *)data);
	if (len)
		survey_text(text, (size_t)len);
}

/* A whole manifest, with a few bytes of it replaced. */
static void fuzz_manifest(const uint8_t *data, size_t size)
{
	char text[] =
		"kind: List\nitems:\n- &v {kind: VirtualMachine, metadata:"
		" {name: a}, spec: {instancetype: {name: u1.small}, template:"
		" {metadata: {annotations: {hooks.kubevirt.io/hookSidecars:"
		" '[{}]'}}, spec: &s {architecture: amd64, domain: {cpu:"
		" {cores: 2, dedicatedCpuPlacement: true, realtime: {}},"
		" memory: {guest: 1Gi, hugepages: {pageSize: 2Mi}}, devices:"
		" {tpm: {enabled: no}, gpus: [{deviceName: g}], interfaces:"
		" [{name: i, binding: {name: p}}], filesystems: [{name: f}]},"
		" resources: {requests: {memory: 1.5G, cpu: 500m}, limits:"
		" {memory: 2Gi, cpu: 1e0}}}, volumes: [{name: f, configMap:"
		" {}}, {name: d, containerDisk: {}}]}}}}\n- *v\n---\n"
		"kind: VirtualMachineInstance\nspec: {<<: {domain: {}}}\n";
	size_t i;

	for (i = 0; i + 2 < size && i < 12; i += 3)
		text[(data[i] * 256u + data[i + 1]) % (sizeof(text) - 1)] =
			(char)data[i + 2];
	survey_text(text, sizeof(text) - 1);
}

/* A text that is an amount is one of those that can be added. */
static void fuzz_quantity(const uint8_t *data, size_t size)
{
	char text[64];
	struct quantity q;
	struct err err;

	snprintf(text, sizeof(text), "%.*s", (int)(size < 60 ? size : 60),
		 (const char *)data);
	if (quantity_read(text, &q, &err))
		return;
	if (q.nano < 0 || quantity_value(q) < 0 ||
	    quantity_subtract(quantity_add(q, q), q).nano != q.nano)
		abort();
}

/* Names of shapes, and a stored document with damage in a few places. */
static void fuzz_footprint(const uint8_t *data, size_t size)
{
	char text[] =
		"{\"footprint\":{\"moments\":{\"baseline\":{\"host\":{\"used\":9,"
		"\"mshv_deposited\":null}},\"touched\":{\"host\":{\"used\":99},"
		"\"guests\":[{\"processes\":[{\"role\":\"vmm\",\"rss\":50,"
		"\"pss\":40,\"guest_rss\":30},{\"role\":\"virtqemud\"}]}]},"
		"\"gone\":{\"host\":{\"used\":12},\"guests\":[{\"cgroup\":"
		"{\"unreclaimable\":3}}]}}}}";
	char name[64];
	struct boot_data boot;
	struct run_data run = {.boots = &boot, .boot_count = 1};
	FILE *out = fopen("/dev/null", "we");
	struct shape shape;
	struct err err;
	struct footprints fs;
	struct model m;
	size_t i;

	snprintf(name, sizeof(name), "%.*s", (int)(size < 60 ? size : 60),
		 (const char *)data);
	shape_parse(name, &shape, &err);
	for (i = 0; i + 1 < size && i < 8; i += 2)
		text[(data[i] * 2u) % (sizeof(text) - 1)] =
			(char)(data[i + 1] ? data[i + 1] : '0');
	memset(&boot, 0, sizeof(boot));
	snprintf(boot.bc.runner, sizeof(boot.bc.runner), "kvm");
	result_init(&boot.res);
	series_add_sample(result_add_series(&boot.res, "footprint",
					    "256M-1cpu/beside_rss", "bytes"))
		->value = 5;
	result_add_document(&boot.res, "footprint", "256M-1cpu", text);
	model_init(&m, &run);
	footprints_init(&fs, &m, NULL);
	if (out)
		footprint_text_write(&fs, true, out);
	footprints_release(&fs);
	model_release(&m);
	result_release(&boot.res);
	if (out)
		fclose(out);
}

/* An address, and a parameter in one that is right but for it. */
static void fuzz_query(const uint8_t *data, size_t size)
{
	static const char *const formats[] = {"%.*s", "/?host=%.*s",
					      "/runs/%.*s?page=1&q=x"};
	char text[1024];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		struct query q;
		struct err err;

		snprintf(text, sizeof(text), formats[i],
			 (int)(size < 512 ? size : 512), (const char *)data);
		if (query_parse(text, &q, &err))
			continue;
		if (q.path[0] != '/' || !portable_is_text(q.path))
			abort();
		for (k = 0; k < q.count; k++)
			if (!portable_is_text(q.parameters[k].name) ||
			    !portable_is_text(q.parameters[k].value))
				abort();
		query_release(&q);
	}
}

/* Each beginning of it in a block of its own: what is cut off behind any byte
 * must not be read on. */
static void fuzz_accept(const uint8_t *data, size_t size)
{
	static const char *const offers[] = {
		"text/plain; version=0.0.4",
		"application/openmetrics-text; version=1.0.0"};
	size_t len;

	for (len = 0; len <= size && len <= 64; len++) {
		char *header = strndup((const char *)data, len);

		if (accept_choose(header, offers, ARRAY_SIZE(offers)) >
		    ARRAY_SIZE(offers))
			abort();
		free(header);
	}
}

static void (*const targets[])(const uint8_t *data, size_t size) = {
	fuzz_wire,      fuzz_link,      fuzz_json,     fuzz_virtio,
	fuzz_blk,       fuzz_bzimage,   fuzz_insn,     fuzz_messages,
	fuzz_trace,     fuzz_documents, fuzz_micro,    fuzz_net,
	fuzz_claims,    fuzz_bundle,    fuzz_vmi,      fuzz_footprint,
	fuzz_query,     fuzz_quantity,  fuzz_manifest, fuzz_vfio,
	fuzz_vfio_info, fuzz_accept,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size)
		targets[data[0] % ARRAY_SIZE(targets)](data + 1, size - 1);
	return 0;
}

#ifndef LIBFUZZER
static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Noise finds little in text; words of the real formats find more. */
static size_t make_input(uint64_t *x, uint8_t *buf, size_t max)
{
	static const char *const words[] = {
		"null - ns 1",
		"text/plain;q=0.5,",
		"*/*;version=\"1",
		"micro_exit cpuid,ring3 document 1",
		"begin 0",
		"ping",
		"end 0 5 0 0 1",
		"1 100000 5.5",
		"stamp 1 2 3\n",
		"{\"status\":",
		"\"ok\"}",
		"[[\"a\",1]]",
		"ledger 0 pio ",
		"each 0 7 ",
		"name: x\n",
		"claims:\n",
		"  - id: a\n",
		"    margin: 0.05\n",
		"mem_latency -",
		"99999999999999999999",
		"phase x 1\n",
		"\"series\":[",
		"end 2\n",
		"\n3 1 H vm_create mshv 1 0 = 0 0\n",
		"\n4 1 H vcpu_create 0 = 0\n",
		"\n5 1 S run 10 - = 0 ",
		"\n6 1 H vcpu_run 0 0 = 0 pio 80 1 1 0 0\n",
		"*16;ff*9;",
		"{\"repeat\":1,\"tsc_khz\":5,\"cycles\":[1,2]}",
		"{\"bytes\":1,\"bits_per_second\":8}",
		"1,2,3,4",
		"/runs/%2e?a=1&b=%00",
		"&q=%c3%a4+%",
		"{}",
		"{cpu: {cores: 2}}, ",
		"memory: {guest: 1Gi, hugepages: {pageSize: 2Mi}}, ",
		"resources: {requests: {memory: 3G, cpu: 500m}}, ",
		"volumes: [{name: a, containerDisk: {}}], ",
		"devices: {hostDevices: [{deviceName: x}], tpm: {}}, ",
		"domain: {<<: *t}, ",
		"kind: VirtualMachineInstance\n",
		"spec: {domain: {}}\n",
		"\n---\n",
		"&t [*t]",
		"${{A}}",
		"1.5e3",
		"Ei"};
	size_t len = 1 + next(x) % (max - 1);
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = (uint8_t)next(x);
	for (i = 1; next(x) % 4; i += next(x) % 40) {
		const char *w = words[next(x) % ARRAY_SIZE(words)];

		if (i + strlen(w) < len)
			memcpy(buf + i, w, strlen(w));
	}
	return len;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
	static uint8_t buf[512];
	uint64_t x = 88172645463325252u;
	unsigned long i;

	for (i = 0; i < rounds; i++)
		LLVMFuzzerTestOneInput(buf, make_input(&x, buf, sizeof(buf)));
	printf("fuzz: %lu inputs, no finding\n", rounds);
	return 0;
}
#endif
