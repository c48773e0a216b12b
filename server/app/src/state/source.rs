//! JSON as it streams in, read by hand where most of a state is: a reader of whole documents asks for one byte after the other, and takes twice
//! as long. Whatever is small or rare is left to `serde_json`.

use super::frame::Frame;
use serde::de::DeserializeOwned;
use serde_json::Deserializer;
use std::{
    io::{self, Read},
    mem,
};

/// It is read in such pieces: bytes.
const PIECE: usize = 64 << 10;
/// The most bytes of a number, or of a word like `true`.
const SCALAR: usize = 1 << 10;
/// Values of fewer bytes are read in one go.
const SMALL: usize = 1 << 20;

/// JSON that comes piece by piece.
pub(super) struct Source<R> {
    inner: R,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    /// Where the buffer begins.
    place: Place,
    /// The bytes of a value.
    text: Vec<u8>,
}

/// A place in a text, both counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
}

impl Place {
    /// The place behind these bytes, the first of which is here.
    fn behind(self, bytes: &[u8]) -> Self {
        match memchr::memrchr(b'\n', bytes) {
            Some(last) => {
                Self { line: self.line + memchr::memchr_iter(b'\n', bytes).count(), column: bytes.len() - last }
            }
            None => Self { column: self.column + bytes.len(), ..self },
        }
    }
}

/// Why it is no JSON, or none of the wanted shape, and how far it was read.
#[derive(Debug, thiserror::Error)]
#[error("{what}, at line {} column {}", place.line, place.column)]
pub(super) struct Malformed {
    what: String,
    place: Place,
}

type Result<T, E = Malformed> = std::result::Result<T, E>;

impl<R: Read> Source<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; PIECE].into(),
            at: 0,
            end: 0,
            place: Place { line: 1, column: 1 },
            text: Vec::new(),
        }
    }

    /// Reads an object; `field` gets each of its keys and reads the value.
    pub(super) fn object(&mut self, mut field: impl FnMut(&mut Self, &str) -> Result<()>) -> Result<()> {
        self.expect(b'{', "an object")?;
        if self.take(b'}')? {
            return Ok(());
        }
        loop {
            if self.peek()? != Some(b'"') {
                return Err(self.wrong("a key was expected"));
            }
            let key: String = self.value()?;
            self.expect(b':', "a colon")?;
            field(self, &key)?;
            if !self.take(b',')? {
                return self.expect(b'}', "a comma or the end of an object");
            }
        }
    }

    /// Reads an array; `item` reads each of what is in it.
    pub(super) fn array(&mut self, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.expect(b'[', "an array")?;
        if self.take(b']')? {
            return Ok(());
        }
        loop {
            item(self)?;
            if !self.take(b',')? {
                return self.expect(b']', "a comma or the end of an array");
            }
        }
    }

    /// Whether `null` comes; it is passed.
    pub(super) fn null(&mut self) -> Result<bool> {
        if self.peek()? != Some(b'n') {
            return Ok(false);
        }
        self.value::<()>().map(|()| true)
    }

    /// Reads any value.
    pub(super) fn value<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut text = mem::take(&mut self.text);
        let whole = self.copy(&mut text, SMALL)?;
        let read = if whole {
            serde_json::from_slice(&text)
        } else {
            // Whoever reads a value that has an end stops there.
            T::deserialize(&mut Deserializer::from_reader((&text[..]).chain(&mut *self)))
        };
        self.text = text;
        read.map_err(|error| self.misread(&error))
    }

    /// Copies the text of an object, as it stands there: whether it is one is seen by who reads it.
    pub(super) fn copy_object(&mut self, into: &mut Vec<u8>) -> Result<()> {
        if self.peek()? != Some(b'{') {
            return Err(self.wrong("an object was expected"));
        }
        self.copy(into, usize::MAX).map(drop)
    }

    /// Copies the text of a value, or the first `most` bytes of one that is longer; whether that is all of it.
    fn copy(&mut self, into: &mut Vec<u8>, most: usize) -> Result<bool> {
        into.clear();
        let Some(first) = self.peek()? else { return Err(self.wrong("it ends too early")) };
        if !matches!(first, b'{' | b'[' | b'"') {
            return self.copy_scalar(into).map(|()| true);
        }
        let mut frame = Frame::default();
        while into.len() < most {
            if self.look()?.is_none() {
                return Err(self.wrong("it ends too early"));
            }
            let piece = &self.buffer[self.at..self.end];
            let piece = &piece[..piece.len().min(most - into.len())];
            let end = frame.end_in(piece);
            let taken = end.unwrap_or(piece.len());
            into.extend_from_slice(&piece[..taken]);
            self.at += taken;
            if end.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn copy_scalar(&mut self, into: &mut Vec<u8>) -> Result<()> {
        while let Some(byte) = self.look()?
            && !matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n')
        {
            into.push(byte);
            self.at += 1;
            if into.len() > SCALAR {
                return Err(self.wrong("a number is too long"));
            }
        }
        Ok(())
    }

    /// Makes sure that nothing follows.
    pub(super) fn end(&mut self) -> Result<()> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.wrong("something follows the end")),
        }
    }

    /// What is wrong here.
    pub(super) fn wrong(&self, what: impl Into<String>) -> Malformed {
        Malformed { what: what.into(), place: self.place.behind(&self.buffer[..self.at]) }
    }

    /// What is wrong with what was just read. Its own place begins with it, and would mislead.
    pub(super) fn misread(&self, error: &serde_json::Error) -> Malformed {
        let told = error.to_string();
        let what = told.rfind(" at line ").map_or(told.as_str(), |at| &told[..at]);
        self.wrong(what)
    }

    /// The next byte, if there is one.
    fn look(&mut self) -> Result<Option<u8>> {
        if self.at == self.end {
            self.fill().map_err(|error| self.wrong(error.to_string()))?;
        }
        Ok(self.buffer[..self.end].get(self.at).copied())
    }

    /// The next byte that is no space, if there is one.
    fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            match self.look()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                other => return Ok(other),
            }
        }
    }

    fn take(&mut self, wanted: u8) -> Result<bool> {
        let there = self.peek()? == Some(wanted);
        self.at += usize::from(there);
        Ok(there)
    }

    fn expect(&mut self, wanted: u8, what: &str) -> Result<()> {
        if self.take(wanted)? { Ok(()) } else { Err(self.wrong(format!("{what} was expected"))) }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.place = self.place.behind(&self.buffer[..self.end]);
        (self.at, self.end) = (0, 0);
        self.end = loop {
            match self.inner.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        Ok(())
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.end {
            self.fill()?;
        }
        let length = into.len().min(self.end - self.at);
        into[..length].copy_from_slice(&self.buffer[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// Gives a few bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(into.len()).min(self.0.len());
            into[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    /// What is read of an object: the texts of the objects in its array `a`, and its other values.
    type Told = (Vec<String>, Vec<(String, Value)>);

    fn read(text: &str, drop: usize) -> Result<Told> {
        let mut source = Source::new(Drops(text.as_bytes(), drop));
        let (mut objects, mut others, mut raw) = (Vec::new(), Vec::new(), Vec::new());
        source.object(|source, key| {
            if key != "a" {
                others.push((key.to_owned(), source.value()?));
                return Ok(());
            }
            source.array(|source| {
                source.copy_object(&mut raw)?;
                objects.push(String::from_utf8_lossy(&raw).into_owned());
                Ok(())
            })
        })?;
        source.end()?;
        Ok((objects, others))
    }

    #[test]
    fn objects_are_copied_as_they_stand() {
        let text = r#" {"x" : 12.5e3 ,"a":[ {"k":"}\"\\"}, {"n":[[{}],"]"], "é":"\u00e9"} ],"y":null,"z":["a",{}] } "#;
        for drop in 1..40 {
            let (objects, others) = read(text, drop).unwrap();
            assert_eq!(objects, [r#"{"k":"}\"\\"}"#, r#"{"n":[[{}],"]"], "é":"\u00e9"}"#]);
            assert_eq!(others[0], ("x".to_owned(), serde_json::json!(12.5e3)));
            assert_eq!((others.len(), &others[1].1), (3, &Value::Null));
        }
    }

    #[test]
    fn what_is_malformed_is_refused_and_placed() {
        for text in [
            "",
            " ",
            "[",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":[",
            "{\"a\":[{",
            "{\"a\":[{}",
            "{\"a\":[{}]",
            "{\"a\":[{},]}",
            "{\"a\":[1]}",
            "{\"a\":[{}]},",
            "{\"a\":[{}]}x",
            "{,}",
            "{\"x\":1,}",
            "{\"x\" 1}",
            "{\"x\":}",
            "{\"x\":tru}",
            "{\"x\":1 2}",
            "{x:1}",
            "{\"x\":01}",
            "{\"x\":\"\n\"}",
            "{\"a\":{}}",
            "{\"x\":nullx}",
        ] {
            assert!(read(text, 3).is_err(), "{text}");
        }
        let told = |text: &str| read(text, 2).unwrap_err().to_string();
        assert_eq!(told("{\n\"x\":1 2}"), "a comma or the end of an object was expected, at line 2 column 7");
        assert_eq!(told("{\n\n  \"x\":\n[1,]}"), "trailing comma, at line 4 column 5");
        assert!(read(&format!("{{\"x\":{}}}", "1".repeat(2_000)), 99).is_err());
    }

    #[test]
    fn a_value_of_any_length_is_read() {
        for length in [SMALL - 3, SMALL - 2, SMALL - 1, 3 * SMALL] {
            let text = format!(r#"{{"x":["{}"],"y":"{}","z":{{"k":1}}}}"#, "é".repeat(length / 2), "y".repeat(length));
            let others = read(&text, 1 << 16).unwrap().1;
            assert_eq!(others[0].1[0].as_str().map(str::len), Some(length / 2 * 2));
            assert_eq!(others[1].1.as_str().map(str::len), Some(length));
            assert_eq!(others[2].1["k"], 1);
            let cut = &text[..text.len() - 9];
            assert!(read(cut, 1 << 16).is_err());
        }
    }

    proptest! {
        /// It takes what `serde_json` takes, and reads the same.
        #[test]
        fn it_reads_what_another_reads(text in r#"\{"a":\[(\{("[a\\"{}\[\]]{0,6}":[0-9{}"\[\],a]{0,5})?\}[, ]?){0,3}\] ?,?("b":[0-9ntrue"{} ]{0,5})?[} ]{1,2}"#, drop in 1usize..9) {
            let whole: std::result::Result<Value, _> = serde_json::from_str(&text);
            let streamed = read(&text, drop).and_then(|(objects, others)| {
                let parsed: std::result::Result<Vec<Value>, _> = objects.iter().map(|text| serde_json::from_str(text)).collect();
                Ok((parsed.map_err(|error| Malformed { what: error.to_string(), place: Place { line: 1, column: 1 } })?, others))
            });
            match (whole, streamed) {
                (Ok(whole), Ok((objects, others))) => {
                    prop_assert_eq!(&whole["a"], &Value::Array(objects));
                    prop_assert_eq!(whole.get("b"), others.first().map(|(_, value)| value));
                }
                (Err(_), Err(_)) => {}
                (whole, streamed) => prop_assert!(false, "{text}: {whole:?} and {streamed:?}"),
            }
        }
    }
}
