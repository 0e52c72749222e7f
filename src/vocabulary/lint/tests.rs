use std::collections::BTreeSet;

use super::*;

const TABLE: &str = include_str!("../../../tests/data/phrases.tsv");

/// What the rules may miss of bad phrases and refuse of good ones, in percent, in any part of the table.
const MISSED: f64 = 4.0;
const REFUSED: f64 = 8.0;

struct Row {
    language: &'static str,
    part: &'static str,
    bad: bool,
    phrase: &'static str,
}

fn table() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let row = |line: &'static str| match line.split('\t').collect::<Vec<_>>()[..] {
        [language, part, verdict @ ("good" | "bad"), phrase] => Row { language, part, bad: verdict == "bad", phrase },
        _ => panic!("four columns are meant: {line:?}"),
    };
    lines.map(row).collect()
}

fn lint() -> Lint {
    Lint::shipped().expect("rules that read well")
}

/// Percent of the rows of `part` whose verdict is `bad` and which are judged otherwise.
fn wrong(lint: &Lint, part: &str, bad: bool, named: bool) -> f64 {
    let rows: Vec<_> = table().into_iter().filter(|row| row.part == part && row.bad == bad).collect();
    let judged = |row: &&Row| lint.check(row.phrase, named.then_some(row.language)).is_err() != bad;
    let wrong: Vec<_> = rows.iter().filter(judged).map(|row| row.phrase).collect();
    let percent = 100.0 * wrong.len() as f64 / rows.len() as f64;
    let what = if bad { "missed" } else { "refused" };
    println!(
        "{part}, language {}: {what} {} of {}, {percent:.1} %",
        if named { "named" } else { "unnamed" },
        wrong.len(),
        rows.len()
    );
    percent
}

#[test]
fn hardly_a_bad_phrase_is_missed_and_hardly_a_good_one_refused() {
    let lint = lint();
    let parts: BTreeSet<_> = table().into_iter().map(|row| row.part).collect();
    for part in parts {
        for named in [false, true] {
            assert!(wrong(&lint, part, true, named) <= MISSED, "{part}: too many are missed");
            assert!(wrong(&lint, part, false, named) <= REFUSED, "{part}: too many are refused");
        }
    }
}

#[track_caller]
fn check(phrase: &str, want: Option<(Reason, &str)>) {
    let got = lint().check(phrase, None).err();
    assert_eq!(got.as_ref().map(|r| (r.reason, r.words.as_str())), want, "{phrase:?}");
}

#[test]
fn a_refusal_names_its_reason_and_the_words_that_gave_it() {
    check("Here it is safe to cross.", Some((Reason::Safe, "safe")));
    check("The light is green.", Some((Reason::Signal, "light is green")));
    check("Bitte, die Straße ist frei", Some((Reason::Clear, "Straße ist frei")));
    check("可以過馬路", Some((Reason::Allowed, "可以過")));
    check("Sie ist s i c h e r", Some((Reason::Safe, "s i c h e r")));
    let refusal = lint().check("Off you go", None).expect_err("a call to go");
    assert!(refusal.to_string().ends_with("tells the walker to go"), "{refusal}");
}

#[test]
fn a_warning_is_no_promise_and_a_warning_denied_is_one() {
    for (phrase, good) in [
        ("not safe", true),
        ("not unsafe", false),
        ("not dangerous", false),
        ("It isn't safe here", true),
        ("not only safe", false),
        ("no doubt it is safe", false),
        ("ce n'est pas libre", true),
        ("nicht frei, der Weg", true),
        ("no está libre", true),
        ("不安全", true),
        ("並非不安全", false),
        ("The light is not green", false),
    ] {
        assert_eq!(lint().check(phrase, None).is_ok(), good, "{phrase:?}");
    }
}

#[test]
fn letters_hide_nothing() {
    for phrase in [
        "SAFE",
        "s.a.f.e",
        "s a f e",
        "sa fe",
        "sa-fe",
        "s4fe",
        "$afe",
        "saaafe",
        "Ｓａｆｅ",
        "𝐬𝐚𝐟𝐞",
        "ⓢⓐⓕⓔ",
        "🅂🄰🄵🄴",
        "ꜱᴀꜰᴇ",
        "ѕаfе",
        "sáfé",
        "sa\u{200b}fe",
        "sa\u{ad}fe",
        "cIear",
        "c1ear",
        "gr een li ght",
        "gruen, die Ampel",
        "安 全",
        "绿灯",
    ] {
        assert!(lint().check(phrase, None).is_err(), "{phrase:?}");
    }
}

#[test]
fn a_named_language_is_judged_by_its_own_rules_and_an_unknown_one_by_all() {
    let lint = lint();
    assert!(lint.check("Los geht's", Some("de")).is_err());
    assert!(lint.check("Los geht's", Some("es")).is_ok());
    assert!(lint.check("Los geht's", Some("tlh")).is_err());
    assert!(lint.check("✅", Some("es")).is_err(), "signs are of every language");
}

#[test]
fn nothing_is_no_phrase_and_a_long_one_is_refused() {
    let lint = lint();
    for phrase in ["", " ", "...", "\u{200b}", "1", "a"] {
        assert!(lint.check(phrase, None).is_ok(), "{phrase:?}");
    }
    assert!(lint.check(&"bench ".repeat(80), None).is_ok());
    assert_eq!(lint.check(&"bench ".repeat(81), None).map_err(|r| r.reason), Err(Reason::Long));
}

#[track_caller]
fn check_rules(text: &str, want: &str) {
    let Err(error) = Lint::parse(&[("en", text)]) else { panic!("read, though {want}") };
    assert!(error.to_string().starts_with("voices/en/lint.toml: ") && error.to_string().contains(want), "{error}");
}

#[test]
fn rules_that_mean_nothing_are_refused_with_their_place() {
    check_rules("[rules.safe]\nrefuse = [\"@way free\"]", "there is no list @way");
    check_rules("[rules.safe]\nrefuse = [\"^ $\"]", "names no word");
    check_rules("[rules.safe]\nrefuse = [\"a|\"]", "empty word");
    check_rules("[rules.safe]\nrefuse = [\"..x a\"]", "a number is meant");
    check_rules("[words]\na = \"@a\"\n[rules.safe]\nrefuse = [\"@a\"]", "names itself");
    check_rules("[rules.sure]\nrefuse = [\"a\"]", "unknown variant `sure`");
}
