//! What a detector found beside what a map shows.

use crate::{
    evaluation::shard::Object,
    ontology::{
        Kind, Ontology,
        pieces::{Distance, Piece, Scene, Side},
    },
};

/// Adds to `scene` what a detector found with a confidence of at least `least` and the map doesn't show. What both show is surer: two
/// networks that err on their own are rarely wrong together. It bears the detector's name: it has seen more lorries. Of a network's
/// certainty of persons and vehicles that the detector didn't see, `unseen` is left.
pub fn add_found(scene: &mut Scene, found: &[Object], ontology: &Ontology, least: f32, unseen: f32) {
    let likely = |piece: &&mut Piece| {
        let kind = ontology.thing(piece.thing).map(|thing| thing.kind);
        piece.sure < 1.0 && matches!(kind, Some(Kind::Person | Kind::Vehicle))
    };
    for piece in scene.pieces.iter_mut().filter(likely) {
        let kind = ontology.thing(piece.thing).map(|thing| thing.kind);
        let is_seen = found.iter().any(|object| {
            let of_kind = ontology.coco(&object.label).and_then(|id| ontology.thing(id)).map(|thing| thing.kind) == kind;
            of_kind && covers(&piece.frame, &frame(object))
        });
        piece.sure *= if is_seen { 1.0 } else { unseen };
    }
    let drawn = scene.pieces.len();
    for object in found.iter().filter(|object| object.score >= least) {
        let Some(thing) = ontology.coco(&object.label).and_then(|id| ontology.thing(id)) else { continue };
        let frame = frame(object);
        let share = (frame[2] - frame[0]).max(0.0) * (frame[3] - frame[1]).max(0.0);
        // A van may pass for a lorry; a ball is no pole.
        let is_taken_for = matches!(thing.kind, Kind::Person | Kind::Vehicle | Kind::Animal);
        let alike = |piece: &Piece| {
            let of_kind = || ontology.thing(piece.thing).is_some_and(|other| other.kind == thing.kind);
            piece.thing == thing.id || is_taken_for && of_kind()
        };
        let mut known = false;
        for piece in scene.pieces.iter_mut().take(drawn).filter(|piece| alike(piece) && covers(&piece.frame, &frame)) {
            known = true;
            piece.detected |= piece.thing != thing.id;
            piece.thing = thing.id;
            piece.sure = 1.0 - (1.0 - piece.sure) * (1.0 - object.score);
        }
        if share > 0.0 && !known {
            scene.pieces.push(Piece {
                thing: thing.id,
                share,
                side: Side::of((frame[0] + frame[2]) / 2.0),
                distance: Distance::of(frame[3]),
                on: None,
                across: false,
                // Its own threshold was passed.
                sure: 1.0,
                frame,
                detected: true,
            });
        }
    }
}

/// Left, top, right and bottom of what a detector found, within the picture.
fn frame(object: &Object) -> [f32; 4] {
    let [left, top, width, height] = object.r#box;
    [left.max(0.0), top.max(0.0), (left + width).min(1.0), (top + height).min(1.0)]
}

/// Whether `piece` covers a quarter of `found` at least.
fn covers(piece: &[f32; 4], found: &[f32; 4]) -> bool {
    let side = |low: usize, high: usize| (piece[high].min(found[high]) - piece[low].max(found[low])).max(0.0);
    let area = (found[2] - found[0]) * (found[3] - found[1]);
    4.0 * side(0, 2) * side(1, 3) >= area
}
