// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Everything that parses what a guest or a worker sends, fed with damaged
 * input. Runs alone for a bounded number of rounds from a fixed seed (with
 * the sanitizers in `make check`), or as a libFuzzer target:
 *   clang -fsanitize=fuzzer,address -DLIBFUZZER ...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/agent_link.h"
#include "runners/vmm/boot_x86.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/vcpu_regs.h"
#include "runners/vmm/virtio/rng.h"
#include "runners/vmm/virtio/virtio_pci.h"
#include "tests/unit/hv_fake.h"
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
	result_init(&res);
	agent_link_init(&link, &bc, &res);
	link.events_fd = 99;
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
			vp.fn.ops->bar_access(&vp.fn, &a);
		} else if (data[3] & 4) {
			a.addr = data[1] & 7;
			pci_config_access(&pci, &a);
		} else {
			a.addr += PCI_BAR_BYTES * (2 + (data[3] >> 7));
			pci_mmio_access(&pci, &a);
		}
	}
	rng_release(&rng);
	pci_bus_release(&pci);
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

static void (*const targets[])(const uint8_t *data, size_t size) = {
	fuzz_wire, fuzz_link, fuzz_json, fuzz_virtio, fuzz_bzimage,
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
		"null - ns 1",   "1 100000 5.5",  "stamp 1 2 3\n",
		"{\"status\":",  "\"ok\"}",       "[[\"a\",1]]",
		"ledger 0 pio ", "mem_latency -", "99999999999999999999",
		"phase x 1\n",   "\"series\":[",  "end 2\n"};
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
