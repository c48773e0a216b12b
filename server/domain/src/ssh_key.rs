//! What may be a key with which runs fetch modules: a private key that no passphrase protects, since nobody is there to type one.

/// The most bytes of a key; an RSA key of 16,384 bits has 13,000.
pub const LONGEST: usize = 32 * 1024;

/// How an OpenSSH key begins whose cipher is `none`: magic, length, name.
const OPEN: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";

/// The key as `ssh` wants it: with line feeds only, and one at its end.
pub fn check(value: &str) -> Result<String, &'static str> {
    if value.len() > LONGEST {
        return Err("Value is too long for an SSH key");
    }
    let text = value.replace("\r\n", "\n");
    let text = text.trim();
    let begins =
        text.starts_with("-----BEGIN ") && text.lines().next().is_some_and(|l| l.ends_with("PRIVATE KEY-----"));
    if !begins || !text.ends_with("-----") || text.contains('\0') {
        return Err("Value is no private SSH key: it begins with -----BEGIN … PRIVATE KEY-----");
    }
    let openssh = text.starts_with("-----BEGIN OPENSSH ");
    let locked = text.contains("ENCRYPTED") || (openssh && !text.lines().nth(1).is_some_and(|l| l.starts_with(OPEN)));
    if locked {
        return Err("Value is protected by a passphrase; give a key without one, made for this purpose alone");
    }
    Ok(format!("{text}\n"))
}

/// Checks a key's name.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    if name.trim().is_empty() {
        return Err("Name can't be blank");
    }
    if name.chars().count() > 255 || name.chars().any(char::is_control) {
        return Err("Name has up to 255 characters, without control characters");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_a_passphrase_is_taken() {
        let key =
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\r\n{OPEN}AAAA\r\n-----END OPENSSH PRIVATE KEY-----\r\n\r\n");
        let read = check(&key).unwrap();
        assert!(read.ends_with("KEY-----\n") && !read.contains('\r'));
        assert!(check("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----").is_ok());
    }

    #[test]
    fn whatever_else_is_not() {
        for bad in [
            "",
            "ssh-ed25519 AAAA me@here",
            "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI\n-----END OPENSSH PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMII\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII\n-----END ENCRYPTED PRIVATE KEY-----",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_some_text() {
        assert!(check_name("deploy key of platform").is_ok());
        for bad in ["", " ", "a\nb", &"x".repeat(256)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
