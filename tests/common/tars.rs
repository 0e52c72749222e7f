//! Tars as WebDataset has them.

use std::io::Write;

/// Puts `bytes` behind what `tar` holds, as the file `name`.
pub fn append(tar: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, name, bytes).unwrap();
}
