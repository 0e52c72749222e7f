//! Holds the import table of ARCHITECTURE.md: who sees whom, and who alone names a library or the world outside.
//!
//! Reads sources as words, without a compiler. Comments, strings and what stands under `#[cfg(test)]` don't count.

use std::{fs, io, path::Path};

/// The values that everybody sees.
const BASE: &[&str] =
    &["frame", "embedding", "observation", "callout", "control", "fault", "vocabulary", "ontology", "bundle", "walk"];
/// The parts between camera and sound; none sees another.
const STAGES: &[&str] = &["capture", "encoder", "ranking", "narrator", "speech"];
/// Who sees base and stages, and what each sees besides.
const ABOVE: &[(&str, &[&str])] =
    &[("pipeline", &[]), ("evaluation", &["pipeline"]), ("search", &[]), ("web", &[]), ("training", &["evaluation"])];
/// The one program that sees `training`.
const TRAINER: &str = "bin/streetscape-train/";

/// Names that only some modules may use.
struct Reserved {
    names: &'static [&'static str],
    users: &'static [&'static str],
}

const RESERVED: &[Reserved] = &[
    Reserved { names: &["ort"], users: &["encoder"] },
    Reserved { names: &["nokhwa", "zune_jpeg", "image", "png"], users: &["capture"] },
    Reserved { names: &["speech_dispatcher", "cpal", "alsa"], users: &["speech"] },
    // ONNX Runtime and espeak-ng are opened at run time.
    Reserved { names: &["libloading"], users: &["encoder", "speech"] },
    Reserved { names: &["anyhow"], users: &["bin"] },
    Reserved {
        names: &[
            "std::thread::spawn",
            "std::thread::scope",
            "std::thread::Builder",
            "thread::spawn",
            "thread::scope",
            "thread::Builder",
        ],
        users: &[
            "pipeline",
            // Off the street, where no stage waits for another.
            "evaluation",
            "search",
            "web",
            "training",
            "bin",
            // A camera's read has no timeout.
            "capture/camera",
            // ffmpeg stalls where nobody reads its complaints.
            "capture/video",
            // Sound and the system's voice each keep to one thread.
            "speech/direct",
            "speech/sounds",
            "speech/system",
        ],
    },
];

/// Policies: no input, no output, no clock.
const PURE: &[&str] = &["ranking", "narrator", "speech/queue"];
/// What a policy may not name.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::io",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
];

/// A word of a source and its line, counted from one.
type Word<'a> = (usize, &'a str);

/// Every breach of the tables in one source, as `file:line: what`.
fn breaches(file: &str, source: &str) -> Vec<String> {
    let module = module(file);
    let words = without_tests(&words(source));
    let own: Vec<&str> = words.windows(2).filter(|pair| pair[0].1 == "mod").map(|pair| pair[1].1).collect();
    let mut found = Vec::new();
    for (line, path) in paths(&words) {
        let mut report = |what: String| found.push(format!("{file}:{line}: {what}"));
        if let Some(seen) = seen(module, &path) {
            match may_see(module, seen) {
                None => report(format!("`{module}` stands in no table")),
                Some(false) => report(format!("`{module}` may not see `{seen}`")),
                Some(true) => {}
            }
        }
        for Reserved { names, users } in RESERVED {
            // `image::` may be a file of the module's own.
            let foreign = path.first().is_some_and(|first| !own.contains(first));
            if foreign && !users.iter().any(|user| within(module, user)) && names.iter().any(|name| uses(&path, name)) {
                report(format!("`{}` belongs to {}", path.join("::"), users.join(", ")));
            }
        }
        if PURE.iter().any(|pure| within(module, pure)) && OUTSIDE.iter().any(|name| uses(&path, name)) {
            report(format!("`{module}` is a policy and may not name `{}`", path.join("::")));
        }
    }
    found
}

/// The module that a file holds: `speech/direct` for `src/speech/direct/mod.rs`; empty for the library's root.
fn module(file: &str) -> &str {
    let file = file.strip_prefix("src/").unwrap_or(file);
    let file = file.strip_suffix(".rs").unwrap_or(file);
    if file == "lib" { "" } else { file.strip_suffix("/mod").unwrap_or(file) }
}

/// Is `module` the module `outer` or a part of it?
fn within(module: &str, outer: &str) -> bool {
    module.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '-']))
}

/// The top-level module of our own that `path` leads to from `module`.
fn seen<'a>(module: &str, path: &[&'a str]) -> Option<&'a str> {
    let depth = if module.is_empty() { 0 } else { module.split('/').count() };
    let ups = path.iter().take_while(|segment| **segment == "super").count();
    let root = match *path.first()? {
        "streetscape" if within(module, "bin") => 1,
        "crate" if !within(module, "bin") => 1,
        "super" if ups == depth => ups,
        _ => return None,
    };
    path.get(root).copied()
}

/// May `module` see the top-level module `seen`? `None` where no table knows `module`.
fn may_see(module: &str, seen: &str) -> Option<bool> {
    let top = module.split('/').next().unwrap_or(module);
    let base = seen == top || BASE.contains(&seen);
    match top {
        "" => Some(true),
        "bin" => Some(seen != "training" || module.starts_with(TRAINER)),
        _ if BASE.contains(&top) || STAGES.contains(&top) => Some(base),
        _ => {
            let (_, besides) = ABOVE.iter().find(|(above, _)| *above == top)?;
            Some(base || STAGES.contains(&seen) || besides.contains(&seen))
        }
    }
}

/// Does `path` name `name`, something in it, or everything that stands where it does?
fn uses(path: &[&str], name: &str) -> bool {
    let name: Vec<&str> = name.split("::").collect();
    match path {
        [outer @ .., "*"] => path.starts_with(&name) || name.starts_with(outer),
        _ => path.starts_with(&name),
    }
}

/// Identifiers, `::` and single signs, without comments, strings and characters.
fn words(source: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let ident = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let raw = rest.strip_prefix("br").or(rest.strip_prefix('r')).map(|after| after.trim_start_matches('#'));
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(body) = raw.filter(|body| body.starts_with('"')) {
            let opening = rest.len() - body.len();
            let closing = format!("\"{}", &rest[rest.find('#').unwrap_or(opening).min(opening)..opening]);
            body[1..].find(&closing).map_or(rest.len(), |end| opening + 1 + end + closing.len())
        } else if first == '"' {
            string(rest)
        } else if first == '\'' {
            character(rest)
        } else {
            let length = if rest.starts_with("::") { 2 } else { ident.max(first.len_utf8()) };
            if !first.is_whitespace() {
                words.push((line, &rest[..length]));
            }
            length
        };
        line += rest[..length].matches('\n').count();
        at += length;
    }
    words
}

/// Bytes of the block comment, with those inside it, that `rest` begins with.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let step = match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// Bytes of the string that `rest` begins with.
fn string(rest: &str) -> usize {
    let mut escaped = false;
    let end = rest[1..].find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(rest.len(), |end| end + 2)
}

/// Bytes of the character that `rest` begins with; one where it is a lifetime.
fn character(rest: &str) -> usize {
    let mut inside = rest[1..].chars();
    match (inside.next(), inside.next()) {
        (Some('\\'), Some(escaped)) => {
            let after = 2 + escaped.len_utf8();
            rest[after..].find('\'').map_or(rest.len(), |end| after + end + 1)
        }
        (Some(c), Some('\'')) => c.len_utf8() + 2,
        _ => 1,
    }
}

/// The words that stand under no `#[cfg(test)]`.
fn without_tests<'a>(words: &[Word<'a>]) -> Vec<Word<'a>> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if words[at..].iter().map(|word| word.1).take(MARK.len()).eq(MARK) {
            at += MARK.len();
            at += item(&words[at..]);
        } else {
            kept.push(words[at]);
            at += 1;
        }
    }
    kept
}

/// Words of the item that `words` begin with: up to its semicolon or its closing brace.
fn item(words: &[Word<'_>]) -> usize {
    let mut depth = 0;
    for (count, (_, word)) in words.iter().enumerate() {
        match *word {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(*word, ";" | "}") {
            return count + 1;
        }
    }
    words.len()
}

/// Every path of more than one segment, and every one after `use`, its groups written out.
fn paths<'a>(words: &[Word<'a>]) -> Vec<(usize, Vec<&'a str>)> {
    let mut paths = Vec::new();
    for (at, (_, word)) in words.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).map_or("", |index| words[index].1);
        let starts = before(1) != "::" || before(2) == "use" || !(is_name(before(2)) || before(2) == ">");
        if is_name(word) && starts {
            let mut found = Vec::new();
            tree(&words[at..], &[], &mut found);
            paths.extend(found.into_iter().filter(|(_, path)| path.len() > 1 || before(1) == "use"));
        }
    }
    paths
}

/// Reads the path or group of paths that `words` begin with; gives the number of words read.
fn tree<'a>(words: &[Word<'a>], prefix: &[&'a str], found: &mut Vec<(usize, Vec<&'a str>)>) -> usize {
    let Some(&(line, _)) = words.first() else { return 0 };
    let mut path = prefix.to_vec();
    let mut at = 0;
    while let Some(&(_, word)) = words.get(at) {
        if word == "{" {
            at += 1;
            while let Some(&(_, word)) = words.get(at) {
                match word {
                    "}" => return at + 1,
                    "," => at += 1,
                    _ => at += tree(&words[at..], &path, found).max(1),
                }
            }
            return at;
        }
        if !is_name(word) && word != "*" {
            break;
        }
        path.push(word);
        at += 1;
        if words.get(at).is_none_or(|next| next.1 != "::") {
            break;
        }
        at += 1;
    }
    if words.get(at).is_some_and(|next| next.1 == "as") {
        at += 2;
    }
    found.push((line, path));
    at
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The sources below `folder`, without those that hold only tests.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(&path).display().to_string();
            found.push((file, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

#[test]
fn every_module_sees_only_what_the_table_allows() -> io::Result<()> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files)?;
    assert!(files.iter().any(|(file, _)| file == "src/lib.rs"), "the sources were not found");
    let found: Vec<String> = files.iter().flat_map(|(file, source)| breaches(file, source)).collect();
    assert!(found.is_empty(), "the import table is broken:\n{}", found.join("\n"));
    Ok(())
}

#[track_caller]
fn check(file: &str, source: &str, want: &[&str]) {
    assert_eq!(breaches(file, source), want, "in {file}: {source}");
}

#[test]
fn a_stage_that_sees_another_is_found_however_it_is_written() {
    let want = &["src/ranking.rs:1: `ranking` may not see `encoder`"];
    check("src/ranking.rs", "use crate::encoder::ImageEncoder;", want);
    check("src/ranking.rs", "use super::encoder;", want);
    check("src/ranking.rs", "fn f(e: &dyn crate::encoder::ImageEncoder) {}", want);
    check("src/ranking.rs", "use crate::{embedding::Embedding, encoder::{self, X}};", &[want[0], want[0]]);
    check("src/ranking.rs", "use crate::frame::{\n    Picture, Timestamp as T,\n};", &[]);
    check(
        "src/speech/queue.rs",
        "use super::super::narrator;",
        &["src/speech/queue.rs:1: `speech/queue` may not see `narrator`"],
    );
    check("src/speech/queue.rs", "use super::Voice; use crate::speech::Voice;", &[]);
    check("src/frame.rs", "\n\nuse crate::capture::X;", &["src/frame.rs:3: `frame` may not see `capture`"]);
}

#[test]
fn those_above_the_stages_see_them_and_only_the_trainer_sees_training() {
    check("src/pipeline/mod.rs", "use crate::{capture::A, bundle::B, speech::C};", &[]);
    check("src/pipeline/mod.rs", "use crate::evaluation;", &["src/pipeline/mod.rs:1: `pipeline` may not see `evaluation`"]);
    check("src/evaluation/walks.rs", "use crate::pipeline::step;", &[]);
    check("src/training/heads/mod.rs", "use crate::evaluation::top_k;", &[]);
    check("src/web/mod.rs", "use crate::search::X;", &["src/web/mod.rs:1: `web` may not see `search`"]);
    check("src/odds.rs", "use crate::frame::X;", &["src/odds.rs:1: `odds` stands in no table"]);
    check("src/bin/streetscape-train/main.rs", "use streetscape::training::X; use anyhow::Result;", &[]);
    check(
        "src/bin/streetscape/main.rs",
        "use streetscape::{pipeline::A, training::X};",
        &["src/bin/streetscape/main.rs:1: `bin/streetscape/main` may not see `training`"],
    );
}

#[test]
fn a_library_is_named_only_where_it_belongs() {
    check("src/encoder/session.rs", "use ort::session::Session;", &[]);
    check("src/encoder/mod.rs", "mod image;\npub use image::OnnxImageEncoder;", &[]);
    check("src/web/mod.rs", "use ort;", &["src/web/mod.rs:1: `ort` belongs to encoder"]);
    check("src/web/mod.rs", "use ::image::open;", &["src/web/mod.rs:1: `image::open` belongs to capture"]);
    check("src/narrator/mod.rs", "anyhow::bail!(x)", &["src/narrator/mod.rs:1: `anyhow::bail` belongs to bin"]);
    check("src/capture/camera/mod.rs", "std::thread::Builder::new();", &[]);
    let found = breaches("src/encoder/mod.rs", "use std::thread;\nfn f() { thread::spawn(g) }");
    assert!(matches!(&found[..], [one] if one.starts_with("src/encoder/mod.rs:2: `thread::spawn` belongs to pipeline")));
}

#[test]
fn a_policy_reads_no_clock_and_no_file() {
    let breach = |what: &str| format!("src/narrator/history.rs:1: `narrator/history` is a policy and may not name `{what}`");
    for (source, want) in [
        ("use std::time::{Duration, Instant};", "std::time::Instant"),
        ("use std::{time::Duration, fs as files};", "std::fs"),
        ("use std::time::*;", "std::time::*"),
        ("let now = std::time::SystemTime::now();", "std::time::SystemTime::now"),
    ] {
        check("src/narrator/history.rs", source, &[&breach(want)]);
    }
    check("src/narrator/history.rs", "use std::{collections::HashMap, time::Duration};", &[]);
}

#[test]
fn comments_strings_and_tests_do_not_count() {
    for source in [
        "// crate::encoder\n/* crate::encoder /* */ crate::encoder */",
        "//! As [`crate::encoder`] has it.",
        r##"const A: &str = "\"crate::encoder"; const B: &str = r#""crate::encoder"#; const C: &str = r"crate::encoder\";"##,
        "fn f<'a>(c: &'a char) -> bool { matches!(c, '\"' | '\\'' | '\\u{1F6B6}' | 'ä') } // crate::encoder",
        "#[cfg(test)]\n#[allow(clippy::unwrap_used)]\nmod tests { use crate::encoder; fn f() { {} } }",
        "#[cfg(test)]\nuse crate::encoder;",
    ] {
        check("src/ranking.rs", source, &[]);
        let planted = format!("{source}\nuse crate::encoder;");
        assert_eq!(breaches("src/ranking.rs", &planted).len(), 1, "what follows is read: {planted}");
    }
}
