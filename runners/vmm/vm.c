// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/vm.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/thread.h"
#include "runners/vmm/acpi.h"
#include "runners/vmm/boot_x86.h"
#include "runners/vmm/event.h"
#include "runners/vmm/profile.h"
#include "runners/vmm/sandbox/sandbox.h"
#include "runners/vmm/snapshot/snapshot.h"
#include "runners/vmm/trim.h"
#include "runners/vmm/vcpu_regs.h"

/* How often the guest is asked for a buffer while bytes wait for it. */
#define RETRY_MS 1

/* Behind the first instruction, which else would wait for pages; long before a
 * workload of Linux. */
#define TRIM_AFTER_MS 50

/* How long a vCPU may take to come back once it is kicked. */
#define STUCK_AFTER_S 5
#define KICK_AGAIN_NS (100 * NS_PER_MS)

#define VCPU_STACK_BYTES (512 * KIB)

static const char *const end_names[] = {
	[VM_END_NONE] = "none",
	[VM_END_POWER_OFF] = "power_off",
	[VM_END_RESET] = "reset",
	[VM_END_TRIPLE_FAULT] = "triple_fault",
	[VM_END_HV_ERROR] = "hypervisor_error",
	[VM_END_STOPPED] = "stopped",
	[VM_END_DEVICE] = "device_error",
	[VM_END_SNAPSHOT] = "snapshot",
};
_Static_assert(ARRAY_SIZE(end_names) == VM_END_COUNT, "every end has a name");

const char *vm_end_name(enum vm_end end)
{
	return end_names[end];
}

static void wake(struct vm *vm)
{
	uint64_t one = 1;

	/* An eventfd that is full wakes the sleeper as well. */
	if (write(vm->wake_fd, &one, sizeof(one)) < 0)
		return;
}

void vm_finish(struct vm *vm, enum vm_end end, const char *detail)
{
	int expected = VM_END_NONE, saved = VM_END_SNAPSHOT;

	/* The first counts; but a guest that powers off while it is to be saved would
	 * be saved behind its own end. */
	if (!atomic_compare_exchange_strong(&vm->end, &expected, (int)end) &&
	    (end == VM_END_SNAPSHOT ||
	     !atomic_compare_exchange_strong(&vm->end, &saved, (int)end)))
		return;
	if (end != VM_END_SNAPSHOT)
		atomic_store(&vm->cut, (int)end);
	if (detail)
		snprintf(vm->end_detail, sizeof(vm->end_detail), "%s", detail);
	wake(vm);
}

void vm_stop(struct vm *vm)
{
	vm_finish(vm, VM_END_STOPPED, NULL);
}

void vm_snapshot(struct vm *vm)
{
	if (vm->cfg.saves)
		vm_finish(vm, VM_END_SNAPSHOT, NULL);
}

void vm_ask_place(struct vm *vm)
{
	atomic_store(&vm->asks_place, true);
	wake(vm);
}

static void power_request(void *arg, enum power_request request)
{
	struct vm *vm = arg;

	if (request == POWER_REQUEST_OFF)
		stamp_phase(&vm->stamps, "power_off", clock_mono_ns());
	vm_finish(vm,
		  request == POWER_REQUEST_OFF ? VM_END_POWER_OFF
					       : VM_END_RESET,
		  NULL);
}

static int buses_fill(struct vm *vm)
{
	const struct bus_region ports[] = {
		{UART_PORT, UART_PORT_COUNT, uart_access, &vm->uart},
		{POWER_PORT, POWER_PORT_COUNT, power_access, &vm->power},
		{KEYBOARD_PORT, 1, keyboard_access, &vm->power},
		{RTC_PORT, RTC_PORT_COUNT, rtc_access, &vm->rtc},
		{PIT_PORT, PIT_PORT_COUNT, pit_access, NULL},
		{PCI_CONFIG_PORT, PCI_CONFIG_PORT_COUNT, pci_config_access,
		 &vm->pci},
	};
	const struct bus_region mmio[] = {
		{IOAPIC_GPA, IOAPIC_SIZE_BYTES, ioapic_access, &vm->ioapic},
		{PCI_MMIO_GPA, PCI_MMIO_SIZE_BYTES, pci_mmio_access, &vm->pci},
		{PCI_HIGH_GPA, PCI_HIGH_SIZE_BYTES, pci_high_access, &vm->pci},
	};
	const struct bus_region micro_ports = {MICRO_DEV_PORT,
					       MICRO_DEV_PORT_COUNT,
					       micro_port_access, &vm->micro};
	const struct bus_region micro_mmio = {MICRO_DEV_MMIO_GPA,
					      MICRO_DEV_MMIO_BYTES,
					      micro_nop_access, &vm->micro};
	int ret = 0;
	size_t i;

	if (vm->cfg.micro_path)
		ret = bus_add(&vm->ports, &micro_ports)
			      ?: bus_add(&vm->mmio, &micro_mmio);
	for (i = 0; i < ARRAY_SIZE(ports) && !ret; i++)
		ret = bus_add(&vm->ports, &ports[i]);
	for (i = 0; i < ARRAY_SIZE(mmio) && !ret; i++)
		ret = bus_add(&vm->mmio, &mmio[i]);
	return ret;
}

static int micro_add(struct vm *vm, struct err *err)
{
	int ret = micro_create(&vm->micro, vm->hv, &vm->mem, vm->cfg.channel_fd,
			       &vm->end, err);

	vm->micro.cut = &vm->cut;
	if (!ret && !vm->cfg.saves && !vm->cfg.restores)
		ret = micro_giant_add(&vm->micro, err);
	return ret;
}

static int devices_create(struct vm *vm, struct err *err)
{
	int ret;

	ioapic_init(&vm->ioapic, vm->hv);
	uart_init(&vm->uart, &vm->ioapic, vm->cfg.serial_fd);
	vm->power = (struct power){.request = power_request, .arg = vm};
	pci_bus_init(&vm->pci, vm->hv);
	/* The micro guest's channel is its own device's. */
	console_init(&vm->console, &vm->mem,
		     vm->cfg.micro_path ? -1 : vm->cfg.channel_fd, &vm->cut);
	rng_init(&vm->rng, &vm->mem);
	vm->devices_ready = true;
	ret = virtio_pci_init(&vm->console_pci, &vm->pci, 1, &vm->console.dev);
	if (!ret)
		ret = virtio_pci_init(&vm->rng_pci, &vm->pci, 2, &vm->rng.dev);
	if (!ret)
		ret = buses_fill(vm);
	if (ret)
		return err_sys(err, ret, "cannot place the devices");
	ret = vm_devices_create(&vm->devices, &vm->cfg.devices, &vm->mem,
				&vm->pci, err);
	if (!ret)
		ret = vfio_set_create(&vm->vfio, &vm->cfg.vfio, &vm->mem,
				      &vm->pci, &vm->ioapic, &vm->stamps, err);
	if (!ret && vm->cfg.micro_path)
		ret = micro_add(vm, err);
	return ret;
}

static void devices_destroy(struct vm *vm)
{
	if (!vm->devices_ready)
		return;
	micro_destroy(&vm->micro);
	vfio_set_destroy(&vm->vfio);
	vm_devices_destroy(&vm->devices);
	virtio_pci_release(&vm->rng_pci);
	virtio_pci_release(&vm->console_pci);
	rng_release(&vm->rng);
	console_release(&vm->console);
	pci_bus_release(&vm->pci);
	uart_release(&vm->uart);
	ioapic_release(&vm->ioapic);
}

static int vcpus_create(struct vm *vm, struct err *err)
{
	uint32_t i;
	int ret;

	for (i = 0; i < vm->cfg.vcpu_count; i++) {
		ret = hv_vcpu_create(vm->hv, i, &vm->vcpus[i].hv, err);
		if (ret)
			return err_wrap(err, "cannot create vCPU %u", i);
		vm->vcpus[i].vm = vm;
		vm->vcpu_count++;
	}
	return 0;
}

static int first_vcpu_set(struct vm *vm, const struct vcpu_regs *regs,
			  struct err *err)
{
	int ret = hv_vcpu_regs_set(vm->vcpus[0].hv, regs);

	return ret ? err_sys(err, ret, "cannot set the registers of vCPU 0")
		   : 0;
}

/*
 * The kernel is told the TSC's rate, because a hardware-reduced machine has
 * no timer to measure it with (kernel-parameters.txt, tsc_early_khz).
 */
static int guest_load(struct vm *vm, struct err *err)
{
	struct boot_config boot = {.kernel_path = vm->cfg.kernel_path,
				   .initrd_path = vm->cfg.initrd_path};
	struct vcpu_regs regs;
	char cmdline[2048];
	int len, ret;

	if (vm->hv->tsc_khz)
		len = snprintf(cmdline, sizeof(cmdline), "%s tsc_early_khz=%u",
			       vm->cfg.cmdline, vm->hv->tsc_khz);
	else
		len = snprintf(cmdline, sizeof(cmdline), "%s", vm->cfg.cmdline);
	if (len < 0 || (size_t)len >= sizeof(cmdline))
		return err_set(err, -E2BIG,
			       "the kernel command line is too long");
	boot.cmdline = cmdline;
	ret = acpi_build(&vm->mem, vm->cfg.vcpu_count, err);
	if (!ret)
		ret = boot_load(&vm->mem, &boot, &regs, err);
	return ret ? ret : first_vcpu_set(vm, &regs, err);
}

static int micro_start(struct vm *vm, struct err *err)
{
	struct vcpu_regs regs;
	int ret = micro_load(&vm->micro, vm->cfg.micro_path, vm->cfg.vcpu_count,
			     &regs, err);

	return ret ? ret : first_vcpu_set(vm, &regs, err);
}

/* Of the start: NAME in the profile, EVENT (NULL: none) for the harness. */
static void end_phase(struct vm *vm, const char *name, const char *event)
{
	uint64_t now_ns = clock_mono_ns();

	profile_mark(vm->cfg.profile, name, now_ns);
	if (event)
		stamp_phase(&vm->stamps, event, now_ns);
}

static int guest_start(struct vm *vm, struct err *err)
{
	if (vm->cfg.restores)
		return snapshot_load(vm, err);
	if (vm->cfg.micro_path)
		return micro_start(vm, err);
	return vm->cfg.kernel_path ? guest_load(vm, err) : 0;
}

int vm_create(const struct hv_ops *ops, const struct vm_config *cfg,
	      struct vm **out, struct err *err)
{
	struct hv_vm_config hv_cfg = {
		.vcpu_count = cfg->vcpu_count,
		.paravirt = cfg->paravirt,
		.exit_msr = cfg->micro_path ? MICRO_DEV_MSR : 0};
	struct vm *vm;
	int ret;

	if (!cfg->vcpu_count || cfg->vcpu_count > VM_MAX_VCPUS)
		return err_set(err, -EINVAL, "%u vCPUs: 1 to %d are possible",
			       cfg->vcpu_count, VM_MAX_VCPUS);
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return err_set(err, -ENOMEM, "cannot allocate a vm");
	vm->cfg = *cfg;
	vm->stamps.out = cfg->events;
	vm->stamps.profile = cfg->profile;
	vm->vfio.event_fd = -1;
	vm->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vm->wake_fd < 0) {
		ret = err_sys(err, -errno, "cannot make an eventfd");
		goto fail;
	}
	ret = hv_vm_create(ops, &hv_cfg, &vm->hv, err);
	if (ret)
		goto fail;
	end_phase(vm, "vm", "vm_created");
	ret = mem_init(&vm->mem, &cfg->mem, err);
	if (ret)
		goto fail;
	ret = mem_map_guest(&vm->mem, vm->hv, err);
	if (ret)
		goto fail;
	end_phase(vm, "memory", "ram_mapped");
	ret = devices_create(vm, err);
	if (ret)
		goto fail;
	end_phase(vm, "devices", "devices_created");
	ret = vcpus_create(vm, err);
	if (ret)
		goto fail;
	end_phase(vm, "vcpus", "vcpus_created");
	/* Before a restored guest's registers are in: KVM keeps some bits of CPUID like
	 * them, and another restore compares with a vCPU that has not run. */
	ret = snapshot_prepare(vm, err);
	if (!ret)
		ret = guest_start(vm, err);
	if (ret)
		goto fail;
	if (cfg->restores || cfg->kernel_path || cfg->micro_path)
		end_phase(vm, cfg->restores ? "restore" : "image", NULL);
	*out = vm;
	return 0;

fail:
	vm_destroy(vm);
	return ret;
}

void vm_destroy(struct vm *vm)
{
	/* A stuck thread still uses all of it, until the process ends. */
	if (!vm || vm->is_stuck)
		return;
	while (vm->vcpu_count) {
		vm->vcpu_count--;
		hv_vcpu_destroy(vm->vcpus[vm->vcpu_count].hv);
		ledger_release(&vm->vcpus[vm->vcpu_count].ledger);
		thread_wait_close(&vm->vcpus[vm->vcpu_count].wait);
	}
	devices_destroy(vm);
	hv_vm_destroy(vm->hv);
	micro_release(&vm->micro);
	mem_release(&vm->mem);
	snap_records_release(&vm->records);
	if (vm->wake_fd >= 0)
		close(vm->wake_fd);
	free(vm);
}

static int threads_start(struct vm *vm, struct err *err)
{
	int ret = 0;
	uint32_t i;

	for (i = 0; i < vm->vcpu_count && !ret; i++) {
		sem_init(&vm->vcpus[i].ended, 0, 0);
		ret = sandbox_thread_start(&vm->vcpus[i].thread,
					   VCPU_STACK_BYTES, vcpu_loop,
					   &vm->vcpus[i]);
		if (ret)
			err_sys(err, ret, "cannot start vCPU %u", i);
		else
			vm->vcpus[i].has_thread = true;
	}
	return ret;
}

/* From here on nothing is opened any more. The threads stay in sandbox_enter()
 * until the last line, so that no guest runs before all are in. */
static int threads_start_sealed(struct vm *vm, struct err *err)
{
	const struct vm_devices_config *d = &vm->cfg.devices;
	int ret;

	end_phase(vm, "console", NULL);
	ret = sandbox_isolate(d->net_count, err);
	/* Without a sandbox the guest runs as soon as its thread is there. */
	if (!ret && sandbox_is_on())
		end_phase(vm, "namespaces", NULL);
	if (!ret)
		ret = vm_devices_start_threads(&vm->devices, err);
	if (!ret && vm->cfg.micro_path)
		ret = micro_listen(&vm->micro, err);
	if (!ret)
		ret = threads_start(vm, err);
	if (!ret)
		ret = sandbox_seal(err);
	if (ret)
		vm_stop(vm);
	else
		vm_devices_write_engines(&vm->devices, vm->cfg.events);
	event_fact(vm->cfg.events, "sandbox", sandbox_text());
	if (sandbox_is_on())
		end_phase(vm, "filters", "sandboxed");
	sandbox_go();
	return ret;
}

/* By the monotonic clock: who sets the other neither ends nor delays this. */
static bool has_ended(struct vm_vcpu *vcpu, uint64_t wait_ns)
{
	struct timespec limit;
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_nsec += (long)wait_ns;
	limit.tv_sec += limit.tv_nsec / (long)NS_PER_S;
	limit.tv_nsec %= (long)NS_PER_S;
	do {
		ret = sem_clockwait(&vcpu->ended, CLOCK_MONOTONIC, &limit);
	} while (ret && errno == EINTR);
	return !ret;
}

/* A kick that comes just before a device's call that waits is lost on it. A
 * hypervisor may repeat one by itself, for seconds. */
static bool has_ended_by_kicks(struct vm_vcpu *vcpu)
{
	uint64_t end_ns = clock_mono_ns() + STUCK_AFTER_S * NS_PER_S;

	while (!has_ended(vcpu, KICK_AGAIN_NS)) {
		if (clock_mono_ns() >= end_ns)
			return false;
		hv_vcpu_kick(vcpu->hv);
	}
	return true;
}

/* A kick ends any healthy run within milliseconds. */
static void thread_join(struct vm *vm, struct vm_vcpu *vcpu)
{
	if (has_ended_by_kicks(vcpu)) {
		pthread_join(vcpu->thread, NULL);
		sem_destroy(&vcpu->ended);
		return;
	}
	vm->is_stuck = true;
	atomic_store(&vm->end, VM_END_HV_ERROR);
	snprintf(
		vm->end_detail, sizeof(vm->end_detail),
		"vCPU %u is stuck in the hypervisor, which did not return it within %d s",
		vcpu->hv->index, STUCK_AFTER_S);
}

static void threads_join(struct vm *vm)
{
	uint32_t i;

	for (i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].has_thread)
			hv_vcpu_kick(vm->vcpus[i].hv);
	for (i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].has_thread)
			thread_join(vm, &vm->vcpus[i]);
}

/* Ctrl-A x ends the machine, as in QEMU; everything else is the guest's. */
static void terminal_input(struct vm *vm)
{
	static const uint8_t escape = 1;
	uint8_t buf[64];
	ssize_t n = read(vm->cfg.input_fd, buf, sizeof(buf));
	ssize_t i;

	if (n <= 0)
		vm->cfg.input_fd = -1;
	for (i = 0; i < n; i++) {
		bool was_escaped = vm->input_escaped;

		vm->input_escaped = !was_escaped && buf[i] == escape;
		if (was_escaped && buf[i] == 'x')
			vm_stop(vm);
		else if (was_escaped && buf[i] != escape)
			uart_receive(&vm->uart, &escape, 1);
		if (!vm->input_escaped)
			uart_receive(&vm->uart, &buf[i], 1);
	}
}

/* What woke vm_run() before an end: a question. */
static void take_wake(struct vm *vm)
{
	uint64_t count;

	if (read(vm->wake_fd, &count, sizeof(count)) == sizeof(count) &&
	    atomic_load(&vm->asks_place))
		hv_vcpu_kick(vm->vcpus[0].hv);
}

static void take_device_event(struct vm *vm)
{
	char text[sizeof(vm->end_detail)];

	if (!vfio_set_take_event(&vm->vfio, text, sizeof(text)))
		vm_finish(vm, VM_END_DEVICE, text);
}

/*
 * The I/O thread: moves bytes inwards until the machine has ended. It sleeps
 * unless bytes wait for which the guest has no buffer yet.
 */
static void io_loop(struct vm *vm)
{
	bool channel_open = vm->cfg.channel_fd >= 0 && !vm->cfg.micro_path;
	/* The micro guest measures from its first millisecond on. */
	bool wants_trim = !vm->cfg.micro_path;
	bool waiting = false;

	while (atomic_load(&vm->end) == VM_END_NONE) {
		struct pollfd fds[] = {
			{.fd = vm->wake_fd, .events = POLLIN},
			{.fd = vm->cfg.input_fd, .events = POLLIN},
			{.fd = channel_open && !waiting ? vm->cfg.channel_fd
							: -1,
			 .events = POLLIN},
			{.fd = vm->vfio.event_fd, .events = POLLIN},
		};
		int ready = poll(fds, ARRAY_SIZE(fds),
				 waiting      ? RETRY_MS
				 : wants_trim ? TRIM_AFTER_MS
					      : -1);

		if (ready < 0)
			continue;
		if (!ready && !waiting && wants_trim) {
			trim_code();
			wants_trim = false;
		}
		if (fds[0].revents)
			take_wake(vm);
		if (fds[1].revents)
			terminal_input(vm);
		if (fds[3].revents)
			take_device_event(vm);
		if (!fds[2].revents && !waiting)
			continue;
		waiting = !console_wants_input(&vm->console);
		if (!waiting && console_receive(&vm->console) == -EPIPE)
			channel_open = false;
	}
}

int vm_run(struct vm *vm, enum vm_end *end, struct err *err)
{
	int ret;

	stamp_phase(&vm->stamps, "vm_ready", clock_mono_ns());
	vm_devices_write_names(&vm->devices, vm->cfg.events);
	if (vm->vfio.count)
		event_fact(vm->cfg.events, "vfio",
			   vfio_iommu_name(&vm->vfio.iommu));
	if (vm->hv->cpuid_source)
		event_fact(vm->cfg.events, "cpuid_source",
			   vm->hv->cpuid_source);
	if (vm->hv->fills_lazily && vm->cfg.mem.prefault)
		event_fact(
			vm->cfg.events, "prefault",
			"host pages alone; the guest's first touch may fill the hypervisor's tables");
	ret = threads_start_sealed(vm, err);
	if (!ret)
		io_loop(vm);
	threads_join(vm);
	*end = (enum vm_end)atomic_load(&vm->end);
	if (*end == VM_END_STOPPED)
		snprintf(vm->end_detail, sizeof(vm->end_detail),
			 "vCPU 0 at rip 0x%" PRIx64, vm->vcpus[0].last_rip);
	return ret;
}

void vm_write_ledger(const struct vm *vm, FILE *out)
{
	uint32_t v;
	int k;

	for (v = 0; v < vm->vcpu_count; v++)
		for (k = 0; k < HV_EXIT_KIND_COUNT; k++)
			if (vm->vcpus[v].ledger.count[k])
				event_ledger(
					out, v,
					hv_exit_kind_name((enum hv_exit_kind)k),
					vm->vcpus[v].ledger.count[k],
					vm->vcpus[v].ledger.handled_ns[k]);
}

void vm_write_counts(struct vm *vm, uint32_t number)
{
	FILE *out = vm->cfg.events;
	uint32_t v;
	int k;

	if (!out)
		return;
	for (k = 0; k < HV_EXIT_KIND_COUNT; k++) {
		const char *name = hv_exit_kind_name((enum hv_exit_kind)k);
		uint64_t count = 0, ns = 0;

		for (v = 0; v < vm->vcpu_count; v++) {
			count += atomic_load(&vm->vcpus[v].ledger.count[k]);
			ns += atomic_load(&vm->vcpus[v].ledger.handled_ns[k]);
		}
		if (!count)
			continue;
		event_count(out, number, count, "exit.%s", name);
		event_count(out, number, ns, "handled_ns.%s", name);
	}
	vm_devices_write_counts(&vm->devices, number, out);
	fflush(out);
}
