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
#include <sys/stat.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/runner.h"
#include "runners/machine/args.h"
#include "runners/machine/guest_boot.h"
#include "runners/peers/peer.h"
#include "runners/peers/peer_folder.h"
#include "runners/peers/peers.h"
#include "runners/site/io_site.h"

/* VIRTIO_BLK_ID_BYTES, virtio 1.2, 5.2.6 */
#define SERIAL_BYTES 20

/* What its virtio-blk calls a disk: device, kind and number of the file, one behind
 * the other. */
static char *serial_of(const char *path)
{
	char text[64];
	struct stat st;

	if (stat(path, &st))
		return NULL;
	snprintf(text, sizeof(text), "%llu%llu%llu",
		 (unsigned long long)st.st_dev, (unsigned long long)st.st_rdev,
		 (unsigned long long)st.st_ino);
	return xasprintf("%.*s", SERIAL_BYTES, text);
}

static void add_drive(json_t *drives, const char *name, const char *path,
		      bool is_readonly)
{
	json_array_append_new(
		drives, json_pack("{s:s, s:s, s:b, s:b, s:s, s:s}", "drive_id",
				  name, "path_on_host", path, "is_root_device",
				  0, "is_read_only", is_readonly, "cache_type",
				  "Writeback", "io_engine", "Async"));
}

/* A flush reaches the host's disk, as with the other VMMs. */
static json_t *drives_of(const struct io_site *site)
{
	json_t *drives = json_array();

	if (site->has_disk)
		add_drive(drives, "data", site->disk, false);
	if (site->tools)
		add_drive(drives, "tools", site->tools, true);
	return drives;
}

static json_t *cards_of(const struct io_site *site)
{
	json_t *cards = json_array();

	if (site->has_net)
		json_array_append_new(
			cards, json_pack("{s:s, s:s, s:s}", "iface_id", "net",
					 "guest_mac", GUEST_MAC,
					 "host_dev_name", site->net.tap));
	return cards;
}

static int write_config(const char *path, const struct peer_boot *boot,
			struct err *err)
{
	json_t *json = json_pack(
		"{s:{s:s, s:s, s:s}, s:o, s:o, s:{s:i, s:I, s:b}, s:{s:i, s:s}, s:{}}",
		"boot-source", "kernel_image_path", boot->kernel, "initrd_path",
		boot->initrd, "boot_args", boot->cmdline, "drives",
		drives_of(boot->site), "network-interfaces",
		cards_of(boot->site), "machine-config", "vcpu_count",
		(int)boot->bc->vcpu_count, "mem_size_mib",
		(json_int_t)(boot->bc->ram_bytes / MIB), "smt", 0, "vsock",
		"guest_cid", (int)boot->cid, "uds_path", boot->socket,
		"entropy");
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
	.io = {.has_disks = true, .has_card = true, .serial = serial_of},
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
