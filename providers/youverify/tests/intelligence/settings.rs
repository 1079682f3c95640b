//! The kind's own settings.

use risk_provider_youverify::{Intelligence, IntelligenceSettings};
use serde_json::{Value, json};

use crate::support::{common, settings};

fn problems(more: Value) -> Vec<String> {
    let made = Intelligence::new(common(), settings(more));
    made.err().unwrap_or_default().into_iter().map(|problem| problem.field).collect()
}

#[test]
fn every_setting_that_cannot_be_used_is_named() {
    let cases = [
        (json!({"token": " "}), vec!["token"]),
        (json!({"webhook_secret": ""}), vec!["webhook_secret"]),
        (json!({"webhook_sha512": true}), vec!["webhook_sha512"]),
    ];
    for (more, expected) in cases {
        assert_eq!(problems(more.clone()), expected, "{more}");
    }
}

#[test]
fn unknown_settings_and_words_are_refused() {
    for more in [json!({"tokens": "x"}), json!({"options_key": "options"}), json!({"api_version": "v3"})] {
        let mut settings = json!({"token": "t"});
        crate::support::merge(&mut settings, more.clone());
        assert!(serde_json::from_value::<IntelligenceSettings>(settings).is_err(), "{more}");
    }
}
