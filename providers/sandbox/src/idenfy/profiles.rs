//! The profiles of the account: the two documented ones, one whose scores vary, and one of other questions.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::country;
use crate::level::Level;

use super::onboarding::{ONBOARDING, ONBOARDING_EDITED};
use super::profile::{Choice, Kind, Profile, Question, Section};

/// The profile of the vendor's documented example. It has no explicit levels, so that any answered
/// check of it scores 100.
pub const PROFILE_ID: &str = "61fbe03e-961c-4c6f-a2cd-801083ddbe0d";

/// A profile called "Customer risk" for demonstrations: three sections, scores over the whole range.
pub const DEMO_PROFILE_ID: &str = "0c7f9f0e-52c4-4b58-9d0b-3f6f4f1d2a90";

/// A second documented profile without explicit levels.
pub const UNSCORED_PROFILE_ID: &str = "dd121b5c-e3ef-4197-b036-8b7e872f6678";

const PROFILES: &[Profile] = &[DEMO, DOCUMENTED, UNSCORED, ONBOARDING];

/// The profiles as their operator changed them.
const EDITED: &[Profile] = &[DEMO_EDITED, DOCUMENTED_EDITED, ONBOARDING_EDITED];

/// The profiles in force.
#[derive(Default)]
pub(super) struct Profiles {
    /// Ids of those in force as edited.
    edited: Mutex<BTreeSet<&'static str>>,
}

// === impl Profiles ===

impl Profiles {
    pub(super) fn find(&self, id: &str) -> Option<&'static Profile> {
        let edited = self.locked().contains(id);
        let editions = if edited { EDITED } else { PROFILES };
        editions.iter().find(|profile| profile.id == id)
    }

    /// The profiles as the list call answers them.
    pub(super) fn listed() -> Value {
        PROFILES.iter().map(|profile| json!({ "id": profile.id, "name": profile.name })).collect()
    }

    /// Changes a profile as its operator would, or back; whether there is such a profile and another edition of it.
    pub(super) fn edit(&self, id: &str) -> bool {
        let Some(edition) = EDITED.iter().find(|profile| profile.id == id) else { return false };
        let mut edited = self.locked();
        if !edited.remove(id) {
            edited.insert(edition.id);
        }
        true
    }

    fn locked(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.edited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) const fn choice(key: &'static str, title: &'static str, level: Level) -> Choice {
    Choice { key, title, level: Some(level) }
}

pub(super) const fn plain(key: &'static str, title: &'static str) -> Choice {
    Choice { key, title, level: None }
}

pub(super) const fn select(
    key: &'static str,
    title: &'static str,
    choices: &'static [Choice],
    default: Level,
) -> Question {
    Question { key, title, kind: Kind::Select(choices), default }
}

const DOCUMENTED: Profile = Profile {
    id: PROFILE_ID,
    name: "Name",
    sections: &[Section {
        key: "bXUsmLJeMI",
        name: "Category",
        weight: 100,
        questions: &[
            select(
                "lib-YHlTleSKmo",
                "Is shareholder PEP?",
                &[plain("XOCgRfvUlu", "Yes"), plain("QQALQApLKI", "No")],
                Level::Low,
            ),
            Question {
                key: "lib-AEgWHKDkwF",
                title: "Shareholder residency",
                kind: Kind::Country(&[]),
                default: Level::Medium,
            },
        ],
    }],
};

const UNSCORED: Profile = Profile {
    id: UNSCORED_PROFILE_ID,
    name: "RA profile name",
    sections: &[Section {
        key: "OxTPlZAfHZ",
        name: "Second category",
        weight: 100,
        questions: &[
            select(
                "lib-NObsdcmGfe",
                "Is shareholder PEP?",
                &[plain("HAwWshlziF", "Yes"), plain("WuZBsvsyWC", "No")],
                Level::High,
            ),
            Question {
                key: "lib-tRdubSLIVr",
                title: "Country of Incorporation",
                kind: Kind::Country(&[]),
                default: Level::Low,
            },
        ],
    }],
};

/// Exposure counts for more.
const DOCUMENTED_EDITED: Profile = Profile {
    id: PROFILE_ID,
    name: "Name",
    sections: &[Section {
        key: "bXUsmLJeMI",
        name: "Category",
        weight: 100,
        questions: &[
            select(
                "lib-YHlTleSKmo",
                "Is shareholder PEP?",
                &[choice("XOCgRfvUlu", "Yes", Level::VeryHigh), choice("QQALQApLKI", "No", Level::VeryLow)],
                Level::Low,
            ),
            Question {
                key: "lib-AEgWHKDkwF",
                title: "Shareholder residency",
                kind: Kind::Country(&[]),
                default: Level::Medium,
            },
        ],
    }],
};

/// Verification counts for more, activity for less.
const DEMO_EDITED: Profile = Profile {
    id: DEMO_PROFILE_ID,
    name: "Customer risk",
    sections: &[
        Section { key: "kWmZtRqLpA", name: "Customer", weight: 40, questions: CUSTOMER },
        Section { key: "hNvYcXsDbE", name: "Activity", weight: 20, questions: ACTIVITY },
        Section { key: "uJgFoTiPzQ", name: "Verification", weight: 40, questions: VERIFICATION },
    ],
};

const DEMO: Profile = Profile {
    id: DEMO_PROFILE_ID,
    name: "Customer risk",
    sections: &[
        Section { key: "kWmZtRqLpA", name: "Customer", weight: 40, questions: CUSTOMER },
        Section { key: "hNvYcXsDbE", name: "Activity", weight: 35, questions: ACTIVITY },
        Section { key: "uJgFoTiPzQ", name: "Verification", weight: 25, questions: VERIFICATION },
    ],
};

const CUSTOMER: &[Question] = &[
    Question {
        key: "lib-cOuNtRyReS",
        title: "Country of residence",
        kind: Kind::Country(country::LEVELS),
        default: Level::Medium,
    },
    select(
        "lib-pEpStAtUsQ",
        "Is the customer PEP?",
        &[choice("YbKdWfHjPe", "Yes", Level::VeryHigh), choice("NqSxLzVmRt", "No", Level::VeryLow)],
        Level::Medium,
    ),
];

const ACTIVITY: &[Question] = &[
    select(
        "lib-iNdUsTrYaB",
        "Industry",
        &[
            choice("ArMsDeAlEr", "Arms dealers", Level::VeryHigh),
            choice("CaSiNoGaMe", "Casinos", Level::High),
            choice("CrYpToAsSt", "Cryptocurrency", Level::High),
            choice("FiNaNcEsVc", "Financial services", Level::Medium),
            choice("ReTaIlTrDe", "Retail", Level::Low),
            choice("OtHeRsInDu", "Others", Level::VeryLow),
        ],
        Level::Medium,
    ),
    select(
        "lib-oCcUpAtIoN",
        "Occupation",
        &[
            choice("PuBlIcOfFc", "Public official", Level::VeryHigh),
            choice("DiReCtOrOf", "Company director", Level::High),
            choice("SeLfEmPlOy", "Self-employed", Level::Medium),
            choice("EmPlOyEeXy", "Employee", Level::VeryLow),
            choice("StUdEnTrEt", "Student or retired", Level::VeryLow),
            plain("OtHeRoCcUp", "Other"),
        ],
        Level::Low,
    ),
];

const VERIFICATION: &[Question] = &[select(
    "lib-kYcStAtUsZ",
    "KYC status",
    &[
        choice("VeRiFiEdVv", "Verified", Level::VeryLow),
        choice("VeRbYcLiEn", "Verified by client", Level::Low),
        choice("ExPiReDdOc", "Expired", Level::High),
        choice("NoTvErIfIe", "Not verified", Level::VeryHigh),
    ],
    Level::Medium,
)];
