//! What `terraform login` may ask for: an authorization code with PKCE, for the one public client that there is, brought back to a port of
//! the machine that asks (client contract 19.1).

use std::ops::Range;

/// The name of the client. It has no secret: PKCE proves that who comes with a code is who asked for it.
pub const CLIENT: &str = "terraform-cli";
/// The ports on which the client may wait for its code.
pub const PORTS: Range<u16> = 10_000..10_010;

/// Why a request is refused, in words for the person whose browser brought it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(&'static str);

/// What a request says, as it came.
#[derive(Debug, Clone, Default)]
pub struct Said<'a> {
    /// Who asks.
    pub client: &'a str,
    /// What for.
    pub response_type: &'a str,
    /// Where the code is to be brought.
    pub redirect: &'a str,
    /// How the challenge is made.
    pub method: &'a str,
    /// The challenge.
    pub challenge: &'a str,
    /// What the client wants to hear again.
    pub state: &'a str,
}

/// A request that may be put before a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where the code is to be brought: a port of the machine on which the browser is.
    pub redirect: String,
    /// That machine and port, as browsers name an origin.
    pub origin: String,
    /// Base64url of the SHA-256 of what the client keeps for the exchange.
    pub challenge: String,
    /// What the client wants to hear again.
    pub state: String,
}

impl Request {
    /// Judges what was said. Nothing is ever brought to an address that was not judged first.
    pub fn new(said: &Said<'_>) -> Result<Self, Refused> {
        if said.client != CLIENT {
            return Err(Refused(
                "The client of the address is not the one that this server offers; start `terraform login` again",
            ));
        }
        let origin = origin(said.redirect).ok_or(Refused(
            "The address to go back to is not on this computer, or not on a port from 10000 to 10009; start `terraform login` again",
        ))?;
        if said.response_type != "code" {
            return Err(Refused("Only a code can be asked for here (response_type=code)"));
        }
        if said.method != "S256" {
            return Err(Refused(
                "Only a challenge by S256 is taken; this terraform is too old, or the address was changed",
            ));
        }
        let digits = said.challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if said.challenge.len() != 43 || !digits {
            return Err(Refused("The challenge is no SHA-256 in base64url; the address was changed or cut short"));
        }
        if said.state.len() > 512 || said.state.chars().any(char::is_control) {
            return Err(Refused("The state is longer than 512 bytes, or holds control characters"));
        }
        Ok(Self {
            redirect: said.redirect.to_owned(),
            origin: origin.to_owned(),
            challenge: said.challenge.to_owned(),
            state: said.state.to_owned(),
        })
    }
}

/// The origin of an address that the client may wait at: `http://localhost:PORT/login`, written just so.
fn origin(redirect: &str) -> Option<&str> {
    let origin = redirect.strip_suffix("/login")?;
    let port = origin.strip_prefix("http://localhost:").or_else(|| origin.strip_prefix("http://127.0.0.1:"))?;
    let number: u16 = port.parse().ok()?;
    (PORTS.contains(&number) && number.to_string() == port).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Said<'static> {
        Said {
            client: CLIENT,
            response_type: "code",
            redirect: "http://localhost:10003/login",
            method: "S256",
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            state: "a state",
        }
    }

    #[test]
    fn what_the_client_sends_is_taken() {
        let request = Request::new(&said()).unwrap();
        assert_eq!(request.origin, "http://localhost:10003");
        let numbered = Said { redirect: "http://127.0.0.1:10000/login", ..said() };
        assert_eq!(Request::new(&numbered).unwrap().origin, "http://127.0.0.1:10000");
    }

    #[test]
    fn a_code_goes_nowhere_else() {
        for redirect in [
            "",
            "http://evil.example:10003/login",
            "http://localhost.evil.example:10003/login",
            "http://localhost:10003@evil.example/login",
            "https://localhost:10003/login",
            "http://localhost/login",
            "http://localhost:9999/login",
            "http://localhost:10010/login",
            "http://localhost:+10003/login",
            "http://localhost:010003/login",
            "http://localhost:10003/login/",
            "http://localhost:10003/login#x",
            "http://localhost:10003/other",
            "http://[::1]:10003/login",
            "javascript:alert(1)//login",
        ] {
            let refused = Request::new(&Said { redirect, ..said() }).unwrap_err();
            assert!(refused.to_string().contains("address to go back to"), "{redirect}: {refused}");
        }
    }

    #[test]
    fn every_other_change_is_named() {
        let long = "x".repeat(513);
        for (changed, word) in [
            (Said { client: "other", ..said() }, "client"),
            (Said { response_type: "token", ..said() }, "response_type"),
            (Said { method: "plain", ..said() }, "S256"),
            (Said { method: "", ..said() }, "S256"),
            (Said { challenge: "", ..said() }, "challenge"),
            (Said { challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", ..said() }, "challenge"),
            (Said { state: &long, ..said() }, "state"),
        ] {
            let refused = Request::new(&changed).unwrap_err().to_string();
            assert!(refused.contains(word), "{refused}");
        }
    }
}
