// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/node/outbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/fleet_keys.h"
#include "harness/core/place.h"
#include "harness/fleet/node/delivery.h"

#define LOOK_AGAIN_MS 50

/* FNV-1a: names that are cut or cleaned must not meet. */
static uint32_t hash_of(uint32_t hash, const char *text)
{
	do {
		hash = (hash ^ (unsigned char)*text) * 16777619U;
	} while (*text++);
	return hash;
}

static void add_part(struct strbuf *name, const char *value)
{
	char part[40];
	size_t i;

	if (!value)
		return;
	snprintf(part, sizeof(part), "%s", value);
	for (i = 0; part[i]; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789-_",
			    part[i]))
			part[i] = '-';
	strbuf_printf(name, "%s.", part);
}

static char *name_of_place(void)
{
	static const char *const keys[] = {FLEET_NAME, FLEET_NODE, FLEET_INDEX,
					   FLEET_ATTEMPT};
	struct strbuf name = {0};
	uint32_t hash = 2166136261U;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		char *value = place_value(keys[i]);

		add_part(&name, value);
		hash = hash_of(hash, value ? value : "");
		free(value);
	}
	strbuf_printf(&name, "%08" PRIx32, hash);
	return name.str;
}

bool outbox_is_named(void)
{
	char *attempt = place_value(FLEET_ATTEMPT);
	bool is_named = attempt != NULL;

	free(attempt);
	return is_named;
}

int outbox_open(struct outbox *o, const char *folder, struct err *err)
{
	o->folder = xstrdup(folder);
	o->name = outbox_is_named() ? name_of_place()
				    : xasprintf("local.%llu.%d",
						clock_unix_ns() / NS_PER_S,
						(int)getpid());
	o->db = xasprintf("%s/%s.db", folder, o->name);
	o->lock_fd = -1;
	return file_mkdirs(folder, err);
}

void outbox_close(struct outbox *o)
{
	if (o->lock_fd >= 0)
		close(o->lock_fd);
	free(o->folder);
	free(o->name);
	free(o->db);
	*o = (struct outbox){.lock_fd = -1};
}

/* The descriptor, or a negative errno; -EWOULDBLOCK: another process has it. */
static int try_lock(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s.lock", folder, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	int ret;

	/* Of a privileged pod, whose rescue is another user. */
	if (fd < 0 && errno == EACCES)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = fd < 0 ? -errno : 0;
	free(path);
	if (!ret && flock(fd, LOCK_EX | LOCK_NB)) {
		ret = -errno;
		close(fd);
	}
	return ret ? ret : fd;
}

int outbox_lock(struct outbox *o, uint64_t wait_ns, struct err *err)
{
	uint64_t end_ns = clock_mono_ns() + wait_ns;
	int fd;

	for (;;) {
		fd = try_lock(o->folder, o->name);
		if (fd != -EWOULDBLOCK || clock_mono_ns() >= end_ns)
			break;
		poll(NULL, 0, LOOK_AGAIN_MS);
	}
	if (fd == -EWOULDBLOCK)
		return err_set(err, -EBUSY, "another process still writes '%s'",
			       o->db);
	if (fd < 0)
		return err_sys(err, fd, "cannot lock '%s/%s.lock'", o->folder,
			       o->name);
	o->lock_fd = fd;
	return 0;
}

static int is_store(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > 3 && !strcmp(e->d_name + len - 3, ".db");
}

static int deliver_other(const struct outbox *o, const char *name,
			 const struct delivery *d, struct delivery_count *count,
			 struct err *err)
{
	int fd = try_lock(o->folder, name);
	int ret;

	if (fd == -EWOULDBLOCK) {
		count->busy++;
		return 0;
	}
	if (fd < 0)
		return err_sys(err, fd, "cannot lock '%s/%s.lock'", o->folder,
			       name);
	ret = delivery_send(d, o->folder, name, count, err);
	close(fd);
	return ret;
}

int outbox_deliver_own(const struct outbox *o, const struct delivery *d,
		       struct delivery_count *count, struct err *err)
{
	return delivery_send(d, o->folder, o->name, count, err);
}

int outbox_deliver_others(const struct outbox *o, const struct delivery *d,
			  struct delivery_count *count, struct err *err)
{
	struct dirent **entries = NULL;
	struct err one = {0};
	int i, n = scandir(o->folder, &entries, is_store, alphasort);
	int ret = 0;

	for (i = 0; i < n; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - 3] = '\0';
		/* Nobody is there for the next store either. */
		if (ret != -EHOSTUNREACH && strcmp(name, o->name) != 0 &&
		    deliver_other(o, name, d, count, &one)) {
			*err = one;
			ret = one.code;
		}
		free(entries[i]);
	}
	free(entries);
	return ret;
}
