// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * seccomp_main - a program of the build. It makes the VMM's seccomp filters of
 * runners/vmm/sandbox/rules.c, with libseccomp, and prints them as C: a start of
 * the VMM only hands one to the kernel per thread.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mshv/emu/emu.h"
#include "mshv/mshv.h"
#include "runners/vmm/kvm.h"
#include "runners/vmm/sandbox/rules.h"

#define MAX_CALL 512
#define MAX_INSNS 512
/* The architecture's, and that the number is of 64-bit calls; the number is loaded. */
#define HEAD_INSNS 5u

static void must(int ret, const char *what)
{
	if (!ret)
		return;
	fprintf(stderr, "seccomp filters: %s: %s\n", what, strerror(-ret));
	exit(1);
}

static void add_rule(scmp_filter_ctx ctx, const struct sandbox_rule *rule)
{
	struct scmp_arg_cmp args[2];
	unsigned int i;

	for (i = 0; i < rule->count; i++) {
		const struct sandbox_condition *c = &rule->conditions[i];

		args[i] = (struct scmp_arg_cmp){.arg = c->arg,
						.op = SCMP_CMP_MASKED_EQ,
						.datum_a = c->mask,
						.datum_b = c->value};
	}
	must(seccomp_rule_add_array(
		     ctx,
		     rule->error ? SCMP_ACT_ERRNO((uint16_t)rule->error)
				 : SCMP_ACT_ALLOW,
		     rule->call, rule->count, args),
	     "a rule");
}

static void add_request(scmp_filter_ctx ctx, unsigned long request)
{
	/* The kernel takes 32 bits. */
	struct scmp_arg_cmp arg = SCMP_A1_32(SCMP_CMP_EQ, (uint32_t)request);

	must(seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SYS_ioctl, 1, &arg),
	     "an ioctl");
}

static void add_requests(scmp_filter_ctx ctx,
			 const struct sandbox_requests *requests,
			 uint32_t kinds)
{
	size_t i;

	for (i = 0; i < requests->count; i++)
		if (requests->list[i].threads & kinds)
			add_request(ctx, requests->list[i].request);
}

/* It reads and writes the VMM's memory by calls that see a wrong address. */
static void add_own_memory(scmp_filter_ctx ctx, int call)
{
	const struct sandbox_rule rule = {
		.call = call,
		.count = 1,
		.conditions = {{.mask = UINT32_MAX, .value = SANDBOX_OWN_PID}}};

	add_rule(ctx, &rule);
}

static void add_emu(scmp_filter_ctx ctx, uint32_t kinds)
{
	const unsigned long *r;

	if (kinds & SANDBOX_SERVERS) {
		add_own_memory(ctx, SYS_process_vm_readv);
		add_own_memory(ctx, SYS_process_vm_writev);
	}

	for (r = emu_vp_requests; *r && (kinds & SANDBOX_BIT(SANDBOX_VCPU));
	     r++)
		add_request(ctx, *r);
	/* A snapshot's. */
	for (r = emu_state_requests; *r && (kinds & SANDBOX_BIT(SANDBOX_MAIN));
	     r++)
		add_request(ctx, *r);
	for (r = emu_other_requests; *r && (kinds & SANDBOX_SERVERS); r++)
		add_request(ctx, *r);
}

static void add_calls(scmp_filter_ctx ctx, enum sandbox_calls calls,
		      uint32_t kinds)
{
	switch (calls) {
	case SANDBOX_CALLS_KVM:
		add_requests(ctx, &kvm_requests, kinds);
		break;
	case SANDBOX_CALLS_MSHV:
		add_requests(ctx, &mshv_requests, kinds);
		break;
	case SANDBOX_CALLS_EMU:
		add_emu(ctx, kinds);
		break;
	case SANDBOX_CALLS_COUNT:
		break;
	}
	add_requests(ctx, &sandbox_device_requests, kinds);
}

/*
 * What is not allowed raises SIGSYS, whose handler says what it was. A call by
 * another architecture's numbers has no such number, and just ends.
 *
 * A tree, because the kernel walks a filter for each system call there is when it
 * takes the filter: 220 us for a list of a hundred, of which a start has three.
 */
static scmp_filter_ctx filter_make(enum sandbox_calls calls,
				   enum sandbox_thread kind)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	uint32_t kinds = sandbox_rule_kinds(kind);
	size_t i;

	if (!ctx)
		must(-ENOMEM, "a filter");
	must(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
			      SCMP_ACT_KILL_PROCESS),
	     "other architectures");
	must(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), "a tree");
	for (i = 0; i < sandbox_rule_count; i++)
		if (sandbox_rules[i].threads & kinds)
			add_rule(ctx, &sandbox_rules[i]);
	add_calls(ctx, calls, kinds);
	return ctx;
}

static unsigned int filter_read(scmp_filter_ctx ctx, struct sock_filter *insns)
{
	FILE *file = tmpfile();
	size_t count;

	if (!file)
		must(-errno, "a temporary file");
	must(seccomp_export_bpf(ctx, fileno(file)), "a program");
	rewind(file);
	count = fread(insns, sizeof(*insns), MAX_INSNS, file);
	must(count == MAX_INSNS ? -E2BIG : 0, "a program");
	fclose(file);
	return (unsigned int)count;
}

static void check_head(const struct sock_filter *insns, unsigned int count)
{
	static const uint16_t codes[HEAD_INSNS] = {
		BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K,
		BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JGE | BPF_K,
		BPF_JMP | BPF_JEQ | BPF_K};
	unsigned int i;

	for (i = 0; i < HEAD_INSNS; i++)
		must(count <= i || insns[i].code != codes[i] ? -EINVAL : 0,
		     "a program's head");
}

/* Whether A, N instructions before B, is as good in its place: one test of the
 * same word, of those that are made one after the other until one holds. */
static bool is_same_test(const struct sock_filter *a,
			 const struct sock_filter *b, unsigned int n)
{
	return a->code == (BPF_JMP | BPF_JEQ | BPF_K) && a->code == b->code &&
	       !a->jf && a->jt == b->jt + n;
}

/* libseccomp sorts requests by their numbers. The one that runs a vCPU comes with
 * each exit, and goes to the front. */
static void hoist(struct sock_filter *insns, unsigned int count, uint32_t hot)
{
	unsigned int at = 0, first;

	while (at < count && (insns[at].code != (BPF_JMP | BPF_JEQ | BPF_K) ||
			      insns[at].k != hot))
		at++;
	if (at == count)
		return;
	for (first = at; first && is_same_test(&insns[first - 1], &insns[at],
					       at - first + 1);
	     first--)
		;
	insns[at].k = insns[first].k;
	insns[first].k = hot;
}

/* Where the tree tests for CALL; COUNT: nowhere. */
static unsigned int find_call(const struct sock_filter *insns,
			      unsigned int count, int call)
{
	unsigned int i;

	for (i = HEAD_INSNS; i < count; i++)
		if (insns[i].code == (BPF_JMP | BPF_JEQ | BPF_K) &&
		    insns[i].k == (uint32_t)call)
			break;
	return i;
}

/*
 * A way to CALL ahead of the tree: it comes with each exit. The new instruction goes
 * between the tests of the architecture and the tree, so that jumps across it become
 * longer by one and others stay.
 */
static unsigned int hoist_call(struct sock_filter *insns, unsigned int count,
			       int call)
{
	unsigned int at = find_call(insns, count, call), i, to;

	if (at == count)
		return count;
	to = at + 1u + insns[at].jt;
	must(to - HEAD_INSNS > UINT8_MAX || count == MAX_INSNS ? -E2BIG : 0,
	     "a way to a call");
	memmove(&insns[HEAD_INSNS + 1], &insns[HEAD_INSNS],
		(count - HEAD_INSNS) * sizeof(*insns));
	insns[HEAD_INSNS] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call,
		(uint8_t)(to - HEAD_INSNS), 0);
	for (i = 0; i < HEAD_INSNS; i++) {
		if (BPF_CLASS(insns[i].code) != BPF_JMP)
			continue;
		insns[i].jt += i + 1u + insns[i].jt > HEAD_INSNS;
		insns[i].jf += i + 1u + insns[i].jf > HEAD_INSNS;
	}
	return count + 1;
}

static uint32_t hot_request(enum sandbox_calls calls)
{
	return (uint32_t)(calls == SANDBOX_CALLS_MSHV
				  ? mshv_requests.list[0].request
				  : kvm_requests.list[0].request);
}

static void filter_print(enum sandbox_calls calls, enum sandbox_thread kind)
{
	scmp_filter_ctx ctx = filter_make(calls, kind);
	struct sock_filter insns[MAX_INSNS];
	unsigned int i, count = filter_read(ctx, insns);

	check_head(insns, count);
	hoist(insns, count, hot_request(calls));
	count = hoist_call(insns, count, SYS_ioctl);
	printf("static const struct sock_filter filter_%d_%d[] = {\n",
	       (int)calls, (int)kind);
	for (i = 0; i < count; i++)
		printf("\t{0x%x, %u, %u, 0x%x},\n", insns[i].code, insns[i].jt,
		       insns[i].jf, insns[i].k);
	printf("};\n");
	seccomp_release(ctx);
}

static void table_print(void)
{
	int c, k;

	printf("static const struct sock_fprog filters[%d][%d] = {\n",
	       SANDBOX_CALLS_COUNT, SANDBOX_THREAD_COUNT);
	for (c = 0; c < SANDBOX_CALLS_COUNT; c++) {
		printf("\t{\n");
		for (k = 0; k < SANDBOX_THREAD_COUNT; k++)
			printf("\t\t{sizeof(filter_%d_%d) / sizeof(struct sock_filter), "
			       "(struct sock_filter *)filter_%d_%d},\n",
			       c, k, c, k);
		printf("\t},\n");
	}
	printf("};\n");
}

static void names_print(void)
{
	int nr;

	printf("static const char *const call_names[] = {\n");
	for (nr = 0; nr < MAX_CALL; nr++) {
		char *name =
			seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, nr);

		if (name)
			printf("\t[%d] = \"%s\",\n", nr, name);
		free(name);
	}
	printf("};\n");
}

int main(void)
{
	int c, k;

	for (c = 0; c < SANDBOX_CALLS_COUNT; c++)
		for (k = 0; k < SANDBOX_THREAD_COUNT; k++)
			filter_print((enum sandbox_calls)c,
				     (enum sandbox_thread)k);
	table_print();
	names_print();
	return 0;
}
