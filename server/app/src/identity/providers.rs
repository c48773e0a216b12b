//! What each provider must find to come in with the run's identity: variables, files, and one input variable in which configurations that use a
//! provider more than once find the paths of those files. Names are the field's.

use super::settings::{Settings, Tagged};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use protocol::{FILES, File, Setting, VaultLogin};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

/// What a phase is given.
#[derive(Debug, Default)]
pub(crate) struct Provided {
    pub(crate) environment: Vec<Setting>,
    pub(crate) files: Vec<File>,
    pub(crate) vault: Vec<VaultLogin>,
}

impl Provided {
    /// Sets a variable.
    pub(crate) fn set(&mut self, key: impl Into<String>, value: impl Into<SecretString>) {
        self.environment.push(Setting { key: key.into(), value: value.into() });
    }

    /// Lays a file down and says where the run will find it.
    pub(crate) fn lay(&mut self, name: String, contents: impl Into<SecretString>) -> String {
        let path = format!("{FILES}/{name}");
        self.files.push(File { name, contents: contents.into() });
        path
    }
}

/// Makes a token for an audience.
type Sign<'a> = dyn Fn(&str) -> Result<SecretString, String> + 'a;
/// Makes one configuration of one provider, and says what its input variable tells of it.
type Provider = fn(&Tagged<'_>, &Sign<'_>, &mut Provided) -> Result<Value, String>;

/// Switch, input variable, and what to do.
const PROVIDERS: [(&str, &str, Provider); 6] = [
    ("TFC_AWS_PROVIDER_AUTH", "tfc_aws_dynamic_credentials", aws),
    ("TFC_AZURE_PROVIDER_AUTH", "tfc_azure_dynamic_credentials", azure),
    ("TFC_GCP_PROVIDER_AUTH", "tfc_gcp_dynamic_credentials", gcp),
    ("TFC_HCP_PROVIDER_AUTH", "tfc_hcp_dynamic_credentials", hcp),
    ("TFC_KUBERNETES_PROVIDER_AUTH", "tfc_kubernetes_dynamic_credentials", kubernetes),
    ("TFC_VAULT_PROVIDER_AUTH", "tfc_vault_dynamic_credentials", vault),
];

/// Everything that the settings ask for, or which of them is wrong.
pub(super) fn provide(settings: &Settings<'_>, is_apply: bool, sign: &Sign<'_>) -> Result<Provided, String> {
    let mut provided = Provided::default();
    const AUDIENCE: &str = "TFC_WORKLOAD_IDENTITY_AUDIENCE";
    for tag in settings.tags(AUDIENCE) {
        let tagged = Tagged::new(settings, tag, is_apply);
        if let Some(audience) = tagged.get(AUDIENCE) {
            provided.set(tagged.name("TFC_WORKLOAD_IDENTITY_TOKEN"), sign(audience)?);
        }
    }
    for (switch, variable, provider) in PROVIDERS {
        let (mut default, mut aliases) = (None, Map::new());
        for tagged in settings.switched_on(switch, is_apply) {
            let told =
                provider(&tagged, sign, &mut provided).map_err(|why| format!("{}: {why}", tagged.name(switch)))?;
            match tagged.tag() {
                None => default = Some(told),
                Some(tag) => drop(aliases.insert(tag.to_owned(), told)),
            }
        }
        if default.is_some() || !aliases.is_empty() {
            // The declared type has both; without a plain configuration its part is null.
            let value = json!({ "default": default, "aliases": aliases });
            provided.set(format!("TF_VAR_{variable}"), value.to_string());
        }
    }
    Ok(provided)
}

fn aws(tagged: &Tagged<'_>, sign: &Sign<'_>, provided: &mut Provided) -> Result<Value, String> {
    let role = tagged.of_phase("TFC_AWS", "ROLE_ARN")?;
    if role.contains(char::is_whitespace) {
        return Err("the role's ARN holds a space".to_owned());
    }
    let audience = tagged.get("TFC_AWS_WORKLOAD_IDENTITY_AUDIENCE").unwrap_or("aws.workload.identity");
    let token = provided.lay(tagged.name("aws-token"), sign(audience)?);
    let text = format!("[default]\nweb_identity_token_file = {token}\nrole_arn = {role}\n");
    let config = provided.lay(tagged.name("aws-config"), text);
    if tagged.tag().is_none() {
        provided.set("AWS_WEB_IDENTITY_TOKEN_FILE", token);
        provided.set("AWS_ROLE_ARN", role);
    }
    Ok(json!({ "shared_config_file": config }))
}

fn azure(tagged: &Tagged<'_>, sign: &Sign<'_>, provided: &mut Provided) -> Result<Value, String> {
    let client = tagged.of_phase("TFC_AZURE", "CLIENT_ID")?;
    let audience = tagged.get("TFC_AZURE_WORKLOAD_IDENTITY_AUDIENCE").unwrap_or("api://AzureADTokenExchange");
    let token = sign(audience)?;
    if tagged.tag().is_none() {
        provided.set("ARM_USE_OIDC", "true");
        provided.set("ARM_CLIENT_ID", client);
        provided.set("ARM_OIDC_TOKEN", token.clone());
    }
    let client = provided.lay(tagged.name("azure-client-id"), client);
    let token = provided.lay(tagged.name("azure-token"), token);
    Ok(json!({ "client_id_file_path": client, "oidc_token_file_path": token }))
}

fn gcp(tagged: &Tagged<'_>, sign: &Sign<'_>, provided: &mut Provided) -> Result<Value, String> {
    let account = tagged.of_phase("TFC_GCP", "SERVICE_ACCOUNT_EMAIL")?;
    let provider = match tagged.get("TFC_GCP_WORKLOAD_PROVIDER_NAME") {
        Some(name) => name.to_owned(),
        None => format!(
            "projects/{}/locations/global/workloadIdentityPools/{}/providers/{}",
            tagged.needed("TFC_GCP_PROJECT_NUMBER")?,
            tagged.needed("TFC_GCP_WORKLOAD_POOL_ID")?,
            tagged.needed("TFC_GCP_WORKLOAD_PROVIDER_ID")?
        ),
    };
    let resource = format!("//iam.googleapis.com/{provider}");
    let token = sign(tagged.get("TFC_GCP_WORKLOAD_IDENTITY_AUDIENCE").unwrap_or(&resource))?;
    let token = provided.lay(tagged.name("gcp-token"), token);
    let impersonation =
        format!("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken");
    let credentials = json!({
        "type": "external_account",
        "audience": resource,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": { "file": token, "format": { "type": "text" } },
        "service_account_impersonation_url": impersonation,
    });
    let credentials = provided.lay(tagged.name("gcp-credentials"), credentials.to_string());
    if tagged.tag().is_none() {
        provided.set("GOOGLE_CREDENTIALS", credentials.clone());
        provided.set("GOOGLE_APPLICATION_CREDENTIALS", credentials.clone());
    }
    Ok(json!({ "credentials": credentials }))
}

fn hcp(tagged: &Tagged<'_>, sign: &Sign<'_>, provided: &mut Provided) -> Result<Value, String> {
    let resource = tagged.of_phase("TFC_HCP", "PROVIDER_RESOURCE_NAME")?;
    let token = sign(tagged.get("TFC_HCP_WORKLOAD_IDENTITY_AUDIENCE").unwrap_or(resource))?;
    let token = provided.lay(tagged.name("hcp-token"), token);
    let credentials = json!({
        "scheme": "workload",
        "workload": { "provider_resource_name": resource, "file": { "path": token } },
    });
    let credentials = provided.lay(tagged.name("hcp-credentials"), credentials.to_string());
    if tagged.tag().is_none() {
        provided.set("HCP_CRED_FILE", credentials.clone());
    }
    Ok(json!({ "credential_file": credentials }))
}

fn kubernetes(tagged: &Tagged<'_>, sign: &Sign<'_>, provided: &mut Provided) -> Result<Value, String> {
    let token = sign(tagged.needed("TFC_KUBERNETES_WORKLOAD_IDENTITY_AUDIENCE")?)?;
    if tagged.tag().is_none() {
        provided.set("KUBE_TOKEN", token.clone());
    }
    let token = provided.lay(tagged.name("kubernetes-token"), token);
    Ok(json!({ "token_path": token }))
}

/// Vault takes no such token for its own: the runner exchanges it before the phase begins.
fn vault(tagged: &Tagged<'_>, sign: &Sign<'_>, provided: &mut Provided) -> Result<Value, String> {
    let address = tagged.needed("TFC_VAULT_ADDR")?.trim_end_matches('/');
    let role = tagged.of_phase("TFC_VAULT", "ROLE")?;
    let audience = tagged.get("TFC_VAULT_WORKLOAD_IDENTITY_AUDIENCE").unwrap_or("vault.workload.identity");
    let namespace = tagged.get("TFC_VAULT_NAMESPACE");
    let certificate = tagged.get("TFC_VAULT_ENCODED_CACERT").map(certificate).transpose()?;
    let path = certificate.clone().map(|certificate| provided.lay(tagged.name("vault-ca.pem"), certificate));
    let file = tagged.name("vault-token");
    let plain = tagged.tag().is_none();
    if plain {
        provided.set("VAULT_ADDR", address);
        for (key, value) in [("VAULT_NAMESPACE", namespace), ("VAULT_CACERT", path.as_deref())] {
            if let Some(value) = value {
                provided.set(key, value);
            }
        }
    }
    provided.vault.push(VaultLogin {
        address: address.to_owned(),
        namespace: namespace.map(ToOwned::to_owned),
        mount: tagged.get("TFC_VAULT_AUTH_PATH").unwrap_or("jwt").trim_matches('/').to_owned(),
        role: role.to_owned(),
        identity: sign(audience)?,
        certificate,
        file: file.clone(),
        variable: plain.then(|| "VAULT_TOKEN".to_owned()),
    });
    Ok(json!({
        "token_filename": format!("{FILES}/{file}"),
        "address": address,
        "namespace": namespace.unwrap_or_default(),
        "ca_cert_file": path.unwrap_or_default(),
    }))
}

fn certificate(encoded: &str) -> Result<String, String> {
    let wrong = || "TFC_VAULT_ENCODED_CACERT is no PEM certificate in base64".to_owned();
    let bytes = STANDARD.decode(encoded).map_err(|_| wrong())?;
    String::from_utf8(bytes).ok().filter(|text| text.contains("BEGIN CERTIFICATE")).ok_or_else(wrong)
}
