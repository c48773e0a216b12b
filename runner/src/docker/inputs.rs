//! What goes into a container: the work directory of the phase, and a script for each step.

use super::Docker;
use crate::supervise::spec::{Output, Spec, Step};
use crate::{hooks::SHELL, providers::LINKS};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use tar::{Builder, Header};

/// How long a container keeps what a phase left when nobody comes for it, in seconds: an apply's state lies nowhere else.
const KEPT_APPLY: u64 = 7 * 24 * 3_600;
/// The same for whatever can be made again.
const KEPT: u64 = 300;

/// Packs everything into a tar without a name. `certificates` are those that runs trust beside the image's own.
pub(super) fn pack(spec: &Spec, lease_seconds: u64, certificates: &Path) -> io::Result<fs::File> {
    // Beside the work directory: a configuration may be larger than the memory of the machine.
    let path = spec.directory.join("in.tar");
    let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
    fs::remove_file(&path)?;
    let mut tar = Builder::new(io::BufWriter::new(file));
    tar.follow_symlinks(false);
    add(&mut tar, ".c/job", &job(spec, lease_seconds))?;
    for (number, step) in spec.steps.iter().enumerate() {
        add(&mut tar, &format!(".c/step{number}"), &script(step))?;
    }
    add(&mut tar, ".c/ca", &fs::read_to_string(certificates).unwrap_or_default())?;
    tar.append_dir_all("w", &spec.wall.work)?;
    let links = spec.directory.join(LINKS);
    if links.is_dir() {
        tar.append_dir_all(LINKS, links)?;
    }
    let mut file = tar.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.flush()?;
    Ok(file)
}

fn add(tar: &mut Builder<impl Write>, name: &str, text: &str) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o600);
    tar.append_data(&mut header, name, text.as_bytes())
}

/// The settings that PID 1 and the second channel read.
fn job(spec: &Spec, lease_seconds: u64) -> String {
    let kinds: Vec<_> = spec
        .steps
        .iter()
        .map(|step| match step.output {
            Output::Log => "log",
            Output::Quiet => "quiet",
            Output::File(_) => "file",
        })
        .collect();
    let keep = spec.steps.iter().enumerate().find_map(|(number, step)| Some((number, &step.keep.as_ref()?.0)));
    let files = spec.steps.iter().enumerate().filter(|(_, step)| matches!(step.output, Output::File(_)));
    let mut fetch: Vec<_> = files.map(|(number, _)| format!(".c/out{number}")).collect();
    fetch.extend(spec.state.iter().chain(&spec.fetch).map(|path| seen(path).display().to_string()));
    let fetch: Vec<_> = fetch.iter().map(|path| quote(path)).collect();
    let text = |path: &Path| quote(&path.display().to_string());
    [
        ("lease", lease_seconds.to_string()),
        ("grace", spec.abandoned_grace_seconds.to_string()),
        ("survive", if spec.survive { "1" } else { "''" }.to_owned()),
        ("ttl", if spec.survive { KEPT_APPLY } else { KEPT }.to_string()),
        ("steps", quote(&kinds.join(" "))),
        ("keep_step", keep.map_or("none".to_owned(), |(number, _)| number.to_string())),
        ("keep", keep.map_or("''".to_owned(), |(_, path)| text(path))),
        ("state", spec.state.as_ref().map_or("''".to_owned(), |path| text(&seen(path)))),
        ("fetch", quote(&fetch.join(" "))),
    ]
    .map(|(name, value)| format!("{name}={value}\n"))
    .concat()
}

/// A path beneath the work directory, as the container's scripts name it.
fn seen(beneath: &Path) -> PathBuf {
    Path::new("w").join(beneath)
}

/// Becomes the engine, or the shell of a hook. The number of the process is noted first: an interrupt is for this one alone.
fn script(step: &Step) -> String {
    // An engine lies where its image has it. A hook's shell is never looked for, since a workspace may say where that is done.
    let program = if step.program == Path::new(SHELL) {
        &*step.program
    } else {
        step.program.file_name().unwrap_or_default().as_ref()
    };
    let program = program.to_string_lossy();
    let pid = Docker::inside().root().join(".c/pid");
    let mut text =
        // It is no shell of its own, whose number $$ would be.
        format!(
            "read -r p x </proc/self/stat; echo \"$p\" >{0}; [ ! -e {1} ] || exit 130\n",
            pid.display(),
            pid.with_file_name("int").display()
        );
    text += &format!("cd {} || exit 126\nexec env", quote(&step.directory.display().to_string()));
    for (key, value) in &step.environment {
        text += &format!(" \\\n {}", quote(&format!("{key}={value}")));
    }
    text += &format!(" \\\n {}", quote(&program));
    for argument in &step.arguments {
        text += &format!(" {}", quote(argument));
    }
    text + "\n"
}

/// One word of a shell, whatever it holds.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word_in_a_shell() {
        let words = ["", "a b", "it's", "$(id) `id` \"x\" \\", "line\nline", "'", "-n", "é🦀"];
        let quoted: Vec<_> = words.iter().map(|word| quote(word)).collect();
        let script = format!("for w in {}; do printf '%s\\0' \"$w\"; done", quoted.join(" "));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        let read: Vec<_> =
            output.stdout.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        assert_eq!(read[..words.len()], words);
    }
}
