//! Verifies detached OpenPGP signatures, as far as vendors of engines use them: version 4, over a file as it is, by RSA or Ed25519 with SHA-2.
//!
//! The keys come from a file that the operator chose, so every key in it is trusted, subkeys included: neither expiry nor bindings are looked at.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{digest, signature};

/// So many keys and signatures are looked at, since each pair hashes the whole file.
const MOST_KEYS: usize = 32;
const MOST_SIGNATURES: usize = 4;

/// Why a signature was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Keys or signature are of no kind that is known here.
    #[error("it is no OpenPGP data that can be read here")]
    Unreadable,
    /// Somebody else signed it, or something else was signed.
    #[error("it is made by none of the trusted keys, or not over this file")]
    NotSigned,
}

/// Whether `signature` (armored or not) was made over `data` by one of the armored `keys`.
pub fn verify(keys: &str, data: &[u8], signature: &[u8]) -> Result<(), Failure> {
    let keys = dearmor(keys).ok_or(Failure::Unreadable)?;
    let keys: Vec<_> = packets(&keys)
        .filter(|(tag, _)| matches!(tag, 6 | 14))
        .filter_map(|(_, body)| Key::parse(body))
        .take(MOST_KEYS)
        .collect();
    let armored = std::str::from_utf8(signature).ok().and_then(dearmor);
    let bytes = armored.as_deref().unwrap_or(signature);
    let made: Vec<_> = packets(bytes)
        .filter(|(tag, _)| *tag == 2)
        .filter_map(|(_, body)| Signature::parse(body))
        .take(MOST_SIGNATURES)
        .collect();
    if keys.is_empty() || made.is_empty() {
        return Err(Failure::Unreadable);
    }
    let good = made.iter().any(|made| keys.iter().any(|key| key.verifies(data, made)));
    if good { Ok(()) } else { Err(Failure::NotSigned) }
}

/// The id of the one public key that this text is, armored: the last 16 hexadecimal digits of its fingerprint. Nothing else may be in the text, a
/// private key least of all, and the key has to be one that verifies something here.
pub fn key_id(key: &str) -> Option<String> {
    let (block, after) = key
        .trim()
        .strip_prefix("-----BEGIN PGP PUBLIC KEY BLOCK-----")?
        .split_once("-----END PGP PUBLIC KEY BLOCK-----")?;
    if !after.is_empty() || block.contains("-----") {
        return None;
    }
    let bytes = dearmor(key)?;
    let (first, mut rest) = packet(&bytes)?;
    // Behind it: user ids, subkeys, what certifies them. What cannot be read is unknown, and not taken.
    while !rest.is_empty() {
        let ((tag, _), behind) = packet(rest)?;
        if matches!(tag, 5..=7) {
            return None;
        }
        rest = behind;
    }
    let (6, body) = first else { return None };
    Key::parse(body)?;
    let mut hashed = vec![0x99];
    hashed.extend_from_slice(&u16::try_from(body.len()).ok()?.to_be_bytes());
    hashed.extend_from_slice(body);
    // It names a key, as every version 4 key is named; nothing is trusted because of it.
    let fingerprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &hashed);
    Some(fingerprint.as_ref().get(12..)?.iter().map(|byte| format!("{byte:02X}")).collect())
}

/// All armored blocks of a text, one after another.
fn dearmor(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for block in text.split("-----BEGIN ").skip(1) {
        let (_, block) = block.split_once("\n")?;
        let (block, _) = block.split_once("-----END ")?;
        let mut base64 = String::new();
        let mut headers = block.contains(": ");
        for line in block.lines().map(str::trim) {
            if headers {
                headers = !line.is_empty();
            } else if line.starts_with('=') {
                break; // a check sum that says nothing about who made it
            } else {
                base64.push_str(line);
            }
        }
        bytes.extend(STANDARD.decode(base64).ok()?);
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// Each packet, up to the first one that cannot be read.
fn packets(mut bytes: &[u8]) -> impl Iterator<Item = Packet<'_>> {
    std::iter::from_fn(move || {
        let (packet, rest) = packet(bytes)?;
        bytes = rest;
        Some(packet)
    })
}

/// Tag and body.
type Packet<'a> = (u8, &'a [u8]);

/// The packet at the front, and what is behind it.
fn packet(bytes: &[u8]) -> Option<(Packet<'_>, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let number = |bytes: &[u8]| bytes.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    let (tag, header, length) = if first & 0xc0 == 0xc0 {
        let one = usize::from(*rest.first()?);
        match one {
            0..192 => (first & 0x3f, 1, one),
            192..224 => (first & 0x3f, 2, ((one - 192) << 8) + usize::from(*rest.get(1)?) + 192),
            255 => (first & 0x3f, 5, number(rest.get(1..5)?)),
            _ => return None,
        }
    } else if first & 0xc0 == 0x80 && first & 3 < 3 {
        let size = 1 << (first & 3);
        (first >> 2 & 0x0f, size, number(rest.get(..size)?))
    } else {
        return None;
    };
    let (body, behind) = rest.get(header..)?.split_at_checked(length)?;
    Some(((tag, body), behind))
}

/// Takes a number of OpenPGP from the front.
fn take_number<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (bits, rest) = bytes.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*bits)).div_ceil(8);
    let (number, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(number)
}

enum Key {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ed25519(Vec<u8>),
}

impl Key {
    fn parse(body: &[u8]) -> Option<Self> {
        let (&[4, _, _, _, _, algorithm], mut rest) = body.split_first_chunk::<6>()? else { return None };
        match algorithm {
            1 | 3 => Some(Self::Rsa {
                modulus: take_number(&mut rest)?.to_vec(),
                exponent: take_number(&mut rest)?.to_vec(),
            }),
            22 => {
                let mut rest = rest.strip_prefix(b"\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01")?;
                Some(Self::Ed25519(take_number(&mut rest)?.strip_prefix(b"\x40")?.to_vec()))
            }
            _ => None,
        }
    }

    fn verifies(&self, data: &[u8], made: &Signature) -> bool {
        let mut message = data.to_vec();
        message.extend_from_slice(&made.hashed);
        message.extend_from_slice(&[4, 0xff]);
        let Ok(length) = u32::try_from(made.hashed.len()) else { return false };
        message.extend_from_slice(&length.to_be_bytes());
        match (self, made.numbers.as_slice()) {
            (Self::Rsa { modulus, exponent }, [number]) if matches!(made.algorithm, 1 | 3) => {
                let parameters = match made.hash {
                    8 => &signature::RSA_PKCS1_2048_8192_SHA256,
                    9 => &signature::RSA_PKCS1_2048_8192_SHA384,
                    10 => &signature::RSA_PKCS1_2048_8192_SHA512,
                    _ => return false,
                };
                let key = signature::RsaPublicKeyComponents { n: modulus, e: exponent };
                padded(number, modulus.len()).is_some_and(|number| key.verify(parameters, &message, &number).is_ok())
            }
            (Self::Ed25519(point), [r, s]) if made.algorithm == 22 => {
                let algorithm = match made.hash {
                    8 => &digest::SHA256,
                    9 => &digest::SHA384,
                    10 => &digest::SHA512,
                    _ => return false,
                };
                let (Some(mut number), Some(s)) = (padded(r, 32), padded(s, 32)) else { return false };
                number.extend(s);
                let key = signature::UnparsedPublicKey::new(&signature::ED25519, point);
                key.verify(digest::digest(algorithm, &message).as_ref(), &number).is_ok()
            }
            _ => false,
        }
    }
}

fn padded(number: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut padded = vec![0; length.checked_sub(number.len())?];
    padded.extend_from_slice(number);
    Some(padded)
}

struct Signature {
    algorithm: u8,
    hash: u8,
    /// What of the signature is signed itself.
    hashed: Vec<u8>,
    numbers: Vec<Vec<u8>>,
}

impl Signature {
    fn parse(body: &[u8]) -> Option<Self> {
        // Of version 4, over a file as it is.
        let (&[4, 0, algorithm, hash, high, low], _) = body.split_first_chunk::<6>()? else { return None };
        let end = 6 + usize::from(u16::from_be_bytes([high, low]));
        let (hashed, rest) = body.split_at_checked(end)?;
        let (unhashed, rest) = rest.split_first_chunk::<2>()?;
        let mut rest = rest.get(usize::from(u16::from_be_bytes(*unhashed)) + 2..)?;
        let mut numbers = Vec::new();
        while !rest.is_empty() {
            numbers.push(take_number(&mut rest)?.to_vec());
        }
        Some(Self { algorithm, hash, hashed: hashed.to_vec(), numbers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMS: &[u8] = include_bytes!("../tests/fixtures/terraform_9.9.8_SHA256SUMS");
    const SIGNATURE: &[u8] = include_bytes!("../tests/fixtures/terraform_9.9.8_SHA256SUMS.sig");
    const RSA: &str = include_str!("../tests/fixtures/rsa3072.asc");
    const OTHER: &str = include_str!("../tests/fixtures/rsa2048.asc");
    const ED25519: &str = include_str!("../tests/fixtures/ed25519.asc");
    const ARMORED: &[u8] = include_bytes!("../tests/fixtures/ed25519.sig.asc");

    #[test]
    fn what_gpg_signed_is_accepted() {
        verify(RSA, SUMS, SIGNATURE).unwrap();
        verify(ED25519, SUMS, ARMORED).unwrap();
        verify(&format!("{OTHER}\n{RSA}"), SUMS, SIGNATURE).unwrap();
    }

    #[test]
    fn a_key_is_named_as_gpg_names_it() {
        // gpg --show-keys --keyid-format long
        assert_eq!(key_id(RSA).as_deref(), Some("56D6DA732C1B52EE"));
        assert_eq!(key_id(ED25519).as_deref(), Some("4C37B12359C40E01"));
        assert_eq!(key_id("no key"), None);
    }

    #[test]
    fn only_one_public_key_and_nothing_else_has_a_name() {
        assert_eq!(key_id(&format!("\n{RSA}\n")).as_deref(), Some("56D6DA732C1B52EE"));
        let private = |key: &str| key.replace("PUBLIC", "PRIVATE");
        for (text, what) in [
            (format!("{RSA}\n{ED25519}"), "two blocks"),
            (format!("{RSA}\n{}", private(ED25519)), "a private block after it"),
            (format!("{}\n{RSA}", private(ED25519)), "a private block before it"),
            (private(RSA), "called private"),
            (format!("words\n{RSA}"), "words before it"),
            (format!("{RSA}\nwords"), "words after it"),
        ] {
            assert_eq!(key_id(&text), None, "{what}");
        }
        let key = dearmor(ED25519).unwrap();
        let armored = |parts: &[&[u8]]| {
            let begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
            format!("{begin}\n\n{}\n{}\n", STANDARD.encode(parts.concat()), begin.replace("BEGIN", "END"))
        };
        assert_eq!(key_id(&armored(&[&key])).as_deref(), Some("4C37B12359C40E01"));
        // A secret key (5), a secret subkey (7), a second key, something unreadable; and a secret subkey that comes first.
        for more in [&[0xc5, 1, 4][..], &[0xc7, 1, 4], &key, &[0xff], &[0xc7, 200]] {
            assert_eq!(key_id(&armored(&[&key, more])), None, "{more:?}");
        }
        assert_eq!(key_id(&armored(&[&[0xc7, 1, 4], &key])), None);
    }

    #[test]
    fn another_key_another_file_or_a_changed_signature_is_not() {
        assert!(matches!(verify(OTHER, SUMS, SIGNATURE), Err(Failure::NotSigned)));
        assert!(matches!(verify(ED25519, SUMS, SIGNATURE), Err(Failure::NotSigned)));
        let changed = [SUMS, b" "].concat();
        assert!(matches!(verify(RSA, &changed, SIGNATURE), Err(Failure::NotSigned)));
        for at in 0..SIGNATURE.len() {
            let mut changed = SIGNATURE.to_vec();
            changed[at] ^= 1;
            let unhashed_or_hint = verify(RSA, SUMS, &changed).is_ok();
            // The key's number outside of what is signed, and the two bytes that spare a computation, decide nothing.
            assert!(!unhashed_or_hint || at < SIGNATURE.len() - 384, "byte {at}");
        }
        for length in 0..SIGNATURE.len() {
            assert!(verify(RSA, SUMS, &SIGNATURE[..length]).is_err(), "cut at {length}");
        }
        assert!(matches!(verify("", SUMS, SIGNATURE), Err(Failure::Unreadable)));
    }
}
