// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/snapshot/snap_devices.h"

#include <errno.h>
#include <stdlib.h>

#include "harness/base/err.h"
#include "runners/vmm/snapshot/snap_records.h"
#include "runners/vmm/vm.h"

/* Slot 0 is the bridge, which has no state. */
#define FIRST_SLOT 1u

/* What is too large for a stack. */
struct function_states {
	struct pci_function_state function;
	struct virtio_state virtio;
};

static struct virtio_pci *device_at(struct vm *vm, uint32_t slot)
{
	struct pci_function *fn = vm->pci.slots[slot];

	return fn ? virtio_pci_of(fn) : NULL;
}

static void save_function(struct virtio_pci *vp, uint32_t slot,
			  struct function_states *s, struct snap_records *r)
{
	/* First: the device's last interrupts are among the function's. */
	virtio_pci_state_get(vp, &s->virtio);
	pci_function_state_get(&vp->fn, &s->function);
	snap_records_put(r, SNAP_VIRTIO, slot, &s->virtio, sizeof(s->virtio));
	snap_records_put(r, SNAP_FUNCTION, slot, &s->function,
			 sizeof(s->function));
}

static void save_functions(struct vm *vm, struct snap_records *r)
{
	struct function_states *s = malloc(sizeof(*s));
	uint32_t slot;

	r->is_short |= !s;
	for (slot = FIRST_SLOT; s && slot < PCI_SLOT_COUNT; slot++) {
		struct virtio_pci *vp = device_at(vm, slot);

		if (vp)
			save_function(vp, slot, s, r);
	}
	free(s);
}

void snap_devices_save(struct vm *vm, struct snap_records *r)
{
	struct console_state console;
	struct ioapic_state ioapic;
	struct uart_state uart;

	save_functions(vm, r);
	console_state_get(&vm->console, &console);
	snap_records_put(r, SNAP_CONSOLE, 0, &console, sizeof(console));
	uart_state_get(&vm->uart, &uart);
	snap_records_put(r, SNAP_UART, 0, &uart, sizeof(uart));
	ioapic_state_get(&vm->ioapic, &ioapic);
	snap_records_put(r, SNAP_IOAPIC, 0, &ioapic, sizeof(ioapic));
	snap_records_put(r, SNAP_RTC, 0, &vm->rtc.index, sizeof(vm->rtc.index));
	snap_records_put(r, SNAP_PCI_BUS, 0, &vm->pci.address,
			 sizeof(vm->pci.address));
}

static int load_function(struct virtio_pci *vp, uint32_t slot,
			 struct function_states *s,
			 const struct snap_records *r, struct err *err)
{
	int ret = snap_records_take(r, SNAP_VIRTIO, slot, &s->virtio,
				    sizeof(s->virtio), "PCI slot", err);

	if (!ret)
		ret = snap_records_take(r, SNAP_FUNCTION, slot, &s->function,
					sizeof(s->function), "PCI slot", err);
	if (!ret)
		ret = virtio_pci_state_set(vp, &s->virtio, err);
	if (ret)
		return ret;
	ret = pci_function_state_set(&vp->fn, &s->function);
	return ret ? err_sys(err, ret,
			     "PCI slot %u has another function than the snapshot",
			     slot)
		   : 0;
}

static int load_functions(struct vm *vm, const struct snap_records *r,
			  struct err *err)
{
	struct function_states *s = malloc(sizeof(*s));
	int ret = s ? 0 : err_set(err, -ENOMEM, "no memory for a device");
	uint32_t slot;
	size_t len;

	for (slot = FIRST_SLOT; slot < PCI_SLOT_COUNT && !ret; slot++) {
		struct virtio_pci *vp = device_at(vm, slot);

		if (vp)
			ret = load_function(vp, slot, s, r, err);
		else if (snap_records_find(r, SNAP_VIRTIO, slot, &len))
			ret = err_set(
				err, -ENODEV,
				"it has a device in PCI slot %u: give the disks that its guest had",
				slot);
	}
	free(s);
	return ret;
}

static int load_rest(struct vm *vm, const struct snap_records *r,
		     struct err *err)
{
	struct console_state console;
	struct ioapic_state ioapic;
	struct uart_state uart;
	int ret = snap_records_take(r, SNAP_CONSOLE, 0, &console,
				    sizeof(console), "console", err);

	if (!ret)
		ret = snap_records_take(r, SNAP_UART, 0, &uart, sizeof(uart),
					"serial port", err);
	if (!ret)
		ret = snap_records_take(r, SNAP_IOAPIC, 0, &ioapic,
					sizeof(ioapic), "IOAPIC", err);
	if (!ret)
		ret = snap_records_take(r, SNAP_RTC, 0, &vm->rtc.index,
					sizeof(vm->rtc.index), "RTC", err);
	if (!ret)
		ret = snap_records_take(r, SNAP_PCI_BUS, 0, &vm->pci.address,
					sizeof(vm->pci.address), "PCI bus",
					err);
	if (ret)
		return ret;
	console_state_set(&vm->console, &console);
	uart_state_set(&vm->uart, &uart);
	ioapic_state_set(&vm->ioapic, &ioapic);
	return 0;
}

int snap_devices_load(struct vm *vm, const struct snap_records *r,
		      struct err *err)
{
	int ret = load_functions(vm, r, err);

	return ret ?: load_rest(vm, r, err);
}

void snap_devices_resume(struct vm *vm)
{
	uint32_t slot;

	for (slot = FIRST_SLOT; slot < PCI_SLOT_COUNT; slot++) {
		struct virtio_pci *vp = device_at(vm, slot);

		if (vp)
			virtio_pci_resume(vp);
	}
}
