//! Articles as evidence.

use risk_provider::{Evidence, EvidenceKind};
use serde_json::{Value, json};

use crate::support::{ANSWER, edited_at, read};

fn evidence(news: Value) -> Vec<Evidence> {
    read(&edited_at("adverseMediaNews", Some(news))).expect("an answer").evidence
}

fn article(field: &str, value: Value) -> Evidence {
    let mut article = json!({"_id": "a", "date": "2023-06-15 08:18:50", "source": "https://news.example/0",
        "headline": "Headline", "score": 80.465, "tags": [["fraud", 90]]});
    article[field] = value;
    evidence(json!([article])).remove(0)
}

#[test]
fn the_documented_articles_are_kept_with_everything_documented() {
    let evidence = read(ANSWER).expect("an answer").evidence;
    let first = &evidence[0];
    assert_eq!(first.kind, EvidenceKind::AdverseMedia);
    assert_eq!(first.source.as_ref().expect("source").expose(), "https://news.example/0");
    assert_eq!(first.headline.as_ref().expect("headline").expose(), "Placeholder headline 1");
    assert_eq!(first.severity, Some(80.465));
    assert_eq!(first.tags, ["sanction violations", "piracy / counterfeiting"]);
    assert_eq!(evidence[1].severity, Some(83.22000000000001));
}

#[test]
fn q_yv_16_a_date_without_zone_is_utc_and_an_odd_one_is_none() {
    let read = |date: Value| article("date", date).published_at.map(|time| time.to_string());
    assert_eq!(read(json!("2023-06-15 08:18:50")).as_deref(), Some("2023-06-15T08:18:50Z"));
    for odd in [json!("Tue Mar 05 1985"), json!("2023-13-45 00:00:00"), json!(""), json!(7), Value::Null] {
        assert_eq!(read(odd.clone()), None, "{odd}");
    }
}

#[test]
fn q_yv_17_tags_are_pairs_and_odd_ones_are_passed_over() {
    let pairs = json!([["fraud", 90], "x", ["a"], ["a", 1, 2], [7, "b"], {"name": "y"}, null, [" arms ", 80.5], ["", 1]]);
    assert_eq!(article("tags", pairs).tags, ["fraud", "arms"]);
    for odd in [json!("fraud"), json!({"fraud": 90}), Value::Null, json!(7)] {
        assert!(article("tags", odd).tags.is_empty());
    }
}

#[test]
fn q_yv_18_stray_blanks_go_and_extracted_persons_are_not_used() {
    let headline = article("headline", json!("  Company fined \n")).headline.expect("headline");
    assert_eq!(headline.expose(), "Company fined");
    assert_eq!(article("headline", json!(" ")).headline, None);
    let told = read(ANSWER).expect("an answer");
    let printed = serde_json::to_string(&told.evidence).expect("JSON");
    assert!(!printed.contains("Person 1") && !printed.contains("Organisation 1"), "{printed}");
    assert!(told.raw.text().contains("Person 1 "));
}

#[test]
fn q_yv_19_the_same_story_twice_counts_twice_but_the_same_id_once() {
    let story = |id: Value| json!({"_id": id, "headline": "One story", "score": 85.69});
    let news = json!([story(json!("a")), story(json!("b")), story(json!("a"))]);
    assert_eq!(evidence(news).len(), 2);
    assert_eq!(evidence(json!([story(Value::Null), story(Value::Null), story(json!(1))])).len(), 3);
}

#[test]
fn an_odd_article_costs_only_what_cannot_be_read() {
    for score in [json!("80"), json!(-1), json!(101), Value::Null, json!([80])] {
        let read = article("score", score.clone());
        assert_eq!(read.severity, None, "{score}");
        assert_eq!(read.tags, ["fraud"], "{score}");
    }
    let huge = ANSWER.replacen("\"score\": 80.465", "\"score\": 1e400", 1);
    let read = read(&huge).expect("an answer").evidence.remove(0);
    assert_eq!((read.severity, read.tags.len()), (None, 2));
    assert_eq!(evidence(json!([7, null, [], {}, "x"])).len(), 5);
    let listed = json!(["a", "2023-06-15 08:18:50", "https://news.example/0", "Headline", 80, []]);
    assert_eq!(evidence(json!([listed])).remove(0).headline, None);
}

#[test]
fn no_articles_are_no_evidence() {
    assert!(evidence(json!([])).is_empty());
    assert!(evidence(Value::Null).is_empty());
    assert!(read(&edited_at("adverseMediaNews", None)).expect("an answer").evidence.is_empty());
}
