//! API tokens: what they look like.
//!
//! ```text
//! trn | kind (1 letter) | _ | 32 random characters of 0-9A-Za-z (190 bits) | 6 characters: CRC-32 of all before, base 62
//! for secret scanners: \btrn[aocrstu]_[0-9A-Za-z]{38}\b
//! ```
//!
//! The checksum lets a server and a scanner tell a token from a typo or a look-alike without a look-up; it is no protection.

use crate::{Error, Result};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox};
use std::fmt;
use zeroize::Zeroizing;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX: usize = 5;
const RANDOM: usize = 32;
const CHECKSUM: usize = 6;
const LENGTH: usize = PREFIX + RANDOM + CHECKSUM;

/// Whom a token speaks for; the letter of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `trnu_`: a person.
    User,
    /// `trno_`: an organization.
    Organization,
    /// `trnt_`: a team.
    Team,
    /// `trna_`: an agent pool, whose runners claim jobs with it.
    Agent,
    /// `trnr_`: one phase of one run.
    Run,
    /// `trns_`: a session in a browser.
    Session,
    /// `trnc_`: an identity provider that provisions people (SCIM).
    Scim,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::User, Self::Organization, Self::Team, Self::Agent, Self::Run, Self::Session, Self::Scim];

    fn letter(self) -> u8 {
        match self {
            Self::User => b'u',
            Self::Organization => b'o',
            Self::Team => b't',
            Self::Agent => b'a',
            Self::Run => b'r',
            Self::Session => b's',
            Self::Scim => b'c',
        }
    }
}

/// The text is no token of ours: of another form, or mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no Terrane token, or it was mistyped or cut short")]
pub struct Malformed;

/// A token: overwritten when dropped, and never printed.
pub struct Token {
    kind: Kind,
    text: SecretBox<[u8; LENGTH]>,
}

impl Token {
    /// A new random token.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate(kind: Kind) -> Result<Self> {
        let mut text = SecretBox::new(Box::new([0; LENGTH]));
        let characters = text.expose_secret_mut();
        characters[..PREFIX].copy_from_slice(b"trn__");
        characters[3] = kind.letter();
        let random = SystemRandom::new();
        let mut bytes = Zeroizing::new([0; 64]);
        let mut at = PREFIX;
        while at < PREFIX + RANDOM {
            random.fill(bytes.as_mut_slice()).map_err(|_| Error::Randomness)?;
            // 248 is the largest multiple of 62 in a byte: dropping what is above makes every digit equally likely.
            for byte in bytes.iter().filter(|byte| **byte < 248).take(PREFIX + RANDOM - at) {
                characters[at] = DIGITS[usize::from(byte % 62)];
                at += 1;
            }
        }
        let checksum = checksum(&characters[..at]);
        characters[at..].copy_from_slice(&checksum);
        Ok(Self { kind, text })
    }

    /// Reads what a client sent. The work does not depend on the characters, and whether it is a valid token only a look-up tells.
    ///
    /// # Errors
    /// When it has not the form of a token, or its checksum is wrong.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let characters: &[u8; LENGTH] = text.as_bytes().try_into().map_err(|_| Malformed)?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.letter() == characters[3]).ok_or(Malformed)?;
        let (before, sum) = characters.split_at(PREFIX + RANDOM);
        let digits = characters[PREFIX..].iter().fold(true, |all, byte| all & byte.is_ascii_alphanumeric());
        if &before[..3] != b"trn" || before[4] != b'_' || !digits || sum != checksum(before) {
            return Err(Malformed);
        }
        let mut text = SecretBox::new(Box::new([0; LENGTH]));
        text.expose_secret_mut().copy_from_slice(characters);
        Ok(Self { kind, text })
    }

    /// Whom it says it speaks for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The token itself, to show it once to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.text.expose_secret()).expect("every constructor writes ASCII")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn checksum(text: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(text);
    let mut digits = [0; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_comes_back() {
        for kind in Kind::ALL {
            let token = Token::generate(kind).unwrap();
            let text = token.expose();
            assert!(text.starts_with(&format!("trn{}_", char::from(kind.letter()))), "{kind:?}");
            assert_eq!(text.len(), 43);
            let parsed = Token::parse(text).unwrap();
            assert_eq!((parsed.kind(), parsed.expose()), (kind, text));
            assert_eq!(format!("{token:?}"), "Token(…)");
        }
    }

    #[test]
    fn the_format_is_fixed() {
        let text = "trnu_0123456789ABCDEFGHIJKLMNOPQRSTUV";
        let sum = String::from_utf8(checksum(text.as_bytes()).to_vec()).unwrap();
        assert_eq!(sum, "0RBFSj");
        assert!(Token::parse(&format!("{text}{sum}")).is_ok());
    }

    #[test]
    fn a_typo_is_seen() {
        let token = Token::generate(Kind::User).unwrap();
        let text = token.expose();
        for at in 0..text.len() {
            for digit in *DIGITS {
                let mut typo = text.as_bytes().to_vec();
                if typo[at] != digit {
                    typo[at] = digit;
                    assert!(Token::parse(std::str::from_utf8(&typo).unwrap()).is_err());
                }
            }
            assert!(Token::parse(&text[..at]).is_err());
        }
        assert!(Token::parse(&format!("{text}0")).is_err());
    }

    #[test]
    fn no_two_are_the_same_and_every_digit_comes() {
        let tokens: Vec<_> = (0..200).map(|_| Token::generate(Kind::Run).unwrap()).collect();
        let mut texts: Vec<_> = tokens.iter().map(Token::expose).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), 200);
        let random: String = texts.iter().map(|text| &text[PREFIX..PREFIX + RANDOM]).collect();
        assert!(DIGITS.iter().all(|digit| random.contains(char::from(*digit))));
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_refused(text in "\\PC{0,60}|trn[a-z]_[0-9A-Za-z]{38}") {
            prop_assert!(Token::parse(&text).is_err());
        }
    }
}
