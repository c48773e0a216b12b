//! Where a sealed value belongs.

use ring::digest;

/// Where a sealed value belongs: it opens only where all three are the same as when it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// The table of its row.
    pub table: &'a str,
    /// The id of its row.
    pub id: &'a str,
    /// The organization that the row belongs to.
    pub organization: &'a str,
}

impl Context<'_> {
    /// The associated data of every chunk: a hash, so that it is short and needs no memory. Lengths keep `ab`,`c` apart from `a`,`bc`.
    pub(crate) fn digest(&self) -> digest::Digest {
        let mut hash = digest::Context::new(&digest::SHA256);
        for field in [self.table, self.id, self.organization] {
            hash.update(&(field.len() as u64).to_be_bytes());
            hash.update(field.as_bytes());
        }
        hash.finish()
    }
}
