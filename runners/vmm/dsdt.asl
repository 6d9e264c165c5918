/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the guest cannot discover: the PCI window, COM1, how to power off.
 * Addresses are those of dev/pci.h and dev/uart16550.h. */
DefinitionBlock ("", "DSDT", 2, "L1VH", "L1VHBNCH", 0x00000001)
{
    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_UID, Zero)
            Name (_SEG, Zero)
            Name (_BBN, Zero)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed,
                    PosDecode, 0x0000, 0x0000, 0x0000, 0x0000, 0x0001)
                IO (Decode16, 0x0CF8, 0x0CF8, 0x01, 0x08)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
                    NonCacheable, ReadWrite, 0x00000000, 0xC0000000,
                    0xEFFFFFFF, 0x00000000, 0x30000000)
                QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
                    Cacheable, ReadWrite, 0x0000000000000000,
                    0x0000008000000000, 0x000000BFFFFFFFFF,
                    0x0000000000000000, 0x0000004000000000)
            })
            /* Of devices passed through, see vfio/vfio_set.h. */
            Name (_PRT, Package (0x08)
            {
                Package (0x04) { 0x0010FFFF, Zero, Zero, 0x10 },
                Package (0x04) { 0x0011FFFF, Zero, Zero, 0x11 },
                Package (0x04) { 0x0012FFFF, Zero, Zero, 0x12 },
                Package (0x04) { 0x0013FFFF, Zero, Zero, 0x13 },
                Package (0x04) { 0x0014FFFF, Zero, Zero, 0x14 },
                Package (0x04) { 0x0015FFFF, Zero, Zero, 0x15 },
                Package (0x04) { 0x0016FFFF, Zero, Zero, 0x16 },
                Package (0x04) { 0x0017FFFF, Zero, Zero, 0x17 }
            })
        }

        Device (COM1)
        {
            Name (_HID, EisaId ("PNP0501"))
            Name (_UID, Zero)
            Name (_CRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive)
                    { 0x00000004 }
                IO (Decode16, 0x03F8, 0x03F8, 0x01, 0x08)
            })
        }
    }

    Name (\_S5, Package (0x04) { 0x05, 0x05, Zero, Zero })
}
