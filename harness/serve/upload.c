// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/serve/http.h"
#include "harness/store/bundle.h"
#include "harness/store/run_list.h"
#include "harness/store/store.h"

/* Long, because a sender who is refused sends everything again. */
#define BUSY_MS 5000

void upload_init(struct upload *u, const char *db)
{
	u->db = db;
	pthread_mutex_init(&u->turn, NULL);
}

void upload_release(struct upload *u)
{
	pthread_mutex_destroy(&u->turn);
}

/* Beside a database that is a file, where there is room for it anyhow. */
static char *body_path(const char *db)
{
	const char *folder = getenv("TMPDIR");

	if (store_is_file(db))
		return xasprintf("%s.upload-XXXXXX", db);
	return xasprintf("%s/l1vh-upload-XXXXXX",
			 folder && *folder ? folder : "/tmp");
}

int upload_open(const struct upload *u, struct err *err)
{
	char *path = body_path(u->db);
	int fd, ret = file_mkdirs_above(path, err);

	if (!ret) {
		fd = mkostemp(path, O_CLOEXEC);
		ret = fd < 0 ? err_sys(err, -errno, "cannot store a bundle")
			     : fd;
		if (fd >= 0)
			unlink(path);
	}
	free(path);
	return ret;
}

/* The type that curl says without being told is among them; those of a form
 * with files and of text are not, which a page can send anywhere. */
int upload_check_type(const struct http_request *rq, struct err *err)
{
	static const char *const types[] = {
		"application/gzip", "application/x-gzip", "application/json",
		"application/octet-stream",
		"application/x-www-form-urlencoded"};
	const char *type = rq->content_type, *coding = rq->content_encoding;
	size_t i, len = type ? strcspn(type, "; \t") : 0;

	if (coding && strcasecmp(coding, "gzip") &&
	    strcasecmp(coding, "x-gzip") && strcasecmp(coding, "identity"))
		return err_set(err, -ENOTSUP,
			       "a bundle is sent as it is, or with gzip");
	for (i = 0; type && i < ARRAY_SIZE(types); i++)
		if (len == strlen(types[i]) &&
		    !strncasecmp(type, types[i], len))
			return 0;
	return type ? err_set(err, -ENOTSUP,
			      "'%.60s' is not the type of a bundle: send application/gzip or application/json",
			      type)
		    : 0;
}

static void write_reply(const struct run_line *line, bool is_new,
			struct http_reply *re)
{
	re->status = is_new ? 201 : 200;
	strbuf_printf(&re->body,
		      "{\"uuid\": \"%s\", \"url\": \"/runs/%s\","
		      " \"result\": \"%s\"}\n",
		      line->uuid, line->uuid, is_new ? "new" : "already here");
}

static int import(struct store *store, int fd, struct http_reply *re,
		  struct err *err)
{
	struct run_filter f = {.max_count = 1};
	struct run_list list;
	bool is_new;
	int ret = bundle_import_fd(store, fd, &f.id, &is_new, err);

	if (ret)
		return ret;
	ret = run_list_load(store, &f, &list, err);
	if (ret)
		return ret;
	if (list.count)
		write_reply(&list.lines[0], is_new, re);
	run_list_release(&list);
	return 0;
}

int upload_import(struct upload *u, int fd, struct http_reply *re,
		  struct err *err)
{
	struct store *store;
	int ret;

	pthread_mutex_lock(&u->turn);
	ret = store_open_within(u->db, BUSY_MS, &store, err);
	if (!ret) {
		ret = import(store, fd, re, err);
		/* The bundle's fault, which the store's own never is. */
		if (ret == -EPROTO)
			re->status = 400;
		store_close(store);
	}
	pthread_mutex_unlock(&u->turn);
	if (ret && ret != -ENOSPC && !re->status)
		re->status = 503; /* in any case not the client's fault */
	return ret;
}
