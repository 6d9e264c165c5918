// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the mshv backend asks of a device: interrupts, routes, doorbells, memory
 * and hypercalls, bit by bit, with each call failing; the system calls behind it;
 * and page walks, entry by entry.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mshv/hvcall.h"
#include "mshv/mshv_priv.h"
#include "mshv/sys.h"
#include "mshv/walk.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mshv_fake.h"

/* --- a device that keeps what it was asked ------------------------------------- */

#define KEPT_MAX 8

static struct {
	unsigned long requests[KEPT_MAX];
	uint8_t args[KEPT_MAX][sizeof(struct mshv_route_table) +
			       HV_IRQFD_COUNT * sizeof(struct mshv_route)];
	int count;
	int fail_at; /* 1: the first; 0: none */
	struct mshv_in_assert asserted;
	int times_busy; /* EAGAIN so often */
} kept;

static int keep(const struct mshv_sys *sys, int fd, unsigned long request,
		void *arg)
{
	const struct mshv_hvcall *call = arg;
	const struct mshv_route_table *table = arg;
	size_t len = _IOC_SIZE(request);

	(void)sys;
	(void)fd;
	if (kept.times_busy && kept.times_busy--)
		return -EAGAIN;
	if (request == MSHV_ROOT_HVCALL &&
	    call->code == MSHV_HVCALL_ASSERT_INTERRUPT)
		memcpy(&kept.asserted, (void *)(uintptr_t)call->in_ptr,
		       sizeof(kept.asserted));
	if (request == MSHV_SET_MSI_ROUTING)
		len += table->count * sizeof(table->entries[0]);
	if (kept.count < KEPT_MAX) {
		kept.requests[kept.count] = request;
		memcpy(kept.args[kept.count], arg, len);
	}
	return ++kept.count == kept.fail_at ? -EIO : 0;
}

/* A partition of which the fake knows everything up to now. */
static struct hv_vm *partition(struct mshv_sys *sys)
{
	const struct hv_vm_config cfg = {.vcpu_count = 1};
	struct hv_vm *vm = NULL;
	struct err err = {0};

	mshv_fake_reset();
	*sys = mshv_fake_sys;
	if (mshv_vm_create_on(sys, &cfg, &vm, &err))
		fail_msg("%s", err.msg);
	vm->ops = &hv_mshv_fake;
	memset(&kept, 0, sizeof(kept));
	sys->ioctl = keep;
	return vm;
}

static const void *arg_of(int i, unsigned long request)
{
	assert_true(i < kept.count);
	assert_int_equal(kept.requests[i], request);
	return kept.args[i];
}

/* --- interrupts ------------------------------------------------------------------ */

/* Address and data: Intel SDM vol. 3A, 11.11.1 and 11.11.2. */
static void messages_are_asserts(void **state)
{
	static const struct {
		struct hv_msi msi;
		uint64_t control, dest;
		uint32_t vector;
	} cases[] = {
		{{0xfee00000, 0x41}, MSHV_INT_FIXED, 0, 0x41},
		{{0xfee07000, 0x141}, MSHV_INT_LOWEST, 7, 0x41},
		{{0xfeeff000, 0x4400}, MSHV_INT_NMI, 0xff, 0},
		{{0xfee01004, 0x41}, MSHV_ASSERT_LOGICAL, 1, 0x41},
		{{0xfee01000, 0x8041}, MSHV_ASSERT_LEVEL, 1, 0x41},
		{{0xfee01000, 0x0700}, MSHV_INT_EXTINT, 1, 0},
		/* More CPUs than a byte names: above the address's lower half. */
		{{0x0000010000000000 | 0xfee02000, 0x30}, 0, 0x102, 0x30},
	};
	struct mshv_sys sys;
	struct hv_vm *vm = partition(&sys);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(hv_msi_send(vm, &cases[i].msi), 0);
		assert_int_equal(kept.asserted.control, cases[i].control);
		assert_int_equal(kept.asserted.dest, cases[i].dest);
		assert_int_equal(kept.asserted.vector, cases[i].vector);
	}
	kept.fail_at = kept.count + 1;
	assert_int_equal(hv_msi_send(vm, &cases[0].msi), -EIO);
	hv_vm_destroy(vm);
}

/* A route is there before its eventfd can use it, and after it no longer can. */
static void a_route_outlives_its_eventfd(void **state)
{
	const struct hv_msi msi = {.addr = 0xfee00000, .data = 0x41};
	const struct mshv_route_table *table;
	const struct mshv_irqfd *irqfd;
	struct mshv_sys sys;
	struct hv_vm *vm = partition(&sys);

	(void)state;
	assert_int_equal(hv_irqfd_set(vm, 255, 9, &msi), 0);
	table = arg_of(0, MSHV_SET_MSI_ROUTING);
	assert_int_equal(table->count, 1);
	assert_int_equal(table->entries[0].gsi, HV_ROUTE_COUNT + 255);
	assert_int_equal(table->entries[0].addr_lo, 0xfee00000);
	assert_int_equal(table->entries[0].addr_hi, 0);
	assert_int_equal(table->entries[0].data, 0x41);
	irqfd = arg_of(1, MSHV_IRQFD);
	assert_int_equal(irqfd->fd, 9);
	assert_int_equal(irqfd->gsi, HV_ROUTE_COUNT + 255);
	assert_int_equal(irqfd->flags, 0);
	assert_int_equal(hv_irqfd_set(vm, 0, 8, &msi), 0);
	table = arg_of(2, MSHV_SET_MSI_ROUTING);
	assert_int_equal(table->count, 2); /* all of them each time */
	assert_int_equal(hv_irqfd_set(vm, 255, 9, NULL), 0);
	irqfd = arg_of(4, MSHV_IRQFD);
	assert_int_equal(irqfd->flags, MSHV_IRQFD_DEASSIGN);
	table = arg_of(5, MSHV_SET_MSI_ROUTING);
	assert_int_equal(table->count, 1);
	assert_int_equal(table->entries[0].gsi, HV_ROUTE_COUNT);
	assert_int_equal(hv_irqfd_set(vm, HV_IRQFD_COUNT, 9, &msi), -EINVAL);
	assert_int_equal(kept.count, 6);
	hv_vm_destroy(vm);
}

/* The driver would look for a VP that is not there, or refuse all routes. */
static void addresses_that_the_driver_does_not_check(void **state)
{
	static const uint64_t addrs[] = {0xfee01000, 0xfeeff000, 0x1fee00000};
	struct hv_msi msi = {.data = 0x41};
	struct mshv_sys sys;
	struct hv_vm *vm = partition(&sys);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(addrs); i++) {
		msi.addr = addrs[i];
		assert_int_equal(hv_irqfd_set(vm, 1, 9, &msi), -EINVAL);
	}
	assert_int_equal(kept.count, 0);
	msi.addr = 0xfee0f004; /* logical: the hypervisor looks for them */
	assert_int_equal(hv_irqfd_set(vm, 1, 9, &msi), 0);
	hv_vm_destroy(vm);
}

/* Without its route no eventfd is attached; one that stays keeps its route. */
static void eventfds_that_fail(void **state)
{
	const struct hv_msi msi = {.addr = 0xfee00000, .data = 0x41};
	struct mshv_sys sys;
	const struct mshv_route_table *table;
	struct hv_vm *vm = partition(&sys);
	size_t count;

	(void)state;
	kept.fail_at = 1;
	assert_int_equal(hv_irqfd_set(vm, 1, 9, &msi), -EIO);
	assert_int_equal(kept.count, 1);
	/* What was refused is in no later table. */
	assert_int_equal(hv_irqfd_set(vm, 2, 9, &msi), 0);
	table = arg_of(1, MSHV_SET_MSI_ROUTING);
	assert_int_equal(table->count, 1);
	assert_int_equal(hv_irqfd_set(vm, 2, 9, NULL), 0);
	kept.fail_at = kept.count + 2;
	count = kept.fail_at;
	assert_int_equal(hv_irqfd_set(vm, 1, 9, &msi), -EIO);
	assert_int_equal(kept.count, count);
	kept.fail_at = count + 1;
	assert_int_equal(hv_irqfd_set(vm, 1, 9, NULL), -EIO);
	assert_int_equal(kept.count, count + 1);
	hv_vm_destroy(vm);
}

static void doorbells(void **state)
{
	static const struct {
		struct hv_doorbell bell;
		bool is_on;
		uint32_t flags;
	} cases[] = {
		{{0xd0000000, 4, false, 0, 7}, true, 0},
		{{0xd0000000, 4, false, 0, 7}, false, MSHV_IOEVENTFD_DEASSIGN},
		{{0xd0000008, 2, true, 0x1234, 7},
		 true,
		 MSHV_IOEVENTFD_DATAMATCH},
		{{0xd0000008, 2, true, 0x1234, 7},
		 false,
		 MSHV_IOEVENTFD_DATAMATCH | MSHV_IOEVENTFD_DEASSIGN},
	};
	const struct mshv_ioeventfd *arg;
	struct mshv_sys sys;
	struct hv_vm *vm = partition(&sys);
	int i;

	(void)state;
	for (i = 0; i < (int)ARRAY_SIZE(cases); i++) {
		assert_int_equal(
			hv_doorbell_set(vm, &cases[i].bell, cases[i].is_on), 0);
		arg = arg_of(i, MSHV_IOEVENTFD);
		assert_int_equal(arg->addr, cases[i].bell.gpa);
		assert_int_equal(arg->len_bytes, cases[i].bell.len_bytes);
		assert_int_equal(arg->datamatch, cases[i].bell.datamatch);
		assert_int_equal(arg->flags, cases[i].flags);
		assert_int_equal(arg->fd, 7);
	}
	hv_vm_destroy(vm);
}

/* --- memory ------------------------------------------------------------------------ */

static void memory_is_mapped_as_it_is(void **state)
{
	struct hv_mem mem = {.gpa = 0x100000000,
			     .size_bytes = 0x200000,
			     .host = (void *)0x7f0000000000,
			     .readonly = false};
	const struct mshv_mem_region *arg;
	struct err err = {0};
	struct mshv_sys sys;
	struct hv_vm *vm = partition(&sys);
	int i;

	(void)state;
	assert_int_equal(hv_mem_map(vm, &mem, &err), 0);
	arg = arg_of(0, MSHV_SET_GUEST_MEMORY);
	assert_int_equal(arg->guest_pfn, 0x100000);
	assert_int_equal(arg->size_bytes, 0x200000);
	assert_int_equal(arg->host_addr, 0x7f0000000000);
	assert_int_equal(arg->flags, MSHV_MEM_WRITABLE | MSHV_MEM_EXECUTABLE);
	mem.readonly = true;
	assert_int_equal(hv_mem_map(vm, &mem, &err), 0);
	arg = arg_of(1, MSHV_SET_GUEST_MEMORY);
	assert_int_equal(arg->flags, MSHV_MEM_EXECUTABLE);
	/* One that failed takes no place. */
	kept.fail_at = 3;
	assert_int_equal(hv_mem_map(vm, &mem, &err), -EIO);
	assert_contains(err.msg, "0x100000000");
	for (i = 2; i < MSHV_MAX_REGIONS; i++)
		assert_int_equal(hv_mem_map(vm, &mem, &err), 0);
	assert_int_equal(hv_mem_map(vm, &mem, &err), -E2BIG);
	assert_int_equal(kept.count, MSHV_MAX_REGIONS + 1);
	hv_vm_destroy(vm);
}

/* --- hypercalls -------------------------------------------------------------------- */

static int half_way(struct mshv_hvcall *call)
{
	call->reps /= 2;
	return 0;
}

static void hypercalls_at_their_limits(void **state)
{
	static uint32_t names[HVCALL_MAX_REGISTERS + 1];
	static union mshv_value values[HVCALL_MAX_REGISTERS + 1];
	static struct mshv_register regs[HVCALL_MAX_REGISTERS + 1];
	const struct mshv_sys *sys = &mshv_fake_sys;
	uint64_t value = 5;

	(void)state;
	mshv_fake_reset();
	assert_int_equal(
		hvcall_regs_get(sys, 1, 0, names, values, HVCALL_MAX_REGISTERS),
		0);
	assert_int_equal(hvcall_regs_set(sys, 1, 0, regs, HVCALL_MAX_REGISTERS),
			 0);
	assert_int_equal(mshv_fake_state.calls, 2);
	assert_int_equal(hvcall_regs_get(sys, 1, 0, names, values,
					 HVCALL_MAX_REGISTERS + 1),
			 -E2BIG);
	assert_int_equal(
		hvcall_regs_set(sys, 1, 0, regs, HVCALL_MAX_REGISTERS + 1),
		-E2BIG);
	assert_int_equal(mshv_fake_state.calls, 2);
	/* No bank, no value; and old kernels stop half way and say 0. */
	assert_int_equal(hvcall_property_get_ex(sys, 1, 7, &value), -ENODATA);
	assert_int_equal(value, 5);
	mshv_fake_state.hvcall = half_way;
	assert_int_equal(hvcall_regs_get(sys, 1, 0, names, values, 4), -EIO);
	assert_int_equal(hvcall_property_get(sys, 1, 7, &value), 0);
}

/* A kernel that is busy for ever is asked a thousand times, no more. */
static void patience_has_an_end(void **state)
{
	struct mshv_sys sys;
	struct hv_vm *vm = partition(&sys);
	struct hv_doorbell bell = {.gpa = 0xd0000000, .len_bytes = 4};
	int tries = 0;

	(void)state;
	kept.times_busy = 999;
	assert_int_equal(hv_doorbell_set(vm, &bell, true), 0);
	assert_int_equal(kept.times_busy, 0);
	kept.times_busy = 100000;
	assert_int_equal(hv_doorbell_set(vm, &bell, true), -EAGAIN);
	assert_int_equal(kept.times_busy, 99000);
	assert_false(sys_is_to_retry(-EIO, &tries));
	assert_false(sys_is_to_retry(0, &tries));
	assert_int_equal(tries, 0);
	assert_true(sys_is_to_retry(-EINTR, &tries));
	hv_vm_destroy(vm);
}

/* --- the device ------------------------------------------------------------------------ */

static void system_calls(void **state)
{
	const struct mshv_sys *sys = &mshv_sys_device;
	int null, fd = memfd_create("page", MFD_CLOEXEC);
	uint8_t *page = NULL, byte = 7;
	void *mapped;

	(void)state;
	assert_int_equal(sys_open(sys, "/nonexistent"), -ENOENT);
	null = sys_open(sys, "/dev/null");
	assert_true(null >= 0);
	assert_int_equal(sys_ioctl(sys, null, MSHV_INITIALIZE_PARTITION, NULL),
			 -ENOTTY);
	assert_int_equal(sys_ioctl(sys, -1, MSHV_RUN_VP, NULL), -EBADF);
	assert_int_equal(sys_page_map(sys, null, 0, &mapped), -ENODEV);
	sys_close(sys, null);
	sys_close(sys, -1);
	assert_int_equal(sys_ioctl(sys, null, MSHV_RUN_VP, NULL), -EBADF);

	/* Page 1 of a file, shared with whoever has it. */
	assert_int_equal(ftruncate(fd, 2 * MSHV_PAGE_BYTES), 0);
	assert_int_equal(pwrite(fd, &byte, 1, MSHV_PAGE_BYTES + 5), 1);
	assert_int_equal(sys_page_map(sys, fd, 1, &mapped), 0);
	page = mapped;
	assert_int_equal(page[5], 7);
	page[6] = 9;
	assert_int_equal(pread(fd, &byte, 1, MSHV_PAGE_BYTES + 6), 1);
	assert_int_equal(byte, 9);
	sys_page_unmap(sys, page);
	sys_page_unmap(sys, NULL);
	close(fd);
}

/* What RAM holds stays; where there is none to be had it is said. */
static void ram_is_touched(void **state)
{
	const struct mshv_sys *sys = &mshv_sys_device;
	struct mshv_sys without = mshv_sys_device;
	uint8_t *ram = mmap(NULL, 4 * MSHV_PAGE_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t got[4];

	(void)state;
	assert_true(ram != MAP_FAILED);
	sys_ram_write(sys, ram + 100, "abc", 4);
	assert_int_equal(sys_ram_touch(sys, ram, 4 * MSHV_PAGE_BYTES, true), 0);
	assert_int_equal(sys_ram_touch(sys, ram, 4 * MSHV_PAGE_BYTES, false),
			 0);
	sys_ram_read(sys, ram + 100, got, 4);
	assert_memory_equal(got, "abc", 4);
	munmap(ram, 4 * MSHV_PAGE_BYTES);
	assert_int_equal(sys_ram_touch(sys, ram, MSHV_PAGE_BYTES, true),
			 -ENOMEM);
	without.ram_touch = NULL;
	assert_int_equal(sys_ram_touch(&without, ram, MSHV_PAGE_BYTES, true),
			 0);
}

/* --- page walks ---------------------------------------------------------------------------- */

static struct {
	uint64_t at[8], value[8];
	int count, reads, fail_at;
} entries;

static int entry_read(void *arg, uint64_t gpa, uint64_t *value)
{
	int i;

	(void)arg;
	if (++entries.reads == entries.fail_at)
		return -EIO;
	for (i = 0, *value = 0; i < entries.count; i++)
		if (entries.at[i] == gpa)
			*value = entries.value[i];
	return 0;
}

static void entry_put(uint64_t at, uint64_t value)
{
	entries.at[entries.count] = at;
	entries.value[entries.count++] = value;
}

#define PG (1ULL << 31)
#define PSE 0x10
#define PAE 0x20
#define LA57 0x1000
#define LMA 0x500

/* Each entry can be missing, and each can be unreadable. */
static void each_entry_counts(const struct walk *walk, uint64_t gva,
			      uint64_t gpa)
{
	const int count = entries.count;
	uint64_t got = 0, kept_value;
	int i;

	assert_int_equal(walk_translate(walk, gva, &got), 0);
	assert_int_equal(got, gpa);
	for (i = 0; i < count; i++) {
		kept_value = entries.value[i];
		entries.value[i] &= ~(1ULL | 1ULL << 32);
		assert_int_equal(walk_translate(walk, gva, &got), -EFAULT);
		entries.value[i] = kept_value;
		entries.reads = 0;
		entries.fail_at = i + 1;
		assert_int_equal(walk_translate(walk, gva, &got), -EFAULT);
		entries.fail_at = 0;
	}
}

/* Intel SDM vol. 3A, 4.5: five levels, each with its own nine bits. */
static void walks_of_long_mode(void **state)
{
	struct walk walk = {.cr0 = PG,
			    .cr3 = 0x1000 | 0xfff, /* PCID is no address */
			    .cr4 = PAE | LA57,
			    .efer = LMA,
			    .read = entry_read};

	(void)state;
	memset(&entries, 0, sizeof(entries));
	entry_put(0x1000 + 8 * 1, 0x2000 | 1);
	entry_put(0x2000 + 8 * 2, 0x3000 | 1 | 1ULL << 63);
	entry_put(0x3000 + 8 * 3, 0x4000 | 1);
	entry_put(0x4000 + 8 * 4, 0x5000 | 1);
	entry_put(0x5000 + 8 * 5, 0xabcde000 | 0x81 | 1ULL << 63); /* PAT */
	each_entry_counts(&walk,
			  1ULL << 48 | 2ULL << 39 | 3ULL << 30 | 4ULL << 21 |
				  5ULL << 12 | 0x123,
			  0xabcde123);
	/* With LA57 off the same address has four levels. */
	walk.cr4 = PAE;
	walk.cr3 = 0x2000;
	entries.at[0] = ~0ULL; /* of no use */
	assert_int_equal(walk_translate(&walk,
					2ULL << 39 | 3ULL << 30 | 4ULL << 21 |
						5ULL << 12,
					&entries.value[0]),
			 0);
	assert_int_equal(entries.value[0], 0xabcde000);
}

/* 4.4: four entries aligned to 32 bytes, which have no large pages. */
static void walks_of_pae(void **state)
{
	struct walk walk = {
		.cr0 = PG, .cr3 = 0x12e0, .cr4 = PAE, .read = entry_read};

	(void)state;
	memset(&entries, 0, sizeof(entries));
	entry_put(0x12e0 + 8 * 2, 0x3000 | 0x81);
	entry_put(0x3000 + 8 * 3, 0x4000 | 1);
	entry_put(0x4000 + 8 * 4, 0xf00005000 | 1);
	each_entry_counts(&walk, 2ULL << 30 | 3 << 21 | 4 << 12 | 0x456,
			  0xf00005456);
	/* A large one of 2 MiB in the second. */
	memset(&entries, 0, sizeof(entries));
	entry_put(0x12e0 + 8 * 2, 0x3000 | 1);
	entry_put(0x3000 + 8 * 3, 0xf00200000 | 0x1081); /* PAT at bit 12 */
	each_entry_counts(&walk, 2ULL << 30 | 3 << 21 | 0x54321, 0xf00254321);
}

/* 4.3: ten bits twice, entries of four bytes in pairs. */
static void walks_of_32_bits(void **state)
{
	struct walk walk = {.cr0 = PG, .cr3 = 0x1018, .read = entry_read};

	(void)state;
	memset(&entries, 0, sizeof(entries));
	entry_put(0x1000 + 4 * 6, (0x2000ULL | 0x81) << 32); /* no PSE */
	entry_put(0x2000 + 4 * 8, 0xfffff000 | 1);
	each_entry_counts(&walk, 7u << 22 | 8 << 12 | 0x789, 0xfffff789);
	walk.cr4 = PSE; /* and now it is a page of 4 MiB */
	assert_int_equal(
		walk_translate(&walk, 7u << 22 | 0x12345, &entries.value[1]),
		0);
	assert_int_equal(entries.value[1], 0x12345 | 0x100000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_asserts),
		cmocka_unit_test(a_route_outlives_its_eventfd),
		cmocka_unit_test(addresses_that_the_driver_does_not_check),
		cmocka_unit_test(eventfds_that_fail),
		cmocka_unit_test(doorbells),
		cmocka_unit_test(memory_is_mapped_as_it_is),
		cmocka_unit_test(hypercalls_at_their_limits),
		cmocka_unit_test(patience_has_an_end),
		cmocka_unit_test(system_calls),
		cmocka_unit_test(ram_is_touched),
		cmocka_unit_test(walks_of_long_mode),
		cmocka_unit_test(walks_of_pae),
		cmocka_unit_test(walks_of_32_bits),
	};

	return RUN_TESTS(tests);
}
