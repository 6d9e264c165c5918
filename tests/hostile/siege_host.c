// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/hostile/siege_host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "workloads/sha256.h"

static const struct {
	const char *name;
	uint64_t bytes;
	bool may_change;
} files[] = {
	[HOST_BEFORE] = {"1-before", 64 * KIB, false},
	[HOST_DISK] = {"2-disk", 16 * MIB, true},
	[HOST_READONLY] = {"3-readonly", 1 * MIB, false},
	[HOST_NEIGHBOUR] = {"4-neighbour", 1 * MIB, false},
	[HOST_AFTER] = {"5-after", 64 * KIB, false},
};

static int digest_of(const char *path, uint8_t digest[32])
{
	struct strbuf text = {0};
	int ret = file_read_whole(path, 32 * MIB, &text);

	if (!ret)
		sha256(text.str, text.len, digest);
	strbuf_release(&text);
	return ret;
}

static int make_file(const char *path, uint64_t bytes, struct err *err)
{
	uint64_t state = bytes + 1, done;
	FILE *out = fopen(path, "w");

	if (!out)
		return err_sys(err, -errno, "cannot make '%s'", path);
	for (done = 0; done < bytes; done += sizeof(state)) {
		state = state * 6364136223846793005ull + 1442695040888963407ull;
		fwrite(&state, sizeof(state), 1, out);
	}
	return fclose(out) ? err_sys(err, -errno, "cannot fill '%s'", path) : 0;
}

static uint32_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	uint32_t count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* Up, so that what is sent to it goes through the kernel. */
static int tap_make(void)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "siege%%d");
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr)) {
		close(fd);
		fd = -1;
	}
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd >= 0 && control >= 0 && ioctl(control, SIOCSIFFLAGS, &ifr)) {
		close(fd);
		fd = -1;
	}
	if (control >= 0)
		close(control);
	return fd;
}

int host_create(struct host *host, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	size_t i;
	int ret = 0;

	*host = (struct host){.tap_fd = -1};
	snprintf(host->dir, sizeof(host->dir), "%.200s/siege-XXXXXX",
		 tmp ? tmp : "/tmp");
	if (!mkdtemp(host->dir))
		return err_sys(err, -errno, "cannot make a folder '%s'",
			       host->dir);
	for (i = 0; i < HOST_FILE_COUNT && !ret; i++) {
		snprintf(host->paths[i], sizeof(host->paths[i]), "%s/%s",
			 host->dir, files[i].name);
		ret = make_file(host->paths[i], files[i].bytes, err);
		if (!ret && digest_of(host->paths[i], host->digests[i]))
			ret = err_set(err, -EIO, "cannot read '%s'",
				      host->paths[i]);
	}
	host->entry_count = count_entries(host->dir);
	host->tap_fd = tap_make();
	return ret;
}

const char *host_changed(const struct host *host)
{
	static char text[200];
	uint8_t digest[32];
	struct stat st;
	size_t i;

	for (i = 0; i < HOST_FILE_COUNT; i++) {
		if (stat(host->paths[i], &st) ||
		    (uint64_t)st.st_size != files[i].bytes)
			snprintf(text, sizeof(text),
				 "'%s' is gone or of another size",
				 files[i].name);
		else if (!files[i].may_change &&
			 (digest_of(host->paths[i], digest) ||
			  memcmp(digest, host->digests[i], sizeof(digest))))
			snprintf(text, sizeof(text), "'%s' has other bytes",
				 files[i].name);
		else
			continue;
		return text;
	}
	return count_entries(host->dir) == host->entry_count
		       ? NULL
		       : "files came or went in the folder";
}

void host_destroy(struct host *host)
{
	size_t i;

	for (i = 0; i < HOST_FILE_COUNT; i++)
		if (host->paths[i][0])
			unlink(host->paths[i]);
	if (host->dir[0] && rmdir(host->dir))
		fprintf(stderr, "cannot remove '%s': %s\n", host->dir,
			strerror(errno));
	if (host->tap_fd >= 0)
		close(host->tap_fd);
}
