/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The least that QEMU boots by the PVH protocol: a line, and no more. */
	.section .note.pvh, "a", @note
	.balign 4
	.long	4, 4, 18	/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	start

	.text
	.code32
	.globl	start
start:
	mov	$line, %esi
	mov	$0x3f8, %edx
1:	lodsb
	test	%al, %al
	jz	2f
	out	%al, %dx
	jmp	1b
2:	hlt
	jmp	2b
line:	.asciz	"first_instruction\n"
	.section .note.GNU-stack, "", @progbits
