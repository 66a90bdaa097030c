//! The bytes of an import on this machine: fetched out of the store into a file without a name, and unpacked as far as is sound.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _, SeekFrom, Write as _},
};

use futures_util::StreamExt as _;
use lectern_kernel::{
    error::{Error, Result},
    store::Store,
};
use uuid::Uuid;
use zip::ZipArchive;

use super::columns::ImportFormat;

/// Entries at most.
const ENTRIES: usize = 20;
/// Bytes that all entries that are read have at most.
const UNPACKED: u64 = 500 << 20;
/// How many times as big as the archive they are at most.
const RATIO: u64 = 100;

/// Why a file can't be imported at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Not a ZIP, encrypted, too many entries, too big unpacked.
    Archive,
    /// Not UTF-8.
    Encoding(String),
    /// A file that must be there is not.
    MissingFile(String),
    /// A column that must be there is not.
    MissingColumn(String, String),
    /// The manifest does not say of a sheet whether it is whole: the line, the property, what stands there.
    Manifest(i32, String, String),
    /// More than a million lines.
    TooManyRows,
}

impl Broken {
    /// How the run says it.
    pub fn reason(&self) -> &'static str {
        match self {
            Broken::Archive | Broken::Manifest(..) => "BAD_ARCHIVE",
            Broken::Encoding(_) => "BAD_ENCODING",
            Broken::MissingFile(_) => "MISSING_FILE",
            Broken::MissingColumn(..) => "MISSING_COLUMN",
            Broken::TooManyRows => "TOO_MANY_ROWS",
        }
    }
}

/// A file of this machine that is gone when it is closed, however that comes.
///
/// # Errors
/// Where there is no room for one.
pub fn nameless() -> Result<File> {
    let path = std::env::temp_dir().join(format!("lectern-{}", Uuid::now_v7()));
    let mut options = File::options();
    let made = options.read(true).write(true).create_new(true).open(&path);
    let removed = made.and_then(|file| std::fs::remove_file(&path).map(|()| file));
    removed.map_err(|error| Error::unavailable(format!("a temporary file: {error}")))
}

/// Fetches an object; none where it is gone.
///
/// # Errors
/// Where store or machine fail.
pub async fn fetch(store: &Store, object: &str) -> Result<Option<File>> {
    let Some(mut bytes) = store.objects().read(object, None).await? else { return Ok(None) };
    let mut file = nameless()?;
    let failed = |error: io::Error| Error::unavailable(format!("a temporary file: {error}"));
    while let Some(chunk) = bytes.next().await {
        file.write_all(&chunk?).map_err(failed)?;
    }
    Ok(Some(file))
}

/// What there is to read.
pub enum Source {
    /// A bundle.
    Bundle(Box<ZipArchive<BufReader<File>>>, u64),
    /// One sheet.
    Sheet(File),
}

/// Bytes up to a limit, beyond which they are refused: what an archive says of itself is not believed.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other("more than is unpacked"))?;
        Ok(read)
    }
}

impl Source {
    /// Opens a file.
    ///
    /// # Errors
    /// `Broken::Archive`.
    pub fn open(file: &File, format: ImportFormat) -> std::result::Result<Source, Broken> {
        let mut file = file.try_clone().map_err(|_| Broken::Archive)?;
        file.seek(SeekFrom::Start(0)).map_err(|_| Broken::Archive)?;
        if format == ImportFormat::UsersCsv {
            return Ok(Source::Sheet(file));
        }
        let size = file.metadata().map_err(|_| Broken::Archive)?.len();
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|_| Broken::Archive)?;
        if archive.len() > ENTRIES {
            return Err(Broken::Archive);
        }
        let limit = UNPACKED.min(size.saturating_mul(RATIO));
        let mut declared = 0u64;
        for place in 0..archive.len() {
            let entry = archive.by_index_raw(place).map_err(|_| Broken::Archive)?;
            declared = declared.saturating_add(entry.size());
            if entry.encrypted() || declared > limit {
                return Err(Broken::Archive);
            }
        }
        Ok(Source::Bundle(Box::new(archive), limit))
    }

    /// Reads an entry; none where there is none of that name. Answers what `read` does, and how many bytes it has read.
    ///
    /// # Errors
    /// What `read` says.
    pub fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut dyn Read) -> std::result::Result<T, Broken>,
    ) -> std::result::Result<Option<T>, Broken> {
        match self {
            Source::Sheet(file) => {
                file.seek(SeekFrom::Start(0)).map_err(|_| Broken::Archive)?;
                read(&mut BufReader::new(file)).map(Some)
            }
            Source::Bundle(archive, limit) => {
                let has = (0..archive.len())
                    .any(|place| archive.name_for_index(place).is_some_and(|known| known.is_ok_and(|known| known == name)));
                if !has {
                    return Ok(None);
                }
                let entry = archive.by_name(name).map_err(|_| Broken::Archive)?;
                read(&mut Limited { inner: entry, left: *limit }).map(Some)
            }
        }
    }
}
