//! The estimate for people: a table for terminals, Markdown for merge requests.

use std::fmt::Write as _;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::catalogue::TRANSCRIBED;
use crate::report::{Component, Estimate, Resource, State};

/// `1,234.50`, with a sign when asked for.
fn money(amount: Decimal, signed: bool) -> String {
    let rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    let digits = format!("{:.2}", rounded.abs());
    let (whole, cents) = digits.split_once('.').unwrap_or((&digits, "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = match rounded {
        _ if rounded.is_zero() => "",
        _ if rounded.is_sign_negative() => "-",
        _ if signed => "+",
        _ => "",
    };
    format!("{sign}${grouped}.{cents}")
}

fn told(component: &Component) -> String {
    match (component.monthly, component.unit_price, component.state) {
        (Some(monthly), _, _) => money(monthly, false),
        (None, Some(price), State::UsageBased) => format!("${} per {}", price.normalize(), component.unit),
        _ => "not estimated".to_owned(),
    }
}

fn summary(estimate: &Estimate) -> String {
    let counts = estimate.counts;
    let mut text = format!(
        "{} estimated, {} free, {} depend on usage, {} not estimated. Prices of {}, a month of {} hours.",
        counts.estimated,
        counts.free,
        counts.usage_based,
        counts.not_estimated,
        estimate.catalogue,
        estimate.hours_per_month
    );
    if counts.not_estimated > 0 {
        text.push_str(" The total is without what is not estimated.");
    }
    let components = estimate.resources.iter().flat_map(|resource| &resource.components);
    let by_hand = |component: &&Component| component.source.as_deref().is_some_and(|s| s.starts_with(TRANSCRIBED));
    let written = components.filter(by_hand).count();
    if written > 0 {
        let _ = write!(
            text,
            " {written} price(s) were written down by hand and not read by machine; `terrane prices update` refreshes them."
        );
    }
    text
}

fn listed(estimate: &Estimate) -> impl Iterator<Item = &Resource> {
    estimate.resources.iter().filter(|resource| resource.state != State::Free)
}

/// A table for the terminal.
#[must_use]
pub fn table(estimate: &Estimate) -> String {
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for resource in listed(estimate) {
        let amount = resource.proposed.or(resource.prior).map_or_else(String::new, |amount| money(amount, false));
        let change =
            resource.delta.filter(|delta| !delta.is_zero()).map_or_else(String::new, |delta| money(delta, true));
        rows.push((resource.address.clone(), amount, change));
        if resource.components.is_empty() {
            rows.push((
                format!("  {}", resource.reason.as_deref().unwrap_or("not estimated")),
                String::new(),
                String::new(),
            ));
        }
        for component in &resource.components {
            let part = if component.part.is_empty() { String::new() } else { format!("{}: ", component.part) };
            let quantity = component
                .quantity
                .map_or_else(String::new, |q| format!(", {} {}", q.round_dp(3).normalize(), component.unit));
            let mut name = format!("  {part}{}{quantity}", component.name);
            if let (State::NotEstimated, Some(reason)) = (component.state, &component.reason) {
                let _ = write!(name, " ({reason})");
            }
            rows.push((name, told(component), String::new()));
        }
    }
    let first = rows.iter().map(|row| row.0.chars().count()).max().unwrap_or(0).clamp(8, 90);
    let second = rows.iter().map(|row| row.1.chars().count()).max().unwrap_or(0).max(7);
    let mut text = String::new();
    let _ = writeln!(text, "{:<first$}  {:>second$}  {:>12}", "Resource", "Monthly", "Change");
    let _ = writeln!(text, "{}", "─".repeat(first + second + 16));
    for (name, amount, change) in rows {
        let line = format!("{name:<first$}  {amount:>second$}  {change:>12}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let _ = writeln!(text, "{}", "─".repeat(first + second + 16));
    let totals = estimate.totals;
    let (proposed, change) = (money(totals.proposed, false), money(totals.delta, true));
    let _ = writeln!(
        text,
        "{:<first$}  {proposed:>second$}  {change:>12}",
        format!("Total (before: {})", money(totals.prior, false))
    );
    let _ = writeln!(text, "{}", summary(estimate));
    text
}

/// Markdown for a merge request.
#[must_use]
pub fn markdown(estimate: &Estimate) -> String {
    let totals = estimate.totals;
    let mut text = format!(
        "**Monthly cost: {} → {} ({})**\n\n| Resource | Before | After | Change |\n|---|---:|---:|---:|\n",
        money(totals.prior, false),
        money(totals.proposed, false),
        money(totals.delta, true)
    );
    for resource in listed(estimate) {
        let amount = |amount: Option<Decimal>| amount.map_or_else(|| "–".to_owned(), |amount| money(amount, false));
        let change = match (resource.delta, resource.state) {
            (Some(delta), _) => money(delta, true),
            (None, State::UsageBased) => "depends on usage".to_owned(),
            (None, _) => resource.reason.clone().unwrap_or_else(|| "not estimated".to_owned()),
        };
        // An address may hold characters that mean something to Markdown.
        let address = resource.address.replace('|', "\\|").replace(['`', '\n'], "'");
        let _ = writeln!(
            text,
            "| `{address}` | {} | {} | {} |",
            amount(resource.prior),
            amount(resource.proposed),
            change.replace('|', "\\|").replace('\n', " ")
        );
    }
    let _ = writeln!(text, "\n{}", summary(estimate));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_grouped_and_signed() {
        assert_eq!(money(Decimal::new(123_456_789, 2), false), "$1,234,567.89");
        assert_eq!(money(Decimal::new(-5, 1), true), "-$0.50");
        assert_eq!(money(Decimal::ONE, true), "+$1.00");
        assert_eq!(money(Decimal::ZERO, true), "$0.00");
    }
}
