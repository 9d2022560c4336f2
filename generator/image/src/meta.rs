//! Talos' META partition: small values by number, that a machine has before it has a configuration.
//!
//! Big-endian: a magic number, then (key, length, value) of each, zeros, the SHA-256 of the whole block with that
//! field zero, another magic number. The block of 256 KiB stands there twice, in a partition of 1 MiB.
//! Source: `internal/pkg/meta` of Talos, and the package `go-adv` that it takes.

use crate::Refusal;
use sha2::{Digest, Sha256};

/// Which boot loaders a disk image has; on `dual-boot`, Talos removes the one that the machine did not use.
pub const DISK_IMAGE_BOOTLOADER: u32 = 0x11;
/// The network of a machine on platform `metal`.
pub const METAL_NETWORK: u32 = 0xa;

const BLOCK: usize = 256 * 1024;
const PARTITION: usize = 1024 * 1024;
const START: u32 = 0x5a4b_3c2d;
const END: u32 = 0xa5b4_c3d2;
/// The magic numbers and the digest.
const FRAME: usize = 4 + 32 + 4;

/// The partition that holds these values.
pub fn partition(values: &[(u32, Vec<u8>)]) -> Result<Vec<u8>, Refusal> {
    let mut block = START.to_be_bytes().to_vec();
    for (key, value) in values {
        block.extend(key.to_be_bytes());
        let length = u32::try_from(value.len()).map_err(|_| "a value of META is too long")?;
        block.extend(length.to_be_bytes());
        block.extend(value);
    }
    // Two zeros end the list: key and length of a value that is not there.
    if block.len() - 4 + 8 > BLOCK - FRAME {
        return Err(format!(
            "the values of META need {} bytes, and {} is all there is",
            block.len() - 4,
            BLOCK - FRAME - 8
        ));
    }
    block.resize(BLOCK - 4, 0);
    block.extend(END.to_be_bytes());
    let digest = Sha256::digest(&block);
    block[BLOCK - 36..BLOCK - 4].copy_from_slice(&digest);
    let mut partition = block.repeat(2);
    partition.resize(PARTITION, 0);
    Ok(partition)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, DISK_IMAGE_BOOTLOADER, partition};
    use sha2::{Digest, Sha256};

    #[test]
    fn a_value_is_where_talos_looks() {
        let bytes = partition(&[(DISK_IMAGE_BOOTLOADER, b"dual-boot".to_vec())]).expect("small values");
        assert_eq!(bytes.len(), 1024 * 1024);
        assert_eq!(&bytes[..21], b"\x5a\x4b\x3c\x2d\0\0\0\x11\0\0\0\x09dual-boot");
        assert_eq!(bytes[21..BLOCK - 36], vec![0; BLOCK - 36 - 21]);
        assert_eq!(bytes[BLOCK - 4..BLOCK], [0xa5, 0xb4, 0xc3, 0xd2]);
        assert_eq!(bytes[..BLOCK], bytes[BLOCK..2 * BLOCK]);
        let mut block = bytes[..BLOCK].to_vec();
        let digest = block[BLOCK - 36..BLOCK - 4].to_vec();
        block[BLOCK - 36..BLOCK - 4].fill(0);
        assert_eq!(digest, Sha256::digest(&block).to_vec());
    }

    #[test]
    fn too_much_is_refused() {
        let said = partition(&[(0xa, vec![b'x'; BLOCK])]).expect_err("too much");
        assert_eq!(said, "the values of META need 262152 bytes, and 262096 is all there is");
    }
}
