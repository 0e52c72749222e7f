//! What pages of photos, walks and figures have in common: their style, text that stays text, tables, what happened over time, photos within
//! the page.
//!
//! Owns nothing of what a page says. One page is one file, that a browser opens from disk.

use std::fmt::Write as _;

mod lanes;
#[cfg(feature = "train")]
mod pictures;
#[cfg(feature = "train")]
pub mod tables;

pub(crate) use lanes::clock;
pub use lanes::{Bar, LANES, Lane, Lanes};
#[cfg(feature = "train")]
pub use pictures::{img, smaller, source};

/// Colours, by day and by night, and what every page has.
const STYLE: &str = include_str!("style.css");

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page<'a> {
    /// Plain text.
    pub title: &'a str,
    /// What it looks like beyond what pages have in common.
    pub style: &'a str,
    /// What stands below the title.
    pub head: &'a str,
    /// Ids and titles of the sections; none where the page has no list of them.
    pub contents: &'a [(String, String)],
    /// The sections.
    pub main: &'a str,
    /// Plain text; none where nothing is to be said.
    pub foot: &'a str,
    /// What moves; none where nothing does.
    pub script: &'a str,
}

impl Page<'_> {
    /// The whole file.
    pub fn html(&self) -> String {
        let item = |(id, title): &(String, String)| format!("<li><a href=\"#{id}\">{}</a></li>\n", escaped(title));
        let items: String = self.contents.iter().map(item).collect();
        let contents = match items.as_str() {
            "" => String::new(),
            items => format!("<nav aria-label=\"Contents\">\n<ul>\n{items}</ul>\n</nav>\n"),
        };
        let foot =
            if self.foot.is_empty() { String::new() } else { format!("<footer>\n<p>{}</p>\n</footer>\n", escaped(self.foot)) };
        let script = if self.script.is_empty() { String::new() } else { format!("<script>\n{}</script>\n", self.script) };
        include_str!("page.html")
            .replace("{style}", &format!("{STYLE}{}", self.style))
            .replace("{title}", &escaped(self.title))
            .replace("{head}", self.head)
            .replace("{contents}", &contents)
            .replace("{foot}", &foot)
            .replace("{script}", &script)
            .replace("{main}", self.main)
    }
}

/// Text that no browser takes for a tag.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A plain table: a header, and rows whose first cell names them. Every cell is escaped here.
pub fn plain(id: &str, caption: &str, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut html = opened(id, caption);
    html.push_str("<thead><tr>");
    header.iter().for_each(|name| {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escaped(name));
    });
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let cell = escaped(cell);
            let _ = if i == 0 { write!(html, "<th scope=\"row\">{cell}</th>") } else { write!(html, "<td>{cell}</td>") };
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// A keyboard reaches what is wider than the page.
pub(super) fn opened(id: &str, caption: &str) -> String {
    let caption = escaped(caption);
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"{id}\"><table><caption id=\"{id}\">{caption}</caption>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("<b> & \"x\""), "&lt;b&gt; &amp; &quot;x&quot;");
        let contents = [("a".to_owned(), "A & B".to_owned())];
        let page = Page { title: "x < y", main: "<p>{title}</p>", contents: &contents, ..Page::default() }.html();
        let wanted = ["<title>x &lt; y</title>", "<p>{title}</p>", "<li><a href=\"#a\">A &amp; B</a></li>"];
        wanted.into_iter().for_each(|want| assert!(page.contains(want), "{want} is missing in {page}"));
        assert!(!page.contains("<script>"));
    }
}
