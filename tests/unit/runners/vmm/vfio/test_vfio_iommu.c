// SPDX-License-Identifier: GPL-3.0-or-later
/* runners/vmm/vfio/vfio_iommu and vfio_device: how a function of the host is
 * reached, and what stands in the way. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/resource.h>

#include "runners/vmm/vfio/vfio_device.h"
#include "tests/unit/fixture/vfio_fake.h"

#define RAM ((void *)0x7f0000000000)

struct bench {
	struct vfio_iommu iommu;
	struct vfio_device dev;
	struct err err;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	*state = b;
	vfio_fake_reset();
	b->iommu.fd = b->dev.fd = -1;
	b->iommu.sys = b->dev.sys = &vfio_fake;
	return 0;
}

static void stop(struct bench *b)
{
	vfio_device_close(&b->dev);
	vfio_iommu_close(&b->iommu);
	assert_true(vfio_fake_is_clean());
	/* As often as one likes. */
	vfio_device_close(&b->dev);
	vfio_iommu_close(&b->iommu);
	assert_true(vfio_fake_is_clean());
}

static int teardown(void **state)
{
	stop(*state);
	free(*state);
	return 0;
}

static int try_start(struct bench *b, enum vfio_iommu_choice choice)
{
	int ret = vfio_iommu_open(&b->iommu, &vfio_fake, choice, &b->err);

	if (!ret)
		ret = vfio_device_open(&b->dev, &b->iommu, VFIO_FAKE_ADDRESS,
				       &b->err);
	if (!ret)
		ret = vfio_iommu_map(&b->iommu, 0, RAM, 64 * MIB, &b->err);
	return ret;
}

static void start(struct bench *b, enum vfio_iommu_choice choice)
{
	if (try_start(b, choice))
		fail_msg("%s", b->err.msg);
}

/* --- which way ------------------------------------------------------------ */

static void the_way_is_the_one_that_is_there(void **state)
{
	static const struct {
		bool has_container, has_iommufd;
		enum vfio_iommu_choice choice;
		const char *name; /* NULL: refused with */
		const char *text;
	} cases[] = {
		{true, true, VFIO_IOMMU_AUTO, "container", NULL},
		{true, false, VFIO_IOMMU_AUTO, "container", NULL},
		{false, true, VFIO_IOMMU_AUTO, "iommufd", NULL},
		{true, true, VFIO_IOMMU_CONTAINER, "container", NULL},
		{true, true, VFIO_IOMMU_FD, "iommufd", NULL},
		{false, true, VFIO_IOMMU_FD, "iommufd", NULL},
		{false, false, VFIO_IOMMU_AUTO, NULL,
		 "neither '/dev/vfio/vfio' nor '/dev/iommu': load vfio-pci"},
		{false, true, VFIO_IOMMU_CONTAINER, NULL,
		 "no '/dev/vfio/vfio': load vfio-pci"},
		{true, false, VFIO_IOMMU_FD, NULL,
		 "no '/dev/iommu': load iommufd, or use the container"},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vfio_fake_state.has_container = cases[i].has_container;
		vfio_fake_state.has_iommufd = cases[i].has_iommufd;
		if (cases[i].name) {
			start(b, cases[i].choice);
			assert_string_equal(vfio_iommu_name(&b->iommu),
					    cases[i].name);
		} else {
			assert_int_equal(try_start(b, cases[i].choice),
					 -ENOENT);
			assert_string_equal(b->err.msg, cases[i].text);
		}
		stop(b);
		vfio_fake_reset();
	}
}

static void a_container_without_an_iommu_is_refused(void **state)
{
	struct bench *b = *state;

	/* It is there: what it lacks is not looked for elsewhere. */
	vfio_fake_state.has_iommufd = true;
	vfio_fake_state.has_type1 = false;
	assert_int_equal(try_start(b, VFIO_IOMMU_AUTO), -ENODEV);
	assert_non_null(strstr(b->err.msg, "load vfio_iommu_type1"));
}

/* --- what stands in the way ----------------------------------------------- */

static void refused(struct bench *b, enum vfio_iommu_choice choice, int ret,
		    const char *text)
{
	vfio_fake_state.has_iommufd = true;
	assert_int_equal(try_start(b, choice), ret);
	if (!strstr(b->err.msg, text))
		fail_msg("'%s' is not in '%s'", text, b->err.msg);
	stop(b);
	vfio_fake_reset();
}

static void what_stands_in_the_way_is_told(void **state)
{
	struct vfio_fake_state *s = &vfio_fake_state;
	enum vfio_iommu_choice choice;
	struct bench *b = *state;

	for (choice = VFIO_IOMMU_CONTAINER; choice <= VFIO_IOMMU_FD; choice++) {
		s->has_function = false;
		refused(b, choice, -ENODEV,
			"this host has no PCI function 0000:00:05.0");
		s->group = NULL;
		refused(b, choice, -ENODEV,
			"this host has no IOMMU, or it is off (intel_iommu=on)");
		s->driver = NULL;
		refused(b, choice, -ENODEV, "no driver: bind it to vfio-pci");
		s->driver = "nvme";
		refused(b, choice, -EBUSY,
			"belongs to the driver 'nvme': bind it to vfio-pci");
		s->is_pci = false;
		refused(b, choice, -ENOTSUP, "0000:00:05.0 is no PCI function");
	}
	s->is_group_viable = false;
	refused(b, VFIO_IOMMU_CONTAINER, -EPERM,
		"IOMMU group 7 has other functions, which a driver of the host uses: a group goes as a whole");
	s->is_group_busy = true;
	refused(b, VFIO_IOMMU_CONTAINER, -EBUSY,
		"IOMMU group 7 is in use by another process");
	s->cdev = NULL;
	refused(b, VFIO_IOMMU_FD, -ENODEV, "this kernel has only containers");
	s->bind_error = -EBUSY;
	refused(b, VFIO_IOMMU_FD, -EBUSY, "iommufd does not take 0000:00:05.0");
}

static void variants_of_vfio_pci_are_drivers_as_well(void **state)
{
	struct bench *b = *state;

	vfio_fake_state.driver = "mlx5_vfio_pci";
	start(b, VFIO_IOMMU_AUTO);
}

static void an_address_that_is_none_is_refused(void **state)
{
	struct bench *b = *state;

	assert_int_equal(vfio_iommu_open(&b->iommu, &vfio_fake, VFIO_IOMMU_AUTO,
					 &b->err),
			 0);
	assert_int_equal(vfio_device_open(&b->dev, &b->iommu,
					  "0000:00:05.0 and some more",
					  &b->err),
			 -EINVAL);
	assert_non_null(strstr(b->err.msg, "'0000:00:05.0 and some more'"));
}

static void memory_that_may_not_be_pinned_names_the_limit(void **state)
{
	struct rlimit old, lim;
	struct bench *b = *state;

	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &old), 0);
	lim = old;
	lim.rlim_cur = 64 * KIB;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &lim), 0);
	vfio_fake_state.map_error = -ENOMEM;
	refused(b, VFIO_IOMMU_CONTAINER, -ENOMEM,
		"cannot pin 64 MiB of guest RAM: RLIMIT_MEMLOCK is 64 KiB; raise it (ulimit -l)");
	vfio_fake_state.map_error = -ENOMEM;
	refused(b, VFIO_IOMMU_FD, -ENOMEM, "raise it (ulimit -l)");
	/* The limit is not what is in the way. */
	vfio_fake_state.map_error = -EINVAL;
	refused(b, VFIO_IOMMU_CONTAINER, -EINVAL,
		"cannot pin 64 MiB of guest RAM: Invalid argument");
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &old), 0);
}

/* --- groups and memory ---------------------------------------------------- */

static void functions_of_one_group_share_it(void **state)
{
	struct vfio_device other;
	struct bench *b = *state;

	start(b, VFIO_IOMMU_CONTAINER);
	assert_int_equal(
		vfio_device_open(&other, &b->iommu, "0000:00:06.0", &b->err),
		0);
	assert_int_equal(b->iommu.group_count, 1);
	assert_int_equal(other.hv_fd, b->dev.hv_fd);
	assert_int_not_equal(other.fd, b->dev.fd);
	assert_int_equal(vfio_fake_state.live_fds, 4);
	vfio_device_close(&other);
	assert_int_equal(vfio_fake_state.live_fds, 3);
}

static void functions_of_two_groups_share_a_container(void **state)
{
	struct vfio_device other;
	struct bench *b = *state;

	vfio_fake_state.has_groups_apart = true;
	start(b, VFIO_IOMMU_CONTAINER);
	assert_int_equal(
		vfio_device_open(&other, &b->iommu, "0000:00:06.0", &b->err),
		0);
	assert_int_equal(b->iommu.group_count, 2);
	assert_int_not_equal(other.hv_fd, b->dev.hv_fd);
	assert_int_equal(vfio_fake_state.iommu_sets, 1);
	vfio_device_close(&other);
}

static void more_groups_than_devices_are_refused(void **state)
{
	struct vfio_device others[VFIO_MAX_DEVICES];
	struct bench *b = *state;
	char address[VFIO_ADDRESS_BYTES];
	int i;

	vfio_fake_state.has_groups_apart = true;
	start(b, VFIO_IOMMU_CONTAINER);
	for (i = 1; i <= VFIO_MAX_DEVICES; i++) {
		int ret;

		snprintf(address, sizeof(address), "0000:00:%02x.0", 5 + i);
		ret = vfio_device_open(&others[i - 1], &b->iommu, address,
				       &b->err);
		assert_int_equal(ret, i < VFIO_MAX_DEVICES ? 0 : -E2BIG);
	}
	assert_string_equal(b->err.msg, "more than 8 devices");
	for (i = 0; i < VFIO_MAX_DEVICES; i++)
		vfio_device_close(&others[i]);
}

/* With iommufd there is no group: the device itself is what a hypervisor
 * takes. */
static void the_hypervisor_takes_a_group_or_a_device(void **state)
{
	struct bench *b = *state;

	start(b, VFIO_IOMMU_CONTAINER);
	assert_int_equal(b->dev.hv_fd, b->iommu.groups[0].fd);
	stop(b);
	vfio_fake_reset();
	vfio_fake_state.has_iommufd = true;
	vfio_fake_state.cdev = "vfio12";
	start(b, VFIO_IOMMU_FD);
	assert_int_equal(b->dev.hv_fd, b->dev.fd);
	assert_int_equal(b->iommu.group_count, 0);
}

static void memory_is_where_the_guest_has_it(void **state)
{
	enum vfio_iommu_choice choice;
	struct bench *b = *state;

	for (choice = VFIO_IOMMU_CONTAINER; choice <= VFIO_IOMMU_FD; choice++) {
		const struct vfio_fake_dma *dma = &vfio_fake_state.dmas[1];

		vfio_fake_state.has_iommufd = true;
		start(b, choice);
		assert_int_equal(vfio_iommu_map(&b->iommu, 4 * GIB,
						(char *)RAM + GIB, 2 * GIB,
						&b->err),
				 0);
		assert_int_equal(vfio_fake_state.dma_calls, 2);
		assert_true(dma->iova == 4 * GIB);
		assert_true(dma->size_bytes == 2 * GIB);
		assert_ptr_equal(dma->host, (char *)RAM + GIB);
		assert_true(b->iommu.mapped_bytes == 2 * GIB + 64 * MIB);
		assert_int_equal(vfio_iommu_unmap(&b->iommu, 4 * GIB, 2 * GIB),
				 0);
		assert_true(b->iommu.mapped_bytes == 64 * MIB);
		stop(b);
		vfio_fake_reset();
	}
}

/* --- what the kernel says of a function ----------------------------------- */

static const uint8_t *info_of(uint64_t size, uint32_t cap_offset, uint16_t next,
			      uint32_t areas)
{
	static struct {
		struct vfio_region_info info;
		struct vfio_info_cap_header other; /* of another kind */
		struct vfio_region_info_cap_sparse_mmap cap;
		struct vfio_region_sparse_mmap_area areas[2];
	} said;

	memset(&said, 0, sizeof(said));
	said.info.argsz = sizeof(said);
	said.info.flags =
		VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	said.info.size = size;
	said.info.cap_offset = cap_offset;
	said.other.id = 3;
	said.other.next = next;
	said.cap.header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	said.cap.nr_areas = areas;
	said.areas[0].size = 0x1000;
	said.areas[1] = (struct vfio_region_sparse_mmap_area){0x3000, 0x1000};
	vfio_fake_state.info = (const uint8_t *)&said;
	vfio_fake_state.info_bytes = sizeof(said);
	return vfio_fake_state.info;
}

static void regions_are_as_the_kernel_says(void **state)
{
	static const struct {
		uint64_t size;
		uint32_t cap_offset;
		uint16_t next;
		uint32_t areas;
		uint32_t count; /* that are left */
		uint64_t last_off, last_bytes;
	} cases[] = {
		{0x4000, 32, 40, 2, 2, 0x3000, 0x1000},
		{0x4000, 32, 40, 1, 1, 0, 0x1000},
		{0x4000, 40, 0, 2, 2, 0x3000, 0x1000},
		/* None of it may be mapped. */
		{0x4000, 40, 0, 0, 0, 0, 0},
		/* More areas than it says, and less of them. */
		{0x4000, 40, 0, UINT32_MAX, 2, 0x3000, 0x1000},
		{0x3800, 40, 0, 2, 1, 0, 0x1000},
		/* No word of areas: all of it. */
		{0x4000, 32, 0, 2, 1, 0, 0x4000},
		{0x4000, 0, 40, 2, 1, 0, 0x4000},
		/* A chain that goes back, or out. */
		{0x4000, 32, 32, 2, 1, 0, 0x4000},
		{0x4000, 32, 8, 2, 1, 0, 0x4000},
		{0x4000, 32, 0xfff0, 2, 1, 0, 0x4000},
		{0x4000, 0xfffffff8, 40, 2, 1, 0, 0x4000},
		{0x4000, 84, 40, 2, 1, 0, 0x4000},
		{UINT64_MAX, 0, 0, 0, 1, 0, UINT64_MAX},
		{0, 32, 40, 2, 0, 0, 0},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct vfio_region *bar = &b->dev.bars[0];

		info_of(cases[i].size, cases[i].cap_offset, cases[i].next,
			cases[i].areas);
		start(b, VFIO_IOMMU_AUTO);
		assert_true(bar->size_bytes == cases[i].size);
		assert_int_equal(bar->area_count, cases[i].count);
		if (bar->area_count) {
			const struct vfio_area *last =
				&bar->areas[bar->area_count - 1];

			assert_true(last->off == cases[i].last_off);
			assert_true(last->size_bytes == cases[i].last_bytes);
		}
		stop(b);
		vfio_fake_reset();
	}
}

static void accesses_beyond_a_region_are_refused(void **state)
{
	static const struct {
		uint64_t off;
		uint32_t len;
	} beyond[] = {{256, 1},
		      {255, 2},
		      {252, 8},
		      {UINT64_MAX, 1},
		      {UINT64_MAX - 3, 4},
		      {0, 16}};
	struct bench *b = *state;
	uint64_t value = 1;
	size_t i;
	int calls;

	start(b, VFIO_IOMMU_AUTO);
	calls = vfio_fake_state.calls;
	for (i = 0; i < ARRAY_SIZE(beyond); i++) {
		assert_int_equal(vfio_device_read(&b->dev, &b->dev.config,
						  beyond[i].off, beyond[i].len,
						  &value),
				 -EINVAL);
		assert_int_equal(value, 0);
		assert_int_equal(vfio_device_write(&b->dev, &b->dev.config,
						   beyond[i].off, beyond[i].len,
						   1),
				 -EINVAL);
	}
	assert_int_equal(vfio_fake_state.calls, calls);
	assert_int_equal(
		vfio_device_read(&b->dev, &b->dev.config, 254, 2, &value), 0);
}

static void every_failure_leaves_nothing_open(void **state)
{
	enum vfio_iommu_choice choice;
	struct bench *b = *state;

	for (choice = VFIO_IOMMU_CONTAINER; choice <= VFIO_IOMMU_FD; choice++) {
		bool is_reached = true;
		int n, ret = -1, failed = 0;

		for (n = 1; is_reached; n++) {
			vfio_fake_reset();
			vfio_fake_state.has_iommufd = true;
			vfio_fake_state.fail_at = n;
			b->err = (struct err){0};
			ret = try_start(b, choice);
			assert_int_equal(ret != 0, b->err.msg[0] != '\0');
			failed += ret != 0;
			is_reached = vfio_fake_state.calls >= n;
			stop(b);
		}
		assert_int_equal(ret, 0);
		assert_true(failed > 6);
	}
}

#define ON_HOST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_HOST(the_way_is_the_one_that_is_there),
		ON_HOST(a_container_without_an_iommu_is_refused),
		ON_HOST(what_stands_in_the_way_is_told),
		ON_HOST(variants_of_vfio_pci_are_drivers_as_well),
		ON_HOST(an_address_that_is_none_is_refused),
		ON_HOST(memory_that_may_not_be_pinned_names_the_limit),
		ON_HOST(functions_of_one_group_share_it),
		ON_HOST(functions_of_two_groups_share_a_container),
		ON_HOST(more_groups_than_devices_are_refused),
		ON_HOST(the_hypervisor_takes_a_group_or_a_device),
		ON_HOST(memory_is_where_the_guest_has_it),
		ON_HOST(regions_are_as_the_kernel_says),
		ON_HOST(accesses_beyond_a_region_are_refused),
		ON_HOST(every_failure_leaves_nothing_open),
	};

	return RUN_TESTS(tests);
}
