//! Synthetic pictures over time, each at five frames a second.

use super::*;

const FPS: f64 = 5.0;

fn at(frame: usize) -> Timestamp {
    Timestamp::from_seconds(frame as f64 / FPS)
}

fn picture(pixel: impl Fn(usize) -> u8) -> Picture {
    Picture::new(64, 48, (0..64 * 48 * 3).map(|i| pixel(i / 3)).collect()).expect("a full picture")
}

/// What a camera may show.
#[derive(Clone, Copy, Debug)]
enum Shows {
    /// A street, another one in each frame.
    Street,
    /// The same one again.
    Still,
    Dark,
    /// One tone, and noise.
    Covered,
    /// Wide waves alone.
    Blurred,
}

fn shown(shows: Shows, frame: usize) -> Picture {
    let wave = |i: usize| (120.0 + 90.0 * (std::f32::consts::TAU * (i % 64) as f32 / 64.0).sin()) as u8;
    match shows {
        Shows::Street => picture(|i| ((i * 7 + frame * 13) % 200) as u8),
        Shows::Still => picture(|i| (i % 200) as u8),
        Shows::Dark => picture(|i| ((i + frame) % 3) as u8),
        Shows::Covered => picture(|i| 100 + ((i + frame) % 4) as u8),
        // The light changes a little, as it does before a camera.
        Shows::Blurred => picture(|i| wave(i).saturating_add((frame % 3) as u8)),
    }
}

/// What is said while a camera shows this for so many seconds each: the faults, each at its beginning, and the recoveries.
fn said(config: SightConfig, shows: &[(Shows, f64)]) -> Vec<(f64, Fault)> {
    let (mut sight, mut said, mut frame) = (Sight::new(config), Vec::new(), 0);
    let mut last = None;
    for (shows, seconds) in shows {
        for _ in 0..(seconds * FPS) as usize {
            let (picture, now) = (shown(*shows, frame), at(frame));
            let found = sight.look(&picture, now);
            assert_eq!(sight.look(&picture, now), found, "asked again of the same frame");
            let found = found.or(sight.mended(now).then_some(Fault::SightBack));
            said.extend(found.filter(|_| found != last).map(|fault| (now.seconds(), fault)));
            last = found;
            frame += 1;
        }
    }
    said
}

#[track_caller]
fn check(config: SightConfig, shows: &[(Shows, f64)], want: &[(f64, Fault)]) {
    assert_eq!(said(config, shows), want, "{shows:?}");
}

#[test]
fn each_fault_of_the_pixels_is_found_in_time_and_its_end_is_told_once() {
    use Shows::*;
    let live = SightConfig::live();
    check(live, &[(Street, 9.0)], &[]);
    for (shows, fault, took) in [
        (Dark, Fault::TooDark, 1.6),
        (Covered, Fault::CameraCovered, 1.6),
        (Still, Fault::CameraFrozen, 2.0),
        (Blurred, Fault::CameraBlurred, 2.0),
    ] {
        check(live, &[(Street, 3.0), (shows, 5.0), (Street, 5.0)], &[(3.0 + took, fault), (9.0, Fault::SightBack)]);
        assert!(took <= if fault == Fault::CameraCovered { 2.0 } else { 3.0 });
        // A moment is no fault, however often it comes.
        let moments = [(shows, 1.4), (Street, 0.6)].repeat(8);
        check(live, &moments, &[]);
    }
}

#[test]
fn one_fault_after_another_is_no_recovery() {
    use Shows::*;
    let (dark, covered) = ((1.6, Fault::TooDark), (4.6, Fault::CameraCovered));
    check(SightConfig::live(), &[(Dark, 3.0), (Covered, 3.0), (Street, 3.0)], &[dark, covered, (7.0, Fault::SightBack)]);
    // Between two moments of good sight there is none either.
    let flickers = [&[(Dark, 3.0)][..], &[(Street, 0.8), (Dark, 0.4)].repeat(5)].concat();
    check(SightConfig::live(), &flickers, &[dark]);
}

#[test]
fn in_a_recording_the_same_picture_is_what_was_recorded() {
    check(SightConfig::default(), &[(Shows::Still, 9.0)], &[]);
}

/// An aim that takes an embedding's four components for how the camera is held.
fn sight() -> Sight {
    let row = |i: usize| (0..4).map(|j| if i == j { 9.0 } else { 0.0 }).collect();
    let aim = Aim::new((0..4).map(row).collect(), [0.0; 4]);
    Sight::new(SightConfig::default()).aimed(aim, &Ontology::shipped().expect("the ontology"))
}

fn held(way: usize) -> Embedding {
    Embedding::new((0..4).map(|i| if i == way { 1.0 } else { 0.0 }).collect()).expect("a direction")
}

/// A map whose upper part, of ten rows, is `top`, and the rest `below`.
fn map(top: &str, rows: usize, below: &str) -> StreetMap {
    let ontology = Ontology::shipped().expect("the ontology");
    let id = |name| ontology.find(name).expect("a thing").id;
    StreetMap::new(8, 10, (0..80).map(|i| if i / 8 < rows { id(top) } else { id(below) }).collect()).expect("a map")
}

/// What is said where a camera is held in these ways for so many seconds each, and its maps show `map`.
#[track_caller]
fn check_held(map: &StreetMap, ways: &[(usize, f64)], want: &[(f64, Fault)]) {
    let (mut sight, mut said, mut last, mut frame) = (sight(), Vec::new(), None, 0);
    for (way, seconds) in ways {
        for _ in 0..(seconds * FPS) as usize {
            let now = at(frame);
            let mended = sight.mended(now).then_some(Fault::SightBack);
            sight.locate(map);
            let found = sight.hold(&held(*way), now).or(mended);
            said.extend(found.filter(|_| found != last).map(|fault| (now.seconds(), fault)));
            last = found;
            frame += 1;
        }
    }
    assert_eq!(said, want, "{ways:?}");
}

#[test]
fn a_camera_that_is_held_wrongly_is_told_of_within_three_seconds_and_so_is_its_end() {
    let road = map("road", 10, "road");
    for (way, fault) in [(1, Fault::CameraOnSide), (2, Fault::CameraAtSky), (3, Fault::CameraAtGround)] {
        check_held(&road, &[(0, 3.0), (way, 5.0), (0, 5.0)], &[(5.4, fault), (10.0, Fault::SightBack)]);
        check_held(&road, &[(0, 0.6), (way, 0.6)].repeat(9), &[]);
    }
    check_held(&road, &[(0, 9.0)], &[]);
}

#[test]
fn a_camera_that_sees_more_than_ground_does_not_point_at_it() {
    check_held(&map("building", 2, "road"), &[(3, 9.0)], &[]);
    check_held(&map("building", 1, "road"), &[(3, 9.0)], &[]);
}

#[test]
fn a_covered_lens_is_not_taken_for_the_sky() {
    let mut sight = sight();
    let found = (0..40).filter_map(|frame| {
        let poor = sight.look(&shown(Shows::Covered, frame), at(frame));
        sight.hold(&held(2), at(frame)).or(poor)
    });
    assert!(found.into_iter().all(|fault| fault == Fault::CameraCovered));
}

#[test]
fn without_an_aim_nothing_is_told_of_how_the_camera_is_held() {
    let mut sight = Sight::new(SightConfig::default());
    assert!((0..99).all(|frame| sight.hold(&held(1), at(frame)).is_none()));
}

/// The quality of stripes that rise and fall over `period` pixels, as bright as `light`.
#[track_caller]
fn check_quality(period: f32, light: f32, want: std::ops::RangeInclusive<f32>) {
    let wave = |i: usize| light * (1.0 + (std::f32::consts::TAU * i as f32 / period).sin());
    let rgb = (0..512 * 512 * 3).map(|i| wave(i / 3 % 512) as u8).collect();
    let quality = quality(&Picture::new(512, 512, rgb).expect("a full picture"));
    assert!(want.contains(&quality), "{quality} for stripes of {period} at {light}");
}

#[test]
fn a_blurred_or_dark_picture_is_worth_less() {
    check_quality(20.0, 100.0, 1.0..=1.0);
    check_quality(48.0, 100.0, 0.15..=0.8);
    check_quality(200.0, 100.0, 0.1..=0.1);
    check_quality(20.0, 16.0, 0.4..=0.6);
    check_quality(20.0, 4.0, 0.1..=0.1);
    assert_eq!(quality(&picture(|_| 0)), 0.1);
    assert_eq!(quality(&Picture::default()), 0.1);
}
