//! A `.tar.gz` on its way into the store, in constant memory.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use lectern_kernel::error::{Error, Result};
use tar::{EntryType, Header};

use crate::domains::exports::{Output, Written};

/// Bytes that are held before they are handed on.
const CHUNK: usize = 256 << 10;
/// Entries begin at multiples of so many bytes.
const BLOCK: u64 = 512;

/// An archive that is being written.
pub struct Archive {
    packed: GzEncoder<Vec<u8>>,
    output: Output,
    /// What is still to come of the entry that was begun.
    owed: u64,
    /// What follows it.
    padding: u64,
}

fn failed(error: std::io::Error) -> Error {
    Error::internal(format!("an archive can't be written: {error}"))
}

impl Archive {
    /// Begins one.
    pub fn begin(output: Output) -> Archive {
        Archive { packed: GzEncoder::new(Vec::new(), Compression::default()), output, owed: 0, padding: 0 }
    }

    /// Begins an entry of so many bytes. It carries no time: the same content is the same archive.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn entry(&mut self, name: &str, size: u64) -> Result<()> {
        let mut header = Header::new_gnu();
        header.set_path(name).map_err(failed)?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(size);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_cksum();
        (self.owed, self.padding) = (size, size.next_multiple_of(BLOCK) - size);
        self.pack(header.as_bytes()).await
    }

    /// Writes on in the entry. Its end comes by itself, with its last byte.
    ///
    /// # Errors
    /// Where the store does not answer, or these are more bytes than were announced.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.owed = self.owed.checked_sub(bytes.len() as u64).ok_or_else(|| Error::internal("an entry is longer than was announced"))?;
        self.pack(bytes).await
    }

    /// Ends the entry.
    ///
    /// # Errors
    /// Where it is shorter than was announced.
    pub async fn close(&mut self) -> Result<()> {
        if self.owed > 0 {
            return Err(Error::internal("an entry is shorter than was announced"));
        }
        let padding = vec![0; usize::try_from(self.padding).unwrap_or_default()];
        self.padding = 0;
        self.pack(&padding).await
    }

    async fn pack(&mut self, bytes: &[u8]) -> Result<()> {
        self.packed.write_all(bytes).map_err(failed)?;
        if self.packed.get_ref().len() >= CHUNK {
            let full = std::mem::take(self.packed.get_mut());
            self.output.push(full).await?;
        }
        Ok(())
    }

    /// The archive is there from now on.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn finish(mut self) -> Result<Written> {
        // Two empty blocks end it.
        self.pack(&[0; 2 * BLOCK as usize]).await?;
        let rest = self.packed.finish().map_err(failed)?;
        self.output.push(rest).await?;
        self.output.finish().await
    }

    /// Nothing of it stays.
    pub async fn abort(self) {
        self.output.abort().await;
    }
}
