//! What a person has to do so that browsers and the terraform CLI believe the local authority.

use std::path::Path;
use url::Url;

/// The instructions for the authority's certificate at `ca`, of a server that clients call `url`.
pub fn instructions(ca: &Path, url: &Url) -> String {
    let ca = ca.display();
    format!(
        r#"This server's certificates are signed by a local authority of its own:

    {ca}

Whoever trusts it believes every certificate it signs: keep tls/ca.key beside it private. On another machine, copy the file there first and
use its path there.

Debian, Ubuntu
    sudo cp "{ca}" /usr/local/share/ca-certificates/terrane.crt
    sudo update-ca-certificates

Fedora, RHEL and their like
    sudo cp "{ca}" /etc/pki/ca-trust/source/anchors/terrane.pem
    sudo update-ca-trust

Arch
    sudo trust anchor --store "{ca}"

macOS
    sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain "{ca}"

Windows, in a PowerShell of an administrator
    Import-Certificate -FilePath "{ca}" -CertStoreLocation Cert:\LocalMachine\Root

Firefox may keep a list of its own: Settings, Privacy & Security, Certificates, View Certificates, Authorities, Import.

Only the terraform CLI, for one shell, on Linux
    export SSL_CERT_FILE="{ca}"
    The file then stands for the system's bundle. If providers or modules from elsewhere are refused after that, use both:
    cat /etc/ssl/certs/ca-certificates.crt "{ca}" > bundle.pem && export SSL_CERT_FILE="$PWD/bundle.pem"
    (on Fedora and RHEL the system's bundle is /etc/pki/tls/certs/ca-bundle.crt)
    On macOS and Windows terraform asks the system and ignores SSL_CERT_FILE: trust the authority there as shown above.

To look whether it works
    curl --cacert "{ca}" {url}healthz

Nothing has to be done for runs on this server itself.
"#
    )
}
