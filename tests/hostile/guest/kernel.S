/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hostile image as a kernel, so that the VMM gives it what Linux gets: no
 * micro device, and the channel on a virtio console. Boot protocol 2.15: the
 * fields are of struct setup_header (Documentation/arch/x86/boot.rst).
 */
	.section .text, "ax"
	.org	0x1f1
	.byte	3			/* setup_sects */
	.word	0
	.long	(end - kernel) / 16	/* syssize */
	.word	0, 0, 0
	.word	0xaa55
	.org	0x202
	.ascii	"HdrS"
	.word	0x20f
	.org	0x22c
	.long	0x7fffffff		/* initrd_addr_max */
	.long	0x1000			/* kernel_alignment */
	.byte	0, 0
	.word	1			/* xloadflags: 64-bit entry */
	.long	64			/* cmdline_size */
	.org	0x258
	.quad	0xffe00			/* pref_address; the entry is 0x200 on */
	.long	0x100000		/* init_size */
	.org	0x800
kernel:
	.org	0xa00
	.incbin	"hostile.bin"
	.balign	16
end:
	.section .note.GNU-stack, "", @progbits
