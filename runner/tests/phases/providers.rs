//! Packages of providers that runs link to: verified before they are kept, and out of the reach of whoever runs.

use crate::{
    engine::Engine,
    errands::until,
    real::ONE,
    rig::{Rig, variable},
};
use bollard::{models::VolumeCreateRequest, query_parameters::RemoveVolumeOptions};
use protocol::{Category, Job, Outcome, Phase};
use std::{
    io::{Cursor, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

const H1: &str = "h1:CFnENdqQu4g3LJNevA32aDxcUz2qGkRGQpFfkI8TCdE=";
const PROGRAM: &str = "terraform-provider-null_v2.1.2_x4";
const LOCK: &str = "provider \"registry.terraform.io/hashicorp/null\" {\n  version = \"2.1.2\"\n  hashes = [\n    \"h1:CFnENdqQu4g3LJNevA32aDxcUz2qGkRGQpFfkI8TCdE=\",\n  ]\n}\n";
/// Tries to change what every later run executes.
const MAIN: &str = r#"
resource "null_resource" "it" {
  provisioner "local-exec" {
    command = <<-END
      package=$(readlink -f .terraform/providers/registry.terraform.io/hashicorp/null/2.1.2/*)
      cd "$package" && echo "it lies in $(basename "$package")"
      (chmod -R u+w . && echo alt''ered; echo x >> terraform-provider-null_v2.1.2_x4 && echo alt''ered) 2>/dev/null
      (touch evil && echo alt''ered; rm -f terraform-provider-null_v2.1.2_x4 && echo alt''ered) 2>/dev/null
      (mv ../"$(basename "$package")" ../x && echo alt''ered; mkdir ../y && echo alt''ered) 2>/dev/null
      ls .. 2>/dev/null | grep -v "^$(basename "$package")$" | grep -q . && echo others are se''en
      echo it tried all
    END
  }
}
"#;

fn package() -> Vec<u8> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../.tools/providers/registry.terraform.io/hashicorp/null/2.1.2/linux_amd64");
    let program = std::fs::read(place.join(PROGRAM)).expect("run tests/tools/providers first");
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    archive.start_file(PROGRAM, options).unwrap();
    archive.write_all(&program).unwrap();
    archive.finish().unwrap().into_inner()
}

fn rig(hashes: &[&str]) -> Rig {
    let rig = Rig::new();
    let hashes = hashes.iter().map(|&hash| hash.to_owned()).collect();
    *rig.server.package.lock().unwrap() = Some((hashes, package()));
    rig.configuration(&[("main.tf", MAIN), (".terraform.lock.hcl", LOCK)]);
    rig
}

/// No engine of these tests can reach a mirror by itself: what it installs it was linked to.
fn unreachable(job: &mut Job) {
    job.address = "http://localhost:8443".into();
    job.mirrored = vec!["registry.terraform.io/*/*".into()];
    job.variables = vec![variable("TF_CLI_ARGS_apply", "-no-color", Category::Env, false)];
}

fn kept(rig: &Rig) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(rig.options.directory.join("known/providers")).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_provider_is_fetched_once_and_no_run_changes_it() {
    let rig = rig(&[H1]);
    let (_, applied) = rig.whole(unreachable).await;
    assert!(matches!(applied, Outcome::Applied { .. }), "{applied:?} {}", rig.server.log());
    let log = rig.server.log();
    assert!(log.contains("it lies in ") && log.contains("it tried all"), "{log}");
    // The command itself is in the log too, with its words cut in two.
    assert!(!log.contains("altered") && !log.contains("others are seen"), "{log}");
    let kept = kept(&rig);
    assert_eq!(kept.len(), 1);
    assert_eq!(mirror::archive::h1_of_directory(&kept[0]).unwrap(), H1);
    assert_eq!(*rig.server.fetched.lock().unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_the_mirror_says_is_not_kept() {
    let rig = rig(&[&format!("zh:{}", "0".repeat(64))]);
    let mut job = rig.job(Phase::Plan);
    unreachable(&mut job);
    let outcome = rig.execute(job).await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?} {}", rig.server.log());
    assert!(rig.server.log().contains("hashicorp/null"), "{}", rig.server.log());
    assert_eq!((kept(&rig).len(), *rig.server.fetched.lock().unwrap()), (0, 1));
    let entries = std::fs::read_dir(rig.options.directory.join("known/providers")).unwrap();
    assert_eq!(entries.count(), 0, "something unfinished is left");
}

/// Plans what needs the package.
async fn planned(rig: &Rig) {
    rig.configuration(&[("main.tf", "resource \"null_resource\" \"it\" {}"), (".terraform.lock.hcl", LOCK)]);
    let mut job = rig.job(Phase::Plan);
    unreachable(&mut job);
    let outcome = rig.execute(job).await;
    assert!(matches!(outcome, Outcome::Planned { .. }), "{outcome:?} {}", rig.server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_volume_of_packages_is_not_written_again() {
    let Some(engine) = Engine::start() else { return };
    let mut rig = Rig::on(engine.address.clone());
    *rig.server.package.lock().unwrap() = Some((vec![H1.to_owned()], package()));
    planned(&rig).await;
    let runner = std::fs::read_to_string(rig.options.directory.join("known/runner")).unwrap();
    let name = format!("terrane-providers-{runner}");
    let volume = PathBuf::from(rig.api().inspect_volume(&name).await.unwrap().mountpoint);
    let written = |rig: &Rig| {
        let program = kept(rig)[0].file_name().map(|key| volume.join(key).join(PROGRAM)).unwrap();
        let program = std::fs::metadata(program).unwrap();
        (program.ino(), program.ctime(), program.ctime_nsec())
    };
    let before = written(&rig);
    // Docker before 23 says, in whole seconds, that it was made when something in it changed last.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    std::fs::create_dir(volume.join("another")).unwrap();
    planned(&rig).await;
    assert_eq!(written(&rig), before);
    // One that was just started does not know the labels of its volumes until it is asked for one of them.
    engine.kill();
    engine.again(&[]);
    for _ in 0..2 {
        planned(&rig).await;
        assert_eq!(written(&rig), before);
    }
    // One of an earlier release has no label.
    for made_without_labels in [true, false] {
        until(&mut rig, 0).await;
        rig.api().remove_volume(&name, None::<RemoveVolumeOptions>).await.unwrap();
        if made_without_labels {
            let request = VolumeCreateRequest { name: Some(name.clone()), ..VolumeCreateRequest::default() };
            rig.api().create_volume(request).await.unwrap();
        } else {
            // The engine makes it for a run that needs nothing of it.
            rig.configuration(ONE);
            let outcome = rig.execute(rig.job(Phase::Plan)).await;
            assert!(matches!(outcome, Outcome::Planned { .. }), "{outcome:?} {}", rig.server.log());
        }
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        planned(&rig).await;
        let before = written(&rig);
        if !made_without_labels {
            tokio::time::sleep(Duration::from_millis(1_100)).await;
            std::fs::create_dir(volume.join("another")).unwrap();
        }
        planned(&rig).await;
        assert_eq!(written(&rig), before, "without labels: {made_without_labels}");
    }
}
