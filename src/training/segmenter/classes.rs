//! The classes that the network tells apart, and what a map's value asks for.

use crate::ontology::{Numbering, Ontology};
use crate::training::TrainingError;

/// Cityscapes' train ids; maps hold them, and the network's channels stand in their order.
pub const COUNT: usize = 19;

/// What a pixel of a hand-drawn CamVid map may be, by train id. As SegNet's authors merged its 32 classes into eleven: walls are
/// buildings, traffic lights are signs, plants and grass are trees, all that drives is a car, and who rides a motorcycle is a cyclist,
/// with the cycle.
const WIDE: [(usize, &[usize]); 5] = [(2, &[2, 3]), (7, &[6, 7]), (8, &[8, 9]), (12, &[12, 17, 18]), (13, &[13, 14, 15, 16])];

/// Who drew a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drawn {
    /// A person, in CamVid's eleven classes.
    ByHand,
    /// A network, in all classes.
    ByNetwork,
}

/// The classes that a pixel of train id `class` may be.
pub fn meant(drawn: Drawn, class: usize) -> Vec<usize> {
    let wide = WIDE.iter().find(|(wide, _)| drawn == Drawn::ByHand && *wide == class);
    wide.map_or(vec![class], |(_, narrow)| narrow.to_vec())
}

/// The thing of each class, by its id in the ontology.
pub fn things() -> Result<Vec<u8>, TrainingError> {
    let table = Ontology::shipped()?.numbered(Numbering::CityscapesTrain);
    Ok(table.into_iter().take(COUNT).flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_a_thing_of_its_own() {
        let things = things().expect("the ontology");
        let apart: std::collections::HashSet<_> = things.iter().collect();
        assert_eq!((things.len(), apart.len()), (COUNT, COUNT));
    }

    #[test]
    fn a_hand_drawn_class_means_itself_and_no_pixel_means_two_classes() {
        let mut seen = [0; COUNT];
        for class in [0, 1, 2, 4, 5, 7, 8, 10, 11, 12, 13] {
            let meant = meant(Drawn::ByHand, class);
            assert!(meant.contains(&class));
            meant.into_iter().for_each(|narrow| seen[narrow] += 1);
        }
        assert_eq!(seen, [1; COUNT]);
        assert_eq!(meant(Drawn::ByNetwork, 13), [13]);
    }
}
