//! Sign-in codes: six digits, kept as an HMAC under a key of the service: a bare hash of six digits could be read.

use aws_lc_rs::{hmac, rand};
use lectern_kernel::{
    error::{Error, Result},
    sealing::Sealer,
};
use uuid::Uuid;

/// What the key is derived for.
const PURPOSE: &str = "sign-in codes";

/// A new code.
///
/// # Errors
/// `INTERNAL` where the system gives no randomness.
pub fn generate() -> Result<String> {
    // The largest multiple of a million that fits: each code is as likely as any other.
    const END: u32 = u32::MAX - u32::MAX % 1_000_000;
    loop {
        let mut bytes = [0; 4];
        rand::fill(&mut bytes).map_err(|_| Error::internal("the system gives no randomness"))?;
        let number = u32::from_be_bytes(bytes);
        if number < END {
            return Ok(format!("{:06}", number % 1_000_000));
        }
    }
}

/// Whether a text could be a code.
pub fn is_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// What is kept of a code: bound to its school and address.
pub fn sign(sealer: &Sealer, tenant: Uuid, address: &str, code: &str) -> Vec<u8> {
    let keys = sealer.signers(PURPOSE);
    hmac::sign(&keys[0], &bound(tenant, address, code)).as_ref().to_vec()
}

/// Whether a code is the one that this was kept of; takes the same work where nothing was.
pub fn verify(sealer: &Sealer, tenant: Uuid, address: &str, code: &str, kept: Option<&[u8]>) -> bool {
    let said = bound(tenant, address, code);
    let nothing = [0; 32];
    let matches = sealer.signers(PURPOSE).iter().filter(|key| hmac::verify(key, &said, kept.unwrap_or(&nothing)).is_ok()).count();
    matches > 0 && kept.is_some()
}

fn bound(tenant: Uuid, address: &str, code: &str) -> Vec<u8> {
    [tenant.as_bytes().as_slice(), &address.len().to_be_bytes(), address.as_bytes(), code.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_and_good_for_its_school_and_address_alone() {
        let sealer = Sealer::from_text(&Sealer::generate().unwrap()).unwrap();
        let (oak, elm) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for _ in 0..1000 {
            assert!(is_code(&generate().unwrap()));
        }
        let kept = sign(&sealer, oak, "ada@oak.example", "012345");
        let verify = |tenant, address: &str, code: &str, kept: &[u8]| super::verify(&sealer, tenant, address, code, Some(kept));
        assert!(verify(oak, "ada@oak.example", "012345", &kept));
        assert!(!verify(oak, "ada@oak.example", "012346", &kept) && !verify(elm, "ada@oak.example", "012345", &kept));
        assert!(!verify(oak, "ada@oak.exampl", "e012345", &kept) && !super::verify(&sealer, oak, "ada@oak.example", "012345", None));
        for wrong in ["", "12345", "1234567", "12345a", "１２３４５６", " 12345"] {
            assert!(!is_code(wrong), "{wrong}");
        }
    }
}
