//! What is true of a photo, in the vocabulary's classes.

use super::Photo;
use crate::{
    evaluation::shard::{FacetLabels, Origin},
    vocabulary::{Facet, Kind},
};

/// What a labeller writes where nobody could tell.
pub(in crate::training) const UNCLEAR: &str = "unclear";

/// What the sources' own labels say, where they map clearly: label, facet, class.
const SOURCE_LABELS: [(&str, &str, &str); 24] = [
    ("alley", "place", "alley"),
    ("outdoor market", "place", "market"),
    ("crowded market", "place", "market"),
    ("parking lot", "place", "car_park"),
    ("construction site", "place", "construction_site"),
    ("subway station platform", "place", "station"),
    ("crowded train station", "place", "station"),
    ("airport terminal", "place", "indoors"),
    ("railroad track", "place", "railway"),
    ("bridge", "place", "bridge"),
    ("driveway", "place", "yard_or_driveway"),
    ("yard", "place", "yard_or_driveway"),
    ("courtyard", "place", "plaza"),
    ("highway", "place", "highway"),
    ("forest path", "place", "forest_path"),
    ("few people in park", "place", "park"),
    ("river", "place", "waterside"),
    ("harbor", "place", "waterside"),
    ("corridor", "place", "indoors"),
    ("lobby", "place", "indoors"),
    ("supermarket", "place", "indoors"),
    ("corn field", "place", "open_land"),
    ("fog", "weather", "fog"),
    ("rain", "weather", "rain"),
];

/// What is true of one photo in one facet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// For each class of the facet whether it is there. All false where what is there is none of them.
    pub classes: Vec<bool>,
}

/// What is known of `photo` in `facet`; `None` where nobody looked or nobody could tell. Hand labels come first, then what
/// the record says of the facet; what was read off a map says nothing of the classes that it doesn't name, and isn't asked. A source's
/// own label counts only where classes exclude each other: it says that one thing is there and nothing of the others.
pub fn truth(photo: &Photo, facet: &Facet) -> Option<Truth> {
    let mut classes = vec![false; facet.classes.len()];
    let mut mark = |id: &str| {
        if let Some(known) = facet.find(id).and_then(|(class, _)| classes.get_mut(class.0)) {
            *known = true;
        }
    };
    if let Some(written) = photo.hand.as_ref().and_then(|hand| hand.facets.get(&facet.id)) {
        if written.iter().all(|class| class == UNCLEAR || class.is_empty()) {
            return None;
        }
        written.iter().for_each(|class| mark(&class_id(class)));
        return Some(Truth { classes });
    }
    let whole = |known: &&FacetLabels| known.origin != Some(Origin::Segments);
    if let Some(known) = photo.record.facets.get(&facet.id).filter(whole) {
        known.labels.iter().for_each(|class| mark(class));
        return Some(Truth { classes });
    }
    if facet.kind != Kind::Exclusive {
        return None;
    }
    let labels = &photo.record.labels;
    let found: Vec<_> =
        SOURCE_LABELS.iter().filter(|(label, of, _)| *of == facet.id && labels.iter().any(|l| l == label)).collect();
    found.iter().for_each(|(_, _, class)| mark(class));
    (!found.is_empty()).then_some(Truth { classes })
}

/// The vocabulary's id of a class as the table writes it. What the table calls a clear sky is never said to be clear.
pub(in crate::training) fn class_id(written: &str) -> String {
    match written {
        "clear" => "dry".to_owned(),
        other => other.replace(' ', "_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        evaluation::shard::{HandLabels, Record},
        vocabulary::Vocabulary,
    };

    #[track_caller]
    fn check(facet: &str, written: Option<&str>, labels: &[&str], want: Option<&[&str]>) {
        let vocabulary = Vocabulary::shipped().expect("the vocabulary");
        let (_, facet) = vocabulary.find(facet).expect("a facet");
        let hand = written.map(|w| HandLabels {
            facets: [(facet.id.clone(), w.split(';').map(str::to_owned).collect())].into(),
            ..HandLabels::default()
        });
        let record = Record { labels: labels.iter().map(|&l| l.to_owned()).collect(), ..Record::default() };
        let found = truth(&Photo { key: String::new(), record, hand }, facet).map(|truth| {
            let named = facet.classes.iter().zip(truth.classes).filter(|(_, there)| *there);
            named.map(|(class, _)| class.id.clone()).collect::<Vec<_>>()
        });
        assert_eq!(found, want.map(|w| w.iter().map(|&s| s.to_owned()).collect()));
    }

    #[test]
    fn hand_labels_come_first_and_an_absent_label_says_nothing() {
        check("surface", Some("asphalt;wet or puddle"), &[], Some(&["asphalt", "wet_or_puddle"]));
        check("weather", Some("clear"), &["fog"], Some(&["dry"]));
        check("weather", Some("unclear"), &["fog"], None);
        check("weather", None, &["fog"], Some(&["fog"]));
        check("weather", None, &["car"], None);
        check("place", Some("other"), &[], Some(&[])); // seen, and none of the classes
        check("crossing", None, &["crosswalk"], None); // says nothing of junctions and kerbs
        check("crossing", Some("none"), &[], Some(&["none"]));
        check("surface", Some("unclear;asphalt"), &[], Some(&["asphalt"]));
    }

    #[test]
    fn what_a_record_says_of_a_facet_holds_for_all_its_classes() {
        let vocabulary = Vocabulary::shipped().expect("the vocabulary");
        let (_, facet) = vocabulary.find("crossing").expect("a facet");
        let labels = FacetLabels { labels: vec!["zebra_crossing".to_owned()], ..FacetLabels::default() };
        let record = Record { facets: [("crossing".to_owned(), labels)].into(), ..Record::default() };
        let known = truth(&Photo { key: String::new(), record, hand: None }, facet).expect("something known");
        let there: Vec<_> =
            facet.classes.iter().zip(known.classes).filter(|(_, there)| *there).map(|(class, _)| &class.id).collect();
        assert_eq!(there, ["zebra_crossing"]);
    }

    #[test]
    fn every_mapped_label_names_a_class_of_the_vocabulary() {
        let vocabulary = Vocabulary::shipped().expect("the vocabulary");
        for (label, facet, class) in SOURCE_LABELS {
            let found = vocabulary.find(facet).and_then(|(_, facet)| facet.find(class));
            assert!(found.is_some(), "{label}: {facet} {class}");
        }
    }
}
