//! Figures as one table, whatever they are of: for people, for spreadsheets, for programs.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor},
};

use super::bootstrap::{Compared, Figure};

/// Rows of figures under the same names.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The figures' names, `snake_case`.
    pub metrics: Vec<String>,
    /// In the order in which they are shown.
    pub rows: Vec<Row>,
}

/// What was measured of one group of photos.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What the row is of: all, source, class, ...
    pub of: String,
    /// Which one.
    pub name: String,
    /// Photos that it rests on.
    pub photos: usize,
    /// One for each of the table's metrics.
    pub figures: Vec<Compared>,
}

impl Table {
    /// An empty table.
    pub fn new<'a>(metrics: impl IntoIterator<Item = &'a str>) -> Self {
        Self { metrics: metrics.into_iter().map(str::to_owned).collect(), rows: Vec::new() }
    }

    /// `tables` as one CSV, a row for each figure: of, name, photos, metric, then value, low and high of the model, of the one before it and of
    /// the difference; empty where there is none.
    pub fn to_csv(tables: &[&Table]) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let three = |of: &str| ["", "_low", "_high"].map(|end| format!("{of}{end}"));
        let header = ["of", "name", "photos", "metric"].map(str::to_owned).into_iter();
        writer.write_record(header.chain(three("value")).chain(three("before")).chain(three("difference")))?;
        for (metrics, row) in tables.iter().flat_map(|table| table.rows.iter().map(|row| (&table.metrics, row))) {
            for (metric, figure) in metrics.iter().zip(&row.figures) {
                let head = [row.of.clone(), row.name.clone(), row.photos.to_string(), metric.clone()].into_iter();
                let figures = [Some(figure.after), figure.before, figure.difference];
                writer.write_record(head.chain(figures.into_iter().flat_map(cells)))?;
            }
        }
        writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))
    }
}

fn cells(figure: Option<Figure>) -> [String; 3] {
    let cell = |value: f64| if value.is_finite() { format!("{value:.6}") } else { String::new() };
    figure.map_or_else(Default::default, |Figure { value, low, high }| [value, low, high].map(cell))
}

impl Serialize for Table {
    /// `[{"of":"all","name":"all","photos":1876,"top_1":{"value":0.76,"low":0.74,"high":0.78},...}]`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Named<'a>(&'a [String], &'a Row);
        impl Serialize for Named<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let Named(metrics, row) = self;
                let mut map = serializer.serialize_map(Some(3 + metrics.len()))?;
                map.serialize_entry("of", &row.of)?;
                map.serialize_entry("name", &row.name)?;
                map.serialize_entry("photos", &row.photos)?;
                for (metric, figure) in metrics.iter().zip(&row.figures) {
                    map.serialize_entry(metric, figure)?;
                }
                map.end()
            }
        }
        serializer.collect_seq(self.rows.iter().map(|row| Named(&self.metrics, row)))
    }
}

impl<'de> Deserialize<'de> for Table {
    /// What [`Serialize`] writes; every row has the same figures in the same order.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let rows = Vec::<Named>::deserialize(from)?;
        let metrics = rows.first().map(|row| row.metrics.clone()).unwrap_or_default();
        if let Some(other) = rows.iter().find(|row| row.metrics != metrics) {
            return Err(D::Error::custom(format!("{}: its figures are not those of the first row", other.row.name)));
        }
        Ok(Self { metrics, rows: rows.into_iter().map(|named| named.row).collect() })
    }
}

/// A row, and what its figures are called.
struct Named {
    metrics: Vec<String>,
    row: Row,
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Named;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a row with of, name, photos and figures")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Named, M::Error> {
                let row = Row { of: String::new(), name: String::new(), photos: 0, figures: Vec::new() };
                let mut named = Named { metrics: Vec::new(), row };
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "of" => named.row.of = map.next_value()?,
                        "name" => named.row.name = map.next_value()?,
                        "photos" => named.row.photos = map.next_value()?,
                        _ => {
                            named.row.figures.push(map.next_value()?);
                            named.metrics.push(key);
                        }
                    }
                }
                Ok(named)
            }
        }
        from.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreadsheets_and_programs_read_the_same_figures() {
        let figure = |value| Figure { value, low: value - 0.25, high: value + 0.25 };
        let compared = Compared { after: figure(0.5), before: Some(figure(0.25)), difference: None };
        let undefined = Compared { after: figure(f64::NAN), before: None, difference: None };
        let mut table = Table::new(["top_1", "top_3"]);
        table.rows.push(Row { of: "class".to_owned(), name: "a, b".to_owned(), photos: 4, figures: vec![compared, undefined] });
        let csv = String::from_utf8(Table::to_csv(&[&table]).expect("a table")).expect("UTF-8");
        let lines: Vec<_> = csv.lines().collect();
        assert_eq!(lines[0].split(',').count(), 13);
        let first = "class,\"a, b\",4,top_1,0.500000,0.250000,0.750000,0.250000,0.000000,0.500000,,,";
        assert_eq!(lines[1..], [first, "class,\"a, b\",4,top_3,,,,,,,,,"]);
        let json = serde_json::to_string(&table).expect("JSON");
        let first = r#"[{"of":"class","name":"a, b","photos":4,"top_1":{"value":0.5,"low":0.25,"high":0.75,"before":{"#;
        assert!(json.starts_with(first) && json.contains(r#""top_3":{"value":null,"#), "{json}");
        let back: Table = serde_json::from_str(&json).expect("what was written");
        assert_eq!((&back.metrics, &back.rows[0].figures[0]), (&table.metrics, &compared));
        assert!(back.rows[0].figures[1].after.value.is_nan() && back.rows[0].name == "a, b", "{back:?}");
    }

    #[test]
    fn a_row_with_other_figures_than_the_first_is_refused() {
        let row = |metric: &str| {
            format!(r#"{{"of":"model","name":"{metric}","photos":1,"{metric}":{{"value":1,"low":0,"high":1}}}}"#)
        };
        let read = |rows: [String; 2]| serde_json::from_str::<Table>(&format!("[{}]", rows.join(",")));
        assert!(read([row("a"), row("a")]).is_ok());
        assert!(read([row("a"), row("b")]).expect_err("two tables").to_string().starts_with("b: "));
    }
}
