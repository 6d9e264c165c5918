// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/micro.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "runners/vmm/boot_x86.h"
#include "runners/vmm/vcpu_regs.h"
#include "runners/vmm/vm.h"
#include "tests/unit/test.h"

static void on_kick(int sig)
{
	(void)sig;
}

bool micro_cannot_run(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		print_message("SKIP: cannot open /dev/kvm: %s\n",
			      strerror(errno));
		return true;
	}
	close(fd);
	return false;
}

static void *stop_soon(void *vm)
{
	usleep(50000);
	vm_stop(vm);
	return NULL;
}

struct vm *micro_vm(const struct hv_ops *hv, const uint8_t *code, size_t len,
		    FILE *events)
{
	struct vm_config cfg = {.mem = {.bytes = 32 * MIB},
				.vcpu_count = 1,
				.serial_fd = -1,
				.channel_fd = -1,
				.input_fd = -1,
				.events = events};
	struct sigaction kick = {.sa_handler = on_kick};
	struct vcpu_regs regs;
	struct err err = {0};
	struct vm *vm = NULL;

	sigaction(SIGUSR1, &kick, NULL);
	if (vm_create(hv, &cfg, &vm, &err))
		fail_msg("%s", err.msg);
	boot_long_mode(&vm->mem, MICRO_CODE_GPA, &regs);
	memcpy(mem_ptr(&vm->mem, MICRO_CODE_GPA, len), code, len);
	assert_int_equal(hv_vcpu_regs_set(vm->vcpus[0].hv, &regs), 0);
	return vm;
}

enum vm_end micro_run(const struct hv_ops *hv, const uint8_t *code, size_t len,
		      bool stop, char **events)
{
	enum vm_end end = VM_END_NONE;
	struct err err = {0};
	pthread_t thread;
	struct vm *vm;
	size_t size;
	FILE *out = open_memstream(events, &size);

	vm = micro_vm(hv, code, len, out);
	if (stop)
		pthread_create(&thread, NULL, stop_soon, vm);
	assert_int_equal(vm_run(vm, &end, &err), 0);
	if (stop)
		pthread_join(thread, NULL);
	vm_write_ledger(vm, out);
	if (vm->end_detail[0])
		fprintf(out, "end %s\n", vm->end_detail);
	vm_destroy(vm);
	fclose(out);
	return end;
}
