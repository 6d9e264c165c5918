/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What cannot be said in C: the first instructions of both CPUs, the gates
 * of all vectors, and the way into ring 3 and back.
 */
#include "workloads/guest/micro/cpu.h"

	.section .text.start, "ax"
	.globl start
start:
	lea	boot_stack_end(%rip), %rsp
	xor	%ebp, %ebp
	call	micro_main
1:	hlt
	jmp	1b

	.text
/* --- gates: vector and error code in a struct trap_frame --------------- */
	.globl	gates
	.balign	16
gates:
	.set	vector, 0
	.rept	256
	.balign	16
	/* Vectors for which the CPU pushes an error code (SDM 3A, 6.3.1). */
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	push	$0
	.endif
	push	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

trap_common:
	push	%rax
	push	%rbx
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%rbp
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	cld
	mov	%rsp, %rdi
	call	trap
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rbp
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rbx
	pop	%rax
	add	$16, %rsp
	iretq

/* --- uint64_t guard_enter(void (*fn)(void *), void *arg, uint64_t stack) - */
	.globl	guard_enter, guard_leave, guard_ring3_end
guard_enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, guard_stack(%rip)
	mov	%rdi, %rax
	mov	%rsi, %rdi
	test	%rdx, %rdx
	jnz	1f
	sub	$8, %rsp
	call	*%rax
	add	$8, %rsp
	xor	%eax, %eax
	jmp	guard_leave
1:	lea	guard_ring3_end(%rip), %rcx
	sub	$8, %rdx
	mov	%rcx, (%rdx)
	push	$CPU_USER_DATA
	push	%rdx
	push	$CPU_RING3_FLAGS
	push	$CPU_USER_CODE
	push	%rax
	iretq
/* Here trap() comes with RAX set and the stack as it was saved above. */
guard_leave:
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
/* A function in ring 3 returns to this: its way to say that it is done. */
guard_ring3_end:
	ud2

/*
 * --- void halt_while(const volatile uint64_t *count, uint64_t value) -------
 * Halt until an interrupt has changed *COUNT. One that comes between the
 * comparison and HLT would be slept through; trap() then leads it behind HLT.
 * (STI's shadow would do the same, but emulators lose it.)
 */
	.globl	halt_while, halt_begin, halt_end
halt_while:
halt_begin:
	cmp	%rsi, (%rdi)
	jne	1f
	hlt
halt_end:
	jmp	halt_begin
1:	ret

/* --- the second CPU, from real mode; copied to CPU_TRAMPOLINE_GPA ------- */
	.globl	trampoline, trampoline_end
	.code16
trampoline:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	lgdtl	CPU_TRAMPOLINE_GPA + trampoline_gdtr - trampoline
	mov	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	mov	CPU_TRAMPOLINE_GPA + trampoline_cr3 - trampoline, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx	/* EFER.LME */
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	$0x80000011, %eax	/* PG, ET, PE */
	mov	%eax, %cr0
	ljmpl	$CPU_KERNEL_CODE, $ap_start
	.balign	8
	.globl	trampoline_cr3, trampoline_gdtr
trampoline_cr3:
	.long	0
	.balign	8
trampoline_gdtr:
	.word	0
	.quad	0
trampoline_end:
	.code64
ap_start:
	mov	$CPU_KERNEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	lea	ap_stack_end(%rip), %rsp
	xor	%ebp, %ebp
	call	ap_main
1:	hlt
	jmp	1b

	.bss
	.balign	4096
	.skip	16384
boot_stack_end:
	.skip	16384
ap_stack_end:
	.section .note.GNU-stack, "", @progbits
