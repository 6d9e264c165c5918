// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/system.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "workloads/stamp_port.h"

#define PORT_NAME "l1vh.results"
#define CHANNEL_WAIT_MS 5000

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

void system_load_modules(void)
{
	struct dirent **names;
	char path[512];
	int n = scandir("/modules", &names, NULL, alphasort);
	int i;

	for (i = 0; i < n; i++) {
		int fd;

		snprintf(path, sizeof(path), "/modules/%s", names[i]->d_name);
		fd = names[i]->d_name[0] == '.'
			     ? -1
			     : open(path, O_RDONLY | O_CLOEXEC);
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

void system_stamp_enable(void)
{
	if (ioperm(WL_STAMP_PORT, 4, 1))
		fprintf(stderr, "agent: no access to the stamp port: %m\n");
}

void system_stamp(uint32_t value)
{
	outl(value, WL_STAMP_PORT);
}

void system_power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
