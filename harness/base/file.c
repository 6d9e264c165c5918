// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/output.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

int file_read(const char *path, size_t max, struct strbuf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t total = 0;
	char buf[16384];
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (total < max) {
		size_t want = max - total;

		n = read(fd, buf, want < sizeof(buf) ? want : sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		strbuf_add(out, buf, (size_t)n);
		total += (size_t)n;
	}
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

int file_read_whole(const char *path, size_t max, struct strbuf *out)
{
	int ret = file_read(path, max + 1, out);

	return !ret && out->len > max ? -EFBIG : ret;
}

const char *file_first_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, buf, size - 1);
		close(fd);
	}
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

int file_write_all(int fd, const void *data, size_t len)
{
	const char *bytes = data;

	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_write(const char *path, const void *bytes, size_t len, struct err *err)
{
	struct output out;
	int ret = output_begin(&out, path, err);

	if (ret)
		return ret;
	ret = output_write(&out, bytes, len, err);
	return output_end(&out, ret, false, err);
}

int file_mkdirs(const char *path, struct err *err)
{
	char *copy = xstrdup(path);
	char *p = copy;
	int ret = 0;

	do {
		p = strchr(p + 1, '/');
		if (p)
			*p = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST) {
			ret = err_sys(err, -errno, "cannot create '%s'", copy);
			break;
		}
		if (p)
			*p = '/';
	} while (p);
	free(copy);
	return ret;
}

char *file_beside_exe(const char *name)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	return xasprintf("%s/%s", slash ? exe : ".", name);
}

bool file_in_path(const char *program)
{
	char *path = xstrdup(getenv("PATH") ?: "/usr/bin:/bin");
	char *rest = path;
	bool found = false;
	char *folder;

	while (!found && (folder = strsep(&rest, ":"))) {
		char *full = xasprintf("%s/%s", folder, program);

		found = !access(full, X_OK);
		free(full);
	}
	free(path);
	return found;
}

int file_mkdirs_above(const char *path, struct err *err)
{
	char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');
	int ret = 0;

	if (slash && slash != folder) {
		*slash = '\0';
		ret = file_mkdirs(folder, err);
	}
	free(folder);
	return ret;
}

char *file_shipped(const char *folder, const char *name)
{
	char *inside, *path;

	if (strpbrk(name, "/."))
		return xstrdup(name);
	inside = xasprintf("../%s/%s.yaml", folder, name);
	path = file_beside_exe(inside);
	free(inside);
	return path;
}

uint64_t file_key_number(const char *path, const char *key)
{
	size_t len = strlen(key);
	uint64_t number = 0;
	char line[256];
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len)) {
			number = strtoull(line + len, NULL, 10);
			break;
		}
	if (f)
		fclose(f);
	return number;
}

int file_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}
