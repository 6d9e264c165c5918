// SPDX-License-Identifier: GPL-3.0-or-later
#include "mshv/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "mshv/abi.h"
#include "mshv/mshv.h"
#include "mshv/sys.h"
#include "mshv/sys_trace.h"
#include "runners/vmm/trace.h"
#include "runners/vmm/vcpu_regs.h"

#define MAX_THREADS 128
#define MAX_VCPUS 64
#define MAX_PAGES 64
#define MAX_RAM (1ULL << 40)

/* S lines wait here until the H line of the same thread is played. */
struct record {
	char *text; /* owned; from behind "S " */
	uint64_t line;
	struct record *next;
};

struct vp_page {
	int fd; /* -1: unused */
	uint8_t *page;
	uint8_t last[sizeof(struct mshv_register_page)];
};

struct replay {
	struct mshv_sys sys; /* first: the backend is given its address */
	struct record *head[MAX_THREADS];
	struct record **tail[MAX_THREADS];
	unsigned int thread; /* whose H line is being played */
	uint64_t line;
	struct vp_page pages[MAX_PAGES];
	struct hv_vm *vm;
	struct hv_vcpu *vcpus[MAX_VCPUS];
	struct hv_exit exits[MAX_VCPUS];
	void *ram[8]; /* address space that stands for guest RAM */
	uint64_t ram_bytes[8];
	int ram_count;
	uint8_t in[SYS_CALL_MAX_BYTES], want[SYS_CALL_MAX_BYTES];
	struct replay_summary sum;
	struct err *err;
	int result; /* of the first difference */
};

static int differs(struct replay *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int differs(struct replay *r, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (r->result)
		return r->result;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->result = err_set(r->err, -EBADMSG, "line %" PRIu64 ": %s", r->line,
			    text);
	return r->result;
}

/* --- the device's side ---------------------------------------------------- */

/* The next recorded call of this thread; it must be a CALL. */
static struct record *expect(struct replay *r, const char *call)
{
	struct record *rec = r->head[r->thread];

	if (!rec) {
		differs(r, "the backend makes a call that was not recorded: %s",
			call);
		return NULL;
	}
	if (strncmp(rec->text, call, strlen(call))) {
		differs(r,
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

static void record_free(struct record *rec)
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
	record_free(rec);
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
	record_free(expect(r, call));
}

static struct vp_page *page_of(struct replay *r, int fd)
{
	size_t i;

	for (i = 0; i < MAX_PAGES; i++)
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
		differs(r, "no register page in the record");
		return;
	}
	for (i = 0; i < sizeof(p->last); i++)
		if ((p->last[i] ^ changes[i]) != p->page[i]) {
			differs(r,
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
		differs(r, "line %" PRIu64 " has no message", rec->line);
	page_advance(p, result_word(rec->text, NULL, 2));
	free(copy);
	record_free(rec);
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
		differs(r,
			"ioctl 0x%lx with other arguments than in line %" PRIu64,
			request, rec->line);
	free(in);
	out = result_word(rec->text, &ret, 1);
	if (out && !trace_decode(out, r->want, sizeof(r->want), &want))
		sys_call_deliver(kind, request, arg, r->want, want);
	record_free(rec);
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
	if (rec)
		result_word(rec->text, &ret, 0);
	record_free(rec);
	for (i = 0; i < MAX_PAGES && !ret; i++)
		if (!r->pages[i].page) {
			r->pages[i].fd = fd;
			r->pages[i].page = xcalloc(1, MSHV_PAGE_BYTES);
			*page = r->pages[i].page;
			return 0;
		}
	return ret ? ret : -EMFILE;
}

static void replay_page_unmap(const struct mshv_sys *sys, void *page)
{
	struct replay *r = replay_of(sys);
	size_t i;

	for (i = 0; i < MAX_PAGES; i++)
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
		differs(r, "reads %zu bytes of guest RAM, recorded were others",
			len);
	record_free(rec);
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
		differs(r, "writes other bytes to guest RAM than recorded");
	record_free(rec);
}

/* --- the VMM's side ------------------------------------------------------- */

static int replay_vm_create(const struct mshv_sys *sys,
			    const struct hv_vm_config *cfg, struct hv_vm **out,
			    struct err *err)
{
	static struct hv_ops ops = MSHV_HV_OPS("replay", NULL);
	int ret = mshv_vm_create_on(sys, cfg, out, err);

	if (!ret)
		(*out)->ops = &ops;
	return ret;
}

static int same_result(struct replay *r, const char *call, int got, int want)
{
	if (got == want)
		return 0;
	return differs(r, "%s returned %d, recorded was %d", call, got, want);
}

static int play_create(struct replay *r, const char *args)
{
	struct hv_vm_config cfg = {.vcpu_count = 1};
	struct err ignored = {0};
	unsigned int tsc;
	char name[16];
	int paravirt, want;

	if (sscanf(args, "%15s %u %d = %d %u", name, &cfg.vcpu_count, &paravirt,
		   &want, &tsc) != 5 ||
	    r->vm)
		return differs(r, "no such vm_create");
	if (strncmp(name, "mshv", 4))
		return differs(r, "a trace of %s, which is not mshv", name);
	cfg.paravirt = (enum hv_paravirt)paravirt;
	return same_result(r, "vm_create",
			   replay_vm_create(&r->sys, &cfg, &r->vm, &ignored),
			   want);
}

static int play_mem_map(struct replay *r, const char *args)
{
	struct hv_mem mem = {0};
	struct err ignored = {0};
	int readonly, want;

	if (sscanf(args, "%" SCNx64 " %" SCNx64 " %d = %d", &mem.gpa,
		   &mem.size_bytes, &readonly, &want) != 4 ||
	    r->ram_count == ARRAY_SIZE(r->ram) || !mem.size_bytes ||
	    mem.size_bytes > MAX_RAM)
		return differs(r, "no such mem_map");
	mem.readonly = readonly;
	mem.host = mmap(NULL, mem.size_bytes, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem.host == MAP_FAILED)
		return differs(r, "no room for %" PRIu64 " bytes of guest RAM",
			       mem.size_bytes);
	r->ram[r->ram_count] = mem.host;
	r->ram_bytes[r->ram_count++] = mem.size_bytes;
	return same_result(r, "mem_map", hv_mem_map(r->vm, &mem, &ignored),
			   want);
}

static int play_msi_send(struct replay *r, const char *args)
{
	struct hv_msi msi;
	int want;

	if (sscanf(args, "%" SCNx64 " %x = %d", &msi.addr, &msi.data, &want) !=
	    3)
		return differs(r, "no such msi_send");
	return same_result(r, "msi_send", hv_msi_send(r->vm, &msi), want);
}

static int play_irqfd_set(struct replay *r, const char *args)
{
	unsigned int slot;
	struct hv_msi msi;
	int fd, is_on, want;

	if (sscanf(args, "%u %d %d %" SCNx64 " %x = %d", &slot, &fd, &is_on,
		   &msi.addr, &msi.data, &want) != 6)
		return differs(r, "no such irqfd_set");
	return same_result(r, "irqfd_set",
			   hv_irqfd_set(r->vm, slot, fd, is_on ? &msi : NULL),
			   want);
}

static int play_doorbell_set(struct replay *r, const char *args)
{
	struct hv_doorbell b;
	int has_datamatch, is_on, want;

	if (sscanf(args, "%" SCNx64 " %u %d %" SCNx64 " %d %d = %d", &b.gpa,
		   &b.len_bytes, &has_datamatch, &b.datamatch, &b.fd, &is_on,
		   &want) != 7)
		return differs(r, "no such doorbell_set");
	b.has_datamatch = has_datamatch;
	return same_result(r, "doorbell_set", hv_doorbell_set(r->vm, &b, is_on),
			   want);
}

static int play_vcpu_create(struct replay *r, const char *args)
{
	struct err ignored = {0};
	unsigned int index;
	int want;

	if (sscanf(args, "%u = %d", &index, &want) != 2 || index >= MAX_VCPUS ||
	    r->vcpus[index])
		return differs(r, "no such vcpu_create");
	return same_result(
		r, "vcpu_create",
		hv_vcpu_create(r->vm, index, &r->vcpus[index], &ignored), want);
}

static struct hv_vcpu *vcpu_of(struct replay *r, unsigned int index)
{
	return index < MAX_VCPUS ? r->vcpus[index] : NULL;
}

static int play_regs_set(struct replay *r, const char *args)
{
	char text[TRACE_TEXT_MAX(sizeof(struct vcpu_regs))];
	struct vcpu_regs regs;
	unsigned int index;
	size_t len;
	int want;

	_Static_assert(sizeof(text) == 482, "the width below");
	if (sscanf(args, "%u %481s = %d", &index, text, &want) != 3 ||
	    trace_decode(text, &regs, sizeof(regs), &len) ||
	    len != sizeof(regs) || !vcpu_of(r, index))
		return differs(r, "no such vcpu_regs_set");
	return same_result(r, "vcpu_regs_set",
			   hv_vcpu_regs_set(vcpu_of(r, index), &regs), want);
}

static int play_regs_get(struct replay *r, const char *args)
{
	struct vcpu_regs regs;
	unsigned int index;
	int want;

	if (sscanf(args, "%u = %d", &index, &want) != 2 || !vcpu_of(r, index))
		return differs(r, "no such vcpu_regs_get");
	memset(&regs, 0, sizeof(regs));
	return same_result(r, "vcpu_regs_get",
			   hv_vcpu_regs_get(vcpu_of(r, index), &regs), want);
}

static int play_run(struct replay *r, const char *args)
{
	unsigned int index, len, vector;
	uint64_t answer, addr, data;
	struct hv_exit *exit;
	int want, is_write;
	char kind[16];

	if (sscanf(args,
		   "%u %" SCNx64 " = %d %15s %" SCNx64 " %u %d %" SCNx64 " %u",
		   &index, &answer, &want, kind, &addr, &len, &is_write, &data,
		   &vector) != 9 ||
	    !vcpu_of(r, index))
		return differs(r, "no such vcpu_run");
	exit = &r->exits[index];
	exit->access.data = answer;
	if (same_result(r, "vcpu_run", hv_vcpu_run(vcpu_of(r, index), exit),
			want))
		return r->result;
	if (strcmp(hv_exit_kind_name(exit->kind), kind))
		return differs(r, "the exit is %s, recorded was %s; %s",
			       hv_exit_kind_name(exit->kind), kind,
			       exit->kind == HV_EXIT_ERROR ? exit->detail : "");
	if (exit->kind == HV_EXIT_EOI && exit->vector != vector)
		return differs(r, "the vector is %u, recorded was %u",
			       exit->vector, vector);
	if ((exit->kind == HV_EXIT_MMIO || exit->kind == HV_EXIT_PIO) &&
	    (exit->access.addr != addr || exit->access.len_bytes != len ||
	     exit->access.is_write != is_write ||
	     (is_write && exit->access.data != data)))
		return differs(r,
			       "%s of %u bytes at 0x%" PRIx64
			       ", recorded was %s of %u at 0x%" PRIx64,
			       exit->access.is_write ? "write" : "read",
			       exit->access.len_bytes, exit->access.addr,
			       is_write ? "write" : "read", len, addr);
	return r->result;
}

static int play_vcpu_destroy(struct replay *r, const char *args)
{
	unsigned int index = (unsigned int)strtoul(args, NULL, 10);

	if (!vcpu_of(r, index))
		return differs(r, "no such vcpu_destroy");
	hv_vcpu_destroy(r->vcpus[index]);
	r->vcpus[index] = NULL;
	return r->result;
}

static int play_vm_destroy(struct replay *r, const char *args)
{
	(void)args;
	hv_vm_destroy(r->vm);
	r->vm = NULL;
	return r->result;
}

/* They reach the device in no way: routes are a KVM notion, and a kick is a
 * signal, whose effect the S lines have. */
static int play_nothing(struct replay *r, const char *args)
{
	(void)args;
	return r->result;
}

static const struct {
	const char *call;
	bool needs_vm;
	int (*play)(struct replay *r, const char *args);
} plays[] = {
	{"vm_create ", false, play_create},
	{"mem_map ", true, play_mem_map},
	{"msi_send ", true, play_msi_send},
	{"route_set ", true, play_nothing},
	{"irqfd_set ", true, play_irqfd_set},
	{"doorbell_set ", true, play_doorbell_set},
	{"vcpu_create ", true, play_vcpu_create},
	{"vcpu_regs_set ", true, play_regs_set},
	{"vcpu_regs_get ", true, play_regs_get},
	{"vcpu_run ", true, play_run},
	{"vcpu_kick ", true, play_nothing},
	{"vcpu_destroy ", true, play_vcpu_destroy},
	{"vm_destroy", true, play_vm_destroy},
};

static int play(struct replay *r, const char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(plays); i++) {
		size_t len = strlen(plays[i].call);

		if (strncmp(text, plays[i].call, len))
			continue;
		if (plays[i].needs_vm && !r->vm)
			return differs(r, "a call before vm_create");
		r->sum.calls++;
		plays[i].play(r, text + len);
		if (!r->result && r->head[r->thread])
			differs(r,
				"the backend does not make the call of line %" PRIu64,
				r->head[r->thread]->line);
		return r->result;
	}
	return differs(r, "unknown call: %.40s", text);
}

static void keep(struct replay *r, const char *text)
{
	struct record *rec = xcalloc(1, sizeof(*rec));

	rec->text = xstrdup(text);
	rec->line = r->line;
	*r->tail[r->thread] = rec;
	r->tail[r->thread] = &rec->next;
}

static int play_line(struct replay *r, char *line)
{
	uint64_t ns;
	char layer;
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNu64 " %u %c %n", &ns, &r->thread, &layer,
		   &at) != 3 ||
	    !at || r->thread >= MAX_THREADS)
		return differs(r, "not a line of a trace");
	if (layer == 'S')
		keep(r, line + at);
	else if (layer == 'H')
		play(r, line + at);
	else
		differs(r, "unknown layer '%c'", layer);
	return r->result;
}

static void replay_init(struct replay *r, struct err *err)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	r->sys = (struct mshv_sys){
		.name = "replay",
		.open = replay_open,
		.close = replay_close,
		.ioctl = replay_ioctl,
		.page_map = replay_page_map,
		.page_unmap = replay_page_unmap,
		.ram_read = replay_ram_read,
		.ram_write = replay_ram_write,
	};
	r->err = err;
	for (i = 0; i < MAX_THREADS; i++)
		r->tail[i] = &r->head[i];
}

static void replay_release(struct replay *r)
{
	struct record *next;
	size_t i;

	/* What is taken down here was not recorded. */
	if (!r->result)
		r->result = -ECANCELED;
	for (i = 0; i < MAX_VCPUS; i++)
		hv_vcpu_destroy(r->vcpus[i]);
	hv_vm_destroy(r->vm);
	for (i = 0; i < MAX_THREADS; i++)
		for (; r->head[i]; r->head[i] = next) {
			next = r->head[i]->next;
			record_free(r->head[i]);
		}
	for (i = 0; i < (size_t)r->ram_count; i++)
		munmap(r->ram[i], r->ram_bytes[i]);
	free(r);
}

int replay_run(const char *path, struct replay_summary *summary,
	       struct err *err)
{
	struct replay *r = xcalloc(1, sizeof(*r));
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	int version = 0;
	int ret;

	replay_init(r, err);
	if (!file) {
		free(r);
		return err_sys(err, -errno, "cannot open '%s'", path);
	}
	if (fscanf(file, "l1vh-trace %d\n", &version) != 1 ||
	    version != TRACE_VERSION) {
		ret = err_set(err, -EINVAL, "'%s' is no trace", path);
	} else {
		r->line = 1;
		while (!r->result && getline(&line, &cap, file) > 0) {
			r->line++;
			play_line(r, line);
		}
		if (!r->result && !r->sum.calls)
			differs(r, "there is no call in it");
		ret = r->result;
	}
	*summary = r->sum;
	free(line);
	fclose(file);
	replay_release(r);
	return ret;
}
