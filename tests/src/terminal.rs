//! A program on a pseudo-terminal, driven as a person would: wait for a text, type a line, press Ctrl-C, read the exit code.
//!
//! Terraform asks its questions only of a terminal, and of piped input it loses the second answer; so the real thing it is.

use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use pty_process::blocking::{Command, Pty, open};

/// How long a text or an exit is waited for. Generous, since it is only ever reached by a failure.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running program and everything that it has printed.
pub struct Terminal {
    command: String,
    child: Child,
    keyboard: Arc<Pty>,
    screen: Arc<Screen>,
    /// How much of the screen's plain text earlier expectations have used up.
    seen: usize,
}

#[derive(Default)]
struct Screen {
    printed: Mutex<Printed>,
    changed: Condvar,
}

#[derive(Default)]
struct Printed {
    bytes: Vec<u8>,
    closed: bool,
}

impl Terminal {
    /// Starts `command` on a terminal wide enough that nothing is wrapped by it.
    ///
    /// # Panics
    /// When no terminal can be had or the program does not start.
    #[must_use]
    pub fn spawn(description: &str, command: Command) -> Self {
        let (pty, pts) = open().expect("open a pseudo-terminal");
        pty.resize(pty_process::Size::new(60, 240)).expect("size the pseudo-terminal");
        let child = command.spawn(pts).unwrap_or_else(|error| panic!("start `{description}`: {error}"));
        let (keyboard, screen) = (Arc::new(pty), Arc::new(Screen::default()));
        let (source, sink) = (Arc::clone(&keyboard), Arc::clone(&screen));
        std::thread::spawn(move || sink.follow(&source));
        Self { command: description.to_owned(), child, keyboard, screen, seen: 0 }
    }

    /// Waits until `text` appears after what was already expected. Line breaks, colours and the frames of messages do not count.
    ///
    /// # Panics
    /// When the program ends or two minutes pass without it.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> &mut Self {
        let wanted = plain(text.as_bytes());
        let found = self.wait(&[text], |rest| rest.find(&wanted).map(|at| ((), at + wanted.len())));
        self.must(found, text);
        self
    }

    /// As [`Terminal::expect`], for whichever of these texts comes first; gives its place among them, or nothing when the program ends
    /// without any.
    ///
    /// # Panics
    /// When two minutes pass with neither.
    #[track_caller]
    pub fn expect_one_of(&mut self, texts: &[&str]) -> Option<usize> {
        let wanted: Vec<String> = texts.iter().map(|text| plain(text.as_bytes())).collect();
        self.wait(texts, |rest| {
            let places =
                wanted.iter().enumerate().filter_map(|(number, text)| Some((rest.find(text.as_str())?, number)));
            places.min().map(|(at, number)| (number, at + wanted[number].len()))
        })
    }

    /// Waits for a whole word that begins so, such as an address, and gives it.
    ///
    /// # Panics
    /// When the program ends or two minutes pass without it.
    #[track_caller]
    pub fn word(&mut self, beginning: &str) -> String {
        let found = self.wait(&[beginning], |rest| {
            let at = rest.find(beginning)?;
            // Only what comes after it shows that the word is whole.
            let length = rest[at..].find(' ')?;
            Some((rest[at..at + length].to_owned(), at + length))
        });
        self.must(found, beginning)
    }

    #[track_caller]
    fn must<T>(&self, found: Option<T>, text: &str) -> T {
        found.unwrap_or_else(|| {
            panic!("`{}` ended without saying {text:?}; {}", self.command, report(&self.screen.lock()))
        })
    }

    /// Waits until `find` finds something in what was not seen yet, and gives it; what is before the place that it says is seen then.
    /// Nothing when the program ends without it.
    #[track_caller]
    fn wait<T>(&mut self, texts: &[&str], find: impl Fn(&str) -> Option<(T, usize)>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        let screen = Arc::clone(&self.screen);
        let mut printed = screen.lock();
        loop {
            let shown = plain(&printed.bytes);
            if let Some((found, seen)) = shown.get(self.seen..).and_then(&find) {
                self.seen += seen;
                return Some(found);
            }
            if printed.closed {
                return None;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "`{}` went on for two minutes without saying {}; {}",
                self.command,
                texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" or "),
                report(&printed)
            );
            printed = screen.changed.wait_timeout(printed, left).expect("the screen's lock").0;
        }
    }

    /// Types `line` and Enter.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn type_line(&mut self, line: &str) -> &mut Self {
        self.press(format!("{line}\n").as_bytes())
    }

    /// Presses Ctrl-C: the terminal sends SIGINT to everything in its foreground.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn interrupt(&mut self) -> &mut Self {
        self.press(b"\x03")
    }

    fn press(&mut self, keys: &[u8]) -> &mut Self {
        (&*self.keyboard).write_all(keys).unwrap_or_else(|error| panic!("type into `{}`: {error}", self.command));
        self
    }

    /// Waits for the end and gives the exit code and the plain text of the whole screen.
    ///
    /// # Panics
    /// When the program does not end within two minutes, or ends by a signal.
    #[track_caller]
    pub fn finish(mut self) -> (i32, String) {
        let deadline = Instant::now() + PATIENCE;
        let mut printed = self.screen.lock();
        while !printed.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "`{}` did not end within two minutes; {}", self.command, report(&printed));
            printed = self.screen.changed.wait_timeout(printed, left).expect("the screen's lock").0;
        }
        let shown = readable(&printed.bytes);
        drop(printed);
        let status: ExitStatus = self.child.wait().expect("the exit status of a child");
        let code =
            status.code().unwrap_or_else(|| panic!("`{}` was ended by a signal: {status}\n{shown}", self.command));
        (code, shown)
    }

    /// Waits for the end, which must be `code`, and gives the plain text of the whole screen.
    ///
    /// # Panics
    /// When the program ends otherwise or not at all.
    #[track_caller]
    pub fn exits(self, code: i32) -> String {
        let command = self.command.clone();
        let (got, shown) = self.finish();
        assert!(got == code, "`{command}` exited {got}, not {code}; it printed:\n{shown}");
        shown
    }

    /// The process id of the program.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Already gone after `finish`; a story that failed half-way leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Screen {
    fn lock(&self) -> MutexGuard<'_, Printed> {
        self.printed.lock().expect("the screen's lock")
    }

    /// Reads until the program's side of the terminal is closed, which Linux tells as an error.
    fn follow(&self, source: &Pty) {
        let mut chunk = [0; 16 * 1024];
        while let Ok(length @ 1..) = (&mut &*source).read(&mut chunk) {
            self.lock().bytes.extend_from_slice(&chunk[..length]);
            self.changed.notify_all();
        }
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

fn report(printed: &Printed) -> String {
    format!("it printed:\n{}", readable(&printed.bytes))
}

/// The text without escape sequences and carriage returns, its lines as they were.
fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut kept = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' if letters.next_if_eq(&'[').is_some() => {
                while letters.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            '\u{1b}' | '\r' => {}
            other => kept.push(other),
        }
    }
    kept
}

/// The text as one line of words, so that neither wrapping nor the frame around a message hides what was said.
fn plain(bytes: &[u8]) -> String {
    let readable = readable(bytes).replace(['│', '╷', '╵'], " ");
    readable.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether `text`, read without line breaks and frames, says `words`.
#[must_use]
pub fn says(text: &str, words: &str) -> bool {
    plain(text.as_bytes()).contains(&plain(words.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Terminal {
        Terminal::spawn(script, Command::new("/bin/sh").args(["-c", script]))
    }

    #[test]
    fn a_question_is_answered_and_the_exit_code_read() {
        let mut terminal = shell("printf 'Enter a\\n  value: '; read answer; echo \"got $answer\"; exit 3");
        terminal.expect("Enter a value:").type_line("yes").expect("got yes");
        terminal.exits(3);
    }

    #[test]
    fn colours_and_frames_do_not_hide_a_message() {
        let mut terminal = shell("printf '\\033[31m│ Error: \\033[0m\\033[1mno such\\r\\n│ thing\\033[0m\\n'");
        terminal.expect("Error: no such thing");
        terminal.exits(0);
    }

    #[test]
    fn whichever_of_several_texts_comes_first_is_told() {
        let mut terminal = shell("echo one; echo two");
        assert_eq!(terminal.expect_one_of(&["two", "one"]), Some(1));
        assert_eq!(terminal.expect_one_of(&["two", "one"]), Some(0));
        assert_eq!(terminal.expect_one_of(&["two", "one"]), None);
        terminal.exits(0);
    }

    #[test]
    fn control_c_reaches_the_program() {
        let mut terminal = shell("trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.05; done");
        terminal.expect("ready").interrupt().expect("interrupted");
        terminal.exits(5);
    }

    #[test]
    #[should_panic(expected = "without saying \"never\"")]
    fn a_text_that_does_not_come_fails_with_the_screen() {
        shell("echo something else").expect("never");
    }
}
