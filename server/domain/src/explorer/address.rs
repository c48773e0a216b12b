//! What the addresses of providers and modules in a state mean.

/// The name and the source of the provider that an address of a state means: `aws` and `hashicorp/aws` of
/// `provider["registry.terraform.io/hashicorp/aws"].west`.
#[must_use]
pub fn provider(address: &str) -> (&str, &str) {
    match address.split('"').nth(1) {
        Some(source) => {
            let source = source.strip_prefix("registry.terraform.io/").unwrap_or(source);
            (source.rsplit('/').next().unwrap_or(source), source)
        }
        // As engines before 0.13 wrote it.
        None => (address.split('.').find(|part| !["module", "provider"].contains(part)).unwrap_or(address), ""),
    }
}

/// The calls that lead to a module, without their indices: `net.subnet` of `module.net["a.b"].module.subnet[0]`.
#[must_use]
pub fn module(address: &str) -> String {
    let (mut plain, mut depth, mut quoted, mut escaped) = (String::new(), 0_usize, false, false);
    for c in address.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            _ if quoted => {}
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            other => plain.push(other),
        }
    }
    plain.split('.').skip(1).step_by(2).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_what_is_used() {
        assert_eq!(provider("provider[\"registry.terraform.io/hashicorp/aws\"].west"), ("aws", "hashicorp/aws"));
        assert_eq!(provider("module.a.provider[\"t.test/x/y\"]"), ("y", "t.test/x/y"));
        assert_eq!(provider("provider.aws.west"), ("aws", ""));
        assert_eq!(provider(""), ("", ""));
        assert_eq!(module("module.net[\"a.b\\\"]\"].module.subnet[0]"), "net.subnet");
        assert_eq!(module("module.net"), "net");
        assert_eq!(module(""), "");
    }
}
