//! The body of a request: so many bytes, in so much time, packed or not.

use std::io::{self, Write};

use axum::{
    body::{Body, Bytes, HttpBody as _},
    http::{HeaderMap, StatusCode, header},
};
use flate2::write::MultiGzDecoder;
use futures_util::StreamExt as _;
use lectern_kernel::error::Error;
use tokio::sync::OwnedSemaphorePermit;

use super::{AppState, graphql::Refused};

/// So much may come out of however little: a small body of blanks packs well, and does no harm.
const SMALL: usize = 64 << 10;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
}

impl Packing {
    fn of(headers: &HeaderMap) -> Result<Packing, Refused> {
        let values = headers.get_all(header::CONTENT_ENCODING).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let named = values.collect::<Vec<_>>().join(",").to_ascii_lowercase();
        let codings: Vec<&str> = named.split(',').map(str::trim).filter(|coding| !coding.is_empty() && *coding != "identity").collect();
        match codings[..] {
            [] => Ok(Packing::None),
            ["gzip" | "x-gzip"] => Ok(Packing::Gzip),
            _ => {
                let named: String = codings.join(", ").chars().filter(|letter| !letter.is_control()).take(80).collect();
                let message = format!("The content encoding `{named}` is not taken: send `gzip`, once, or none.");
                Err(Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, Error::bad_request(message)))
            }
        }
    }
}

/// The bytes of a body, as long as it is not too big and there is room in memory for all bodies that arrive at once.
pub(super) async fn collect(state: &AppState, headers: &HeaderMap, body: Body) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Refused> {
    let limit = state.options.body_limit;
    let packing = Packing::of(headers)?;
    if body.size_hint().lower() > limit as u64 {
        return Err(too_big(limit));
    }
    let mut reader = Reader::new(packing, limit, state.options.body_ratio);
    let mut chunks = body.into_data_stream();
    let mut room: Option<OwnedSemaphorePermit> = None;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_broken| broken("The body broke off."))?;
        let before = reader.bytes().len();
        reader.take(&chunk)?;
        let size = u32::try_from(reader.bytes().len() - before).map_err(|_| too_big(limit))?;
        let more = state
            .body_room
            .clone()
            .try_acquire_many_owned(size)
            .map_err(|_full| Refused(StatusCode::SERVICE_UNAVAILABLE, Error::overloaded(1)))?;
        match &mut room {
            Some(room) => room.merge(more),
            None => room = Some(more),
        }
    }
    Ok((reader.finish()?, room))
}

fn too_big(limit: usize) -> Refused {
    Refused(StatusCode::PAYLOAD_TOO_LARGE, Error::bad_request(format!("The body may have at most {limit} bytes, unpacked.")))
}

fn broken(message: &str) -> Refused {
    Refused(StatusCode::BAD_REQUEST, Error::bad_request(message))
}

/// What has come of a body so far.
enum Reader {
    Plain(Unpacked),
    Gzip { decoder: Box<MultiGzDecoder<Unpacked>>, taken: usize, ratio: usize },
}

/// Bytes, and how many there may be.
struct Unpacked {
    bytes: Vec<u8>,
    limit: usize,
    /// No more than `limit`: what so few packed bytes may come to.
    allowed: usize,
    is_full: bool,
}

impl Write for Unpacked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.allowed {
            self.is_full = true;
            return Err(io::Error::other("too big"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Reader {
    fn new(packing: Packing, limit: usize, ratio: usize) -> Reader {
        let unpacked = Unpacked { bytes: Vec::new(), limit, allowed: limit, is_full: false };
        match packing {
            Packing::None => Reader::Plain(unpacked),
            Packing::Gzip => Reader::Gzip { decoder: Box::new(MultiGzDecoder::new(unpacked)), taken: 0, ratio },
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Reader::Plain(unpacked) => &unpacked.bytes,
            Reader::Gzip { decoder, .. } => &decoder.get_ref().bytes,
        }
    }

    fn take(&mut self, chunk: &Bytes) -> Result<(), Refused> {
        match self {
            Reader::Plain(unpacked) => unpacked.write_all(chunk).map_err(|_full| too_big(unpacked.limit)),
            Reader::Gzip { decoder, taken, ratio } => {
                *taken += chunk.len();
                let unpacked = decoder.get_mut();
                unpacked.allowed = taken.saturating_mul(*ratio).max(SMALL).min(unpacked.limit);
                decoder.write_all(chunk).map_err(|_| Reader::refusal(decoder.get_ref(), *ratio))
            }
        }
    }

    fn finish(self) -> Result<Vec<u8>, Refused> {
        match self {
            Reader::Plain(unpacked) => Ok(unpacked.bytes),
            Reader::Gzip { mut decoder, ratio, .. } => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes)),
                Err(_) => Err(Reader::refusal(decoder.get_ref(), ratio)),
            },
        }
    }

    fn refusal(unpacked: &Unpacked, ratio: usize) -> Refused {
        if !unpacked.is_full {
            return broken("The body is not gzip, as its `Content-Encoding` says, or not all of it.");
        }
        if unpacked.allowed == unpacked.limit {
            return too_big(unpacked.limit);
        }
        let message = format!("The body may unpack to at most {ratio} times its size.");
        Refused(StatusCode::PAYLOAD_TOO_LARGE, Error::bad_request(message))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(packed: &[u8], limit: usize, ratio: usize) -> Result<Vec<u8>, StatusCode> {
        let mut reader = Reader::new(Packing::Gzip, limit, ratio);
        for chunk in packed.chunks(7) {
            reader.take(&Bytes::copy_from_slice(chunk)).map_err(|refused| refused.0)?;
        }
        reader.finish().map_err(|refused| refused.0)
    }

    #[test]
    fn what_is_unpacked_is_bounded_in_size_and_in_ratio() {
        let noise: Vec<u8> = (0..200_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        for bytes in [b"".as_slice(), b"{}", &noise, &vec![b' '; SMALL]] {
            assert_eq!(read(&packed(bytes), 1 << 20, 100).as_deref(), Ok(bytes));
        }
        let blanks = packed(&vec![b' '; 1 << 20]);
        assert_eq!(read(&blanks, 1 << 20, 100), Err(StatusCode::PAYLOAD_TOO_LARGE), "a thousand times its size");
        assert_eq!(read(&blanks, 1 << 20, 2000).map(|bytes| bytes.len()), Ok(1 << 20));
        assert_eq!(read(&packed(&noise), noise.len() - 1, 100), Err(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(read(&[packed(b"{"), packed(b"}")].concat(), 100, 100).as_deref(), Ok(b"{}".as_slice()), "members");
        for broken in [&packed(&noise)[..1000], b"{}", &[packed(b"{}"), b"more".to_vec()].concat(), b""] {
            assert_eq!(read(broken, 1 << 20, 100), Err(StatusCode::BAD_REQUEST));
        }
    }

    #[test]
    fn gzip_is_the_only_packing() {
        for (values, packing) in [
            (vec![], Some(Packing::None)),
            (vec![""], Some(Packing::None)),
            (vec!["identity"], Some(Packing::None)),
            (vec!["GZIP"], Some(Packing::Gzip)),
            (vec!["x-gzip, identity"], Some(Packing::Gzip)),
            (vec!["gzip", "gzip"], None),
            (vec!["gzip, br"], None),
            (vec!["br"], None),
            (vec!["deflate"], None),
        ] {
            let headers = HeaderMap::from_iter(values.iter().map(|value| (header::CONTENT_ENCODING, HeaderValue::from_static(value))));
            // `FromIterator` keeps every value of a name.
            assert_eq!(Packing::of(&headers).ok(), packing, "{values:?}");
        }
    }
}
