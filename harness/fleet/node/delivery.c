// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/node/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/evidence/evidence.h"
#include "harness/store/run_list.h"
#include "harness/store/store.h"

#define UUIDS_MAX_BYTES (1 * MIB)
/* A bundle is compressed; a copy of the store is as large as the store. */
#define SPARE_FACTOR 2
#define SPARE_BYTES (8 * MIB)

/* A folder for bundles, with room for those of DB where any has it. The
 * results' own folder comes late, because it may be what is full. */
static char *make_scratch(const char *db)
{
	const char *places[] = {getenv("TMPDIR"), "/tmp", NULL, "/dev/shm"};
	char *found = NULL, *folder = xstrdup(db);
	struct stat st = {.st_size = 0};
	size_t i;

	*strrchr(folder, '/') = '\0';
	places[2] = folder;
	stat(db, &st);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct statvfs fs;
		char *path;

		if (!places[i] || statvfs(places[i], &fs) ||
		    fs.f_bavail * fs.f_frsize <
			    SPARE_FACTOR * (uint64_t)st.st_size + SPARE_BYTES)
			continue;
		path = xasprintf("%s/l1vh-outbox-XXXXXX", places[i]);
		found = mkdtemp(path);
		if (found)
			break;
		free(path);
	}
	free(folder);
	return found;
}

static void remove_scratch(char *folder)
{
	static const char *const names[] = {"run.json.gz", "copy.db",
					    "copy.db-wal", "copy.db-shm"};
	size_t i;

	for (i = 0; folder && i < ARRAY_SIZE(names); i++) {
		char *path = xasprintf("%s/%s", folder, names[i]);

		unlink(path);
		free(path);
	}
	if (folder)
		rmdir(folder);
	free(folder);
}

/* FROM need not be there. */
static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out, ret = 0;
	ssize_t n = 1;

	if (in < 0)
		return errno == ENOENT ? 0 : -errno;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0)
		ret = -errno;
	while (!ret && n > 0) {
		n = sendfile(out, in, NULL, 1 << 20);
		if (n < 0)
			ret = -errno;
	}
	if (out >= 0 && close(out) && !ret)
		ret = -errno;
	close(in);
	return ret;
}

/*
 * A store on a full disk cannot be opened: SQLite makes files beside it. Since
 * nobody writes it, its file and its log are the whole of it.
 */
static int open_copy(const char *db, const char *scratch, struct store **out,
		     struct err *err)
{
	char *copy = xasprintf("%s/copy.db", scratch);
	char *from = xasprintf("%s-wal", db), *to = xasprintf("%s-wal", copy);
	int ret = copy_file(db, copy);

	if (!ret)
		ret = copy_file(from, to);
	if (ret)
		err_sys(err, ret, "cannot copy '%s'", db);
	else
		ret = store_open(copy, out, err);
	free(to);
	free(from);
	free(copy);
	return ret;
}

/* Who measured it has gone without a word. */
static int end_unfinished(struct store *store, struct run_list *list,
			  struct err *err)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < list->count && !ret; i++) {
		struct run_line *run = &list->lines[i];

		if (strcmp(run->status, "running") != 0)
			continue;
		ret = store_run_end(store, run->id, "failed", err);
		free(run->status);
		run->status = xstrdup("failed");
	}
	return ret;
}

static int list_runs(struct store *store, struct run_list *list,
		     bool *is_unfinished, struct err *err)
{
	const struct run_filter all = {.id = 0};
	int ret = run_list_load(store, &all, list, err);
	size_t i;

	*is_unfinished = false;
	for (i = 0; i < list->count && !ret; i++)
		*is_unfinished |= !strcmp(list->lines[i].status, "running");
	return ret;
}

/* One call for one store. */
struct sending {
	const struct delivery *d;
	struct delivery_count *count;
	char *db, *state; /* owned: NAME.db, NAME.delivered */
	char *scratch;    /* owned; NULL: not made yet */
	bool is_copy;     /* that was opened, in the scratch folder */
	struct strbuf delivered;
};

static bool is_delivered(const struct sending *s, const struct run_line *run)
{
	return *run->uuid && strstr(strbuf_str(&s->delivered), run->uuid);
}

static size_t undelivered(const struct sending *s, const struct run_list *list)
{
	size_t i, count = 0;

	for (i = 0; i < list->count; i++)
		count += !is_delivered(s, &list->lines[i]);
	return count;
}

/* That the state cannot be kept costs a second delivery, and no result. */
static void keep_state(struct sending *s, const struct run_line *run)
{
	struct err ignored;

	strbuf_printf(&s->delivered, "%s\n", run->uuid);
	file_write(s->state, s->delivered.str, s->delivered.len, &ignored);
}

static int send_run(struct sending *s, struct store *store,
		    const struct run_line *run, struct err *err)
{
	char *path = xasprintf("%s/run.json.gz", s->scratch);
	int ret = evidence_export(store, run->id, NULL, path, err);

	if (!ret)
		ret = s->d->send(s->d->arg, path, run, err);
	if (!ret) {
		keep_state(s, run);
		s->count->delivered++;
	} else {
		s->count->left++;
	}
	unlink(path);
	free(path);
	return ret;
}

/* The oldest first, as they were measured. */
static int send_runs(struct sending *s, struct store *store,
		     const struct run_list *list, struct err *err)
{
	struct err run_err = {0};
	size_t i = list->count;
	int ret = 0;

	while (i--) {
		if (is_delivered(s, &list->lines[i]))
			continue;
		if (ret == -EHOSTUNREACH) /* nor for this one */
			s->count->left++;
		else if (send_run(s, store, &list->lines[i], &run_err)) {
			*err = run_err;
			ret = run_err.code;
		}
	}
	return ret;
}

/* OPEN is store_open() or store_open_readonly(); where it fails, a copy. */
static int open_db(struct sending *s,
		   int (*open_store)(const char *, struct store **,
				     struct err *),
		   struct store **store, struct err *err)
{
	struct err copy_err = {0};

	if (!open_store(s->db, store, err))
		return 0;
	if (!s->scratch)
		s->scratch = make_scratch(s->db);
	if (!s->scratch || open_copy(s->db, s->scratch, store, &copy_err))
		return err->code;
	s->is_copy = true;
	return 0;
}

/* What an unfinished run had when its process went is sent as a failed one. */
static int end_runs(struct sending *s, struct store **store,
		    struct run_list *list, struct err *err)
{
	int ret = 0;

	if (!s->is_copy) {
		store_close(*store);
		*store = NULL;
		ret = open_db(s, store_open, store, err);
	}
	return ret ? ret : end_unfinished(*store, list, err);
}

static int need_scratch(struct sending *s, struct err *err)
{
	if (!s->scratch)
		s->scratch = make_scratch(s->db);
	return s->scratch
		       ? 0
		       : err_set(err, -ENOSPC,
				 "no folder has room for a bundle of '%s'; set TMPDIR",
				 s->db);
}

static int deliver_store(struct sending *s, struct err *err)
{
	struct store *store = NULL;
	struct run_list list = {0};
	bool is_unfinished = false;
	int ret = open_db(s, store_open_readonly, &store, err);

	if (!ret)
		ret = list_runs(store, &list, &is_unfinished, err);
	if (!ret && undelivered(s, &list)) {
		ret = need_scratch(s, err);
		if (!ret && is_unfinished)
			ret = end_runs(s, &store, &list, err);
		if (!ret)
			ret = send_runs(s, store, &list, err);
		else
			s->count->left += undelivered(s, &list);
	} else if (ret) {
		s->count->left++;
	}
	run_list_release(&list);
	store_close(store);
	return ret;
}

int delivery_send(const struct delivery *d, const char *folder,
		  const char *name, struct delivery_count *count,
		  struct err *err)
{
	struct sending s = {.d = d, .count = count};
	int ret = 0;

	s.db = xasprintf("%s/%s.db", folder, name);
	s.state = xasprintf("%s/%s.delivered", folder, name);
	file_read(s.state, UUIDS_MAX_BYTES, &s.delivered);
	if (!access(s.db, F_OK))
		ret = deliver_store(&s, err);
	remove_scratch(s.scratch);
	strbuf_release(&s.delivered);
	free(s.state);
	free(s.db);
	return ret;
}
