//! What `grub-install` patches into GRUB's first sectors, for an image that no GRUB is installed on.

use crate::Refusal;

/// Where the boot sector has the place of the core image, in sectors.
const CORE_SECTOR: usize = 0x5c;
/// A jump that the boot sector takes on floppies; two no-ops let it read the disk that it was started from.
const DRIVE_CHECK: usize = 0x66;
/// Where the core image's first sector has the place of its second one.
const NEXT_SECTOR: usize = 0x1f4;

/// Ties the boot sector and the core image together, the latter being placed at a sector of the disk.
pub fn install(boot: &mut [u8], core: &mut [u8], sector: u64) -> Result<(), Refusal> {
    put(boot, "the boot sector", CORE_SECTOR, &sector.to_le_bytes())?;
    put(boot, "the boot sector", DRIVE_CHECK, &[0x90, 0x90])?;
    put(core, "the core image", NEXT_SECTOR, &(sector + 1).to_le_bytes())
}

fn put(bytes: &mut [u8], what: &str, at: usize, value: &[u8]) -> Result<(), Refusal> {
    let place = bytes.get_mut(at..at + value.len()).ok_or(format!("{what} of GRUB is too short"))?;
    place.copy_from_slice(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::install;

    #[test]
    fn the_sectors_name_each_other() {
        let (mut boot, mut core) = ([0; 512], [0; 512]);
        install(&mut boot, &mut core, 0x1234).expect("room enough");
        assert_eq!(boot[0x5c..0x68], [0x34, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0x90, 0x90]);
        assert_eq!(core[0x1f4..0x1fc], [0x35, 0x12, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_file_that_is_no_grub() {
        let said = install(&mut [0; 512], &mut [0; 20], 1);
        assert_eq!(said, Err("the core image of GRUB is too short".into()));
    }
}
