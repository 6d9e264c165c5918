// SPDX-License-Identifier: GPL-3.0-or-later
/* runners/vmm/vfio/vfio_set: all of a machine's functions, the memory that they
 * see, and what the host says of them later. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "runners/vmm/dev/ioapic.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/stamp.h"
#include "runners/vmm/vfio/vfio_set.h"
#include "tests/unit/fixture/access.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/mshv_fake.h"
#include "tests/unit/fixture/vfio_fake.h"

struct bench {
	struct hv_vm vm;
	struct pci_bus bus;
	struct ioapic ioapic;
	struct vfio_set set;
	struct vfio_set_config cfg;
	struct mem mem;
	struct stamp_log stamps;
	struct err err;
	int files; /* of this process, before */
};

/* What of this process's files is open. */
static int file_count(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(folder);
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

static void fresh(struct bench *b)
{
	hv_fake_reset();
	vfio_fake_reset();
	b->err = (struct err){0};
	pci_bus_init(&b->bus, &b->vm);
	ioapic_init(&b->ioapic, &b->vm);
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	*state = b;
	b->vm.ops = &hv_fake;
	b->cfg = (struct vfio_set_config){
		.addresses = {"0000:00:05.0", "0000:00:06.0"},
		.count = 2,
		.sys = &vfio_fake};
	b->mem = (struct mem){.host = (void *)0x7f0000000000,
			      .bytes = 5 * GIB,
			      .low_bytes = MEM_HOLE_START};
	b->files = file_count();
	fresh(b);
	return 0;
}

static void stop(struct bench *b)
{
	vfio_set_destroy(&b->set);
	pci_bus_release(&b->bus);
	ioapic_release(&b->ioapic);
	assert_true(vfio_fake_is_clean());
	assert_int_equal(vfio_fake_state.unsafe_resets, 0);
	assert_int_equal(hv_fake_state.map_count, 0);
	assert_int_equal(file_count(), b->files);
	assert_int_equal(b->set.event_fd, -1);
}

static int teardown(void **state)
{
	stop(*state);
	free(*state);
	return 0;
}

static int try_create(struct bench *b)
{
	return vfio_set_create(&b->set, &b->cfg, &b->mem, &b->bus, &b->ioapic,
			       &b->stamps, &b->err);
}

static void create(struct bench *b)
{
	if (try_create(b))
		fail_msg("%s", b->err.msg);
}

static void a_machine_without_devices_opens_nothing(void **state)
{
	struct bench *b = *state;
	char text[64];

	b->cfg.count = 0;
	create(b);
	assert_int_equal(vfio_fake_state.calls, 0);
	assert_int_equal(file_count(), b->files);
	assert_int_equal(b->set.event_fd, -1);
	assert_int_equal(vfio_set_take_event(&b->set, text, sizeof(text)),
			 -EAGAIN);
}

static void devices_see_ram_on_both_sides_of_the_hole(void **state)
{
	const struct vfio_fake_dma *dma = vfio_fake_state.dmas;
	struct bench *b = *state;

	create(b);
	assert_int_equal(vfio_fake_state.dma_calls, 2);
	assert_true(dma[0].iova == 0);
	assert_true(dma[0].size_bytes == MEM_HOLE_START);
	assert_ptr_equal(dma[0].host, b->mem.host);
	assert_true(dma[1].iova == MEM_HOLE_END);
	assert_true(dma[1].size_bytes == 5 * GIB - MEM_HOLE_START);
	assert_ptr_equal(dma[1].host, (char *)b->mem.host + MEM_HOLE_START);
	assert_int_equal(hv_fake_state.attach_count, 2);
	assert_int_equal(hv_fake_state.attached_fd, b->set.iommu.groups[0].fd);
	stop(b);
	fresh(b);
	b->mem.bytes = b->mem.low_bytes = 64 * MIB;
	create(b);
	assert_int_equal(vfio_fake_state.dma_calls, 1);
	assert_true(dma[0].size_bytes == 64 * MIB);
}

static void devices_have_slots_of_their_own(void **state)
{
	struct bench *b = *state;

	create(b);
	assert_int_equal(b->set.count, 2);
	assert_ptr_equal(b->bus.slots[16], &b->set.devices[0].fn);
	assert_ptr_equal(b->bus.slots[17], &b->set.devices[1].fn);
	assert_true(pci_bar_gpa(&b->set.devices[0].fn, 0) !=
		    pci_bar_gpa(&b->set.devices[1].fn, 0));
}

static void both_phases_are_stamped(void **state)
{
	struct bench *b = *state;
	char *text = NULL, *opened, *mapped;
	size_t size;

	b->stamps.out = open_memstream(&text, &size);
	create(b);
	fclose(b->stamps.out);
	b->stamps.out = NULL;
	opened = strstr(text, "phase vfio_opened ");
	mapped = strstr(text, "phase dma_mapped ");
	assert_non_null(opened);
	assert_non_null(mapped);
	assert_true(opened < mapped);
	free(text);
}

static void a_device_is_named_once(void **state)
{
	struct bench *b = *state;

	b->cfg.addresses[1] = b->cfg.addresses[0];
	assert_int_equal(try_create(b), -EEXIST);
	assert_string_equal(b->err.msg,
			    "0000:00:05.0 is there twice: name it once");
	assert_int_equal(vfio_fake_state.dma_calls, 0);
}

static void no_memory_is_shown_without_the_hypervisor(void **state)
{
	struct bench *b = *state;

	hv_fake_state.fail_at = 1;
	assert_int_equal(try_create(b), -EIO);
	assert_string_equal(b->err.msg, "injected failure in device_attach");
	assert_int_equal(vfio_fake_state.resets, 0);
	assert_int_equal(vfio_fake_state.dma_calls, 0);
}

static void mshv_takes_no_device(void **state)
{
	const struct hv_vm_config cfg = {.vcpu_count = 1};
	struct bench *b = *state;
	struct hv_vm *vm = NULL;

	mshv_fake_reset();
	assert_int_equal(hv_vm_create(&hv_mshv_fake, &cfg, &vm, &b->err), 0);
	b->bus.hv = vm;
	assert_int_equal(try_create(b), -ENODEV);
	assert_non_null(
		strstr(b->err.msg, "no device assignment in this kernel"));
	assert_int_equal(vfio_fake_state.dma_calls, 0);
	vfio_set_destroy(&b->set);
	hv_vm_destroy(vm);
}

/* --- trouble -------------------------------------------------------------- */

static void what_the_host_reports_is_told_in_words(void **state)
{
	static const struct {
		int device, kind;
		const char *text;
	} cases[] = {
		{0, 0, "0000:00:05.0 reported an uncorrectable error"},
		{0, 1, "0000:00:05.0 is taken back by the host"},
		{1, 0, "0000:00:06.0 reported an uncorrectable error"},
		{1, 1, "0000:00:06.0 is taken back by the host"},
	};
	struct bench *b = *state;
	char text[160];
	size_t i;

	create(b);
	assert_int_equal(vfio_set_take_event(&b->set, text, sizeof(text)),
			 -EAGAIN);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = b->set.event_fds[cases[i].device][cases[i].kind];
		struct pollfd p = {.fd = b->set.event_fd, .events = POLLIN};
		uint64_t one = 1;

		assert_int_equal(poll(&p, 1, 0), 0);
		assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
		assert_int_equal(poll(&p, 1, 0), 1);
		assert_int_equal(
			vfio_set_take_event(&b->set, text, sizeof(text)), 0);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(read(fd, &one, sizeof(one)), sizeof(one));
	}
}

static void vfio_signals_trouble_where_it_is_watched(void **state)
{
	struct bench *b = *state;

	b->cfg.count = 1;
	create(b);
	assert_int_equal(vfio_fake_state.irqs[VFIO_PCI_ERR_IRQ_INDEX].fds[0],
			 b->set.event_fds[0][0]);
	assert_int_equal(vfio_fake_state.irqs[VFIO_PCI_REQ_IRQ_INDEX].fds[0],
			 b->set.event_fds[0][1]);
}

static void a_device_that_reports_nothing_is_fine(void **state)
{
	struct bench *b = *state;

	vfio_fake_state.irq_counts[VFIO_PCI_ERR_IRQ_INDEX] = 0;
	vfio_fake_state.irq_counts[VFIO_PCI_REQ_IRQ_INDEX] = 0;
	create(b);
	assert_int_equal(vfio_fake_state.irq_calls, 0);
	assert_int_equal(b->set.event_fds[1][1], -1);
}

/* --- the legacy interrupt -------------------------------------------------- */

#define RTE_LEVEL_VECTOR_0X51 0x8051u

static void ioapic_write(struct bench *b, uint32_t reg, uint32_t value)
{
	access_write(ioapic_access, &b->ioapic, 0, 4, reg);
	access_write(ioapic_access, &b->ioapic, 0x10, 4, value);
}

static void ring(struct bench *b, int device)
{
	uint64_t one = 1;
	char text[160];

	assert_int_equal(write(b->set.event_fds[device][2], &one, sizeof(one)),
			 sizeof(one));
	assert_int_equal(vfio_set_take_event(&b->set, text, sizeof(text)),
			 -EAGAIN);
}

/* It is level: served, it may come again at once, and not before. */
static void a_legacy_interrupt_ends_at_a_pin(void **state)
{
	struct bench *b = *state;

	vfio_fake_use_no_interrupts();
	b->cfg.count = 1;
	create(b);
	assert_int_equal(vfio_fake_state.irqs[VFIO_PCI_INTX_IRQ_INDEX].fds[0],
			 b->set.event_fds[0][2]);
	ioapic_write(b, 0x10 + 2 * 16, RTE_LEVEL_VECTOR_0X51);
	ring(b, 0);
	assert_int_equal(hv_fake_state.sent_count, 1);
	assert_int_equal(hv_fake_state.sent[0].data & 0xff, 0x51);
	assert_int_equal(vfio_fake_state.unmasks, 0);
	ioapic_eoi(&b->ioapic, 0x51);
	assert_int_equal(vfio_fake_state.unmasks, 1);
	assert_int_equal(hv_fake_state.sent_count, 1);
	ring(b, 0);
	assert_int_equal(hv_fake_state.sent_count, 2);
}

static void one_that_is_masked_waits(void **state)
{
	struct bench *b = *state;

	vfio_fake_use_no_interrupts();
	create(b);
	ring(b, 0);
	assert_int_equal(hv_fake_state.sent_count, 0);
	ioapic_write(b, 0x10 + 2 * 16, RTE_LEVEL_VECTOR_0X51);
	assert_int_equal(hv_fake_state.sent_count, 1);
}

static void a_function_with_messages_has_no_pin(void **state)
{
	struct bench *b = *state;

	create(b);
	assert_int_equal(vfio_fake_state.irqs[VFIO_PCI_INTX_IRQ_INDEX].count,
			 0);
	assert_int_equal(b->set.event_fds[0][2], -1);
	assert_int_equal(b->set.devices[0].fn.config[0x3d], 0);
}

/* --- failures ------------------------------------------------------------- */

static void expect_all_or_a_reason(struct bench *b, int *failed)
{
	int ret = try_create(b);

	assert_int_equal(ret != 0, b->err.msg[0] != '\0');
	*failed += ret != 0;
	stop(b);
}

static void every_failure_leaves_nothing_behind(void **state)
{
	enum vfio_iommu_choice way;
	struct bench *b = *state;

	for (way = VFIO_IOMMU_CONTAINER; way <= VFIO_IOMMU_FD; way++) {
		bool is_reached = true;
		int n, failed = 0;

		b->cfg.iommu = way;
		for (n = 1; is_reached; n++) {
			pci_bus_release(&b->bus);
			fresh(b);
			vfio_fake_state.has_iommufd = true;
			vfio_fake_state.fail_at = n;
			expect_all_or_a_reason(b, &failed);
			is_reached = vfio_fake_state.calls >= n;
			pci_bus_init(&b->bus, &b->vm);
		}
		assert_true(failed > 16 && failed < n - 1);
	}
}

/* The attachment of both, and their pages, which may be exits instead. */
static void every_failure_of_the_hypervisor_leaves_nothing_behind(void **state)
{
	struct bench *b = *state;
	int n, failed = 0;

	for (n = 1; n <= 5; n++) {
		pci_bus_release(&b->bus);
		fresh(b);
		hv_fake_state.fail_at = n;
		expect_all_or_a_reason(b, &failed);
		pci_bus_init(&b->bus, &b->vm);
	}
	assert_int_equal(hv_fake_state.calls, 4);
	assert_int_equal(failed, 2);
}

#define ON_HOST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_HOST(a_machine_without_devices_opens_nothing),
		ON_HOST(devices_see_ram_on_both_sides_of_the_hole),
		ON_HOST(devices_have_slots_of_their_own),
		ON_HOST(both_phases_are_stamped),
		ON_HOST(a_device_is_named_once),
		ON_HOST(no_memory_is_shown_without_the_hypervisor),
		ON_HOST(mshv_takes_no_device),
		ON_HOST(what_the_host_reports_is_told_in_words),
		ON_HOST(vfio_signals_trouble_where_it_is_watched),
		ON_HOST(a_legacy_interrupt_ends_at_a_pin),
		ON_HOST(one_that_is_masked_waits),
		ON_HOST(a_function_with_messages_has_no_pin),
		ON_HOST(a_device_that_reports_nothing_is_fine),
		ON_HOST(every_failure_leaves_nothing_behind),
		ON_HOST(every_failure_of_the_hypervisor_leaves_nothing_behind),
	};

	return RUN_TESTS(tests);
}
