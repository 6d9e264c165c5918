// SPDX-License-Identifier: GPL-3.0-or-later
/* The VMM's side of a replay: the recorded calls and their expected results. */
#include "mshv/trace/replay.h"

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
#include "mshv/mshv.h"
#include "mshv/trace/replay_priv.h"
#include "runners/vmm/trace.h"
#include "runners/vmm/vcpu_regs.h"

#define MAX_RAM (1ULL << 40)

int replay_differs(struct replay *r, const char *fmt, ...)
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

static int replay_vm_create(const struct mshv_sys *sys,
			    const struct hv_vm_config *cfg, struct hv_vm **out,
			    struct err *err)
{
	static struct hv_ops ops =
		MSHV_HV_OPS("replay", SANDBOX_CALLS_MSHV, NULL);
	int ret = mshv_vm_create_on(sys, cfg, out, err);

	if (!ret)
		(*out)->ops = &ops;
	return ret;
}

static int same_result(struct replay *r, const char *call, int got, int want)
{
	if (got == want)
		return 0;
	return replay_differs(r, "%s returned %d, recorded was %d", call, got,
			      want);
}

static int play_create(struct replay *r, const char *args)
{
	struct hv_vm_config cfg = {.vcpu_count = 1};
	struct err ignored = {0};
	unsigned int tsc;
	char name[16];
	int paravirt, want;

	/* Where there is an exit MSR, it ends the line. */
	if (sscanf(args, "%15s %u %d = %d %u %x", name, &cfg.vcpu_count,
		   &paravirt, &want, &tsc, &cfg.exit_msr) < 5 ||
	    r->vm)
		return replay_differs(r, "no such vm_create");
	if (strncmp(name, "mshv", 4))
		return replay_differs(r, "a trace of %s, which is not mshv",
				      name);
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
		return replay_differs(r, "no such mem_map");
	mem.readonly = readonly;
	mem.host = mmap(NULL, mem.size_bytes, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem.host == MAP_FAILED)
		return replay_differs(
			r, "no room for %" PRIu64 " bytes of guest RAM",
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
		return replay_differs(r, "no such msi_send");
	return same_result(r, "msi_send", hv_msi_send(r->vm, &msi), want);
}

static int play_irqfd_set(struct replay *r, const char *args)
{
	unsigned int slot;
	struct hv_msi msi;
	int fd, is_on, want;

	if (sscanf(args, "%u %d %d %" SCNx64 " %x = %d", &slot, &fd, &is_on,
		   &msi.addr, &msi.data, &want) != 6)
		return replay_differs(r, "no such irqfd_set");
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
		return replay_differs(r, "no such doorbell_set");
	b.has_datamatch = has_datamatch;
	return same_result(r, "doorbell_set", hv_doorbell_set(r->vm, &b, is_on),
			   want);
}

static int play_vcpu_create(struct replay *r, const char *args)
{
	struct err ignored = {0};
	unsigned int index;
	int want;

	if (sscanf(args, "%u = %d", &index, &want) != 2 ||
	    index >= REPLAY_MAX_VCPUS || r->vcpus[index])
		return replay_differs(r, "no such vcpu_create");
	return same_result(
		r, "vcpu_create",
		hv_vcpu_create(r->vm, index, &r->vcpus[index], &ignored), want);
}

static struct hv_vcpu *vcpu_of(struct replay *r, unsigned int index)
{
	return index < REPLAY_MAX_VCPUS ? r->vcpus[index] : NULL;
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
		return replay_differs(r, "no such vcpu_regs_set");
	return same_result(r, "vcpu_regs_set",
			   hv_vcpu_regs_set(vcpu_of(r, index), &regs), want);
}

static int play_regs_get(struct replay *r, const char *args)
{
	struct vcpu_regs regs;
	unsigned int index;
	int want;

	if (sscanf(args, "%u = %d", &index, &want) != 2 || !vcpu_of(r, index))
		return replay_differs(r, "no such vcpu_regs_get");
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
		return replay_differs(r, "no such vcpu_run");
	exit = &r->exits[index];
	exit->access.data = answer;
	if (same_result(r, "vcpu_run", hv_vcpu_run(vcpu_of(r, index), exit),
			want))
		return r->result;
	if (strcmp(hv_exit_kind_name(exit->kind), kind))
		return replay_differs(r, "the exit is %s, recorded was %s; %s",
				      hv_exit_kind_name(exit->kind), kind,
				      exit->kind == HV_EXIT_ERROR ? exit->detail
								  : "");
	if (exit->kind == HV_EXIT_EOI && exit->vector != vector)
		return replay_differs(r, "the vector is %u, recorded was %u",
				      exit->vector, vector);
	if ((exit->kind == HV_EXIT_MMIO || exit->kind == HV_EXIT_PIO ||
	     exit->kind == HV_EXIT_MSR) &&
	    (exit->access.addr != addr || exit->access.len_bytes != len ||
	     exit->access.is_write != is_write ||
	     (is_write && exit->access.data != data)))
		return replay_differs(r,
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
		return replay_differs(r, "no such vcpu_destroy");
	hv_vcpu_destroy(r->vcpus[index]);
	r->vcpus[index] = NULL;
	return r->result;
}

static int play_vm_destroy(struct replay *r, const char *args)
{
	size_t i;

	(void)args;
	for (i = 0; i < REPLAY_MAX_VCPUS; i++)
		if (r->vcpus[i])
			return replay_differs(r, "vm_destroy before vCPU %zu's",
					      i);
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
			return replay_differs(r, "a call before vm_create");
		r->sum.calls++;
		plays[i].play(r, text + len);
		if (!r->result && r->head[r->thread])
			replay_differs(
				r,
				"the backend does not make the call of line %" PRIu64,
				r->head[r->thread]->line);
		return r->result;
	}
	return replay_differs(r, "unknown call: %.40s", text);
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
	    !at || r->thread >= REPLAY_MAX_THREADS)
		return replay_differs(r, "not a line of a trace");
	if (layer == 'S')
		keep(r, line + at);
	else if (layer == 'H')
		play(r, line + at);
	else
		replay_differs(r, "unknown layer '%c'", layer);
	return r->result;
}

static void replay_init(struct replay *r, struct err *err)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	replay_sys_init(&r->sys);
	r->err = err;
	for (i = 0; i < REPLAY_MAX_THREADS; i++)
		r->tail[i] = &r->head[i];
}

static void replay_release(struct replay *r)
{
	struct record *next;
	size_t i;

	/* What is taken down here was not recorded. */
	if (!r->result)
		r->result = -ECANCELED;
	for (i = 0; i < REPLAY_MAX_VCPUS; i++)
		hv_vcpu_destroy(r->vcpus[i]);
	hv_vm_destroy(r->vm);
	for (i = 0; i < REPLAY_MAX_THREADS; i++)
		for (; r->head[i]; r->head[i] = next) {
			next = r->head[i]->next;
			replay_record_free(r->head[i]);
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
			replay_differs(r, "there is no call in it");
		ret = r->result;
	}
	*summary = r->sum;
	free(line);
	fclose(file);
	replay_release(r);
	return ret;
}
