//! The shell around Terrane's rooms: settings, certificates, the accept loop, the command line. Wiring only, no rules.

pub mod admin;
mod backups;
pub mod cli;
mod client;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod embedded;
mod files;
mod handover;
pub mod health;
pub mod instance;
mod keys;
pub mod lifecycle;
pub mod logging;
mod masters;
pub mod operator;
mod ping;
pub mod policy;
pub mod prices;
pub mod serve;
pub mod states;
pub mod tls;
pub mod trust;
pub mod wiring;
