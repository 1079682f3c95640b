//! The vendor's JSON of Risk Intelligence exactly as sent; fields that nobody reads are left out.

use risk_provider::SubjectType;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Body of the start of a check, in the documented order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Initialise<'a> {
    #[serde(rename = "type")]
    pub(super) kind: SubjectType,
    pub(super) first_name: Option<&'a str>,
    pub(super) last_name: Option<&'a str>,
    pub(super) business_name: Option<&'a str>,
    pub(super) business_industry: Option<&'a str>,
    pub(super) country: &'static str,
    pub(super) city: Option<&'a str>,
    pub(super) is_subject_consent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advance_options: Option<Options<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advanced_options: Option<Options<'a>>,
}

/// What may be said about the subject beside its name and place.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_expiry_date: Option<String>,
    pub(super) is_id_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone_number: Option<&'a str>,
    /// Months, as a string; they come back as a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) length_of_stay: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) occupation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) industry: Option<&'a str>,
}

/// A profile; every field is decoded on its own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProfileFields<'a> {
    #[serde(borrow, rename = "_id")]
    pub(super) own_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) identity_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) entity_information: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) latest_risk_status: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) latest_risk_score: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) tracking_status: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) latest_report: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) risk_report_history: Option<&'a RawValue>,
    /// With a small letter where a capital one is due.
    #[serde(borrow, rename = "reportlastUpdatedAt")]
    pub(super) report_last_updated_at: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) requested_at: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) created_at: Option<&'a RawValue>,
}

/// When a report of a history was made, in three strings.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportDay {
    pub(super) report_year: Option<String>,
    pub(super) report_month: Option<String>,
    pub(super) report_day: Option<String>,
}

/// One page of a history.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    #[serde(borrow)]
    pub(super) docs: Vec<&'a RawValue>,
    #[serde(borrow)]
    pub(super) pagination: &'a RawValue,
}

/// Where a page stands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pagination {
    pub(super) current_page: Option<u64>,
    pub(super) total_pages: Option<u64>,
    /// How many there are on all pages.
    pub(super) total_docs: Option<u64>,
    pub(super) has_next_page: Option<bool>,
    pub(super) next_page: Option<u64>,
}

/// What the vendor calls back with.
#[derive(Deserialize)]
pub(super) struct Notice<'a> {
    pub(super) event: String,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
}

/// What a callback may name a profile by.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NoticeData<'a> {
    #[serde(borrow, rename = "_id")]
    pub(super) own_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) identity_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) entity_id: Option<&'a RawValue>,
}
