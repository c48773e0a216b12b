//! What an organization publishes for its own configurations: modules, providers, the keys that sign them, their files.

mod file;
mod module;
mod provider;
mod test;

pub use file::{File, Owner, delete_file, find_file, find_file_of, insert_file};
pub use module::{
    Module, ModuleVersion, delete_module, delete_module_version, find_module, find_module_version,
    find_module_version_by_number, insert_module, insert_module_version, list_module_versions, list_modules,
    set_module_status,
};
pub use provider::{
    GpgKey, Platform, Provider, ProviderVersion, delete_key, delete_platform, delete_provider, delete_provider_version,
    find_key, find_platform, find_platform_by_name, find_provider, find_provider_version,
    find_provider_version_by_number, hold_provider_version, insert_key, insert_platform, insert_provider,
    insert_provider_version, list_installable, list_keys, list_platforms, list_provider_versions, list_providers,
};
pub use test::{NewTest, Test, find_test, insert_test, list_tests, set_verdict};
