// SPDX-License-Identifier: GPL-3.0-or-later
/* The device's side of a replay: the recorded answers, to the same calls. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "mshv/trace/replay_priv.h"
#include "runners/vmm/trace.h"

/* The next recorded call of this thread; it must be a CALL. */
static struct record *expect(struct replay *r, const char *call)
{
	struct record *rec = r->head[r->thread];

	if (!rec) {
		replay_differs(
			r, "the backend makes a call that was not recorded: %s",
			call);
		return NULL;
	}
	if (strncmp(rec->text, call, strlen(call))) {
		replay_differs(r,
			       "the backend calls %s where line %" PRIu64
			       " has: %.60s",
			       call, rec->line, rec->text);
		return NULL;
	}
	r->head[r->thread] = rec->next;
	if (!rec->next)
		r->tail[r->thread] = &r->head[r->thread];
	r->sum.syscalls++;
	return rec;
}

void replay_record_free(struct record *rec)
{
	if (rec)
		free(rec->text);
	free(rec);
}

/* The last word of the line, the one after "= RET " if SKIP is 1, ... */
static const char *result_word(char *text, int *ret, int skip)
{
	char *at = strstr(text, " = ");
	char *word = NULL;

	if (!at)
		return NULL;
	at += 3;
	if (ret)
		*ret = (int)strtol(at, NULL, 10);
	while (skip-- >= 0)
		word = strsep(&at, " ");
	return word;
}

static struct replay *replay_of(const struct mshv_sys *sys)
{
	return (struct replay *)(uintptr_t)sys;
}

static int replay_open(const struct mshv_sys *sys, const char *path)
{
	struct record *rec = expect(replay_of(sys), "open");
	int ret = -EIO;

	(void)path;
	if (rec)
		result_word(rec->text, &ret, 0);
	replay_record_free(rec);
	return ret;
}

static void replay_close(const struct mshv_sys *sys, int fd)
{
	struct replay *r = replay_of(sys);
	char call[32];

	/* After a difference everything is taken down, in no trace's order. */
	if (r->result)
		return;
	snprintf(call, sizeof(call), "close %d", fd);
	replay_record_free(expect(r, call));
}

static struct vp_page *page_of(struct replay *r, int fd)
{
	size_t i;

	for (i = 0; i < REPLAY_MAX_PAGES; i++)
		if (r->pages[i].page && r->pages[i].fd == fd)
			return &r->pages[i];
	return NULL;
}

static bool changes_decode(const char *text, uint8_t *changes)
{
	const size_t bytes = sizeof(struct mshv_register_page);
	size_t len;

	memset(changes, 0, bytes);
	return text && !trace_decode(text, changes, bytes, &len);
}

/* What the backend has written to the page since the last exit. */
static void page_compare(struct replay *r, struct vp_page *p, const char *text)
{
	uint8_t changes[sizeof(p->last)];
	size_t i;

	if (!p)
		return;
	if (!changes_decode(text, changes)) {
		replay_differs(r, "no register page in the record");
		return;
	}
	for (i = 0; i < sizeof(p->last); i++)
		if ((p->last[i] ^ changes[i]) != p->page[i]) {
			replay_differs(
				r,
				"byte %zu of the register page is 0x%02x, recorded was 0x%02x",
				i, p->page[i], p->last[i] ^ changes[i]);
			return;
		}
}

static void page_advance(struct vp_page *p, const char *text)
{
	uint8_t changes[sizeof(p->last)];
	size_t i;

	if (!p || !changes_decode(text, changes))
		return;
	for (i = 0; i < sizeof(p->last); i++)
		p->page[i] ^= changes[i];
	memcpy(p->last, p->page, sizeof(p->last));
}

/* What the device wrote outside of a run; the backend's own stays to be compared.
 * REC's text is not changed. WORD: where it stands behind "= RET". */
static void page_device(struct vp_page *p, const struct record *rec, int word)
{
	char *copy = xstrdup(rec->text);
	const char *text = result_word(copy, NULL, word);
	uint8_t changes[sizeof(p->last)];
	size_t i;

	if (!p || !text || !changes_decode(text, changes)) {
		free(copy);
		return;
	}
	for (i = 0; i < sizeof(p->last); i++) {
		p->page[i] ^= changes[i];
		p->last[i] ^= changes[i];
	}
	free(copy);
}

static int replay_run_vp(struct replay *r, int fd, void *arg)
{
	struct vp_page *p = page_of(r, fd);
	struct record *rec;
	char *before, *copy;
	size_t len;
	int ret = -EIO;

	/* It was kicked before it got here. */
	if (!r->head[r->thread])
		return -EINTR;
	rec = expect(r, "run ");
	if (!rec)
		return -EIO;
	copy = xstrdup(rec->text);
	before = copy;
	strsep(&before, " ");
	strsep(&before, " ");
	page_compare(r, p, strsep(&before, " "));
	free(copy);
	copy = xstrdup(rec->text);
	if (trace_decode(result_word(copy, &ret, 1) ?: "?", arg,
			 sizeof(struct mshv_message), &len))
		replay_differs(r, "line %" PRIu64 " has no message", rec->line);
	page_advance(p, result_word(rec->text, NULL, 2));
	free(copy);
	replay_record_free(rec);
	r->sum.runs++;
	return ret;
}

static enum sys_kind kind_of(unsigned long request)
{
	/* The backend makes no call whose number two kinds share, but these. */
	if (request == MSHV_GET_VP_STATE || request == MSHV_SET_VP_STATE)
		return SYS_VP;
	return request == MSHV_CREATE_PARTITION ? SYS_DEVICE : SYS_PARTITION;
}

static int replay_ioctl(const struct mshv_sys *sys, int fd,
			unsigned long request, void *arg)
{
	struct replay *r = replay_of(sys);
	enum sys_kind kind = kind_of(request);
	struct record *rec;
	char call[48], *in;
	const char *out;
	size_t len, want;
	int ret = -EIO;

	if (r->result)
		return -EIO;
	if (request == MSHV_RUN_VP)
		return replay_run_vp(r, fd, arg);
	snprintf(call, sizeof(call), "ioctl %d %lx ", fd, request);
	rec = expect(r, call);
	if (!rec)
		return -EIO;
	len = sys_call_input(kind, request, arg, r->in);
	in = xstrdup(rec->text + strlen(call));
	in[strcspn(in, " ")] = '\0';
	if (trace_decode(in, r->want, sizeof(r->want), &want) || want != len ||
	    memcmp(r->in, r->want, len))
		replay_differs(
			r,
			"ioctl 0x%lx with other arguments than in line %" PRIu64,
			request, rec->line);
	free(in);
	page_device(page_of(r, fd), rec, 2);
	out = result_word(rec->text, &ret, 1);
	if (out && !trace_decode(out, r->want, sizeof(r->want), &want))
		sys_call_deliver(kind, request, arg, r->want, want);
	replay_record_free(rec);
	return r->result ? -EIO : ret;
}

static int replay_page_map(const struct mshv_sys *sys, int fd, uint32_t index,
			   void **page)
{
	struct replay *r = replay_of(sys);
	struct record *rec;
	char call[48];
	int ret = -EIO;
	size_t i;

	snprintf(call, sizeof(call), "page_map %d %u ", fd, index);
	rec = expect(r, call);
	for (i = 0; i < REPLAY_MAX_PAGES && r->pages[i].page; i++)
		;
	if (rec && i < REPLAY_MAX_PAGES) {
		struct vp_page *p = &r->pages[i];

		p->fd = fd;
		p->page = xcalloc(1, MSHV_PAGE_BYTES);
		memset(p->last, 0, sizeof(p->last));
		page_device(p, rec, 1);
		result_word(rec->text, &ret, 0);
		*page = p->page;
		if (ret) {
			free(p->page);
			p->page = NULL;
		}
	} else if (rec) {
		ret = -EMFILE;
	}
	replay_record_free(rec);
	return ret;
}

static void replay_page_unmap(const struct mshv_sys *sys, void *page)
{
	struct replay *r = replay_of(sys);
	size_t i;

	for (i = 0; i < REPLAY_MAX_PAGES; i++)
		if (r->pages[i].page == page)
			r->pages[i].page = NULL;
	free(page);
}

static void replay_ram_read(const struct mshv_sys *sys, const void *ram,
			    void *to, size_t len)
{
	struct replay *r = replay_of(sys);
	struct record *rec = expect(r, "read");
	const char *text = rec ? result_word(rec->text, NULL, 0) : NULL;
	size_t got;

	(void)ram;
	memset(to, 0, len);
	if (rec && (!text || trace_decode(text, to, len, &got) || got != len))
		replay_differs(
			r, "reads %zu bytes of guest RAM, recorded were others",
			len);
	replay_record_free(rec);
}

static void replay_ram_write(const struct mshv_sys *sys, void *ram,
			     const void *from, size_t len)
{
	struct replay *r = replay_of(sys);
	struct record *rec = expect(r, "write ");
	size_t want;

	(void)ram;
	if (rec &&
	    (trace_decode(rec->text + 6, r->want, sizeof(r->want), &want) ||
	     want != len || memcmp(from, r->want, len)))
		replay_differs(r,
			       "writes other bytes to guest RAM than recorded");
	replay_record_free(rec);
}

void replay_sys_init(struct mshv_sys *sys)
{
	*sys = (struct mshv_sys){
		.name = "replay",
		.open = replay_open,
		.close = replay_close,
		.ioctl = replay_ioctl,
		.page_map = replay_page_map,
		.page_unmap = replay_page_unmap,
		.ram_read = replay_ram_read,
		.ram_write = replay_ram_write,
	};
}
