// SPDX-License-Identifier: GPL-3.0-or-later
/* A machine with its kernel, disks, keys and counts, while its guest runs; and
 * RAM on both sides of the hole for devices. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runners/vmm/stamp.h"
#include "runners/vmm/vm.h"
#include "tests/unit/fixture/access.h"
#include "tests/unit/fixture/bzimage.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/scratch.h"

static struct vm_config some_config(void)
{
	return (struct vm_config){.mem = {.bytes = 64 * MIB},
				  .vcpu_count = 2,
				  .cmdline = "quiet",
				  .serial_fd = -1,
				  .channel_fd = -1,
				  .input_fd = -1};
}

static int reset(void **state)
{
	(void)state;
	hv_fake_reset();
	return 0;
}

static struct hv_exit io(enum hv_exit_kind kind, uint64_t addr, uint32_t data,
			 uint8_t len, bool is_write)
{
	return (struct hv_exit){.kind = kind,
				.access = {.addr = addr,
					   .data = data,
					   .len_bytes = len,
					   .is_write = is_write}};
}

static struct hv_exit out(uint16_t port, uint32_t data, uint8_t len)
{
	return io(HV_EXIT_PIO, port, data, len, true);
}

/* The IOAPIC's register that is selected, and what is in it. */
static struct hv_exit mmio(uint64_t addr, uint32_t data, bool is_write)
{
	return io(HV_EXIT_MMIO, addr, data, 4, is_write);
}

/* How many descriptors this process has open. */
static int open_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* What the machine wrote while it ran SCRIPT to its end; the caller frees it. */
static char *events_of(struct vm_config *cfg, const struct hv_exit *script,
		       int len, enum vm_end *end)
{
	char *text = NULL;
	size_t size;
	FILE *events = open_memstream(&text, &size);
	struct vm *vm = NULL;
	struct err err = {0};

	cfg->events = events;
	hv_fake_state.script = script;
	hv_fake_state.script_len = len;
	if (vm_create(&hv_fake, cfg, &vm, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(vm_run(vm, end, &err), 0);
	vm_destroy(vm);
	fclose(events);
	assert_int_equal(hv_fake_state.live_objects, 0);
	return text;
}

/* --- while it runs -------------------------------------------------------- */

/* Each number is answered with what was counted before it. */
static void counts_are_told_on_demand(void **state)
{
	const struct hv_exit script[] = {
		out(0x80, 0, 1),
		out(STAMP_PORT, STAMP_COUNTS | 4, 4),
		mmio(IOAPIC_GPA, 1, true),
		{.kind = HV_EXIT_KICKED},
		out(STAMP_PORT, STAMP_COUNTS | 5, 4),
		out(0x604, 0x34, 1),
	};
	struct vm_config cfg = some_config();
	enum vm_end end;
	char *text;

	(void)state;
	cfg.devices.disk_count = 1;
	cfg.devices.disks[0] = (struct blk_config){.disk = {.path = "null:1M"},
						   .queue_count = 1};
	text = events_of(&cfg, script, ARRAY_SIZE(script), &end);
	assert_int_equal(end, VM_END_POWER_OFF);
	assert_contains(text, "count 4 exit.pio 1\n");
	assert_contains(text, "count 4 handled_ns.pio ");
	assert_null(strstr(text, "count 4 exit.mmio"));
	assert_contains(text, "count 4 blk0.requests 0\n");
	assert_contains(text, "count 5 exit.pio 2\n");
	assert_contains(text, "count 5 exit.mmio 1\n");
	assert_contains(text, "count 5 blk0.interrupts 0\n");
	/* Single exits are for the micro guest alone. */
	assert_null(strstr(text, "each "));
	assert_null(strstr(text, "run_ns"));
	free(text);
}

/* The hypervisor reports the end of a level interrupt; COM1's pin is made one.
 * Bit 14 of its entry shows that it is in service. */
static void an_end_of_interrupt_reaches_the_ioapic(void **state)
{
	const struct hv_exit script[] = {
		mmio(IOAPIC_GPA, 0x10 + 2 * UART_IRQ, true),
		mmio(IOAPIC_GPA + 0x10, 0x8024, true),
		out(UART_PORT + 1, 0x02, 1),
		mmio(IOAPIC_GPA + 0x10, 0, false),
		{.kind = HV_EXIT_EOI, .vector = 0x24},
		mmio(IOAPIC_GPA + 0x10, 0, false),
		io(HV_EXIT_MSR, MICRO_DEV_MSR, 5, 8, false),
		out(0x604, 0x34, 1),
	};
	struct vm_config cfg = some_config();
	enum vm_end end;

	(void)state;
	free(events_of(&cfg, script, ARRAY_SIZE(script), &end));
	assert_int_equal(end, VM_END_POWER_OFF);
	assert_int_equal(hv_fake_state.sent_count, 1);
	assert_int_equal(hv_fake_state.sent[0].data, 0xc024);
	/* After an exit that is no access, the fake notes its data too. */
	assert_int_equal(hv_fake_state.reads[0], 0xc024);
	assert_int_equal(hv_fake_state.reads[hv_fake_state.read_count - 2],
			 0x8024);
	assert_int_equal(hv_fake_state.reads[hv_fake_state.read_count - 1], 0);
}

static int fail_to_run(struct hv_vcpu *vcpu, struct hv_exit *exit)
{
	(void)vcpu;
	(void)exit;
	return -EIO;
}

static int no_regs(struct hv_vcpu *vcpu, struct vcpu_regs *regs)
{
	(void)vcpu;
	(void)regs;
	return -EIO;
}

static void a_vcpu_that_cannot_run_ends_the_machine(void **state)
{
	struct vm_config cfg = some_config();
	struct hv_ops ops = hv_fake;
	struct vm *vm = NULL;
	struct err err = {0};
	enum vm_end end;
	int i;

	(void)state;
	ops.vcpu_run = fail_to_run;
	for (i = 0; i < 2; i++) {
		if (i)
			ops.vcpu_regs_get = no_regs;
		assert_int_equal(vm_create(&ops, &cfg, &vm, &err), 0);
		assert_int_equal(vm_run(vm, &end, &err), 0);
		assert_int_equal(end, VM_END_HV_ERROR);
		assert_contains(vm->end_detail, "cannot run the vCPU");
		assert_int_equal(strstr(vm->end_detail, "rip") != NULL, !i);
		vm_destroy(vm);
	}
	assert_int_equal(hv_fake_state.live_objects, 0);
}

/* Ctrl-A x ends the machine, Ctrl-A Ctrl-A is one for the guest, and before
 * anything else Ctrl-A is the guest's, too. */
static void keys_reach_the_guest(void **state)
{
	static const char keys[] = "ab\1\1c\1de\1x";
	static const char heard[] = "ab\1c\1de";
	struct vm_config cfg = some_config();
	struct vm *vm = NULL;
	struct err err = {0};
	enum vm_end end;
	int fds[2];
	size_t i;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	cfg.input_fd = fds[0];
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), 0);
	assert_int_equal(write(fds[1], keys, sizeof(keys) - 1),
			 sizeof(keys) - 1);
	assert_int_equal(vm_run(vm, &end, &err), 0);
	assert_int_equal(end, VM_END_STOPPED);
	assert_contains(vm->end_detail, "rip 0x1234");
	for (i = 0; heard[i]; i++)
		assert_int_equal(access_read(uart_access, &vm->uart, 0, 1),
				 heard[i]);
	vm_destroy(vm);
	close(fds[0]);
	close(fds[1]);
}

/* A guest goes on without keys. */
static void the_end_of_input_is_not_the_end(void **state)
{
	const struct hv_exit script[] = {out(0x604, 0x34, 1)};
	struct vm_config cfg = some_config();
	enum vm_end end;

	(void)state;
	cfg.input_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	free(events_of(&cfg, script, 1, &end));
	assert_int_equal(end, VM_END_POWER_OFF);
	close(cfg.input_fd);
}

static void ends_have_names(void **state)
{
	int i, k;

	(void)state;
	assert_string_equal(vm_end_name(VM_END_POWER_OFF), "power_off");
	assert_string_equal(vm_end_name(VM_END_HV_ERROR), "hypervisor_error");
	for (i = 0; i < VM_END_COUNT; i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(vm_end_name((enum vm_end)i),
						vm_end_name((enum vm_end)k));
}

/* --- what is loaded and placed -------------------------------------------- */

/* A machine without legacy timers cannot measure its TSC. */
static void the_kernel_is_told_the_tsc_s_rate(void **state)
{
	struct vm_config cfg = some_config();
	uint8_t image[BZIMAGE_BYTES];
	struct boot_params *bp = NULL;
	char path[SCRATCH_SIZE];
	struct vm *vm = NULL;
	struct err err = {0};
	uint64_t gpa;

	(void)state;
	bzimage_make(image);
	scratch_file(path, image, sizeof(image));
	cfg.kernel_path = path;
	if (vm_create(&hv_fake, &cfg, &vm, &err))
		fail_msg("%s", err.msg);
	/* Wherever it is, it is on a page of low memory. */
	for (gpa = 0; gpa < MIB && !bp; gpa += 4096) {
		bp = mem_ptr(&vm->mem, gpa, sizeof(*bp));
		if (bp->hdr.header != 0x53726448)
			bp = NULL;
	}
	assert_non_null(bp);
	assert_string_equal(mem_ptr(&vm->mem, bp->hdr.cmd_line_ptr, 64),
			    "quiet tsc_early_khz=2000000");
	vm_destroy(vm);
	/* The last call of all sets the first vCPU's registers. */
	hv_fake_reset();
	hv_fake_state.fail_at = 5;
	vm = NULL;
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -EIO);
	assert_contains(err.msg, "registers of vCPU 0");
	assert_int_equal(hv_fake_state.live_objects, 0);
	unlink(path);
}

static void a_guest_that_cannot_be_loaded_leaves_nothing(void **state)
{
	struct vm_config cfg = some_config();
	char line[2100];
	struct vm *vm = NULL;
	struct err err = {0};
	int before;

	(void)state;
	cfg.kernel_path = "/nonexistent/bzImage";
	before = open_count();
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -ENOENT);
	assert_contains(err.msg, "/nonexistent/bzImage");
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	cfg.cmdline = line;
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -E2BIG);
	cfg.kernel_path = NULL;
	cfg.micro_path = "/nonexistent/micro.bin";
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -ENOENT);
	assert_contains(err.msg, "/nonexistent/micro.bin");
	assert_int_equal(hv_fake_state.live_objects, 0);
	assert_int_equal(hv_fake_state.bell_count, 0);
	assert_int_equal(open_count(), before);
}

/* The identity of the device in SLOT, through configuration space. */
static uint32_t device_in(struct vm *vm, uint32_t slot)
{
	access_write(pci_config_access, &vm->pci, 0, 4, 1u << 31 | slot << 11);
	return (uint32_t)access_read(pci_config_access, &vm->pci, 4, 4);
}

/* So that a guest finds each disk where it was in another machine. */
static void disks_have_fixed_slots(void **state)
{
	struct vm_config cfg = some_config();
	struct vm *vm = NULL;
	struct err err = {0};
	uint32_t i;

	(void)state;
	cfg.devices.disk_count = VM_MAX_DISKS;
	for (i = 0; i < VM_MAX_DISKS; i++)
		cfg.devices.disks[i] = (struct blk_config){
			.disk = {.path = "null:1M"}, .queue_count = 1};
	if (vm_create(&hv_fake, &cfg, &vm, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(device_in(vm, 1), 0x10431af4); /* console */
	assert_int_equal(device_in(vm, 2), 0x10441af4); /* entropy */
	assert_int_equal(device_in(vm, 3), UINT32_MAX); /* no vsock */
	for (i = 0; i < VM_MAX_DISKS; i++)
		assert_int_equal(device_in(vm, 4 + i), 0x10421af4);
	assert_int_equal(device_in(vm, 12), UINT32_MAX); /* no card */
	vm_destroy(vm);
}

static void a_device_that_fails_takes_all_along(void **state)
{
	struct vm_config cfg = some_config();
	struct vm *vm = NULL;
	struct err err = {0};
	int before = open_count();

	(void)state;
	cfg.devices.disk_count = 2;
	cfg.devices.disks[0] = (struct blk_config){.disk = {.path = "null:1M"},
						   .queue_count = 4};
	cfg.devices.disks[1] = (struct blk_config){
		.disk = {.path = "/nonexistent/disk"}, .queue_count = 1};
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -ENOENT);
	assert_contains(err.msg, "/nonexistent/disk");
	cfg.devices.disk_count = 1;
	cfg.devices.net_count = 1;
	cfg.devices.nets[0] = (struct net_config){
		.fd = 1000000, .pair_count = 1, .vhost = NET_VHOST_OFF};
	assert_true(vm_create(&hv_fake, &cfg, &vm, &err) < 0);
	assert_int_equal(hv_fake_state.live_objects, 0);
	assert_int_equal(open_count(), before);
}

/* --- RAM ------------------------------------------------------------------ */

static struct hv_mem mapped[4];
static uint32_t mapped_count;

static int note_map(struct hv_vm *vm, const struct hv_mem *mem, struct err *err)
{
	(void)vm;
	(void)err;
	if (mapped_count == ARRAY_SIZE(mapped))
		return -ENOSPC;
	mapped[mapped_count++] = *mem;
	return 0;
}

/* Addresses from 3 to 4 GiB are the devices'; what is left is above them. */
static void ram_is_on_both_sides_of_the_hole(void **state)
{
	const struct mem_config cfg = {.bytes = 5 * GIB};
	const struct hv_ops ops = {.mem_map = note_map};
	struct hv_vm vm = {.ops = &ops};
	struct err err = {0};
	struct mem mem;
	char *host;

	(void)state;
	if (mem_init(&mem, &cfg, &err)) {
		print_message("SKIP: %s\n", err.msg);
		skip();
	}
	host = mem.host;
	mapped_count = 0;
	assert_int_equal(mem_map_guest(&mem, &vm, &err), 0);
	assert_int_equal(mapped_count, 2);
	assert_true(mapped[0].gpa == 0 && mapped[0].size_bytes == 3 * GIB);
	assert_true(mapped[1].gpa == 4 * GIB &&
		    mapped[1].size_bytes == 2 * GIB);
	assert_ptr_equal(mapped[0].host, host);
	assert_ptr_equal(mapped[1].host, host + 3 * GIB);
	assert_ptr_equal(mem_ptr(&mem, 3 * GIB - 1, 1), host + 3 * GIB - 1);
	assert_null(mem_ptr(&mem, 3 * GIB - 1, 2)); /* not across it */
	assert_null(mem_ptr(&mem, 3 * GIB, 1));
	assert_null(mem_ptr(&mem, 4 * GIB - 1, 2));
	assert_ptr_equal(mem_ptr(&mem, 4 * GIB, 2 * GIB), host + 3 * GIB);
	assert_ptr_equal(mem_ptr(&mem, 6 * GIB - 1, 1), host + 5 * GIB - 1);
	assert_null(mem_ptr(&mem, 6 * GIB - 1, 2));
	assert_null(mem_ptr(&mem, 4 * GIB, UINT64_MAX));
	mem_release(&mem);
	/* Exactly up to the hole there is one part. */
	mapped_count = 0;
	assert_int_equal(
		mem_init(&mem, &(struct mem_config){.bytes = 3 * GIB}, &err),
		0);
	assert_int_equal(mem_map_guest(&mem, &vm, &err), 0);
	assert_int_equal(mapped_count, 1);
	assert_null(mem_ptr(&mem, 4 * GIB, 1));
	mem_release(&mem);
}

static void ram_of_a_wrong_size_is_refused(void **state)
{
	static const uint64_t sizes[] = {0, 31 * MIB, 33 * MIB, 64 * MIB + 1,
					 UINT64_MAX - MIB + 1};
	struct mem mem;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(
			mem_init(&mem, &(struct mem_config){.bytes = sizes[i]},
				 &err),
			-EINVAL);
		mem_release(&mem);
	}
	/* Where it would end, devices have addresses. */
	assert_int_equal(
		mem_init(&mem,
			 &(struct mem_config){.bytes = MEM_MAX_BYTES + 2 * MIB},
			 &err),
		-EINVAL);
	assert_contains(err.msg, "at most 500 GiB");
	mem_release(&mem);
}

/* A right size that this process cannot have. */
static void ram_that_is_not_there_is_said_so(void **state)
{
	struct rlimit before, none;
	struct mem mem;
	struct err err;
	int ret;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	none = (struct rlimit){.rlim_cur = MIB, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	ret = mem_init(&mem, &(struct mem_config){.bytes = 64 * MIB}, &err);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_true(ret < 0);
	assert_contains(err.msg, "64 MiB of guest RAM");
	mem_release(&mem);
}

/* How many small pages of it are there, see mincore(2). */
static uint64_t resident_count(const struct mem *mem)
{
	static unsigned char pages[32 * MIB / 4096];
	uint64_t i, count = 0;

	assert_int_equal(mem->bytes, 4096 * sizeof(pages));
	assert_int_equal(mincore(mem->host, mem->bytes, pages), 0);
	for (i = 0; i < sizeof(pages); i++)
		count += pages[i] & 1;
	return count;
}

static void ram_may_be_faulted_in_at_once(void **state)
{
	struct mem_config cfg = {.bytes = 32 * MIB};
	struct err err = {0};
	struct mem mem;

	(void)state;
	assert_int_equal(mem_init(&mem, &cfg, &err), 0);
	assert_int_equal(resident_count(&mem), 0);
	mem_release(&mem);
	cfg.prefault = true;
	if (mem_init(&mem, &cfg, &err)) {
		mem_release(&mem);
		print_message("SKIP: %s\n", err.msg);
		skip();
	}
	assert_int_equal(resident_count(&mem), mem.bytes / 4096);
	mem_release(&mem);
}

#define RESET(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESET(counts_are_told_on_demand),
		RESET(an_end_of_interrupt_reaches_the_ioapic),
		RESET(a_vcpu_that_cannot_run_ends_the_machine),
		RESET(keys_reach_the_guest),
		RESET(the_end_of_input_is_not_the_end),
		RESET(ends_have_names),
		RESET(the_kernel_is_told_the_tsc_s_rate),
		RESET(a_guest_that_cannot_be_loaded_leaves_nothing),
		RESET(disks_have_fixed_slots),
		RESET(a_device_that_fails_takes_all_along),
		RESET(ram_is_on_both_sides_of_the_hole),
		RESET(ram_of_a_wrong_size_is_refused),
		RESET(ram_that_is_not_there_is_said_so),
		RESET(ram_may_be_faulted_in_at_once),
	};

	return RUN_TESTS(tests);
}
