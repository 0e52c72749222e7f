//! The prompt that a picture was made after: where it stands, and what of it are words.

use serde_json::Value;

/// Parameters whose two hyphens a telephone makes one dash of; before another word it is a dash of the prompt's.
const DASHED: [&str; 14] =
    ["ar", "aspect", "c", "chaos", "iw", "niji", "no", "q", "quality", "s", "seed", "style", "stylize", "v"];

/// What the words beside a picture, or its name, say of how it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Making {
    /// The prompt's words.
    pub prompt: Option<String>,
    /// The job that made it and perhaps others.
    pub job: Option<String>,
    /// Which of its job's four pictures it is, where the name says so.
    pub variant: Option<u8>,
    /// Whether the name calls it a grid.
    pub grid: bool,
}

impl Making {
    /// Of a picture named `stem`, in whose text chunks `texts` stand: the chunks first, the name for what they don't say.
    pub fn read(stem: &str, texts: &[(String, String)]) -> Self {
        let mut making = of_name(stem);
        let find = |keyword: &str| texts.iter().find(|(known, _)| known == keyword).map(|(_, text)| text.as_str());
        if let Some(text) = find("Description") {
            let (prompt, job) = text.rsplit_once("Job ID:").map_or((text, None), |(prompt, job)| (prompt, Some(job.trim())));
            making.prompt = words(prompt).or(making.prompt);
            making.job = job.filter(|job| is_job(job)).map(str::to_owned).or(making.job);
        } else if let Some(text) = find("parameters") {
            making.prompt = diffused(text).or(making.prompt);
        } else if let Some(text) = find("prompt") {
            making.prompt = comfy(text).or(making.prompt);
        }
        making
    }
}

/// Midjourney's names: `user_words_of_the_prompt_JOB`, then `_2` for one of four, `_grid_0` for all in one; without either it is a
/// grid or an upscale.
fn of_name(stem: &str) -> Making {
    // A job is 36 letters of hexadecimal and hyphens.
    let job = (0..stem.len()).rev().find(|at| stem.get(*at..at + 36).is_some_and(is_job));
    let Some(at) = job else {
        return Making { grid: stem.starts_with("grid"), ..Making::default() };
    };
    let (head, tail) = (&stem[..at], &stem[at + 36..]);
    let variant = tail.trim_start_matches('_').split(['_', ' ', '(']).next().and_then(|number| number.parse().ok());
    // The first word is the user; links to images lost their points and slashes.
    let named = head.split('_').skip(1).filter(|word| !word.is_empty() && !word.starts_with("http"));
    Making {
        prompt: words(&named.collect::<Vec<_>>().join(" ")),
        job: Some(stem[at..at + 36].to_owned()),
        variant: variant.filter(|number| *number < 4),
        grid: tail.contains("grid"),
    }
}

fn is_job(text: &str) -> bool {
    let fits = |(at, letter): (usize, u8)| match at {
        8 | 13 | 18 | 23 => letter == b'-',
        _ => letter.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// The words of a Midjourney prompt: without parameters, which stand at its end, weights and links.
fn words(prompt: &str) -> Option<String> {
    let prompt = prompt.trim().trim_start_matches("/imagine").trim_start().trim_start_matches("prompt:");
    let is_parameter = |word: &str| match (word.strip_prefix("--"), word.strip_prefix('—')) {
        (Some(name), _) => name.starts_with(|letter: char| letter.is_ascii_alphabetic()),
        (_, Some(name)) => DASHED.contains(&name),
        _ => false,
    };
    let link = |word: &str| word.trim_start_matches('<').starts_with("http");
    let kept = prompt.split_whitespace().take_while(|word| !is_parameter(word)).filter(|word| !link(word));
    let mut plain = String::new();
    for word in kept {
        // What stands behind two colons is a weight; before them a part ends.
        match word.split_once("::") {
            Some((part, weight)) => {
                let next = weight.trim_start_matches(|letter: char| letter.is_ascii_digit() || "-.".contains(letter));
                plain.push_str(&format!(" {part}, {next}"));
            }
            None => plain.push_str(&format!(" {word}")),
        }
    }
    tidy(&plain)
}

/// One space between words, one comma between parts, none at the ends; `None` where no word is left.
fn tidy(text: &str) -> Option<String> {
    let parts =
        text.split(',').map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|part| !part.is_empty());
    let whole = parts.collect::<Vec<_>>().join(", ");
    let whole = whole.trim_matches(|letter: char| letter.is_whitespace() || "*\"_,".contains(letter));
    whole.contains(char::is_alphabetic).then(|| whole.to_owned())
}

/// The words of what Stable Diffusion's web page writes: the prompt, then lines for the negative prompt and the settings.
fn diffused(text: &str) -> Option<String> {
    let ends = |line: &&str| line.starts_with("Negative prompt:") || line.starts_with("Steps:");
    let prompt = text.lines().take_while(|line| !ends(line)).collect::<Vec<_>>().join(" ");
    plain(&prompt)
}

/// Without the signs of Stable Diffusion: `(word:1.2)` and `[word]` weigh, `<lora:name:1>` calls a network, BREAK parts.
fn plain(prompt: &str) -> Option<String> {
    let (mut text, mut depth) = (String::new(), 0);
    let mut letters = prompt.chars().peekable();
    while let Some(letter) = letters.next() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        match letter {
            '<' => drop(letters.by_ref().find(|letter| *letter == '>')),
            '\\' => text.extend(letters.next()),
            '(' | ')' | '[' | ']' | '{' | '}' => text.push(' '),
            ':' if depth > 0 && letters.peek().is_some_and(|next| next.is_ascii_digit() || *next == '.') => {
                while letters.next_if(|next| next.is_ascii_digit() || *next == '.').is_some() {}
            }
            _ => text.push(letter),
        }
    }
    tidy(&text.replace("BREAK", ",").replace(" ,", ","))
}

/// The words that a ComfyUI graph's sampler is given as positive.
fn comfy(text: &str) -> Option<String> {
    let graph: Value = serde_json::from_str(text).ok()?;
    let nodes = graph.as_object()?;
    let positive = nodes.values().find_map(|node| node.pointer("/inputs/positive/0")?.as_str());
    let words = |node: &Value| node.pointer("/inputs/text").and_then(Value::as_str).map(str::to_owned);
    plain(&nodes.get(positive?).and_then(words)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "a7421d2f-b262-44f9-977c-ac23e9c7d3e3";

    #[track_caller]
    fn check(stem: &str, text: Option<(&str, &str)>, want: Option<&str>) -> Making {
        let texts: Vec<_> = text.into_iter().map(|(keyword, text)| (keyword.to_owned(), text.to_owned())).collect();
        let making = Making::read(&stem.replace("JOB", JOB), &texts);
        assert_eq!(making.prompt.as_deref(), want, "{stem} {text:?}");
        making
    }

    #[test]
    fn a_prompt_is_read_from_the_chunk_that_its_program_writes() {
        let midjourney = [
            ("a wet street --ar 2:1 --stylize 80 --v 6 Job ID: a7421d2f-b262-44f9-977c-ac23e9c7d3e3", "a wet street"),
            ("<https://s.mj.run/Xy> https://x.org/a.png a kerb --iw 2", "a kerb"),
            ("street::2 rain::1.5 fog::-0.5 --v 5", "street, rain, fog"),
            ("zebra crossing:: night", "zebra crossing, night"),
            ("a street, dusk —ar 16:9", "a street, dusk"),
            ("a well-kept path -- really --no people, cars --seed 7", "a well-kept path -- really"),
            ("/imagine prompt: **stairs**", "stairs"),
        ];
        for (text, want) in midjourney {
            check("x", Some(("Description", text)), Some(want));
        }
        let diffusion = [
            (
                "a (wet:1.2) street, ((night)) <lora:rain:0.8>\nNegative prompt: people\nSteps: 20, Seed: 7",
                "a wet street, night",
            ),
            ("a tram BREAK [snow]\nSteps: 20", "a tram, snow"),
            ("a clock at 10:30 \\(old\\)", "a clock at 10:30 (old)"),
        ];
        for (text, want) in diffusion {
            check("00012-7", Some(("parameters", text)), Some(want));
        }
        let graph = r#"{"3":{"class_type":"KSampler","inputs":{"positive":["6",0],"negative":["7",0]}},
            "6":{"class_type":"CLIPTextEncode","inputs":{"text":"a market"}},"7":{"inputs":{"text":"people"}}}"#;
        check("ComfyUI_00001_", Some(("prompt", graph)), Some("a market"));
        check("ComfyUI_00001_", Some(("prompt", "no graph")), None);
    }

    #[test]
    fn a_name_tells_what_no_chunk_does() {
        let cases = [
            ("peter_a_wet_street_--ar_21_--v_6_JOB_2", Some("a wet street"), Some(2), false),
            ("peter_httpss.mj.runXy_a_kerb_JOB", Some("a kerb"), None, false),
            ("peter_a_kerb_JOB_grid_0", Some("a kerb"), None, true),
            ("peter_a_kerb_JOB_3 (1)", Some("a kerb"), Some(3), false),
            ("peter_JOB_1", None, Some(1), false),
            ("holiday", None, None, false),
        ];
        for (stem, prompt, variant, grid) in cases {
            let making = check(stem, None, prompt);
            assert_eq!((making.variant, making.grid, making.job.is_some()), (variant, grid, stem.contains("JOB")), "{stem}");
        }
    }

    #[test]
    fn the_chunk_goes_before_the_name() {
        let text = format!("a long wet street in winter --v 6 Job ID: {JOB}");
        let making = check("peter_a_long_JOB_0", Some(("Description", &text)), Some("a long wet street in winter"));
        assert_eq!(making.job.as_deref(), Some(JOB));
    }
}
