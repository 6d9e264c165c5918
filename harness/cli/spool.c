// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/file.h"

/* On a disk where it can be: what is sent may be large. */
static int open_nameless(void)
{
	int fd = open(getenv("TMPDIR") ?: "/tmp",
		      O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("l1vh-input", MFD_CLOEXEC);
}

static int copy(int from, int to, const char *path, uint64_t max_bytes,
		struct err *err)
{
	uint64_t total_bytes = 0;
	char buf[65536];
	ssize_t n;
	int ret;

	for (;;) {
		n = read(from, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, -errno, "cannot read '%s'", path);
		if (!n)
			break;
		total_bytes += (uint64_t)n;
		if (total_bytes > max_bytes)
			return err_set(err, -EINVAL,
				       "'%s' has more than %" PRIu64 " bytes",
				       path, max_bytes);
		ret = file_write_all(to, buf, (size_t)n);
		if (ret)
			return err_sys(err, ret, "cannot keep what '%s' sends",
				       path);
	}
	return total_bytes ? 0
			   : err_set(err, -EINVAL, "'%s' sent nothing", path);
}

/* FROM is S's afterwards, or closed. */
static int take(struct spool *s, int from, const char *path, uint64_t max_bytes,
		struct err *err)
{
	struct stat st;
	int ret;

	if (!fstat(from, &st) && S_ISREG(st.st_mode)) {
		s->fd = from;
		return 0;
	}
	s->fd = open_nameless();
	ret = s->fd < 0 ? err_sys(err, -errno, "cannot keep what '%s' sends",
				  path)
			: copy(from, s->fd, path, max_bytes, err);
	close(from);
	return ret;
}

int spool_open(struct spool *s, const char *path, uint64_t max_bytes,
	       struct err *err)
{
	int from = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC)
				     : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	int ret;

	*s = (struct spool){.fd = -1};
	if (from < 0)
		return err_sys(err, -errno, "cannot open '%s'", path);
	ret = take(s, from, path, max_bytes, err);
	if (ret)
		spool_close(s);
	else
		snprintf(s->path, sizeof(s->path), "/proc/self/fd/%d", s->fd);
	return ret;
}

void spool_close(struct spool *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
