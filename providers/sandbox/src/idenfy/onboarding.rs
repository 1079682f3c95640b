//! A profile that no document shows, before and after its operator edited its questions.

use crate::country;
use crate::level::Level;

use super::profile::{Kind, Profile, Question, Section};
use super::profiles::{choice, plain, select};

/// A profile called "Onboarding", of other questions than the documented ones. Once edited, one of them is gone, one is new,
/// one has another title and one has other choices.
pub const ONBOARDING_PROFILE_ID: &str = "9b1d2c6e-7a43-4f0e-8d5b-2e6f1c0a9d37";

pub(super) const ONBOARDING: Profile = Profile {
    id: ONBOARDING_PROFILE_ID,
    name: "Onboarding",
    sections: &[
        Section {
            key: "pErSoNaLdA",
            name: "Person",
            weight: 60,
            questions: &[RESIDENCE, NATIONALITY, EXPOSED],
        },
        Section { key: "pUrPoSeOfA", name: "Purpose", weight: 40, questions: &[PURPOSE] },
    ],
};

pub(super) const ONBOARDING_EDITED: Profile = Profile {
    id: ONBOARDING_PROFILE_ID,
    name: "Onboarding",
    sections: &[
        Section { key: "pErSoNaLdA", name: "Person", weight: 60, questions: &[RESIDENCE, EXPOSED_RENAMED] },
        Section { key: "pUrPoSeOfA", name: "Purpose", weight: 40, questions: &[PURPOSE_WIDENED, FUNDS] },
    ],
};

const YES_OR_NO: Kind =
    Kind::Select(&[choice("oNyEsPePaA", "Yes", Level::VeryHigh), choice("oNnOpEpAaA", "No", Level::VeryLow)]);

const RESIDENCE: Question = Question {
    key: "lib-oNrEsIdEnC",
    title: "Country of residence",
    kind: Kind::Country(country::LEVELS),
    default: Level::Medium,
};

const NATIONALITY: Question = Question {
    key: "lib-oNnAtIoNaL",
    title: "Nationality",
    kind: Kind::Country(country::LEVELS),
    default: Level::Medium,
};

const EXPOSED: Question = Question {
    key: "lib-oNeXpOsEdA",
    title: "Is the person politically exposed?",
    kind: YES_OR_NO,
    default: Level::Medium,
};

const EXPOSED_RENAMED: Question = Question {
    key: "lib-oNeXpOsEdA",
    title: "Is the person or a relative politically exposed?",
    kind: YES_OR_NO,
    default: Level::Medium,
};

const PURPOSE: Question = select(
    "lib-oNpUrPoSeA",
    "Purpose of the account",
    &[
        choice("sAlArYpAyM", "Salary", Level::VeryLow),
        choice("sAvInGsAaA", "Savings", Level::Low),
        choice("tRaDiNgAaA", "Trading", Level::High),
        plain("oThErPuRpO", "Other"),
    ],
    Level::Medium,
);

const PURPOSE_WIDENED: Question = select(
    "lib-oNpUrPoSeA",
    "Purpose of the account",
    &[
        choice("sAlArYpAyM", "Salary", Level::VeryLow),
        choice("sAvInGsAaA", "Savings", Level::Low),
        choice("tRaDiNgAaA", "Trading", Level::High),
        choice("mOnEyTrAnS", "Money transfers", Level::VeryHigh),
        plain("oThErPuRpO", "Other"),
    ],
    Level::Medium,
);

const FUNDS: Question = select(
    "lib-oNfUnDsAaA",
    "Source of funds",
    &[choice("fUnDsWaGeS", "Wages", Level::Low), choice("fUnDsGiFtA", "Gift", Level::High)],
    Level::Medium,
);
