// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Snapshots: of a machine on the fake hypervisor, whose file is then damaged in every
 * way that must be refused; of guests of a few bytes on this machine's /dev/kvm.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mshv/abi.h"
#include "mshv/emu/emu.h"
#include "mshv/hvcall.h"
#include "mshv/mshv_priv.h"
#include "mshv/sys.h"
#include "runners/vmm/kvm.h"
#include "runners/vmm/snapshot/snap_file.h"
#include "runners/vmm/snapshot/snap_keeper.h"
#include "runners/vmm/snapshot/snapshot.h"
#include "runners/vmm/snapshot/xxh64.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/micro.h"
#include "tests/unit/fixture/scratch.h"

#define RAM_BYTES (32 * MIB)
#define MARK_GPA 0x300000u

static char folder[SCRATCH_SIZE];
static char path[64];

static int begin(void **state)
{
	(void)state;
	hv_fake_reset();
	scratch_folder(folder, "snapshot");
	snprintf(path, sizeof(path), "%s/guest.snap", folder);
	return 0;
}

static int end(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

/* The sums of the algorithm's own description. */
static void sums_are_xxh64(void **state)
{
	static const char text[] =
		"The quick brown fox jumps over the lazy dog";
	struct xxh64 x;
	size_t i;

	(void)state;
	assert_true(xxh64_of("", 0) == 0xef46db3751d8e999ULL);
	assert_true(xxh64_of("a", 1) == 0xd24ec4f1a98c6e5bULL);
	assert_true(xxh64_of("abc", 3) == 0x44bc2cf5ad770999ULL);
	assert_true(xxh64_of(text, 43) == 0x0b242d361fda71bcULL);
	/* In whatever pieces. */
	for (i = 1; i < 43; i++) {
		xxh64_init(&x);
		xxh64_add(&x, text, i);
		xxh64_add(&x, text + i, 43 - i);
		assert_true(xxh64_value(&x) == 0x0b242d361fda71bcULL);
	}
}

/* --- on the fake hypervisor ------------------------------------------------ */

static struct vm_config config(void)
{
	return (struct vm_config){.mem = {.bytes = RAM_BYTES},
				  .vcpu_count = 2,
				  .cmdline = "",
				  .serial_fd = -1,
				  .channel_fd = -1,
				  .input_fd = -1};
}

/* A machine that says at once that it is ready, into PATH. */
static void save(const struct hv_ops *hv, struct vm_config *cfg)
{
	static const struct hv_exit ready = {
		.kind = HV_EXIT_PIO,
		.access = {.addr = STAMP_PORT,
			   .data = STAMP_PHASE | STAMP_PHASE_AGENT_READY,
			   .len_bytes = 4,
			   .is_write = true}};
	struct snapshot_config how = {
		.build = "test", .image_sum = 5, .is_at_ready = true};
	enum vm_end how_ended = VM_END_NONE;
	uint64_t modified = 0;
	struct err err = {0};
	struct vm *vm = NULL;

	how.fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	cfg->saves = &how;
	hv_fake_state.script = &ready;
	hv_fake_state.script_len = 1;
	hv_fake_state.script_at = 0;
	hv_fake_state.clock_ns = 12345;
	if (vm_create(hv, cfg, &vm, &err))
		fail_msg("%s", err.msg);
	memcpy(mem_ptr(&vm->mem, MARK_GPA, 5), "mark", 5);
	vm->rtc.index = 9;
	vm->uart.scr = 0x5a;
	vm->pci.address = 0x80001234;
	assert_int_equal(vm_run(vm, &how_ended, &err), 0);
	assert_int_equal(how_ended, VM_END_SNAPSHOT);
	if (snapshot_save(vm, &modified, &err))
		fail_msg("%s", err.msg);
	vm_destroy(vm);
	close(how.fd);
	cfg->saves = NULL;
}

/* What restoring PATH answers; VM may be NULL. */
static int restore(struct vm_config *cfg, struct vm **vm, struct err *err)
{
	struct snap_file f;
	struct vm *made = NULL;
	int ret = snap_file_open(&f, path, err);

	if (!ret)
		ret = snapshot_config_take(&f, cfg, err);
	if (!ret)
		ret = vm_create(&hv_fake, cfg, &made, err);
	snap_file_close(&f);
	if (vm)
		*vm = made;
	else
		vm_destroy(made);
	cfg->restores = NULL;
	return ret;
}

static void a_machine_is_what_it_was(void **state)
{
	struct vm_config cfg = config();
	struct err err = {0};
	struct vm *vm = NULL;

	(void)state;
	save(&hv_fake, &cfg);
	assert_int_equal(hv_fake_state.moved_while_time_ran, 0);
	hv_fake_reset();
	cfg = config();
	cfg.vcpu_count = 7; /* the file knows better */
	if (restore(&cfg, &vm, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(vm->vcpu_count, 2);
	assert_string_equal(mem_ptr(&vm->mem, MARK_GPA, 5), "mark");
	assert_int_equal(vm->rtc.index, 9);
	assert_int_equal(vm->uart.scr, 0x5a);
	assert_int_equal(vm->pci.address, 0x80001234);
	assert_true(hv_fake_state.clock_ns == 12345);
	assert_int_equal(hv_fake_state.state_set_count, 2);
	assert_int_equal(hv_fake_state.moved_while_time_ran, 0);
	assert_false(hv_fake_state.time_is_stopped);
	assert_true(hv_fake_state.state_set.rip == 0x1001);
	assert_true(hv_fake_state.state_set.msrs[0].value == 1);
	/* A clone's own, which no other sees. */
	memcpy(mem_ptr(&vm->mem, MARK_GPA, 5), "MARK", 5);
	vm_destroy(vm);
	hv_fake_reset();
	assert_int_equal(restore(&cfg, &vm, &err), 0);
	assert_string_equal(mem_ptr(&vm->mem, MARK_GPA, 5), "mark");
	vm_destroy(vm);
}

static void expect_refused(const char *words)
{
	struct vm_config cfg = config();
	struct err err = {0};

	hv_fake_state.live_objects = 0;
	assert_true(restore(&cfg, NULL, &err) < 0);
	if (!strstr(err.msg, words))
		fail_msg("'%s' does not say '%s'", err.msg, words);
	assert_int_equal(hv_fake_state.live_objects, 0);
}

/* One byte at OFFSET becomes another. */
static void damage(off_t offset)
{
	int fd = open(path, O_RDWR);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
	close(fd);
}

static void a_damaged_file_is_refused(void **state)
{
	const off_t page = SNAP_RAM_OFFSET + MARK_GPA;
	const off_t behind = SNAP_RAM_OFFSET + RAM_BYTES;
	struct vm_config cfg = config();

	(void)state;
	save(&hv_fake, &cfg);
	damage(0);
	expect_refused("it is no snapshot");
	damage(0);
	damage(offsetof(struct snap_header, version));
	expect_refused("version 18, and this program restores version 2 alone");
	damage(offsetof(struct snap_header, version));
	damage(offsetof(struct snap_header, tsc_khz));
	expect_refused("its header is damaged");
	damage(offsetof(struct snap_header, tsc_khz));
	damage(behind + 40);
	expect_refused("its state is damaged");
	damage(behind + 40);
	damage(page + 1);
	expect_refused("its RAM has changed");
	damage(page + 1);
	/* Where there was nothing, there now is something. */
	damage(page + (off_t)(4 * MIB));
	expect_refused("its RAM has changed");
}

static void a_short_file_is_refused(void **state)
{
	struct vm_config cfg = config();
	struct stat st;

	(void)state;
	save(&hv_fake, &cfg);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size + 1), 0);
	expect_refused("it is not whole");
	assert_int_equal(truncate(path, st.st_size - 1), 0);
	expect_refused("it is not whole");
	assert_int_equal(truncate(path, (off_t)SNAP_RAM_OFFSET), 0);
	expect_refused("it is not whole");
	assert_int_equal(truncate(path, 100), 0);
	expect_refused("it is too short");
	assert_int_equal(truncate(path, 0), 0);
	expect_refused("it is too short");
	assert_int_equal(unlink(path), 0);
	expect_refused("cannot open the snapshot");
	assert_int_equal(mkdir(path, 0700), 0);
	expect_refused("it is no regular file");
}

/* A file that is the same, by its number and its time, is not read again, unless
 * somebody asks. */
static void an_untouched_file_is_believed(void **state)
{
	struct vm_config cfg = config();
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
	struct snap_file f;
	struct err err = {0};

	(void)state;
	save(&hv_fake, &cfg);
	assert_int_equal(snap_file_open(&f, path, &err), 0);
	times[1].tv_sec = (time_t)(f.head.modified_unix_ns / NS_PER_S);
	times[1].tv_nsec = (long)(f.head.modified_unix_ns % NS_PER_S);
	snap_file_close(&f);
	damage(SNAP_RAM_OFFSET + MARK_GPA);
	expect_refused("its RAM has changed");
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	cfg = config();
	assert_int_equal(restore(&cfg, NULL, &err), 0);
	cfg = config();
	cfg.checks_ram = true;
	assert_int_equal(restore(&cfg, NULL, &err), -EBADMSG);
}

static void another_host_is_refused(void **state)
{
	struct vm_config cfg = config();
	struct hv_ops renamed = hv_fake;

	(void)state;
	hv_fake_state.cpu_model = 0x806f8;
	save(&hv_fake, &cfg);
	hv_fake_state.cpu_model = 0x50654;
	expect_refused("another CPU model: CPUID leaf 0x1.0 differs");
	hv_fake_state.cpu_model = 0x806f8;
	renamed.name = "other";
	cfg = config();
	save(&renamed, &cfg);
	expect_refused("it is a guest of 'other': it cannot run on 'fake'");
	renamed.state = NULL;
	cfg = config();
	cfg.saves = &(struct snapshot_config){.fd = -1};
	{
		struct err err = {0};
		struct vm *vm = NULL;

		assert_int_equal(vm_create(&renamed, &cfg, &vm, &err),
				 -ENOTSUP);
		assert_non_null(strstr(err.msg, "can neither be saved"));
	}
}

/* Every call that can fail does so once, and nothing is left. */
static void each_failure_of_a_restore_is_undone(void **state)
{
	struct vm_config cfg = config();
	struct err err;
	int n, ret = -1;

	(void)state;
	save(&hv_fake, &cfg);
	for (n = 1; ret && n < 40; n++) {
		hv_fake_reset();
		hv_fake_state.fail_at = n;
		cfg = config();
		err = (struct err){0};
		ret = restore(&cfg, NULL, &err);
		assert_int_equal(hv_fake_state.live_objects, 0);
		assert_true(!ret || err.msg[0]);
	}
	assert_true(n > 8);
	assert_int_equal(ret, 0);
}

static void what_cannot_be_saved_is_refused(void **state)
{
	struct vm_config cfg = config();
	struct err err = {0};

	(void)state;
	assert_int_equal(snapshot_is_possible(&cfg, &err), 0);
	cfg.devices.net_count = 1;
	assert_int_equal(snapshot_is_possible(&cfg, &err), -ENOTSUP);
	assert_non_null(strstr(err.msg, "network card"));
	cfg = config();
	cfg.kernel_path = "bzImage";
	assert_int_equal(snapshot_is_possible(&cfg, &err), 0);
	cfg = config();
	cfg.devices.vsock_cid = 3;
	assert_int_equal(snapshot_is_possible(&cfg, &err), -ENOTSUP);
	cfg = config();
	cfg.devices.disk_count = 1;
	cfg.devices.disks[0].disk.path = "null:1M";
	assert_int_equal(snapshot_is_possible(&cfg, &err), 0);
	cfg.devices.disks[0].disk.path = "disk";
	assert_int_equal(snapshot_is_possible(&cfg, &err), -ENOTSUP);
	assert_non_null(strstr(err.msg, "a disk that is written to"));
	cfg.devices.disks[0].disk.is_readonly = true;
	assert_int_equal(snapshot_is_possible(&cfg, &err), 0);
	cfg = config();
	cfg.checks_bells = true;
	assert_int_equal(snapshot_is_possible(&cfg, &err), -ENOTSUP);
	cfg = config();
	cfg.vfio.count = 1;
	assert_int_equal(snapshot_is_possible(&cfg, &err), -ENOTSUP);
}

/* --- records --------------------------------------------------------------- */

static void records_are_found_and_checked(void **state)
{
	struct snap_records r = {.len = 0}, cut;
	struct err err = {0};
	uint32_t word = 7, got = 0;
	size_t len;

	(void)state;
	snap_records_put(&r, SNAP_RTC, 0, &word, 1);
	snap_records_put(&r, SNAP_VCPU, 3, &word, 4);
	assert_int_equal(snap_records_check(&r, &err), 0);
	assert_non_null(snap_records_find(&r, SNAP_VCPU, 3, &len));
	assert_int_equal(len, 4);
	assert_null(snap_records_find(&r, SNAP_VCPU, 2, &len));
	assert_int_equal(
		snap_records_take(&r, SNAP_VCPU, 3, &got, 4, "vCPU", &err), 0);
	assert_int_equal(got, 7);
	assert_int_equal(
		snap_records_take(&r, SNAP_VCPU, 3, &got, 3, "vCPU", &err),
		-EINVAL);
	assert_string_equal(err.msg, "it has no state of vCPU 3");
	cut = r;
	cut.len--;
	assert_int_equal(snap_records_check(&cut, &err), -EINVAL);
	((struct snap_record *)(void *)r.bytes)->bytes = UINT64_MAX - 4;
	assert_int_equal(snap_records_check(&r, &err), -EINVAL);
	((struct snap_record *)(void *)r.bytes)->bytes = 1;
	snap_records_put(&r, SNAP_VCPU, 3, &word, 4);
	assert_int_equal(snap_records_check(&r, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "there twice"));
	snap_records_release(&r);
}

/* --- who keeps the file ------------------------------------------------------ */

static void a_file_that_is_kept_is_whole(void **state)
{
	const uint64_t time_ns = 1700000000ULL * NS_PER_S + 12345;
	struct snap_keeper k;
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(snap_keeper_start(&k, path, &err), 0);
	assert_int_equal(write(k.fd, "whole", 5), 5);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(snap_keeper_finish(&k, time_ns, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(st.st_mtim.tv_sec, 1700000000);
	assert_int_equal(st.st_mtim.tv_nsec, 12345);
	/* One that is dropped leaves the other. */
	assert_int_equal(snap_keeper_start(&k, path, &err), 0);
	assert_int_equal(write(k.fd, "half", 4), 4);
	assert_int_equal(snap_keeper_finish(&k, 0, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 5);
}

/* SIGKILL at any moment before: nothing has the name. */
static void a_killed_vmm_leaves_nothing(void **state)
{
	int ready[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct snap_keeper k;
		struct err err = {0};

		close(ready[0]);
		if (snap_keeper_start(&k, path, &err) ||
		    write(k.fd, "half", 4) != 4 || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(access(path, F_OK), -1);
	/* Nor has the folder anything else: it can be removed. */
	usleep(100000);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
}

/* --- on /dev/kvm ----------------------------------------------------------- */

/*
 * Puts a number into a register and memory, says that it is ready, and goes on: the
 * stamps that it writes afterwards, of a section by that number, show that registers,
 * memory and its place are what they were.
 */
static const uint8_t counts[] = {
	0xbb,      0x45, 0x23, 0x01, 0x00,             /* mov $0x12345,%ebx */
	0x89,      0x1c, 0x25, 0x00, 0x00, 0x30, 0x00, /* mov %ebx,0x300000 */
	0x66,      0xba, 0x00, 0x06,                   /* mov $0x600,%dx */
	0xb8,      0x03, 0x00, 0x00, 0x30, /* mov $0x30000003,%eax */
	0xef,                              /* out %eax,(%dx): ready */
	0x39,      0x1c, 0x25, 0x00, 0x00, 0x30, 0x00, /* cmp %ebx,0x300000 */
	0x75,      0xfe,                               /* jne . */
	0x89,      0xd8,                               /* mov %ebx,%eax */
	0x0d,      0x00, 0x00, 0x00, 0x10,             /* or $0x10000000,%eax */
	0xef,                                          /* out: begin 0x12345 */
	0x35,      0x00, 0x00, 0x00, 0x30, /* xor $0x30000000,%eax */
	0xef,                              /* out: end 0x12345 */
	POWER_OFF,
};

/*
 * Sets its timer in TSC-deadline mode to far ahead, says that it is ready, and reads the
 * deadline again: the stamps show that it is the same.
 */
static const uint8_t waits[] = {
	0xbf,      0x00, 0x00, 0xe0, 0xfe,       /* mov $0xfee00000,%edi */
	0xc7,      0x87, 0xf0, 0x00, 0x00, 0x00, /* movl, SVR */
	0xff,      0x01, 0x00, 0x00,             /* ... $0x1ff */
	0xc7,      0x87, 0x20, 0x03, 0x00, 0x00, /* movl, LVT timer */
	0x30,      0x00, 0x04, 0x00, /* ... $0x40030: TSC deadline */
	0x0f,      0x31,             /* rdtsc */
	0x81,      0xc2, 0x00, 0x01, 0x00, 0x00, /* add $0x100,%edx */
	0xb9,      0xe0, 0x06, 0x00, 0x00,       /* mov $0x6e0,%ecx: deadline */
	0x0f,      0x30,                         /* wrmsr */
	0x89,      0xc3,                         /* mov %eax,%ebx */
	0x89,      0xd6,                         /* mov %edx,%esi */
	0x66,      0xba, 0x00, 0x06,             /* mov $0x600,%dx */
	0xb8,      0x03, 0x00, 0x00, 0x30,       /* mov $0x30000003,%eax */
	0xef,                                    /* out %eax,(%dx): ready */
	0x0f,      0x32,                         /* rdmsr */
	0x39,      0xd8,                         /* cmp %ebx,%eax */
	0x75,      0x14,                         /* jne: no stamps */
	0x39,      0xf2,                         /* cmp %esi,%edx */
	0x75,      0x10,                         /* jne: no stamps */
	0x66,      0xba, 0x00, 0x06,             /* mov $0x600,%dx */
	0xb8,      0x45, 0x23, 0x01, 0x10,       /* mov $0x10012345,%eax */
	0xef,                                    /* out: begin 0x12345 */
	0x35,      0x00, 0x00, 0x00, 0x30,       /* xor $0x30000000,%eax */
	0xef,                                    /* out: end 0x12345 */
	POWER_OFF,
};

static void run_until(struct vm *vm, enum vm_end expected)
{
	enum vm_end how = VM_END_NONE;
	struct err err = {0};

	if (vm_run(vm, &how, &err))
		fail_msg("%s", err.msg);
	if (how != expected)
		fail_msg("%s: %s", vm_end_name(how), vm->end_detail);
}

/* A guest that runs CODE until it is ready, into PATH. */
static int save_micro(const struct hv_ops *hv, enum hv_paravirt paravirt,
		      const uint8_t *code, size_t bytes, struct err *err)
{
	struct snapshot_config how = {.build = "test", .is_at_ready = true};
	uint64_t modified;
	struct vm *vm;
	int ret;

	how.fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	vm = micro_vm_saved(hv, code, bytes, paravirt, &how);
	run_until(vm, VM_END_SNAPSHOT);
	ret = snapshot_save(vm, &modified, err);
	vm_destroy(vm);
	close(how.fd);
	return ret;
}

static void goes_on(const struct hv_ops *hv, enum hv_paravirt paravirt,
		    const uint8_t *code, size_t bytes)
{
	struct vm_config cfg = config();
	char *events = NULL;
	struct snap_file f;
	struct err err = {0};
	struct vm *vm;
	size_t size;

	if (micro_cannot_run())
		skip();
	if (save_micro(hv, paravirt, code, bytes, &err))
		fail_msg("%s", err.msg);
	if (snap_file_open(&f, path, &err) ||
	    snapshot_config_take(&f, &cfg, &err))
		fail_msg("%s", err.msg);
	cfg.events = open_memstream(&events, &size);
	if (vm_create(hv, &cfg, &vm, &err))
		fail_msg("%s", err.msg);
	run_until(vm, VM_END_POWER_OFF);
	vm_destroy(vm);
	snap_file_close(&f);
	fclose(cfg.events);
	assert_non_null(strstr(events, "fact restored "));
	assert_non_null(strstr(events, "stamp 74565 "));
	free(events);
}

static void a_guest_on_kvm_goes_on(void **state)
{
	(void)state;
	goes_on(&hv_kvm, HV_PARAVIRT_IDENTICAL, counts, sizeof(counts));
}

static void a_timer_on_kvm_goes_on(void **state)
{
	(void)state;
	goes_on(&hv_kvm, HV_PARAVIRT_IDENTICAL, waits, sizeof(waits));
}

static void a_guest_on_the_emulated_mshv_goes_on(void **state)
{
	(void)state;
	goes_on(&hv_mshv_emu, HV_PARAVIRT_IDENTICAL, counts, sizeof(counts));
}

static void a_timer_on_the_emulated_mshv_goes_on(void **state)
{
	(void)state;
	goes_on(&hv_mshv_emu, HV_PARAVIRT_IDENTICAL, waits, sizeof(waits));
}

/* The emulated mshv of a hypervisor that lacks the register of the deadline. */
static int ioctl_without_deadlines(const struct mshv_sys *sys, int fd,
				   unsigned long request, void *arg)
{
	const struct mshv_hvcall *call = arg;
	uint32_t name;

	if (request == MSHV_ROOT_HVCALL &&
	    call->code == MSHV_HVCALL_GET_VP_REGISTERS && call->reps == 1) {
		memcpy(&name,
		       (char *)(uintptr_t)call->in_ptr +
			       sizeof(struct mshv_in_registers),
		       sizeof(name));
		if (name == MSHV_REG_TSC_DEADLINE)
			return -EINVAL;
	}
	return mshv_sys_emu.ioctl(sys, fd, request, arg);
}

static int vm_create_without_deadlines(const struct hv_vm_config *cfg,
				       struct hv_vm **out, struct err *err)
{
	static struct mshv_sys sys;

	sys = mshv_sys_emu;
	sys.ioctl = ioctl_without_deadlines;
	return mshv_vm_create_on(&sys, cfg, out, err);
}
static const struct hv_ops hv_without_deadlines =
	MSHV_HV_OPS("mshv-emu", SANDBOX_CALLS_EMU, vm_create_without_deadlines);

static void a_timer_that_nobody_tells_is_refused(void **state)
{
	struct err err = {0};

	(void)state;
	if (micro_cannot_run())
		skip();
	assert_int_equal(save_micro(&hv_without_deadlines,
				    HV_PARAVIRT_IDENTICAL, counts,
				    sizeof(counts), &err),
			 0);
	assert_int_equal(save_micro(&hv_without_deadlines,
				    HV_PARAVIRT_IDENTICAL, waits, sizeof(waits),
				    &err),
			 -ENOTSUP);
	assert_non_null(strstr(err.msg, "does not tell its deadline"));
}

static void enlightened_guests_go_on(void **state)
{
	(void)state;
	goes_on(&hv_kvm, HV_PARAVIRT_BEST, counts, sizeof(counts));
	goes_on(&hv_mshv_emu, HV_PARAVIRT_BEST, counts, sizeof(counts));
}

/* --- of an enlightened guest --------------------------------------------------- */

#define PAGES_GPA 0x200000u

static const struct mshv_register enlightened[] = {
	{.name = MSHV_REG_GUEST_OS_ID, .value.u64 = 0x8100000600010000},
	{.name = MSHV_REG_VP_ASSIST_PAGE, .value.u64 = PAGES_GPA + 0x2001},
	{.name = MSHV_REG_SCONTROL, .value.u64 = 1},
	{.name = MSHV_REG_SIEFP, .value.u64 = PAGES_GPA + 1},
	{.name = MSHV_REG_SIMP, .value.u64 = PAGES_GPA + 0x1001},
	{.name = MSHV_REG_SINT0 + 2, .value.u64 = 0x200f3},
	/* By source 3; one that waits for its next start. */
	{.name = MSHV_REG_STIMER0_CONFIG + 2, .value.u64 = 3 << 16},
	{.name = MSHV_REG_STIMER0_CONFIG + 3, .value.u64 = 77777},
};

static struct mshv_vcpu *enlightened_vm(struct vm **vm)
{
	static const struct snapshot_config how = {.build = "test", .fd = -1};

	*vm = micro_vm_saved(&hv_mshv_emu, counts, sizeof(counts),
			     HV_PARAVIRT_BEST, &how);
	return (struct mshv_vcpu *)(*vm)->vcpus[0].hv;
}

static uint64_t register_of(const struct mshv_vcpu *vcpu, uint32_t name)
{
	union mshv_value value = {.u64 = 0};

	assert_int_equal(
		hvcall_regs_get(vcpu->vm->sys, vcpu->fd, 0, &name, &value, 1),
		0);
	return value.u64;
}

static void what_is_enlightened_goes_along(void **state)
{
	struct vcpu_state *saved = malloc(sizeof(*saved));
	struct mshv_vcpu *vcpu;
	struct err err = {0};
	uint64_t ns = 0;
	struct vm *vm;
	size_t i;

	(void)state;
	if (micro_cannot_run()) {
		free(saved);
		skip();
	}
	vcpu = enlightened_vm(&vm);
	for (i = 0; i < ARRAY_SIZE(enlightened); i++)
		assert_int_equal(hvcall_reg_set(vcpu->vm->sys, vcpu->fd, 0,
						enlightened[i].name,
						enlightened[i].value.u64),
				 0);
	memcpy(mem_ptr(&vm->mem, PAGES_GPA + 0x1000, 7), "message", 7);
	if (hv_vcpu_state_get(&vcpu->base, saved, &err))
		fail_msg("%s", err.msg);
	vm_destroy(vm);

	vcpu = enlightened_vm(&vm);
	if (hv_vcpu_state_set(&vcpu->base, saved, &err))
		fail_msg("%s", err.msg);
	for (i = 0; i < ARRAY_SIZE(enlightened); i++)
		assert_true(register_of(vcpu, enlightened[i].name) ==
			    enlightened[i].value.u64);
	assert_memory_equal(mem_ptr(&vm->mem, PAGES_GPA + 0x1000, 7), "message",
			    7);
	assert_int_equal(hv_time_stop(&vcpu->vm->base, true), 0);
	assert_int_equal(hv_clock_set(&vcpu->vm->base, 5000000000000000), 0);
	assert_int_equal(hv_clock_get(&vcpu->vm->base, &ns), 0);
	assert_true(ns == 5000000000000000);
	assert_int_equal(hv_time_stop(&vcpu->vm->base, false), 0);
	assert_int_equal(hv_clock_get(&vcpu->vm->base, &ns), 0);
	assert_true(ns >= 5000000000000000 && ns < 5010000000000000);
	vm_destroy(vm);

	/* An identical guest has none of it, whatever a file says. */
	vm = micro_vm_saved(&hv_mshv_emu, counts, sizeof(counts),
			    HV_PARAVIRT_IDENTICAL, NULL);
	assert_true(hv_vcpu_state_set(vm->vcpus[0].hv, saved, &err) < 0);
	assert_int_equal(hv_clock_set(vm->hv, 1), -EINVAL);
	vm_destroy(vm);
	free(saved);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_xxh64),
		TEST(a_machine_is_what_it_was),
		TEST(a_damaged_file_is_refused),
		TEST(a_short_file_is_refused),
		TEST(an_untouched_file_is_believed),
		TEST(another_host_is_refused),
		TEST(each_failure_of_a_restore_is_undone),
		TEST(what_cannot_be_saved_is_refused),
		cmocka_unit_test(records_are_found_and_checked),
		TEST(a_file_that_is_kept_is_whole),
		TEST(a_killed_vmm_leaves_nothing),
		TEST(a_guest_on_kvm_goes_on),
		TEST(a_guest_on_the_emulated_mshv_goes_on),
		TEST(a_timer_on_kvm_goes_on),
		TEST(a_timer_on_the_emulated_mshv_goes_on),
		TEST(a_timer_that_nobody_tells_is_refused),
		TEST(enlightened_guests_go_on),
		TEST(what_is_enlightened_goes_along),
	};

	return RUN_TESTS(tests);
}
