// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_eventfd - eventfds as interrupts (irqfd) and as doorbells
 * (ioeventfd), and the routes of the former.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mshv/selftest/rig.h"

#define GSI 5
#define DOORBELL_MS 1000 /* it rings asynchronously */
#define MSI_LEVEL (1u << 15)

static int event_new(const struct check *check, unsigned int count)
{
	int fd = eventfd(count, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		check_end(check, SELFTEST_SKIP, "no eventfd: %s",
			  strerror(errno));
	return fd;
}

static void event_signal(const struct check *check, int fd)
{
	const uint64_t one = 1;

	check_true(check, write(fd, &one, sizeof(one)) == sizeof(one),
		   "cannot write to an eventfd");
}

/* 0 where it was not signalled. */
static uint64_t event_take(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

static int not_an_eventfd(const struct check *check)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		check_end(check, SELFTEST_SKIP, "no /dev/null");
	return fd;
}

static struct mshv_route msi(uint32_t gsi, uint32_t data)
{
	return (struct mshv_route){
		.gsi = gsi,
		.addr_lo = 0xfee00000,
		.data = data,
	};
}

/* One or two entries, of which the kernel sees COUNT. */
static int routes(struct rig *rig, uint32_t count, struct mshv_route first,
		  struct mshv_route second)
{
	static struct mshv_route_table *table;

	if (!table)
		table = (void *)rig_pages(rig->check, 2 * MSHV_PAGE_BYTES);
	table->count = count;
	table->entries[0] = first;
	table->entries[1] = second;
	return rig_ioctl(rig, rig->pt, MSHV_SET_MSI_ROUTING, table);
}

static int route(struct rig *rig, uint32_t data)
{
	return routes(rig, 1, msi(GSI, data), msi(0, 0));
}

static int irqfd(struct rig *rig, int fd, uint32_t gsi, uint32_t flags)
{
	struct mshv_irqfd arg = {
		.fd = fd,
		.resample_fd = -1,
		.gsi = gsi,
		.flags = flags,
	};

	return rig_ioctl(rig, rig->pt, MSHV_IRQFD, &arg);
}

static void eventfd_routing(const struct check *check)
{
	struct mshv_route_table header = {.count = MSHV_MAX_ROUTES + 1};
	struct mshv_route high = msi(1, 0x40);
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	check_ret(check, routes(&rig, 0, msi(0, 0), msi(0, 0)), 0,
		  "SET_MSI_ROUTING of no entries");
	check_ret(check, routes(&rig, 2, msi(1, 0x40), msi(2, 0x41)), 0,
		  "SET_MSI_ROUTING of two entries");
	check_ret(check, routes(&rig, 2, msi(1, 0x40), msi(1, 0x41)), -EINVAL,
		  "SET_MSI_ROUTING of one GSI twice");
	check_ret(check, routes(&rig, 1, msi(MSHV_MAX_ROUTES, 0x40), msi(0, 0)),
		  -EINVAL, "SET_MSI_ROUTING of GSI 4096");
	high.addr_hi = 1;
	check_ret(check, routes(&rig, 1, high, msi(0, 0)), -EINVAL,
		  "SET_MSI_ROUTING with address_hi");
	check_ret(check, rig_ioctl(&rig, rig.pt, MSHV_SET_MSI_ROUTING, &header),
		  -EINVAL, "SET_MSI_ROUTING of 4097 entries");
	header = (struct mshv_route_table){.rsvd = 1};
	check_ret(check, rig_ioctl(&rig, rig.pt, MSHV_SET_MSI_ROUTING, &header),
		  -EINVAL, "SET_MSI_ROUTING with rsvd");
}

static void irqfd_refused(const struct check *check)
{
	int fd = event_new(check, 0);
	int other = event_new(check, 0);
	struct mshv_irqfd resample = {
		.fd = other,
		.resample_fd = event_new(check, 0),
		.gsi = GSI,
		.flags = MSHV_IRQFD_RESAMPLE,
	};
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	check_ret(check, irqfd(&rig, fd, GSI, 1 << 2), -EINVAL,
		  "IRQFD with flag bit 2");
	check_ret(check, irqfd(&rig, -1, GSI, 0), -EBADF, "IRQFD of fd -1");
	check_ret(check, irqfd(&rig, not_an_eventfd(check), GSI, 0), -EINVAL,
		  "IRQFD of /dev/null");
	check_ret(check, irqfd(&rig, fd, GSI, 0), 0, "IRQFD before a route");
	check_ret(check, irqfd(&rig, fd, GSI, 0), -EBUSY, "IRQFD again");
	check_ret(check, irqfd(&rig, fd, GSI + 1, 0), -EBUSY,
		  "IRQFD of one eventfd for a second GSI");
	check_ret(check, irqfd(&rig, other, GSI, MSHV_IRQFD_DEASSIGN), 0,
		  "IRQFD DEASSIGN of what was not assigned");
	check_ret(check, route(&rig, 0x40), 0, "SET_MSI_ROUTING, edge");
	check_ret(check, rig_ioctl(&rig, rig.pt, MSHV_IRQFD, &resample),
		  -EINVAL, "IRQFD RESAMPLE with an edge-triggered route");
	check_ret(check, irqfd(&rig, fd, GSI, MSHV_IRQFD_DEASSIGN), 0,
		  "IRQFD DEASSIGN");
	check_ret(check, irqfd(&rig, fd, GSI, 0), 0, "IRQFD after DEASSIGN");
}

static void irqfd_delivery(const struct check *check)
{
	int fd = event_new(check, 0);
	struct rig rig;

	rig_boot_sti(&rig, check);
	rig_handler(&rig, 0x41);
	check_ret(check, route(&rig, 0x41), 0, "SET_MSI_ROUTING");
	check_ret(check, irqfd(&rig, fd, GSI, 0), 0, "IRQFD");
	event_signal(check, fd);
	check_u64(check, rig_run_out(&rig, 0x80), 0x41,
		  "vector that the guest gets from an irqfd");
	check_u64(check, event_take(fd), 0, "count of the eventfd after that");
}

/* Each table replaces the last, for the irqfds that are there already. */
static void irqfd_reroute(const struct check *check)
{
	int fd = event_new(check, 0);
	struct rig rig;

	rig_boot_sti(&rig, check);
	rig_handler(&rig, 0x41);
	rig_handler(&rig, 0x51);
	check_ret(check, irqfd(&rig, fd, GSI, 0), 0, "IRQFD");
	check_ret(check, route(&rig, 0x41), 0, "SET_MSI_ROUTING after IRQFD");
	event_signal(check, fd);
	check_u64(check, rig_run_out(&rig, 0x80), 0x41,
		  "vector of the first route");

	/* There was no EOI: the second has to have the higher priority. */
	check_ret(check, route(&rig, 0x51), 0, "SET_MSI_ROUTING again");
	event_signal(check, fd);
	rig_reg_set(&rig, MSHV_REG_RIP, RIG_CODE);
	check_u64(check, rig_run_out(&rig, 0x80), 0x51,
		  "vector of the second route");
}

static void irqfd_signalled_before(const struct check *check)
{
	int fd = event_new(check, 1);
	struct rig rig;

	rig_boot_sti(&rig, check);
	rig_handler(&rig, 0x41);
	check_ret(check, route(&rig, 0x41), 0, "SET_MSI_ROUTING");
	check_ret(check, irqfd(&rig, fd, GSI, 0), 0,
		  "IRQFD of an eventfd that is signalled");
	check_u64(check, rig_run_out(&rig, 0x80), 0x41,
		  "vector that the guest gets");
}

static void irqfd_deassigned(const struct check *check)
{
	int fd = event_new(check, 0);
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	check_ret(check, route(&rig, 0x41), 0, "SET_MSI_ROUTING");
	check_ret(check, irqfd(&rig, fd, GSI, 0), 0, "IRQFD");
	check_ret(check, irqfd(&rig, fd, GSI, MSHV_IRQFD_DEASSIGN), 0,
		  "IRQFD DEASSIGN");
	event_signal(check, fd);
	check_u64(check, event_take(fd), 1,
		  "count of an eventfd that is no irqfd any more");
}

/* MSI_LEVEL in a route makes the interrupt level-triggered, for RESAMPLE. */
static void irqfd_resample(const struct check *check)
{
	struct mshv_irqfd arg = {
		.fd = event_new(check, 0),
		.resample_fd = event_new(check, 0),
		.gsi = GSI,
		.flags = MSHV_IRQFD_RESAMPLE,
	};
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	check_ret(check, route(&rig, MSI_LEVEL | 0x41), 0,
		  "SET_MSI_ROUTING, level");
	/* To 7.1 the driver looks at the route of a new irqfd before it has one, and
	 * refuses all. */
	check_ret_either(check, rig_ioctl(&rig, rig.pt, MSHV_IRQFD, &arg), 0,
			 -EINVAL,
			 "IRQFD RESAMPLE with a level-triggered route");
}

static int doorbell(struct rig *rig, struct mshv_ioeventfd arg)
{
	return rig_ioctl(rig, rig->pt, MSHV_IOEVENTFD, &arg);
}

static void ioeventfd_refused(const struct check *check)
{
	const struct mshv_ioeventfd good = {
		.addr = RIG_HOLE,
		.len_bytes = 4,
		.fd = event_new(check, 0),
	};
	struct mshv_ioeventfd bad = good;
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	bad.flags = 1 << 3;
	check_ret(check, doorbell(&rig, bad), -EINVAL, "flag bit 3");
	bad = good;
	bad.rsvd[3] = 1;
	check_ret(check, doorbell(&rig, bad), -EINVAL, "IOEVENTFD with rsvd");
	bad = good;
	bad.len_bytes = 3;
	check_ret(check, doorbell(&rig, bad), -EINVAL, "IOEVENTFD of 3 bytes");
	bad = good;
	bad.addr = UINT64_MAX - 1;
	check_ret(check, doorbell(&rig, bad), -EINVAL,
		  "IOEVENTFD past the end of addresses");
	bad = good;
	bad.flags = MSHV_IOEVENTFD_PIO;
	bad.addr = 0x80;
	check_ret(check, doorbell(&rig, bad), -EOPNOTSUPP, "IOEVENTFD of PIO");
	bad = good;
	bad.fd = -1;
	check_ret(check, doorbell(&rig, bad), -EBADF, "IOEVENTFD of fd -1");
	bad.fd = not_an_eventfd(check);
	check_ret(check, doorbell(&rig, bad), -EINVAL,
		  "IOEVENTFD of /dev/null");
	bad = good;
	bad.flags = MSHV_IOEVENTFD_DEASSIGN;
	check_ret(check, doorbell(&rig, bad), -ENOENT,
		  "IOEVENTFD DEASSIGN of what was not assigned");
}

static void ioeventfd_collision(const struct check *check)
{
	struct mshv_ioeventfd one = {
		.addr = RIG_HOLE,
		.len_bytes = 4,
		.fd = event_new(check, 0),
		.flags = MSHV_IOEVENTFD_DATAMATCH,
		.datamatch = 1,
	};
	struct mshv_ioeventfd two = one;
	struct mshv_ioeventfd any = one;
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	two.datamatch = 2;
	two.fd = event_new(check, 0);
	any.flags = 0;
	any.fd = event_new(check, 0);
	check_ret(check, doorbell(&rig, one), 0, "IOEVENTFD matching 1");
	check_ret(check, doorbell(&rig, one), -EEXIST, "the same again");
	check_ret(check, doorbell(&rig, two), 0, "IOEVENTFD matching 2");
	check_ret(check, doorbell(&rig, any), -EEXIST,
		  "IOEVENTFD matching all, where one matches 1");

	two.flags |= MSHV_IOEVENTFD_DEASSIGN;
	two.datamatch = 3;
	check_ret(check, doorbell(&rig, two), -ENOENT,
		  "IOEVENTFD DEASSIGN with another datamatch");
	two.datamatch = 2;
	check_ret(check, doorbell(&rig, two), 0, "IOEVENTFD DEASSIGN");
	check_ret(check, doorbell(&rig, two), -ENOENT,
		  "IOEVENTFD DEASSIGN again");
}

/*
 * mov ax, 0x2000; mov ds, ax; mov dword [0], 1; mov dword [0], 2;
 * mov byte [0], 1; mov dx, 0x3f8; out dx, al
 */
static const uint8_t ring[] = {0xb8, 0x00, 0x20, 0x8e, 0xd8, 0x66, 0xc7, 0x06,
			       0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x66, 0xc7,
			       0x06, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0xc6,
			       0x06, 0x00, 0x00, 0x01, 0xba, 0xf8, 0x03, 0xee};
#define RING_ONE_RIP (RIG_CODE + 5)
#define RING_TWO_RIP (RIG_CODE + 14)
#define RING_BYTE_RIP (RIG_CODE + 23)

static void has_rung(const struct check *check, int fd, uint64_t times)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	poll(&wait, 1, DOORBELL_MS);
	check_u64(check, event_take(fd), times, "count of the doorbell");
}

static void exits_at(struct rig *rig, uint64_t rip, const char *what)
{
	struct mshv_msg_memory memory;

	memory = rig_run_memory(rig, MSHV_MSG_UNMAPPED_GPA);
	check_u64(rig->check, memory.header.rip, rip,
		  "rip of the first message, which is to be %s", what);
}

static void ioeventfd_datamatch(const struct check *check)
{
	struct mshv_ioeventfd arg = {
		.addr = RIG_HOLE,
		.len_bytes = 4,
		.fd = event_new(check, 0),
		.flags = MSHV_IOEVENTFD_DATAMATCH,
		.datamatch = 1,
	};
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, ring);
	check_ret(check, doorbell(&rig, arg), 0, "IOEVENTFD matching 1");
	exits_at(&rig, RING_TWO_RIP, "the write of another value");
	has_rung(check, arg.fd, 1);
	rig_advance(&rig, 9);
	exits_at(&rig, RING_BYTE_RIP, "the write of another size");
	check_u64(check, event_take(arg.fd), 0,
		  "count of the doorbell after writes that do not match");

	arg.flags |= MSHV_IOEVENTFD_DEASSIGN;
	check_ret(check, doorbell(&rig, arg), 0, "IOEVENTFD DEASSIGN");
	rig_reg_set(&rig, MSHV_REG_RIP, RIG_CODE);
	exits_at(&rig, RING_ONE_RIP, "the write that matched before DEASSIGN");
}

static void ioeventfd_any_value(const struct check *check)
{
	struct mshv_ioeventfd arg = {
		.addr = RIG_HOLE,
		.len_bytes = 4,
		.fd = event_new(check, 0),
	};
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, ring);
	check_ret(check, doorbell(&rig, arg), 0, "IOEVENTFD of any 4 bytes");
	exits_at(&rig, RING_BYTE_RIP, "the write of another size");
	has_rung(check, arg.fd, 2);
}

static void ioeventfd_any_size(const struct check *check)
{
	struct mshv_ioeventfd arg = {
		.addr = RIG_HOLE,
		.fd = event_new(check, 0),
	};
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, ring);
	check_ret(check, doorbell(&rig, arg), 0, "IOEVENTFD of any size");
	rig_run_out(&rig, 0x3f8);
	has_rung(check, arg.fd, 3);
}

const struct selftest_check selftest_eventfd_checks[] = {
	{"eventfd_routing", eventfd_routing},
	{"irqfd_refused", irqfd_refused},
	{"irqfd_delivery", irqfd_delivery},
	{"irqfd_reroute", irqfd_reroute},
	{"irqfd_signalled_before", irqfd_signalled_before},
	{"irqfd_deassigned", irqfd_deassigned},
	{"irqfd_resample", irqfd_resample},
	{"ioeventfd_refused", ioeventfd_refused},
	{"ioeventfd_collision", ioeventfd_collision},
	{"ioeventfd_datamatch", ioeventfd_datamatch},
	{"ioeventfd_any_value", ioeventfd_any_value},
	{"ioeventfd_any_size", ioeventfd_any_size},
	{NULL, NULL},
};
