//! The shell around Terrane's rooms: settings, certificates, the accept loop, the command line. Wiring only, no rules.

pub mod admin;
pub mod clock;
pub mod config;
pub mod instance;
pub mod tls;
