//! Addresses as the index holds them: a key of an index of Postgres has no more than 2,704 bytes, and a key of `for_each` may be any text.

use ring::digest::{SHA256, digest};

/// The most bytes of an address in the index.
const LONGEST: usize = 1_500;
/// So many bytes of a hash tell apart what begins alike.
const TELLING: usize = 16;

/// The address as the index holds it: one that is too long by its beginning and by what tells it from others.
pub(crate) fn indexed(address: String) -> String {
    if address.len() <= LONGEST {
        return address;
    }
    let told = hex::encode(&digest(&SHA256, address.as_bytes()).as_ref()[..TELLING]);
    let mut end = LONGEST - told.len() - '…'.len_utf8();
    while !address.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…{told}", &address[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_and_told_apart() {
        let short = "é".repeat(LONGEST / 2);
        assert_eq!(indexed(short.clone()), short);
        let [one, two] = ["a", "b"].map(|end| indexed(format!("x{}{end}", "é".repeat(LONGEST))));
        assert_ne!(one, two);
        assert!(one.starts_with("xéé") && one.len() <= LONGEST && one.len() > LONGEST - 4, "{}", one.len());
    }
}
