// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/vmm_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/cli/option.h"
#include "harness/cli/vmm_args.h"
#include "mshv/emu/emu.h"
#include "mshv/mshv.h"
#include "runners/vmm/kvm.h"
#include "runners/vmm/vm.h"

static const struct hv_ops *const backends[] = {&hv_kvm, &hv_mshv,
						&hv_mshv_emu};

/* The place of ARG among WORDS, into *VALUE. */
static int take_word(const char *arg, const char *const *words, size_t count,
		     const char *what, int *value, struct err *err)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(arg, words[i])) {
			*value = (int)i;
			return 0;
		}
	return err_set(err, -EINVAL, "unknown %s '%s'", what, arg);
}

static int take_hv(const struct option_row *o, const char *arg, void *args,
		   struct err *err)
{
	size_t i;

	(void)o;
	for (i = 0; i < ARRAY_SIZE(backends); i++)
		if (!strcmp(arg, backends[i]->name)) {
			((struct vmm_options *)args)->hv = backends[i];
			return 0;
		}
	return err_set(err, -EINVAL, "unknown hypervisor '%s'", arg);
}

static int take_paravirt(const struct option_row *o, const char *arg,
			 void *args, struct err *err)
{
	static const char *const words[] = {"identical", "best"};
	int n = 0;
	int ret = take_word(arg, words, ARRAY_SIZE(words), "paravirt mode", &n,
			    err);

	(void)o;
	((struct vmm_options *)args)->vm.paravirt = (enum hv_paravirt)n;
	return ret;
}

static int take_backing(const struct option_row *o, const char *arg, void *args,
			struct err *err)
{
	static const char *const words[] = {"thp", "4k", "hugetlb"};
	int n = 0;
	int ret = take_word(arg, words, ARRAY_SIZE(words), "backing", &n, err);

	(void)o;
	((struct vmm_options *)args)->vm.mem.backing = (enum mem_backing)n;
	return ret;
}

static int take_sandbox(const struct option_row *o, const char *arg, void *args,
			struct err *err)
{
	static const char *const words[] = {[SANDBOX_OFF] = "off",
					    [SANDBOX_ON] = "on",
					    [SANDBOX_REQUIRED] = "required"};
	int n = 0;
	int ret = take_word(arg, words, ARRAY_SIZE(words), "sandbox mode", &n,
			    err);

	(void)o;
	((struct vmm_options *)args)->sandbox = (enum sandbox_mode)n;
	return ret;
}

static int take_moment(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	static const char *const words[] = {"ready", "sigquit"};
	int n = 0;
	int ret = take_word(arg, words, ARRAY_SIZE(words), "moment", &n, err);

	(void)o;
	((struct vmm_options *)args)->snapshots_at_signal = n;
	return ret;
}

static int take_descriptor(const struct option_row *o, const char *arg,
			   void *args, struct err *err)
{
	uint64_t number;
	int ret = units_parse_uint(arg, 0, 1023, &number, err);

	if (!ret)
		*(int *)option_field(o, args) = (int)number;
	return ret;
}

/* Without them the harness would hear nothing of the machine, and not know. */
static int take_events(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	struct vmm_options *opt = args;
	uint64_t fd;
	int ret = units_parse_uint(arg, 0, 1023, &fd, err);

	(void)o;
	if (ret)
		return ret;
	opt->vm.events = fdopen((int)fd, "w");
	return opt->vm.events ? 0
			      : err_sys(err, -errno,
					"cannot write events to descriptor %d",
					(int)fd);
}

/* These two are parted in place: an argument of ours may be written to. */
static int take_disk(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	struct vm_devices_config *d = &((struct vmm_options *)args)->vm.devices;

	(void)o;
	if (d->disk_count == VM_MAX_DISKS)
		return err_set(err, -EINVAL, "more than %d disks",
			       VM_MAX_DISKS);
	return vmm_args_disk((char *)arg, &d->disks[d->disk_count++], err);
}

static int take_net(const struct option_row *o, const char *arg, void *args,
		    struct err *err)
{
	struct vm_devices_config *d = &((struct vmm_options *)args)->vm.devices;

	(void)o;
	if (d->net_count == VM_MAX_NETS)
		return err_set(err, -EINVAL, "more than %d cards", VM_MAX_NETS);
	return vmm_args_net((char *)arg, &d->nets[d->net_count++], err);
}

static int take_vfio(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	struct vfio_set_config *cfg = &((struct vmm_options *)args)->vm.vfio;
	static const char *const words[] = {"container", "iommufd"};
	char *word = strchr(arg, ',');
	int n = 0, ret = 0;

	(void)o;
	if (cfg->count == VFIO_MAX_DEVICES)
		return err_set(err, -EINVAL, "more than %d devices",
			       VFIO_MAX_DEVICES);
	if (word) {
		*word++ = '\0';
		ret = take_word(word, words, ARRAY_SIZE(words),
				"way to the IOMMU", &n, err);
	}
	if (word && !ret)
		cfg->iommu = n ? VFIO_IOMMU_FD : VFIO_IOMMU_CONTAINER;
	cfg->addresses[cfg->count++] = arg;
	return ret;
}

const struct option_row vmm_option_rows[] = {
	{"kernel", "FILE", "Linux: a bzImage, or an ELF file with a PVH entry",
	 OPTION_TEXT(struct vmm_options, vm.kernel_path)},
	{"initrd", "FILE", "initramfs",
	 OPTION_TEXT(struct vmm_options, vm.initrd_path)},
	{"micro", "FILE",
	 "in place of a kernel: the micro guest (build/micro.bin),\n"
	 "which speaks on the channel and nowhere else",
	 OPTION_TEXT(struct vmm_options, vm.micro_path)},
	{"cmdline", "TEXT", "kernel command line (console=ttyS0)",
	 OPTION_TEXT(struct vmm_options, vm.cmdline)},
	{"memory", "SIZE", "guest RAM (512M)",
	 OPTION_BYTES(struct vmm_options, vm.mem.bytes)},
	{"vcpus", "N", "vCPUs (1)",
	 OPTION_U32(struct vmm_options, vm.vcpu_count, 1, VM_MAX_VCPUS)},
	{"hv", "NAME",
	 "kvm, mshv, or mshv-emu: KVM behind the ABI of mshv (kvm)",
	 .take = take_hv},
	{"paravirt", "MODE", "identical or best (identical)",
	 .take = take_paravirt},
	{"backing", "KIND", "thp, 4k or hugetlb (thp)", .take = take_backing},
	{"prefault", NULL, "fault all guest RAM in before the start",
	 OPTION_FLAG(struct vmm_options, vm.mem.prefault)},
	{"mlock", NULL, "lock guest RAM (needs RLIMIT_MEMLOCK for it)",
	 OPTION_FLAG(struct vmm_options, vm.mem.is_locked)},
	{"hold", NULL, "wait for SIGCONT before the guest's first instruction",
	 OPTION_FLAG(struct vmm_options, holds)},
	{"disk", "FILE[,WORD]...",
	 "virtio-blk on a file, device or null:SIZE; a comma in\n"
	 "its name is written twice. WORDs:\n"
	 "serial=TEXT, queues=N, readonly, buffered (no direct\n"
	 "I/O), sqpoll, fixed (registered, pinned buffers),\n"
	 "thread-per-queue, poll=MICROSECONDS before sleeping, at\n"
	 "most, ioeventfd=on or off",
	 .take = take_disk},
	{"net", "tap=NAME[,WORD]...",
	 "virtio-net; fd=N in place of tap=NAME. WORDs:\n"
	 "queues=N pairs, mac=ADDRESS, vhost=auto, on or off,\n"
	 "poll=MICROSECONDS before sleeping, at most,\n"
	 "ioeventfd=on or off",
	 .take = take_net},
	{"vfio", "ADDRESS[,WORD]",
	 "a PCI function of the host, 0000:00:05.0, that vfio-pci\n"
	 "has; WORD container or iommufd (what there is)",
	 .take = take_vfio},
	{"vsock-cid", "N", "virtio-vsock with this address (none)",
	 OPTION_U32(struct vmm_options, vm.devices.vsock_cid, 0, INT32_MAX)},
	{"channel-fd", "N", "result channel (none)", .take = take_descriptor,
	 .offset = OPTION_FIELD(struct vmm_options, vm.channel_fd, int)},
	{"events-fd", "N", "phases, stamps and the exit ledger as text (none)",
	 .take = take_events},
	{"check-bells", NULL,
	 "with --micro on mshv: ring a doorbell before the guest",
	 OPTION_FLAG(struct vmm_options, vm.checks_bells)},
	{"snapshot", "FILE", "save the guest there, and end (docs/snapshot.md)",
	 OPTION_TEXT(struct vmm_options, snapshot_path)},
	{"snapshot-at", "MOMENT",
	 "ready: when the guest's agent is, or sigquit: at that\n"
	 "signal to this process (ready)",
	 .take = take_moment},
	{"restore", "FILE",
	 "continue the guest that was saved there; a kernel or\n"
	 "--micro that is given must be the one it had",
	 OPTION_TEXT(struct vmm_options, restore_path)},
	{"check-ram", NULL,
	 "with --restore: read all RAM and compare its sum, also\n"
	 "of a file that nobody has touched since",
	 OPTION_FLAG(struct vmm_options, vm.checks_ram)},
	{"sandbox", "MODE",
	 "on: what this host permits; off; or required: all of it,\n"
	 "or no guest (on)",
	 .take = take_sandbox},
	{"ledger", NULL, "print the exit ledger at the end",
	 OPTION_FLAG(struct vmm_options, wants_ledger)},
	{"profile", NULL,
	 "print at the end where the start spent its time, in ns",
	 OPTION_FLAG(struct vmm_options, wants_profile)},
	{"trace", "FILE", "every call to the hypervisor as text (none)",
	 OPTION_TEXT(struct vmm_options, trace_path)},
	{"tsc-khz", NULL, "print the rate of this CPU's TSC, and end",
	 OPTION_FLAG(struct vmm_options, wants_tsc_khz)},
	{"help", NULL, NULL, OPTION_FLAG(struct vmm_options, wants_help)},
	{0},
};

static int check_guest(const struct vmm_options *opt, struct err *err)
{
	bool has_kernel = opt->vm.kernel_path, has_micro = opt->vm.micro_path;

	if (opt->restore_path ? has_kernel && has_micro
			      : has_kernel == has_micro)
		return err_set(err, -EINVAL,
			       "give one of --kernel and --micro");
	if (opt->vm.initrd_path && !has_kernel)
		return err_set(err, -EINVAL,
			       "--initrd is for a --kernel: give both");
	if (opt->vm.checks_ram && !opt->restore_path)
		return err_set(err, -EINVAL, "--check-ram is for --restore");
	if (opt->snapshots_at_signal && !opt->snapshot_path)
		return err_set(err, -EINVAL, "--snapshot-at is for --snapshot");
	if (opt->snapshots_at_signal && has_micro)
		return err_set(
			err, -EINVAL,
			"a micro guest is saved when it is ready: a doorbell that is under way would be lost");
	if (opt->trace_path && (opt->restore_path || opt->snapshot_path))
		return err_set(
			err, -EINVAL,
			"a trace has no snapshots: give --trace without");
	return 0;
}

int vmm_options_parse(int argc, char **argv, struct vmm_options *opt,
		      struct err *err)
{
	static char name[] = "vmm";
	int ret;

	argv[0] = name;
	ret = option_parse(argc, argv, vmm_option_rows, opt, err);
	if (ret || opt->wants_help || opt->wants_tsc_khz)
		return ret;
	if (optind != argc)
		return err_set(err, -EINVAL, "unexpected argument '%s'",
			       argv[optind]);
	return check_guest(opt, err);
}
