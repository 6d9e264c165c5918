// SPDX-License-Identifier: GPL-3.0-or-later
/* runners/vmm: the machine as a whole, on a backend that fails on demand. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runners/vmm/acpi.h"
#include "runners/vmm/boot_x86.h"
#include "runners/vmm/vcpu_regs.h"
#include "runners/vmm/vm.h"
#include "tests/unit/fixture/bzimage.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/scratch.h"

static struct vm_config small_config(void)
{
	return (struct vm_config){
		.mem = {.bytes = 64 * MIB},
		.vcpu_count = 3,
		.cmdline = "",
		.serial_fd = -1,
		.channel_fd = -1,
		.input_fd = -1,
	};
}

static int reset(void **state)
{
	(void)state;
	hv_fake_reset();
	return 0;
}

static void create_undoes_every_prefix(void **state)
{
	static const char *const messages[] = {
		"injected failure in vm_create",
		"injected failure in mem_map",
		"cannot create vCPU 0: injected failure in vcpu_create",
		"cannot create vCPU 1: injected failure in vcpu_create",
		"cannot create vCPU 2: injected failure in vcpu_create",
	};
	struct vm_config cfg = small_config();
	struct vm *vm = NULL;
	int n;

	(void)state;
	for (n = 0; n < (int)ARRAY_SIZE(messages); n++) {
		struct err err = {0};

		hv_fake_reset();
		hv_fake_state.fail_at = n + 1;
		assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -EIO);
		assert_string_equal(err.msg, messages[n]);
		assert_int_equal(hv_fake_state.live_objects, 0);
	}
}

static void single_exits_are_kept_between_two_counts(void **state)
{
	struct ledger l = {.run_ns = 0};
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	ledger_add_exit(&l, HV_EXIT_PIO, 1000); /* nobody asked yet */
	ledger_write_each(&l, 0, out);
	assert_true(ledger_begin_each(&l));
	ledger_add_exit(&l, HV_EXIT_PIO, 999); /* the one that asked */
	ledger_add_exit(&l, HV_EXIT_MSR, 7);
	ledger_add_run(&l, 50);
	ledger_add_exit(&l, HV_EXIT_PIO, 1ull << 40);
	ledger_write_each(&l, 3, out);
	ledger_add_exit(&l, HV_EXIT_PIO, 8); /* no longer */
	ledger_write_each(&l, 4, out);
	fflush(out);
	assert_string_equal(text, "each 3 7 4294967295\n");
	assert_true(ledger_begin_each(&l));
	for (i = 0; i <= LEDGER_MAX_EACH + 9; i++)
		ledger_add_exit(&l, HV_EXIT_PIO, i);
	assert_int_equal(l.each_count, LEDGER_MAX_EACH);
	ledger_write_each(&l, 5, out);
	fflush(out);
	assert_non_null(strstr(text, "each 5 1 2 3 "));
	assert_non_null(strstr(text, "\neach 5 129 130 "));
	assert_non_null(strstr(text, " 2048\n"));
	assert_int_equal(l.count[HV_EXIT_MSR], 1);
	assert_int_equal(l.handled_ns[HV_EXIT_MSR], 7);
	assert_int_equal(l.run_ns, 50);
	fclose(out);
	free(text);
}

static void create_refuses_nonsense(void **state)
{
	struct vm_config cfg = small_config();
	struct vm *vm = NULL;
	struct err err = {0};

	(void)state;
	cfg.vcpu_count = 0;
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -EINVAL);
	cfg.vcpu_count = VM_MAX_VCPUS + 1;
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -EINVAL);
	cfg = small_config();
	cfg.mem.bytes = 1 * MIB;
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -EINVAL);
	assert_int_equal(hv_fake_state.live_objects, 0);
}

static struct hv_exit pio(uint16_t port, uint32_t data, uint8_t len,
			  bool is_write)
{
	return (struct hv_exit){.kind = HV_EXIT_PIO,
				.access = {.addr = port,
					   .data = data,
					   .len_bytes = len,
					   .is_write = is_write}};
}

static enum vm_end run_script(const struct hv_exit *script, int len,
			      FILE *events, char *detail)
{
	struct vm_config cfg = small_config();
	enum vm_end end = VM_END_NONE;
	struct err err = {0};
	struct vm *vm = NULL;

	cfg.events = events;
	hv_fake_state.script = script;
	hv_fake_state.script_len = len;
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), 0);
	assert_int_equal(vm_run(vm, &end, &err), 0);
	if (events)
		vm_write_ledger(vm, events);
	if (detail)
		snprintf(detail, 160, "%s", vm->end_detail);
	vm_destroy(vm);
	assert_int_equal(hv_fake_state.live_objects, 0);
	return end;
}

static void ends_are_told_apart(void **state)
{
	const struct hv_exit off[] = {pio(0x604, 0x34, 1, true)};
	const struct hv_exit reset_acpi[] = {pio(0x606, 1, 1, true)};
	const struct hv_exit reset_kbd[] = {pio(0x64, 0xfe, 1, true)};
	const struct hv_exit triple[] = {{.kind = HV_EXIT_SHUTDOWN}};
	const struct hv_exit halted[] = {{.kind = HV_EXIT_HALT}};
	const struct hv_exit error[] = {
		{.kind = HV_EXIT_ERROR, .detail = "suberror 1"}};
	char detail[160];

	(void)state;
	assert_int_equal(run_script(off, 1, NULL, NULL), VM_END_POWER_OFF);
	hv_fake_reset();
	assert_int_equal(run_script(reset_acpi, 1, NULL, NULL), VM_END_RESET);
	hv_fake_reset();
	assert_int_equal(run_script(reset_kbd, 1, NULL, NULL), VM_END_RESET);
	hv_fake_reset();
	assert_int_equal(run_script(triple, 1, NULL, detail),
			 VM_END_TRIPLE_FAULT);
	assert_non_null(strstr(detail, "rip 0x1234"));
	hv_fake_reset();
	assert_int_equal(run_script(halted, 1, NULL, NULL), VM_END_HV_ERROR);
	hv_fake_reset();
	assert_int_equal(run_script(error, 1, NULL, detail), VM_END_HV_ERROR);
	assert_non_null(strstr(detail, "suberror 1"));
}

static void sleep_without_the_enable_bit_is_nothing(void **state)
{
	const struct hv_exit script[] = {pio(0x604, 0x14, 1, true),
					 pio(0x604, 0x24, 1, true),
					 pio(0x604, 0x34, 1, true)};

	(void)state;
	assert_int_equal(run_script(script, 3, NULL, NULL), VM_END_POWER_OFF);
	assert_int_equal(hv_fake_state.script_at, 3);
}

static void stamps_and_ledger_reach_the_harness(void **state)
{
	const struct hv_exit script[] = {
		pio(STAMP_PORT, STAMP_PHASE | 1, 4, true),
		pio(STAMP_PORT, STAMP_BEGIN | 7, 4, true),
		pio(STAMP_PORT, STAMP_END | 7, 4, true),
		pio(STAMP_PORT, STAMP_END | 8, 4, true), /* never begun */
		pio(0x80, 0, 1, true),
		pio(0x1234, 0, 1, false), /* nobody there */
		pio(0x604, 0x34, 1, true)};
	unsigned long long begin, end;
	char *text = NULL, *at;
	size_t size;
	FILE *events = open_memstream(&text, &size);

	(void)state;
	run_script(script, ARRAY_SIZE(script), events, NULL);
	fclose(events);
	assert_non_null(strstr(text, "phase vm_ready "));
	assert_non_null(strstr(text, "phase first_instruction "));
	assert_non_null(strstr(text, "phase kernel_entry "));
	assert_non_null(strstr(text, "phase power_off "));
	at = strstr(text, "stamp 7 ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "stamp 7 %llu %llu", &begin, &end), 2);
	assert_true(begin && end >= begin);
	assert_null(strstr(text, "stamp 8 "));
	assert_non_null(strstr(text, "ledger 0 pio 7 "));
	/* The last read in the script came back as an open bus. */
	assert_int_equal(hv_fake_state.reads[hv_fake_state.read_count - 1],
			 UINT64_MAX);
	free(text);
}

static void *stop_soon(void *vm)
{
	usleep(20000);
	vm_stop(vm);
	return NULL;
}

static void stop_ends_a_guest_that_does_nothing(void **state)
{
	struct vm_config cfg = small_config();
	enum vm_end end = VM_END_NONE;
	struct err err = {0};
	struct vm *vm = NULL;
	pthread_t thread;

	(void)state;
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), 0);
	pthread_create(&thread, NULL, stop_soon, vm);
	assert_int_equal(vm_run(vm, &end, &err), 0);
	pthread_join(thread, NULL);
	assert_int_equal(end, VM_END_STOPPED);
	vm_destroy(vm);
}

/* A vCPU whose device is about to wait when the first kick comes. */
static sem_t kicks;
static struct vm *deaf_vm;

static void count_kick(struct hv_vcpu *vcpu)
{
	(void)vcpu;
	sem_post(&kicks);
}

static int run_until_two_kicks(struct hv_vcpu *vcpu, struct hv_exit *exit)
{
	(void)vcpu;
	vm_stop(deaf_vm);
	sem_wait(&kicks);
	sem_wait(&kicks);
	exit->kind = HV_EXIT_KICKED;
	return 0;
}

static void a_lost_kick_is_repeated(void **state)
{
	struct vm_config cfg = small_config();
	enum vm_end end = VM_END_NONE;
	struct hv_ops deaf = hv_fake;
	struct err err = {0};

	(void)state;
	deaf.vcpu_run = run_until_two_kicks;
	deaf.vcpu_kick = count_kick;
	cfg.vcpu_count = 1;
	sem_init(&kicks, 0, 0);
	assert_int_equal(vm_create(&deaf, &cfg, &deaf_vm, &err), 0);
	assert_int_equal(vm_run(deaf_vm, &end, &err), 0);
	assert_int_equal(end, VM_END_STOPPED);
	vm_destroy(deaf_vm);
	sem_destroy(&kicks);
}

/* --- boot ------------------------------------------------------------ */

struct image {
	char path[SCRATCH_SIZE];
	uint8_t bytes[BZIMAGE_BYTES];
};

static int load(const char *kernel, const char *initrd, const char *cmdline,
		struct vcpu_regs *regs, struct mem *mem, struct err *err)
{
	const struct mem_config mc = {.bytes = 64 * MIB};
	const struct boot_config cfg = {.kernel_path = kernel,
					.initrd_path = initrd,
					.cmdline = cmdline};

	assert_int_equal(mem_init(mem, &mc, err), 0);
	return boot_load(mem, &cfg, regs, err);
}

static void bzimage_is_placed_by_the_protocol(void **state)
{
	struct image img;
	struct vcpu_regs regs;
	struct boot_params *bp;
	struct err err = {0};
	struct mem mem;

	(void)state;
	bzimage_make(img.bytes);
	scratch_file(img.path, img.bytes, sizeof(img.bytes));
	assert_int_equal(load(img.path, img.path, "quiet", &regs, &mem, &err),
			 0);
	bp = mem_ptr(&mem, regs.gpr[VCPU_RSI], sizeof(*bp));
	assert_int_equal(bp->acpi_rsdp_addr, ACPI_RSDP_GPA);
	assert_string_equal(mem_ptr(&mem, bp->hdr.cmd_line_ptr, 6), "quiet");
	assert_int_equal(bp->hdr.type_of_loader, 0xff);
	assert_int_equal(bp->hdr.ramdisk_size, 8192);
	assert_memory_equal(mem_ptr(&mem, bp->hdr.ramdisk_image, 8192),
			    img.bytes, 8192);
	assert_int_equal(*(uint8_t *)mem_ptr(&mem, 16 * MIB, 1), 0xab);
	/* mov $0x606,%dx; mov $1,%al; out %al,(%dx) at the reset vector */
	assert_memory_equal(mem_ptr(&mem, 0xffff0, 6),
			    "\xba\x06\x06\xb0\x01\xee", 6);
	assert_int_equal(bp->e820_entries, 3);
	assert_int_equal(bp->e820_table[2].addr, MIB);
	assert_int_equal(bp->e820_table[2].addr + bp->e820_table[2].size,
			 64 * MIB);
	mem_release(&mem);
	unlink(img.path);
}

static void expect_refusal(struct image *img, size_t len, const char *cmdline,
			   int code, const char *words)
{
	struct vcpu_regs regs;
	struct err err = {0};
	struct mem mem;

	scratch_file(img->path, img->bytes, len);
	assert_int_equal(load(img->path, NULL, cmdline, &regs, &mem, &err),
			 code);
	assert_non_null(strstr(err.msg, words));
	mem_release(&mem);
	unlink(img->path);
}

static void bad_images_are_refused_with_the_cause(void **state)
{
	struct image img;
	struct setup_header *h = (void *)(img.bytes + 0x1f1);
	char long_line[100];

	(void)state;
	memset(long_line, 'x', sizeof(long_line));
	long_line[99] = '\0';
	bzimage_make(img.bytes);
	expect_refusal(&img, 100, "", -EINVAL, "cut short");
	h->header = 0;
	expect_refusal(&img, 8192, "", -EINVAL, "is not a bzImage");
	bzimage_make(img.bytes);
	h->xloadflags = 0;
	expect_refusal(&img, 8192, "", -EINVAL, "no 64-bit entry");
	bzimage_make(img.bytes);
	h->syssize = 1 << 20;
	expect_refusal(&img, 8192, "", -EINVAL, "corrupt bzImage");
	bzimage_make(img.bytes);
	h->init_size = 1u << 30;
	expect_refusal(&img, 8192, "", -ENOSPC, "does not fit into guest RAM");
	bzimage_make(img.bytes);
	h->pref_address = UINT64_MAX - 100;
	expect_refusal(&img, 8192, "", -ENOSPC, "does not fit");
	bzimage_make(img.bytes);
	expect_refusal(&img, 8192, long_line, -E2BIG, "command line");
}

static void initramfs_must_fit(void **state)
{
	struct image img;
	struct vcpu_regs regs;
	struct err err = {0};
	struct mem mem;
	char big[] = "/tmp/l1vh-big-XXXXXX";
	int fd = mkstemp(big);

	(void)state;
	bzimage_make(img.bytes);
	scratch_file(img.path, img.bytes, sizeof(img.bytes));
	assert_int_equal(ftruncate(fd, 50 * MIB), 0);
	close(fd);
	assert_int_equal(load(img.path, big, "", &regs, &mem, &err), -ENOSPC);
	assert_non_null(strstr(err.msg, "does not fit into 64 MiB"));
	mem_release(&mem);
	unlink(big);
	unlink(img.path);
	assert_int_equal(load("/nonexistent", NULL, "", &regs, &mem, &err),
			 -ENOENT);
	assert_non_null(strstr(err.msg, "guest build"));
	mem_release(&mem);
}

static uint8_t sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s = (uint8_t)(s + *p++);
	return s;
}

static void acpi_checksums_hold(void **state)
{
	const struct mem_config mc = {.bytes = 32 * MIB};
	struct err err = {0};
	struct mem mem;
	uint8_t *rsdp, *xsdt, *table;
	uint64_t gpa, xsdt_gpa;
	uint32_t length, i;

	(void)state;
	assert_int_equal(mem_init(&mem, &mc, &err), 0);
	assert_int_equal(acpi_build(&mem, 4, &err), 0);
	rsdp = mem_ptr(&mem, ACPI_RSDP_GPA, 36);
	assert_memory_equal(rsdp, "RSD PTR ", 8);
	assert_int_equal(sum(rsdp, 20), 0);
	assert_int_equal(sum(rsdp, 36), 0);
	memcpy(&xsdt_gpa, rsdp + 24, 8);
	xsdt = mem_ptr(&mem, xsdt_gpa, 52);
	assert_memory_equal(xsdt, "XSDT", 4);
	assert_int_equal(sum(xsdt, 52), 0);
	for (i = 0; i < 2; i++) {
		memcpy(&gpa, xsdt + 36 + 8 * i, 8);
		table = mem_ptr(&mem, gpa, 36);
		memcpy(&length, table + 4, 4);
		assert_int_equal(sum(table, length), 0);
	}
	assert_memory_equal(table, "APIC", 4);
	assert_int_equal(length, 44 + 4 * 8 + 12);
	mem_release(&mem);
}

static void memory_beyond_ram_has_no_pointer(void **state)
{
	const struct mem_config mc = {.bytes = 64 * MIB};
	struct err err = {0};
	struct mem mem;

	(void)state;
	assert_int_equal(mem_init(&mem, &mc, &err), 0);
	assert_non_null(mem_ptr(&mem, 0, 64 * MIB));
	assert_non_null(mem_ptr(&mem, 64 * MIB - 1, 1));
	assert_null(mem_ptr(&mem, 64 * MIB - 1, 2));
	assert_null(mem_ptr(&mem, 0, 64 * MIB + 1));
	assert_null(mem_ptr(&mem, MEM_HOLE_START, 1));
	assert_null(mem_ptr(&mem, MEM_HOLE_END, 1));
	assert_null(mem_ptr(&mem, UINT64_MAX, 2));
	assert_null(mem_ptr(&mem, 16, UINT64_MAX));
	mem_release(&mem);
}

/* The kernel says what is there without touching it: -EFAULT. */
static void nothing_is_beside_guest_ram(void **state)
{
	static const enum mem_backing backings[] = {
		MEM_BACKING_THP, MEM_BACKING_4K, MEM_BACKING_HUGETLB};
	size_t i;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	for (i = 0; i < ARRAY_SIZE(backings); i++) {
		const struct mem_config mc = {.bytes = 64 * MIB,
					      .backing = backings[i]};
		struct err err = {0};
		struct mem mem;

		/* Not every host has huge pages to spare. */
		if (mem_init(&mem, &mc, &err)) {
			assert_int_equal(backings[i], MEM_BACKING_HUGETLB);
			mem_release(&mem);
			continue;
		}
		assert_int_equal(write(fds[1], mem.host, 1), 1);
		assert_int_equal(write(fds[1], (char *)mem.host - 1, 1), -1);
		assert_int_equal(errno, EFAULT);
		assert_int_equal(write(fds[1], (char *)mem.host + mem.bytes, 1),
				 -1);
		assert_int_equal(errno, EFAULT);
		assert_int_equal((uintptr_t)mem.host % (2 * MIB), 0);
		mem_release(&mem);
	}
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(create_undoes_every_prefix, reset),
		cmocka_unit_test_setup(create_refuses_nonsense, reset),
		cmocka_unit_test_setup(ends_are_told_apart, reset),
		cmocka_unit_test_setup(sleep_without_the_enable_bit_is_nothing,
				       reset),
		cmocka_unit_test(single_exits_are_kept_between_two_counts),
		cmocka_unit_test_setup(stamps_and_ledger_reach_the_harness,
				       reset),
		cmocka_unit_test_setup(stop_ends_a_guest_that_does_nothing,
				       reset),
		cmocka_unit_test(bzimage_is_placed_by_the_protocol),
		cmocka_unit_test(bad_images_are_refused_with_the_cause),
		cmocka_unit_test(initramfs_must_fit),
		cmocka_unit_test(acpi_checksums_hold),
		cmocka_unit_test_setup(a_lost_kick_is_repeated, reset),
		cmocka_unit_test(memory_beyond_ram_has_no_pointer),
		cmocka_unit_test(nothing_is_beside_guest_ram),
	};

	return RUN_TESTS(tests);
}
