//! What definitions claim: that every price key leads somewhere, in every region a definition claims. Checked when the
//! crate is built, and by `terrane prices verify` for any other catalogue.

use std::collections::BTreeSet;

use super::language::{Definition, Expression, Fragment, Piece, Statement};

/// The keys of a catalogue's text and the regions each has prices for.
pub(crate) struct Keys<'t> {
    regions: Vec<&'t str>,
    /// Sorted by key.
    lines: Vec<(&'t str, &'t str)>,
}

impl<'t> Keys<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let regions = text.lines().find_map(|line| line.strip_prefix("#regions "));
        let priced = text.lines().filter(|line| !line.starts_with('#'));
        Self {
            regions: regions.map(|regions| regions.split(' ').collect()).unwrap_or_default(),
            lines: priced.filter_map(|line| line.split_once('\t')).collect(),
        }
    }

    /// Whether a key that fits `pattern` has a price in `region`, or everywhere.
    fn has(&self, pattern: &Pattern, region: &str) -> bool {
        let places: Vec<String> = ["*", region]
            .iter()
            .filter_map(|name| self.regions.iter().position(|region| region == name))
            .map(|at| at.to_string())
            .collect();
        let prefix = pattern.0.first().map_or("", String::as_str);
        let start = self.lines.partition_point(|(key, _)| *key < prefix);
        let within = self.lines[start..].iter().take_while(|(key, _)| key.starts_with(prefix));
        within.filter(|(key, _)| pattern.fits(key)).any(|(_, prices)| {
            let groups = prices.split(';').filter_map(|group| group.split_once(':'));
            groups.flat_map(|(_, regions)| regions.split(',')).any(|at| places.iter().any(|place| place == at))
        })
    }
}

/// A price key with holes: the fixed texts between them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Pattern(Vec<String>);

impl Pattern {
    /// None for a key that is computed altogether.
    fn of(template: &Expression) -> Option<Self> {
        let Expression::Template(pieces) = template else { return None };
        let mut texts = vec![String::new()];
        for piece in pieces {
            match (piece, texts.last_mut()) {
                (Piece::Text(text), Some(last)) => last.push_str(text),
                _ => texts.push(String::new()),
            }
        }
        Some(Self(texts))
    }

    fn followed_by(&self, suffix: &str) -> Self {
        let mut texts = self.0.clone();
        if let Some(last) = texts.last_mut() {
            last.push_str(suffix);
        }
        Self(texts)
    }

    /// Greedy from the left is enough: keys are short and holes hold no separator twice.
    fn fits(&self, key: &str) -> bool {
        let [first, between @ .., last] = self.0.as_slice() else {
            return self.0.first().is_some_and(|text| text == key);
        };
        let Some(mut rest) = key.strip_prefix(first.as_str()) else { return false };
        for text in between {
            match rest.find(text.as_str()) {
                Some(at) => rest = &rest[at + text.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }

    fn shown(&self) -> String {
        self.0.join("{…}")
    }
}

/// What is wrong with a definition: fragments that are not there, keys that lead nowhere, claims that do not hold.
pub(crate) fn wrong(definition: &Definition, fragments: &[Fragment], keys: &Keys<'_>) -> Vec<String> {
    let (mut patterns, mut found) = (BTreeSet::new(), Vec::new());
    collect(&definition.body, fragments, 0, &mut patterns, &mut found);
    for pattern in &patterns {
        let missing: Vec<&str> = claimed(definition).into_iter().filter(|region| !keys.has(pattern, region)).collect();
        if !missing.is_empty() {
            found.push(format!("the catalogue has no price under `{}` in {}", pattern.shown(), missing.join(", ")));
        }
    }
    found
}

/// The regions that `main` stands for: where most of what is built stands.
const MAIN: [(&str, &[&str]); 3] = [
    (
        "aws",
        &[
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
            "ca-central-1",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "eu-central-1",
            "eu-north-1",
            "eu-south-1",
            "ap-south-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "sa-east-1",
        ],
    ),
    (
        "azurerm",
        &[
            "eastus",
            "eastus2",
            "westus",
            "westus2",
            "centralus",
            "southcentralus",
            "westeurope",
            "northeurope",
            "uksouth",
            "francecentral",
            "swedencentral",
            "germanywestcentral",
            "canadacentral",
            "australiaeast",
            "southeastasia",
            "japaneast",
        ],
    ),
    (
        "google",
        &[
            "us-central1",
            "us-east1",
            "us-east4",
            "us-west1",
            "us-west2",
            "northamerica-northeast1",
            "europe-west1",
            "europe-west2",
            "europe-west3",
            "europe-west4",
            "europe-north1",
            "asia-east1",
            "asia-northeast1",
            "asia-south1",
            "asia-southeast1",
            "australia-southeast1",
            "southamerica-east1",
        ],
    ),
];

/// The regions a definition claims: those it names, or the provider's usual one, which stands first in the list above.
fn claimed(definition: &Definition) -> Vec<&str> {
    let provider = definition.types.first().and_then(|kind| kind.split('_').next()).unwrap_or_default();
    let main = MAIN.iter().find(|(name, _)| *name == provider).map_or(&[][..], |(_, regions)| regions);
    match definition.regions.as_slice() {
        [] => main.iter().take(1).copied().collect(),
        [name] if name == "main" => main.to_vec(),
        named => named.iter().map(String::as_str).collect(),
    }
}

/// Fragments include fragments; none does so this deep.
const DEPTH: usize = 16;

fn collect(
    body: &[Statement],
    fragments: &[Fragment],
    depth: usize,
    patterns: &mut BTreeSet<Pattern>,
    wrong: &mut Vec<String>,
) {
    if depth > DEPTH {
        return wrong.push("a fragment includes itself".to_owned());
    }
    for statement in body {
        match statement {
            Statement::Each { body, .. }
            | Statement::When { body, .. }
            | Statement::Part { body, .. }
            | Statement::Times { body, .. }
            | Statement::With { body, .. } => collect(body, fragments, depth, patterns, wrong),
            Statement::Include { fragment: name, arguments } => {
                let Some(fragment) = fragments.iter().find(|fragment| fragment.name == *name) else {
                    wrong.push(format!("there is no fragment `{name}`"));
                    continue;
                };
                for (argument, _) in arguments.iter().filter(|(a, _)| !fragment.parameters.contains(a)) {
                    wrong.push(format!("fragment `{name}` takes no `{argument}`"));
                }
                collect(&fragment.body, fragments, depth + 1, patterns, wrong);
            }
            Statement::Component(component) => prices(&component.price, &mut |pattern| {
                if component.tiers.is_empty() {
                    patterns.insert(pattern);
                } else {
                    let starts = component.tiers.iter().map(|tier| format!(">{}", tier.start.normalize()));
                    patterns.extend(starts.map(|start| pattern.followed_by(&start)));
                }
            }),
            Statement::Let { .. } | Statement::Free | Statement::Unpriced { .. } => {}
        }
    }
}

/// Calls `each` with every price key of an expression.
fn prices(expression: &Expression, each: &mut impl FnMut(Pattern)) {
    match expression {
        Expression::Call(name, arguments) => {
            if name == "price"
                && let Some(pattern) = arguments.first().and_then(Pattern::of)
            {
                each(pattern);
            }
            arguments.iter().for_each(|argument| prices(argument, each));
        }
        Expression::Binary(_, left, right) => {
            prices(left, each);
            prices(right, each);
        }
        Expression::Choose(condition, yes, no) => [condition, yes, no].into_iter().for_each(|e| prices(e, each)),
        Expression::Not(inner) | Expression::Negate(inner) => prices(inner, each),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: &str =
        "#catalogue 1 v USD\n#regions * eu us\na/one\t1@s:1\na/two\t1@s:2\nb/x>0\t2@s:0\nb/x>9\t1@s:0\n";

    fn check(text: &str) -> Vec<String> {
        let definition = super::super::language::parse::definition(text).unwrap();
        wrong(&definition, &[], &Keys::of(PRICES))
    }

    #[test]
    fn a_claim_holds_where_the_price_is() {
        assert!(check("type aws_x\nregions eu\nA | h | 1 | a/one\n").is_empty());
        assert!(check("type aws_x\nregions eu us\nA | h | 1 | a/{kind}\n").is_empty());
        assert!(check("type aws_x\nregions mars\nB | h | 1 | b/x | tiers first 9:9, over 9\n").is_empty());
    }

    #[test]
    fn a_claim_without_a_price_is_told() {
        let found = check("type aws_x\nregions eu us\nA | h | 1 | a/one\n");
        assert!(found[0].contains("`a/one` in us"), "{found:?}");
        assert_eq!(check("type aws_x\nregions eu\nA | h | 1 | a/{kind}/gb\n").len(), 1);
        assert_eq!(check("type aws_x\nregions eu\nB | h | 1 | b/x | tiers first 8:8, over 8\n").len(), 1);
        assert!(check("type aws_x\ninclude nothing(a = 1)\n")[0].contains("no fragment"));
        assert_eq!(check("type aws_x\nA | h | 1 | a/one\n").len(), 1, "us-east-1 is claimed when nothing is said");
    }
}
