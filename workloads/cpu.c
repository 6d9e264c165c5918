// SPDX-License-Identifier: GPL-3.0-or-later
/* CPU work that does not leave the guest. */
#include <stdlib.h>
#include <string.h>
#include <wmmintrin.h>

#include "workloads/list.h"
#include "workloads/sha256.h"

#define STEPS 1024
#define BUFFER_BYTES 65536u

/* A dependent chain, so that the figure is latency, not issue width. */
static enum wl_answer integer_run(struct wl_ctx *ctx, uint64_t iterations)
{
	uint64_t x = ctx->sink | 1;
	uint64_t i;

	for (i = 0; i < iterations * STEPS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		x *= 0x9e3779b97f4a7c15u;
	}
	ctx->sink = x;
	return WL_OK;
}

static enum wl_answer float_run(struct wl_ctx *ctx, uint64_t iterations)
{
	double x = 1.0 + (double)(ctx->sink & 1);
	uint64_t i;

	for (i = 0; i < iterations * STEPS; i++)
		x = x * 0.999999 + 1e-6 / x;
	ctx->sink = (uint64_t)(x * 1000);
	return WL_OK;
}

/* A random bit decides, half of all predictions fail. */
static enum wl_answer branch_run(struct wl_ctx *ctx, uint64_t iterations)
{
	uint64_t x = ctx->sink | 1;
	uint64_t taken = 0;
	uint64_t i;

	for (i = 0; i < iterations * STEPS; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		if (x >> 63)
			/* A call to nothing keeps this a branch. */
			__asm__ volatile("" : "+r"(taken));
		else
			taken++;
	}
	ctx->sink = x + taken;
	return WL_OK;
}

static enum wl_answer steps_setup(struct wl_ctx *ctx)
{
	ctx->ops_count = STEPS;
	return WL_OK;
}

static enum wl_answer buffer_setup(struct wl_ctx *ctx)
{
	ctx->state = malloc(2 * BUFFER_BYTES);
	if (!ctx->state)
		return wl_say(ctx, WL_FAIL, "out of memory");
	memset(ctx->state, 0x5a, 2 * BUFFER_BYTES);
	ctx->bytes_count = BUFFER_BYTES;
	return WL_OK;
}

static void buffer_teardown(struct wl_ctx *ctx)
{
	free(ctx->state);
}

static enum wl_answer memcpy_run(struct wl_ctx *ctx, uint64_t iterations)
{
	char *from = ctx->state;
	char *to = from + BUFFER_BYTES;

	while (iterations--) {
		memcpy(to, from, BUFFER_BYTES);
		/* The copy must happen each time. */
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	return WL_OK;
}

static enum wl_answer sha256_run(struct wl_ctx *ctx, uint64_t iterations)
{
	uint8_t digest[32];

	while (iterations--) {
		sha256(ctx->state, BUFFER_BYTES, digest);
		ctx->sink += digest[0];
	}
	return WL_OK;
}

static enum wl_answer aes_setup(struct wl_ctx *ctx)
{
	if (!__builtin_cpu_supports("aes"))
		return wl_say(ctx, WL_SKIP, "this CPU has no AES instructions");
	return buffer_setup(ctx);
}

#define AES_ROUND_KEY(k, rcon) aes_expand(k, _mm_aeskeygenassist_si128(k, rcon))

__attribute__((target("aes"))) static __m128i aes_expand(__m128i key,
							 __m128i assist)
{
	assist = _mm_shuffle_epi32(assist, 0xff);
	key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
	key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
	key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
	return _mm_xor_si128(key, assist);
}

/* AES-128 key schedule, FIPS 197, 5.2. */
__attribute__((target("aes"))) static void aes_schedule(__m128i k[11])
{
	k[0] = _mm_set1_epi8(0x2b);
	k[1] = AES_ROUND_KEY(k[0], 0x01);
	k[2] = AES_ROUND_KEY(k[1], 0x02);
	k[3] = AES_ROUND_KEY(k[2], 0x04);
	k[4] = AES_ROUND_KEY(k[3], 0x08);
	k[5] = AES_ROUND_KEY(k[4], 0x10);
	k[6] = AES_ROUND_KEY(k[5], 0x20);
	k[7] = AES_ROUND_KEY(k[6], 0x40);
	k[8] = AES_ROUND_KEY(k[7], 0x80);
	k[9] = AES_ROUND_KEY(k[8], 0x1b);
	k[10] = AES_ROUND_KEY(k[9], 0x36);
}

__attribute__((target("aes"))) static enum wl_answer aes_run(
	struct wl_ctx *ctx, uint64_t iterations)
{
	__m128i *block = ctx->state;
	__m128i k[11];
	uint32_t i, r;

	aes_schedule(k);
	while (iterations--) {
		for (i = 0; i < BUFFER_BYTES / sizeof(*block); i++) {
			__m128i v = _mm_loadu_si128(&block[i]);

			v = _mm_xor_si128(v, k[0]);
			for (r = 1; r < 10; r++)
				v = _mm_aesenc_si128(v, k[r]);
			v = _mm_aesenclast_si128(v, k[10]);
			_mm_storeu_si128(&block[i], v);
		}
	}
	return WL_OK;
}

#define CPU_WORKLOAD(sym, what, text, u, b, set, tear)                \
	const struct workload wl_cpu_##sym = {.name = "cpu_" #sym,    \
					      .group = "cpu",         \
					      .summary = text,        \
					      .unit = u,              \
					      .better = b,            \
					      .points = &wl_no_point, \
					      .point_count = 1,       \
					      .setup = set,           \
					      .run = what,            \
					      .teardown = tear}

CPU_WORKLOAD(integer, integer_run, "dependent integer operations, per step",
	     WL_UNIT_NS, WL_LOWER_IS_BETTER, steps_setup, NULL);
CPU_WORKLOAD(float, float_run, "dependent double operations, per step",
	     WL_UNIT_NS, WL_LOWER_IS_BETTER, steps_setup, NULL);
CPU_WORKLOAD(branch, branch_run, "unpredictable branches, per branch",
	     WL_UNIT_NS, WL_LOWER_IS_BETTER, steps_setup, NULL);
CPU_WORKLOAD(aes, aes_run, "AES-128 with AES instructions", WL_UNIT_BYTES_PER_S,
	     WL_HIGHER_IS_BETTER, aes_setup, buffer_teardown);
CPU_WORKLOAD(sha256, sha256_run, "SHA-256 in portable C", WL_UNIT_BYTES_PER_S,
	     WL_HIGHER_IS_BETTER, buffer_setup, buffer_teardown);
CPU_WORKLOAD(memcpy, memcpy_run, "memcpy within the cache, 64 KiB",
	     WL_UNIT_BYTES_PER_S, WL_HIGHER_IS_BETTER, buffer_setup,
	     buffer_teardown);
