//! Articles behind an adverse-media score, with the vendor's habits.
//!
//! Extracted names end in a blank, the summary begins with one, and now and then a story comes
//! twice from two hosts. The score is not computed from the articles; nor is the vendor's.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::chance::{Chance, normalised};

use super::form::Form;
use super::report::number;

const TAGS: &[(&str, u64)] = &[
    ("civil lawsuit", 70),
    ("piracy / counterfeiting", 80),
    ("falsifying information on official documents", 80),
    ("cybercrime / hacking / phishing", 80),
    ("sanction violations", 85),
    ("arms trafficking", 90),
    ("fraud", 90),
];
const HOSTS: &[&str] = &["ledger.example", "courier.example", "gazette.example"];
const PUBLISHED_IN: &[&str] = &["US", "GB", "IN", "NG", "DE"];

/// What a search of the media found.
pub(super) struct Media {
    pub(super) news: Vec<Value>,
    pub(super) reason: String,
}

/// Rolls for one article of one actor.
struct Article<'a> {
    chance: Chance,
    name: &'a str,
    parts: [&'a str; 3],
}

/// The articles that go with the score; none with a score of 0.
pub(super) fn search(chance: Chance, form: &Form, score: f64) -> Media {
    let Some((start, end)) = form.media_range.filter(|_| score > 0.0) else {
        return Media { news: Vec::new(), reason: " No adverse media was found.".to_owned() };
    };
    let name = normalised(&form.name);
    let count = 1 + chance.below(5, &["articles", &name, &form.country]);
    let article = |number: &str, host: usize| {
        let parts = [name.as_str(), form.country.as_str(), number];
        Article { chance, name: &form.name, parts }.told(start, end, host)
    };
    let mut news: Vec<Value> = (0..count).map(|number| article(&number.to_string(), number)).collect();
    if chance.below(3, &["duplicate", &name, &form.country]) == 0 {
        news.push(article("0", 1));
    }
    Media { reason: format!(" {} negative articles name the subject.", news.len()), news }
}

// === impl Article ===

impl Article<'_> {
    fn below(&self, what: &str, bound: usize) -> usize {
        let [name, country, number] = self.parts;
        self.chance.below(bound, &[what, name, country, number])
    }

    fn pick<'a>(&self, what: &str, from: &[&'a str]) -> &'a str {
        from.get(self.below(what, from.len())).copied().unwrap_or_default()
    }

    fn told(&self, start: Date, end: Date, host: usize) -> Value {
        let first = self.below("tag", TAGS.len());
        let tags: Vec<(&str, u64)> =
            TAGS.iter().cycle().skip(first).step_by(2).take(1 + self.below("tags", 3)).copied().collect();
        let topic = tags.first().map_or("", |(topic, _)| topic);
        let host = HOSTS.get(host % HOSTS.len()).copied().unwrap_or_default();
        let [name, country, number_] = self.parts;
        let id = self.chance.text("0123456789abcdef", 24, &["article", name, country, number_, host]);
        // Nineteen twentieths of a number with one decimal, with the noise that leaves.
        let tenths = u32::try_from(700 + self.below("score", 300)).unwrap_or(700);
        json!({
            "date": self.date(start, end),
            "source": format!("https://{host}/{id}"),
            "headline": format!("{} named in a case of {topic}", self.name),
            "excerpt": format!("Investigators looked into {} over {topic}.", self.name),
            "score": number(f64::from(tenths) / 10.0 * 0.95),
            "inferring": "Negative",
            "tags": tags,
            "language": "en",
            "persons": [format!("{} ", self.name), "Press Office "],
            "organizations": ["Example Bank ", "Court of Appeal "],
            "site": null,
            "country": self.pick("published", PUBLISHED_IN),
            "_id": id,
        })
    }

    /// A moment of the range, without a zone.
    fn date(&self, start: Date, end: Date) -> String {
        let days = usize::try_from((end - start).get_days()).unwrap_or(0);
        let days = i64::try_from(self.below("day", days + 1)).unwrap_or(0);
        let date = start.saturating_add(days.days());
        let (hour, minute, second) =
            (self.below("hour", 24), self.below("minute", 60), self.below("second", 60));
        format!("{date} {hour:02}:{minute:02}:{second:02}")
    }
}
