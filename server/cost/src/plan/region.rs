//! Where a resource stands: its own attributes, its zone, what it belongs to, its provider's configuration.

use super::configuration::{join, parent};
use super::references::module_of;
use super::{Side, World};
use crate::node::Node;

/// What is known of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Region {
    Known(String),
    /// It is written, but as something that only the apply will know.
    Computed,
    /// Nothing says anything about it.
    Unsaid,
}

/// A chain of resources that name each other ends somewhere; one that runs in a circle ends here.
const DEPTH: usize = 8;

impl<'a> World<'a> {
    /// The region of a resource.
    pub(crate) fn region(&self, at: usize, attributes: &Node<'a>, unknown: &Node<'a>, side: Side) -> Region {
        let kind = self.resources[at].kind.as_ref();
        let own = match kind.split('_').next() {
            Some("aws") => aws(attributes),
            Some("google") => google(attributes),
            _ => azure(attributes),
        };
        if let Some(region) = own {
            return Region::Known(region);
        }
        if kind.starts_with("azurerm_") {
            return self.azure_neighbour(at, side, 0).map_or_else(
                || if is_unknown(unknown, "location") { Region::Computed } else { Region::Unsaid },
                Region::Known,
            );
        }
        self.provider_region(at)
    }

    /// What has no location of its own stands where its parent stands: the resource group last of all.
    fn azure_neighbour(&self, at: usize, side: Side, depth: usize) -> Option<String> {
        if depth > DEPTH {
            return None;
        }
        let mut neighbours = self.neighbours(at, side);
        if neighbours.is_empty() {
            let types = ["azurerm_resource_group".to_owned()];
            neighbours = self.named_by(at, "resource_group_name", &types, side);
        }
        neighbours.sort_by_key(|&near| self.resources[near].kind == "azurerm_resource_group");
        let own = neighbours.iter().find_map(|&near| azure(self.resources[near].kept(side)));
        own.or_else(|| neighbours.iter().find_map(|&near| self.azure_neighbour(near, side, depth + 1)))
    }

    fn provider_region(&self, at: usize) -> Region {
        let resource = &self.resources[at];
        let place = resource.place();
        let name = if resource.kind.starts_with("google_") { "google" } else { "aws" };
        let key = self.configuration.resources.get(place.as_ref()).map_or(name, |configured| &configured.provider);
        let local = key.rsplit(':').next().unwrap_or(key);
        let providers = &self.configuration.providers;
        let Some(provider) = providers.get(key).or_else(|| providers.get(local)).or_else(|| providers.get(name)) else {
            return Region::Unsaid;
        };
        let Some(expressions) = provider.expressions.and_then(|raw| serde_json::from_str::<Node<'a>>(raw.get()).ok())
        else {
            return Region::Unsaid;
        };
        let module = provider.module_address.as_deref().unwrap_or_else(|| {
            if providers.contains_key(key) && key.contains(':') { module_of(&place, &resource.kind) } else { "" }
        });
        let google = provider.name.starts_with("google");
        let mut computed = false;
        for attribute in ["region", "zone"] {
            let Some(expression) = expressions.get(attribute).filter(|node| !node.is_blank()) else { continue };
            match self.constant(module, expression, 0) {
                Some(value) if google => return Region::Known(google_region(&value)),
                Some(value) => return Region::Known(value),
                None => computed = true,
            }
        }
        if computed { Region::Computed } else { Region::Unsaid }
    }

    /// The text an expression is known to be, through variables and module calls.
    fn constant(&self, module: &str, expression: &Node<'a>, depth: usize) -> Option<String> {
        if let Some(value) = expression.get("constant_value") {
            return value.text().map(str::to_owned);
        }
        let references = expression.get("references")?.items();
        let [name] = references else { return None };
        let variable = name.text()?.strip_prefix("var.")?;
        if depth > DEPTH {
            return None;
        }
        let default = || {
            let raw = self.configuration.defaults.get(&join(module, variable))?;
            serde_json::from_str::<Node<'a>>(raw.get()).ok()?.text().map(str::to_owned)
        };
        if module.is_empty() {
            let given = self.variables.get(variable).and_then(Node::text).map(str::to_owned);
            return given.or_else(default);
        }
        match self.configuration.argument(module, variable) {
            Some(argument) => self.constant(parent(module), &argument, depth + 1),
            None => default(),
        }
    }
}

fn is_unknown(unknown: &Node<'_>, attribute: &str) -> bool {
    matches!(unknown.get(attribute), Some(Node::Bool(true)))
}

fn filled<'n>(attributes: &'n Node<'_>, name: &str) -> Option<&'n str> {
    attributes.get(name).and_then(Node::text).filter(|text| !text.is_empty())
}

fn aws(attributes: &Node<'_>) -> Option<String> {
    if let Some(region) = filled(attributes, "region") {
        return Some(region.to_owned());
    }
    if let Some(zone) = filled(attributes, "availability_zone") {
        return Some(zone.trim_end_matches(|c: char| c.is_ascii_alphabetic()).to_owned());
    }
    let arn = filled(attributes, "arn")?;
    arn.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned)
}

fn azure(attributes: &Node<'_>) -> Option<String> {
    filled(attributes, "location").map(azure_name)
}

/// "West Europe" and "westeurope" are one place.
pub(crate) fn azure_name(location: &str) -> String {
    location.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

fn google(attributes: &Node<'_>) -> Option<String> {
    ["region", "zone", "location"].into_iter().find_map(|name| filled(attributes, name)).map(google_region)
}

/// `us-central1-a`, and links that end in one, lie in `us-central1`.
pub(crate) fn google_region(place: &str) -> String {
    let place = place.rsplit('/').next().unwrap_or(place).to_lowercase();
    match place.rsplit_once('-') {
        Some((region, zone)) if zone.len() == 1 && region.contains('-') => region.to_owned(),
        _ => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(plan: &str) -> Region {
        let world = World::read(plan).unwrap();
        let (attributes, unknown) =
            (world.resources[0].read(Side::After), world.resources[0].read_unknown(Side::After, None));
        world.region(0, &attributes, &unknown, Side::After)
    }

    #[test]
    fn zones_and_links_name_their_region() {
        assert_eq!(google_region("us-central1-a"), "us-central1");
        assert_eq!(google_region("https://x/projects/p/regions/europe-west1"), "europe-west1");
        assert_eq!(google_region("US"), "us");
        assert_eq!(azure_name("West Europe"), "westeurope");
    }

    #[test]
    fn a_provider_alias_in_a_module_takes_its_region_through_variables() {
        let plan = r#"{"variables":{"where":{"value":"eu-west-3"}},
            "resource_changes":[{"address":"module.a[0].aws_eip.x","type":"aws_eip","change":{"before":null,"after":{}}}],
            "configuration":{"provider_config":{"module.a:aws":{"name":"aws","module_address":"module.a",
                "expressions":{"region":{"references":["var.region"]}}}},
              "root_module":{"variables":{"where":{}},"module_calls":{"a":{"expressions":{"region":{"references":["var.where"]}},
                "module":{"variables":{"region":{}},"resources":[{"address":"aws_eip.x","provider_config_key":"module.a:aws"}]}}}}}}"#;
        assert_eq!(region(plan), Region::Known("eu-west-3".into()));
    }

    #[test]
    fn a_region_that_only_the_apply_knows_is_not_guessed() {
        let plan = r#"{"resource_changes":[{"address":"aws_eip.x","type":"aws_eip","change":{"before":null,"after":{}}}],
            "configuration":{"provider_config":{"aws":{"name":"aws","expressions":{"region":{"references":["data.aws_region.x.name","data.aws_region.x"]}}}},
              "root_module":{"resources":[{"address":"aws_eip.x","provider_config_key":"aws"}]}}}"#;
        assert_eq!(region(plan), Region::Computed);
    }

    #[test]
    fn what_refers_in_a_circle_has_no_region() {
        let plan = r#"{"resource_changes":[
              {"address":"azurerm_a_b.x","type":"azurerm_a_b","change":{"before":null,"after":{}}},
              {"address":"azurerm_a_b.y","type":"azurerm_a_b","change":{"before":null,"after":{}}}],
            "configuration":{"root_module":{"resources":[
              {"address":"azurerm_a_b.x","expressions":{"id":{"references":["azurerm_a_b.y"]}}},
              {"address":"azurerm_a_b.y","expressions":{"id":{"references":["azurerm_a_b.x"]}}}]}}}"#;
        assert_eq!(region(plan), Region::Unsaid);
    }
}
