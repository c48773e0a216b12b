//! Root keys as a text that a person can keep in a safe, under a passphrase: the way back where the master key is lost.
//!
//! ```text
//! terrane escrow 1
//! site 0123456789abcdef
//! made 2026-01-01T00:00:00.000Z
//! argon2id m=65536 t=3 p=1 salt=…
//! … sealed: the root keys, 32 bytes each, one after the other; in lines of base64
//! end
//! ```
//!
//! It is sealed as every value is, with a key that Argon2id makes of the passphrase, for the site and the moment that it names.

use crate::{Context, Error, Result, RootKey, envelope, key::Key};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt::Write as _;
use zeroize::Zeroizing;

const TITLE: &str = "terrane escrow 1";
const END: &str = "end";
const SALT: usize = 16;
/// What a new escrow costs to open: 64 MiB, three passes. Nobody waits for it often, and who steals it has all the time in the world.
const COST: Cost = Cost { memory: 64 * 1024, passes: 3, lanes: 1 };
/// What an escrow may ask for: more would be no escrow of ours, but an attempt to exhaust the machine.
const DEAREST: Cost = Cost { memory: 1024 * 1024, passes: 16, lanes: 4 };
/// The fewest characters of a passphrase. The escrow is read by who finds it, not by who asks a server a few times.
const SHORTEST: usize = 12;
/// Characters in a line of base64.
const LINE: usize = 64;
/// The most bytes of an escrow: thousands of rotations.
const LONGEST: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// An escrow that was read and not yet opened.
#[derive(Debug, Clone)]
pub struct Escrow {
    site: String,
    made: String,
    cost: Cost,
    salt: Vec<u8>,
    sealed: Vec<u8>,
}

impl Escrow {
    /// Seals root keys of a site under a passphrase. `made` is when, as a text without spaces. Takes most of a second and 64 MiB: call it where
    /// nobody waits.
    ///
    /// # Errors
    /// [`Error::Passphrase`] when it is too short; when the system gives no random bytes.
    pub fn seal(site: &str, made: &str, roots: &[RootKey], passphrase: &SecretString) -> Result<String> {
        let length = passphrase.expose_secret().chars().count();
        if length < SHORTEST {
            return Err(Error::Passphrase { length, shortest: SHORTEST });
        }
        let mut salt = [0; SALT];
        SystemRandom::new().fill(&mut salt).map_err(|_| Error::Randomness)?;
        let mut keys = Zeroizing::new(Vec::with_capacity(32 * roots.len()));
        roots.iter().for_each(|root| keys.extend_from_slice(root.expose()));
        let key = derive(COST, &salt, passphrase)?;
        let sealed = envelope::seal(&key.into(), &context(site, made), &keys)?;
        let Cost { memory, passes, lanes } = COST;
        let salt = BASE64_STANDARD.encode(salt);
        let mut text =
            format!("{TITLE}\nsite {site}\nmade {made}\nargon2id m={memory} t={passes} p={lanes} salt={salt}\n");
        let encoded = BASE64_STANDARD.encode(sealed);
        for at in (0..encoded.len()).step_by(LINE) {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{}", &encoded[at..encoded.len().min(at + LINE)]);
        }
        text.push_str(END);
        text.push('\n');
        Ok(text)
    }

    /// Reads the text.
    ///
    /// # Errors
    /// [`Error::Escrow`] when it is none, or not whole.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or(Error::Escrow)
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        (lines.next()? == TITLE).then_some(())?;
        let mut named = |name: &str| Some(lines.next()?.strip_prefix(name)?.trim().to_owned());
        let (site, made, how) = (named("site ")?, named("made ")?, named("argon2id ")?);
        let field = |name: &str| how.split(' ').find_map(|field| field.strip_prefix(name));
        let cost = Cost {
            memory: field("m=")?.parse().ok()?,
            passes: field("t=")?.parse().ok()?,
            lanes: field("p=")?.parse().ok()?,
        };
        let salt = BASE64_STANDARD.decode(field("salt=")?).ok()?;
        let dear = cost.memory > DEAREST.memory || cost.passes > DEAREST.passes || cost.lanes > DEAREST.lanes;
        let mut encoded: Vec<&str> = lines.collect();
        (encoded.pop()? == END && !dear).then_some(())?;
        let sealed = BASE64_STANDARD.decode(encoded.concat()).ok()?;
        Some(Self { site, made, cost, salt, sealed })
    }

    /// The site whose root keys it holds.
    #[must_use]
    pub fn site(&self) -> &str {
        &self.site
    }

    /// When it was made.
    #[must_use]
    pub fn made(&self) -> &str {
        &self.made
    }

    /// The root keys. Takes as long as [`Escrow::seal`].
    ///
    /// # Errors
    /// [`Error::EscrowShut`] when the passphrase is another one, or the text was altered.
    pub fn open(&self, passphrase: &SecretString) -> Result<Vec<RootKey>> {
        let key = derive(self.cost, &self.salt, passphrase)?;
        let opened = envelope::open(&key.into(), &context(&self.site, &self.made), &self.sealed);
        let keys = Zeroizing::new(opened.map_err(|_| Error::EscrowShut)?);
        let (keys, rest) = keys.as_chunks::<32>();
        if rest.is_empty() { Ok(keys.iter().map(RootKey::from_bytes).collect()) } else { Err(Error::Escrow) }
    }
}

fn context<'a>(site: &'a str, made: &'a str) -> Context<'a> {
    Context { table: "escrow", id: made, organization: site }
}

fn derive(cost: Cost, salt: &[u8], passphrase: &SecretString) -> Result<Key> {
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(32)).map_err(|_| Error::Escrow)?;
    let mut key = Key::zeros();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose_secret().as_bytes(), salt, key.bytes_mut())
        .map_err(|_| Error::Escrow)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots() -> [RootKey; 2] {
        [RootKey::from_bytes(&[1; 32]), RootKey::from_bytes(&[2; 32])]
    }

    #[test]
    fn sealed_read_and_opened() {
        let passphrase = SecretString::from("correct horse battery");
        let text = Escrow::seal("a-site", "today", &roots(), &passphrase).unwrap();
        assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 80), "{text}");
        let read = Escrow::parse(&text.replace('\n', "\r\n  ")).unwrap();
        assert_eq!((read.site(), read.made()), ("a-site", "today"));
        let opened: Vec<String> = read.open(&passphrase).unwrap().iter().map(|root| root.id().to_owned()).collect();
        assert_eq!(opened, roots().map(|root| root.id().to_owned()));
        assert!(matches!(read.open(&"correct horse batters".into()), Err(Error::EscrowShut)));
        // It is of the site that it says, and no other.
        for (from, to) in [("site a-site", "site b-site"), ("made today", "made later")] {
            let other = Escrow::parse(&text.replace(from, to)).unwrap();
            assert!(matches!(other.open(&passphrase), Err(Error::EscrowShut)), "{from}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let text = Escrow::seal("a-site", "today", &roots(), &"correct horse battery".into()).unwrap();
        let without_end = text.trim_end().trim_end_matches(END);
        for bad in
            ["", "terrane escrow 2", without_end, &text.replace("p=1", "p=9"), &text.replace("m=65536", "m=99999999")]
        {
            assert!(matches!(Escrow::parse(bad), Err(Error::Escrow)), "{bad}");
        }
        let short = Escrow::seal("a-site", "today", &roots(), &"hunter2".into()).unwrap_err();
        assert!(matches!(short, Error::Passphrase { length: 7, shortest: 12 }), "{short}");
    }
}
