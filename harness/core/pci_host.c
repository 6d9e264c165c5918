// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/pci_host.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"

#define FOLDER "/sys/bus/pci/devices"
#define SECTOR_BYTES 512u

#define CLASS_BRIDGE 0x06u
#define CLASS_NVME 0x010802u
#define CLASS_STORAGE 0x01u
#define CLASS_NETWORK 0x02u
#define CLASS_DISPLAY 0x03u
#define CLASS_ACCELERATOR 0x12u

int pci_host_address(const char *text, char address[PCI_HOST_ADDRESS_BYTES],
		     struct err *err)
{
	unsigned int domain = 0, bus, slot, function;
	char end;

	if (sscanf(text, "%8x:%2x:%2x.%1x%c", &domain, &bus, &slot, &function,
		   &end) != 4) {
		domain = 0;
		if (sscanf(text, "%2x:%2x.%1x%c", &bus, &slot, &function,
			   &end) != 3)
			bus = UINT_MAX;
	}
	if (bus > 0xff || slot > 0x1f || function > 7)
		return err_set(
			err, -EINVAL,
			"'%.40s' is not the address of a PCI function, as 0000:00:05.0",
			text);
	snprintf(address, PCI_HOST_ADDRESS_BYTES, "%04x:%02x:%02x.%x", domain,
		 bus, slot, function);
	return 0;
}

/* The file NAME of function ADDRESS; NAME "" for its folder. */
static char *path_of(const char *root, const char *address, const char *name)
{
	return xasprintf("%s" FOLDER "/%s%s%s", root, address,
			 name[0] ? "/" : "", name);
}

static void read_text(const char *root, const char *address, const char *name,
		      char *buf, size_t size)
{
	char *path = path_of(root, address, name);

	file_first_line(path, buf, size);
	free(path);
}

static uint32_t read_number(const char *root, const char *address,
			    const char *name)
{
	char text[32];

	read_text(root, address, name, text, sizeof(text));
	return (uint32_t)strtoul(text, NULL, 16);
}

/* The last part of what the link leads to; "" where there is none. */
static void read_link(const char *root, const char *address, const char *name,
		      char *buf, size_t size)
{
	char *path = path_of(root, address, name);
	char target[PATH_MAX] = "";
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *slash;

	free(path);
	target[n > 0 ? n : 0] = '\0';
	slash = strrchr(target, '/');
	snprintf(buf, size, "%s", slash ? slash + 1 : target);
}

/* The first entry of a folder whose name begins so, into BUF; false: none. */
static bool first_entry(const char *folder, const char *prefix, char *buf,
			size_t size)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);
	bool found = false;
	int i;

	for (i = 0; i < n; i++) {
		if (!found && names[i]->d_name[0] != '.' &&
		    !strncmp(names[i]->d_name, prefix, strlen(prefix))) {
			snprintf(buf, size, "%.*s", (int)size - 1,
				 names[i]->d_name);
			found = true;
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return found;
}

static void set_block(struct pci_host *fn, const char *root, const char *name)
{
	char *path = xasprintf("%s/sys/class/block/%s/size", root, name);
	char text[32];

	file_first_line(path, text, sizeof(text));
	fn->block_bytes = strtoull(text, NULL, 10) * SECTOR_BYTES;
	snprintf(fn->block, sizeof(fn->block), "/dev/%.48s", name);
	free(path);
}

/* With several paths to a disk "nvme0c1n2" is one of them, and hidden; the disk is
 * "nvme0n2" (Documentation/admin-guide/nvme-multipath.rst). */
static void set_nvme(struct pci_host *fn, const char *root, const char *name)
{
	unsigned int subsystem, path, space;
	char head[48];

	snprintf(head, sizeof(head), "%.47s", name);
	if (sscanf(name, "nvme%uc%un%u", &subsystem, &path, &space) == 3)
		snprintf(head, sizeof(head), "nvme%un%u", subsystem, space);
	set_block(fn, root, head);
}

/* "nvme/nvme0/nvme0n1", or "virtio3/block/vdb". */
static void find_block(struct pci_host *fn, const char *root)
{
	char *folder = path_of(root, fn->address, "nvme");
	char name[48], disk[48];
	char *below;

	if (first_entry(folder, "nvme", name, sizeof(name))) {
		below = xasprintf("%s/%s", folder, name);
		if (first_entry(below, "nvme", disk, sizeof(disk)))
			set_nvme(fn, root, disk);
		free(below);
	}
	free(folder);
	if (fn->block[0])
		return;
	folder = path_of(root, fn->address, "");
	if (first_entry(folder, "virtio", name, sizeof(name))) {
		below = xasprintf("%s/%s/block", folder, name);
		if (first_entry(below, "", disk, sizeof(disk)))
			set_block(fn, root, disk);
		free(below);
	}
	free(folder);
}

#define IFF_UP_BIT 1u

static void look_for_up(struct pci_host *fn, const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);
	char *path, flags[16];
	int i;

	for (i = 0; i < n; i++) {
		path = xasprintf("%s/%s/flags", folder, names[i]->d_name);
		if (!fn->up[0] && names[i]->d_name[0] != '.' &&
		    strtoul(file_first_line(path, flags, sizeof(flags)), NULL,
			    16) &
			    IFF_UP_BIT)
			snprintf(fn->up, sizeof(fn->up), "%.15s",
				 names[i]->d_name);
		free(path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/* "net/eth0", or "virtio3/net/eth0". */
static void find_interface(struct pci_host *fn, const char *root)
{
	char *folder = path_of(root, fn->address, "net");
	char name[48], *below;

	look_for_up(fn, folder);
	free(folder);
	folder = path_of(root, fn->address, "");
	if (first_entry(folder, "virtio", name, sizeof(name))) {
		below = xasprintf("%s/%s/net", folder, name);
		look_for_up(fn, below);
		free(below);
	}
	free(folder);
}

static bool is_bridge(uint32_t class_code)
{
	return class_code >> 16 == CLASS_BRIDGE;
}

static uint32_t count_peers(const char *root, const struct pci_host *fn)
{
	char *folder = path_of(root, fn->address, "iommu_group/devices");
	DIR *dir = opendir(folder);
	struct dirent *e;
	uint32_t count = 0;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && strcmp(e->d_name, fn->address) &&
		    !is_bridge(read_number(root, e->d_name, "class")))
			count++;
	if (dir)
		closedir(dir);
	free(folder);
	return count;
}

/* Azure's devices are on buses of pci-hyperv, in domains of their own. */
static bool is_on_hyperv(const char *root, const char *address)
{
	char *path = path_of(root, address, "");
	char target[PATH_MAX] = "";
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	free(path);
	target[n > 0 ? n : 0] = '\0';
	return strstr(target, "/VMBUS:") || strstr(target, "/MSFT");
}

int pci_host_read(const char *root, const char *address, struct pci_host *fn,
		  struct err *err)
{
	char *folder = path_of(root, address, "");
	char *reset = path_of(root, address, "reset");
	bool is_there = !access(folder, F_OK);
	char group[16];

	memset(fn, 0, sizeof(*fn));
	snprintf(fn->address, sizeof(fn->address), "%s", address);
	fn->can_reset = !access(reset, F_OK);
	free(folder);
	free(reset);
	if (!is_there)
		return err_set(err, -ENODEV, "this host has no PCI function %s",
			       address);
	fn->vendor_id = (uint16_t)read_number(root, address, "vendor");
	fn->device_id = (uint16_t)read_number(root, address, "device");
	fn->class_code = read_number(root, address, "class");
	read_link(root, address, "driver", fn->driver, sizeof(fn->driver));
	read_text(root, address, "driver_override", fn->override_to,
		  sizeof(fn->override_to));
	if (!strcmp(fn->override_to, "(null)"))
		fn->override_to[0] = '\0';
	read_link(root, address, "iommu_group", group, sizeof(group));
	fn->group = group[0] ? (int)strtol(group, NULL, 10) : -1;
	fn->peer_count = count_peers(root, fn);
	fn->is_hyperv = is_on_hyperv(root, address);
	find_block(fn, root);
	find_interface(fn, root);
	return 0;
}

size_t pci_host_list(const char *root, struct pci_host **out)
{
	char *folder = xasprintf("%s" FOLDER, root);
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);
	struct err ignored;
	size_t count = 0;
	int i;

	free(folder);
	*out = xcalloc(n > 0 ? (size_t)n : 1, sizeof(**out));
	for (i = 0; i < n; i++) {
		struct pci_host *fn = &(*out)[count];

		if (names[i]->d_name[0] != '.' &&
		    !pci_host_read(root, names[i]->d_name, fn, &ignored) &&
		    !is_bridge(fn->class_code))
			count++;
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return count;
}

bool pci_host_is_storage(const struct pci_host *fn)
{
	return fn->class_code >> 16 == CLASS_STORAGE;
}

const char *pci_host_kind(const struct pci_host *fn)
{
	if (fn->class_code == CLASS_NVME)
		return "NVMe disk";
	switch (fn->class_code >> 16) {
	case CLASS_STORAGE:
		return "disk controller";
	case CLASS_NETWORK:
		return "network card";
	case CLASS_DISPLAY:
		return "display or GPU";
	case CLASS_ACCELERATOR:
		return "accelerator";
	default:
		return "function";
	}
}

const char *pci_host_obstacle(const struct pci_host *fn, char *buf, size_t size)
{
	buf[0] = '\0';
	if (is_bridge(fn->class_code))
		snprintf(buf, size, "a bridge is not handed to guests");
	else if (fn->group < 0 && fn->is_hyperv)
		snprintf(
			buf, size,
			"no IOMMU group: Azure gave it to this machine (DDA), whose kernel needs CONFIG_HYPERV_PVIOMMU to give it on");
	else if (fn->group < 0)
		snprintf(
			buf, size,
			"no IOMMU group: this host has no IOMMU, or it is off (intel_iommu=on)");
	else if (fn->peer_count)
		snprintf(
			buf, size,
			"IOMMU group %d has %u other function%s: a group goes as a whole, as there is no ACS between them",
			fn->group, fn->peer_count,
			fn->peer_count == 1 ? "" : "s");
	return buf;
}

static int unbind(const char *root, const struct pci_host *fn, struct err *err)
{
	char *path = path_of(root, fn->address, "driver/unbind");
	int ret = fn->driver[0] ? file_put(path, fn->address) : 0;

	free(path);
	return ret ? err_sys(err, ret, "the driver '%s' does not give up %s",
			     fn->driver, fn->address)
		   : 0;
}

static int probe(const char *root, const char *address, struct err *err)
{
	char *path = xasprintf("%s/sys/bus/pci/drivers_probe", root);
	int ret = file_put(path, address);

	free(path);
	return ret ? err_sys(err, ret, "no driver takes %s", address) : 0;
}

static int set_override(const char *root, const char *address,
			const char *override_to, struct err *err)
{
	char *path = path_of(root, address, "driver_override");
	int ret = file_put(path, override_to[0] ? override_to : "\n");

	free(path);
	return ret ? err_sys(err, ret, "cannot choose the driver of %s",
			     address)
		   : 0;
}

int pci_host_release(const char *root, const char *address, struct err *err)
{
	struct pci_host fn;
	int ret = pci_host_read(root, address, &fn, err);

	if (!ret)
		ret = set_override(root, address, "", err);
	return ret ? ret : unbind(root, &fn, err);
}

int pci_host_drive(const char *root, const char *address,
		   const char *override_to, struct err *err)
{
	struct pci_host fn;
	int ret = pci_host_read(root, address, &fn, err);

	if (ret)
		return ret;
	ret = set_override(root, address, override_to, err);
	/* A driver that the override is for has it already. */
	if (!ret && (!override_to[0] || strcmp(fn.driver, override_to)))
		ret = unbind(root, &fn, err);
	if (!ret)
		ret = probe(root, address, err);
	if (!ret)
		ret = pci_host_read(root, address, &fn, err);
	if (ret)
		return ret;
	if (!override_to[0] && fn.driver[0])
		return 0;
	if (override_to[0] && !strcmp(fn.driver, override_to))
		return 0;
	if (!override_to[0])
		return err_set(err, -EBUSY, "no driver of this host takes %s",
			       address);
	return err_set(err, -EBUSY,
		       "the driver '%s' does not take %s; is it loaded?",
		       override_to, address);
}
