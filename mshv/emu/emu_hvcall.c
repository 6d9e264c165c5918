// SPDX-License-Identifier: GPL-3.0-or-later
/* The emulator's hypercalls: what the driver lets through, and answers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "harness/base/base.h"
#include "mshv/emu/emu_priv.h"

struct call {
	struct emu_partition *pt; /* NULL: the device itself */
	struct emu_vp *vp; /* whose descriptor it came through, or NULL */
	uint16_t code;
	uint16_t reps;
	uint16_t done;   /* elements completed */
	uint16_t failed; /* the element that was not */
	union {
		uint8_t bytes[MSHV_PAGE_BYTES];
		uint64_t align;
	} in;
	union {
		uint8_t bytes[MSHV_PAGE_BYTES];
		uint64_t align;
	} out;
};

/* --- properties ----------------------------------------------------------- */

static uint64_t *property_slot(struct emu_partition *pt, uint32_t code)
{
	uint32_t i;

	for (i = 0; i < pt->property_count; i++)
		if (pt->properties[i].code == code)
			return &pt->properties[i].value;
	return NULL;
}

uint64_t emu_property(struct emu_partition *pt, uint32_t code)
{
	const uint64_t *slot = property_slot(pt, code);

	return slot ? *slot : 0;
}

/* Those that can be written; all start at 0. */
static const uint32_t writable[] = {
	MSHV_PROP_PRIVILEGE_FLAGS,
	MSHV_PROP_SYNTHETIC_FEATURES,
	MSHV_PROP_TIME_FREEZE,
	MSHV_PROP_REFERENCE_TIME,
	MSHV_PROP_PROCESSORS_PER_SOCKET,
	MSHV_PROP_ACCESS_TRACKING,
	MSHV_PROP_UNIMPLEMENTED_MSR_ACTION,
};

static bool is_writable(uint32_t code)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(writable); i++)
		if (writable[i] == code)
			return true;
	return false;
}

/* The partition's clock is KVM's, which the guest's reference counter shows too. */
static uint64_t reference_time(struct emu_partition *pt)
{
	struct kvm_clock_data now = {0};

	if (pt->is_frozen)
		return pt->frozen_at;
	ioctl(pt->vm_fd, KVM_GET_CLOCK, &now);
	return now.clock / 100;
}

static uint16_t reference_time_set(struct emu_partition *pt, uint64_t value)
{
	struct kvm_clock_data then = {.clock = value * 100};

	pt->frozen_at = value;
	return !pt->is_frozen && ioctl(pt->vm_fd, KVM_SET_CLOCK, &then)
		       ? MSHV_STATUS_OUT_OF_RANGE
		       : MSHV_STATUS_SUCCESS;
}

static uint16_t time_freeze(struct emu_partition *pt, uint64_t value)
{
	if (value > 1)
		return MSHV_STATUS_OUT_OF_RANGE;
	if (value && !pt->is_frozen) {
		pt->frozen_at = reference_time(pt);
		pt->is_frozen = true;
	} else if (!value && pt->is_frozen) {
		pt->is_frozen = false;
		return reference_time_set(pt, pt->frozen_at);
	}
	return MSHV_STATUS_SUCCESS;
}

static uint64_t tsc_hz(struct emu_partition *pt)
{
	int khz = pt ? ioctl(pt->vm_fd, KVM_GET_TSC_KHZ, 0) : 0;

	return khz > 0 ? (uint64_t)khz * 1000 : 0;
}

/* HV_PROCESSOR_VENDOR, by four letters of the name that CPUID has. */
static uint64_t vendor(void)
{
	uint32_t name = emu_cpuid_supported(0, MSHV_EBX);

	if (!memcmp(&name, "Genu", 4))
		return MSHV_VENDOR_INTEL;
	return memcmp(&name, "Hygo", 4) ? MSHV_VENDOR_AMD : MSHV_VENDOR_HYGON;
}

static uint16_t property_get(struct emu_partition *pt, uint32_t code,
			     uint64_t *value)
{
	if (pt && is_writable(code)) {
		*value = code == MSHV_PROP_REFERENCE_TIME
				 ? reference_time(pt)
				 : emu_property(pt, code);
		return MSHV_STATUS_SUCCESS;
	}
	switch (code) {
	case MSHV_PROP_PROCESSOR_VENDOR:
		*value = vendor();
		break;
	case MSHV_PROP_XSAVE_FEATURES:
		*value = emu_features(MSHV_BANK_XSAVE);
		break;
	case MSHV_PROP_PROCESSOR_FEATURES0:
		*value = emu_features(MSHV_BANK_CPU0);
		break;
	case MSHV_PROP_PROCESSOR_FEATURES1:
		*value = emu_features(MSHV_BANK_CPU1);
		break;
	case MSHV_PROP_CLFLUSH_SIZE:
		*value = 8;
		break;
	case MSHV_PROP_COMPATIBILITY_VERSION:
		*value = 0x609;
		break;
	case MSHV_PROP_PHYSICAL_ADDRESS_WIDTH:
		*value = emu_cpuid_supported(0x80000008, MSHV_EAX) & 0xff;
		break;
	case MSHV_PROP_XSAVE_STATES:
		*value = emu_xsave_components();
		break;
	case MSHV_PROP_MAX_XSAVE_BYTES:
		*value = emu_xsave_bytes();
		break;
	case MSHV_PROP_CLOCK_FREQUENCY:
		*value = tsc_hz(pt);
		break;
	default:
		return MSHV_STATUS_UNKNOWN_PROPERTY;
	}
	return MSHV_STATUS_SUCCESS;
}

static uint16_t call_property_get(struct call *c)
{
	const struct mshv_in_get_property *in = (const void *)c->in.bytes;
	uint64_t value = 0;
	uint16_t status = property_get(c->pt, in->code, &value);

	memcpy(c->out.bytes, &value, sizeof(value));
	return status;
}

static uint16_t property_act(struct emu_partition *pt, uint32_t code,
			     uint64_t value)
{
	switch (code) {
	case MSHV_PROP_SYNTHETIC_FEATURES:
		return pt->is_initialized ? MSHV_STATUS_INVALID_PARTITION_STATE
					  : MSHV_STATUS_SUCCESS;
	case MSHV_PROP_PRIVILEGE_FLAGS:
		return pt->is_initialized ? MSHV_STATUS_INVALID_PARTITION_STATE
					  : MSHV_STATUS_SUCCESS;
	case MSHV_PROP_UNIMPLEMENTED_MSR_ACTION:
		return emu_msr_action_set(pt, value);
	case MSHV_PROP_ACCESS_TRACKING:
		return emu_tracking_set(pt, value != 0)
			       ? MSHV_STATUS_OPERATION_DENIED
			       : MSHV_STATUS_SUCCESS;
	case MSHV_PROP_TIME_FREEZE:
		return time_freeze(pt, value);
	case MSHV_PROP_REFERENCE_TIME:
		return reference_time_set(pt, value);
	default:
		return MSHV_STATUS_SUCCESS;
	}
}

static uint16_t call_property_set(struct call *c)
{
	const struct mshv_in_set_property *in = (const void *)c->in.bytes;
	uint64_t *slot = property_slot(c->pt, in->code);
	uint16_t status;

	if (!is_writable(in->code))
		return MSHV_STATUS_UNKNOWN_PROPERTY;
	status = property_act(c->pt, in->code, in->value);
	if (status)
		return status;
	if (!slot) {
		c->pt->properties[c->pt->property_count].code = in->code;
		slot = &c->pt->properties[c->pt->property_count++].value;
	}
	*slot = in->value;
	return MSHV_STATUS_SUCCESS;
}

static uint16_t call_property_get_ex(struct call *c)
{
	const struct mshv_in_get_property_ex *in = (const void *)c->in.bytes;
	const uint16_t bank_count = 1;
	uint64_t banks = 0;

	if (in->code == MSHV_PROP_ASSIGNABLE_SYNTHETIC)
		banks = ~0ULL;
	else if (in->code != MSHV_PROP_VMM_CAPABILITIES)
		return MSHV_STATUS_UNKNOWN_PROPERTY;
	memcpy(c->out.bytes, &bank_count, sizeof(bank_count));
	memcpy(c->out.bytes + 8, &banks, sizeof(banks));
	return MSHV_STATUS_SUCCESS;
}

/* --- registers ------------------------------------------------------------ */

/*
 * A VP's own descriptor waits for the VP to stop, by its lock, which the
 * caller holds; through the partition a running VP cannot be looked at.
 */
static struct emu_vp *vp_take(struct call *c, uint32_t index, uint16_t *status)
{
	struct emu_vp *vp = index < MSHV_MAX_VPS ? c->pt->vps[index] : NULL;

	*status = MSHV_STATUS_INVALID_VP_INDEX;
	if (!vp)
		return NULL;
	if (vp == c->vp)
		return vp;
	*status = MSHV_STATUS_INVALID_VP_STATE;
	return pthread_mutex_trylock(&vp->lock) ? NULL : vp;
}

static void vp_give(struct call *c, struct emu_vp *vp)
{
	if (vp != c->vp)
		pthread_mutex_unlock(&vp->lock);
}

static uint16_t call_regs_get(struct call *c)
{
	const struct mshv_in_registers *in = (const void *)c->in.bytes;
	const uint32_t *names = (const void *)(c->in.bytes + sizeof(*in));
	union mshv_value *values = (void *)c->out.bytes;
	uint16_t status;
	struct emu_vp *vp;

	if (c->reps > 256)
		return MSHV_STATUS_INVALID_INPUT;
	vp = vp_take(c, in->vp, &status);
	if (!vp)
		return status;
	status = in->vtl ? MSHV_STATUS_INVALID_PARAMETER : MSHV_STATUS_SUCCESS;
	while (!status && c->done < c->reps) {
		memset(&values[c->done], 0, sizeof(*values));
		status = emu_reg_get(vp, names[c->done], &values[c->done]);
		c->failed = c->done;
		if (!status)
			c->done++;
	}
	vp_give(c, vp);
	return status;
}

static uint16_t call_regs_set(struct call *c)
{
	const struct mshv_in_registers *in = (const void *)c->in.bytes;
	const struct mshv_register *regs =
		(const void *)(c->in.bytes + sizeof(*in));
	bool sregs_changed = false;
	struct kvm_sregs before;
	uint16_t status, first = 0;
	struct emu_vp *vp;

	if (c->reps > 127)
		return MSHV_STATUS_INVALID_INPUT;
	vp = vp_take(c, in->vp, &status);
	if (!vp)
		return status;
	before = vp->sregs;
	status = in->vtl ? MSHV_STATUS_INVALID_PARAMETER : MSHV_STATUS_SUCCESS;
	while (!status && c->done < c->reps) {
		status = emu_reg_set(vp, regs[c->done].name,
				     &regs[c->done].value, &sregs_changed);
		c->failed = c->done;
		if (!sregs_changed)
			first = (uint16_t)(c->done + 1);
		if (!status)
			c->done++;
	}
	/* Control registers are judged as a set. KVM's MMU starts anew with
	 * each: many a VMM writes them all back as they were. */
	if (sregs_changed && memcmp(&before, &vp->sregs, sizeof(before)) &&
	    emu_vp_sregs_flush(vp)) {
		vp->sregs = before;
		status = MSHV_STATUS_INVALID_REGISTER_VALUE;
		c->done = first < c->done ? first : c->done;
	}
	emu_page_refresh(vp);
	vp_give(c, vp);
	return status;
}

/* --- the others ----------------------------------------------------------- */

/* KVM answers CPUID itself. That is noticed by nobody where a VMM asks for a
 * leaf of its own, which no guest reads; for any other it is refused. */
static uint16_t intercept_cpuid(const struct mshv_in_intercept *in)
{
	if (in->access_mask & ~MSHV_ACCESS_MASK_EXECUTE)
		return MSHV_STATUS_INVALID_PARAMETER;
	if (emu_cpuid_has((uint32_t)in->parameter)) {
		emu_log_once("exits for CPUID leaf 0x%x cannot be emulated",
			     (uint32_t)in->parameter);
		return MSHV_STATUS_OPERATION_DENIED;
	}
	emu_log_once("exits for CPUID leaf 0x%x, which KVM lacks, will not be"
		     " reported",
		     (uint32_t)in->parameter);
	return MSHV_STATUS_SUCCESS;
}

static uint16_t call_intercept(struct call *c)
{
	const struct mshv_in_intercept *in = (const void *)c->in.bytes;

	switch (in->type) {
	case MSHV_INTERCEPT_MSR_INDEX:
		return emu_msr_intercept(c->pt, in);
	case MSHV_INTERCEPT_IO_PORT: /* ports come up in any case */
	case MSHV_INTERCEPT_HYPERCALL:
	case MSHV_INTERCEPT_UNKNOWN_SYNIC:
	case MSHV_INTERCEPT_UNKNOWN_DEVICE:
		return in->access_mask > 7 ? MSHV_STATUS_INVALID_PARAMETER
					   : MSHV_STATUS_SUCCESS;
	case MSHV_INTERCEPT_CPUID:
		return intercept_cpuid(in);
	default:
		emu_log_once("intercept type %u cannot be emulated", in->type);
		return MSHV_STATUS_OPERATION_DENIED;
	}
}

static uint16_t call_translate(struct call *c)
{
	const struct mshv_in_translate *in = (const void *)c->in.bytes;
	struct mshv_out_translate *out = (void *)c->out.bytes;
	uint16_t status;
	struct emu_vp *vp = vp_take(c, in->vp, &status);
	uint64_t gpa = 0;

	if (!vp)
		return status;
	out->result = emu_translate(vp, in->gva_page * MSHV_PAGE_BYTES, &gpa)
			      ? 1 /* not present */
			      : 0;
	out->gpa_page = gpa / MSHV_PAGE_BYTES;
	vp_give(c, vp);
	return MSHV_STATUS_SUCCESS;
}

static uint16_t call_cpuid_result(struct call *c)
{
	const struct mshv_in_cpuid_result *in = (const void *)c->in.bytes;

	if (in->type != MSHV_INTERCEPT_CPUID) {
		emu_log_once(
			"an intercept result of type %u cannot be emulated",
			in->type);
		return MSHV_STATUS_OPERATION_DENIED;
	}
	return emu_cpuid_register(c->pt, in);
}

static uint16_t call_cpuid_get(struct call *c)
{
	const struct mshv_in_cpuid *in = (const void *)c->in.bytes;
	const struct mshv_cpuid_query *query =
		(const void *)(c->in.bytes + sizeof(*in));
	uint32_t(*out)[4] = (void *)c->out.bytes;
	uint16_t status = MSHV_STATUS_SUCCESS;

	if (c->reps > 169)
		return MSHV_STATUS_INVALID_INPUT;
	while (!status && c->done < c->reps) {
		status = emu_cpuid_get(c->pt, in->vp, in->flags,
				       &query[c->done], out[c->done]);
		if (!status)
			c->done++;
	}
	return status;
}

static uint16_t call_assert(struct call *c)
{
	return emu_assert(c->pt, (const void *)c->in.bytes);
}

static uint16_t call_signal(struct call *c)
{
	return emu_synic_signal(c->pt, (const void *)c->in.bytes,
				&c->out.bytes[0]);
}

static uint16_t call_post(struct call *c)
{
	return emu_synic_post(c->pt, (const void *)c->in.bytes);
}

static uint16_t call_clear(struct call *c)
{
	(void)c; /* there is never one that could be withdrawn */
	return MSHV_STATUS_SUCCESS;
}

static uint16_t call_refused(struct call *c)
{
	emu_log_once("hypercall 0x%x cannot be emulated", c->code);
	return MSHV_STATUS_OPERATION_DENIED;
}

static const struct {
	uint16_t code;
	bool on_vp;
	bool on_device;
	bool is_rep;
	int since; /* kernel */
	uint16_t in_bytes;
	uint16_t (*call)(struct call *c);
} calls[] = {
	{MSHV_HVCALL_GET_PROPERTY, true, true, false, 615, 16,
	 call_property_get},
	{MSHV_HVCALL_SET_PROPERTY, false, false, false, 615, 24,
	 call_property_set},
	{MSHV_HVCALL_INSTALL_INTERCEPT, true, false, false, 615, 24,
	 call_intercept},
	{MSHV_HVCALL_GET_VP_REGISTERS, true, false, true, 615, 16,
	 call_regs_get},
	{MSHV_HVCALL_SET_VP_REGISTERS, true, false, true, 615, 16,
	 call_regs_set},
	{MSHV_HVCALL_TRANSLATE, true, false, false, 615, 32, call_translate},
	{MSHV_HVCALL_CLEAR_INTERRUPT, true, false, false, 615, 8, call_clear},
	{MSHV_HVCALL_REGISTER_RESULT, true, false, false, 615, 60,
	 call_cpuid_result},
	{MSHV_HVCALL_ASSERT_INTERRUPT, true, false, false, 615, 32,
	 call_assert},
	{MSHV_HVCALL_SIGNAL_EVENT, true, false, false, 615, 16, call_signal},
	{MSHV_HVCALL_POST_MESSAGE, true, false, false, 615, 280, call_post},
	{MSHV_HVCALL_GET_ACCESS_STATES, true, false, true, 615, 24,
	 call_refused},
	{MSHV_HVCALL_GET_CPUID, true, false, true, 615, 24, call_cpuid_get},
	{MSHV_HVCALL_GET_PROPERTY_EX, true, true, false, 619, 24,
	 call_property_get_ex},
};

/* What the driver checks before it asks the hypervisor. */
static int args_check(const struct mshv_hvcall *arg)
{
	static const uint8_t zero[6];

	if (arg->status || !arg->in_ptr || arg->in_bytes < 8 ||
	    arg->in_bytes > MSHV_PAGE_BYTES ||
	    memcmp(arg->rsvd, zero, sizeof(zero)))
		return -EINVAL;
	if (arg->out_ptr &&
	    (!arg->out_bytes || arg->out_bytes > MSHV_PAGE_BYTES))
		return -EINVAL;
	return 0;
}

static int find_hvcall(const struct call *c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].code == c->code && emu_kernel() >= calls[i].since)
			break;
	if (i == ARRAY_SIZE(calls) || (c->vp && !calls[i].on_vp) ||
	    (!c->pt && !calls[i].on_device))
		return -EINVAL;
	return (int)i;
}

/* What was refused, and of which register or property it was. */
static void log_refused(const struct call *c, uint16_t status)
{
	const uint32_t *names =
		(const void *)(c->in.bytes + sizeof(struct mshv_in_registers));
	const struct mshv_in_get_property *property = (const void *)c->in.bytes;
	uint32_t step = c->code == MSHV_HVCALL_SET_VP_REGISTERS
				? sizeof(struct mshv_register) / sizeof(*names)
				: 1;

	switch (c->code) {
	case MSHV_HVCALL_GET_VP_REGISTERS:
	case MSHV_HVCALL_SET_VP_REGISTERS:
		emu_log_once("hypercall 0x%x, register 0x%x: status 0x%x",
			     c->code, names[step * c->failed], status);
		return;
	case MSHV_HVCALL_GET_PROPERTY:
	case MSHV_HVCALL_SET_PROPERTY:
		emu_log_once("hypercall 0x%x, property 0x%x: status 0x%x",
			     c->code, property->code, status);
		return;
	default:
		emu_log_once("hypercall 0x%x: status 0x%x", c->code, status);
	}
}

/* Before INITIALIZE the hypervisor knows early properties only. */
static bool is_allowed_now(const struct call *c)
{
	return !c->pt || c->pt->is_initialized ||
	       c->code == MSHV_HVCALL_GET_PROPERTY ||
	       c->code == MSHV_HVCALL_SET_PROPERTY ||
	       c->code == MSHV_HVCALL_GET_PROPERTY_EX;
}

static uint16_t perform(struct call *c, int i, const struct mshv_hvcall *arg)
{
	if (!is_allowed_now(c))
		return MSHV_STATUS_INVALID_PARTITION_STATE;
	if (arg->in_bytes < calls[i].in_bytes ||
	    (calls[i].is_rep ? !arg->reps : arg->reps))
		return MSHV_STATUS_INVALID_INPUT;
	return calls[i].call(c);
}

int emu_hvcall(struct emu_partition *pt, struct emu_vp *vp, void *user)
{
	struct mshv_hvcall arg;
	struct call *c;
	int ret, i;

	if (emu_copy_in(&arg, (uintptr_t)user, sizeof(arg)))
		return -EFAULT;
	ret = args_check(&arg);
	if (ret)
		return ret;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->pt = pt;
	c->vp = vp;
	c->code = arg.code;
	c->reps = arg.reps;
	ret = i = find_hvcall(c);
	if (i >= 0)
		ret = emu_copy_in(c->in.bytes, arg.in_ptr, arg.in_bytes);
	if (!ret) {
		arg.status = perform(c, i, &arg);
		arg.reps = c->done;
		ret = emu_status_errno(arg.status);
		if (arg.status)
			log_refused(c, arg.status);
		/* As the driver: also where the hypervisor refused. */
		if (emu_copy_out((uintptr_t)user, &arg, sizeof(arg)) ||
		    (arg.out_ptr &&
		     emu_copy_out(arg.out_ptr, c->out.bytes, arg.out_bytes)))
			ret = -EFAULT;
	}
	free(c);
	return ret;
}
