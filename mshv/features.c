// SPDX-License-Identifier: GPL-3.0-or-later
#include "mshv/features.h"

#include "harness/base/base.h"

#define CPU0(bit, leaf, reg, n)                             \
	{                                                   \
		MSHV_BANK_CPU0, bit, 0, MSHV_##reg, n, leaf \
	}
#define CPU1(bit, leaf, reg, n)                             \
	{                                                   \
		MSHV_BANK_CPU1, bit, 0, MSHV_##reg, n, leaf \
	}
#define XSAVE(bit, leaf, sub, reg, n)                          \
	{                                                      \
		MSHV_BANK_XSAVE, bit, sub, MSHV_##reg, n, leaf \
	}

const struct mshv_feature mshv_features[] = {
	CPU0(0, 1, ECX, 0),                       /* SSE3 */
	CPU0(1, 0x80000001, ECX, 0),              /* LAHF */
	CPU0(2, 1, ECX, 9),                       /* SSSE3 */
	CPU0(3, 1, ECX, 19),                      /* SSE4.1 */
	CPU0(4, 1, ECX, 20),                      /* SSE4.2 */
	CPU0(5, 0x80000001, ECX, 6),              /* SSE4a */
	CPU0(7, 1, ECX, 23),                      /* POPCNT */
	CPU0(8, 1, ECX, 13),                      /* CMPXCHG16B */
	CPU0(10, 0x80000001, ECX, 5),             /* LZCNT */
	CPU0(15, 0x80000001, EDX, 26),            /* pages of 1 GiB */
	CPU0(16, 1, ECX, 25),                     /* AES */
	CPU0(17, 1, ECX, 1),                      /* PCLMULQDQ */
	CPU0(18, 1, ECX, 17),                     /* PCID */
	CPU0(20, 1, ECX, 29),                     /* F16C */
	CPU0(21, 1, ECX, 30),                     /* RDRAND */
	CPU0(22, 7, EBX, 0),                      /* FSGSBASE */
	CPU0(23, 7, EBX, 7),                      /* SMEP */
	CPU0(24, 7, EBX, 9),                      /* fast REP MOVSB */
	CPU0(25, 7, EBX, 3),                      /* BMI1 */
	CPU0(26, 7, EBX, 8),                      /* BMI2 */
	CPU0(29, 1, ECX, 22),                     /* MOVBE */
	CPU0(32, 7, EBX, 18),                     /* RDSEED */
	CPU0(33, 7, EBX, 19),                     /* ADX */
	CPU0(35, 7, EBX, 20),                     /* SMAP */
	CPU0(38, 0x80000001, EDX, 27),            /* RDTSCP */
	CPU0(39, 7, EBX, 23),                     /* CLFLUSHOPT */
	CPU0(40, 7, EBX, 24),                     /* CLWB */
	CPU0(41, 7, EBX, 29),                     /* SHA */
	CPU0(43, 7, EBX, 10),                     /* INVPCID */
	CPU0(44, 7, EDX, 26),                     /* IBRS */
	CPU0(45, 7, EDX, 27),                     /* STIBP */
	CPU0(46, 0x80000008, EBX, 12),            /* IBPB */
	CPU0(48, 7, EDX, 31),                     /* SSBD */
	CPU0(49, 7, EDX, 4),                      /* fast short REP MOV */
	CPU0(50, 7, EDX, 28),                     /* L1D_FLUSH */
	CPU0(57, 7, ECX, 22),                     /* RDPID */
	CPU0(58, 7, ECX, 2),                      /* UMIP */
	CPU0(60, 7, EDX, 10),                     /* MD_CLEAR */
	CPU1(1, 0x80000007, EDX, 8),              /* invariant TSC */
	CPU1(2, 0x80000008, EBX, 0),              /* CLZERO */
	CPU1(3, 0x80000008, EBX, 4),              /* RDPRU */
	CPU1(4, 7, ECX, 16),                      /* LA57 */
	CPU1(8, 7, ECX, 7),                       /* CET, shadow stacks */
	CPU1(9, 7, EDX, 20),                      /* CET, branches */
	CPU1(11, 7, ECX, 29),                     /* ENQCMD */
	CPU1(12, 7, ECX, 5),                      /* UMWAIT */
	CPU1(13, 7, ECX, 27),                     /* MOVDIRI */
	CPU1(14, 7, ECX, 28),                     /* MOVDIR64B */
	CPU1(15, 7, ECX, 25),                     /* CLDEMOTE */
	CPU1(16, 7, EDX, 14),                     /* SERIALIZE */
	CPU1(17, 1, ECX, 24),                     /* TSC deadline timer */
	CPU1(18, 7, EBX, 1),                      /* TSC_ADJUST */
	{MSHV_BANK_CPU1, 19, 1, MSHV_EAX, 10, 7}, /* fast zero-length REP MOV */
	{MSHV_BANK_CPU1, 20, 1, MSHV_EAX, 11, 7}, /* fast short REP STOSB */
	{MSHV_BANK_CPU1, 21, 1, MSHV_EAX, 12, 7}, /* fast short REP CMPSB */
	XSAVE(0, 1, 0, ECX, 26),
	XSAVE(1, 0xd, 1, EAX, 0), /* XSAVEOPT */
	XSAVE(2, 1, 0, ECX, 28),  /* AVX */
	XSAVE(3, 7, 0, EBX, 5),   /* AVX2 */
	XSAVE(4, 1, 0, ECX, 12),  /* FMA */
	XSAVE(5, 7, 0, EBX, 14),  /* MPX */
	XSAVE(6, 7, 0, EBX, 16),  /* AVX-512, and its parts */
	XSAVE(7, 7, 0, EBX, 17),
	XSAVE(8, 7, 0, EBX, 28),
	XSAVE(9, 7, 0, EBX, 30),
	XSAVE(10, 7, 0, EBX, 31),
	XSAVE(11, 0xd, 1, EAX, 1), /* XSAVEC */
	XSAVE(12, 0xd, 1, EAX, 3), /* XSAVES */
	XSAVE(13, 0xd, 1, EAX, 2), /* XGETBV with ECX 1 */
	XSAVE(14, 7, 0, ECX, 12),
	XSAVE(15, 7, 0, EBX, 21),
	XSAVE(16, 7, 0, ECX, 1),
	XSAVE(17, 7, 0, ECX, 6),
	XSAVE(18, 7, 0, ECX, 11),
	XSAVE(19, 7, 0, ECX, 8), /* GFNI */
	XSAVE(20, 7, 0, ECX, 9), /* VAES */
	XSAVE(21, 7, 0, ECX, 14),
	XSAVE(22, 7, 0, ECX, 10), /* VPCLMULQDQ */
	XSAVE(23, 7, 1, EAX, 5),
	XSAVE(24, 7, 0, EDX, 8),
	XSAVE(25, 7, 0, EDX, 23),
	XSAVE(26, 0xd, 1, EAX, 4), /* XFD */
	XSAVE(27, 7, 0, EDX, 24),  /* AMX, and its parts */
	XSAVE(28, 7, 0, EDX, 22),
	XSAVE(29, 7, 0, EDX, 25),
	XSAVE(30, 7, 1, EAX, 4),  /* AVX-VNNI */
	XSAVE(31, 7, 1, EAX, 23), /* AVX-IFMA */
};

const size_t mshv_feature_count = ARRAY_SIZE(mshv_features);
