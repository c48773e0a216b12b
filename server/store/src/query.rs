//! One SQL text, two native drivers. Values are named `$n` by their number; where a text grows, SQLite gets `?` instead: there values have to
//! come in the order of the text.

use crate::{
    error::{Error, Result, disconnected, retries},
    tx::{Conn, Failed, Open},
};
use sqlx::{
    Arguments, AssertSqlSafe, Encode, FromRow, Postgres, Sqlite, Type,
    postgres::{PgArguments, PgRow},
    sqlite::{SqliteArguments, SqliteRow},
};

/// A value that both drivers can bind.
pub trait Bind<'q>: 'q + Encode<'q, Postgres> + Type<Postgres> + Encode<'q, Sqlite> + Type<Sqlite> {}
impl<'q, T> Bind<'q> for T where T: 'q + Encode<'q, Postgres> + Type<Postgres> + Encode<'q, Sqlite> + Type<Sqlite> {}

/// A row that both drivers can decode; `#[derive(FromRow)]` is enough.
pub trait Record: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin + 'static {}
impl<T> Record for T where T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin + 'static {}

enum Args {
    Postgres(PgArguments),
    Sqlite(SqliteArguments),
}

enum Text {
    Fixed(&'static str),
    Grown(String),
}

/// A pattern for `LIKE … ESCAPE '\\'` that fits whatever has this text in it.
pub(crate) fn containing(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// A statement on its way: its text is made of literals only, its values are always bound.
#[must_use]
pub struct Query<'t> {
    open: &'t mut Open,
    text: Text,
    args: Args,
    bound: usize,
    /// How many statements come before the one that is being said.
    before: u64,
    /// Where that begins.
    statement: usize,
    /// Whether its values are named by number, as in every fixed text.
    numbered: bool,
}

macro_rules! fetch {
    ($query:ident, $build:ident, $call:ident, $answer:expr) => {{
        let Query { open, text, args, .. } = $query;
        // After a full disk SQLite may have left the transaction: this statement would commit by itself.
        if open.failed.is_some() {
            return Err(Error::Swallowed);
        }
        let sql = AssertSqlSafe(match text {
            Text::Fixed(text) => text.to_owned(),
            Text::Grown(text) => text,
        });
        let done = match (&mut open.conn, args) {
            (Conn::Postgres(loan) | Conn::PostgresPlain(loan), Args::Postgres(args)) => {
                sqlx::$build(sql, args).$call(loan.conn()).await.map($answer)
            }
            (Conn::Writer(loan), Args::Sqlite(args)) => sqlx::$build(sql, args).$call(loan.conn()).await.map($answer),
            (Conn::Reader(tx), Args::Sqlite(args)) => sqlx::$build(sql, args).$call(&mut **tx).await.map($answer),
            (Conn::ReaderPlain(conn), Args::Sqlite(args)) => {
                sqlx::$build(sql, args).$call(&mut **conn).await.map($answer)
            }
            _ => unreachable!("a query is built by the transaction that runs it"),
        };
        done.map_err(|error: sqlx::Error| {
            open.failed = Some(match &error {
                error if retries(error) => Failed::Retry,
                error if disconnected(error) => Failed::Gone,
                _ => Failed::Other,
            });
            Error::from(error)
        })
    }};
}

impl<'t> Query<'t> {
    pub(crate) fn new(open: &'t mut Open, sql: &'static str) -> Self {
        let args = if open.conn.is_postgres() {
            Args::Postgres(PgArguments::default())
        } else {
            Args::Sqlite(SqliteArguments::default())
        };
        Self { open, text: Text::Fixed(sql), args, bound: 0, before: 0, statement: 0, numbered: false }
    }
    /// Binds the value of the next `$n` of a fixed text.
    pub fn bind<'q>(mut self, value: impl Bind<'q>) -> Self {
        self.numbered = true;
        self.add(value);
        self
    }
    /// Lets the text grow by a literal.
    pub fn push(mut self, text: &'static str) -> Self {
        self.grow().push_str(text);
        self
    }
    /// Lets the text grow by a place for this value.
    pub fn value<'q>(mut self, value: impl Bind<'q>) -> Self {
        self.add(value);
        if self.numbered || self.is_postgres() {
            let place = format!("${}", self.bound);
            self.grow().push_str(&place);
        } else {
            // SQLite looks a name up in the list of all, for each of a thousand values of one statement.
            self.grow().push('?');
        }
        self
    }
    /// Lets the text grow by a comma and a place for this value.
    pub(crate) fn and<'q>(self, value: impl Bind<'q>) -> Self {
        self.push(", ").value(value)
    }
    /// Whether it is said to Postgres, where the two do not speak alike.
    pub(crate) fn is_postgres(&self) -> bool {
        self.open.conn.is_postgres()
    }
    /// Lets another statement follow what was said so far, which changes rows too: all of them are done in one go, since each on its own waits for
    /// the thread of SQLite's connection, or for Postgres at the other end of the wire. There they see the same rows, those from before: none may
    /// need what another one does.
    pub(crate) fn then(mut self) -> Self {
        self.before += 1;
        self.close();
        self
    }
    /// On Postgres each of several statements is a part of one, which tells the rows that it changed.
    fn close(&mut self) {
        let (number, from, is_postgres) = (self.before, self.statement, self.is_postgres());
        let text = self.grow();
        if is_postgres {
            let said = text.split_off(from);
            let with = if number == 1 { "WITH" } else { "," };
            text.push_str(&format!("{with} s{number} AS ({said} RETURNING 1) "));
        } else {
            text.push_str("; ");
        }
        self.statement = self.grow().len();
    }
    /// Lets the text grow by a comma-separated list of values.
    pub fn list<'q, V: Bind<'q>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        for (i, value) in values.into_iter().enumerate() {
            if i > 0 {
                self = self.push(", ");
            }
            self = self.value(value);
        }
        self
    }
    /// Lets the text end by holding its rows until the transaction ends: who comes second waits for them. SQLite's only writer holds everything.
    pub(crate) fn held(self) -> Self {
        if self.is_postgres() { self.push(" FOR NO KEY UPDATE") } else { self }
    }
    fn grow(&mut self) -> &mut String {
        if let Text::Fixed(text) = self.text {
            self.text = Text::Grown(text.to_owned());
        }
        match &mut self.text {
            Text::Grown(text) => text,
            Text::Fixed(_) => unreachable!("made to grow above"),
        }
    }
    fn add<'q>(&mut self, value: impl Bind<'q>) {
        self.bound += 1;
        let added = match &mut self.args {
            Args::Postgres(args) => args.add(value),
            Args::Sqlite(args) => args.add(value),
        };
        added.expect("texts, numbers, booleans and bytes always encode");
    }
    /// The row, if there is one.
    pub async fn optional<O: Record>(self) -> Result<Option<O>> {
        fetch!(self, query_as_with, fetch_optional, |row| row)
    }
    /// The number in the only row of a `SELECT count(*)`.
    pub async fn count(self) -> Result<i64> {
        let row: Option<(i64,)> = self.optional().await?;
        Ok(row.map_or(0, |(count,)| count))
    }
    /// Every row. The statement has a LIMIT, or its rows are few by nature.
    pub async fn all<O: Record>(self) -> Result<Vec<O>> {
        fetch!(self, query_as_with, fetch_all, |rows| rows)
    }
    /// A save that carries the version its verb read. No row means that another came first: the verb runs again.
    pub async fn save(self) -> Result<()> {
        self.save_rows(1).await
    }
    /// The same of several statements, which change so many rows at least.
    pub(crate) async fn save_rows(self, rows: u64) -> Result<()> {
        let Query { open, .. } = self;
        let query = Query { open: &mut *open, ..self };
        if query.run().await? >= rows {
            return Ok(());
        }
        open.failed = Some(Failed::Retry);
        Err(Error::Contended(1))
    }
    /// How many rows it changed; of several statements, all of them together.
    pub async fn run(mut self) -> Result<u64> {
        if self.before == 0 || !self.is_postgres() {
            return fetch!(self, query_with, execute, |done| done.rows_affected());
        }
        self.before += 1;
        self.close();
        let last = self.before;
        let text = self.grow();
        text.push_str("SELECT count(*) FROM (SELECT 1 FROM s1");
        for number in 2..=last {
            text.push_str(&format!(" UNION ALL SELECT 1 FROM s{number}"));
        }
        text.push_str(") changed");
        self.count().await.map(i64::unsigned_abs)
    }
}
