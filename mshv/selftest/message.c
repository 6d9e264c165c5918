// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_message - port I/O: the messages, and that the VP stops before the
 * instruction has any effect.
 */
#include "mshv/selftest/rig.h"

#define STRING_LEN 5u

/*
 * The smoke test of rust-vmm: mov dx, 0x3f8; add al, bl; add al, '0';
 * out dx, al; mov al, 0; out dx, al
 */
static const uint8_t smoke[] = {0xba, 0xf8, 0x03, 0x00, 0xd8, 0x04,
				0x30, 0xee, 0xb0, 0x00, 0xee};
#define SMOKE_OUT1 (RIG_CODE + 7)
#define SMOKE_OUT2 (RIG_CODE + 10)

/* mov dx, 0x3f8; out dx, al; out dx, al */
static const uint8_t two_outs[] = {0xba, 0xf8, 0x03, 0xee, 0xee};

static void smoke_boot(struct rig *rig, const struct check *check)
{
	RIG_BOOT(rig, check, RIG_FLAGS, smoke);
	rig_reg_set(rig, MSHV_REG_RAX, 2);
	rig_reg_set(rig, MSHV_REG_RBX, 2);
}

static void first_out(struct rig *rig)
{
	const struct check *check = rig->check;
	struct mshv_msg_io io = rig_run_io(rig);

	check_u64(check, io.header.vp, 0, "VP of the message");
	check_u64(check, io.header.access, MSHV_ACCESS_WRITE, "access of OUT");
	check_u64(check, io.header.rip, SMOKE_OUT1, "rip of OUT");
	check_u64(check, io.header.length_cr8 & 15, 1, "length of OUT");
	check_u64(check, io.header.cs.base, 0, "cs base of OUT");
	check_u64(check,
		  io.header.exec_state &
			  (MSHV_EXEC_PE | MSHV_EXEC_LMA | MSHV_EXEC_CPL),
		  0, "PE, LMA and CPL of exec_state in real mode");
	check_u64(check, io.port, 0x3f8, "port of OUT");
	check_u64(check, io.info, 1, "access info of OUT dx, al");
	check_u64(check, (uint8_t)io.rax, '4', "al of OUT");
}

static void message_pio_smoke(const struct check *check)
{
	struct rig rig;

	smoke_boot(&rig, check);
	first_out(&rig);
	check_u64(check, rig_reg(&rig, MSHV_REG_RIP).u64, SMOKE_OUT1,
		  "RIP when stopped at OUT");

	/* Nobody advanced RIP, so it all happens again. */
	first_out(&rig);
	rig_advance(&rig, 1);
	check_u64(check, rig_run_out(&rig, 0x3f8), 0, "al of the second OUT");
	check_u64(check, rig_reg(&rig, MSHV_REG_RIP).u64, SMOKE_OUT2,
		  "RIP when stopped at the second OUT");
}

static void message_pio_page(const struct check *check)
{
	struct mshv_register_page *page;
	struct rig rig;

	smoke_boot(&rig, check);
	page = rig_page(&rig);
	first_out(&rig);
	page->rip = SMOKE_OUT1 + 1;
	page->dirty = MSHV_DIRTY_RIP;
	check_u64(check, rig_run_out(&rig, 0x3f8), 0,
		  "al of the second OUT, with RIP set in the page");
	check_u64(check, page->dirty, 0, "dirty after the VP ran");
	check_u64(check, page->rip, SMOKE_OUT2, "rip in the page");
}

static void message_pio_page_gpr(const struct check *check)
{
	struct mshv_register_page *page;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, two_outs);
	page = rig_page(&rig);
	rig_run_out(&rig, 0x3f8);
	page->gpr[0] = 0xab;
	page->rip = RIG_CODE + 4;
	page->rflags = 0x8d7;
	page->dirty = MSHV_DIRTY_GPR | MSHV_DIRTY_RIP | MSHV_DIRTY_FLAGS;
	check_u64(check, rig_run_out(&rig, 0x3f8), 0xab,
		  "al, set in the register page");
	check_u64(check, rig_reg(&rig, MSHV_REG_RFLAGS).u64, 0x8d7,
		  "RFLAGS, set in the register page");
}

static void message_pio_page_clean(const struct check *check)
{
	struct mshv_register_page *page;
	struct rig rig;

	smoke_boot(&rig, check);
	page = rig_page(&rig);
	first_out(&rig);
	page->rip = SMOKE_OUT1 + 1;
	page->gpr[0] = 0x99;
	/* Without a dirty bit it is ignored. */
	first_out(&rig);
}

static void message_pio_in(const struct check *check)
{
	/* mov dx, 0x3f8; in al, dx; out dx, al */
	static const uint8_t code[] = {0xba, 0xf8, 0x03, 0xec, 0xee};
	struct mshv_msg_io io;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	rig_reg_set(&rig, MSHV_REG_RAX, 0x7711);
	io = rig_run_io(&rig);
	check_u64(check, io.header.access, MSHV_ACCESS_READ, "access of IN");
	check_u64(check, io.header.rip, RIG_CODE + 3, "rip of IN");
	check_u64(check, io.port, 0x3f8, "port of IN");
	check_u64(check, io.info, 1, "access info of IN al, dx");
	check_u64(check, rig_reg(&rig, MSHV_REG_RAX).u64, 0x7711,
		  "RAX when stopped at IN");
	rig_reg_set(&rig, MSHV_REG_RAX, 0x775a);
	rig_advance(&rig, 1);
	check_u64(check, rig_run_out(&rig, 0x3f8), 0x5a,
		  "al of the OUT behind IN");
}

static void message_pio_sizes(const struct check *check)
{
	/*
	 * mov dx, 0x3f8; out dx, ax; out dx, eax; out 0x80, al; in ax, dx;
	 * in eax, dx; in al, 0x71
	 */
	static const uint8_t code[] = {0xba, 0xf8, 0x03, 0xef, 0x66, 0xef, 0xe6,
				       0x80, 0xed, 0x66, 0xed, 0xe4, 0x71};
	static const struct {
		const char *what;
		uint8_t offset, len, access, info;
		uint16_t port;
	} expected[] = {
		{"out dx, ax", 3, 1, MSHV_ACCESS_WRITE, 2, 0x3f8},
		{"out dx, eax", 4, 2, MSHV_ACCESS_WRITE, 4, 0x3f8},
		{"out 0x80, al", 6, 2, MSHV_ACCESS_WRITE, 1, 0x80},
		{"in ax, dx", 8, 1, MSHV_ACCESS_READ, 2, 0x3f8},
		{"in eax, dx", 9, 2, MSHV_ACCESS_READ, 4, 0x3f8},
		{"in al, 0x71", 11, 2, MSHV_ACCESS_READ, 1, 0x71},
	};
	struct mshv_msg_io io;
	struct rig rig;
	size_t i;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	rig_reg_set(&rig, MSHV_REG_RAX, 0x11223344);
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		io = rig_run_io(&rig);
		check_u64(check, io.header.rip, RIG_CODE + expected[i].offset,
			  "rip of %s", expected[i].what);
		check_u64(check, io.header.length_cr8 & 15, expected[i].len,
			  "length of %s", expected[i].what);
		check_u64(check, io.header.access, expected[i].access,
			  "access of %s", expected[i].what);
		check_u64(check, io.info, expected[i].info, "access info of %s",
			  expected[i].what);
		check_u64(check, io.port, expected[i].port, "port of %s",
			  expected[i].what);
		check_u64(check, (uint32_t)io.rax, 0x11223344, "eax of %s",
			  expected[i].what);
		rig_advance(&rig, expected[i].len);
	}
}

static void string_is_untouched(struct rig *rig, uint32_t index_name)
{
	const struct check *check = rig->check;

	check_u64(check, rig_reg(rig, MSHV_REG_RIP).u64, RIG_CODE + 10,
		  "RIP when stopped at string I/O");
	check_u64(check, rig_reg(rig, MSHV_REG_RCX).u64, STRING_LEN,
		  "RCX when stopped at string I/O");
	check_u64(check, rig_reg(rig, index_name).u64, RIG_DATA,
		  "RSI or RDI when stopped at string I/O");
}

/* The whole string is one message, and the VMM's to do. */
static void string_finish(struct rig *rig, uint32_t index_name)
{
	rig_reg_set(rig, MSHV_REG_RCX, 0);
	rig_reg_set(rig, index_name, RIG_DATA + STRING_LEN);
	rig_advance(rig, 2);
	rig_run_out(rig, 0x3f8);
	check_u64(rig->check, rig_reg(rig, MSHV_REG_RIP).u64, RIG_CODE + 12,
		  "RIP of the OUT behind string I/O");
}

static void message_rep_outsb(const struct check *check)
{
	/* mov si, 0x2000; mov cx, 5; mov dx, 0x3f8; cld; rep outsb; out */
	static const uint8_t code[] = {0xbe, 0x00, 0x20, 0xb9, 0x05, 0x00, 0xba,
				       0xf8, 0x03, 0xfc, 0xf3, 0x6e, 0xee};
	struct mshv_msg_io io;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	rig_load(&rig, RIG_DATA, "hello", STRING_LEN);
	io = rig_run_io(&rig);
	check_u64(check, io.header.access, MSHV_ACCESS_WRITE,
		  "access of REP OUTSB");
	check_u64(check, io.header.length_cr8 & 15, 2, "length of REP OUTSB");
	check_u64(check, io.port, 0x3f8, "port of REP OUTSB");
	check_u64(check, io.info, 1 | MSHV_IO_STRING | MSHV_IO_REP,
		  "access info of REP OUTSB");
	check_u64(check, io.rcx, STRING_LEN, "rcx of REP OUTSB");
	check_u64(check, io.rsi, RIG_DATA, "rsi of REP OUTSB");
	check_u64(check, io.ds.base, 0, "ds base of REP OUTSB");
	string_is_untouched(&rig, MSHV_REG_RSI);
	string_finish(&rig, MSHV_REG_RSI);
}

static void message_rep_insb(const struct check *check)
{
	/* mov di, 0x2000; mov cx, 5; mov dx, 0x3f8; cld; rep insb; out */
	static const uint8_t code[] = {0xbf, 0x00, 0x20, 0xb9, 0x05, 0x00, 0xba,
				       0xf8, 0x03, 0xfc, 0xf3, 0x6c, 0xee};
	struct mshv_msg_io io;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	rig_load(&rig, RIG_DATA, "hello", STRING_LEN);
	io = rig_run_io(&rig);
	check_u64(check, io.header.access, MSHV_ACCESS_READ,
		  "access of REP INSB");
	check_u64(check, io.info, 1 | MSHV_IO_STRING | MSHV_IO_REP,
		  "access info of REP INSB");
	check_u64(check, io.rcx, STRING_LEN, "rcx of REP INSB");
	check_u64(check, io.rdi, RIG_DATA, "rdi of REP INSB");
	check_u64(check, io.es.base, 0, "es base of REP INSB");
	string_is_untouched(&rig, MSHV_REG_RDI);
	string_finish(&rig, MSHV_REG_RDI);
	check_u64(check, rig_peek(&rig, RIG_DATA), 'h',
		  "memory that only the VMM may write for REP INSB");
}

static void message_outsw(const struct check *check)
{
	/* mov si, 0x2000; mov dx, 0x3f8; cld; outsw */
	static const uint8_t code[] = {0xbe, 0x00, 0x20, 0xba,
				       0xf8, 0x03, 0xfc, 0x6f};
	struct mshv_msg_io io;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	io = rig_run_io(&rig);
	check_u64(check, io.info, 2 | MSHV_IO_STRING, "access info of OUTSW");
	check_u64(check, io.rsi, RIG_DATA, "rsi of OUTSW");
	check_u64(check, io.header.length_cr8 & 15, 1, "length of OUTSW");
	check_u64(check, rig_reg(&rig, MSHV_REG_RSI).u64, RIG_DATA,
		  "RSI when stopped at OUTSW");
}

const struct selftest_check selftest_message_checks[] = {
	{"message_pio_smoke", message_pio_smoke},
	{"message_pio_page", message_pio_page},
	{"message_pio_page_gpr", message_pio_page_gpr},
	{"message_pio_page_clean", message_pio_page_clean},
	{"message_pio_in", message_pio_in},
	{"message_pio_sizes", message_pio_sizes},
	{"message_rep_outsb", message_rep_outsb},
	{"message_rep_insb", message_rep_insb},
	{"message_outsw", message_outsw},
	{NULL, NULL},
};
