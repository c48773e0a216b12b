//! Random modules with a policy that reads, changes and calls what they give: what is a copy and what is shared must show.

use std::fmt::Write;

use super::generate;

/// A policy and the module that it imports as `part`.
pub(crate) fn program(choose: &mut dyn FnMut(usize) -> usize) -> (String, String) {
    let module = generate::program(choose);
    let (mut names, mut functions) = (vec!["l0", "m0"], vec![("f0", 1)]);
    for line in module.lines() {
        // `f1 = func(a) {` and `func f1(a) {`.
        let declared = line.strip_prefix("func ").and_then(|rest| rest.split_once('('));
        let assigned = line.split_once(" = ").filter(|(name, _)| name.chars().all(char::is_alphanumeric));
        match (declared, assigned.map(|(name, value)| (name, value.strip_prefix("func(")))) {
            (Some((name, rest)), _) | (None, Some((name, Some(rest)))) if rest.ends_with(") {") => {
                functions.push((name, rest.trim_end_matches(") {").split(',').filter(|p| !p.is_empty()).count()));
            }
            (None, Some((name, None))) if name != "main" => names.push(name),
            _ => {}
        }
    }
    let mut policy = String::from("import \"part\" as part\nimport \"part\" as again\nl0 = part.l0\nm0 = part.m0\n");
    let mut own = vec!["l0".to_owned(), "m0".to_owned()];
    for number in 1..=4 + choose(12) {
        let import = ["part", "again"][choose(2)];
        let name = names[choose(names.len())];
        let mine = own[choose(own.len())].clone();
        let _ = match choose(8) {
            0 | 1 => {
                own.push(format!("{}{number}", &name[..1]));
                writeln!(policy, "{}{number} = {import}.{name}", &name[..1])
            }
            2 => writeln!(policy, "print({import}.{name}, {mine})"),
            3 if mine.starts_with('l') => writeln!(policy, "append({mine}, {number})"),
            3 | 4 if mine.starts_with('m') => writeln!(policy, "{mine}[\"k{}\"] = {number}", choose(3)),
            4 => writeln!(policy, "print({import}.{name}[{}] else \"none\")", choose(2)),
            5 if name.starts_with('m') => {
                writeln!(policy, "print({import}.{name}.a else \"none\", {import}.{name} is {mine})")
            }
            6 => writeln!(policy, "print(length({mine}), {mine} is {import}.{name}, {mine} else 0)"),
            _ => {
                let (function, count) = functions[choose(functions.len())];
                let args: Vec<_> = (0..count).map(|_| own[choose(own.len())].clone()).collect();
                own.push(format!("v{number}"));
                writeln!(policy, "v{number} = {import}.{function}({})", args.join(", "))
            }
        };
    }
    let _ = writeln!(policy, "main = rule {{ [{}] is defined }}", own.join(", "));
    let shared = "l0 = [[1], 2]\nm0 = {\"a\": {\"b\": [1]}, \"k\": l0}\nf0 = func(x) {\n\tappend(l0, x)\n\tm0[\"n\"] = length(l0)\n\treturn m0\n}\n";
    (policy, format!("{shared}{module}"))
}
