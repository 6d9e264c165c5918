// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * firecracker - the same guest in Firecracker, from a configuration file and without
 * its API. It starts an ELF kernel; its devices are behind PCI, for which our guest
 * has the driver (since version 1.13).
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/runner.h"
#include "runners/machine/args.h"
#include "runners/peers/peer.h"
#include "runners/peers/peer_folder.h"
#include "runners/peers/peers.h"

static int write_config(const char *path, const struct peer_boot *boot,
			struct err *err)
{
	json_t *json = json_pack(
		"{s:{s:s, s:s, s:s}, s:[], s:{s:i, s:I, s:b}, s:{s:i, s:s}, s:{}}",
		"boot-source", "kernel_image_path", boot->kernel, "initrd_path",
		boot->initrd, "boot_args", boot->cmdline, "drives",
		"machine-config", "vcpu_count", (int)boot->bc->vcpu_count,
		"mem_size_mib", (json_int_t)(boot->bc->ram_bytes / MIB), "smt",
		0, "vsock", "guest_cid", (int)boot->cid, "uds_path",
		boot->socket, "entropy");
	char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
	int ret =
		text ? file_write(path, text, strlen(text), err)
		     : err_set(err, -EINVAL, "a path of the guest is no UTF-8");

	free(text);
	json_decref(json);
	return ret;
}

static int add_args(struct args *a, const struct peer_boot *boot,
		    struct err *err)
{
	char *config = xasprintf("%s/" PEER_FOLDER_CONFIG, boot->folder);
	int ret = write_config(config, boot, err);

	args_add(a, "%s", boot->program);
	args_add(a, "--no-api");
	args_add(a, "--enable-pci");
	args_add(a, "--config-file");
	args_add(a, "%s", config);
	free(config);
	return ret;
}

static const struct peer firecracker = {
	.title = "Firecracker",
	.program = "firecracker",
	.version = "--version",
	.least_major = 1,
	.least_minor = 13,
	.lacks_before = "PCI",
	.device = "/dev/kvm",
	.needs_elf = true,
	.vsock = PEER_VSOCK_FILE,
	.more_cmdline = PEER_ENDS_BY_RESET,
	.add_args = add_args,
};

static void firecracker_run(const struct bench_case *bc, struct result *res)
{
	peer_run(&firecracker, grade_of_kvm(), bc, res);
}

const struct runner_ops runner_firecracker = {
	.name = "firecracker",
	.summary = "Firecracker on /dev/kvm, with an ELF kernel",
	.vmm = RUNNER_PEER,
	.device = "/dev/kvm",
	.grade = grade_of_kvm,
	.run = firecracker_run,
};
