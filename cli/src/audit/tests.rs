use super::{Args, Attempt, Outcome, REASON, TEXT, bounded};
use crate::hash_key::hash;
use crate::render::dynamic::Layout;
use serde_json::Value;
use std::path::Path;

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn by(name: &str) -> Args {
    Args { audit: None, by: Some(name.to_owned()) }
}

#[test]
fn a_change_has_a_line_before_it_and_one_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path()).unwrap();
    let mut attempt = Attempt::new(&by("run 7"), "apply", "gateway.json", &layout).unwrap();
    attempt.offers("{}");
    assert!(!attempt.started());
    attempt.start(Some("sha256:old")).unwrap();
    attempt.start(Some("sha256:old")).unwrap();
    assert!(attempt.started());
    attempt.end(Outcome::Applied, Some("sha256:old"), Some(&hash("{}")), None).unwrap();
    let lines = lines(&layout.audit());
    assert_eq!(lines.len(), 2, "the beginning is told once");
    let [started, applied] = [&lines[0], &lines[1]];
    assert_eq!((&started["outcome"], &applied["outcome"]), (&"started".into(), &"applied".into()));
    assert_eq!(started["id"], applied["id"]);
    assert!(started.get("after").is_none());
    assert_eq!((&applied["before"], &applied["after"]), (&"sha256:old".into(), &hash("{}").into()));
    assert_eq!(applied["digest"], hash("{}"));
    assert_eq!(applied["verb"], "apply");
    assert_eq!(applied["sekisho"], env!("CARGO_PKG_VERSION"));
    assert_eq!(applied["who"]["uid"], rustix::process::geteuid().as_raw());
    assert_eq!(applied["who"]["by"], "run 7");
    assert!(applied["file"].as_str().unwrap().ends_with("/gateway.json"), "an absolute path");
    let time = applied["time"].as_str().unwrap();
    let time = time::OffsetDateTime::parse(time, &time::format_description::well_known::Rfc3339).unwrap();
    assert!(time.offset().is_utc());
    assert!((time::OffsetDateTime::now_utc() - time).whole_minutes() == 0);
}

#[test]
fn a_line_is_one_line_of_ascii_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path()).unwrap();
    let hostile = "\u{1b}[31m\n{\"outcome\":\"applied\"}\u{202e}\u{7f}é".repeat(1_000);
    let mut attempt = Attempt::new(&by(&hostile), "apply", &hostile, &layout).unwrap();
    attempt.end(Outcome::Refused, None, None, Some(&hostile)).unwrap();
    let text = std::fs::read(layout.audit()).unwrap();
    assert!(text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{}", text.escape_ascii());
    let [line] = &lines(&layout.audit())[..] else { panic!("{}", text.escape_ascii()) };
    assert_eq!(line["reason"].as_str().unwrap().chars().count(), REASON + 1);
    assert_eq!(line["who"]["by"].as_str().unwrap().chars().count(), TEXT + 1);
    assert_eq!(line["before"], Value::Null);
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_and_only_grows() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path()).unwrap();
    for n in 1..=3 {
        let mut attempt = Attempt::new(&Args::default(), "apply", "-", &layout).unwrap();
        attempt.end(Outcome::Unchanged, None, None, None).unwrap();
        assert_eq!(lines(&layout.audit()).len(), n);
    }
    let mode = layout.audit().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(lines(&layout.audit())[0]["file"], "-");
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path()).unwrap();
    let to = |path: &Path| Args { audit: Some(path.to_owned()), by: None };
    let error = Attempt::new(&to(folder.path()), "apply", "-", &layout).unwrap_err().to_string();
    assert!(error.contains("cannot be written"), "{error}");
    // Opened, and full.
    let mut attempt = Attempt::new(&to(Path::new("/dev/full")), "apply", "-", &layout).unwrap();
    assert!(attempt.start(None).is_err() && !attempt.started());
    // A device has no disk, and takes lines.
    Attempt::new(&to(Path::new("/dev/null")), "apply", "-", &layout).unwrap().start(None).unwrap();
}

#[test]
fn what_is_cut_off_is_marked() {
    assert_eq!(bounded("abc", 3), "abc");
    assert_eq!(bounded("äbcd", 3), "äbc…");
    assert_eq!(bounded("", 0), "");
}
