//! Rows as text: a line for each table with its columns, then a line for each of its rows. JSON, bytes in base64.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::copy::{Column, Kind, Row, Table, Value};

/// The line that begins a table.
#[derive(Serialize, Deserialize)]
struct Head {
    table: String,
    columns: Vec<(String, String)>,
}

/// A line, read.
pub(crate) enum Line {
    /// Rows of this table follow.
    Table(Table),
    /// A row of the last table.
    Row(Row),
}

/// The line that begins a table.
pub(crate) fn head(table: &Table) -> Vec<u8> {
    let columns = table.columns.iter().map(|column| (column.name.clone(), column.kind.name().to_owned())).collect();
    line(&Head { table: table.name.clone(), columns })
}

/// The line of a row.
pub(crate) fn row(row: &Row) -> Vec<u8> {
    let values: Vec<Json> = row
        .iter()
        .map(|value| match value {
            Value::Null => Json::Null,
            Value::Text(text) => Json::from(text.as_str()),
            Value::Integer(number) => Json::from(*number),
            Value::Boolean(yes) => Json::from(*yes),
            Value::Bytes(bytes) => Json::from(BASE64_STANDARD.encode(bytes)),
        })
        .collect();
    line(&values)
}

fn line(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(value).expect("texts, numbers and lists always become JSON");
    text.push(b'\n');
    text
}

/// Reads a line; `table` is the one whose rows these are.
pub(crate) fn read(text: &str, table: Option<&Table>) -> Result<Line, String> {
    if text.starts_with('{') {
        let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let column = |(name, kind): (String, String)| match Kind::named(&kind) {
            Some(kind) => Ok(Column { name, kind }),
            None => Err(format!("column {name} of table {} has the unknown type {kind}", head.table)),
        };
        let columns = head.columns.into_iter().map(column).collect::<Result<_, _>>()?;
        return Ok(Line::Table(Table { name: head.table, columns }));
    }
    let table = table.ok_or("a row comes before its table")?;
    let values: Vec<Json> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if values.len() != table.columns.len() {
        return Err(format!("a row of {} has {} values for {} columns", table.name, values.len(), table.columns.len()));
    }
    let value = |(value, column): (Json, &Column)| {
        let wrong = || format!("{} of a row of {} is no {}", column.name, table.name, column.kind.name());
        Ok(match (value, column.kind) {
            (Json::Null, _) => Value::Null,
            (Json::String(text), Kind::Text) => Value::Text(text),
            (Json::String(text), Kind::Bytes) => Value::Bytes(BASE64_STANDARD.decode(text).map_err(|_| wrong())?),
            (Json::Number(number), Kind::Integer) => Value::Integer(number.as_i64().ok_or_else(wrong)?),
            (Json::Bool(yes), Kind::Boolean) => Value::Boolean(yes),
            _ => return Err(wrong()),
        })
    };
    values.into_iter().zip(&table.columns).map(value).collect::<Result<Row, String>>().map(Line::Row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let columns = vec![
            column("a", Kind::Text),
            column("b", Kind::Integer),
            column("c", Kind::Boolean),
            column("d", Kind::Bytes),
        ];
        Table { name: "things".to_owned(), columns }
    }

    #[test]
    fn a_row_comes_back() {
        let table = table();
        let text = String::from_utf8(head(&table)).unwrap();
        let Line::Table(read_back) = read(text.trim_end(), None).unwrap() else { panic!("{text}") };
        assert_eq!(read_back, table);
        for whole in [
            vec![
                Value::Text("a\n\u{0}\"ü".to_owned()),
                Value::Integer(i64::MIN),
                Value::Boolean(true),
                Value::Bytes(vec![0, 255, 10]),
            ],
            vec![Value::Null, Value::Null, Value::Null, Value::Null],
        ] {
            let text = String::from_utf8(row(&whole)).unwrap();
            assert_eq!(text.matches('\n').count(), 1, "one line: {text}");
            let Line::Row(found) = read(text.trim_end(), Some(&table)).unwrap() else { panic!("{text}") };
            assert_eq!(found, whole);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let table = table();
        for bad in ["[1,1,true,\"\"]", "[\"a\",1.5,true,\"\"]", "[\"a\",1,true]", "[\"a\",1,true,\"?\"]", "", "[", "{}"]
        {
            assert!(read(bad, Some(&table)).is_err(), "{bad}");
        }
        assert!(read("[]", None).is_err());
        assert!(read(r#"{"table":"t","columns":[["a","JSONB"]]}"#, None).is_err());
    }
}
