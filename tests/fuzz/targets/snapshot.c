// SPDX-License-Identifier: GPL-3.0-or-later
/* A snapshot's file and its records, which may be anybody's. */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/snapshot/snap_devices.h"
#include "runners/vmm/snapshot/snap_file.h"
#include "runners/vmm/snapshot/snapshot.h"
#include "runners/vmm/snapshot/xxh64.h"
#include "runners/vmm/vm.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fixture/hv_fake.h"

#define RAM_BYTES (32 * MIB)

static struct vm *make_vm(void)
{
	const struct vm_config cfg = {.mem = {.bytes = RAM_BYTES},
				      .vcpu_count = 1,
				      .cmdline = "",
				      .serial_fd = -1,
				      .channel_fd = -1,
				      .input_fd = -1};
	struct err err = {0};
	struct vm *vm;

	hv_fake_reset();
	if (vm_create(&hv_fake, &cfg, &vm, &err))
		abort();
	return vm;
}

/* Records as the devices of a machine find them; then the guest goes on. */
static void fuzz_snapshot(const uint8_t *data, size_t size)
{
	struct snap_records r = {.len = size, .cap = size};
	struct err err = {0};
	struct vm *vm;

	r.bytes = malloc(size + 1);
	if (!r.bytes)
		abort();
	memcpy(r.bytes, data, size);
	if (!snap_records_check(&r, &err)) {
		vm = make_vm();
		if (!snap_devices_load(vm, &r, &err))
			snap_devices_resume(vm);
		vm_destroy(vm);
	}
	snap_records_release(&r);
}

/* Where a header says that the state is, if that is within reason. */
static void put_state(const char *path, const struct snap_header *head,
		      const uint8_t *state, size_t len)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		abort();
	if (head->ram_bytes <= 2 * RAM_BYTES && head->state_bytes <= len &&
	    pwrite(fd, state, head->state_bytes,
		   (off_t)(SNAP_RAM_OFFSET + head->ram_bytes)) < 0)
		abort();
	close(fd);
}

/* A file with such a header, whose sums fit if the first byte is even. */
static void fuzz_snapshot_file(const uint8_t *data, size_t size)
{
	struct vm_config cfg = {.vcpu_count = 1};
	struct snap_header head;
	struct err err = {0};
	struct snap_file f;
	const char *path;
	size_t len;

	if (size < 1 + sizeof(head))
		return;
	memcpy(&head, data + 1, sizeof(head));
	len = size - 1 - sizeof(head);
	if (!(data[0] & 1) && head.state_bytes <= len)
		head.state_sum =
			xxh64_of(data + 1 + sizeof(head), head.state_bytes);
	if (!(data[0] & 1))
		head.sum = xxh64_of(&head, offsetof(struct snap_header, sum));
	path = files_real(&head, sizeof(head));
	put_state(path, &head, data + 1 + sizeof(head), len);
	if (!snap_file_open(&f, path, &err) &&
	    !snapshot_config_take(&f, &cfg, &err) &&
	    (cfg.vcpu_count > VM_MAX_VCPUS || cfg.mem.bytes > MEM_MAX_BYTES))
		abort();
	snap_file_close(&f);
}

const struct fuzz_target targets_snapshot[] = {
	{"snapshot", fuzz_snapshot, 24 * KIB, NULL, 20},
	{"snapshot_file", fuzz_snapshot_file, 4 * KIB, NULL, 1},
	{0},
};
