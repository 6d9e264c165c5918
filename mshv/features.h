/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_FEATURES_H
#define MSHV_FEATURES_H

/*
 * features - the CPUID bit behind each bit of a partition's processor features
 * (HV_PARTITION_PROCESSOR_FEATURES and its XSAVE features; Linux:
 * include/hyperv/hvhdk.h). Bits that have no CPUID bit, or that no guest of ours
 * could use, are not here.
 */
#include <stddef.h>
#include <stdint.h>

enum mshv_feature_bank {
	MSHV_BANK_CPU0,
	MSHV_BANK_CPU1,
	MSHV_BANK_XSAVE,
	MSHV_BANK_COUNT,
};

/* CPUID's output registers, in the order of the hypervisor's structures. */
enum mshv_cpuid_reg { MSHV_EAX, MSHV_EBX, MSHV_ECX, MSHV_EDX };

struct mshv_feature {
	uint8_t bank;
	uint8_t bit; /* of the bank */
	uint8_t subleaf;
	uint8_t reg;
	uint8_t cpuid_bit;
	uint32_t leaf;
};

extern const struct mshv_feature mshv_features[];
extern const size_t mshv_feature_count;

#endif
