//! Where a JSON value ends, without reading what is in it.

/// How far an object, an array or a string was gone through that comes in pieces.
#[derive(Default)]
pub(super) struct Frame {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Frame {
    /// Where in this piece it ends, behind its last byte.
    pub(super) fn end_in(&mut self, piece: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = piece.get(at) {
            if self.escaped {
                self.escaped = false;
            } else if self.in_text {
                at += memchr::memchr2(b'"', b'\\', &piece[at..])?;
                let ends = piece[at] == b'"';
                (self.in_text, self.escaped) = (!ends, !ends);
                if !self.in_text && self.depth == 0 {
                    return Some(at + 1);
                }
            } else {
                match byte {
                    b'"' => self.in_text = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
            }
            at += 1;
        }
        None
    }
}
