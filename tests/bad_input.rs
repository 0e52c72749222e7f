//! What a person may give the program by mistake, through the program itself: each gets its error in one line, the rest goes on.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::Cursor,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, net::UnixListener},
    path::Path,
    process::Command,
};

use image::{DynamicImage, ImageFormat};
use serde_json::Value;

const CMYK: &[u8] = include_bytes!("capture/cmyk.jpg");
const ANIMATED: &[u8] = include_bytes!("capture/animated.webp");
/// A photo that can be described.
const GOOD: &str = "tests/walks/demo/frames/000058.jpg";
const PROGRAM: &str = env!("CARGO_BIN_EXE_streetscape");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

struct Run {
    out: String,
    errors: String,
    status: Option<i32>,
}

impl Run {
    fn of(command: &mut Command) -> Self {
        let output = command.current_dir(root()).output().expect("the program");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { out: text(output.stdout), errors: text(output.stderr), status: output.status.code() }
    }

    /// Each line of stdout, which holds nothing but JSON.
    fn json(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// It failed with status 1 and one line that holds each of `parts`.
    #[track_caller]
    fn fails_with(&self, parts: &[&str]) {
        assert_eq!(self.status, Some(1), "{}{}", self.out, self.errors);
        let told = |line: &str| line.starts_with("streetscape: ") && parts.iter().all(|part| line.contains(part));
        assert!(self.errors.lines().any(told), "{parts:?} not told in: {}", self.errors);
    }
}

/// The program on the shipped model.
fn streetscape(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["--device", "cpu", "--model", "models/street"]).args(args);
    command
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

/// What the photo `name` must give: `None` for an answer, else a part of its error.
type Want = (&'static [u8], Option<&'static str>);

/// Photos of every kind in a folder, with what each must give, in the order of a batch.
fn photos(folder: &Path) -> Vec<Want> {
    let jpeg = fs::read(root().join(GOOD)).expect("a frame");
    let picture = image::load_from_memory(&jpeg).expect("a picture").thumbnail(64, 64);
    let mut claiming = jpeg.clone();
    // Height and width of the frame header.
    let header = claiming.windows(2).position(|two| two == [0xFF, 0xC0]).expect("a baseline JPEG");
    claiming[header + 5..header + 9].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);
    let files: Vec<(&[u8], Vec<u8>, Option<&str>)> = vec![
        (b"16bit.png", encoded(picture.to_rgb16(), ImageFormat::Png), None),
        (b"1x1.png", encoded(image::RgbImage::new(1, 1), ImageFormat::Png), None),
        (b"alpha.png", encoded(picture.to_rgba8(), ImageFormat::Png), None),
        (b"animated.gif", encoded(picture.to_rgba8(), ImageFormat::Gif), None),
        (b"animated.webp", ANIMATED.to_vec(), None),
        (b"claim.jpg", claiming, Some("60000 x 60000 pixels")),
        (b"cmyk.jpg", CMYK.to_vec(), None),
        (b"empty.jpg", Vec::new(), Some("the file is empty")),
        (b"grey.png", encoded(picture.to_luma8(), ImageFormat::Png), None),
        (b"secret.jpg", jpeg.clone(), Some("give yourself leave to read it")),
        (b"stra\xDFe.jpg", jpeg.clone(), None),
        (b"text.jpg", b"Dear Sir or Madam,\n".to_vec(), Some("not a picture")),
        (b"truncated.jpg", jpeg[..jpeg.len() / 2].to_vec(), Some("ends early")),
        (b"whole.jpg", jpeg.clone(), None),
    ];
    let mut wanted = Vec::new();
    for (name, bytes, want) in files {
        let path = folder.join(OsStr::from_bytes(name));
        fs::write(&path, bytes).expect("a file");
        if name == b"secret.jpg" {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("locked");
            if fs::File::open(&path).is_ok() {
                eprintln!("skipped: a photo without permission: this user may read everything");
                fs::remove_file(&path).expect("removed");
                continue;
            }
        }
        wanted.push((name, want));
    }
    wanted
}

#[test]
fn each_bad_photo_is_told_in_its_place_and_the_rest_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let text = |name: &str| path(name).to_str().unwrap().to_owned();
    for folder in ["photos", "none"] {
        fs::create_dir(path(folder)).unwrap();
    }
    let mut wanted: Vec<(String, Option<&str>)> = photos(&path("photos"))
        .into_iter()
        .map(|(name, want)| (format!("{}/{}", text("photos"), String::from_utf8_lossy(name)), want))
        .collect();
    fs::write(path("cut.tar"), [1; 700]).unwrap();
    wanted.push((text("none"), Some("there are no pictures inside")));
    wanted.push((text("gone.jpg"), Some("check the name")));
    wanted.push((text("cut.tar"), Some("the tar is damaged or ends early")));
    wanted.push((GOOD.to_owned(), None));
    let named = [text("photos"), text("none"), text("gone.jpg"), text("cut.tar"), GOOD.to_owned()];
    let named: Vec<&str> = named.iter().map(String::as_str).collect();

    fs::write(path("captions.txt"), "a street\na kitchen\n").unwrap();
    for (command, answer) in
        [(vec!["--json", "describe"], "text"), (vec!["--json", "rank", "--captions", &text("captions.txt")], "ranking")]
    {
        let run = Run::of(streetscape(&command).args(&named));
        assert_eq!(run.status, Some(1), "{}", run.errors);
        let lines = run.json();
        assert_eq!(lines.len(), wanted.len(), "a line for each: {}", run.out);
        for (line, (name, want)) in lines.iter().zip(&wanted) {
            assert_eq!(line["image"], **name);
            match want {
                None => assert!(line["error"].is_null() && !line[answer].is_null(), "{line}"),
                Some(want) => {
                    let error = line["error"].as_str().unwrap_or_else(|| panic!("no error: {line}"));
                    assert!(error.contains(want) && error.starts_with(&**name), "{error} lacks {want}");
                    assert!(line[answer].is_null(), "{line}");
                }
            }
        }
    }

    let embed = |args: &[&str]| Run::of(streetscape(args).args(["embed", "--out", &text("rows.npy")]).args(&named));
    let (run, json) = (embed(&[]), embed(&["--json"]).json());
    let bad: Vec<_> = wanted.iter().filter_map(|(name, want)| Some((name, (*want)?))).collect();
    assert_eq!(json.len(), bad.len(), "a line for each that has no row");
    for ((name, want), line) in bad.into_iter().zip(json) {
        run.fails_with(&[name, want]);
        assert!(line["image"] == **name && line["error"].as_str().is_some_and(|error| error.contains(want)), "{line}");
    }
    let good: Vec<&str> = wanted.iter().filter(|(_, want)| want.is_none()).map(|(name, _)| &**name).collect();
    let names = fs::read_to_string(path("rows.txt")).expect("the rows' names");
    assert_eq!(names.lines().collect::<Vec<_>>(), good);
    let rows = fs::read(path("rows.npy")).expect("the rows");
    assert_eq!(npyz::NpyFile::new(&rows[..]).expect("an array").shape()[0], good.len() as u64);
}

#[test]
fn captions_are_ranked_each_once_and_what_is_wrong_with_them_is_said_once() {
    let dir = tempfile::tempdir().unwrap();
    let captions = dir.path().join("captions.txt");
    let rank = |text: &[u8]| {
        fs::write(&captions, text).unwrap();
        Run::of(&mut streetscape(&["--json", "rank", "--captions", captions.to_str().unwrap(), GOOD]))
    };
    let (long, longer) = ("a street ".repeat(500), "a kitchen ".repeat(500));
    // With the mark that Windows puts in front.
    let run = rank(format!("\u{feff}a bedroom\r\na zebra crossing\r\n\na bedroom\n{long}\n{longer}\n").as_bytes());
    assert_eq!(run.status, Some(0), "{}", run.errors);
    for told in ["1 captions stand there twice", "2 of 4 texts are longer than the model reads: truncated"] {
        assert_eq!(run.errors.matches(told).count(), 1, "{}", run.errors);
    }
    let lines = run.json();
    let ranking = lines[0]["ranking"].as_array().expect("a ranking");
    let mut ranked: Vec<&str> = ranking.iter().map(|r| r["caption"].as_str().expect("a caption")).collect();
    assert_ne!(ranked[0], "a bedroom", "the photo shows a zebra crossing");
    ranked.sort_unstable();
    assert_eq!(ranked, ["a bedroom", longer.trim(), long.trim(), "a zebra crossing"]);
    assert!((ranking.iter().filter_map(|r| r["p"].as_f64()).sum::<f64>() - 1.0).abs() < 1e-5);

    let name = captions.to_str().unwrap();
    rank(b"").fails_with(&[name, "no captions; write one on each line"]);
    rank(b"\n \n").fails_with(&[name, "no captions; write one on each line"]);
    rank(b"stra\xDFe\n").fails_with(&[name, "not UTF-8; save it as UTF-8"]);
    fs::remove_file(&captions).unwrap();
    let run = Run::of(&mut streetscape(&["rank", "--captions", name, GOOD]));
    run.fails_with(&[name, "No such file", "name a file with a caption on each line"]);
}

#[test]
fn a_model_that_is_altered_or_not_whole_is_refused_with_the_file_and_the_mend() {
    let dir = tempfile::tempdir().unwrap();
    let shipped = root().join("models/street");
    let restore = |name: &str| fs::copy(shipped.join(name), dir.path().join(name)).unwrap();
    for entry in fs::read_dir(&shipped).unwrap() {
        restore(entry.unwrap().file_name().to_str().unwrap());
    }
    let model = dir.path().to_str().unwrap();
    let describe =
        || Run::of(Command::new(PROGRAM).args(["--device", "cpu", "--precision", "f32", "--model", model, "describe", GOOD]));
    assert_eq!(describe().status, Some(0));
    let check = || Run::of(Command::new(PROGRAM).args(["models", "check", model]));

    let damage = |name: &str, damage: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(shipped.join(name)).unwrap();
        damage(&mut bytes);
        fs::write(dir.path().join(name), bytes).unwrap();
    };
    let flip = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    };
    for name in ["image.f32.onnx", "prompts.npy"] {
        damage(name, &flip);
        describe().fails_with(&[name, "altered or damaged", "restore the bundle"]);
        restore(name);
    }
    fs::remove_file(dir.path().join("prompts.npy")).unwrap();
    assert_eq!(describe().status, Some(0), "prompts are embedded anew");
    fs::remove_file(dir.path().join("image.f32.onnx")).unwrap();
    describe().fails_with(&[model, "no image tower in f32, only image.int8.onnx", "choose another --precision"]);
    check().fails_with(&["image.f32.onnx", "No such file"]);
    restore("prompts.npy");
    restore("image.f32.onnx");
    damage("text.int8.onnx", &flip);
    assert_eq!(describe().status, Some(0), "walking needs no text tower");
    check().fails_with(&["text.int8.onnx", "restore the bundle"]);
    restore("text.int8.onnx");
    damage("bundle.toml", &|bytes| *bytes = String::from_utf8_lossy(bytes).replacen("format = 1", "format = 9", 1).into());
    describe().fails_with(&["bundle.toml", "newer than this program reads"]);
    damage("bundle.toml", &|bytes| bytes.truncate(100));
    describe().fails_with(&["bundle.toml"]);
    fs::remove_file(dir.path().join("bundle.toml")).unwrap();
    describe().fails_with(&[model]);
}

#[test]
fn an_onnx_runtime_that_is_absent_too_old_or_none_is_refused_with_the_mend() {
    let dir = tempfile::tempdir().unwrap();
    let library = dir.path().join("libonnxruntime.so");
    let name = library.to_str().unwrap();
    let describe = || Run::of(streetscape(&["describe", GOOD]).env("ORT_DYLIB_PATH", name));
    describe().fails_with(&[name, "not found", "tools/setup.sh"]);
    fs::write(&library, "no library").unwrap();
    describe().fails_with(&[name, "not a library", "tools/setup.sh"]);

    let source = dir.path().join("old.c");
    let old = "static const char *version(void) { return \"1.10.0\"; }\n\
        static const struct { const void *api; const char *(*version)(void); } base = { 0, version };\n\
        const void *OrtGetApiBase(void) { return &base; }\n";
    fs::write(&source, old).unwrap();
    match Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status() {
        Ok(made) if made.success() => {
            describe().fails_with(&[name, "ONNX Runtime 1.10.0 is too old; 1.17 or newer is needed", "tools/setup.sh"]);
        }
        made => eprintln!("skipped: an old library: cc: {made:?}"),
    }
}

#[test]
fn a_video_that_can_not_be_read_or_breaks_off_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let video = dir.path().join("walk.mp4");
    let name = video.to_str().unwrap();
    let replay = || Run::of(&mut streetscape(&["--json", "replay", name]));
    replay().fails_with(&[name, "check the name"]);
    fs::write(&video, "Dear Sir or Madam,\n").unwrap();
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=duration=6:size=320x240:rate=10"])
        .args(["-c:v", "mpeg4", "-movflags", "faststart"])
        .arg(dir.path().join("whole.mp4"))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no ffmpeg");
        return;
    }
    replay().fails_with(&[name, "ffmpeg can't read it as a video"]);
    let whole = fs::read(dir.path().join("whole.mp4")).unwrap();
    fs::write(&video, &whole[..whole.len() / 2]).unwrap();
    let run = replay();
    run.fails_with(&[name, "the video breaks off at", "copy it again"]);
    let lines = run.json();
    let summary = lines.last().expect("what could be shown, with its figures");
    assert!(summary["event"] == "summary" && summary["frames"].as_u64() > Some(5), "{summary}");
    let empty = dir.path().join("folder");
    fs::create_dir(&empty).unwrap();
    Run::of(&mut streetscape(&["replay", empty.to_str().unwrap()])).fails_with(&["folder", "there are no pictures inside"]);
}

/// Where neither Speech Dispatcher nor a sound device is.
fn mute(command: &mut Command, folder: &Path) {
    // A server that hangs up on everyone, so that none is started.
    let socket = folder.join("speechd.sock");
    let server = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || server.incoming().for_each(drop));
    let mut address = OsString::from("unix_socket:");
    address.push(&socket);
    fs::write(folder.join("asound.conf"), "pcm.!default { type hw card 77 }\n").unwrap();
    command
        .env("SPEECHD_ADDRESS", address)
        .env("ALSA_CONFIG_PATH", folder.join("asound.conf"))
        .env("XDG_RUNTIME_DIR", folder)
        .env("PULSE_SERVER", "unix:/nowhere");
}

#[test]
fn a_walk_without_any_voice_does_not_begin() {
    let dir = tempfile::tempdir().unwrap();
    let mut walk = streetscape(&["walk", "--record", dir.path().join("walk").to_str().unwrap()]);
    mute(&mut walk, dir.path());
    let run = Run::of(&mut walk);
    run.fails_with(&["no voice works: system voice: ", "direct voice: ", "streetscape doctor"]);
    assert_eq!(run.out, "", "nothing is said as if it were heard");
    assert!(!dir.path().join("walk").exists(), "nor is anything recorded");
}
