// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The functions of Zydis that this project calls, under their own names: each calls
 * the library's. A program has this file or the library, never both.
 */
#include "mshv/decoder.h"

#include <Zydis/Zydis.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

#include "harness/base/base.h"
#include "harness/base/err.h"

static struct {
	__typeof__(ZydisDecoderInit) *init;
	__typeof__(ZydisDecoderDecodeFull) *decode;
	__typeof__(ZydisRegisterGetId) *register_id;
	__typeof__(ZydisRegisterGetClass) *register_class;
} lib;

/* The library that the headers are of: another version has other structures. */
static void *lib_open(struct err *err)
{
	char name[64];
	void *handle;

	snprintf(name, sizeof(name), "libZydis.so.%u.%u",
		 (unsigned int)ZYDIS_VERSION_MAJOR(ZYDIS_VERSION),
		 (unsigned int)ZYDIS_VERSION_MINOR(ZYDIS_VERSION));
	handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		err_set(err, -ENOENT,
			"cannot load the instruction decoder: %s; install Zydis, or build again",
			dlerror());
	return handle;
}

int decoder_load(struct err *err)
{
	const struct {
		const char *name;
		void **to;
	} calls[] = {
		{"ZydisDecoderInit", (void **)&lib.init},
		{"ZydisDecoderDecodeFull", (void **)&lib.decode},
		{"ZydisRegisterGetId", (void **)&lib.register_id},
		{"ZydisRegisterGetClass", (void **)&lib.register_class},
	};
	void *handle;
	size_t i;

	if (lib.register_class)
		return 0;
	handle = lib_open(err);
	if (!handle)
		return -ENOENT;
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		*calls[i].to = dlsym(handle, calls[i].name);
		if (!*calls[i].to)
			return err_set(err, -ENOSYS,
				       "the instruction decoder lacks %s",
				       calls[i].name);
	}
	return 0;
}

ZyanStatus ZydisDecoderInit(ZydisDecoder *decoder, ZydisMachineMode mode,
			    ZydisStackWidth width)
{
	return lib.init(decoder, mode, width);
}

ZyanStatus ZydisDecoderDecodeFull(
	const ZydisDecoder *decoder, const void *bytes, ZyanUSize len,
	ZydisDecodedInstruction *insn,
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT])
{
	return lib.decode(decoder, bytes, len, insn, ops);
}

ZyanI8 ZydisRegisterGetId(ZydisRegister reg)
{
	return lib.register_id(reg);
}

ZydisRegisterClass ZydisRegisterGetClass(ZydisRegister reg)
{
	return lib.register_class(reg);
}
