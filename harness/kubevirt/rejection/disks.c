// SPDX-License-Identifier: GPL-3.0-or-later
/* disks - what the webhook asks of disks and their boot order
 * (validateBootOrder(), ValidateDisks()). */
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/kubevirt/rejection/rules.h"
#include "harness/kubevirt/vmi.h"

#define DISKS DEVICES "disks"
/* KubeVirt gives some fields this path. */
#define TWICE DISKS ".domain.devices.disks"

/* --- the disks, with the webhook's defaults --- */

static const char *default_bus(const struct asked *g)
{
	if (is_arch(g, "arm64") || (is_arch(g, "s390x") && is_since(g, 3, 0)))
		return "virtio";
	return "sata";
}

static void add_disk(struct asked *g, const struct yaml_value *yaml,
		     const struct yaml_value *named)
{
	const char *name = yaml_text_at(named, "name");

	g->disks[g->disk_count++] = (struct disk){
		.yaml = yaml,
		.volume = volume_of(g, name),
		.name = name,
		.default_bus = default_bus(g),
	};
}

/* SetDefaultVolumeDisk(): a disk for each volume that has none. */
void read_disks(struct asked *g)
{
	const struct yaml_value *item;
	size_t i, count = 0;

	for (i = 0, item = first_item(g->devices, "disks"); item;
	     i++, item = next_item(item))
		count++;
	for (i = 0, item = first_item(g->spec, "volumes"); item;
	     i++, item = next_item(item))
		count++;
	g->disks = count ? xcalloc(count, sizeof(*g->disks)) : NULL;
	for (i = 0, item = first_item(g->devices, "disks"); item;
	     i++, item = next_item(item))
		add_disk(g, item, item);
	for (i = 0, item = first_item(g->spec, "volumes"); item;
	     i++, item = next_item(item)) {
		const char *name = yaml_text_at(item, "name");

		if (!item_of_name(g->devices, "disks", name) &&
		    !item_of_name(g->devices, "filesystems", name))
			add_disk(g, NULL, item);
	}
}

static bool is_written(const struct disk *d, const char *target)
{
	return yaml_member(d->yaml, target) != NULL;
}

/* One without a target is a disk. */
bool disk_has(const struct disk *d, const char *target)
{
	if (is_written(d, target))
		return true;
	return !strcmp(target, "disk") && !is_written(d, "cdrom") &&
	       !is_written(d, "lun");
}

const char *disk_bus(const struct disk *d, const char *target)
{
	const char *bus = yaml_text_at(yaml_member(d->yaml, target), "bus");

	return *bus ? bus : d->default_bus;
}

/* --- boot orders --- */

static bool is_order_taken(const struct asked *g, int64_t order, size_t disks,
			   size_t interfaces)
{
	const struct yaml_value *item;
	size_t i;

	for (i = 0; i < disks; i++)
		if (is_there(g->disks[i].yaml, "bootOrder") &&
		    number_at(g->disks[i].yaml, "bootOrder") == order)
			return true;
	for (i = 0, item = first_item(g->spec, INTERFACES); item;
	     i++, item = next_item(item))
		if (i < interfaces && is_there(item, "bootOrder") &&
		    number_at(item, "bootOrder") == order)
			return true;
	return false;
}

static void ask_order(struct asked *g, const struct yaml_value *device,
		      const char *field, size_t disks, size_t interfaces)
{
	if (is_there(device, "bootOrder") &&
	    is_order_taken(g, number_at(device, "bootOrder"), disks,
			   interfaces))
		refuse(g, field,
		       "Boot order for %s already set for a different device.",
		       field);
}

void ask_interface_boot_order(struct asked *g, const struct interface *n)
{
	if (is_there(n->yaml, "bootOrder") &&
	    number_at(n->yaml, "bootOrder") < 1)
		refuse(g, AT("spec[%zu].bootOrder", n->i),
		       "spec[%zu] must have a boot order > 0, if supplied",
		       n->i);
	else
		ask_order(g, n->yaml,
			  AT(DEVICES "interfaces[%zu].bootOrder", n->i),
			  g->disk_count, n->i);
}

/* Since v1.6.0 a CD-ROM drive may be empty. */
static void ask_missing_volume(struct asked *g, size_t i)
{
	const struct disk *d = &g->disks[i];

	if (!is_since(g, 6, 0) || !disk_has(d, "cdrom"))
		refuse(g, AT(DISKS "[%zu].name", i),
		       DISKS "[%zu].Name '%s' not found.", i, d->name);
	else if (!has_gate(g, "DeclarativeHotplugVolumes"))
		refuse(g, AT(DISKS "[%zu].name", i),
		       "DeclarativeHotplugVolumes feature gate not enabled, cannot define an empty CD-ROM disk");
}

static void ask_lun(struct asked *g, size_t i)
{
	const struct disk *d = &g->disks[i];
	bool takes_data = is_since(g, 1, 0);

	if (!disk_has(d, "lun") || !d->volume ||
	    is_there(d->volume, "persistentVolumeClaim") ||
	    (takes_data && is_there(d->volume, "dataVolume")))
		return;
	refuse_field(g, AT(DISKS "[%zu].lun", i),
		     " can only be mapped to a %sPersistentVolumeClaim volume.",
		     takes_data ? "DataVolume or " : "");
}

static void ask_metrics_disk(struct asked *g, size_t i)
{
	const struct disk *d = &g->disks[i];
	const char *bus = disk_bus(d, "disk");

	if (!is_there(d->volume, "downwardMetrics"))
		return;
	if (!disk_has(d, "disk"))
		refuse(g, AT(DISKS "[%zu].disk", i),
		       "DownwardMetrics volume must be mapped to a disk, but disk is not set on " DISKS
		       "[%zu].disk.",
		       i);
	else if (strcmp(bus, "virtio") != 0)
		refuse(g, AT(DISKS "[%zu].disk.bus", i),
		       "DownwardMetrics volume must be mapped to virtio bus, but " DISKS
		       "[%zu].disk.bus is set to %s",
		       i, bus);
}

void ask_disk_boot_orders(struct asked *g)
{
	size_t i;

	for (i = 0; i < g->disk_count; i++) {
		if (!g->disks[i].volume)
			ask_missing_volume(g, i);
		ask_lun(g, i);
		ask_metrics_disk(g, i);
		ask_order(g, g->disks[i].yaml, AT(DISKS "[%zu].bootOrder", i),
			  i, 0);
	}
}

/* --- single disks --- */

/* The target that is asked for its bus. */
static const char *target_of(const struct asked *g, const struct disk *d)
{
	static const char *const targets[] = {"disk", "lun", "cdrom"};
	const char *found = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(targets); i++)
		if (disk_has(d, targets[i]) && (!found || !is_since(g, 3, 0)))
			found = targets[i];
	return found;
}

/* Since v1.3.0 each earlier disk of the same name is a cause of its own. */
static void ask_disk_name_twice(struct asked *g, size_t i)
{
	size_t h;

	for (h = 0; h < i; h++) {
		if (strcmp(g->disks[h].name, g->disks[i].name) != 0)
			continue;
		refuse(g, AT(DISKS "[%zu].name", i),
		       DISKS "[%zu] and " DISKS
			     "[%zu] must not have the same Name.",
		       i, h);
		if (!is_since(g, 3, 0))
			return;
	}
}

static void ask_disk_pci(struct asked *g, size_t i)
{
	const struct disk *d = &g->disks[i];
	const char *address = yaml_text_at(d->yaml, "disk.pciAddress");
	struct path field = path_of(TWICE ".disk[%zu].pciAddress", i);

	if (!*address)
		return;
	if (strcmp(disk_bus(d, "disk"), "virtio") != 0)
		refuse(g, field.text,
		       "disk " TWICE
		       ".disk[%zu].name - setting a PCI address is only possible with bus type virtio.",
		       i);
	if (!is_pci_address(address))
		refuse(g, field.text,
		       "disk " TWICE
		       ".disk[%zu].name has malformed PCI address (%s).",
		       i, address);
}

static void ask_disk_bus(struct asked *g, size_t i, const char *target,
			 const char *bus)
{
	static const char *const others[] = {"scsi", "usb", "sata", "virtio",
					     NULL};
	const struct disk *d = &g->disks[i];
	struct path field = path_of(DISKS "[%zu].%s.bus", i, target);

	if (!strcmp(bus, "ide"))
		refuse(g, field.text, "IDE bus is not supported");
	else if (!is_one_of(bus, others))
		refuse(g, field.text,
		       DISKS
		       "[%zu] is set with an unrecognized bus %s, must be one of: [virtio scsi sata usb]",
		       i, bus);
	else if (!strcmp(bus, "virtio") && !strcmp(target, "cdrom"))
		refuse(g, field.text,
		       "Bus type virtio is invalid for CD-ROM device");
	else if (!strcmp(bus, "sata") && is_true_at(d->yaml, "disk.readonly"))
		refuse(g, AT(DISKS "[%zu].disk.bus", i),
		       "sata hard-disks do not support read-only.");
}

static void ask_disk_thread(struct asked *g, size_t i, const char *bus)
{
	const struct disk *d = &g->disks[i];

	if (!is_true_at(d->yaml, "dedicatedIOThread"))
		return;
	if (is_since(g, 2, 1) && strcmp(bus, "virtio") != 0)
		refuse(g, AT(TWICE "[%zu]", i),
		       "IOThreads are not supported for disks on a %s bus",
		       bus);
	else if (!is_since(g, 2, 1) && disk_has(d, "disk") &&
		 !strcmp(disk_bus(d, "disk"), "sata"))
		refuse(g, AT(TWICE "[%zu]", i),
		       "IOThreads are not supported for disks on a SATA bus");
}

static void ask_disk_serial(struct asked *g, size_t i)
{
	const char *serial = yaml_text_at(g->disks[i].yaml, "serial");
	struct path field = path_of(DISKS "[%zu].serial", i);

	if (*serial && !is_made_of(serial, "_.+-"))
		refuse(g, field.text,
		       DISKS
		       "[%zu] must be made up of the following characters [A-Za-z0-9_.+-], if specified",
		       i);
	if (strlen(serial) > 256)
		refuse(g, field.text,
		       DISKS
		       "[%zu] must be less than or equal to 256 in length, if specified",
		       i);
}

static void ask_disk_modes(struct asked *g, size_t i)
{
	static const char *const caches[] = {"", "none", "writethrough",
					     "writeback", NULL};
	static const char *const ios[] = {"", "native", "threads", NULL};
	static const char *const policies[] = {"stop", "ignore", "report",
					       "enospace", NULL};
	const struct yaml_value *d = g->disks[i].yaml;
	struct path io = path_of(TWICE "[%zu].io", i);

	if (!is_one_of(yaml_text_at(d, "cache"), caches))
		refuse_field(g, AT(DISKS "[%zu].cache", i),
			     " has invalid value %s", yaml_text_at(d, "cache"));
	if (!is_one_of(yaml_text_at(d, "io"), ios))
		refuse(g, io.text,
		       "Disk IO mode for %s is not supported. Supported modes are: native, threads.",
		       is_since(g, 3, 0) ? DISKS : io.text);
	if (is_since(g, 1, 0) && is_there(d, "errorPolicy") &&
	    !is_one_of(yaml_text_at(d, "errorPolicy"), policies))
		refuse_field(g, AT(DISKS "[%zu].errorPolicy", i),
			     " has invalid value \"%s\"",
			     yaml_text_at(d, "errorPolicy"));
}

static void ask_disk_name(struct asked *g, size_t i)
{
	const char *name = g->disks[i].name;

	if (strlen(name) > 63)
		refuse(g, AT(TWICE "[%zu].name", i), "%s", dns_label_too_long);
	if (!is_dns_label(name))
		refuse(g, AT(TWICE "[%zu].name", i), "%s", dns_label_message);
}

/* --- block sizes --- */

static void ask_block_size(struct asked *g, const char *field, int64_t size)
{
	if (size < 512)
		refuse(g, field,
		       "Provided size of %lld is less than the supported minimum size of 512",
		       (long long)size);
	else if (size > 2097152)
		refuse(g, field,
		       "Provided size of %lld is greater than the supported maximum size of %s",
		       (long long)size,
		       is_since(g, 3, 0) ? "2097152" : "2 MiB");
	else if (size & (size - 1))
		refuse(g, field, "Provided size of %lld is not a power of 2",
		       (long long)size);
}

/* Since v1.7.0; false: there is nothing against it. */
static bool refuse_granularity(struct asked *g, size_t i, const char *bus)
{
	const struct yaml_value *b = yaml_member(g->disks[i].yaml, "blockSize");
	int64_t logical = number_at(b, "custom.logical");
	int64_t discard = number_at(b, "custom.discardGranularity");

	if (!is_since(g, 7, 0))
		return false;
	if (!strcmp(bus, "sata") && logical != 512) {
		refuse(g, AT(DISKS "[%zu].blockSize.custom.logical", i),
		       "Logical size %lld must be 512 for SATA devices",
		       (long long)logical);
		return true;
	}
	if (logical <= 0 || !(discard % logical))
		return false;
	refuse(g, AT(DISKS "[%zu].blockSize.custom.discardGranularity", i),
	       "Discard granularity %lld must be multiples of logical size %lld",
	       (long long)discard, (long long)logical);
	return true;
}

static void ask_block_sizes(struct asked *g, size_t i, const char *bus)
{
	const struct yaml_value *b = yaml_member(g->disks[i].yaml, "blockSize");
	int64_t logical = number_at(b, "custom.logical");
	int64_t physical = number_at(b, "custom.physical");

	if (!is_there(b, "custom"))
		return;
	if (is_there(b, "matchVolume") &&
	    !is_false_at(b, "matchVolume.enabled"))
		refuse(g, AT(DISKS "[%zu].blockSize", i),
		       "Block size matching can't be enabled together with a custom value");
	else if (logical > physical)
		refuse(g, AT(DISKS "[%zu].blockSize.custom.logical", i),
		       "Logical size %lld must be the same or less than the physical size of %lld",
		       (long long)logical, (long long)physical);
	else if (!refuse_granularity(g, i, bus)) {
		ask_block_size(g, AT(DISKS "[%zu].blockSize.custom.logical", i),
			       logical);
		ask_block_size(g,
			       AT(DISKS "[%zu].blockSize.custom.physical", i),
			       physical);
	}
}

/* --- all --- */

static void ask_disk(struct asked *g, size_t i)
{
	const struct disk *d = &g->disks[i];
	const char *target = target_of(g, d);
	const char *bus = disk_bus(d, target);

	ask_disk_name_twice(g, i);
	if (disk_has(d, "disk") + disk_has(d, "lun") + disk_has(d, "cdrom") > 1)
		refuse(g, AT(DISKS "[%zu]", i),
		       DISKS "[%zu] can only have a single target type defined",
		       i);
	ask_disk_pci(g, i);
	if (is_there(d->yaml, "bootOrder") &&
	    number_at(d->yaml, "bootOrder") < 1)
		refuse(g, AT(DISKS "[%zu].bootOrder", i),
		       DISKS "[%zu] must have a boot order > 0, if supplied",
		       i);
	ask_disk_bus(g, i, target, bus);
	ask_disk_thread(g, i, bus);
	ask_disk_serial(g, i);
	ask_disk_modes(g, i);
	ask_disk_name(g, i);
	ask_block_sizes(g, i, bus);
}

void ask_disks(struct asked *g)
{
	size_t i;

	for (i = 0; i < g->disk_count; i++)
		ask_disk(g, i);
}
