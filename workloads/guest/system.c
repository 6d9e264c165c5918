// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/system.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/vm_sockets.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "workloads/stamp_port.h"
#include "workloads/workload.h"

#define PORT_NAME "l1vh.results"
#define CHANNEL_WAIT_MS 5000
#define DEVICE_WAIT_MS 5000

void system_mount(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
}

/*
 * Linux turns transparent huge pages off where there is less than 512 MiB
 * (mm/huge_memory.c). A guest of that size would then differ from its host
 * by a policy, not by its hypervisor.
 */
void system_enable_huge_pages(void)
{
	int fd = open("/sys/kernel/mm/transparent_hugepage/enabled",
		      O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "always", 6) < 0)
		fprintf(stderr, "agent: cannot enable huge pages: %m\n");
	close(fd);
}

void system_load_modules(const char *folder)
{
	struct dirent **names;
	char path[512];
	int n = scandir(folder, &names, NULL, alphasort);
	int i;

	for (i = 0; i < n; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		fd = strstr(names[i]->d_name, ".ko")
			     ? open(path, O_RDONLY | O_CLOEXEC)
			     : -1;
		if (fd >= 0) {
			if (syscall(SYS_finit_module, fd, "", 0))
				fprintf(stderr, "agent: cannot load %s: %m\n",
					path);
			close(fd);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static int try_open_channel(void)
{
	static const char folder[] = "/sys/class/virtio-ports";
	DIR *dir = opendir(folder);
	struct dirent *e;
	char path[512], name[64];
	int fd = -1;

	while (dir && fd < 0 && (e = readdir(dir))) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s/name", folder, e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f) &&
		    !strncmp(name, PORT_NAME, strlen(PORT_NAME))) {
			snprintf(path, sizeof(path), "/dev/%s", e->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
		}
		fclose(f);
	}
	if (dir)
		closedir(dir);
	return fd;
}

int system_open_channel(void)
{
	const struct timespec ms = {.tv_nsec = 1000000};
	int fd = -1;
	int i;

	for (i = 0; i < CHANNEL_WAIT_MS && fd < 0; i++) {
		fd = try_open_channel();
		if (fd < 0)
			nanosleep(&ms, NULL);
	}
	return fd;
}

static bool has_stamps;

void system_stamp_enable(void)
{
	/* Other VMMs have something else at that port. */
	if (getenv("l1vh_no_stamps"))
		return;
	has_stamps = true;
	if (ioperm(WL_STAMP_PORT, 4, 1))
		fprintf(stderr, "agent: no access to the stamp port: %m\n");
}

void system_stamp(uint32_t value)
{
	if (has_stamps)
		outl(value, WL_STAMP_PORT);
}

void system_power_off(void)
{
	sync();
	reboot(getenv("l1vh_reboot") ? RB_AUTOBOOT : RB_POWER_OFF);
	for (;;)
		pause();
}

static bool wait_a_ms(int *left)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	nanosleep(&ms, NULL);
	return (*left)-- > 0;
}

static bool try_find_disk(const char *serial, char *path, size_t size)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *e;
	bool found = false;
	char text[64];
	FILE *f;

	while (dir && !found && (e = readdir(dir))) {
		snprintf(path, size, "/sys/block/%s/serial", e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		found = fgets(text, sizeof(text), f) &&
			!strncmp(text, serial, strlen(serial));
		fclose(f);
		snprintf(path, size, "/dev/%s", e->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Where a VMM lets nobody choose it, the kernel's command line says what it is. */
static const char *actual_serial(const char *serial)
{
	const char *named = getenv(serial);

	return named && *named ? named : serial;
}

bool system_find_disk(const char *serial, char *path, size_t size)
{
	int left = DEVICE_WAIT_MS;
	bool found;

	serial = actual_serial(serial);
	do {
		found = try_find_disk(serial, path, size);
	} while (!found && wait_a_ms(&left));
	return found;
}

static bool try_find_nvme(char *path, size_t size)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *e;
	bool found = false;

	while (dir && !found && (e = readdir(dir)))
		if (!strncmp(e->d_name, "nvme", 4)) {
			snprintf(path, size, "/dev/%s", e->d_name);
			/* One of several paths to it has no file. */
			found = !access(path, F_OK);
		}
	if (dir)
		closedir(dir);
	return found;
}

bool system_find_nvme(char *path, size_t size)
{
	int left = DEVICE_WAIT_MS;
	bool found;

	do {
		found = try_find_nvme(path, size);
	} while (!found && wait_a_ms(&left));
	return found;
}

static bool put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_done = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return is_done;
}

/* With its end; "" where there is none. */
static void get_line(const char *path, char *text, int size)
{
	FILE *f = fopen(path, "re");

	if (!f || !fgets(text, size, f))
		text[0] = '\0';
	if (f)
		fclose(f);
}

/* "/dev/nvme0n1": a controller has the number of its first disk's subsystem unless
 * there are several paths, and those are not polled. */
bool system_nvme_poll(const char *path, bool is_on)
{
	static const char count[] = "/sys/module/nvme/parameters/poll_queues";
	char reset[128], text[64], before[16];
	unsigned int controller;
	int left = DEVICE_WAIT_MS;
	bool is_reset;

	get_line(count, before, sizeof(before));
	if (sscanf(path, "/dev/nvme%un", &controller) != 1 || !before[0])
		return false;
	snprintf(reset, sizeof(reset),
		 "/sys/class/nvme/nvme%u/reset_controller", controller);
	if (is_on && !put_text(count, "1"))
		return false;
	is_reset = put_text(reset, "1");
	/* What other disks get from now on is not ours to say. */
	if (is_on)
		put_text(count, before);
	if (!is_reset)
		return false;
	snprintf(reset, sizeof(reset), "/sys/class/nvme/nvme%u/state",
		 controller);
	do {
		get_line(reset, text, sizeof(text));
	} while (strncmp(text, "live", 4) && wait_a_ms(&left));
	return !strncmp(text, "live", 4);
}

bool system_mount_tools(void)
{
	char path[300];

	if (!system_find_disk(WL_TOOLS_SERIAL, path, sizeof(path)))
		return false;
	mkdir("/tools", 0755);
	mkdir("/tmp", 01777);
	/* fio keeps what its threads share there. */
	mkdir("/dev/shm", 01777);
	mount("shm", "/dev/shm", "tmpfs", 0, NULL);
	return !mount(path, "/tools", "ext4", MS_RDONLY, NULL);
}

/* The first interface that is no loopback. */
static bool first_card(int fd, struct ifreq *ifr)
{
	struct if_nameindex *all = if_nameindex();
	struct if_nameindex *i;
	bool found = false;

	for (i = all; i && i->if_name && !found; i++) {
		snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s",
			 i->if_name);
		found = !ioctl(fd, SIOCGIFFLAGS, ifr) &&
			!(ifr->ifr_flags & IFF_LOOPBACK);
	}
	if_freenameindex(all);
	return found;
}

static void set_inet(struct sockaddr *sa, in_addr_t address)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr = {.s_addr = address}};

	memcpy(sa, &in, sizeof(in));
}

static bool set_up(int fd, struct ifreq *ifr)
{
	if (ioctl(fd, SIOCGIFFLAGS, ifr))
		return false;
	ifr->ifr_flags |= IFF_UP;
	return !ioctl(fd, SIOCSIFFLAGS, ifr);
}

static bool set_address(int fd, struct ifreq *ifr, const char *address)
{
	char ip[32];
	unsigned int bits;
	struct in_addr in;

	if (sscanf(address, "%31[0-9.]/%u", ip, &bits) != 2 || !bits ||
	    bits > 32 || inet_pton(AF_INET, ip, &in) != 1)
		return false;
	set_inet(&ifr->ifr_addr, in.s_addr);
	if (ioctl(fd, SIOCSIFADDR, ifr))
		return false;
	set_inet(&ifr->ifr_netmask, htonl(UINT32_MAX << (32 - bits)));
	return !ioctl(fd, SIOCSIFNETMASK, ifr);
}

static bool add_route(int fd, const char *gateway)
{
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
	struct in_addr in;

	if (inet_pton(AF_INET, gateway, &in) != 1)
		return false;
	set_inet(&route.rt_dst, 0);
	set_inet(&route.rt_genmask, 0);
	set_inet(&route.rt_gateway, in.s_addr);
	return !ioctl(fd, SIOCADDRT, &route);
}

bool system_net_up(const char *address, const char *gateway)
{
	struct ifreq lo = {.ifr_name = "lo"}, card = {.ifr_name = ""};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int left = DEVICE_WAIT_MS;
	bool ok;

	set_up(fd, &lo);
	do {
		ok = first_card(fd, &card);
	} while (!ok && wait_a_ms(&left));
	ok = ok && set_address(fd, &card, address) && set_up(fd, &card) &&
	     (!*gateway || add_route(fd, gateway));
	close(fd);
	return ok;
}

static unsigned int own_cid(void)
{
	int fd = open("/dev/vsock", O_RDONLY | O_CLOEXEC);
	unsigned int cid = VMADDR_CID_ANY;

	if (fd >= 0) {
		ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid);
		close(fd);
	}
	return cid;
}

int system_open_vsock(void)
{
	struct sockaddr_vm to = {.svm_family = AF_VSOCK,
				 .svm_cid = VMADDR_CID_HOST};
	int left = DEVICE_WAIT_MS;
	int fd;

	if (!getenv("l1vh_vsock"))
		return -1;
	system_load_modules("/modules/vsock");
	do {
		to.svm_port = own_cid();
		fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)))
			return fd;
		if (fd >= 0)
			close(fd);
	} while (wait_a_ms(&left));
	return -1;
}
