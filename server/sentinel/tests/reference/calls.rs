//! Random calls of the standard imports, with arguments that they understand and some that they do not.

const IMPORTS: &str = "import \"strings\"\nimport \"collection/maps\" as maps\nimport \"collection/lists\" as lists\n\
     import \"collection\"\nimport \"version\"\nimport \"decimal\"\nimport \"time\"\nimport \"base64\"\nimport \"json\"\n\
     import \"sockaddr\"\nimport \"types\"\n";

const CALLS: [&str; 62] = [
    "strings.has_prefix(A, B)",
    "strings.has_suffix(A, B)",
    "strings.trim_prefix(A, B)",
    "strings.trim_suffix(A, B)",
    "strings.to_lower(A)",
    "strings.to_upper(A)",
    "strings.split(A, B)",
    "strings.join(A, B)",
    "strings.replace(A, B, C)",
    "strings.replace(A, B, C, 1)",
    "strings.trim(A, B)",
    "strings.trim_left(A, B)",
    "strings.trim_right(A, B)",
    "strings.trim_space(A)",
    "maps.get(A, B)",
    "maps.get(A, B, C)",
    "maps.has(A, B)",
    "maps.set(A, B, C)",
    "maps.pick(A, B)",
    "maps.omit(A, B)",
    "maps.unset(A, B)",
    "lists.concat(A, B)",
    "lists.difference(A, B)",
    "lists.intersection(A, B)",
    "lists.union(A, B, C)",
    "lists.sort(A, compare)",
    "lists.sum(A)",
    "collection.filter(A, func(x) { return x is B })",
    "collection.reject(A, func(x) { return x in B })",
    "collection.find(A, func(x) { return x is not B })",
    "collection.matches(A, B)",
    "version.new(A).version",
    "version.new(A).compare(B)",
    "version.new(A).satisfies(B)",
    "version.new(A).prerelease",
    "decimal.new(A).is(B)",
    "decimal.new(A).lt(B)",
    "decimal.new(A).gte(B)",
    "decimal.new(A).add(B).float",
    "decimal.new(A).sub(B).float",
    "decimal.new(A).mul(B).float",
    "decimal.new(A).floor().float",
    "decimal.new(A).ceil().float",
    "decimal.new(A).abs().neg().float",
    "decimal.new(A).int",
    "decimal.is_nan(decimal.new(A))",
    "time.load(A).unix",
    "time.load(A).weekday_name",
    "time.load(A).zone_string",
    "time.load(A).sub(B)",
    "time.load(A).before(B)",
    "base64.encode(A)",
    "base64.decode(A)",
    "base64.urldecode(A)",
    "json.marshal(A)",
    "json.unmarshal(A)",
    "json.valid(A)",
    "sockaddr.is_contained(A, B)",
    "sockaddr.is_equal(A, B)",
    "sockaddr.is_ipv4(A)",
    "sockaddr.is_ipv6(A)",
    "A matches B",
];

const VALUES: [&str; 48] = [
    "\"\"",
    "\"a\"",
    "\"a.b\"",
    "\"a.*.b\"",
    "\"a.0\"",
    "\"a,b,,c\"",
    "\",\"",
    "\" a b \\t\"",
    "\"\\u00e9\\u00c9\"",
    "\"1\"",
    "\"1.2.3\"",
    "\"1.2.3-beta.2+x\"",
    "\"v1.10\"",
    "\"~> 1.2\"",
    "\">= 1.0, < 2\"",
    "\"!= 1.2.3\"",
    "\"-0.50\"",
    "\"1e3\"",
    "\"2019-11-16T01:20:30Z\"",
    "\"2024-02-29T23:59:59.5-08:00\"",
    "\"1969-12-31T00:00:00+05:30\"",
    "\"10.0.0.0/8\"",
    "\"10.1.2.3\"",
    "\"::1\"",
    "\"2001:db8::/32\"",
    "\"Zm9v\"",
    "\"Zm8=\"",
    "\"-__-\"",
    "\"{\\\"a\\\": [1, {\\\"b\\\": null}]}\"",
    "\"[1.0, 2.5]\"",
    "\"^[a-c,.]+$\"",
    "`\\d+`",
    "0",
    "1",
    "-3",
    "2.5",
    "1e12",
    "{}",
    "{\"a\": {\"b\": 1}, \"c\": null}",
    "{\"a\": [{\"b\": 1}, {\"b\": 2, \"c\": 3}]}",
    "[1, 2, 3]",
    "[3, 1.5, 1]",
    "[\"b\", \"a\", \"b\"]",
    "[[\"a\"], \"b\"]",
    "[\"a.b\", \"c\"]",
    "null",
    "true",
    "undefined",
];

/// A program of one call.
pub(crate) fn program(choose: &mut dyn FnMut(usize) -> usize) -> String {
    let mut call = CALLS[choose(CALLS.len())].to_owned();
    for place in ["A", "B", "C"] {
        // No name of a function contains one of these letters in front of a comma or a bracket.
        for end in [",", ")", " "] {
            let value = VALUES[choose(VALUES.len())];
            call = call.replace(&format!("{place}{end}"), &format!("{value}{end}"));
        }
        if call.ends_with(place) {
            call = format!("{}{}", &call[..call.len() - 1], VALUES[choose(VALUES.len())]);
        }
    }
    format!("{IMPORTS}v1 = {call}\nprint(v1)\nmain = v1 is defined\n")
}
