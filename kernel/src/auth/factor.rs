//! The second factor: codes of six digits that an app makes of a shared secret (RFC 6238), and codes for whoever has lost it. Nothing here knows
//! whose they are: schools and the platform use it alike.

use aws_lc_rs::{digest, rand};
use data_encoding::BASE32_NOPAD;
use jiff::Timestamp;
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Bytes of a secret, as RFC 4226 recommends.
const SECRET: usize = 20;
/// Digits of a code.
const DIGITS: usize = 6;
/// Seconds of a step.
const STEP: u64 = 30;

/// The secret that a person's app shares with the service: SHA-1, six digits, 30 seconds. Wiped from memory when dropped.
pub struct FactorSecret(Zeroizing<[u8; SECRET]>);

impl FactorSecret {
    /// A new one.
    ///
    /// # Errors
    /// `INTERNAL` where the system gives no randomness.
    pub fn generate() -> Result<Self> {
        let mut secret = Zeroizing::new([0; SECRET]);
        rand::fill(&mut *secret).map_err(|_| Error::internal("the system gives no randomness"))?;
        Ok(FactorSecret(secret))
    }

    /// Of the bytes that were kept.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Some(FactorSecret(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// What is to be kept of it, sealed.
    pub fn bytes(&self) -> &[u8] {
        &*self.0
    }

    /// For those who type it into their app.
    pub fn to_base32(&self) -> String {
        BASE32_NOPAD.encode(&*self.0)
    }

    /// For those who scan it: an address that apps know, with who asks and for whom.
    ///
    /// # Errors
    /// `INTERNAL` where none can be written.
    pub fn otpauth_uri(&self, issuer: &str, account: &str) -> Result<String> {
        // A colon stands between the two.
        let (issuer, account) = (issuer.replace(':', " "), account.replace(':', " "));
        let totp = self.builder().with_issuer(Some(issuer)).with_account_name(account).build();
        totp.and_then(|totp| totp.to_url()).map_err(|error| Error::internal(format!("no address for a second factor: {error}")))
    }

    /// The step that a code belongs to: the present one, or one beside it, since clocks differ. Each step is to be accepted once.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let seconds = u64::try_from(now.as_second()).ok()?;
        let step = self.totp().check(&digits(code)?, seconds)?;
        i64::try_from(step).ok()
    }

    /// The code of a moment, for tests and programs that stand for an app.
    pub fn code_at(&self, at: Timestamp) -> String {
        self.totp().generate(u64::try_from(at.as_second()).unwrap_or_default()).to_string()
    }

    fn builder(&self) -> Builder {
        let secret: Box<[u8]> = self.0.to_vec().into();
        Builder::new().with_algorithm(Algorithm::SHA1).with_digits(DIGITS as u8).with_skew(1).with_step_duration(STEP).with_secret(secret)
    }

    fn totp(&self) -> Totp {
        self.builder().build_noncompliant()
    }
}

/// Six digits, as people type them: apps show them in two groups.
fn digits(code: &str) -> Option<String> {
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    (code.len() == DIGITS && code.bytes().all(|digit| digit.is_ascii_digit())).then_some(code)
}

/// How many recovery codes somebody has at first.
pub const RECOVERY_CODES: usize = 10;

/// Bytes of a recovery code: too many to be guessed, and so SHA-256 of it may be kept.
const RECOVERY: usize = 10;

/// A code for whoever has lost their app: sixteen letters and digits, in four groups. Wiped from memory when dropped.
pub struct RecoveryCode(Zeroizing<[u8; RECOVERY]>);

impl RecoveryCode {
    /// A new one.
    ///
    /// # Errors
    /// `INTERNAL` where the system gives no randomness.
    pub fn generate() -> Result<Self> {
        let mut code = Zeroizing::new([0; RECOVERY]);
        rand::fill(&mut *code).map_err(|_| Error::internal("the system gives no randomness"))?;
        Ok(RecoveryCode(code))
    }

    /// Reads one, however its letters and groups are written.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: String =
            text.chars().filter(|letter| letter.is_ascii_alphanumeric()).map(|letter| letter.to_ascii_uppercase()).collect();
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(letters.as_bytes()).ok()?);
        Some(RecoveryCode(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// As it is shown.
    pub fn to_text(&self) -> String {
        let letters = BASE32_NOPAD.encode(&*self.0).to_ascii_lowercase();
        letters.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join("-")
    }

    /// What is kept of it.
    pub fn hash(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &*self.0).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, of whose eight digits these are the last six.
        let secret = FactorSecret::of(b"12345678901234567890").unwrap();
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            assert_eq!(secret.code_at(at(seconds)), code);
            assert_eq!(secret.step_of(code, at(seconds)), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_step_late() {
        let secret = FactorSecret::generate().unwrap();
        let code = secret.code_at(at(3000));
        for (seconds, step) in [(2969, None), (2970, Some(100)), (3029, Some(100)), (3059, Some(100)), (3060, None)] {
            assert_eq!(secret.step_of(&code, at(seconds)), step, "{seconds}");
        }
        let spaced = format!(" {} {}", &code[..3], &code[3..]);
        assert_eq!(secret.step_of(&spaced, at(3000)), Some(100));
        for wrong in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert_eq!(secret.step_of(wrong, at(3000)), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_told_who_asks() {
        let secret = FactorSecret::of(b"12345678901234567890").unwrap();
        let uri = secret.otpauth_uri("Oak: School", "ada@oak.example").unwrap();
        assert!(uri.starts_with("otpauth://totp/Oak%20%20School:ada"), "{uri}");
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") && uri.contains("issuer=Oak%20%20School"), "{uri}");
        assert_eq!(FactorSecret::of(secret.bytes()).unwrap().to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_recovery_code_is_read_however_it_is_written() {
        let code = RecoveryCode::generate().unwrap();
        let text = code.to_text();
        assert_eq!(text.len(), 19, "{text}");
        for written in [text.clone(), text.to_uppercase(), text.replace('-', ""), text.replace('-', " "), format!(" {text} ")] {
            assert_eq!(RecoveryCode::parse(&written).unwrap().hash(), code.hash(), "{written}");
        }
        for wrong in ["", "123456", &text[1..], &format!("{text}a"), "0189-0189-0189-0189"] {
            assert!(RecoveryCode::parse(wrong).is_none(), "{wrong}");
        }
        assert_ne!(RecoveryCode::generate().unwrap().hash(), code.hash());
    }
}
