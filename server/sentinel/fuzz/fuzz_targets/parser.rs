//! Any sequence of words as a source: whatever the grammar makes of them, it ends in a tree or a diagnostic with a place inside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terrane_sentinel::Program;

const WORDS: [&str; 96] = [
    "all", "any", "as", "break", "case", "continue", "default", "else", "filter", "for", "func", "if", "import", "map",
    "param", "return", "rule", "when", "and", "contains", "in", "is", "matches", "not", "or", "xor", "empty", "defined",
    "true", "false", "null", "undefined", "+", "-", "*", "/", "%", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<", "<=",
    ">", ">=", "=", "!", "(", ")", "[", "]", "{", "}", ",", ".", ":", ";", "\n", "\n", "\n", "a", "b", "main", "append",
    "length", "_", "0", "1", "9223372036854775808", "0x", "08", "1.5", ".5", "1e3", "\"\"", "\"a\"", "\"\\x\"", "`r`",
    "# c\n", "// c\n", "/* c */", "/* c\n */", "/*", "\"", "`", "é", "\u{feff}", "\"strings\"", "strings", "print", "()",
    "{}", "[]",
];

fuzz_target!(|bytes: &[u8]| {
    let words: Vec<_> = bytes.iter().map(|b| WORDS[usize::from(*b) % WORDS.len()]).collect();
    let text = words.join(" ");
    if let Err(problem) = Program::parse("p", text.as_bytes()) {
        assert!(!problem.message.contains("parser failed"), "{problem}");
        assert!(problem.offset <= text.len() && problem.line >= 1 && problem.column >= 1, "{problem:?}");
        let _ = problem.to_string();
    }
});
